"""One camera's eyes, an executable: frames in by TCP, readings out on a local socket; ends when that socket closes.

The full number of a document lives in this process only (I17): tokens, flags and a masked form leave it.
"""

import argparse
import contextlib
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from line_config.document_layout import DocumentLayout, load_document_layout
from vision.barcode import second_decoder
from vision.camera import Frame, FramesCamera
from vision.errors import BadFrame, CameraLost, VisionError
from vision.evidence import DayKeys, EvidenceRing, crop_to
from vision.label_check import read_label
from vision.messages import CameraState, DocumentReading, Hello, LabelReading, LabelSymbol, Message, encode, masked
from vision.readers import DocumentReader, Reading, unread
from vision.tokens import SiteKeyError, load_site_key, skeleton_token, token

NICENESS = 5
HEARTBEAT_S = 1.0
_RECONNECT_S = 0.3
_READING_ERRORS = (VisionError, cv2.error, ValueError, ArithmeticError, LookupError, np.linalg.LinAlgError)
"""What a strange picture may cause in the libraries; it costs this frame, not the worker."""

Reader = Callable[[Frame], Message]


class DocumentDesk:
    """Turns frames of the ID camera into messages."""

    def __init__(self, layouts: Sequence[DocumentLayout], site_key: bytes, ring: EvidenceRing | None) -> None:
        self._reader = DocumentReader(layouts)
        self._layouts = {layout.kind: layout for layout in layouts}
        self._site_key, self._ring = site_key, ring

    def warm_up(self) -> None:
        """Load what takes long, before the first frame. Raises RecogniserFailed."""
        self._reader.warm_up()

    def __call__(self, frame: Frame) -> DocumentReading:
        """Read one frame; a picture that breaks a reader is a frame in which nothing was read."""
        started = time.thread_time_ns()
        try:
            reading = self._reader.read(frame.pixels)
        except _READING_ERRORS as error:
            reading = unread(f"reader_failed:{type(error).__name__}")
        kind = reading.kind
        return DocumentReading(
            camera_boot=frame.camera_boot,
            trigger=frame.trigger,
            k=frame.k,
            kind=kind,
            flags=int(reading.flags),
            token=token(self._site_key, kind, reading.value) if kind else "",
            skeleton=skeleton_token(self._site_key, self._layouts[kind], reading.value) if kind else "",
            confidence_permille=round(1000 * reading.confidence),
            masked=masked(reading.value),
            evidence=self._keep(frame, reading),
            reason=reading.reason,
            cpu_us=(time.thread_time_ns() - started) // 1000,
        )

    def _keep(self, frame: Frame, reading: Reading) -> str:
        if self._ring is None:
            return ""
        return self._ring.keep(crop_to(frame.pixels, reading.corners), datetime.now(UTC).date())


class LabelDesk:
    """Turns frames of the label camera into messages."""

    def __init__(self, ring: EvidenceRing | None) -> None:
        self._ring = ring

    def __call__(self, frame: Frame) -> LabelReading:
        """Read one frame; a picture that breaks a decoder is a frame without symbols."""
        started = time.thread_time_ns()
        try:
            seen = read_label(frame.pixels)
            symbols, reason = seen.symbols, seen.reason
        except _READING_ERRORS as error:
            symbols, reason = (), f"reader_failed:{type(error).__name__}"
        return LabelReading(
            camera_boot=frame.camera_boot,
            trigger=frame.trigger,
            k=frame.k,
            symbols=tuple(LabelSymbol(s.symbology, s.text, *s.centre, s.confirmed) for s in symbols),
            evidence=self._ring.keep(frame.pixels, datetime.now(UTC).date()) if self._ring else "",
            reason=reason,
            cpu_us=(time.thread_time_ns() - started) // 1000,
        )


class Worker:
    """Joins a camera, a reader and the runtime's socket."""

    def __init__(self, camera: FramesCamera, reader: Reader, runtime: socket.socket) -> None:
        self._camera, self._reader, self._runtime = camera, reader, runtime
        self._ended = False

    def serve(self, name: str) -> None:
        """Read frames until the runtime closes its socket; the camera is connected again for ever."""
        self._send(Hello(camera=name, pid=os.getpid(), pyzbar=second_decoder()))
        while not self._ended:
            try:
                self._camera.connect()
                self._read_frames()
            except (CameraLost, BadFrame) as error:
                self._send(CameraState(up=False, detail=str(error)))
                self._runtime_ended(_RECONNECT_S)

    def _read_frames(self) -> None:
        """Until the runtime's end; raises CameraLost or BadFrame. Idle, the camera's state is sent again and again."""
        self._send(CameraState(up=True, detail=""))
        while True:
            readable, _, _ = select.select([self._runtime.fileno(), self._camera.fileno()], [], [], HEARTBEAT_S)
            if not readable:
                self._send(CameraState(up=True, detail=""))
            if self._runtime.fileno() in readable and self._runtime_ended(0):
                return
            if self._camera.fileno() in readable:
                self._send(self._reader(self._camera.read()))

    def _runtime_ended(self, wait_s: float) -> bool:
        readable, _, _ = select.select([self._runtime], [], [], wait_s)
        self._ended = bool(readable) and not self._runtime.recv(4096)
        return self._ended

    def _send(self, message: Message) -> None:
        self._runtime.sendall(encode(message))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a worker; 0 = the runtime ended, 2 = it cannot start as told."""
    asked = _arguments().parse_args(argv)
    os.nice(NICENESS)
    cv2.setNumThreads(1)
    limit = asked.memory_max_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    host, _, port = asked.connect.rpartition(":")
    with socket.socket(socket.AF_UNIX) as runtime:
        try:
            worker = Worker(FramesCamera(host, int(port)), _reader(asked), runtime)
            runtime.connect(asked.socket)
        except (SiteKeyError, VisionError, ValueError, OSError) as error:
            sys.stderr.write(f"vision worker for {asked.camera} cannot start: {error}\n")
            return 2
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the runtime ended while a reading was on its way
            worker.serve(asked.camera)
    return 0


def _reader(asked: argparse.Namespace) -> Reader:
    ring = (
        EvidenceRing(asked.evidence / asked.camera, DayKeys(asked.evidence / "keys"), asked.evidence_max)
        if asked.evidence
        else None
    )
    if not asked.layouts:
        return LabelDesk(ring)
    desk = DocumentDesk([load_document_layout(path) for path in asked.layouts], load_site_key(asked.site_key), ring)
    desk.warm_up()
    return desk


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vision.worker", description="reads one camera for the runtime on a local socket")
    parser.add_argument("--camera", required=True, help="name of the camera, e.g. id_camera")
    parser.add_argument("--connect", required=True, metavar="HOST:PORT", help="the camera's address")
    parser.add_argument("--socket", required=True, metavar="PATH", help="the runtime's local socket")
    parser.add_argument("--layouts", nargs="*", type=Path, default=[], help="document layouts; none: a label camera")
    parser.add_argument("--site-key", type=Path, default=Path("site.key"), help="key of the tokens, at least 32 bytes")
    parser.add_argument("--evidence", type=Path, help="folder for sealed pictures; without it none are kept")
    parser.add_argument("--evidence-max", type=int, default=2000, help="pictures kept")
    parser.add_argument("--memory-max-mb", type=int, default=1536, help="limit of the data segment (RLIMIT_DATA)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
