"""One frame to one reading: which layout lies there, where its number is, and what of it is proved. Knows no orders."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout
from vision import id_number, mrz
from vision.barcode import SymbolFound, read_symbols
from vision.locate import Outline, find_outline, straighten
from vision.messages import ACCEPTED, Flag
from vision.ocr import LINE_HEIGHT_PX, PITCH_PX, Line, LineReader
from vision.quality import assess

Image = NDArray[np.uint8]
Corners = tuple[tuple[int, int], ...]

NOTHING = Flag(0)


@dataclass(frozen=True)
class Reading:
    """What one frame says. `value` is the full number and never leaves the worker; `kind` None: nothing read, see `reason`."""

    kind: str | None
    value: str = field(default="", repr=False)
    symbology: str = ""
    flags: Flag = NOTHING
    confidence: float = 0.0
    corners: Corners = ()
    reason: str = ""

    @property
    def accepted(self) -> bool:
        """Whether this frame's reading counts: syntax, check digit and dates are proved."""
        return self.flags & ACCEPTED == ACCEPTED


def unread(reason: str) -> Reading:
    """A frame in which nothing was read."""
    return Reading(None, reason=reason)


class DocumentReader:
    """Reads frames of the ID camera with the given layouts, cheapest reader first."""

    def __init__(self, layouts: Sequence[DocumentLayout], lines: LineReader | None = None) -> None:
        self._lines = lines or LineReader()
        self._layouts = sorted(layouts, key=lambda layout: layout.reader != "symbols")

    def warm_up(self) -> None:
        """Load what takes long. Raises RecogniserFailed."""
        self._lines.warm_up()

    def read(self, frame: Image) -> Reading:
        """Read one Mono8 frame. Raises RecogniserFailed."""
        outline = find_outline(frame)
        if outline is None:
            return unread("empty_belt")
        readings = [unread("unknown_outline")]
        for layout in self._layouts:
            if _fits(outline, layout):
                readings.append(self._read_as(layout, frame, outline))
                if readings[-1].accepted:
                    break
        return max(reversed(readings), key=proved)

    def _read_as(self, layout: DocumentLayout, frame: Image, outline: Outline) -> Reading:
        if layout.reader == "symbols":
            symbols = read_symbols(frame)
            return symbols_reading(symbols, layout) or unread("foreign_symbol" if symbols else "no_symbol")
        return read_line(self._lines, frame, outline, layout)


def read_line(lines: LineReader, image: Image, outline: Outline, layout: DocumentLayout) -> Reading:
    """The number line of the document in `outline`. Raises RecogniserFailed."""
    slots, _ = LINES[layout.reader]
    crop = straighten(image, outline, layout, PITCH_PX * (len(slots) + 1), LINE_HEIGHT_PX)
    if reason := assess(crop).reason:
        return unread(reason)
    return judge_line(lines.read(crop, slots), outline, layout)


def judge_line(line: Line, outline: Outline, layout: DocumentLayout) -> Reading:
    """What a line of text says about the document in `outline`."""
    _, judge = LINES[layout.reader]
    value, flags = judge(line.text, layout.pattern)
    if not flags:
        return unread("no_number")
    if line.confidence * 1000 >= layout.confidence_min_permille:
        flags |= Flag.CONFIDENT
    corners = tuple((round(x), round(y)) for x, y in outline.quad)
    return Reading(layout.kind, value, "ocr", flags, line.confidence, corners)


def _fits(outline: Outline, layout: DocumentLayout) -> bool:
    """A sheet reaches beyond the frame; everything else lies in it and has its own shape."""
    if layout.reader == "symbols":
        return not outline.whole
    return outline.whole and shape_fits(outline, layout)


def shape_fits(outline: Outline, layout: DocumentLayout, tolerance: float = 0.07) -> bool:
    """Whether the outline has the layout's proportions; the default suits a camera that looks straight down."""
    return abs(outline.aspect / layout.size_mm.aspect - 1) < tolerance


def proved(reading: Reading) -> tuple[int, float]:
    """How much is proved of a reading, for choosing the best."""
    return reading.flags.bit_count(), reading.confidence


def symbols_reading(symbols: Sequence[SymbolFound], layout: DocumentLayout) -> Reading | None:
    """The number that all fitting symbols carry; None if none fits or two differ.

    The symbology's own error detection stands for the check digit, a second symbol or decoder for confidence.
    """
    fitting = [symbol for symbol in symbols if re.fullmatch(layout.pattern, symbol.text, re.ASCII)]
    if len({symbol.text for symbol in fitting}) != 1:
        return None
    sure = len({symbol.symbology for symbol in fitting}) > 1 or any(symbol.confirmed for symbol in fitting)
    first = fitting[0]
    flags = ACCEPTED | (Flag.CONFIDENT if sure else NOTHING)
    return Reading(layout.kind, first.text, first.symbology, flags, 1.0 if sure else 0.5, first.corners)


def judge_id_number(text: str, pattern: str) -> tuple[str, Flag]:
    """Number and flags of a resident identity number's line."""
    if not re.fullmatch(pattern, text, re.ASCII):
        return "", NOTHING
    check = Flag.CHECK_DIGIT if id_number.check_holds(text) else NOTHING
    return text, Flag.SYNTAX | check | (Flag.DATES if id_number.birth_date(text) else NOTHING)


def judge_mrz(text: str, pattern: str) -> tuple[str, Flag]:
    """Document number and flags of a TD3 second line."""
    parsed = mrz.parse_line(text)
    if parsed is None:
        return "", NOTHING
    syntax = Flag.SYNTAX if re.fullmatch(pattern, parsed.number, re.ASCII) else NOTHING
    check = Flag.CHECK_DIGIT if parsed.checked else NOTHING
    return parsed.number, syntax | check | (Flag.DATES if parsed.dated else NOTHING)


LINES: dict[str, tuple[Sequence[str], Callable[[str, str], tuple[str, Flag]]]] = {
    "number_line": (id_number.SLOTS, judge_id_number),
    "mrz_td3": (mrz.SLOTS, judge_mrz),
}
