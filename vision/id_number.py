"""Resident identity numbers: six digits of region, birth date, three of sequence, check character (GB 11643-1999)."""

from datetime import date

_DIGITS = "0123456789"
SLOTS = (*(_DIGITS,) * 17, _DIGITS + "X")
"""The characters that may stand at each place."""


def check_character(body: str) -> str:
    """Check character of 17 digits by ISO 7064 MOD 11-2; X stands for 10."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return "10X98765432"[total % 11]


def check_holds(number: str) -> bool:
    """Whether the last character is the check character of the 17 digits before it."""
    return len(number) == 18 and number[:17].isdecimal() and number.isascii() and number[17] == check_character(number[:17])


def birth_date(number: str) -> date | None:
    """The birth date that the number carries, None if there is no such day."""
    return real_date(number[6:14])


def real_date(text: str) -> date | None:
    """YYYYMMDD as a date between 1900 and 2099, None if there is no such day."""
    if len(text) != 8 or not text.isdecimal() or not text.isascii() or not 1900 <= int(text[:4]) <= 2099:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
