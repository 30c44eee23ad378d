"""Fonts: which characters there are, how wide they run, and text fitted into a box, by whole dots."""

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import ImageFont

from edge.labels.fields import LabelError

LINE_HEIGHT = 1.2
BASELINE = 0.88
"""of the size, from the top of the em square: CJK fonts stand on 0.88/0.12"""

# A line may break around a Chinese character and at a blank, never inside a number or before closing punctuation.
_UNBREAKABLE = re.compile(r"(?:[!-~]+|.)[，。、；：！？）》”’]*", re.DOTALL)


class Fitted(NamedTuple):
    """Text broken into lines at a size in dots."""

    lines: tuple[str, ...]
    size_dots: int

    @property
    def line_height_dots(self) -> int:
        """From baseline to baseline."""
        return round(self.size_dots * LINE_HEIGHT)


class Typeface:
    """One face of a font collection."""

    def __init__(self, path: Path, index: int) -> None:
        self._path = path
        self._index = index
        self._sizes: dict[int, ImageFont.FreeTypeFont] = {}

    @cached_property
    def characters(self) -> frozenset[int]:
        """The code points that have a glyph. Drawing any other would put an empty box on an official label."""
        with TTFont(self._path, fontNumber=self._index, lazy=True) as font:
            return frozenset(font.getBestCmap())

    def at(self, size_dots: int) -> ImageFont.FreeTypeFont:
        """The face at a size; the basic layout engine gives the same dots wherever the font is the same."""
        if size_dots not in self._sizes:
            self._sizes[size_dots] = ImageFont.truetype(
                str(self._path), size_dots, index=self._index, layout_engine=ImageFont.Layout.BASIC
            )
        return self._sizes[size_dots]

    def require(self, text: str, field: str) -> None:
        """Raises LabelError naming the first character that the face lacks."""
        for char in text:
            if ord(char) not in self.characters:
                raise LabelError(
                    f"label: {field} has the character U+{ord(char):04X}, which font {self._path.name} lacks; "
                    "send this item to manual labelling or install a font that has it"
                )

    def fit(self, text: str, width_dots: int, height_dots: int, size_dots: int, size_min_dots: int) -> Fitted | None:
        """The text at the largest size that fits, or None."""
        for size in range(size_dots, size_min_dots - 1, -1):
            fitted = Fitted(self._wrap(text, width_dots, size), size)
            narrow = all(self.at(size).getlength(line, mode="1") <= width_dots for line in fitted.lines)
            if narrow and len(fitted.lines) * fitted.line_height_dots <= height_dots + fitted.line_height_dots - size:
                return fitted
        return None

    def _wrap(self, text: str, width_dots: int, size_dots: int) -> tuple[str, ...]:
        font = self.at(size_dots)
        lines, line, width = [], "", 0.0
        for token in _UNBREAKABLE.findall(text):
            token_width = font.getlength(token, mode="1")
            if line and width + token_width > width_dots:
                lines.append(line.rstrip())
                line, width = "", 0.0
            if line or not token.isspace():
                line, width = line + token, width + token_width
        return (*lines, line.rstrip())


@lru_cache
def typeface(path: Path, index: int) -> Typeface:
    """The face, read once in a process. Raises LabelError when the font is not there."""
    if not path.is_file():
        raise LabelError(
            f"label: font {path} is missing; install the package fonts-noto-cjk or correct [fonts] of the label layout"
        )
    return Typeface(path, index)
