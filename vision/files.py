"""Picture files to readings, for `sealline read`: any format and size; one reading per thing found, at least one per file.

The values are the caller's own (I17): nothing of them is kept here.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout
from vision.messages import ACCEPTED, Flag
from vision.picture_file import UnreadableFile, load_picture
from vision.pictures import PictureReader
from vision.readers import Corners, Reading, unread

Image = NDArray[np.uint8]

_STRANGE = (cv2.error, ArithmeticError, LookupError, np.linalg.LinAlgError)


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
