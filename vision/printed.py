"""The number in clear text beside a Code 128: read by itself, a third opinion. It advises, and never replaces a symbol."""

import string

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.barcode import SymbolFound
from vision.ocr import LINE_HEIGHT_PX, SECOND, LineReader
from vision.quality import assess

Image = NDArray[np.uint8]

_CHARACTERS = string.ascii_uppercase + string.digits
_BAND_SHARE = 1.2
"""Height of the place looked at below and above the bars, as a share of the bars' own height."""
_GAP_SHARE = 0.06
_PX_PER_BAR_HEIGHT = 120
_LINE_MARGIN_SHARE = 0.35
_SHAPE_MIN, _SHAPE_MAX = 5.0, 16.0
"""Length over height of a printed line of a dozen characters."""
_CONFIDENCE_MIN = 0.8


class PrintedNumber:
    """Finds and reads the line of print below, or else above, the bars."""

    def __init__(self) -> None:
        self._lines = LineReader(SECOND)  # labels are printed in fonts that our own was not trained on

    def warm_up(self) -> None:
        """Load the recogniser. Raises RecogniserFailed."""
        self._lines.warm_up()

    def beside(self, frame: Image, bars: SymbolFound) -> str:
        """How it compares with the bars' text: "same", "other", or "" when it is not surely read. Raises RecogniserFailed."""
        wanted = bars.text.upper()
        if not 6 <= len(wanted) <= 24 or not wanted.isalnum():
            return ""
        for below in (True, False):
            line = _line(_band(frame, bars, below=below))
            if line is None or assess(line).reason:
                continue
            read = self._lines.read(line, [_CHARACTERS] * len(wanted))
            if read.confidence >= _CONFIDENCE_MIN:
                return "same" if read.text == wanted else "other"
        return ""


def _band(frame: Image, bars: SymbolFound, *, below: bool) -> Image:
    """The place below or above the bars, straightened; as wide as they are."""
    quad = np.array(bars.corners, np.float64)
    down = ((quad[3] - quad[0]) + (quad[2] - quad[1])) / 2
    along = (quad[1] - quad[0] + quad[2] - quad[3]) / 2
    near, far = _GAP_SHARE, _GAP_SHARE + _BAND_SHARE
    upper, lower = (quad[3], quad[2]) if below else (quad[0], quad[1])
    sign = 1 if below else -1
    places = [upper + sign * near * down, lower + sign * near * down, lower + sign * far * down, upper + sign * far * down]
    if not below:
        places = [places[3], places[2], places[1], places[0]]
    length, height = float(np.linalg.norm(along)), float(np.linalg.norm(down)) * (far - near)
    scale = _PX_PER_BAR_HEIGHT / max(float(np.linalg.norm(down)), 1.0)
    size = (max(32, round(length * scale)), max(16, round(height * scale)))
    target = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    transform = cv2.getPerspectiveTransform(np.array(places, np.float32), target)
    return np.asarray(
        cv2.warpPerspective(frame, transform, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _line(band: Image) -> Image | None:
    """The first line of dark print from the bars on, with some paper around it."""
    ink = cv2.morphologyEx(cv2.GaussianBlur(band, (3, 3), 0), cv2.MORPH_BLACKHAT, np.ones((25, 25), np.uint8))
    _, mask = cv2.threshold(ink, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 31), np.uint8))
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(joined, np.uint8))
    lines = [(int(y), x, w, h) for x, y, w, h, _ in stats[1:] if _SHAPE_MIN < w / h < _SHAPE_MAX and w > 0.25 * band.shape[1]]
    if not lines:
        return None
    y, x, width, height = min(lines)
    margin = round(_LINE_MARGIN_SHARE * height)
    crop = band[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin]
    return np.asarray(cv2.resize(crop, (round(crop.shape[1] * LINE_HEIGHT_PX / len(crop)), LINE_HEIGHT_PX)), np.uint8)
