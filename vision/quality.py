"""Whether a frame or a crop is worth reading: exposure, contrast, sharpness, glare. A cheap no here saves the readers' time."""

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
    dark, light = _levels(smooth, 0.02, 0.75)
    contrast = light - dark
    (noise,) = _levels(cv2.absdiff(crop, cv2.medianBlur(crop, 3)), 0.5)
    (step,) = _levels(cv2.absdiff(smooth[:, 1:], smooth[:, :-1]), 0.99)
    glare = float((crop >= 254).mean())
    return Quality(contrast, contrast / max(1.48 * noise, 1.0), step / max(contrast, 1.0), glare)


def _levels(picture: cv2.typing.MatLike, *shares: float) -> list[float]:
    """The levels of 0 … 255 below which these shares of a picture lie; by counting, which is ten times as fast as sorting."""
    below = np.cumsum(cv2.calcHist([picture], [0], None, [256], [0, 256]))
    return [float(np.searchsorted(below, share * (below[-1] - 1), side="right")) for share in shares]


# --- whole frames ---
DARK_MAX, BRIGHT_MIN = 45, 215
"""A frame whose lightest hundredth is below the first, or whose darkest twentieth is above the second, shows nothing."""
_STEP = 16
_SATURATED, _GLARE_SHARE, _GLARE_SHRINK = 252, 0.012, 4
_STEEP_MIN = 0.5
"""See steepness(); 0.7 in focus, 0.5 at a blur of 2.5 px. Asked only of frames that could not be read."""
_FLAT_RANGE = 22
_RANGE_WINDOW_PX = 25
"""in the frame at half its size: the range within which an edge rises"""


def exposure_fault(frame: Image) -> str:
    """Nothing can be seen for want of light or too much of it: "too_dark" or "too_bright", otherwise ""; next to free."""
    sample = np.sort(frame[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP].ravel())
    if sample[-1 - len(sample) // 100] < DARK_MAX:
        return "too_dark"
    return "too_bright" if sample[len(sample) // 20] > BRIGHT_MIN and sample[len(sample) // 200] > BRIGHT_MIN // 2 else ""


_BLANK_SIDE_MIN_PX, _CELL_PX = 256, 8
_BLANK_RANGE, _NOISE_RANGE = 6.0, 10.0
"""How much cells beside each other may differ where nothing is, in grey levels and in sigmas of what noise leaves of itself."""
_QUIET_SHARE = 0.2
_SIGMA_PER_STEP = 1 / (0.2533 * 2**0.5)
"""of Gaussian noise: sigma over the step between neighbouring pixels below which that share of the steps is"""


def blank(picture: Image) -> bool:
    """Nothing but paper, belt or noise: no two neighbouring cells of 8 × 8 px differ by more than noise. 3 ms at 5 MP.

    A symbol or a line of print differs from its margin by a fifth of its contrast at least, however fine it is. Small pictures
    are never called blank.
    """
    if min(picture.shape) < _BLANK_SIDE_MIN_PX:
        return False
    height, width = (side // _CELL_PX for side in picture.shape)
    whole = picture[: height * _CELL_PX, : width * _CELL_PX]
    cells = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    (step,) = _levels(cv2.absdiff(whole[::3, 1:], whole[::3, :-1]), _QUIET_SHARE)
    kernel = np.ones((3, 3), np.uint8)
    span = cv2.subtract(cv2.dilate(cells, kernel), cv2.erode(cells, kernel))
    return float(span.max()) <= _BLANK_RANGE + _NOISE_RANGE * step * _SIGMA_PER_STEP / _CELL_PX


def fault(frame: Image) -> str:
    """Why a frame in which something lies could not be read: "glare", "blurred" or "" when the picture is not to blame."""
    small = cv2.resize(frame, None, fx=1 / _GLARE_SHRINK, fy=1 / _GLARE_SHRINK, interpolation=cv2.INTER_AREA)
    _, _, stats, _ = cv2.connectedComponentsWithStats((small >= _SATURATED).astype(np.uint8))
    if len(stats) > 1 and stats[1:, cv2.CC_STAT_AREA].max() > _GLARE_SHARE * small.size:
        return "glare"
    return "blurred" if blurred(frame) else ""


def blurred(frame: Image) -> bool:
    """Whether no edge in it is as steep as the eyes need; never, without edges."""
    return steepness(frame) < _STEEP_MIN


def steepness(frame: Image) -> float:
    """Slope of the steepest edges over the range within which they rise, per pixel; 0.5 is as sharp as pixels allow.

    1.0 for a frame without edges: what is not there cannot be blurred.
    """
    half = np.asarray(cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    smooth = cv2.GaussianBlur(half, (3, 3), 0)
    gx, gy = cv2.spatialGradient(smooth)
    slope = cv2.magnitude(gx.astype(np.float32), gy.astype(np.float32)) / 8
    kernel = np.ones((_RANGE_WINDOW_PX, _RANGE_WINDOW_PX), np.uint8)
    span = cv2.subtract(cv2.dilate(smooth, kernel), cv2.erode(smooth, kernel))
    edges = slope[::2, ::2], span[::2, ::2]
    there = edges[1] > _FLAT_RANGE
    if there.mean() < 0.002:
        return 1.0
    shares = edges[0][there] / edges[1][there]
    return float(np.percentile(shares, 98)) * 2  # at half size everything looks twice as sharp
