"""Where a document lies in a frame, and a straightened crop of a place on it. Pixels are (x, y), quads run clockwise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout

Image = NDArray[np.uint8]
Quad = NDArray[np.float64]
"""Four corners, shape (4, 2): upper left, upper right, lower right, lower left in reading direction."""

_STEP = 4  # integer factor: a non-integer INTER_AREA costs ten times as much
_AREA_MIN = 0.04
"""Smaller bright patches of the frame are not documents."""
_CONTRAST_MIN = 20
"""Grey levels between document and ground."""


@dataclass(frozen=True)
class Outline:
    """A document's outline. `whole` False: it reaches beyond the frame, so its corners are the frame's."""

    quad: Quad
    whole: bool

    @property
    def aspect(self) -> float:
        """Mean length of the upper and lower edge over that of the left and right edge."""
        top, right, bottom, left = (float(np.linalg.norm(self.quad[i] - self.quad[i - 3])) for i in range(4))
        return (top + bottom) / max(right + left, 1e-6)

    def turned(self, quarters: int) -> "Outline":
        """The same outline read from another side, `quarters` × 90° clockwise."""
        return Outline(np.roll(self.quad, quarters, axis=0), self.whole)


def find_outline(frame: Image) -> Outline | None:
    """The largest bright, roughly four-sided thing in front of a darker ground; None on an empty belt."""
    height, width = frame.shape
    small = cv2.resize(
        frame[: height // _STEP * _STEP, : width // _STEP * _STEP],
        (width // _STEP, height // _STEP),
        interpolation=cv2.INTER_AREA,
    )
    small = cv2.GaussianBlur(small, (5, 5), 0)
    _, mask = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if not 0 < cv2.countNonZero(mask) < mask.size or cv2.mean(small, mask)[0] - cv2.mean(small, 255 - mask)[0] < _CONTRAST_MIN:
        return None
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)
    if cv2.contourArea(contour) < _AREA_MIN * small.size:
        return None
    x, y, w, h = cv2.boundingRect(contour)
    whole = x > 1 and y > 1 and x + w < small.shape[1] - 1 and y + h < small.shape[0] - 1
    return Outline(_upright(_corners(contour) * _STEP + (_STEP - 1) / 2), whole)


def _corners(contour: cv2.typing.MatLike) -> Quad:
    """Four corners: the edges of the enclosing rectangle, each fitted as a line to the contour points that belong to it."""
    points = contour[:, 0, :].astype(np.float64)
    hull = cv2.convexHull(contour)
    rough = _quad_of(hull)
    lines = []
    for index in range(4):
        start, end = rough[index], rough[(index + 1) % 4]
        along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
        offset = points - start
        progress = offset @ along / max(float(np.linalg.norm(end - start)), 1e-6)
        distance = np.abs(offset @ np.array([-along[1], along[0]]))
        own = points[(progress > 0.1) & (progress < 0.9) & (distance < 0.03 * len(points) ** 0.5 + 4)]
        if len(own) < 8:
            return rough
        vx, vy, px, py = cv2.fitLine(own.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        lines.append(np.cross((px, py, 1.0), (px + vx, py + vy, 1.0)))
    corners = [np.cross(lines[i - 1], lines[i]) for i in range(4)]
    if any(abs(c[2]) < 1e-9 for c in corners):
        return rough
    return np.array([c[:2] / c[2] for c in corners])


def _quad_of(hull: cv2.typing.MatLike) -> Quad:
    length = cv2.arcLength(hull, closed=True)
    for share in (0.02, 0.04, 0.06, 0.08):
        polygon = cv2.approxPolyDP(hull, share * length, closed=True)
        if len(polygon) == 4:
            return polygon[:, 0, :].astype(np.float64)
    return np.asarray(cv2.boxPoints(cv2.minAreaRect(hull)), np.float64)


def _upright(quad: Quad) -> Quad:
    """Clockwise from the corner that makes the upper edge the one nearest to horizontal and above."""
    centre = quad.mean(axis=0)
    angles = np.arctan2(quad[:, 1] - centre[1], quad[:, 0] - centre[0])
    quad = quad[np.argsort(angles)]
    edges = np.roll(quad, -1, axis=0) - quad
    first = int(np.argmin(np.abs(np.arctan2(edges[:, 1], edges[:, 0]))))
    return np.roll(quad, -first, axis=0)


def straighten(frame: Image, outline: Outline, layout: DocumentLayout, height: int) -> Image:
    """The layout's number line as an upright picture, `height` px high and in its own proportions: print keeps its shape."""
    size, area = layout.size_mm, layout.line_mm
    width = round(height * area.width / area.height)
    corners = np.array([(0, 0), (size.width, 0), (size.width, size.height), (0, size.height)])
    target = (corners - (area.x, area.y)) * (width / area.width, height / area.height)
    transform = cv2.getPerspectiveTransform(outline.quad.astype(np.float32), target.astype(np.float32))
    crop = cv2.warpPerspective(frame, transform, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)
