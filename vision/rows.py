"""Rows of print at an even pitch in pictures from anywhere: at any angle, in perspective, on paper that is not flat.

Glyphs are found one by one and chained where three in a row stand equally far apart, which other print hardly ever does. Where
the glyphs stand gives the row's own coordinates: places along it, pitches across it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Quad = NDArray[np.float64]
Points = NDArray[np.float64]

ROWS_MAX = 12
_GLYPHS_MIN, _GLYPHS_MAX = 9, 6000
"""of a row, and in a picture"""
_SIDE_MIN_PX, _SIDE_MAX_PX = 5, 90
"""of a glyph"""
_DARKER = ((41, 7.0), (91, 7.0), (41, 25.0))
"""px of the neighbourhood that a glyph must be darker than, and by how many grey levels: paper may be patterned itself"""
_NEAR, _NEIGHBOURS = 1.9, 7
"""how far the next glyph may be in sides of this one, and how many are tried"""
_EXACT_TREE = 4
"""flann's single k-d tree: exact, and the same each time"""
_STRAIGHT_COS, _EVEN_SHARE, _ALIKE = -0.955, 0.22, 2.3
"""of three in a row: their turn, how much both distances differ, and their sizes"""
_GAP_MAX = 9
"""places that may be missing between two parts of one row"""
_DENSE_MIN, _SEEN_MIN, _OFF_MAX = 0.12, 0.6, 0.4
"""share of a glyph's box that is ink, of a row's places that were found, and pitches by which a glyph may be off its place"""
_PART_MIN, _BEND_MIN = 4, 8
"""glyphs of a part of a row, and of one that may be bent"""
_PAPER, _MISSING_MAX = 0.75, 12
"""around a part, in pitches; and how many places may not have been found"""
HEIGHT = 1.82
"""of a cut row, in pitches: about 1.8 times as high as its capitals"""


