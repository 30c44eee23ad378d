"""One frame to one reading: which layout lies there, where its number is, and what of it is proved. Knows no orders."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import Area, DocumentLayout
from vision import id_number, mrz
from vision.barcode import SymbolFound, read_symbols
from vision.locate import Outline, find_outline, straighten
from vision.messages import ACCEPTED, Flag
from vision.ocr import LINE_HEIGHT_PX, PITCH_PX, Line, LineReader
from vision.quality import assess

Image = NDArray[np.uint8]
Corners = tuple[tuple[int, int], ...]

_ASPECT_TOLERANCE = 0.07


@dataclass(frozen=True)
class Reading:
    """What one frame says. `value` is the full number and never leaves the worker; `kind` None: nothing read, see `reason`."""

    kind: str | None
    value: str = field(default="", repr=False)
    symbology: str = ""
    flags: Flag = Flag(0)
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
        self._layouts = sorted(layouts, key=lambda layout: _COST.index(layout.reader))

    def read(self, frame: Image) -> Reading:
        """Read one Mono8 frame."""
        outline = find_outline(frame)
        if outline is None:
            return unread("empty_belt")
        best = unread("unknown_outline")
        for layout in self._layouts:
            if _fits(outline, layout):
                reading = _READERS[layout.reader](self._lines, frame, outline, layout)
                if reading.accepted:
                    return reading
                best = max(best, reading, key=_proved) if best.kind else reading
        return best


def _fits(outline: Outline, layout: DocumentLayout) -> bool:
    """A sheet reaches beyond the frame; everything else lies in it and has its own shape."""
    if layout.reader == "symbols":
        return not outline.whole
    return outline.whole and abs(outline.aspect / layout.size_mm.aspect - 1) < _ASPECT_TOLERANCE


def _proved(reading: Reading) -> tuple[int, float]:
    return reading.flags.value.bit_count(), reading.confidence


def _read_symbols(_: LineReader, frame: Image, outline: Outline, layout: DocumentLayout) -> Reading:
    symbols = read_symbols(frame)
    return symbols_reading(symbols, layout) or unread("no_symbol" if not symbols else "foreign_symbol")


def symbols_reading(symbols: Sequence[SymbolFound], layout: DocumentLayout) -> Reading | None:
    """The number that all fitting symbols carry; None if none fits or two differ.

    The symbology's own error detection stands for the check digit, a second symbol or decoder for confidence.
    """
    fitting = [symbol for symbol in symbols if re.fullmatch(layout.pattern, symbol.text, re.ASCII)]
    if len({symbol.text for symbol in fitting}) != 1:
        return None
    sure = len({symbol.symbology for symbol in fitting}) > 1 or any(symbol.confirmed for symbol in fitting)
    first = fitting[0]
    flags = ACCEPTED | (Flag.CONFIDENT if sure else Flag(0))
    return Reading(layout.kind, first.text, first.symbology, flags, 1.0 if sure else 0.5, first.corners)


def _read_number_line(lines: LineReader, frame: Image, outline: Outline, layout: DocumentLayout) -> Reading:
    return _read_line(lines, frame, outline, layout, id_number.SLOTS, id_reading)


def _read_mrz(lines: LineReader, frame: Image, outline: Outline, layout: DocumentLayout) -> Reading:
    return _read_line(lines, frame, outline, layout, mrz.SLOTS, mrz_reading)


def id_reading(line: Line, layout: DocumentLayout) -> tuple[str, Flag]:
    """Number and flags of a resident identity number."""
    flags = Flag.SYNTAX if re.fullmatch(layout.pattern, line.text, re.ASCII) else Flag(0)
    if flags and id_number.check_holds(line.text):
        flags |= Flag.CHECK_DIGIT
    if flags and id_number.birth_date(line.text):
        flags |= Flag.DATES
    return line.text, flags


def mrz_reading(line: Line, layout: DocumentLayout) -> tuple[str, Flag]:
    """Document number and flags of a TD3 second line."""
    parsed = mrz.parse_line(line.text)
    if parsed is None or not re.fullmatch(layout.pattern, parsed.number, re.ASCII):
        return parsed.number if parsed else "", Flag(0)
    flags = Flag.SYNTAX | (Flag.CHECK_DIGIT if parsed.checked else Flag(0)) | (Flag.DATES if parsed.dated else Flag(0))
    return parsed.number, flags


def _read_line(
    lines: LineReader,
    frame: Image,
    outline: Outline,
    layout: DocumentLayout,
    slots: Sequence[str],
    judge: Callable[[Line, DocumentLayout], tuple[str, Flag]],
) -> Reading:
    crop = line_crop(frame, outline, layout, len(slots))
    quality = assess(crop)
    if quality.reason:
        return unread(quality.reason)
    line = lines.read(crop, slots)
    value, flags = judge(line, layout)
    if not value:
        return unread("no_number")
    if line.confidence * 1000 >= layout.confidence_min_permille:
        flags |= Flag.CONFIDENT
    corners = tuple((round(x), round(y)) for x, y in outline.quad)
    return Reading(layout.kind, value, "ocr", flags, line.confidence, corners)


def line_crop(frame: Image, outline: Outline, layout: DocumentLayout, characters: int) -> Image:
    """The number line, straightened, at the recogniser's height and pitch."""
    area = layout.line_mm
    return straighten(
        frame, outline.quad, layout.size_mm, area, LINE_HEIGHT_PX / area.height, PITCH_PX * (characters + 1) / area.width
    )


_READERS: dict[str, Callable[[LineReader, Image, Outline, DocumentLayout], Reading]] = {
    "symbols": _read_symbols,
    "number_line": _read_number_line,
    "mrz_td3": _read_mrz,
}
_COST = tuple(_READERS)
