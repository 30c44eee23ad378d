"""One camera's eyes, an executable: owns the camera, sends readings to a local socket, ends when that socket closes.

The full number of a document lives in this process only (I17): tokens, flags and a masked form leave it. The process that is
started loads everything and then only watches (vision/warden.py); what reads frames is its child.
"""

import argparse
import contextlib
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2

from line_config.document_layout import load_document_layout
from vision.barcode import second_decoder
from vision.camera import Camera, Frame
from vision.cameras import open_camera
from vision.desks import Desk, DocumentDesk, LabelDesk
from vision.errors import BadFrame, BadPicture, CameraLost, VisionError
from vision.evidence import DayKeys, EvidenceRing
from vision.messages import CameraState, Hello, Message, Preview, encode
from vision.preview import masked_preview
from vision.printed import PrintedNumber
from vision.tokens import SiteKeyError, load_site_key
from vision.warden import CANNOT_START, ENDED, Pulse, keep

NICENESS = 5
HEARTBEAT_S = PREVIEW_S = 1.0
FRAME_LIMIT_S = 0.5
"""for one frame and what is sent of it; far more than any takes"""
CONNECT_LIMIT_S = 20.0
"""a GigE camera that is gone, or that another program holds, says so only after many retries"""
CAMERA_LIMIT_S = 6.0
"""for a frame to arrive once it has begun: a camera's own limit, 5 s, comes first"""
WAIT_S = 0.1
_RECONNECT_S = 0.3


class Worker:
    """Joins a camera, a desk and the runtime's socket."""

    def __init__(self, camera: Camera, desk: Desk, runtime: socket.socket, pulse: Pulse) -> None:
        self._camera, self._desk, self._runtime, self._pulse = camera, desk, runtime, pulse
        self._ended = False
        self._told_s = self._shown_s = 0.0

    def serve(self, name: str) -> None:
        """Read frames until the runtime closes its socket; the camera is connected again for ever."""
        self._send(Hello(camera=name, pid=os.getpid(), pyzbar=second_decoder()))
        while not self._ended:
            self._pulse.within(CONNECT_LIMIT_S)
            try:
                self._camera.connect()
                self._tell_up(new=True)
                while not self._runtime_ended(0):
                    self._read_frame()
            except (CameraLost, BadFrame) as error:
                self._send(CameraState(up=False, detail=str(error)))
                self._runtime_ended(_RECONNECT_S)
        self._camera.close()

    def _read_frame(self) -> None:
        """Wait a moment for a frame and read it; raises CameraLost or BadFrame. Idle, the state is told again and again."""
        self._pulse.within(CAMERA_LIMIT_S)
        try:
            frame = self._camera.frame(WAIT_S)
        except BadPicture as fault:
            self._send(self._desk.unread(fault.trigger, fault.k, fault.reason))
            return
        if frame is not None:
            self._pulse.within(FRAME_LIMIT_S)
            self._send(self._desk(frame))
            self._show(frame)
        elif time.monotonic() - self._told_s >= HEARTBEAT_S:
            self._tell_up()

    def _show(self, frame: Frame) -> None:
        """After the reading, which is waited for."""
        now_s = time.monotonic()
        if now_s - self._shown_s >= PREVIEW_S:
            self._shown_s = now_s
            self._send(Preview(trigger=frame.trigger, k=frame.k, jpeg=masked_preview(frame.pixels)))

    def _tell_up(self, *, new: bool = False) -> None:
        self._told_s = time.monotonic()
        self._send(CameraState(up=True, detail="", exposures=self._camera.exposures(), new=new))

    def _runtime_ended(self, wait_s: float) -> bool:
        readable, _, _ = select.select([self._runtime], [], [], wait_s)
        self._ended = bool(readable) and not self._runtime.recv(4096)
        return self._ended

    def _send(self, message: Message) -> None:
        self._runtime.sendall(encode(message))


def main(argv: Sequence[str] | None = None) -> int:
    """Run a worker; 0 = the runtime ended, 2 = it cannot start as told."""
    asked = _arguments().parse_args(argv)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # the runtime's own class is inherited, and knows no niceness
    os.nice(NICENESS)
    cv2.setNumThreads(1)
    limit = asked.memory_max_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        ring = _ring(asked)
        desk = _desk(asked, ring)
        desk.warm_up()
        Path(asked.socket).stat()
        open_camera(asked.connect, asked.frames_per_trigger)
    except (SiteKeyError, VisionError, ValueError, OSError) as error:
        return _cannot_start(asked, error)
    return keep(partial(_life, asked, desk, ring))


def _life(asked: argparse.Namespace, desk: Desk, ring: EvidenceRing | None, pulse: Pulse) -> int:
    """What each child does: connect to the runtime and the camera, and read."""
    if ring:
        ring.count()  # an earlier child may have added to it
    with socket.socket(socket.AF_UNIX) as runtime:
        try:
            runtime.connect(asked.socket)
        except OSError as error:
            return _cannot_start(asked, error)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the runtime ended while a reading was on its way
            Worker(open_camera(asked.connect, asked.frames_per_trigger), desk, runtime, pulse).serve(asked.camera)
    return ENDED


def _cannot_start(asked: argparse.Namespace, error: Exception) -> int:
    sys.stderr.write(f"vision worker for {asked.camera} cannot start: {error}\n")
    return CANNOT_START


def _ring(asked: argparse.Namespace) -> EvidenceRing | None:
    if not asked.evidence:
        return None
    return EvidenceRing(asked.evidence / asked.camera, DayKeys(asked.evidence / "keys"), asked.evidence_max)


def _desk(asked: argparse.Namespace, ring: EvidenceRing | None) -> Desk:
    if not asked.layouts:
        return LabelDesk(ring, PrintedNumber())
    return DocumentDesk([load_document_layout(path) for path in asked.layouts], load_site_key(asked.site_key), ring)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vision.worker", description="reads one camera for the runtime on a local socket")
    parser.add_argument("--camera", required=True, help="name of the camera, e.g. id_camera")
    parser.add_argument("--connect", required=True, metavar="ADDRESS", help="the camera's address, see vision/cameras.py")
    parser.add_argument("--frames-per-trigger", type=int, default=2, help="exposures of a burst")
    parser.add_argument("--socket", required=True, metavar="PATH", help="the runtime's local socket")
    parser.add_argument("--layouts", nargs="*", type=Path, default=[], help="document layouts; none: a label camera")
    parser.add_argument("--site-key", type=Path, default=Path("site.key"), help="key of the tokens, at least 32 bytes")
    parser.add_argument("--evidence", type=Path, help="folder for sealed pictures; without it none are kept")
    parser.add_argument("--evidence-max", type=int, default=2000, help="pictures kept")
    parser.add_argument("--memory-max-mb", type=int, default=1536, help="limit of the data segment (RLIMIT_DATA)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
