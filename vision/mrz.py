"""Characters, check digits and dates of machine readable zones (ICAO 9303 part 3, 4.9)."""

import string

from vision.id_number import real_date

DIGITS, LETTERS = string.digits, string.ascii_uppercase
ANY = DIGITS + LETTERS + "<"
_VALUES = {character: value for value, character in enumerate(DIGITS + LETTERS)} | {"<": 0}


def mrz_value(character: str) -> int:
    """0–9 as they are, A–Z as 10–35, filler as 0. Raises KeyError for any other character."""
    return _VALUES[character]


def check_digit(field: str) -> str:
    """Check digit of a field: weights 7, 3, 1 again and again, modulo 10."""
    return str(sum(mrz_value(character) * (7, 3, 1)[place % 3] for place, character in enumerate(field)) % 10)


def day_exists(yymmdd: str) -> bool:
    """A day that exists in one of the two centuries that two digits can mean."""
    return real_date("19" + yymmdd) is not None or real_date("20" + yymmdd) is not None