@dataclass(frozen=True)
class Row:
    """One row: where each place is, as polynomials of the place's number, and the first and last place with a glyph.

    `centre` and `along`: a frame in px of the picture; `x` and `y`: coefficients in it, highest power first.
    """

    centre: Points
    along: Points
    x: Points
    y: Points
    places: int

    @property
    def pitch(self) -> float:
        """Px from place to place in its middle."""
        return float(np.polyval(np.polyder(self.x), (self.places - 1) / 2))

    def at(self, place: float | Points, across: float | Points = 0.0) -> Points:
        """Px of a place; `across`: pitches below its middle line. Shape (…, 2)."""
        x, y = np.polyval(self.x, place), np.polyval(self.y, place)
        dx, dy = np.polyval(np.polyder(self.x), place), np.polyval(np.polyder(self.y), place)
        x, y = x - dy * across, y + dx * across
        down = np.array([-self.along[1], self.along[0]])
        return np.asarray(self.centre + np.multiply.outer(x, self.along) + np.multiply.outer(y, down), np.float64)

    def quad(self, first: float, last: float) -> Quad:
        """Corners around the places from `first` to `last`, clockwise from the upper left in reading direction."""
        half = HEIGHT / 2
        return np.array([self.at(p, v) for p, v in ((first, -half), (last, -half), (last, half), (first, half))])

    def turned(self) -> "Row":
        """The same row read from its other end."""
        back = np.poly1d([-1.0, self.places - 1.0])
        x, y = (-np.poly1d(line)(back) for line in (self.x, self.y))
        return Row(self.centre, -self.along, np.atleast_1d(x.coef), np.atleast_1d(y.coef), self.places)

    def cut(self, image: Image, first: float, last: float, pitch_px: int) -> Image:
        """The places from `first` to `last` as an upright picture, at least `pitch_px` for each."""
        fine = max(pitch_px, round(self.pitch))
        width, height = max(2, round((last - first) * fine)), round(HEIGHT * fine)
        place, across = np.meshgrid(np.linspace(first, last, width), np.linspace(-HEIGHT / 2, HEIGHT / 2, height))
        px = self.at(place, across).astype(np.float32)
        crop = cv2.remap(image, px[..., 0], px[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(crop, np.uint8)


def find_rows(image: Image) -> list[Row]:
    """All rows of at least nine glyphs, longest first, most of them upright."""
    rows: list[Row] = []
    for window, by in _DARKER:
        at, sides = _glyphs(image, window, by)
        if len(at) >= _GLYPHS_MIN:
            chains = _joined([chain for chain in _chains(at, sides) if len(chain) >= _PART_MIN], at)
            fitted = (_fitted(at[chain]) for chain in chains if len(chain) >= _GLYPHS_MIN)
            rows += [row for row in fitted if row]
    rows.sort(key=lambda row: -row.places)
    return _distinct(rows)[:ROWS_MAX]


@dataclass(frozen=True)
class Part:
    """Places of a row from `first` to `last`, with some paper before and behind."""

    row: Row
    first: float
    last: float

    @property
    def quad(self) -> Quad:
        """See Row.quad."""
        return self.row.quad(self.first, self.last)

    def cut(self, image: Image, pitch_px: int) -> Image:
        """See Row.cut."""
        return self.row.cut(image, self.first, self.last, pitch_px)


def zones(row: Row, rows: Sequence[Row], slots: Sequence[Sequence[str]]) -> Iterator[tuple[Part, ...]]:
    """Where the lines of a form may stand if its first one is on this row, which is taken the way up that it is given."""
    first, *more = slots
    if not more:
        yield from ((part,) for part in _parts(row, len(first)))
        return
    for part in _parts(row, len(first)):
        below = [_parts(under, len(more[0]))[:1] for other in rows if (under := _below(row, other))]
        yield from ((part, *found) for found in below if found)


def _parts(row: Row, length: int) -> list[Part]:
    """Parts of so many places: the row itself; the end of a longer one; a shorter one from either end."""
    short = length - row.places
    starts = {0: [0], -1: [1, 0]}.get(short, [-short] if short < 0 else [0, -short] if short <= _MISSING_MAX else [])
    return [Part(row, start - _PAPER, start + length - 1 + _PAPER) for start in starts]


def _below(row: Row, other: Row) -> Row | None:
    """The other row, the same way up, if it is the next one below."""
    if row.along @ other.along < 0:
        other = other.turned()
    away = other.at((other.places - 1) / 2) - row.at((row.places - 1) / 2)
    along, down = away @ row.along / row.pitch, away @ np.array([-row.along[1], row.along[0]]) / row.pitch
    return other if 1.6 < down < 3.6 and abs(along) < 4 else None


def _glyphs(image: Image, window: int, by: float) -> tuple[Points, Points]:
    """Middles and sizes in px of dark specks that may be glyphs."""
    smooth = cv2.GaussianBlur(image, (3, 3), 0)
    mask = cv2.adaptiveThreshold(smooth, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, by)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    boxes = stats[1:].astype(np.float64)
    side = np.maximum(boxes[:, 2], boxes[:, 3])
    dense = boxes[:, 4] / (boxes[:, 2] * boxes[:, 3])
    broad = np.minimum(boxes[:, 2], boxes[:, 3]) >= 2
    fit = broad & (side >= _SIDE_MIN_PX) & (side <= min(_SIDE_MAX_PX, window)) & (dense > _DENSE_MIN)
    boxes, side = boxes[fit], side[fit]
    if len(boxes) > _GLYPHS_MAX:
        kept = np.argsort(-side)[:_GLYPHS_MAX]
        boxes, side = boxes[kept], side[kept]
    return boxes[:, :2] + boxes[:, 2:4] / 2 - 0.5, side


def _chains(at: Points, sides: Points) -> Iterator[list[int]]:
    """Glyphs linked to both of their neighbours in a row."""
    group = list(range(len(at)))

    def root(one: int) -> int:
        while group[one] != one:
            group[one] = group[group[one]]
            one = group[one]
        return one

    for one, (before, behind) in _triples(at, sides):
        group[root(before)] = group[root(behind)] = root(one)
    chains: dict[int, list[int]] = {}
    for one in range(len(at)):
        chains.setdefault(root(one), []).append(one)
    yield from chains.values()


def _triples(at: Points, sides: Points) -> Iterator[tuple[int, tuple[int, int]]]:
    """Each glyph that has two neighbours straight opposite and equally far, and which they are."""
    flat = at.astype(np.float32)
    index = cv2.flann.Index(flat, {"algorithm": _EXACT_TREE, "leaf_max_size": 10})
    near, squares = index.knnSearch(flat, min(_NEIGHBOURS + 1, len(at)), params={})
    for one in range(len(at)):
        reach = (_NEAR * sides[one]) ** 2
        others = [int(n) for n, square in zip(near[one], squares[one], strict=True) if n != one and 0 < square < reach]
        others = [n for n in others if 1 / _ALIKE < sides[n] / sides[one] < _ALIKE]
        if len(others) > 1 and (pair := _opposite(at[others] - at[one])):
            yield one, (others[pair[0]], others[pair[1]])


def _opposite(away: Points) -> tuple[int, int] | None:
    """Which two of the glyphs around one lie straight opposite and equally far, the nearest and straightest of them."""
    far = np.hypot(away[:, 0], away[:, 1])
    both = far[:, None] + far[None]
    cosine = away @ away.T / np.outer(far, far)
    uneven = 2 * np.abs(far[:, None] - far[None]) / both
    cost = np.where((cosine < _STRAIGHT_COS) & (uneven < _EVEN_SHARE), both * (1 + uneven + 4 * (1 + cosine)), np.inf)
    best = int(cost.argmin())
    return divmod(best, len(away)) if np.isfinite(cost.flat[best]) else None


def _joined(chains: list[list[int]], at: Points) -> list[list[int]]:
    """Parts of one row put together where each lies on the other's line."""
    fitted = [(chain, row) for chain in sorted(chains, key=len, reverse=True) if (row := _fitted(at[chain]))]
    used: set[int] = set()
    rows = []
    for number, (chain, longest) in enumerate(fitted):
        if number in used:
            continue
        members, row = list(chain), longest
        for other in range(number + 1, len(fitted)):
            if other not in used and _continues(row, fitted[other][1], at[fitted[other][0]]):
                members += fitted[other][0]
                used.add(other)
                row = _fitted(at[members]) or row
        rows.append(members)
    return rows


def _continues(row: Row, other: Row, points: Points) -> bool:
    if not 0.75 < other.pitch / row.pitch < 1.33:
        return False
    away = points - row.centre
    x, y = away @ row.along, away @ np.array([-row.along[1], row.along[0]])
    ends = row.at(np.array([0.0, row.places - 1.0])) - row.centre
    gap = max(float(x.min() - (ends @ row.along).max()), float((ends @ row.along).min() - x.max())) / row.pitch
    if not -0.5 < gap < _GAP_MAX:
        return False
    place = (x - np.polyval(row.x, 0.0)) / row.pitch
    return bool(np.abs(y - np.polyval(row.y, place)).max() < 0.6 * row.pitch)


def _fitted(points: Points) -> Row | None:
    """The row through these glyphs; None where they stand at no even pitch."""
    centre = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - centre, full_matrices=False)
    along = axes[0] if axes[0][0] >= 0 else -axes[0]
    down = np.array([-along[1], along[0]])
    x, y = (points - centre) @ along, (points - centre) @ down
    order = np.argsort(x)
    x, y = x[order], y[order]
    steps = np.diff(x)
    usual = float(np.median(steps))
    if usual <= 0:
        return None
    places = np.concatenate([[0], np.cumsum(np.round(steps / _local(x, steps, usual)))])
    once = np.concatenate([[True], np.diff(places) > 0])
    x, y, places = x[once], y[once], places[once]
    return _through(x, y, places, centre, along) if len(places) >= _PART_MIN else None


def _through(x: Points, y: Points, places: Points, centre: Points, along: Points) -> Row | None:
    """Both coordinates as polynomials of the place, without what stands off its place."""
    bend = 2 if len(places) >= _BEND_MIN else 1
    for _ in range(2):
        lines = [np.poly1d(np.polyfit(places, coordinate, bend)) for coordinate in (x, y)]
        off = np.hypot(x - lines[0](places), y - lines[1](places)) / np.median(np.diff(x))
        good = off < _OFF_MAX
        if good.sum() < _PART_MIN:
            return None
        x, y, places = x[good], y[good], places[good]
    first, last = places[0], places[-1] - places[0]
    from_first = [line(np.poly1d([1.0, first])) for line in lines]
    if len(places) < _SEEN_MIN * (last + 1) or from_first[0].deriv()([0, last]).min() <= 0:
        return None
    return Row(centre, along, np.atleast_1d(from_first[0].coef), np.atleast_1d(from_first[1].coef), int(last) + 1)


def _local(x: Points, steps: Points, usual: float) -> Points:
    """Pitch at each step: it grows along a row that is seen in perspective."""
    single = np.abs(steps / usual - 1) < 0.3
    if single.sum() < 6:
        return np.full(len(steps), usual)
    middle = (x[1:] + x[:-1]) / 2
    return np.clip(np.polyval(np.polyfit(middle[single], steps[single], 1), middle), 0.6 * usual, 1.6 * usual)


def _distinct(rows: list[Row]) -> list[Row]:
    kept: list[Row] = []
    for row in rows:
        middle = row.at((row.places - 1) / 2)
        if not any(_lies_on(middle, other) for other in kept):
            kept.append(row)
    return kept


def _lies_on(point: Points, row: Row) -> bool:
    quad = row.quad(-0.5, row.places - 0.5)
    return cv2.pointPolygonTest(quad.astype(np.float32), (float(point[0]), float(point[1])), measureDist=False) >= 0
