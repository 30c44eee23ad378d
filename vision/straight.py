"""One row of bars at any angle to its text: straightened, enlarged, read; or else averaged along the bars and sharpened."""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.barcode import LINEAR, WEAK, SymbolFound, agrees, decode
from vision.bars import Bars
from vision.grade import Grade, grade

Image = NDArray[np.uint8]

_ENLARGED, _WIDTH_MAX_PX = 3.0, 2600
_ROWS_MIN, _ROWS_MAX = 24, 96
_QUIET_SHARE, _QUIET_PX, _QUIET_OF_SYMBOL = 0.09, 14, 0.06
_BANDS = 3
_EDGES_MIN, _EDGE_DEPTH, _EDGE_WINDOW_PX = 22, 1.5, 91
"""The shortest symbols have 44 edges and more, not all of them in sight; depth in grey levels."""
_UNSHARP, _UNSHARP_SIGMAS = 1.2, (4.0, 8.0)
_ZBAR_ROWS, _ZBAR_SHRINK, _ZBAR_QUIET_PX = 24, 1.5, 24
_SCANS_THAT_CONFIRM = 3
_SOFT_SIGMA = 2.0
_LONGER_SHARES = (0.3, -0.12)
"""how much longer or shorter at either end bars are tried where they could not be read: a part was missed, or is no bars"""


def read_bars(
    image: Image, strip: Bars, formats: frozenset[str] = LINEAR, *, thorough: bool = False
) -> tuple[SymbolFound, ...]:
    """The symbols along these bars, each proved; `thorough`: also in other cuts of the place."""
    for share in (0.0, *_LONGER_SHARES) if thorough else (0.0,):
        wide = strip.grown((share + _QUIET_SHARE) * strip.length + _QUIET_PX)
        width = round(min(_ENLARGED * wide.length, _WIDTH_MAX_PX))
        scale = width / wide.length
        upright = wide.cut(image, width, int(np.clip(strip.height * scale / 2, _ROWS_MIN, _ROWS_MAX)))
        if _edges(upright) < _EDGES_MIN:
            return ()
        symbols = decode(upright, formats, rotate=False) or _by_bands(upright, formats)
        if thorough and not symbols:  # light bars on dark ground
            upright = np.asarray(255 - upright, np.uint8)
            symbols = decode(upright, formats, rotate=False)
        if proved := tuple(p for symbol in symbols if (p := _proved(symbol, wide, upright, scale))):
            return proved
    return ()


def _edges(upright: Image) -> int:
    """How often the rows, averaged, cross their own neighbourhood's mean: print and the edges of things do so seldom."""
    mean = upright[len(upright) // 4 : -(len(upright) // 4) or None].mean(axis=0, dtype=np.float32)[None]
    around = cv2.blur(mean, (_EDGE_WINDOW_PX, 1))
    off = (mean - around)[0]
    strong = off[np.abs(off) > _EDGE_DEPTH]
    return int(np.count_nonzero(np.diff(np.signbit(strong))))


def _by_bands(upright: Image, formats: frozenset[str]) -> tuple[SymbolFound, ...]:
    """What two bands of the bars, each averaged by itself, agree on; none if any band says otherwise."""
    votes: dict[tuple[str, str], list[SymbolFound]] = {}
    for band in np.array_split(upright, _BANDS):
        read: dict[tuple[str, str], SymbolFound] = {}
        for row in _rows(band):
            read |= {(s.symbology, s.text): s for s in decode(np.repeat(row, 8, axis=0), formats, rotate=False)}
        for key, symbol in read.items():
            votes.setdefault(key, []).append(symbol)
    if len(votes) != 1:
        return ()
    ((first, *others),) = votes.values()
    (begin, _), (end, _), *_ = first.corners
    height = len(upright)
    return (replace(first, corners=((begin, 0), (end, 0), (end, height), (begin, height))),) if others else ()


def _rows(band: Image) -> Iterator[Image]:
    mean = band.mean(axis=0, dtype=np.float32)[None]
    yield np.clip(mean, 0, 255).astype(np.uint8)
    for sigma in _UNSHARP_SIGMAS:
        sharp = mean + _UNSHARP * (mean - cv2.GaussianBlur(mean, (0, 0), sigma))
        yield np.clip(sharp, 0, 255).astype(np.uint8)


def _proved(symbol: SymbolFound, wide: Bars, upright: Image, scale: float) -> SymbolFound | None:
    """The symbol in px of the frame with its grade; None where nothing but one decoder says so."""
    width = upright.shape[1]
    left, right = (max(0, min(width, edge(x for x, _ in symbol.corners))) for edge in (min, max))
    quiet = round(_QUIET_OF_SYMBOL * (right - left))
    bars = upright[:, max(0, left - quiet) : right + quiet]
    upside_down = symbol.corners[0][0] > symbol.corners[1][0]
    if upside_down:
        bars = np.ascontiguousarray(bars[::-1, ::-1])
    if bars.shape[1] < _ZBAR_ROWS:
        return None
    graded = grade(bars, scale) if symbol.symbology == "code128" else None
    scans = _scans(graded, symbol.text)
    confirmed = agrees(_for_zbar(bars), symbol) or scans >= _SCANS_THAT_CONFIRM
    if not (confirmed or scans > 0 or (scans == 0 and symbol.symbology not in WEAK and _read_again(upright, symbol))):
        return None
    corners = _corners(wide, left / width, right / width)
    if upside_down:
        corners = corners[2:] + corners[:2]
    return replace(symbol, corners=corners, confirmed=confirmed, grade=graded)


def _scans(graded: Grade | None, text: str) -> int:
    """How many scan lines say the same by themselves; -1 when they only say something else."""
    if graded is None or not graded.texts:
        return 0
    return graded.texts.count(text) or -1


def _for_zbar(bars: Image) -> Image:
    small = cv2.resize(bars, (round(bars.shape[1] / _ZBAR_SHRINK), _ZBAR_ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(small, 0, 0, *(_ZBAR_QUIET_PX,) * 2, cv2.BORDER_REPLICATE), np.uint8)


def _read_again(upright: Image, symbol: SymbolFound) -> bool:
    soft = np.asarray(cv2.GaussianBlur(upright, (0, 0), _SOFT_SIGMA), np.uint8)
    return {other.text for other in decode(soft, {symbol.symbology}, rotate=False)} == {symbol.text}


def _corners(wide: Bars, left: float, right: float) -> tuple[tuple[int, int], ...]:
    """Of the part between these shares of the length."""
    top, bottom = wide.quad[:2], wide.quad[[3, 2]]
    places = ((top, left), (top, right), (bottom, right), (bottom, left))
    points = (line[0] + (line[1] - line[0]) * share for line, share in places)
    return tuple((round(float(x)), round(float(y))) for x, y in points)
