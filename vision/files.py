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
from vision.hints import hint
from vision.messages import ACCEPTED, Flag
from vision.picture_file import UnreadableFile, load_picture, save_picture
from vision.pictures import PictureReader
from vision.quality import blurred, exposure_fault
from vision.readers import Corners, Reading, unread

Image = NDArray[np.uint8]

_COLOURS = {"accepted": (0, 160, 60), "doubtful": (255, 140, 0), "unreadable": (220, 0, 0)}
STRANGE = (cv2.error, ArithmeticError, LookupError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class FileReading:
    """One thing read in one file.

    `kind` is a layout's, "number" (on a document of some kind), "label" (a postal item number) or "symbol". `verdict` is
    accepted, doubtful or unreadable, from the flags alone. Nothing read: `value` is None, `reason` says why and `hint` what to
    do next.
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
    hint: str = ""


def read_files(paths: Iterable[Path], layouts: Sequence[DocumentLayout], kind: str = "auto") -> Iterator[FileReading]:
    """Read each file in turn; never raises for what a file contains.

    Raises ValueError for a kind that is not known, RecogniserFailed if the recogniser is missing.
    """
    return _read(paths, PictureReader(layouts, kind))


def _read(paths: Iterable[Path], reader: PictureReader) -> Iterator[FileReading]:
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
        picture = load_picture(path)
        return reader.read(picture) or [unread(_why(picture))]
    except UnreadableFile as fault:
        return [unread(str(fault))]
    except STRANGE as error:
        return [unread(f"reader_failed:{type(error).__name__}")]


def _why(picture: Image) -> str:
    """Why nothing was found. White paper is no glare and not too bright: many of these pictures never saw a lamp."""
    if exposure_fault(picture) == "too_dark":
        return "too_dark"
    return "blurred" if blurred(picture) else "nothing_found"


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
        hint="" if read else hint(reading.reason),
    )


def draw_files(paths: Sequence[Path], readings: Iterable[FileReading], to: Path) -> Iterator[FileReading]:
    """Pass the readings on, and write for each file a picture with them on it; of several files "to-1.png" and so on.

    Raises UnwritablePicture.
    """
    of_file: dict[str, list[FileReading]] = {}
    for reading in readings:
        of_file.setdefault(reading.file, []).append(reading)
        yield reading
    for number, path in enumerate(paths, 1):
        drawn = _drawn(path, of_file.get(str(path), []))
        if drawn is not None:
            save_picture(drawn, to if len(paths) == 1 else to.with_stem(f"{to.stem}-{number}"))


def _drawn(path: Path, readings: Sequence[FileReading]) -> Image | None:
    """The file's picture in colour with what was read on it, None if it is no picture."""
    try:
        picture = np.stack([load_picture(path)] * 3, axis=-1)
    except UnreadableFile:
        return None
    width = max(2, round(max(picture.shape) / 600))
    for reading in readings:
        if not reading.quad:
            continue
        quad, colour = np.array(reading.quad, np.int32), _COLOURS[reading.verdict]
        cv2.polylines(picture, [quad], isClosed=True, color=colour, thickness=width)
        text = f"{reading.symbology}: {reading.value}".encode("ascii", "replace").decode()
        place = (int(quad[:, 0].min()), int(quad[:, 1].max()) + 12 * width)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.35 * width, colour, width)
    return picture
