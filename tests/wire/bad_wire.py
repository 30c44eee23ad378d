"""A wire that misbehaves by table: relays both protocols frame by frame, and does to an answer what a row says."""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Literal

from simulators.listening import stop_accepting

Protocol = Literal["modbus", "s7"]


class Act(Enum):
    """What can be sent other than bytes."""

    RST = auto()
    FIN = auto()
    MUTE = auto()
    """half-open: nothing more comes, nobody says so"""


class Slow(bytes):
    """Bytes that come one by one, each within the driver's limit, all of them far beyond it."""

    PAUSE_S = 0.08


Step = bytes | Act
Row = Callable[[bytes, bytes], list[Step]]
"""(this answer, the one before) → what comes instead"""


def frame_bytes(protocol: Protocol, head: bytes) -> int:
    """Length of a frame from its first bytes: MBAP counts what follows its length field, TPKT everything."""
    return 6 + int.from_bytes(head[4:6], "big") if protocol == "modbus" else int.from_bytes(head[2:4], "big")


def is_image(protocol: Protocol, frame: bytes) -> bool:
    """Whether this is the answer that carries the PLC's image: FC3, FC23, or S7 read."""
    if protocol == "modbus":
        return frame[7] in {3, 23}
    return len(frame) > 19 and frame[5] == 0xF0 and frame[19] == 4


class BadWire:
    """Listens, and relays to a server. Each row put into `rows` is applied to one answer that carries an image."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol: Protocol = protocol
        self.rows: deque[Row] = deque()
        self.refusing = False
        """takes connections and cuts them before the first answer"""
        self.outstanding = 0
        self.outstanding_max = 0
        self.requests = 0
        self.connections = 0
        self._upstream = 0
        self._before = b""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, upstream: int) -> int:
        """Listen in front of the server at port `upstream`."""
        self._upstream = upstream
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop, and cut what is open."""
        if self._server is None:
            return
        await stop_accepting(self._server)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        upstream_writer = None
        try:
            upstream, upstream_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
            self.outstanding = 0
            async with asyncio.TaskGroup() as both:
                both.create_task(self._requests(reader, upstream_writer))
                both.create_task(self._answers(upstream, writer))
        except (ExceptionGroup, OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for end in (writer, upstream_writer):
                if end is not None:
                    end.transport.abort()
                    with contextlib.suppress(OSError, asyncio.CancelledError):
                        await end.wait_closed()

    async def _frame(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readexactly(6)
        return head + await reader.readexactly(frame_bytes(self.protocol, head) - 6)

    async def _requests(self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter) -> None:
        while True:
            frame = await self._frame(reader)
            if self.refusing:
                raise ConnectionResetError
            self.requests += 1
            self.outstanding += 1
            self.outstanding_max = max(self.outstanding_max, self.outstanding)
            upstream.write(frame)

    async def _answers(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            frame = await self._frame(upstream)
            self.outstanding -= 1
            steps: list[Step] = [frame]
            if is_image(self.protocol, frame):
                if self.rows:
                    steps = self.rows.popleft()(frame, self._before or frame)
                self._before = frame
            for step in steps:
                await self._do(step, writer)

    async def _do(self, step: Step, writer: asyncio.StreamWriter) -> None:
        if isinstance(step, Slow):
            for n in range(len(step)):
                writer.write(step[n : n + 1])
                await asyncio.sleep(step.PAUSE_S)
        elif isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        elif step is Act.MUTE:
            await asyncio.Event().wait()
        else:
            if step is Act.RST:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise ConnectionResetError
