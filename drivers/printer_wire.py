"""The wires of a label printer: TCP (port 9100 and the like) or a serial line; opened when needed, dropped after any error."""

import asyncio
from typing import Protocol

from drivers.ports import LinkLost
from drivers.serial_line import open_port

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
BITS_A_BYTE = 10
"""on a serial line: start, eight bits, stop"""


class PrinterWire(Protocol):
    """One connection to a printer."""

    where: str
    hint: str
    """what a person looks at when it is lost"""

    async def open(self) -> Streams:
        """The streams. Raises OSError or LinkLost."""

    def takes_s(self, size: int) -> float:
        """How long so many bytes are on their way, where that matters."""

    def drop(self) -> None:
        """Cut at once, whatever is still unsent."""


class _Wire:
    """What both kinds share: streams that are kept until they are dropped."""

    where: str
    hint = "check the printer's power and cable"

    def __init__(self, where: str) -> None:
        self.where = where
        self._streams: Streams | None = None

    async def open(self) -> Streams:
        """The streams; a connection that the printer closed meanwhile is replaced. Raises OSError or LinkLost."""
        if self._streams is not None and (self._streams[0].at_eof() or self._streams[1].is_closing()):
            self.drop()
        if self._streams is None:
            self._streams = await self._connect()
        return self._streams

    async def _connect(self) -> Streams:
        raise AssertionError("a wire of no kind")

    def drop(self) -> None:
        """Cut at once, whatever is still unsent."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


class TcpWire(_Wire):
    """One TCP connection."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port}")
        self._host = host
        self._port = port

    async def _connect(self) -> Streams:
        return await asyncio.open_connection(self._host, self._port)

    def takes_s(self, size: int) -> float:
        """No time that matters."""
        del size
        return 0.0


class SerialWire(_Wire):
    """A serial device."""

    hint = "check the printer's power, its cable and the name of the device"

    def __init__(self, device: str, baud: int) -> None:
        super().__init__(device)
        self._baud = baud

    async def _connect(self) -> Streams:
        return await open_port("printer", self.where, self._baud)

    def takes_s(self, size: int) -> float:
        """A label of 15 kB takes 1.3 s at 115,200 baud, and a question behind it has no answer before."""
        return size * BITS_A_BYTE / self._baud


def wire_lost(wire: PrinterWire, error: OSError | LinkLost) -> LinkLost:
    """What to say when a label was being sent."""
    return LinkLost(
        f"printer {wire.where}: connection lost while a label was sent ({str(error) or 'timeout'}); "
        f"{wire.hint}, then look for a label that nobody expects"
    )
