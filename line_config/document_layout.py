"""What vision must know of one kind of document: its size, where its number is, and which numbers are possible."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Millimetres = Annotated[float, Field(gt=0, le=1000)]


_DIGITS, _NO_TWINS = "0123456789", "ABCDEFGHJKLMNPQRSTUVWXYZ"
PLACES = {
    "d": _DIGITS,
    "x": _DIGITS + _NO_TWINS,
    "y": _DIGITS + _NO_TWINS + "<",
    "l": _NO_TWINS,
    "p": "DEGPS",
}
"""what letters in `places` stand for: a digit; a digit or a letter but I and O, which issuers avoid; that or the filler; a
letter but those; the first letter of Chinese passports (ordinary E and G, diplomatic D, service S, public affairs P), which are
all different modulo 10. A capital stands for itself."""


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

    `reader` says how the number is carried: 18 printed characters (GB 11643), the 30 of an exit-entry permit, a machine
    readable zone (ICAO 9303 parts 4 to 6), or symbols. `line_mm` is the line that is read, about 1.8 times as high as its
    capitals and half a place longer at either end, or the place of the symbols; where two lines are read it is the upper one,
    and `line_step_mm` leads to the next.
    `places`: what may stand at each place of the number, see PLACES; "" = whatever its form allows. `zone_pattern`: what a
    machine readable zone, its read lines as one text, must begin with where the number's own pattern leaves open whose it is.
    `second_field` stands beside the number and tells two owners of look-alike numbers apart; the 18 characters of GB 11643 hold
    the birth themselves, so that it separates nothing there. `beyond_frame`: the camera never sees all four edges.
    """

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    reader: Literal["number_line", "permit_line", "mrz_td3", "mrz_td2", "mrz_td1", "symbols"]
    check: Literal["mod11_2", "mrz", "symbol"]
    size_mm: Size
    line_mm: Area
    line_step_mm: Annotated[float, Field(ge=0, le=20)] = 0.0
    second_field: Literal["", "birth", "expiry"] = ""
    symbologies: tuple[Literal["qr", "code128", "datamatrix", "ean13"], ...] = ()
    beyond_frame: bool = False
    alphabet: Annotated[str, Field(min_length=2, max_length=64, pattern=r"^[0-9A-Z<]+$")]
    pattern: Annotated[str, Field(min_length=1, max_length=200)]
    places: Annotated[str, Field(max_length=20, pattern=r"^[A-Zdxylp]*$")] = ""
    zone_pattern: Annotated[str, Field(max_length=200)] = ""
    skeleton_classes: tuple[str, ...] = ()
    confidence_min_permille: Annotated[int, Field(ge=0, le=1000)]

    @field_validator("skeleton_classes", "symbologies", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("pattern", "zone_pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        return value

    @property
    def number_slots(self) -> tuple[str, ...]:
        """The characters that may stand at each place of the number; empty where only its form says so."""
        return tuple(PLACES.get(place, place) for place in self.places)

    def line(self, number: int) -> "DocumentLayout":
        """The layout of its so manieth line, counted from 0."""
        area = self.line_mm
        return self.model_copy(update={"line_mm": area.model_copy(update={"y": area.y + number * self.line_step_mm})})

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.reader == "symbols") != bool(self.symbologies):
            raise ValueError("symbologies: name them for the reader symbols, and only for it")
        folded = "".join(self.skeleton_classes)
        if len(set(folded)) != len(folded):
            raise ValueError("skeleton_classes: a character stands in two classes")
        if self.second_field and not self.reader.startswith(("mrz", "permit")):
            raise ValueError("second_field: only machine readable zones have one beside the number")
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
    """The layouts that come with the product, by kind."""
    folder = Path(__file__).parent / "documents"
    return tuple(load_document_layout(path) for path in sorted(folder.glob("*.toml")))
