"""Whether a crop is worth reading: contrast, sharpness, glare. A cheap no here saves the recogniser's time."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

CONTRAST_MIN = 24
"""Grey levels between ink and paper."""
SHARPNESS_MIN = 0.18
"""Steepest edges per pixel, as a share of the contrast; 0.5 is a bar as wide as two pixels, in focus."""
GLARE_MAX = 0.20
"""Share of the crop that is saturated."""


@dataclass(frozen=True)
class Quality:
    """Figures of one crop and what is wrong with it: "", "no_contrast", "blurred" or "glare"."""

    contrast: float
    sharpness: float
    glare: float
    reason: str


def assess(crop: Image) -> Quality:
    """Judge a crop of dark print on light paper."""
    smooth = cv2.GaussianBlur(crop, (0, 0), 0.8)
    dark, light = (float(level) for level in np.percentile(smooth, (2, 75)))
    contrast = light - dark
    steps = np.abs(np.diff(smooth.astype(np.int16), axis=1))
    sharpness = float(np.percentile(steps, 99)) / max(contrast, 1.0)
    glare = float((crop >= 254).mean())
    return Quality(contrast, sharpness, glare, _reason(contrast, sharpness, glare))


def _reason(contrast: float, sharpness: float, glare: float) -> str:
    if glare > GLARE_MAX:
        return "glare"
    if contrast < CONTRAST_MIN:
        return "no_contrast"
    return "blurred" if sharpness < SHARPNESS_MIN else ""
