"""What lens, light and belt do to a flat thing on its way into a 1280 × 1024 Mono8 frame, in four severities."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Matrix = NDArray[np.float64]

FRAME_WIDTH, FRAME_HEIGHT = 1280, 1024
MODULE_PX = 3.0
"""Finest detail in a frame: one bar of a symbol, one stroke of OCR-B. Blur and motion are given in it."""


@dataclass(frozen=True)
class Severity:
    """Upper bounds of what may happen to one exposure; lengths in modules, angles in degrees, glare in mm of diameter."""

    rotation_deg: float
    perspective: float
    blur_modules: tuple[float, float]
    motion_modules: tuple[float, float]
    noise_sigma: float
    contrast: tuple[float, float]
    glare_mm: tuple[float, float]
    glare_on_number: float
    """share of the documents whose number the glare covers; what it saturates nobody can read"""


SEVERITIES = (
    Severity(3, 0.03, (0.0, 0.3), (0.0, 0.0), 3, (0.9, 1.0), (0, 0), glare_on_number=0.0),
    Severity(6, 0.05, (0.2, 0.4), (0.0, 0.6), 6, (0.7, 1.0), (0, 10), glare_on_number=0.0),
    Severity(10, 0.08, (0.4, 0.7), (0.3, 1.2), 12, (0.5, 0.9), (0, 8), glare_on_number=0.05),
    Severity(10, 0.08, (2.2, 3.2), (4.0, 8.0), 25, (0.3, 0.6), (25, 45), glare_on_number=1.0),
)


@cache
def _noise_plane() -> Image:
    """Unit noise around 128 with sigma 32, larger than a frame, so that each frame takes another window of it."""
    plane = np.random.default_rng(128).normal(128, 32, (FRAME_HEIGHT + 256, FRAME_WIDTH + 256))
    return np.clip(plane, 0, 255).astype(np.uint8)


def ground(level: int, rng: np.random.Generator) -> Image:
    """Empty belt or plain paper: `level` with a little coarse texture."""
    frame: Image = np.full((FRAME_HEIGHT, FRAME_WIDTH), level, np.uint8)
    coarse = rng.integers(0, 9, (FRAME_HEIGHT // 64, FRAME_WIDTH // 64), np.uint8)
    return _as_image(cv2.add(frame, cv2.resize(coarse, (FRAME_WIDTH, FRAME_HEIGHT), interpolation=cv2.INTER_LINEAR)))


def pose(
    face: Image,
    scale: float,
    centre: tuple[float, float],
    severity: Severity,
    rng: np.random.Generator,
    *,
    turned_deg: float = 0.0,
) -> Matrix:
    """Homography from `face` into the frame: scaled, turned a little beyond `turned_deg`, its corners moved by perspective."""
    height, width = face.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    turn = np.deg2rad(turned_deg + rng.uniform(-severity.rotation_deg, severity.rotation_deg))
    rotation = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
    placed = (corners - (width / 2, height / 2)) * scale @ rotation.T + centre
    placed += rng.uniform(-0.5, 0.5, (4, 2)) * severity.perspective * min(width, height) * scale / 2
    return np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), placed.astype(np.float32)), np.float64)


def lay(face: Image, transform: Matrix, under: Image) -> Image:
    """`under` with `face` laid on it."""
    size = (FRAME_WIDTH, FRAME_HEIGHT)
    return _as_image(
        cv2.warpPerspective(face, transform, size, dst=under.copy(), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT)
    )


def expose(
    scene: Image,
    severity: Severity,
    number_px: Matrix,
    px_per_mm: float,
    rng: np.random.Generator,
    *,
    beside: tuple[float, float] = (0.0, -40.0),
) -> Image:
    """One exposure of the scene: glare, defocus, motion, contrast, a shift of a pixel or two, noise.

    `number_px` is the place of the number in the scene, shape (2,); `beside`: how far from it, in mm, glare falls.
    """
    frame = _glare(
        scene, severity, (number_px[0] + beside[0] * px_per_mm, number_px[1] + beside[1] * px_per_mm), px_per_mm, rng
    )
    frame = _motion(frame, rng.uniform(*severity.motion_modules) * MODULE_PX, rng.uniform(0, np.pi))
    sigma = rng.uniform(*severity.blur_modules) * MODULE_PX
    if sigma > 0.25:
        frame = _as_image(cv2.GaussianBlur(frame, (0, 0), sigma))
    frame = np.roll(frame, tuple(rng.integers(-2, 3, 2)), (0, 1))
    top, left = rng.integers(0, 256, 2)
    noise = _noise_plane()[top : top + FRAME_HEIGHT, left : left + FRAME_WIDTH]
    gain, share = rng.uniform(*severity.contrast), severity.noise_sigma / 32
    return _as_image(cv2.addWeighted(frame, gain, noise, share, (1 - gain) * 90 - 128 * share))


def _glare(
    scene: Image, severity: Severity, place_px: tuple[float, float], px_per_mm: float, rng: np.random.Generator
) -> Image:
    diameter = rng.uniform(*severity.glare_mm) * px_per_mm
    if diameter < 1:
        return scene
    centre = (round(place_px[0] + rng.normal(0, 3)), round(place_px[1]))
    blob = np.zeros((FRAME_HEIGHT // 4, FRAME_WIDTH // 4), np.uint8)
    cv2.ellipse(blob, ((centre[0] / 4, centre[1] / 4), (diameter / 2, diameter / 4), 0), 255, -1)
    blob = _as_image(cv2.GaussianBlur(blob, (0, 0), max(1.0, diameter / 40)))
    return _as_image(cv2.add(scene, cv2.resize(blob, (FRAME_WIDTH, FRAME_HEIGHT))))


def _motion(frame: Image, length_px: float, direction: float) -> Image:
    if length_px < 1:
        return frame
    size = 2 * int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    half = np.array([np.cos(direction), np.sin(direction)]) * length_px / 2
    for step in np.linspace(-1, 1, 4 * size):
        column, row = np.round(size // 2 + step * half).astype(int)
        kernel[row, column] = 1
    return _as_image(cv2.filter2D(frame, -1, kernel / kernel.sum()))


def _as_image(image: object) -> Image:
    return np.asarray(image, np.uint8)
