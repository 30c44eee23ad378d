"""Paper that is not flat before a camera that does not look straight down: bent, folded, tilted in space, lit from one side.

Physical as far as it matters: the sheet is a surface in space (a cylinder, with ridges where it was folded), shaded by the
angle between its normal and the lamp, and seen by a pinhole camera from a few sheet widths away.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Grid = NDArray[np.float32]

_CELLS = 28
"""the sheet is as many flat pieces wide"""
_DISTANCE = 2.4
"""of the camera, in diagonals of the sheet"""
_AMBIENT = 0.55


@dataclass(frozen=True)
class Posture:
    """How a sheet lies. Angles in degrees; `bend`: its arc; ridges are `ridge` of the sheet's diagonal high."""

    roll: float = 0.0
    tilt: float = 0.0
    tilt_towards: float = 0.0
    bend: float = 0.0
    bend_along: float = 0.0
    folds: int = 0
    ridge: float = 0.0


def lay_bent(face: Image, px_per_dot: float, posture: Posture, ground: Image, rng: np.random.Generator) -> Image:
    """`face` (grey) on `ground`, its middle in the middle, `px_per_dot` large there; the picture has the ground's size."""
    height, width = face.shape
    columns, rows = _CELLS, max(4, round(_CELLS * height / width))
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, columns + 1) * width, np.linspace(-0.5, 0.5, rows + 1) * height)
    surface = _surface(u.astype(np.float32), v.astype(np.float32), posture, rng)
    seen = _projected(surface, float(np.hypot(width, height)), posture, px_per_dot)
    seen += np.array(ground.shape[::-1], np.float32) / 2
    lit = _lit(face, _shade(surface, rng))
    return _woven(lit, u + width / 2, v + height / 2, seen, ground)


def _surface(u: Grid, v: Grid, posture: Posture, rng: np.random.Generator) -> Grid:
    """Points in space, shape (rows, columns, 3), of the sheet's own coordinates."""
    diagonal = float(np.hypot(np.ptp(u), np.ptp(v)))
    along = np.deg2rad(posture.bend_along)
    across, rest = u * np.cos(along) + v * np.sin(along), -u * np.sin(along) + v * np.cos(along)
    if posture.bend:
        radius = diagonal / np.deg2rad(posture.bend)
        bent, depth = radius * np.sin(across / radius), radius * (1 - np.cos(across / radius))
    else:
        bent, depth = across, np.zeros_like(across)
    x, y = bent * np.cos(along) - rest * np.sin(along), bent * np.sin(along) + rest * np.cos(along)
    for _ in range(posture.folds):
        turn, reach = rng.uniform(0, np.pi), diagonal * rng.uniform(0.06, 0.2)
        away = u * np.cos(turn) + v * np.sin(turn) - rng.uniform(-0.25, 0.25) * diagonal
        depth = depth + rng.choice([-1, 1]) * posture.ridge * diagonal * np.clip(1 - np.abs(away) / reach, 0, None)
    return np.stack([x, y, depth], axis=-1).astype(np.float32)


def _projected(surface: Grid, diagonal: float, posture: Posture, px_per_dot: float) -> Grid:
    """Where the camera sees each point, from the picture's middle."""
    roll, tilt, towards = np.deg2rad([posture.roll, posture.tilt, posture.tilt_towards])
    axis = np.array([np.cos(towards), np.sin(towards), 0.0])
    leaning, _ = cv2.Rodrigues(axis * tilt)
    turning, _ = cv2.Rodrigues(np.array([0.0, 0.0, roll]))
    points = (surface - surface.reshape(-1, 3).mean(axis=0)) @ np.asarray(leaning @ turning).T
    distance = _DISTANCE * diagonal
    return np.asarray(points[..., :2] * (px_per_dot * distance / (distance + points[..., 2:])), np.float32)


def _shade(surface: Grid, rng: np.random.Generator) -> Grid:
    """Light on each point: some from everywhere, the rest by the angle to a lamp that stands to one side."""
    down, right = np.gradient(surface, axis=(0, 1))
    normal = np.cross(right, down)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    side, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.2)
    lamp = np.array([np.cos(side), np.sin(side), height])
    lamp /= np.linalg.norm(lamp)
    direct = np.clip(np.abs(normal @ lamp), 0, 1) / lamp[2]
    return np.asarray(_AMBIENT + (1 - _AMBIENT) * direct, np.float32)


def _lit(face: Image, shade: Grid) -> Image:
    light = cv2.resize(shade, face.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(face * light, 0, 255), np.uint8)


def _woven(face: Image, u: Grid, v: Grid, seen: Grid, ground: Image) -> Image:
    """Each flat piece put where it is seen."""
    picture, size = ground.copy(), ground.shape
    rows, columns = u.shape[0] - 1, u.shape[1] - 1
    for row in range(rows):
        for column in range(columns):
            corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
            target = np.array([seen[at] for at in corners], np.float32)
            left, top = np.floor(target.min(axis=0)).astype(int) - 1
            right, bottom = np.ceil(target.max(axis=0)).astype(int) + 2
            left, top, right, bottom = max(left, 0), max(top, 0), min(right, size[1]), min(bottom, size[0])
            if left >= right or top >= bottom:
                continue
            source = np.array([(u[at], v[at]) for at in corners], np.float32)
            transform = cv2.getPerspectiveTransform(source, (target - (left, top)).astype(np.float32))
            box = (int(right - left), int(bottom - top))
            piece = cv2.warpPerspective(face, transform, box, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
            mask = np.zeros(box[::-1], np.uint8)
            cv2.fillConvexPoly(mask, np.round((target - (left, top)) * 16).astype(np.int32), 255, shift=4)
            np.copyto(picture[top:bottom, left:right], piece, where=mask > 0)
    return picture
