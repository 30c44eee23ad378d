"""How well a bar code is printed and seen: figures after ISO/IEC 15416, from a straightened picture of its bars.

They are relative, since no camera of a line is calibrated to reflectance, and they never decide: they are recorded, so that a
worn print head or a dirty lens shows long before labels are refused.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.code128 import CHARACTERS_MIN, ELEMENTS, MODULES, STOP_ELEMENTS, STOP_MODULES, margin, text_of

Image = NDArray[np.uint8]
Profile = NDArray[np.float32]

SCANS = 10
"""scan lines over the height of the bars (ISO/IEC 15416, 5.2.1)"""
_TYPICAL_MODULES, _WINDOW_MODULES = 160, 14
"""of a whole symbol, and of the window in which light and dark are told apart"""
_SPECK_SHARE = 0.12


@dataclass(frozen=True)
class Grade:
    """One Code 128 symbol, the median of its scan lines.

    `contrast`: between lightest and darkest, share of the full scale; `modulation`: the weakest edge over the strongest;
    `margin`: decodability, how far the worst edge is from being taken for another width, 1 = ideal, 0 = read by luck;
    `module_px`: width of a module in px of the picture; `sharpness`: steepest edge per module, 1 = from black to white in one.
    """

    contrast: float
    modulation: float
    margin: float
    module_px: float
    sharpness: float
    texts: tuple[str, ...] = field(default=(), repr=False)
    """what each scan line says that could be read by itself, see vision.code128"""


def grade(upright: Image, scale: float) -> Grade | None:
    """Figures of upright bars that fill the picture from quiet zone to quiet zone; `scale`: its px per px of the frame.

    None if no scan line shows the elements of a Code 128 symbol.
    """
    height = len(upright)
    edges = np.linspace(0.08 * height, 0.92 * height, SCANS + 1).round().astype(int)
    bands = (upright[top:bottom] for top, bottom in pairwise(edges) if bottom > top)
    grades = [found for band in bands if (found := _scan(band.mean(axis=0, dtype=np.float32)))]
    if not grades:
        return None
    contrast, modulation, decodability, module, slope = (
        float(value)
        for value in np.median([(g.contrast, g.modulation, g.margin, g.module_px, g.sharpness) for g in grades], axis=0)
    )
    texts = tuple(text for found in grades for text in found.texts)
    return Grade(contrast, modulation, decodability, module / scale, slope, texts)


def _scan(profile: Profile) -> Grade | None:
    """One scan line, in px of the upright picture."""
    edges = element_edges(profile)
    if edges is None:
        return None
    widths = np.diff(edges)
    count = (len(widths) - STOP_ELEMENTS) // ELEMENTS
    module = float(edges[-1] - edges[0]) / (count * MODULES + STOP_MODULES)
    starts = edges[:-1].astype(int)
    darkest, lightest = (extreme.reduceat(profile[: int(edges[-1]) + 1], starts) for extreme in (np.minimum, np.maximum))
    peaks = np.where(np.arange(len(starts)) % 2 == 0, darkest, lightest)
    light, dark = float(profile.max()), float(profile.min())
    span = max(light - dark, 1.0)
    steps = np.abs(np.diff(profile[starts[0] : int(edges[-1]) + 1]))
    slope = float(np.partition(steps, -len(steps) // 50)[-len(steps) // 50]) * module / span
    weakest = float(np.abs(np.diff(peaks)).min()) / span
    text = text_of(widths)
    return Grade(span / 255, weakest, margin(widths[: count * ELEMENTS]), module, slope, (text,) if text else ())


def element_edges(profile: Profile) -> NDArray[np.float64] | None:
    """Places where the profile crosses the middle between its local extremes, from the first bar to the last; px.

    None unless their number is one that a Code 128 symbol can have.
    """
    window = max(9, round(len(profile) / _TYPICAL_MODULES * _WINDOW_MODULES)) | 1
    row, kernel = profile[None], np.ones((1, window), np.uint8)
    light, dark = cv2.dilate(row, kernel), cv2.erode(row, kernel)
    middle = cv2.blur((light + dark) / 2, (window, 1), borderType=cv2.BORDER_REPLICATE)[0]
    above = profile > middle
    crossings = np.flatnonzero(above[:-1] != above[1:])
    if len(crossings) < STOP_ELEMENTS:
        return None
    crossings = _without_specks(profile, crossings, _SPECK_SHARE * float(np.median(light - dark)))
    if not above[0]:  # the picture begins within a bar
        crossings = crossings[1:]
    crossings = crossings[: len(crossings) // 2 * 2]
    elements = len(crossings) - 1
    if elements < (CHARACTERS_MIN - 1) * ELEMENTS + STOP_ELEMENTS or (elements - STOP_ELEMENTS) % ELEMENTS:
        return None
    before, after = profile[crossings] - middle[crossings], profile[crossings + 1] - middle[crossings + 1]
    return np.asarray(crossings + before / (before - after), np.float64)


def _without_specks(profile: Profile, crossings: NDArray[np.intp], depth_min: float) -> NDArray[np.intp]:
    """Crossings without pairs between which the profile hardly moves: noise in a quiet zone."""
    while len(crossings) > 1:
        ranges = np.array([extreme.reduceat(profile[: crossings[-1] + 2], crossings) for extreme in (np.maximum, np.minimum)])
        flat = np.flatnonzero((ranges[0] - ranges[1])[:-1] < depth_min)
        if not len(flat):
            break
        crossings = np.delete(crossings, (flat[0], flat[0] + 1))
    return crossings
