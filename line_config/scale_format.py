"""How a scale says what it weighs, as data: one pattern, and what its status and unit mean."""

import re
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

ScaleState = Literal["stable", "moving", "overload", "underload", "error"]


class ScaleReading(NamedTuple):
    """What a scale said; the weight counts only when it is stable."""

    state: ScaleState
    weight_100mg: int = 0


class ScaleFormat(BaseModel):
    """One format; see line_config/scales."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")]
    continuous: bool
    pattern: Annotated[str, Field(max_length=400)]
    states: Annotated[dict[str, ScaleState], Field(min_length=1)]
    units: Annotated[dict[str, Annotated[int, Field(ge=1, le=10_000_000)]], Field(min_length=1)]
    """unit → how many 100 mg it is"""

    @model_validator(mode="after")
    def _usable(self) -> "ScaleFormat":
        try:
            groups = re.compile(self.pattern).groupindex
        except re.error as error:
            raise ValueError(f"pattern is no regular expression: {error}") from error
        if missing := {"status", "value", "unit"} - set(groups):
            raise ValueError(f"pattern has no group {', '.join(sorted(missing))}")
        return self

    def parse(self, text: str) -> ScaleReading | None:
        """A telegram without its end; None = it is none of this format. A stable one without weight or unit is none either."""
        found = re.match(self.pattern, text, re.ASCII)
        state = None if found is None else self.states.get(found["status"] or "")
        if found is None or state is None:
            return None
        if state != "stable":
            return ScaleReading(state)
        factor = self.units.get(found["unit"] or "")
        try:
            value = Decimal((found["value"] or "").replace(" ", ""))
        except InvalidOperation:
            return None
        return None if factor is None else ScaleReading("stable", round(value * factor))


def load_scale_format(path: Path) -> ScaleFormat:
    """Read a format. Raises OSError, TOMLDecodeError or ValidationError."""
    return ScaleFormat.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
