"""Every symbol in a picture of any size, at any angle: bars are found and straightened, blocks looked at one by one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.barcode import ANY, LABEL, LINEAR, SURE, WEAK, Corners, SymbolFound, decode, second_opinion
from vision.bars import Bars, Texture, find_bars, find_blocks, texture
from vision.locate import find_outline
from vision.straight import read_bars

Image = NDArray[np.uint8]

_SIDE_MIN_PX, _SIDE_MAX_PX = 1000, 2000
_BORDER_PX = 40
_COARSER = 3
_CLIP, _TILES = 3.0, (8, 8)
_SOFT_SIGMA, _SECOND_LOOK_SIGMA = 1.2, 0.8
_MARGIN_PX = 24
_BLOCK_ENLARGED, _BLOCK_SIDE_MAX_PX = (1.5, 2.5), 1800
_HALF, _BLOCK_SIDE_SHRUNK_PX = 0.5, 150
_UNSHARP, _UNSHARP_SIGMA = 2.5, 4.5
_CLOSER_SIDE_MAX_PX = 900


@dataclass(frozen=True)
class Look:
    """What was found in one picture: symbols, bars that nobody could read, and how lively each place is."""

    symbols: tuple[SymbolFound, ...]
    unread: tuple[Bars, ...]
    texture: Texture


def look(image: Image, formats: frozenset[str] = LABEL, seen: Texture | None = None, *, thorough: bool = False) -> Look:
    """Symbols at any angle, cheaply: only where the structure tensor sees bars or a block is anything decoded."""
    seen = seen or texture(image)
    bars = list(find_bars(image, seen))
    found: list[SymbolFound] = []
    unread = []
    for strip in bars:
        if symbols := read_bars(image, strip, formats & LINEAR, thorough=thorough):
            found += symbols
        else:
            unread.append(strip)
    if matrix := formats - LINEAR:
        for box in find_blocks(seen, bars):
            found += _in_block(image, box, matrix, thorough=thorough)
    return Look(distinct(found), tuple(unread), seen)


def look_twice(image: Image, formats: frozenset[str]) -> tuple[SymbolFound, ...]:
    """Symbols at any angle, and where none is found those of half the size: coarse modules come out of their noise."""
    return look(image, formats).symbols or tuple(_back(look(scaled(image, _HALF), formats).symbols, _HALF))


def look_closer(image: Image, first: Look, formats: frozenset[str]) -> Iterator[SymbolFound]:
    """What is still missing, in the same places and with more patience; for pictures in which something was found."""
    for strip in first.unread if formats & LINEAR else ():
        yield from read_bars(image, strip, formats & LINEAR, thorough=True)
    if matrix := formats - LINEAR:
        for box in find_blocks(first.texture, list(find_bars(image, first.texture))):
            if max(box[2:]) <= _CLOSER_SIDE_MAX_PX:
                yield from _in_block(image, box, matrix, thorough=True)


def whole(image: Image, formats: frozenset[str], *, thorough: bool = False) -> tuple[SymbolFound, ...]:
    """Symbols that lie square enough to be read without being looked for, each proved."""
    symbols = (second_opinion(image, symbol) for symbol in decode(image, formats, downscale=thorough, invert=thorough))
    return tuple(symbol for symbol in symbols if _proved(image, symbol))


def _proved(image: Image, symbol: SymbolFound) -> bool:
    return symbol.confirmed or symbol.symbology in SURE or (symbol.symbology not in WEAK and _read_again(image, symbol))


def all_symbols(image: Image, formats: frozenset[str] = ANY) -> tuple[SymbolFound, ...]:
    """Every symbol in a picture from anywhere: looked for, read as a whole, and where nothing is found seen in other lights."""
    side = max(image.shape)
    factor = 2.0 if side < _SIDE_MIN_PX else min(1.0, _SIDE_MAX_PX / side)
    sight = scaled(image, factor)
    found = distinct((*look(image, formats, thorough=True).symbols, *_back(_framed(sight, formats), factor)))
    if not found and min(sight.shape) >= _COARSER * _BORDER_PX:
        coarse = look(image, formats & LINEAR, texture(image, _COARSER * max(1, side // _SIDE_MAX_PX)), thorough=True)
        found = coarse.symbols
    for change in () if found else (_sheet_alone, _even_light, _softened):
        other = change(sight)
        if other is None:
            continue
        found = distinct(_back((*_framed(other, formats), *look(other, formats).symbols), factor))
        if found:
            break
    return found


def _framed(image: Image, formats: frozenset[str]) -> Iterator[SymbolFound]:
    """Read as a whole, with paper around it: a symbol at the very edge has no quiet zone."""
    picture = cv2.copyMakeBorder(image, *(_BORDER_PX,) * 4, cv2.BORDER_CONSTANT, value=255)
    for symbol in whole(np.asarray(picture, np.uint8), formats, thorough=True):
        yield _shifted(symbol, -_BORDER_PX, -_BORDER_PX)


def _sheet_alone(image: Image) -> Image | None:
    """Only what lies on the brightest sheet: stripes or cloth around it may look like bars without end."""
    outline = find_outline(image)
    if outline is None:
        return None
    sheet = np.zeros_like(image)
    reach = max(image.shape)  # lines that hardly meet do so far outside
    cv2.fillConvexPoly(sheet, np.round(np.clip(outline.quad, -reach, 2 * reach)).astype(np.int32), 255)
    if not sheet.any():
        return None
    alone: Image = np.where(sheet > 0, image, int(np.median(image[sheet > 0]))).astype(np.uint8)
    return alone


def _even_light(image: Image) -> Image:
    return np.asarray(cv2.createCLAHE(_CLIP, _TILES).apply(image), np.uint8)


def _softened(image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), _SOFT_SIGMA), np.uint8)


def _in_block(
    image: Image, box: tuple[int, int, int, int], formats: frozenset[str], *, thorough: bool
) -> Iterator[SymbolFound]:
    x, y, width, height = box
    x, y, right, bottom = max(x, 0), max(y, 0), x + width, y + height
    crop = np.ascontiguousarray(image[y:bottom, x:right])
    factor, found = 1.0, whole(crop, formats)
    if thorough and not found and min(crop.shape) >= _BLOCK_SIDE_SHRUNK_PX:
        factor, found = _HALF, whole(scaled(crop, _HALF), formats)  # coarse modules come out of their noise
    for enlarged in _BLOCK_ENLARGED if thorough else ():
        if not found and max(crop.shape) * enlarged <= _BLOCK_SIDE_MAX_PX:
            factor, found = enlarged, _enlarged(scaled(crop, enlarged), formats)
    for symbol in _back(found, factor):
        yield _shifted(symbol, x, y)


def _enlarged(crop: Image, formats: frozenset[str]) -> tuple[SymbolFound, ...]:
    """Two more looks at a place where something is: finer, and sharpened under one threshold."""
    soft = cv2.GaussianBlur(crop, (0, 0), _UNSHARP_SIGMA)
    sharp = np.asarray(cv2.addWeighted(crop, 1 + _UNSHARP, soft, -_UNSHARP, 0), np.uint8)
    found = whole(crop, formats)
    sure = formats & SURE
    return found or (decode(sharp, sure, one_threshold=True) or decode(sharp, sure) if sure else ())


def _read_again(image: Image, symbol: SymbolFound) -> bool:
    """Whether a softened picture of its place says the same: an invented text does not survive that."""
    xs, ys = [x for x, _ in symbol.corners], [y for _, y in symbol.corners]
    left, top = max(0, min(xs) - _MARGIN_PX), max(0, min(ys) - _MARGIN_PX)
    region = image[top : max(ys) + _MARGIN_PX, left : max(xs) + _MARGIN_PX]
    if not region.size:
        return False
    soft = np.asarray(cv2.GaussianBlur(region, (0, 0), _SECOND_LOOK_SIGMA), np.uint8)
    again = decode(soft, {symbol.symbology}, downscale=True, invert=True)
    return {other.text for other in again} == {symbol.text}


def distinct(symbols: Iterable[SymbolFound]) -> tuple[SymbolFound, ...]:
    """Each symbol once: the same text at the same place is the same symbol, at another place it is a second one."""
    kept: list[SymbolFound] = []
    for symbol in symbols:
        twin = next((k for k, other in enumerate(kept) if same_symbol(symbol, other)), None)
        if twin is None:
            kept.append(symbol)
        elif symbol.confirmed and not kept[twin].confirmed:
            kept[twin] = replace(kept[twin], confirmed=True)
    return tuple(kept)


def same_symbol(one: SymbolFound, other: SymbolFound) -> bool:
    """Same text, and centres closer than half of its longest side."""
    if (one.symbology, one.text) != (other.symbology, other.text):
        return False
    (x, y), (u, v) = one.centre, other.centre
    return float(np.hypot(x - u, y - v)) < 0.5 * max(one.side, other.side)


def scaled(image: Image, factor: float) -> Image:
    """The picture enlarged or shrunk."""
    if factor == 1.0:
        return image
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC), np.uint8)


def moved(corners: Corners, factor: float) -> Corners:
    """Corners in a picture enlarged by `factor`."""
    return tuple((round(x * factor), round(y * factor)) for x, y in corners)


def _shifted(symbol: SymbolFound, by_x: int, by_y: int) -> SymbolFound:
    return replace(symbol, corners=tuple((x + by_x, y + by_y) for x, y in symbol.corners))


def _back(symbols: Iterable[SymbolFound], factor: float) -> Iterator[SymbolFound]:
    for symbol in symbols:
        yield replace(symbol, corners=moved(symbol.corners, 1 / factor))
