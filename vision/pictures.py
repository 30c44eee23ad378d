"""Readings from a picture of any size and orientation: first as the belt's cameras would see it, then searching."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout
from vision import s10
from vision.barcode import SymbolFound, read_symbols
from vision.locate import Outline, find_outline
from vision.messages import Flag
from vision.ocr import LINE_HEIGHT_PX, PITCH_PX, LineReader
from vision.quality import assess
from vision.readers import LINES, NOTHING, Corners, Reading, judge_line, read_line, shape_fits, symbols_reading
from vision.search import bar_pictures, find_bars, find_lines, line_picture

Image = NDArray[np.uint8]

_DOCUMENT_SIDE_PX = 2000
_SYMBOL_SIDE_MIN_PX, _SYMBOL_SIDE_MAX_PX = 1000, 2000
_BORDER_PX = 40
_TURNS = (0, 2, 1, 3)


class PictureReader:
    """Reads pictures of documents, labels and parcels; everything found in one picture is one reading."""

    def __init__(self, layouts: Sequence[DocumentLayout]) -> None:
        self._layouts, self._lines = layouts, LineReader()
        self._printed = [layout for layout in layouts if layout.reader in LINES]

    def read(self, image: Image) -> list[Reading]:
        """All readings of a grey picture; without symbols the document's line, if it has one. Raises RecogniserFailed."""
        if symbols := all_symbols(image):
            return self._symbols(symbols)
        factor = max(1.0, max(image.shape) / _DOCUMENT_SIDE_PX)
        found = self._document(_scaled(image, 1 / factor))
        return [replace(found, corners=_moved(found.corners, factor))] if found else []

    def _symbols(self, symbols: Sequence[SymbolFound]) -> list[Reading]:
        sheets = (symbols_reading(symbols, layout) for layout in self._layouts if layout.reader == "symbols")
        documents = [reading for reading in sheets if reading]
        taken = {reading.value for reading in documents}
        return documents + [symbol_reading(symbol, symbols) for symbol in symbols if symbol.text not in taken]

    def _document(self, image: Image) -> Reading | None:
        """The first accepted reading on any of four sides up, or else the one with the most proved."""
        best: Reading | None = None
        for way in (self._by_outline, self._by_search):
            for turns in _TURNS:
                for reading in way(np.ascontiguousarray(np.rot90(image, turns))):
                    if best is None or (reading.flags.bit_count(), reading.confidence) > (
                        best.flags.bit_count(),
                        best.confidence,
                    ):
                        best = replace(reading, corners=_turned_back(reading.corners, turns, image))
                    if reading.accepted:
                        return best
        return best

    def _by_outline(self, image: Image) -> Iterator[Reading]:
        """The document lies in front of a darker ground, or fills the picture."""
        height, width = image.shape
        whole = Outline(np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64), whole=True)
        for outline in (find_outline(image), whole):
            for layout in self._printed:
                if outline and shape_fits(outline, layout):
                    reading = read_line(self._lines, image, outline, layout)
                    if reading.kind:
                        yield reading

    def _by_search(self, image: Image) -> Iterator[Reading]:
        """Any line that is long enough; it counts only if its check digits hold, since anything may be printed there."""
        for strip in find_lines(image):
            for layout in self._printed:
                slots, _ = LINES[layout.reader]
                if not 0.5 < strip.length / strip.height / len(slots) < 2.2:
                    continue
                crop = line_picture(image, strip, LINE_HEIGHT_PX, 2 * PITCH_PX * len(slots))
                if assess(crop).reason:
                    continue
                line = self._lines.read(crop, slots, at_end=True)
                reading = judge_line(line, Outline(strip.quad, whole=True), layout)
                if Flag.CHECK_DIGIT in reading.flags:
                    yield reading


def all_symbols(image: Image) -> tuple[SymbolFound, ...]:
    """Every symbol in a picture: as it is, at another size, and bars at any angle straightened; each text once."""
    found = {(symbol.symbology, symbol.text): symbol for symbol in read_symbols(image, thorough=True)}
    if not found:
        found = {(symbol.symbology, symbol.text): symbol for symbol in _at_another_size(image)}
    if not any(symbology == "code128" for symbology, _ in found):
        found |= {(symbol.symbology, symbol.text): symbol for symbol in _along_bars(image)}
    return tuple(found.values())


def _at_another_size(image: Image) -> Iterator[SymbolFound]:
    side = max(image.shape)
    factor = 2.0 if side < _SYMBOL_SIDE_MIN_PX else _SYMBOL_SIDE_MAX_PX / side if side > _SYMBOL_SIDE_MAX_PX else 1.0
    framed = cv2.copyMakeBorder(_scaled(image, factor), *(_BORDER_PX,) * 4, cv2.BORDER_CONSTANT, value=255)
    for sight in (framed, cv2.GaussianBlur(framed, (0, 0), 1.2)):
        symbols = read_symbols(np.asarray(sight, np.uint8), thorough=True)
        for symbol in symbols:
            corners = tuple((x - _BORDER_PX, y - _BORDER_PX) for x, y in symbol.corners)
            yield replace(symbol, corners=_moved(corners, 1 / factor))
        if symbols:
            return


def _along_bars(image: Image) -> Iterator[SymbolFound]:
    for strip in find_bars(image):
        for picture in bar_pictures(image, strip):
            symbols = [symbol for symbol in read_symbols(picture) if symbol.symbology == "code128"]
            yield from (replace(symbol, corners=_rounded(strip.quad)) for symbol in symbols)
            if symbols:
                break


def symbol_reading(symbol: SymbolFound, symbols: Sequence[SymbolFound]) -> Reading:
    """One symbol by itself: a label's if it carries a postal item number, otherwise just a symbol.

    Confident if the second decoder or a symbol of the other kind on the same label agrees.
    """
    number = symbol.text.partition(";")[0]
    postal = s10.is_item_number(number)
    agreed = symbol.confirmed or (
        postal and any(o.symbology != symbol.symbology and o.text.partition(";")[0] == number for o in symbols)
    )
    flags = Flag.SYNTAX | Flag.DATES | (Flag.CHECK_DIGIT if not postal or s10.check_holds(number) else NOTHING)
    return Reading(
        "label" if postal else "symbol",
        symbol.text,
        symbol.symbology,
        flags | (Flag.CONFIDENT if agreed else NOTHING),
        1.0 if agreed else 0.5,
        symbol.corners,
    )


def _scaled(image: Image, factor: float) -> Image:
    if factor == 1.0:
        return image
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC), np.uint8)


def _moved(corners: Corners, factor: float) -> Corners:
    return tuple((round(x * factor), round(y * factor)) for x, y in corners)


def _rounded(quad: NDArray[np.float64]) -> Corners:
    return tuple((round(x), round(y)) for x, y in quad)


def _turned_back(corners: Corners, turns: int, image: Image) -> Corners:
    """Corners found in np.rot90(image, turns), in the picture itself."""
    height, width = image.shape
    for side in (width, height, width, height)[:turns][::-1]:  # undo the last quarter turn first
        corners = tuple((side - 1 - y, x) for x, y in corners)
    return corners
