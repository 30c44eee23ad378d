"""What a camera is to its worker, and the client of a camera of kind `frames`: a header, then Mono8 pixels.

For each frame, big-endian: magic b"SLF1" · camera boot (u16) · trigger (u16) · k (u8) · 0 (u8) · exposure_us (u32) ·
width (u16) · height (u16), then width × height bytes. `trigger` is the exposure count after the burst, mod 65536.
"""

import select
import socket
import struct
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.errors import BadFrame, CameraLost

HEADER = struct.Struct(">4sHHBxIHH")
MAGIC = b"SLF1"
SIDE_MIN_PX, SIDE_MAX_PX, PIXELS_MAX = 64, 8192, 32_000_000
TRIGGER_MODULUS = 65536
_CONNECT_TIMEOUT_S = 2.0
_FRAME_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Frame:
    """One exposure; `pixels` has shape (height, width)."""

    camera_boot: int
    trigger: int
    k: int
    exposure_us: int
    pixels: NDArray[np.uint8]


class Camera(Protocol):
    """A source of frames. The constructor does not connect; after an error the connection has been dropped."""

    def connect(self) -> None:
        """Open it. Raises CameraLost."""

    def frame(self, timeout_s: float) -> Frame | None:
        """The next frame, None if none began within `timeout_s`. Raises CameraLost, BadFrame or BadPicture."""

    def close(self) -> None:
        """Drop the connection; never raises."""

    def exposures(self) -> int:
        """How often it has been exposed since it was connected, mod 65536; -1: its frames bear the PLC's count."""


class Bursts:
    """Numbers the exposures of a camera that does not do so itself: k within the burst, count after the burst."""

    def __init__(self, frames_per_trigger: int, exposed: int = 0) -> None:
        self._size, self._exposed = frames_per_trigger, exposed

    def at(self, exposed: int) -> tuple[int, int]:
        """(trigger, k) of the exposure with this number, from 0."""
        k = exposed % self._size
        return (exposed - k + self._size) % TRIGGER_MODULUS, k

    @property
    def exposed(self) -> int:
        """Exposures so far, mod 65536."""
        return self._exposed % TRIGGER_MODULUS

    def next(self) -> tuple[int, int]:
        """(trigger, k) of the next exposure."""
        self._exposed += 1
        return self.at(self._exposed - 1)


def parse_header(data: bytes) -> tuple[Frame, int, int]:
    """A frame without pixels, its width and height. Raises BadFrame for anything that is not a plausible header."""
    magic, boot, trigger, k, exposure_us, width, height = HEADER.unpack(data)
    if magic != MAGIC:
        raise BadFrame(f"the camera sent {magic!r} instead of a frame: it speaks another protocol, check its kind and port")
    check_size(width, height)
    return Frame(boot, trigger, k, exposure_us, np.empty((0, 0), np.uint8)), width, height


def check_size(width: int, height: int) -> None:
    """Raises BadFrame for a frame of a size that no camera of a line has."""
    if not (SIDE_MIN_PX <= width <= SIDE_MAX_PX and SIDE_MIN_PX <= height <= SIDE_MAX_PX and width * height <= PIXELS_MAX):
        raise BadFrame(f"the camera announced a frame of {width} × {height} px: check its region of interest")


class FramesCamera:
    """One connection to one camera of kind `frames`."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Open the connection. Raises CameraLost."""
        self.close()
        try:
            self._socket = socket.create_connection(self._address, _CONNECT_TIMEOUT_S)
        except OSError as error:
            raise CameraLost(f"camera {self._where} does not answer ({error}): check its power, network and address") from error
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket.settimeout(_FRAME_TIMEOUT_S)

    def frame(self, timeout_s: float) -> Frame | None:
        """The next frame, None if none began in time. Raises CameraLost or BadFrame."""
        readable, _, _ = select.select([self._connected()], [], [], timeout_s)
        return self.read() if readable else None

    def exposures(self) -> int:
        """Its frames bear the PLC's count, by the protocol."""
        return -1

    def read(self) -> Frame:
        """The next frame, however long it takes to begin. Raises CameraLost or BadFrame."""
        try:
            head, width, height = parse_header(bytes(self._receive(HEADER.size)))
            pixels = np.frombuffer(self._receive(width * height), np.uint8).reshape(height, width)
        except (CameraLost, BadFrame):
            self.close()
            raise
        return Frame(head.camera_boot, head.trigger, head.k, head.exposure_us, pixels)

    def close(self) -> None:
        """Drop the connection; never raises."""
        if self._socket:
            self._socket.close()
            self._socket = None

    @property
    def _where(self) -> str:
        return f"{self._address[0]}:{self._address[1]}"

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise CameraLost(f"camera {self._where} is not connected")
        return self._socket

    def _receive(self, count: int) -> bytearray:
        wire, data = self._connected(), bytearray(count)
        view, filled = memoryview(data), 0
        while filled < count:
            try:
                received = wire.recv_into(view[filled:])
            except OSError as error:
                raise CameraLost(f"camera {self._where} went silent within a frame ({error}): check its cable") from error
            if not received:
                raise CameraLost(f"camera {self._where} closed the connection: it restarted, or another client took it")
            filled += received
        return data
