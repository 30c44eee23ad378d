"""Which characters the report's font can draw: one that it cannot is named, never a box that nobody can read."""

from functools import cache
from pathlib import Path

import msgspec
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from edge.reports.errors import ReportError
from edge.reports.sheet import Sheet, Text

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
FACE_SC = 2
"""place of the simplified Chinese face in the collection; the first one has Japanese shapes"""
FAMILY = "Noto Sans CJK SC"


@cache
def drawable() -> frozenset[int]:
    """Code points that have a glyph. Raises ReportError where the font is missing."""
    if not FONT.is_file():
        raise ReportError(f"reports: font {FONT} is missing; install the package fonts-noto-cjk (make setup)")
    with TTFont(FONT, fontNumber=FACE_SC, lazy=True) as font:
        return frozenset(font.getBestCmap())


def named(sheet: Sheet) -> Sheet:
    """The sheet with each character that cannot be drawn written as its code point, and a remark that says so."""
    known = drawable()
    text = msgspec.json.encode(sheet).decode()
    missing = sorted({char for char in text if ord(char) not in known and not char.isspace()})
    if not missing:
        return sheet
    for char in missing:
        text = text.replace(char, code_point(char))
    codes = " ".join(map(code_point, missing))
    remark = Text(f"字库缺字，以编码代替，请手工填写：{codes}", f"the font lacks these, write them by hand: {codes}")
    drawn = msgspec.json.decode(text, type=Sheet)
    return msgspec.structs.replace(drawn, remarks=(*drawn.remarks, remark))


def code_point(char: str) -> str:
    """As Unicode writes it, in angle quotes that the font has."""
    return f"‹U+{ord(char):04X}›"
