"""A label as data: where text, bars and QR stand, in mm from the upper left corner, and how the printer is set."""

import itertools
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from line_config.label_privacy import PrivacyRule

TEXT_FIELDS = frozenset({
    "tracking_number", "name", "phone", "address", "county", "product", "chute", "signature",
    "sender_unit", "sender_name", "sender_phone", "sender_address",
})  # fmt: skip
"""What a text element may name in braces."""

DOTS_PER_MM = {203: 8, 300: 12, 600: 24}
"""Thermal heads are built in whole dots per mm; their dpi figures are rounded names."""

Position = Annotated[float, Field(ge=0, le=300)]
Length = Annotated[float, Field(gt=0, le=300)]
TextSize = Annotated[float, Field(ge=1.5, le=60)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Box(_Strict):
    """A rectangle on the label."""

    x_mm: Position
    y_mm: Position
    width_mm: Length
    height_mm: Length

    def overlaps(self, other: "Box") -> bool:
        """Whether both share some area."""
        return (
            self.x_mm < other.x_mm + other.width_mm
            and other.x_mm < self.x_mm + self.width_mm
            and self.y_mm < other.y_mm + other.height_mm
            and other.y_mm < self.y_mm + self.height_mm
        )


class TextBox(Box):
    """Text with `{field}` places; wraps at `size_mm`, then shrinks down to `size_min_mm`, then the label is refused."""

    text: Annotated[str, Field(min_length=1, max_length=200)]
    size_mm: TextSize
    size_min_mm: TextSize
    weight: Literal["regular", "bold"] = "regular"
    align: Literal["left", "center", "right"] = "left"

    @field_validator("text")
    @classmethod
    def _known_fields(cls, value: str) -> str:
        for _, field, spec, conversion in string.Formatter().parse(value):
            if field is None:
                continue
            if field not in TEXT_FIELDS or spec or conversion:
                raise ValueError(f"{{{field}}} is not one of {{{'}, {'.join(sorted(TEXT_FIELDS))}}}, written bare")
        return value

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if not self.size_min_mm <= self.size_mm <= self.height_mm:
            raise ValueError("must hold: size_min_mm ≤ size_mm ≤ height_mm")
        return self


class QrBox(Box):
    """The QR's box with its quiet zone of 4 modules; the largest module of whole dots that fits is taken."""

    error_level: Literal["L", "M", "Q", "H"] = "M"


class Fonts(_Strict):
    """Font collections; `index` picks the face (Noto Sans CJK: 2 = Simplified Chinese, 0 would draw Japanese shapes)."""

    regular: Path = Field(strict=False)
    bold: Path = Field(strict=False)
    index: Annotated[int, Field(ge=0, le=99)]
    fallback: Annotated[tuple[Annotated[Path, Field(strict=False)], ...], Field(strict=False, max_length=4)] = ()
    """for ideographs that the others lack, first face of each file; one that is not installed is passed over"""


class PrinterSettings(_Strict):
    """Burnt into each format, so that a printer that lost its settings prints the same."""

    darkness: Annotated[int, Field(ge=0, le=30)]
    """as ZPL counts it; TSPL has half as many steps"""
    speed_in_s: Annotated[int, Field(ge=2, le=14)]
    mode: Literal["tear", "peel", "cut", "applicator"] = "peel"
    """what becomes of a printed label"""
    graphic: Literal["z64", "hex"] = "z64"
    """how ZPL carries the dots: hex for clones that cannot unpack, ten times as long"""
    gap_mm: Annotated[float, Field(ge=0, le=20)] = 3
    """between two labels on the roll; 0 = no gap, the length counts (TSPL)"""


class LabelLayout(_Strict):
    """One label: its size, its elements, the printer's settings."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    width_mm: Annotated[float, Field(ge=20, le=220)]
    height_mm: Annotated[float, Field(ge=20, le=300)]
    dpi: Literal[203, 300, 600]
    text_row_dots: Annotated[int, Field(ge=1, le=4)] = 1
    """texts and rules are drawn in rows so many dots high: at 300 dpi, two make the graphic a third smaller unseen"""
    fonts: Fonts
    privacy: PrivacyRule
    printer: PrinterSettings
    code128: Box
    qr: QrBox
    texts: Annotated[tuple[TextBox, ...], Field(strict=False, min_length=1, max_length=60)]
    rules: Annotated[tuple[Box, ...], Field(strict=False, max_length=60)] = ()

    def dots(self, mm: float) -> int:
        """Millimetres to dots, rounded."""
        return round(mm * DOTS_PER_MM[self.dpi])

    @property
    def size_dots(self) -> tuple[int, int]:
        """Width and height of the bitmap."""
        return self.dots(self.width_mm), self.dots(self.height_mm)

    def _elements(self) -> Iterator[tuple[str, Box]]:
        yield "code128", self.code128
        yield "qr", self.qr
        for number, text in enumerate(self.texts):
            yield f"texts.{number}", text
        for number, rule in enumerate(self.rules):
            yield f"rules.{number}", rule

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name, box in self._elements():
            if box.x_mm + box.width_mm > self.width_mm or box.y_mm + box.height_mm > self.height_mm:
                raise ValueError(f"{name} reaches beyond the label of {self.width_mm:g} × {self.height_mm:g} mm")
        for (name, box), (other_name, other) in itertools.combinations(self._elements(), 2):
            if box.overlaps(other):
                raise ValueError(f"{name} and {other_name} overlap")
        return self


def load_label_layout(path: Path) -> LabelLayout:
    """Read one layout. Raises OSError, tomllib.TOMLDecodeError (UnicodeDecodeError) or pydantic.ValidationError.

    `extends` names another layout beside it: what stands here replaces that one's. `privacy` names the rule's file.
    """
    data = _read(path)
    base = data.pop("extends", None)
    if isinstance(base, str):
        data = {**_read(path.parent / base), **data}
    if isinstance(data.get("privacy"), str):
        data["privacy"] = _read(path.parent / data["privacy"])
    return LabelLayout.model_validate(data)


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
