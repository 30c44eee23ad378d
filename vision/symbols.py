"""Every symbol in a picture of any size, at any angle."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.barcode import Corners, SymbolFound, read_symbols
from vision.search import bar_pictures, find_bars

Image = NDArray[np.uint8]

_SIDE_MIN_PX, _SIDE_MAX_PX = 1000, 2000
_BORDER_PX = 40


def all_symbols(image: Image) -> tuple[SymbolFound, ...]:
    """Every symbol in a picture: as it is, at another size, and bars at any angle straightened; each text once."""
    found = {(symbol.symbology, symbol.text): symbol for symbol in read_symbols(image, thorough=True)}
    if not found:
        found = {(symbol.symbology, symbol.text): symbol for symbol in _at_another_size(image)}
    if not any(symbology == "code128" for symbology, _ in found):
        found |= {(symbol.symbology, symbol.text): symbol for symbol in along_bars(image)}
    return tuple(found.values())


def _at_another_size(image: Image) -> Iterator[SymbolFound]:
    side = max(image.shape)
    factor = 2.0 if side < _SIDE_MIN_PX else _SIDE_MAX_PX / side if side > _SIDE_MAX_PX else 1.0
    framed = cv2.copyMakeBorder(scaled(image, factor), *(_BORDER_PX,) * 4, cv2.BORDER_CONSTANT, value=255)
    for sight in (framed, cv2.GaussianBlur(framed, (0, 0), 1.2)):
        symbols = read_symbols(np.asarray(sight, np.uint8), thorough=True)
        for symbol in symbols:
            corners = tuple((x - _BORDER_PX, y - _BORDER_PX) for x, y in symbol.corners)
            yield replace(symbol, corners=moved(corners, 1 / factor))
        if symbols:
            return


def along_bars(image: Image) -> Iterator[SymbolFound]:
    """Code 128 at any angle: bars are found, straightened and read again."""
    for strip in find_bars(image):
        for picture in bar_pictures(image, strip):
            symbols = [symbol for symbol in read_symbols(picture) if symbol.symbology == "code128"]
            yield from (replace(symbol, corners=tuple((round(x), round(y)) for x, y in strip.quad)) for symbol in symbols)
            if symbols:
                break


def scaled(image: Image, factor: float) -> Image:
    """The picture enlarged or shrunk."""
    if factor == 1.0:
        return image
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC), np.uint8)


def moved(corners: Corners, factor: float) -> Corners:
    """Corners in a picture enlarged by `factor`."""
    return tuple((round(x * factor), round(y * factor)) for x, y in corners)
