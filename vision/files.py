"""Picture files to readings, for `sealline read`: any format and size; one reading per thing found, at least one per file.

The values are the caller's own (I17): nothing of them is kept here.
"""

import struct
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageOps

from line_config.document_layout import DocumentLayout
from vision.messages import ACCEPTED, Flag
from vision.pictures import PictureReader
from vision.readers import Corners, Reading, unread

Image = NDArray[np.uint8]

PIXELS_MAX = 64_000_000
SIDE_MIN_PX = 16
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    Picture.DecompressionBombError,
    Picture.DecompressionBombWarning,
)
"""What Pillow raises for a file that is no picture, or half of one."""
_STRANGE = (cv2.error, ArithmeticError, LookupError, np.linalg.LinAlgError)


class UnreadableFile(Exception):
    """The file is no picture that can be read; the text is a reason code."""


@dataclass(frozen=True)
class FileReading:
    """One thing read in one file; `kind` is a layout's, "label" (a postal item number) or "symbol".

    `verdict` is accepted, doubtful or unreadable, from the flags alone. Nothing read: `value` is None, `reason` says why.
    """

    file: str
    kind: str | None
    value: str | None
    symbology: str | None
    confidence: float
    quad: Corners
    verdict: str
    ms: float
    reason: str = ""


def read_files(paths: Iterable[Path], layouts: Sequence[DocumentLayout]) -> Iterator[FileReading]:
    """Read each file in turn; never raises for what a file contains. Raises RecogniserFailed if the recogniser is missing."""
    reader = PictureReader(layouts)
    for path in paths:
        started = time.perf_counter()
        readings = _readings(reader, path)
        ms = round((time.perf_counter() - started) * 1000, 1)
        yield from (_file_reading(path, reading, ms) for reading in readings)


def verdict(reading: Reading) -> str:
    """From the flags alone."""
    if reading.kind is None:
        return "unreadable"
    return "accepted" if reading.flags == ACCEPTED | Flag.CONFIDENT else "doubtful"


def load_picture(path: Path) -> Image:
    """The file as a grey picture, the right way up as its camera noted. Raises UnreadableFile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Picture.DecompressionBombWarning)
            with Picture.open(path) as picture:
                _check_size(*picture.size)
                upright = ImageOps.exif_transpose(picture)
                if upright.has_transparency_data:
                    paper = Picture.new("RGBA", upright.size, "white")
                    upright = Picture.alpha_composite(paper, upright.convert("RGBA"))
                return np.asarray(upright.convert("L"), np.uint8)
    except FileNotFoundError:
        raise UnreadableFile("no_such_file") from None
    except (Picture.DecompressionBombError, Picture.DecompressionBombWarning):
        raise UnreadableFile("too_large") from None
    except _BROKEN as error:
        raise UnreadableFile("broken_file") from error


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS_MAX:
        raise UnreadableFile("too_large")
    if min(width, height) < SIDE_MIN_PX:
        raise UnreadableFile("too_small")


def _readings(reader: PictureReader, path: Path) -> list[Reading]:
    try:
        return reader.read(load_picture(path)) or [unread("nothing_found")]
    except UnreadableFile as fault:
        return [unread(str(fault))]
    except _STRANGE as error:
        return [unread(f"reader_failed:{type(error).__name__}")]


def _file_reading(path: Path, reading: Reading, ms: float) -> FileReading:
    read = reading.kind is not None
    return FileReading(
        file=str(path),
        kind=reading.kind,
        value=reading.value if read else None,
        symbology=reading.symbology if read else None,
        confidence=round(reading.confidence, 3),
        quad=reading.corners,
        verdict=verdict(reading),
        ms=ms,
        reason=reading.reason,
    )
