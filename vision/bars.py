"""Where something is printed densely: bars at any angle with their outline, and blocks that may hold a matrix symbol.

The structure tensor, averaged over cells, says for each place how lively it is and whether its edges have one direction.
Bars have one; a matrix symbol is as lively and has two. Nothing is decoded here, and an empty belt is done after the averaging.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Quad = NDArray[np.float64]
Map = NDArray[np.float32]
Mask = NDArray[np.uint8]

BARS_MAX, BLOCKS_MAX, _PLACES_MAX = 6, 6, 10
_WORK_SIDE_PX = 1700
"""Longer side above which the picture is shrunk by a whole number first: a fraction costs ten times as much."""
_SMALL_SIDE_PX = 700
_CELL_PX, _SMALL_CELL_PX = 8, 4
_LIVELY_MIN = 260.0
"""Mean square of Sobel's two derivatives: edges of 13 grey levels at every fourth pixel."""
_LIVELY_OVER_GROUND = 3.0
_COHERENCE_MIN = 0.5
"""Share of the local gradient that has one direction; bars are close to 1, print and matrix symbols are far below."""
_SECTORS, _SECTOR_HALF_RAD = 4, np.deg2rad(34)
_BAR_CELLS_MIN, _BLOCK_CELLS_MIN = 10, 9
_LENGTH_MIN_PX, _LENGTH_OVER_HEIGHT_MIN = 72, 0.6
_FILL_MIN = 0.5
"""Share of its quad that a place covers: a rule or the edge of a sheet covers far less."""
_BLOCK_ASPECT_MAX = 3.0


@dataclass(frozen=True)
class Texture:
    """Maps of one cell each: energy (mean square gradient), and the tensor's two parts that carry coherence and direction.

    `cell` is a cell's side in px of the picture.
    """

    energy: Map
    across: Map
    double: Map
    cell: float

    @property
    def lively(self) -> Mask:
        """Cells with far more edges than the ground; 0 or 1."""
        floor = max(_LIVELY_MIN, _LIVELY_OVER_GROUND * float(np.percentile(self.energy, 10)))
        return (self.energy > floor).astype(np.uint8)


