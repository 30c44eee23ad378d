"""Postal item numbers by UPU S10: two letters of service, eight digits, check digit, two letters of country."""

import re

_PATTERN = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}", re.ASCII)
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def is_item_number(text: str) -> bool:
    """Whether `text` has the form of an item number."""
    return bool(_PATTERN.fullmatch(text))


def check_holds(number: str) -> bool:
    """Whether the check digit of an item number is right (S10, 5.3: modulo 11, 10 becomes 0 and 11 becomes 5)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[2:10], _WEIGHTS, strict=True))
    return str({10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)) == number[10]
