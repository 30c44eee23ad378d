"""The machine readable lines of synthetic documents (ICAO 9303 parts 4 to 6, and the permits' line of 30 characters)."""

from collections.abc import Callable
from datetime import date
from typing import Protocol


class Holder(Protocol):
    """What a zone is made of."""

    @property
    def number(self) -> str:
        """The document's number."""

    @property
    def name_latin(self) -> str:
        """Surname and given names, separated by a blank."""

    @property
    def birth(self) -> date:
        """Date of birth."""

    @property
    def expiry(self) -> date:
        """Last day of validity."""

    @property
    def sex(self) -> str:
        """M or F."""

    @property
    def nationality(self) -> str:
        """Three letters (ICAO 9303 part 3, section 5); the issuing state is taken to be the same."""


def check_digit(field: str) -> str:
    """ICAO 9303 part 3, 4.9: weights 7-3-1, letters 10..35, filler 0."""
    total = sum((0 if c == "<" else int(c, 36)) * (7, 3, 1)[i % 3] for i, c in enumerate(field))
    return str(total % 10)


def _checked(field: str) -> str:
    return field + check_digit(field)


def _fields(holder: Holder) -> tuple[str, str, str]:
    """Number, birth and expiry, each with its check digit."""
    dates = (holder.birth.strftime("%y%m%d"), holder.expiry.strftime("%y%m%d"))
    return _checked(holder.number.ljust(9, "<")), _checked(dates[0]), _checked(dates[1])


def _name(holder: Holder, head: str, width: int) -> str:
    surname, _, given = holder.name_latin.upper().partition(" ")
    return f"{head}{surname}<<{given.replace(' ', '<')}"[:width].ljust(width, "<")


def _state(holder: Holder) -> str:
    return holder.nationality.ljust(3, "<")


def mrz_td3(holder: Holder) -> tuple[str, ...]:
    """Two lines of 44 (part 4, 4.2.2)."""
    number, birth, expiry = _fields(holder)
    personal = "<" * 15
    composite = check_digit(number + birth + expiry + personal)
    return _name(holder, f"P<{_state(holder)}", 44), f"{number}{_state(holder)}{birth}{holder.sex}{expiry}{personal}{composite}"


def mrz_td2(holder: Holder) -> tuple[str, ...]:
    """Two lines of 36 (part 6, 4.2.2)."""
    number, birth, expiry = _fields(holder)
    optional = "<" * 7
    composite = check_digit(number + birth + expiry + optional)
    return _name(holder, f"I<{_state(holder)}", 36), f"{number}{_state(holder)}{birth}{holder.sex}{expiry}{optional}{composite}"


def mrz_td1(holder: Holder) -> tuple[str, ...]:
    """Three lines of 30 (part 5, 4.2.2)."""
    number, birth, expiry = _fields(holder)
    first = f"I<{_state(holder)}{number}{'<' * 15}"
    optional = "<" * 11
    composite = check_digit(first[5:] + birth + expiry + optional)
    return first, f"{birth}{holder.sex}{expiry}{_state(holder)}{optional}{composite}", _name(holder, "", 30)


def permit_line(holder: Holder) -> tuple[str, ...]:
    """One line of 30."""
    number, birth, expiry = _fields(holder)
    return (f"CS{number}<{expiry}<{birth}<{check_digit(number + expiry + birth)}",)


def number_line(holder: Holder) -> tuple[str, ...]:
    """The number alone."""
    return (holder.number,)


ZONES: dict[str, Callable[[Holder], tuple[str, ...]]] = {
    "number_line": number_line,
    "permit_line": permit_line,
    "mrz_td1": mrz_td1,
    "mrz_td2": mrz_td2,
    "mrz_td3": mrz_td3,
}
"""reader of a layout → lines, from the upper one"""
READ_LINE = {"mrz_td3": 1, "mrz_td2": 1}
"""which of them stands at the layout's place; the first, where nothing is said"""
