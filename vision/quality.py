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
SIGNAL_MIN = 3.0
"""Contrast over the noise between neighbouring pixels."""
GLARE_MAX = 0.20
"""Share of the crop that is saturated."""


@dataclass(frozen=True)
class Quality:
    """Figures of one crop and what is wrong with it: "", "glare", "no_contrast", "noisy" or "blurred"."""

    contrast: float
    signal: float
    sharpness: float
    glare: float

    @property
    def reason(self) -> str:
        """The first fault, "" if the crop is worth reading."""
        faults = (
            (self.glare > GLARE_MAX, "glare"),
            (self.contrast < CONTRAST_MIN, "no_contrast"),
            (self.signal < SIGNAL_MIN, "noisy"),
            (self.sharpness < SHARPNESS_MIN, "blurred"),
        )
        return next((reason for present, reason in faults if present), "")


def assess(crop: Image) -> Quality:
    """Judge a crop of dark print on light paper."""
    smooth = cv2.GaussianBlur(crop, (0, 0), 0.8)
    dark, light = (float(level) for level in np.percentile(smooth, (2, 75)))
    contrast = light - dark
    noise = 1.48 * float(np.median(cv2.absdiff(crop, cv2.medianBlur(crop, 3))))
    steps = np.abs(np.diff(smooth.astype(np.int16), axis=1))
    sharpness = float(np.percentile(steps, 99)) / max(contrast, 1.0)
    return Quality(contrast, contrast / max(noise, 1.0), sharpness, float((crop >= 254).mean()))
