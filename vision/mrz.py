"""The second line of a TD3 machine readable zone (ICAO 9303 part 4, 4.2.2; check digits: part 3, 4.9)."""

import string
from dataclasses import dataclass

from vision.id_number import real_date

_DIGITS, _LETTERS = string.digits, string.ascii_uppercase
_VALUES = {character: value for value, character in enumerate(_DIGITS + _LETTERS)} | {"<": 0}
SLOTS = (
    *(_DIGITS + _LETTERS + "<",) * 9,  # number
    _DIGITS,
    *(_LETTERS + "<",) * 3,  # nationality
    *(_DIGITS,) * 7,  # birth and its check digit
    "MF<",
    *(_DIGITS,) * 7,  # expiry and its check digit
    *(_DIGITS + _LETTERS + "<",) * 14,  # personal number
    _DIGITS + "<",
    _DIGITS,
)
"""The characters that may stand at each of the 44 places."""


def mrz_value(character: str) -> int:
    """0–9 as they are, A–Z as 10–35, filler as 0. Raises KeyError for any other character."""
    return _VALUES[character]


def check_digit(field: str) -> str:
    """Check digit of a field: weights 7, 3, 1 again and again, modulo 10."""
    return str(sum(mrz_value(character) * (7, 3, 1)[place % 3] for place, character in enumerate(field)) % 10)


@dataclass(frozen=True)
class Td3Line:
    """What the second line says; `checked`: all five check digits hold; `dated`: both dates exist."""

    number: str
    nationality: str
    birth: str
    sex: str
    expiry: str
    checked: bool
    dated: bool


def parse_line(line: str) -> Td3Line | None:
    """The line's fields, None unless it has 44 characters, each possible at its place."""
    if len(line) != 44 or any(character not in slot for character, slot in zip(line, SLOTS, strict=True)):
        return None
    number, birth, expiry, personal = line[0:10], line[13:20], line[21:28], line[28:43]
    fields = (number, birth, expiry, number + birth + expiry + personal + line[43])
    checked = all(check_digit(field[:-1]) == field[-1] for field in fields) and _personal_holds(personal)
    return Td3Line(
        number[:9].rstrip("<"),
        line[10:13].rstrip("<"),
        birth[:6],
        line[20],
        expiry[:6],
        checked,
        _dated(birth[:6]) and _dated(expiry[:6]),
    )


def _personal_holds(personal: str) -> bool:
    """An unused personal number may have the filler for its check digit (4.2.2.2, note j)."""
    return (personal[-1] == "<" and not personal.strip("<")) or check_digit(personal[:-1]) == personal[-1]


def _dated(yymmdd: str) -> bool:
    """A day that exists in one of the two centuries that two digits can mean."""
    return real_date("19" + yymmdd) is not None or real_date("20" + yymmdd) is not None
