"""A camera of kind `frames`: a TCP server that sends each exposure to the one client that it has.

On the wire, for each frame, big-endian: magic b"SLF1" · camera boot (u16) · trigger (u16) · k (u8) · 0 (u8) ·
exposure_us (u32) · width (u16) · height (u16), 18 bytes, then width × height bytes Mono8. `trigger` is the camera's exposure
count *after* the burst, mod 65536, as the PLC reports it; both frames of a burst carry it, with k = 0 and 1. The client sends
nothing.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HEADER = struct.Struct(">4sHHBxIHH")
MAGIC = b"SLF1"
_SEND_BUFFER_BYTES = 4 * 1024 * 1024

Image = NDArray[np.uint8]


class FramesServer:
    """One simulated camera. `fire` never waits: a client that does not keep up loses the oldest frames, a missing one all."""

    def __init__(self, boot: int, *, exposure_us: int = 300, queue_max: int = 16) -> None:
        self._boot, self._exposure_us, self._queue_max = boot, exposure_us, queue_max
        self._queue: deque[tuple[bytes, Image]] = deque()
        self._fired = asyncio.Event()
        self._came = asyncio.Event()
        self._accepted = 0
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.sent = 0
        self.dropped = 0

    @property
    def connected(self) -> bool:
        """Whether a client is there."""
        return self._client is not None

    async def has_accepted(self, number: int) -> None:
        """Wait until so many clients have come: one that believes to be connected may still wait in the listener's queue."""
        while self._accepted < number:
            self._came.clear()
            await self._came.wait()

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port (the system's choice for port 0)."""
        listener = socket.create_server((host, port))
        listener.setblocking(False)
        self._listener = listener
        self._tasks = [
            asyncio.create_task(self._accept(listener), name="camera accept"),
            asyncio.create_task(self._send(), name="camera send"),
        ]
        return int(listener.getsockname()[1])

    async def stop(self) -> None:
        """Close the listener and the client."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._drop_client()
        if self._listener:
            self._listener.close()

    def fire(self, trigger: int, frames: Sequence[Image]) -> None:
        """Queue a burst; `trigger` is the exposure count after it."""
        for k, frame in enumerate(frames):
            if self._client is None or len(self._queue) >= self._queue_max:
                self.dropped += 1
            if self._client is None:
                continue
            if len(self._queue) >= self._queue_max:
                self._queue.popleft()
            height, width = frame.shape
            header = HEADER.pack(MAGIC, self._boot, trigger % 65536, k, self._exposure_us, width, height)
            self._queue.append((header, np.ascontiguousarray(frame)))
        self._fired.set()

    async def _accept(self, listener: socket.socket) -> None:
        """The newest client wins: a worker that was restarted must not wait for the end of its predecessor."""
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            self._drop_client()
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client = client
            self._accepted += 1
            self._came.set()

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._fired.wait()
            self._fired.clear()
            while self._queue and (client := self._client):
                header, frame = self._queue.popleft()
                try:
                    await loop.sock_sendall(client, header)
                    await loop.sock_sendall(client, frame.data.cast("B"))
                    self.sent += 1
                except OSError:
                    self.dropped += 1
                    if client is self._client:
                        self._drop_client()

    def _drop_client(self) -> None:
        """Close the client; a frame that is being sent to it ends with OSError."""
        self._queue.clear()
        if self._client:
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)
            self._client.close()
            self._client = None