@dataclass(frozen=True)
class Bars:
    """A place full of parallel edges: corners clockwise from the upper left in reading direction, and its mean sides in px."""

    quad: Quad
    length: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """Mean of the corners."""
        x, y = self.quad.mean(axis=0)
        return float(x), float(y)

    @property
    def angle(self) -> float:
        """Reading direction in radians."""
        along = self.quad[1] + self.quad[2] - self.quad[0] - self.quad[3]
        return float(np.arctan2(along[1], along[0]))

    def grown(self, along: float, down: float = 0.0) -> "Bars":
        """Longer by `along` px at either end and higher by `down` px above and below."""
        quad = self.quad.copy()
        for start, end, by in ((0, 1, along), (3, 2, along), (0, 3, down), (1, 2, down)):
            side = self.quad[end] - self.quad[start]
            step = side / max(float(np.linalg.norm(side)), 1e-6) * by
            quad[start] -= step
            quad[end] += step
        return Bars(quad, self.length + 2 * along, self.height + 2 * down)

    def cut(self, image: Image, width_px: int, height_px: int) -> Image:
        """The place as an upright picture."""
        target = np.array([(0, 0), (width_px, 0), (width_px, height_px), (0, height_px)], np.float32)
        transform = cv2.getPerspectiveTransform(target, (self.quad + 0.5).astype(np.float32))
        flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if width_px > self.length else cv2.INTER_AREA)
        crop = cv2.warpPerspective(image, transform, (width_px, height_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(crop, np.uint8)


def texture(image: Image, shrink: int = 0) -> Texture:
    """The structure tensor of a grey picture; `shrink`: by how much it is made smaller first, 0 = as its size asks for."""
    height, width = image.shape
    step = min(shrink or max(1, round(max(image.shape) / _WORK_SIDE_PX + 0.3)), height, width)
    small = image
    if step > 1:
        whole = image[: height // step * step, : width // step * step]
        small = np.asarray(cv2.resize(whole, (width // step, height // step), interpolation=cv2.INTER_AREA), np.uint8)
    cell = _CELL_PX if max(small.shape) > _SMALL_SIDE_PX else _SMALL_CELL_PX
    small = small[: max(small.shape[0] // cell, 1) * cell, : max(small.shape[1] // cell, 1) * cell]
    cells = (max(small.shape[1] // cell, 1), max(small.shape[0] // cell, 1))
    gx, gy = cv2.spatialGradient(np.ascontiguousarray(small))
    xx, yy, xy = (
        cv2.resize(cv2.multiply(a, b, dtype=cv2.CV_32F), cells, interpolation=cv2.INTER_AREA)
        for a, b in ((gx, gx), (gy, gy), (gx, gy))
    )
    return Texture(
        np.asarray(xx + yy, np.float32), np.asarray(xx - yy, np.float32), np.asarray(2 * xy, np.float32), step * cell
    )


def find_bars(image: Image, seen: Texture | None = None) -> Iterator[Bars]:
    """Places full of parallel edges, at any angle, most striking first."""
    seen = seen or texture(image)
    lively = seen.lively
    if cv2.countNonZero(lively) < _BAR_CELLS_MIN:
        return
    energy, across, double = (cv2.blur(plane, (3, 3)) for plane in (seen.energy, seen.across, seen.double))
    closed = np.asarray(cv2.morphologyEx(lively, cv2.MORPH_CLOSE, _square(3)), np.uint8)
    coherent = (cv2.magnitude(across, double) > _COHERENCE_MIN * energy).astype(np.uint8) & closed
    direction = cv2.phase(across, double)
    places: list[_Place] = []
    for sector in range(_SECTORS):
        off = np.abs(direction - 2 * np.pi * sector / _SECTORS)
        mask = coherent & (np.minimum(off, 2 * np.pi - off) < 2 * _SECTOR_HALF_RAD)
        mask = cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _square(3)), cv2.MORPH_OPEN, _square(3))
        places += _places(np.asarray(mask, np.uint8), seen)
    places.sort(key=lambda place: -place.weight)
    outlined = (_outline(place, seen) for place in places[:_PLACES_MAX])
    yield from _distinct([bars for bars in outlined if bars])[:BARS_MAX]


def find_blocks(seen: Texture, bars: Sequence[Bars] = ()) -> list[tuple[int, int, int, int]]:
    """Places that are lively in more than one direction: x, y, width, height in px, largest first, with paper around them."""
    lively = seen.lively
    for strip in bars:
        cv2.fillConvexPoly(lively, np.round(strip.quad / seen.cell - 0.5).astype(np.int32), 0)
    lively = np.asarray(cv2.morphologyEx(lively, cv2.MORPH_CLOSE, _square(3)), np.uint8)
    lively = np.asarray(cv2.morphologyEx(lively, cv2.MORPH_OPEN, _square(2)), np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(lively, connectivity=8)
    blocks = []
    for x, y, width, height, area in stats[1:]:
        if area < _BLOCK_CELLS_MIN or max(width, height) > _BLOCK_ASPECT_MAX * min(width, height):
            continue
        margin = 2 + 0.15 * max(width, height)
        left, top = round((x - margin) * seen.cell), round((y - margin) * seen.cell)
        blocks.append(
            (int(area), (left, top, round((width + 2 * margin) * seen.cell), round((height + 2 * margin) * seen.cell)))
        )
    return [box for _, box in sorted(blocks, reverse=True)[:BLOCKS_MAX]]


def _square(side: int) -> Mask:
    return np.ones((side, side), np.uint8)


@dataclass(frozen=True)
class _Place:
    """Connected cells, and how striking they are together."""

    weight: float
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


def _places(mask: Mask, seen: Texture) -> Iterator[_Place]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for label in range(1, count):
        x, y, width, height, area = stats[label]
        if area >= _BAR_CELLS_MIN and max(width, height) * seen.cell >= _LENGTH_MIN_PX:
            rows, columns = np.nonzero(labels[y : y + height, x : x + width] == label)
            rows, columns = rows + y, columns + x
            yield _Place(float(np.sqrt(seen.energy[rows, columns]).sum()), rows, columns)


def _outline(place: _Place, seen: Texture) -> Bars | None:
    """The quad around cells whose edges are roughly parallel: its ends follow the bars, its long sides the row of bars.

    Bars turn from one end to the other under perspective, and need not be square to their row.
    """
    rows, columns = place.rows, place.columns
    points = np.stack([columns, rows], axis=1).astype(np.float64)
    tensor = seen.across[rows, columns] + 1j * seen.double[rows, columns]
    angle = float(np.angle(tensor.sum())) / 2
    along = np.array([np.cos(angle), np.sin(angle)])
    down = np.array([-np.sin(angle), np.cos(angle)])
    middle = points.mean(axis=0)
    x, y = (points - middle) @ along, (points - middle) @ down
    slope = _slope(x, y, np.ones_like(x))
    turn = np.angle(tensor * np.exp(-2j * angle)) / 2
    tilt = float(np.clip(_slope(x, turn, np.abs(tensor)), -0.5 / (np.ptp(x) + 1), 0.5 / (np.ptp(x) + 1)))
    offset = y - slope * x
    ranked = np.sort(offset)
    top, bottom = ranked[len(ranked) // 25] - 0.5, ranked[-1 - len(ranked) // 25] + 0.5
    corners = []
    for end, side in ((x.min() - 0.5, top), (x.max() + 0.5, top), (x.max() + 0.5, bottom), (x.min() - 0.5, bottom)):
        lean = tilt * end  # how far the bars at this end are turned against the mean
        along_end = end - np.tan(lean) * side
        corners.append(middle + along * along_end + down * (side + slope * along_end))
    quad = (np.array(corners) + 0.5) * seen.cell
    length, height = (
        float(np.mean([np.linalg.norm(quad[a] - quad[b]) for a, b in pairs])) for pairs in (((0, 1), (3, 2)), ((0, 3), (1, 2)))
    )
    if (
        length < _LENGTH_MIN_PX
        or len(points) * seen.cell**2 < _FILL_MIN * length * height
        or length < _LENGTH_OVER_HEIGHT_MIN * height
    ):
        return None
    return Bars(quad - 0.5, length, height)


def _slope(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Of the line through the points."""
    total = weight.sum()
    mean_x, mean_y = (weight * x).sum() / total, (weight * y).sum() / total
    spread = (weight * (x - mean_x) ** 2).sum()
    return float((weight * (x - mean_x) * (y - mean_y)).sum() / spread) if spread > 1e-9 else 0.0


def _distinct(candidates: Sequence[Bars]) -> list[Bars]:
    """Without those that lie within a more striking one of about the same direction."""
    kept: list[Bars] = []
    for bars in candidates:
        if not any(_within(bars, other) for other in kept):
            kept.append(bars)
    return kept


def _within(bars: Bars, other: Bars) -> bool:
    inside = cv2.pointPolygonTest(other.quad.astype(np.float32), bars.centre, measureDist=False) >= 0
    turn = abs(np.angle(np.exp(2j * (bars.angle - other.angle)))) / 2
    return bool(inside and turn < np.deg2rad(40))
