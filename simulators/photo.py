"""A printed face as a camera of any resolution sees it, in any position and light: for what no belt ever shows as neatly.

Unlike `optics`, which knows the line's own frames, everything here is given in modules of the symbol and shares of the picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Plane = NDArray[np.float32]

SCENES = ("plain", "wood", "print", "cloth", "gravel", "stripes")


@dataclass(frozen=True)
class Shot:
    """One exposure. Lengths in modules, angles in degrees, contrast and light as shares of the full range.

    `perspective`: how much shorter the far edge is; `crease`: how far paper beside a fold is shifted; `light`: how much darker
    the dark side is; `jpeg`: quality of a compression in between, 0 = none.
    """

    module_px: float = 3.0
    angle: float = 0.0
    perspective: float = 0.0
    defocus: float = 0.0
    motion: float = 0.0
    contrast: float = 1.0
    noise: float = 2.0
    light: float = 0.0
    crease: float = 0.0
    glare: float = 0.0
    jpeg: int = 0


def photograph(face: Image, module_dots: float, shot: Shot, ground: Image, rng: np.random.Generator) -> Image:
    """`face` (grey, 255 = paper) lying on `ground`; the picture has the ground's size."""
    height, width = ground.shape
    transform = pose(face, shot.module_px / module_dots, shot, (width, height), rng)
    paper = _creased(face, shot.crease * module_dots, rng) if shot.crease else face
    scene = cv2.warpPerspective(
        paper, transform, (width, height), dst=ground.copy(), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    return expose(_as_image(scene), shot, rng)


def pose(face: Image, scale: float, shot: Shot, size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Homography from the face into the picture: turned, its far edge shortened, so placed that its middle is in the middle."""
    height, width = face.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64) - (width / 2, height / 2)
    tilt = np.deg2rad(rng.uniform(0, 360))
    depth = corners @ np.array([np.cos(tilt), np.sin(tilt)])
    away = 1 - shot.perspective * (depth / (2 * np.abs(depth).max()) + 0.5)
    turn = np.deg2rad(shot.angle)
    rotation = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    placed = corners * away[:, None] @ rotation * scale
    placed += np.array(size) / 2 - (placed.max(axis=0) + placed.min(axis=0)) / 2 + rng.uniform(-6, 6, 2)
    source = corners + np.array([width / 2, height / 2])
    return np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), placed.astype(np.float32)), np.float64)


def expose(scene: Image, shot: Shot, rng: np.random.Generator) -> Image:
    """Light, glare, motion, defocus, contrast, noise, compression; in the order in which they happen."""
    frame = scene.astype(np.float32)
    height, width = scene.shape
    if shot.light:
        frame *= _ramp(height, width, shot.light, rng)
    if shot.glare:
        _dazzle(frame, shot.glare, rng)
    if shot.motion * shot.module_px >= 1:
        kernel = _streak(shot.motion * shot.module_px, rng.uniform(0, np.pi))
        frame = np.asarray(cv2.filter2D(frame, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)
    sigma = shot.defocus * shot.module_px
    if sigma > 0.2:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.float32)
    if shot.contrast < 1:
        frame = frame * shot.contrast + 120 * (1 - shot.contrast)
    if shot.noise:
        plane = np.empty_like(frame)
        cv2.setRNGSeed(int(rng.integers(1 << 31)))
        frame += cv2.randn(plane, np.zeros(1), np.full(1, shot.noise))
    picture = np.clip(frame, 0, 255).astype(np.uint8)
    if shot.jpeg:
        _, packed = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, shot.jpeg))
        picture = _as_image(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
    return picture


def ground(kind: str, size: tuple[int, int], rng: np.random.Generator) -> Image:
    """An empty table, belt or floor of `size` (width, height): one of SCENES. None of them bears a symbol."""
    width, height = size
    level = float(rng.uniform(50, 190))
    plane = np.full((height, width), level, np.float32)
    if kind == "wood":
        x = np.linspace(0, rng.uniform(20, 90), height)[:, None] + _clouds(height, width, 6, rng) * rng.uniform(1, 5)
        plane += 26 * np.sin(x) + 9 * np.sin(3.1 * x)
    elif kind == "print":
        plane = _print(width, height, rng)
    elif kind == "cloth":
        pitch = rng.uniform(2.2, 9)
        plane += (
            22 * np.sin(np.arange(width) * 2 * np.pi / pitch)[None] * np.sin(np.arange(height) * 2 * np.pi / pitch)[:, None]
        )
    elif kind == "gravel":
        plane += 40 * _clouds(height, width, int(rng.integers(60, 220)), rng)
    elif kind == "stripes":
        pitch, turn = rng.uniform(5, 40), rng.uniform(0, np.pi)
        x = np.arange(width)[None] * np.cos(turn) + np.arange(height)[:, None] * np.sin(turn)
        plane += 45 * np.sign(np.sin(2 * np.pi * x / pitch))
    plane += 8 * _clouds(height, width, 5, rng)
    return np.clip(plane, 0, 255).astype(np.uint8)


def _print(width: int, height: int, rng: np.random.Generator) -> Plane:
    """Lines of print, rules and boxes."""
    ink, size = int(rng.uniform(0, 60)), rng.uniform(0.4, 1.4)
    page = np.full((height, width), int(rng.uniform(170, 240)), np.uint8)
    letters = list("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ 0123456789 |lI1")
    for y in range(int(30 * size), height, int(rng.uniform(26, 44) * size)):
        text = "".join(rng.choice(letters, int(width / (14 * size))))
        cv2.putText(page, text, (int(rng.uniform(0, 60)), y), cv2.FONT_HERSHEY_SIMPLEX, size, ink, int(rng.integers(1, 3)))
    for _ in range(4):
        x, y = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        cv2.rectangle(page, (x, y), (x + int(rng.uniform(20, 300)), y + int(rng.uniform(5, 200))), ink, int(rng.integers(1, 4)))
    return page.astype(np.float32)


def _clouds(height: int, width: int, cells: int, rng: np.random.Generator) -> Plane:
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _ramp(height: int, width: int, dark: float, rng: np.random.Generator) -> Plane:
    turn = rng.uniform(0, 2 * np.pi)
    x, y = np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height)
    ramp = x[None] * np.cos(turn) + y[:, None] * np.sin(turn)
    return np.asarray(1 - dark * (ramp - ramp.min()) / np.ptp(ramp), np.float32)


def _dazzle(frame: Plane, share: float, rng: np.random.Generator) -> None:
    """A reflection of the lamp, `share` of the picture's height across."""
    height, width = frame.shape
    centre = rng.normal((width / 2, height / 2), height / 6)
    radius = share * height / 2
    y, x = np.ogrid[:height, :width]
    distance = np.hypot(x - centre[0], (y - centre[1]) * 1.6)
    frame += 400 * np.exp(-((distance / max(radius, 1)) ** 4)).astype(np.float32)


def _streak(length_px: float, direction: float) -> Plane:
    size = 2 * int(np.ceil(length_px / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    for step in np.linspace(-0.5, 0.5, 16 * size):
        column = size // 2 + step * length_px * np.cos(direction)
        row = size // 2 + step * length_px * np.sin(direction)
        left, top = int(np.floor(column)), int(np.floor(row))
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            if left + dx < size and top + dy < size:
                kernel[top + dy, left + dx] += (1 - abs(column - left - dx)) * (1 - abs(row - top - dy))
    return np.asarray(kernel / kernel.sum(), np.float32)


def _creased(face: Image, shift_dots: float, rng: np.random.Generator) -> Image:
    """Paper with three folds: beside each it is shifted a little, and the fold itself throws a shadow."""
    height, width = face.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    move_x, move_y, shade = np.zeros_like(x), np.zeros_like(y), np.zeros_like(x)
    for _ in range(3):
        turn = rng.uniform(0, np.pi)
        away = x * np.cos(turn) + y * np.sin(turn)
        away -= np.quantile(away, rng.uniform(0.2, 0.8))
        bend = np.exp(-np.abs(away) / 40) * shift_dots
        move_x += bend * np.cos(turn)
        move_y += bend * np.sin(turn)
        shade += (rng.uniform(-60, 40) * np.exp(-((away / 5) ** 2))).astype(np.float32)
    bent = cv2.remap(face, x + move_x, y + move_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    return np.asarray(np.clip(bent + shade, 0, 255), np.uint8)


def _as_image(image: object) -> Image:
    return np.asarray(image, np.uint8)
