"""What vision must know of one kind of document: its size, where its number is, and which numbers are possible."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Millimetres = Annotated[float, Field(gt=0, le=1000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Size(_Strict):
    """Width and height of a document lying in reading direction."""

    width: Millimetres
    height: Millimetres

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width / self.height


class Area(_Strict):
    """A rectangle on the document, from its upper left corner."""

    x: Annotated[float, Field(ge=0, le=1000)]
    y: Annotated[float, Field(ge=0, le=1000)]
    width: Millimetres
    height: Millimetres


class DocumentLayout(_Strict):
    """One kind of document.

    `reader` says how the number is carried: one printed line, a TD3 machine readable zone (ICAO 9303 part 4), or symbols.
    `line_mm` is the number line or the second MRZ line, about 1.8 times as high as its capitals, or the place of the
    symbols.
    """

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    reader: Literal["number_line", "mrz_td3", "symbols"]
    check: Literal["mod11_2", "mrz", "symbol"]
    size_mm: Size
    line_mm: Area
    alphabet: Annotated[str, Field(min_length=2, max_length=64, pattern=r"^[0-9A-Z<]+$")]
    pattern: Annotated[str, Field(min_length=1, max_length=200)]
    skeleton_classes: tuple[str, ...] = ()
    confidence_min_permille: Annotated[int, Field(ge=0, le=1000)]

    @field_validator("skeleton_classes", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        folded = "".join(self.skeleton_classes)
        if len(set(folded)) != len(folded):
            raise ValueError("skeleton_classes: a character stands in two classes")
        if (
            self.line_mm.x + self.line_mm.width > self.size_mm.width
            or self.line_mm.y + self.line_mm.height > self.size_mm.height
        ):
            raise ValueError("line_mm reaches beyond size_mm")
        return self


def load_document_layout(path: Path) -> DocumentLayout:
    """Read one layout. Raises OSError, tomllib.TOMLDecodeError (UnicodeDecodeError) or pydantic.ValidationError."""
    with path.open("rb") as file:
        return DocumentLayout.model_validate(tomllib.load(file))


def standard_layouts() -> tuple[DocumentLayout, ...]:
    """The layouts that come with the product, cheapest reader first."""
    folder = Path(__file__).parent / "documents"
    return tuple(load_document_layout(folder / f"{kind}.toml") for kind in ("a4", "resident_id", "passport"))
