"""Documents that reach a little beyond the frame: where the edge is that is not seen, its kind's size says."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout
from vision.locate import Outline, Quad

_BORDER_PX = 8
"""an outline is found in steps of 4 px"""
_SEEN_MIN, _SEEN_MAX = 0.6, 1.03
"""share of the cut sides that is seen; more than all of them is another size"""

Shape = tuple[int, ...]


def cut_edges(outline: Outline, shape: Shape) -> list[int]:
    """Which edges of the quad are the frame's own borders: 0 upper, 1 right, 2 lower, 3 left."""
    borders = ((0, 0.0), (0, shape[1] - 1.0), (1, 0.0), (1, shape[0] - 1.0))
    ends = [(outline.quad[edge], outline.quad[(edge + 1) % 4]) for edge in range(4)]
    return [
        edge
        for edge, two in enumerate(ends)
        if any(all(abs(end[axis] - border) <= _BORDER_PX for end in two) for axis, border in borders)
    ]


def completed(outline: Outline, layout: DocumentLayout, shape: Shape) -> Iterator[Outline]:
    """The layout's whole outlines of which this may be a part, read from each side; those with all its lines in the frame.

    One edge may be missing: the opposite one gives the scale. With two missing nothing says how large the document is.
    """
    edges = cut_edges(outline, shape)
    for quarters in range(4):
        turned = outline.turned(quarters)
        missing = [(edge + quarters) % 4 for edge in edges]
        if len(missing) == 1:
            quad = _extended(turned.quad, missing[0], layout)
            if quad is not None and _in_frame(quad, layout, shape):
                yield Outline(quad, whole=True)


def _extended(quad: Quad, edge: int, layout: DocumentLayout) -> Quad | None:
    """The quad with the end of this edge's neighbours put where the layout's proportions want it."""
    start, end = edge, (edge + 1) % 4
    before, behind = (edge - 1) % 4, (edge + 2) % 4
    """the corner that leads to `start`, and the one that follows `end`: the edge opposite lies between them"""
    opposite = float(np.linalg.norm(quad[before] - quad[behind]))
    aspect = layout.size_mm.aspect if edge % 2 else 1 / layout.size_mm.aspect
    needed = opposite * aspect
    sides = [quad[start] - quad[before], quad[end] - quad[behind]]
    seen = [float(np.linalg.norm(side)) for side in sides]
    if not (_SEEN_MIN * needed <= min(seen) and max(seen) <= _SEEN_MAX * needed):
        return None
    whole = quad.copy()
    whole[start] = quad[before] + sides[0] * needed / seen[0]
    whole[end] = quad[behind] + sides[1] * needed / seen[1]
    return whole


def _in_frame(quad: Quad, layout: DocumentLayout, shape: Shape) -> bool:
    """Whether the place of every line that is read lies within the frame."""
    size, area = layout.size_mm, layout.line_mm
    corners = np.array([(0, 0), (size.width, 0), (size.width, size.height), (0, size.height)], np.float32)
    transform = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
    bottom = area.y + area.height + layout.line_step_mm
    place = [(area.x, area.y), (area.x + area.width, area.y), (area.x + area.width, bottom), (area.x, bottom)]
    seen: NDArray[np.float32] = cv2.perspectiveTransform(np.array([place], np.float32), transform)[0]
    return bool((seen >= 0).all() and (seen <= (shape[1] - 1, shape[0] - 1)).all())
