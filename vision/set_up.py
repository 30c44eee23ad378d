"""What a person needs who sets a camera up: sharpness, px per module and exposure as numbers, and a picture with all of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.barcode import LABEL, SymbolFound
from vision.hints import HINTS, MODULE_PX_MIN
from vision.locate import Outline, find_outline
from vision.quality import BRIGHT_MIN, DARK_MAX, exposure_fault, fault, steepness
from vision.symbols import look, whole

Image = NDArray[np.uint8]

SHARPNESS_MIN, SATURATED_MAX = 0.5, 0.01
"""Below the first a camera reads by luck; above the second the light is too strong."""
_SATURATED = 252
_GREEN, _RED, _BLUE = (0, 160, 60), (220, 0, 0), (40, 90, 220)
_ZEBRA_STEP_PX = 6


@dataclass(frozen=True)
class SetUp:
    """One frame's figures. Levels are grey values; `module_px` 0.0: no Code 128 was read; `hints` say what to do next.

    `sharpness`: see quality.steepness, 0.7 in focus. `dark` and `light`: the levels of the darkest and lightest hundredth.
    """

    width_px: int
    height_px: int
    sharpness: float
    dark: int
    light: int
    saturated_permille: int
    module_px: float
    contrast: float
    margin: float
    symbols: tuple[SymbolFound, ...]
    outline: Outline | None
    hints: tuple[str, ...]


def look_at(frame: Image) -> SetUp:
    """Measure one frame."""
    dark, light = (int(level) for level in np.percentile(frame[::2, ::2], (1, 99)))
    found = look(frame).symbols or whole(frame, LABEL)
    grade = next((symbol.grade for symbol in found if symbol.grade), None)
    sharpness, saturated = steepness(frame), float((frame >= _SATURATED).mean())
    module_px = grade.module_px if grade else 0.0
    causes = (
        exposure_fault(frame) or _exposure(dark, light, saturated),
        "" if sharpness >= SHARPNESS_MIN else "blurred",
        "" if found else fault(frame),
        "coarse" if 0 < module_px < MODULE_PX_MIN else "",
    )
    return SetUp(
        width_px=frame.shape[1],
        height_px=frame.shape[0],
        sharpness=round(sharpness, 3),
        dark=dark,
        light=light,
        saturated_permille=round(1000 * saturated),
        module_px=round(module_px, 2),
        contrast=round(grade.contrast, 3) if grade else 0.0,
        margin=round(grade.margin, 3) if grade else 0.0,
        symbols=found,
        outline=find_outline(frame),
        hints=tuple(dict.fromkeys(HINTS[cause] for cause in causes if cause)),
    )


def _exposure(dark: int, light: int, saturated: float) -> str:
    if saturated > SATURATED_MAX:
        return "too_bright"
    return "too_dark" if light < (DARK_MAX + BRIGHT_MIN) // 2 and dark < DARK_MAX else ""


def overlay(frame: Image, seen: SetUp) -> Image:
    """The frame in colour with outline, symbols, saturated places and the figures: shape (height, width, 3), red first."""
    picture = np.stack([frame] * 3, axis=-1)
    width = max(2, frame.shape[1] // 600)
    burnt = frame >= _SATURATED
    burnt[::_ZEBRA_STEP_PX] = False
    picture[burnt] = _RED
    if seen.outline is not None:
        cv2.polylines(picture, [np.round(seen.outline.quad).astype(np.int32)], isClosed=True, color=_BLUE, thickness=width)
    for symbol in seen.symbols:
        cv2.polylines(picture, [np.array(symbol.corners, np.int32)], isClosed=True, color=_GREEN, thickness=width)
    lines = [
        f"sharpness {seen.sharpness:.2f} (>= {SHARPNESS_MIN})   px per module {seen.module_px:.2f} (>= {MODULE_PX_MIN})",
        f"levels {seen.dark} - {seen.light}   saturated {seen.saturated_permille / 10:.1f} %   margin {seen.margin:.2f}",
        *seen.hints,
    ]
    size = frame.shape[1] / 1600
    for row, text in enumerate(lines, 1):
        place = (round(12 * size), round(34 * size * row))
        for colour, bold in (((255, 255, 255), 4 * width), (_RED if row > 2 else _GREEN, width)):
            cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, bold)
    return picture
