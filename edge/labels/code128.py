"""Code 128 (ISO/IEC 15417) of printable ASCII as a row of modules; bars and check character, without quiet zones.

The patterns are python-barcode's. The plan of code sets is our own: the library's drops digits "99" where a text begins with
them, and a number that is printed short is somebody else's number.
"""

import re
from collections.abc import Iterator

from barcode.charsets.code128 import CODES, STOP  # type: ignore[import-untyped]

START_B, START_C, TO_B, TO_C = 104, 105, 100, 99
_LAST_BAR = "11"
"""ends the stop character"""
_CHECK_MODULUS = 103
_DIGITS_AT_AN_END, _DIGITS_WITHIN = 4, 6
"""From so many digits in a row set C is shorter: one switch at either end of the text, two within it."""


def modules_of(text: str) -> list[bool]:
    """Bars (True) and spaces (False), one a module; `text` is printable ASCII and not empty."""
    values = list(plan(text))
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], 1))) % _CHECK_MODULUS
    return [module == "1" for module in "".join(CODES[value] for value in (*values, check)) + STOP + _LAST_BAR]


def plan(text: str) -> Iterator[int]:
    """The characters' values, the start character first: digits in pairs by set C where that is shorter, the rest by set B."""
    code_set = START_C if _in_pairs(text, re.match(r"\d*", text, re.ASCII)) else START_B
    yield code_set
    for run in re.finditer(r"\d+|[^\d]+", text, re.ASCII):
        digits = run.group()
        if _in_pairs(text, run):
            if len(digits) % 2 and run.end() == len(text) and run.start():
                yield from _by_b(digits[0])  # the odd digit where no switch is needed for it
                digits = digits[1:]
            if code_set != START_C:
                yield TO_C
            yield from (int(digits[at : at + 2]) for at in range(0, len(digits) - 1, 2))
            code_set, digits = START_C, digits[len(digits) & ~1 :]
        if digits:
            if code_set != START_B:
                yield TO_B
            yield from _by_b(digits)
            code_set = START_B


def _in_pairs(text: str, run: re.Match[str] | None) -> bool:
    """Whether this run of characters is one of digits that set C makes shorter."""
    if run is None or not run.group().isdigit():
        return False
    count, at_an_end = len(run.group()), run.start() == 0 or run.end() == len(text)
    return count >= (_DIGITS_AT_AN_END if at_an_end else _DIGITS_WITHIN) or (count == len(text) == 2)


def _by_b(text: str) -> Iterator[int]:
    return (ord(character) - ord(" ") for character in text)
