"""What both PLC servers share: a TCP listener in front of one unit, with knobs for the faults of real networks."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from simulators.listening import stop_accepting


class Unit(Protocol):
    """A PLC's memory as the wire sees it."""

    def read(self) -> tuple[int, ...]:
        """PLC → edge words, of one scan."""

    def write(self, words: Sequence[int]) -> None:
        """Edge → PLC words, taken over at the next scan."""


class Knobs:
    """How the wire misbehaves; all off by default."""

    def __init__(self) -> None:
        self.silent = False
        """takes requests and never answers"""
        self.delay_s = 0.0
        self.refuse = False
        """answers every request with the protocol's error"""


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class TcpUnitServer:
    """Listens, and gives each connection to `talk` until it ends."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, None] = {}
        self.connections = 0

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port (the system's choice for 0)."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open[writer] = None
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._open.pop(writer, None)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    def drop_connections(self) -> None:
        """Cut every open connection."""
        for writer in list(self._open):
            writer.transport.abort()

    async def close(self) -> None:
        """Stop listening and cut what is open."""
        if self._server is not None:
            await stop_accepting(self._server)
            self.drop_connections()
            await self._server.wait_closed()
            self._server = None
