"""One frame of the label camera: every symbol on the envelope with its place. Whether they are right, the core decides."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.barcode import SymbolFound, read_symbols
from vision.locate import find_outline
from vision.symbols import along_bars

Image = NDArray[np.uint8]
SYMBOLS_MAX = 16
"""More symbols than this on one envelope are not a label but a mistake; the rest is left out."""


@dataclass(frozen=True)
class LabelSeen:
    """The symbols, in reading order of the frame; without any, `reason` is "no_label" or "unreadable"."""

    symbols: tuple[SymbolFound, ...]
    reason: str = ""


def read_label(frame: Image) -> LabelSeen:
    """Read one Mono8 frame. Two symbols are expected, so in a frame with fewer bars at other angles are looked for."""
    symbols = read_symbols(frame)
    if len(symbols) < 2:
        known = {(symbol.symbology, symbol.text) for symbol in symbols}
        symbols += tuple(symbol for symbol in along_bars(frame) if (symbol.symbology, symbol.text) not in known)
    if symbols:
        return LabelSeen(tuple(sorted(symbols, key=lambda symbol: symbol.centre[::-1]))[:SYMBOLS_MAX])
    return LabelSeen((), "no_label" if find_outline(frame) is None else "unreadable")
