"""Forms of tracking numbers as data: a pattern, and the name of the function that proves the check digit."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def _s10_check(digits: Iterable[int]) -> int:
    """UPU S10, clause 5.3: eight digits weighted, the check digit behind them."""
    check = 11 - sum(weight * digit for weight, digit in zip(_S10_WEIGHTS, digits, strict=True)) % 11
    return {10: 0, 11: 5}.get(check, check)


def _s10(number: str) -> bool:
    """The letters are not counted."""
    digits = [int(char) for char in number if "0" <= char <= "9"]
    return len(digits) == len(_S10_WEIGHTS) + 1 and digits[8] == _s10_check(digits[:8])


def _mod10(number: str) -> bool:
    """GS1 General Specifications, 7.9: weights 3 and 1 from the right, over a number of digits alone."""
    if not (number.isascii() and number.isdigit()):
        return False
    digits = [int(char) for char in reversed(number)]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


CHECKS: dict[str, Callable[[str], bool]] = {"s10": _s10, "mod10": _mod10, "none": lambda _: True}


class NumberForm(BaseModel):
    """One form: the whole number matches `pattern`, and `check` proves its check digit ("none" where none is public)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(min_length=1, max_length=40)]
    pattern: Annotated[str, Field(min_length=1, max_length=200)]
    check: Literal["s10", "mod10", "none"]

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is no regular expression: {error}") from error
        return value

    def fits(self, number: str) -> bool:
        """Whether a number has this form and its check digit is right."""
        return re.fullmatch(self.pattern, number) is not None and CHECKS[self.check](number)


S10 = NumberForm(name="UPU S10", pattern="[A-Z]{2}[0-9]{9}[A-Z]{2}", check="s10")


def fits_one(number: str, forms: Iterable[NumberForm]) -> bool:
    """Whether a number has one of the forms."""
    return any(form.fits(number) for form in forms)


def numbers_from(first: str) -> Iterator[str]:
    """This S10 number and those that follow it, up to the last serial number. ValueError where it is no S10 number."""
    if not S10.fits(first):
        raise ValueError("no number of UPU S10")
    for serial in range(int(first[2:10]), 10**8):
        digits = f"{serial:08d}"
        yield f"{first[:2]}{digits}{_s10_check(map(int, digits))}{first[11:]}"
