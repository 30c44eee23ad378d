"""Fonts: which characters there are, how wide they run, and text fitted into a box, by whole dots."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import ImageFont

from edge.labels.fields import LabelError

WIDTHS_KEPT = 20_000
LINE_HEIGHT = 1.25
BASELINE = 1.0
"""of the size, from a line's top: room for accents above and for the tails of g, j, q, y below, so that nothing is cut"""

# A line may break around a Chinese character and at a blank, never inside a number, before closing or after opening signs,
# nor between a house number and its unit.
_UNBREAKABLE = re.compile(r"(?:[（《“‘]*(?:[!-~]+|[^（《“‘])|.)[，。、；：！？）》”’号栋幢座室]*", re.DOTALL)


class Fitted(NamedTuple):
    """Text broken into lines at a size in dots."""

    lines: tuple[str, ...]
    size_dots: int

    @property
    def line_height_dots(self) -> int:
        """From baseline to baseline."""
        return round(self.size_dots * LINE_HEIGHT)


class Face:
    """One face of one font file."""

    def __init__(self, path: Path, index: int) -> None:
        self.path = path
        self._index = index
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}

    @cached_property
    def characters(self) -> frozenset[int]:
        """The code points that have a glyph. Drawing any other would put an empty box on an official label."""
        with TTFont(self.path, fontNumber=self._index, lazy=True) as font:
            return frozenset(font.getBestCmap())

    def at(self, size_dots: int) -> ImageFont.FreeTypeFont:
        """The face at a size; the basic layout engine gives the same dots wherever the font is the same."""
        if size_dots not in self._sizes:
            self._sizes[size_dots] = ImageFont.truetype(
                str(self.path), size_dots, index=self._index, layout_engine=ImageFont.Layout.BASIC
            )
        return self._sizes[size_dots]


class Run(NamedTuple):
    """Characters of a line that one font draws, and how far they run, in dots."""

    font: ImageFont.FreeTypeFont
    text: str
    width_dots: float


class Typeface:
    """One face, and others for ideographs that it lacks."""

    def __init__(self, face: Face, fallback: tuple[Face, ...] = ()) -> None:
        self._face = face
        self._fallback = fallback

    def _face_of(self, char: str) -> Face | None:
        if ord(char) in self._face.characters:
            return self._face
        # Private codes mean something else in every font: they must be mapped to characters before they come here.
        if not unicodedata.name(char, "").startswith("CJK UNIFIED IDEOGRAPH"):
            return None
        return next((face for face in self._fallback if ord(char) in face.characters), None)

    def warm_up(self) -> None:
        """Read the tables of characters, so that the first rare name does not wait. Raises LabelError when one is broken."""
        self.require("收", "the font test")
        for face in self._fallback:
            _ = face.characters

    def require(self, text: str, field: str) -> None:
        """Raises LabelError naming the first character that no face has."""
        for char in text:
            if self._face_of(char) is None:
                raise LabelError(
                    f"label: {field} has the character U+{ord(char):04X}, which font {self._face.path.name} lacks; "
                    "send this item to manual labelling or install a font that has it"
                )

    def runs(self, text: str, size_dots: int) -> Iterator[Run]:
        """The text cut where the font changes."""
        for face, chars in groupby(text, self._face_of):
            part = "".join(chars)
            font = (face or self._face).at(size_dots)
            yield Run(font, part, font.getlength(part, mode="1"))

    def length(self, text: str, size_dots: int) -> float:
        """How far a text runs, in dots."""
        # Most of what is wrapped are single ideographs, each measured at every size; longer texts are somebody's, and not kept.
        return _width_of(self, text, size_dots) if len(text) == 1 else self.measured(text, size_dots)

    def measured(self, text: str, size_dots: int) -> float:
        """The same, measured anew."""
        return sum(run.width_dots for run in self.runs(text, size_dots))

    def fit(self, text: str, width_dots: int, height_dots: int, size_dots: int, size_min_dots: int) -> Fitted | None:
        """The text at the largest size that fits, or None."""
        for size in range(size_dots, size_min_dots - 1, -1):
            fitted = Fitted(self._wrap(text, width_dots, size), size)
            narrow = all(self.length(line, size) <= width_dots for line in fitted.lines)
            if narrow and len(fitted.lines) * fitted.line_height_dots <= height_dots:
                return fitted
        return None

    def _wrap(self, text: str, width_dots: int, size_dots: int) -> tuple[str, ...]:
        lines, line, width = [], "", 0.0
        for token in _UNBREAKABLE.findall(text):
            token_width = self.length(token, size_dots)
            if line and width + token_width > width_dots:
                lines.append(line.rstrip())
                line, width = "", 0.0
            if line or not token.isspace():
                line, width = line + token, width + token_width
        return (*lines, line.rstrip())


@lru_cache(maxsize=WIDTHS_KEPT)
def _width_of(face: Typeface, char: str, size_dots: int) -> float:
    return face.measured(char, size_dots)


@lru_cache
def _face(path: Path, index: int) -> Face:
    return Face(path, index)


@lru_cache
def typeface(path: Path, index: int, fallback: tuple[Path, ...] = ()) -> Typeface:
    """The face, read once in a process, with those of `fallback` that are installed. Raises LabelError without the first."""
    if not path.is_file():
        raise LabelError(
            f"label: font {path} is missing; install the package fonts-noto-cjk or correct [fonts] of the label layout"
        )
    return Typeface(_face(path, index), tuple(_face(other, 0) for other in fallback if other.is_file()))
