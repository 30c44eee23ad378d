"""Finding printed lines in pictures from anywhere, where no layout says where to look."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Quad = NDArray[np.float64]

CANDIDATES_MAX = 6
_LINE_SIDE_PX = 1200
"""Longer side of the picture in which lines are looked for."""
_LINE_ASPECT_MIN = 7.0
_LINE_WIDTH_MIN = 0.12
_LINE_HEIGHT_SHARE = 1.7
"""Crop height over the height of the ink; the recogniser wants some paper above and below."""


@dataclass(frozen=True)
class Strip:
    """An elongated place: centre in px, length in reading direction, height, and that direction in radians."""

    centre: tuple[float, float]
    length: float
    height: float
    angle: float

    @property
    def quad(self) -> Quad:
        """Its corners, clockwise from the upper left in reading direction."""
        along = np.array([np.cos(self.angle), np.sin(self.angle)]) * self.length / 2
        down = np.array([-np.sin(self.angle), np.cos(self.angle)]) * self.height / 2
        return np.array([-along - down, along - down, along + down, -along + down]) + self.centre

    def grown(self, length: float, height: float) -> "Strip":
        """Longer by `length` px and higher by `height` px."""
        return Strip(self.centre, self.length + length, self.height + height, self.angle)

    def cut(self, image: Image, height_px: int, width_max_px: int) -> Image:
        """The place as an upright picture, `height_px` high, at most `width_max_px` wide."""
        width_px = max(16, min(width_max_px, round(self.length * height_px / max(self.height, 1))))
        target = np.array([(0, 0), (width_px, 0), (width_px, height_px), (0, height_px)], np.float32)
        transform = cv2.getPerspectiveTransform(self.quad.astype(np.float32), target)
        crop = cv2.warpPerspective(
            image, transform, (width_px, height_px), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(crop, np.uint8)


def find_lines(image: Image) -> Iterator[Strip]:
    """Lines of dark print, roughly horizontal, longest first."""
    small, shrink = _shrunk(image, _LINE_SIDE_PX)
    ink = cv2.morphologyEx(cv2.GaussianBlur(small, (3, 3), 0), cv2.MORPH_BLACKHAT, np.ones((21, 21), np.uint8))
    strokes = cv2.convertScaleAbs(cv2.Scharr(ink, cv2.CV_32F, 1, 0), alpha=1 / 8)
    joined = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, np.ones((3, 31), np.uint8))
    _, binary = cv2.threshold(joined, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = np.asarray(cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones((3, 9), np.uint8)), np.uint8)
    strips = []
    for contour in _largest(mask, 40.0):
        (_, _), (width, height), degrees = cv2.minAreaRect(contour)
        strip = _enclosing(contour, np.deg2rad(degrees if width >= height else degrees - 90), shrink)
        if strip.length >= _LINE_ASPECT_MIN * strip.height and strip.length >= _LINE_WIDTH_MIN * image.shape[1]:
            strips.append(strip)
    yield from sorted(strips, key=lambda strip: -strip.length)[:CANDIDATES_MAX]


def level(image: Image) -> tuple[Image, NDArray[np.float64]]:
    """The picture turned so that most of its edges are level or upright, and the 2 × 3 matrix back to the original."""
    small, _ = _shrunk(image, _LINE_SIDE_PX // 2)
    stripes = cv2.GaussianBlur(small, (0, 0), 3.0)  # lines of print rather than strokes: fillers are all slanting strokes
    gx, gy = (cv2.Scharr(stripes, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    gradient = gx + 1j * gy
    fourfold = (gradient**4 / (np.abs(gradient) ** 2 + 1.0)).sum()  # directions modulo 90°, weighted by the square of strength
    degrees = float(np.rad2deg(np.angle(fourfold))) / 4
    height, width = image.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned_width, turned_height = np.abs(turn[:, :2]) @ (width, height)
    turn[:, 2] += (turned_width - width) / 2, (turned_height - height) / 2
    size = (round(turned_width), round(turned_height))
    upright = cv2.warpAffine(image, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(upright, np.uint8), np.asarray(cv2.invertAffineTransform(turn), np.float64)


def line_picture(image: Image, strip: Strip, height_px: int, width_max_px: int) -> Image:
    """A line for the recogniser: with paper around it."""
    return strip.grown(strip.height, (_LINE_HEIGHT_SHARE - 1) * strip.height).cut(image, height_px, width_max_px)


def _shrunk(image: Image, side_px: int) -> tuple[Image, float]:
    """The picture with at most `side_px` on its longer side, and the factor back to the original."""
    factor = max(1.0, max(image.shape) / side_px)
    if factor == 1.0:
        return image, 1.0
    size = (round(image.shape[1] / factor), round(image.shape[0] / factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), factor


def _largest(mask: Image, area_min: float) -> list[cv2.typing.MatLike]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = sorted(((cv2.contourArea(contour), index) for index, contour in enumerate(contours)), reverse=True)
    return [contours[index] for area, index in found if area >= area_min][: 8 * CANDIDATES_MAX]


def _enclosing(contour: cv2.typing.MatLike, angle: float, shrink: float) -> Strip:
    """The smallest rectangle in this direction around the contour, in px of the original picture."""
    points = contour[:, 0, :].astype(np.float64)
    axes = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    turned = points @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    x, y = (low + high) / 2 @ axes * shrink
    length, height = (high - low + 1) * shrink
    return Strip((float(x), float(y)), float(length), float(height), angle)
