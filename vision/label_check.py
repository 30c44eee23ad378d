"""One frame of the label camera: every symbol on the envelope with its place. Whether they are right, the core decides."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.barcode import LABEL, SymbolFound
from vision.bars import Bars
from vision.locate import find_outline
from vision.quality import exposure_fault, fault
from vision.symbols import distinct, look, look_closer, whole

Image = NDArray[np.uint8]
SYMBOLS_MAX = 16
"""More symbols than this on one envelope are not a label but a mistake; the rest is left out."""
_TORN_LENGTH_PX = 120
"""shorter bars that nobody could read are print"""
_TORN_SHARE = 0.5
"""of the length of the bars that were read: a second, torn label's are of that size at least, and no line of print is"""


@dataclass(frozen=True)
class LabelSeen:
    """The symbols, in reading order of the frame, and what is wrong, "" when they look like one label.

    Symbols that do not belong together: "two_labels" or "stranger". One label with a part that cannot be read: "torn". Bars of
    another beside a whole one: "torn_beside". Nothing read: "no_label", "unreadable", or the picture's own fault: "too_dark",
    "too_bright", "glare", "blurred".
    """

    symbols: tuple[SymbolFound, ...]
    reason: str = ""


def read_label(frame: Image) -> LabelSeen:
    """Read one Mono8 frame. Two symbols are expected; a frame with fewer is also read as a whole."""
    if reason := exposure_fault(frame):
        return LabelSeen((), reason)
    seen = look(frame)
    symbols = seen.symbols
    missing = LABEL - {symbol.symbology for symbol in symbols}
    if missing and (symbols or seen.texture.lively.any()):
        symbols = distinct((*symbols, *whole(frame, missing)))
        missing -= {symbol.symbology for symbol in symbols}
        if missing and symbols:  # a label is there: it is worth some patience
            symbols = distinct((*symbols, *look_closer(frame, seen, missing)))
    ordered = tuple(sorted(symbols, key=lambda symbol: symbol.centre[::-1]))[:SYMBOLS_MAX]
    return LabelSeen(ordered, _reason(frame, ordered, seen.unread))


def _reason(frame: Image, symbols: Sequence[SymbolFound], unread: Sequence[Bars]) -> str:
    if not symbols:
        return _why_nothing(frame, unread)
    numbers = {symbol.text.partition(";")[0] for symbol in symbols}
    several = max(Counter(symbol.symbology for symbol in symbols).values()) > 1
    if several:
        return "two_labels"
    if len(numbers) > 1:
        return "stranger"
    if len(symbols) < len(LABEL):
        return "torn"
    return "torn_beside" if _torn_beside(symbols, unread) else ""


def _torn_beside(symbols: Sequence[SymbolFound], unread: Sequence[Bars]) -> bool:
    """Bars that nobody could read, away from those that were: of a second label, or of one that was pasted over."""
    length = max(symbol.side for symbol in symbols)
    away = (
        bars
        for bars in unread
        if all(np.hypot(*np.subtract(bars.centre, symbol.centre)) > symbol.side / 2 for symbol in symbols)
    )
    return any(bars.length > max(_TORN_LENGTH_PX, _TORN_SHARE * length) for bars in away)


def _why_nothing(frame: Image, unread: Sequence[Bars]) -> str:
    if any(bars.length > _TORN_LENGTH_PX for bars in unread):
        return fault(frame) or "torn"
    if find_outline(frame) is None:
        return "no_label"
    return fault(frame) or "unreadable"
