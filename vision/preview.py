"""What a person may see of a frame: so coarse that no print on it can be read, and small enough for the local socket."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

WIDTH_PX, BYTES_MAX = 160, 20_000
"""A number of 3 mm on a document of 86 mm that fills the frame is 5 px high here, and is blurred to nothing."""
_BLUR_SIGMA, _QUALITY = 1.6, 60


def masked_preview(frame: Image) -> bytes:
    """A JPEG of at most BYTES_MAX bytes, shape kept."""
    height = max(8, min(2 * WIDTH_PX, round(frame.shape[0] * WIDTH_PX / frame.shape[1])))
    small = cv2.resize(frame, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), _BLUR_SIGMA)
    _, packed = cv2.imencode(".jpg", soft, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return packed.tobytes()
