"""Frames to messages: what may leave the worker is made here, and nothing else leaves it (I17)."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout
from vision.camera import Frame
from vision.errors import VisionError
from vision.evidence import EvidenceRing, crop_to
from vision.label_check import LabelSeen, read_label
from vision.messages import DocumentReading, LabelReading, LabelSymbol, Message, masked
from vision.printed import PrintedNumber
from vision.quality import exposure_fault, fault
from vision.readers import DocumentReader, Reading, unread
from vision.tokens import second_token, skeleton_token, token

Image = NDArray[np.uint8]

READING_ERRORS = (VisionError, cv2.error, ValueError, ArithmeticError, LookupError, np.linalg.LinAlgError)
"""What a strange picture may cause in the libraries; it costs this frame, not the worker."""


PLAIN = frozenset({"empty_belt", "unknown_outline", "cut_off", "wrong_side", "foreign_symbol", "blurred", "glare"})
"""Reasons that a sharper picture would not change, or that say it already."""


class Desk(Protocol):
    """Turns frames of one camera into messages."""

    def warm_up(self) -> None:
        """Load what takes long, before the first frame. Raises RecogniserFailed."""

    def __call__(self, frame: Frame) -> Message:
        """Read one frame; never raises for what is in it."""

    def unread(self, trigger: int, k: int, reason: str) -> Message:
        """For an exposure that came without a picture."""


class DocumentDesk:
    """Turns frames of the ID camera into messages."""

    def __init__(self, layouts: Sequence[DocumentLayout], site_key: bytes, ring: EvidenceRing | None) -> None:
        self._reader = DocumentReader(layouts)
        self._layouts = {layout.kind: layout for layout in layouts}
        self._site_key, self._ring = site_key, ring

    def warm_up(self) -> None:
        """Load the recogniser. Raises RecogniserFailed."""
        self._reader.warm_up()

    def __call__(self, frame: Frame) -> DocumentReading:
        """Read one frame; a picture that breaks a reader is a frame in which nothing was read."""
        started = time.thread_time_ns()
        try:
            reading = self._read(frame.pixels)
        except READING_ERRORS as error:
            reading = unread(f"reader_failed:{type(error).__name__}")
        return self._message(frame, reading, started)

    def _read(self, pixels: Image) -> Reading:
        """What nobody could read is not tried; what was not read is explained by the picture, if that is to blame."""
        if reason := exposure_fault(pixels):
            return unread(reason)
        reading = self._reader.read(pixels)
        if reading.kind is None and reading.reason not in PLAIN:
            return unread(fault(pixels) or reading.reason)
        return reading

    def unread(self, trigger: int, k: int, reason: str) -> DocumentReading:
        """For an exposure that came without a picture."""
        return self._message(Frame(0, trigger, k, 0, np.empty((0, 0), np.uint8)), unread(reason), time.thread_time_ns())

    def _message(self, frame: Frame, reading: Reading, started_ns: int) -> DocumentReading:
        kind = reading.kind
        return DocumentReading(
            camera_boot=frame.camera_boot,
            trigger=frame.trigger,
            k=frame.k,
            kind=kind,
            flags=int(reading.flags),
            token=token(self._site_key, kind, reading.value) if kind else "",
            skeleton=skeleton_token(self._site_key, self._layouts[kind], reading.value) if kind else "",
            second_field=second_token(self._site_key, self._layouts[kind], reading.value, reading.second) if kind else "",
            confidence_permille=round(1000 * reading.confidence),
            masked=masked(reading.value),
            evidence=self._keep(frame, reading),
            reason=reading.reason,
            cpu_us=(time.thread_time_ns() - started_ns) // 1000,
        )

    def _keep(self, frame: Frame, reading: Reading) -> str:
        if self._ring is None or not frame.pixels.size:
            return ""
        return self._ring.keep(crop_to(frame.pixels, reading.corners), datetime.now(UTC).date())


class LabelDesk:
    """Turns frames of the label camera into messages."""

    def __init__(self, ring: EvidenceRing | None, printed: PrintedNumber | None = None) -> None:
        self._ring, self._printed = ring, printed

    def warm_up(self) -> None:
        """Load the recogniser, if there is one. Raises RecogniserFailed."""
        if self._printed:
            self._printed.warm_up()

    def __call__(self, frame: Frame) -> LabelReading:
        """Read one frame; a picture that breaks a decoder is a frame without symbols."""
        started = time.thread_time_ns()
        try:
            seen = read_label(frame.pixels)
        except READING_ERRORS as error:
            seen = LabelSeen((), f"reader_failed:{type(error).__name__}")
        return self._message(frame, seen, started)

    def unread(self, trigger: int, k: int, reason: str) -> LabelReading:
        """For an exposure that came without a picture."""
        empty = Frame(0, trigger, k, 0, np.empty((0, 0), np.uint8))
        return self._message(empty, LabelSeen((), reason), time.thread_time_ns())

    def _message(self, frame: Frame, seen: LabelSeen, started_ns: int) -> LabelReading:
        grade = next((symbol.grade for symbol in seen.symbols if symbol.grade), None)
        return LabelReading(
            camera_boot=frame.camera_boot,
            trigger=frame.trigger,
            k=frame.k,
            symbols=tuple(LabelSymbol(s.symbology, s.text, *s.centre, s.confirmed) for s in seen.symbols),
            evidence=self._keep(frame),
            reason=seen.reason,
            printed=self._advice(frame, seen),
            contrast_permille=round(1000 * grade.contrast) if grade else 0,
            modulation_permille=round(1000 * grade.modulation) if grade else 0,
            margin_permille=max(0, round(1000 * grade.margin)) if grade else 0,
            sharpness_permille=round(1000 * grade.sharpness) if grade else 0,
            module_px_hundredths=round(100 * grade.module_px) if grade else 0,
            cpu_us=(time.thread_time_ns() - started_ns) // 1000,
        )

    def _advice(self, frame: Frame, seen: LabelSeen) -> str:
        """Of the first frame of a burst, and where there is any doubt: it is advice, and takes longer than the symbols."""
        bars = next((symbol for symbol in seen.symbols if symbol.symbology == "code128"), None)
        doubt = seen.reason or not all(symbol.confirmed for symbol in seen.symbols)
        if self._printed is None or bars is None or frame.k or not doubt:
            return ""
        try:
            return self._printed.beside(frame.pixels, bars)
        except READING_ERRORS:
            return ""

    def _keep(self, frame: Frame) -> str:
        if self._ring is None or not frame.pixels.size:
            return ""
        return self._ring.keep(frame.pixels, datetime.now(UTC).date())
