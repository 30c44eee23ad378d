"""How fast the eyes are here: on one's own pictures, or on the worst that a belt can show; beside each decoder alone."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout
from vision.barcode import LABEL, alone, decode
from vision.label_check import read_label
from vision.pictures import PictureReader
from vision.readers import DocumentReader

Image = NDArray[np.uint8]

WORST_SIZE = (2048, 2448)
"""rows and columns of a 5 MP camera"""
_BELT_GREY, _SHEET_GREY, _GRAIN = 45, 225, 6.0


def worst() -> dict[str, Image]:
    """Frames of 5 MP on which nothing can be read: a belt, a belt with a blank sheet, and noise. The same each time."""
    rng = np.random.default_rng(1)
    grain = rng.normal(0, _GRAIN, WORST_SIZE).astype(np.float32)
    belt = np.full(WORST_SIZE, _BELT_GREY, np.float32)
    sheet = belt.copy()
    sheet[400:-400, 500:-500] = _SHEET_GREY
    return {
        "empty belt": np.clip(belt + grain, 0, 255).astype(np.uint8),
        "blank sheet": np.clip(sheet + grain, 0, 255).astype(np.uint8),
        "noise": rng.integers(0, 255, WORST_SIZE, np.uint8),
    }


def eyes(layouts: Sequence[DocumentLayout]) -> dict[str, Callable[[Image], object]]:
    """Name → what looks at a frame. Raises RecogniserFailed."""
    documents = DocumentReader(layouts)
    documents.warm_up()
    return {
        "label camera": read_label,
        "ID camera": documents.read,
        "any picture": PictureReader(layouts).read,
        "zxing-cpp alone": lambda image: decode(image, LABEL),
        "pyzbar alone": lambda image: alone(image, LABEL),
    }


def measure(
    pictures: Mapping[str, Image], readers: Mapping[str, Callable[[Image], object]], rounds: int
) -> Iterator[dict[str, Any]]:
    """One row for each reader and picture: CPU ms of this thread over `rounds`, and pictures a second of one core."""
    cv2.setNumThreads(1)
    for name, look in readers.items():
        for shown, image in pictures.items():
            look(image)  # caches, models
            took = [_ms(look, image) for _ in range(rounds)]
            p50, p99 = (round(float(ms), 2) for ms in np.percentile(took, (50, 99)))
            mean = float(np.mean(took))
            yield {"reader": name, "picture": shown, "ms_p50": p50, "ms_p99": p99, "per_s": round(1000 / max(mean, 1e-3), 1)}


def _ms(look: Callable[[Image], object], image: Image) -> float:
    begun = time.thread_time_ns()
    look(image)
    return (time.thread_time_ns() - begun) / 1e6
