"""What may stand in a number line or machine readable zone, and what of it proves itself. ONE table of forms."""

from typing import NamedTuple, Protocol

from vision import id_number
from vision.mrz import ANY, DIGITS, LETTERS, check_digit, day_exists

Slots = tuple[str, ...]
"""the characters that may stand at each place of a line"""


class Parsed(NamedTuple):
    """What a text says; `checked`: every check digit holds; `dated`: every date in it exists. Dates are YYMMDD."""

    number: str
    checked: bool
    dated: bool
    birth: str = ""
    expiry: str = ""


class Form(Protocol):
    """One kind of text."""

    @property
    def lines(self) -> tuple[Slots, ...]:
        """Its lines, from the upper one."""

    @property
    def number(self) -> slice:
        """Where the number stands in all lines as one text."""

    def parse(self, text: str) -> Parsed:
        """All lines as one text, each character possible at its place."""


class IdNumber:
    """The 18 characters of GB 11643-1999: region, birth, sequence, check character by ISO 7064 MOD 11-2."""

    lines: tuple[Slots, ...] = (id_number.SLOTS,)
    number = slice(18)

    def parse(self, text: str) -> Parsed:
        """The number carries its own date."""
        return Parsed(text, id_number.check_holds(text), id_number.birth_date(text) is not None)


class Zone(NamedTuple):
    """A machine readable zone: each field's check digit stands behind it, and one over several fields at the end."""

    lines: tuple[Slots, ...]
    number: slice
    birth: slice
    expiry: slice
    composite: tuple[slice, ...]
    composite_at: int
    personal: slice | None = None
    """has a check digit behind it, which may be the filler when all of it is filler (ICAO 9303 part 4, 4.2.2.2, note j)"""

    def parse(self, text: str) -> Parsed:
        """See Form."""
        checked = all(check_digit(text[field]) == text[field.stop] for field in (self.number, self.birth, self.expiry))
        whole = "".join(text[part] for part in self.composite)
        checked = checked and check_digit(whole) == text[self.composite_at] and self._personal_holds(text)
        birth, expiry = text[self.birth], text[self.expiry]
        return Parsed(text[self.number].rstrip("<"), checked, day_exists(birth) and day_exists(expiry), birth, expiry)

    def _personal_holds(self, text: str) -> bool:
        if self.personal is None:
            return True
        field, check = text[self.personal], text[self.personal.stop]
        return (check == "<" and not field.strip("<")) or check_digit(field) == check


def _some(characters: str, count: int) -> Slots:
    return (characters,) * count


_LETTER, _SEX = LETTERS + "<", ("MF<",)
_DATE = _some(DIGITS, 7)
"""six digits and their check digit"""

FORMS: dict[str, Form] = {
    "number_line": IdNumber(),
    # ICAO 9303 part 4, 4.2.2.2: the second line of two.
    "mrz_td3": Zone(
        ((*_some(ANY, 9), DIGITS, *_some(_LETTER, 3), *_DATE, *_SEX, *_DATE, *_some(ANY, 14), DIGITS + "<", DIGITS),),
        slice(9), slice(13, 19), slice(21, 27), (slice(10), slice(13, 20), slice(21, 43)), 43, slice(28, 42),
    ),
    # ICAO 9303 part 6, 4.2.2.2: the second line of two.
    "mrz_td2": Zone(
        ((*_some(ANY, 9), DIGITS, *_some(_LETTER, 3), *_DATE, *_SEX, *_DATE, *_some(ANY, 7), DIGITS),),
        slice(9), slice(13, 19), slice(21, 27), (slice(10), slice(13, 20), slice(21, 35)), 35,
    ),
    # ICAO 9303 part 5, 4.2.2: the first and the second line of three.
    "mrz_td1": Zone(
        (
            (LETTERS, ANY, *_some(_LETTER, 3), *_some(ANY, 9), DIGITS, *_some(ANY, 15)),
            (*_DATE, *_SEX, *_DATE, *_some(_LETTER, 3), *_some(ANY, 11), DIGITS),
        ),
        slice(5, 14), slice(30, 36), slice(38, 44), (slice(5, 37), slice(38, 45), slice(48, 59)), 59,
    ),
    # The one line of 30 on exit-entry permits for Hong Kong, Macao and Taiwan.
    "permit_line": Zone(
        ((LETTERS, LETTERS, *_some(DIGITS + LETTERS, 9), DIGITS, "<", *_DATE, "<", *_DATE, "<", DIGITS),),
        slice(2, 11), slice(21, 27), slice(13, 19), (slice(2, 12), slice(13, 20), slice(21, 28)), 29,
    ),
}  # fmt: skip


def parse(form: Form, text: str) -> Parsed | None:
    """What a text says in this form; None where it has another length or a character stands where it cannot."""
    slots = [slot for line in form.lines for slot in line]
    if len(text) != len(slots) or any(character not in slot for character, slot in zip(text, slots, strict=True)):
        return None
    return form.parse(text)
