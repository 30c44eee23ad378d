"""Forms of tracking numbers as data: a pattern, and the name of the function that proves the check digit."""

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def _s10(number: str) -> bool:
    """UPU S10, clause 5.3: eight digits weighted, the check digit behind them; the letters are not counted."""
    digits = [int(char) for char in number if "0" <= char <= "9"]
    if len(digits) != len(_S10_WEIGHTS) + 1:
        return False
    check = 11 - sum(weight * digit for weight, digit in zip(_S10_WEIGHTS, digits[:8], strict=True)) % 11
    return digits[8] == {10: 0, 11: 5}.get(check, check)


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
