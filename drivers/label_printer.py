"""A ZPL label printer on raw TCP: formats on one connection, ~HS host status on another.

Zebra's programming guide, ~HS: three strings <STX>…<ETX><CR><LF>. A printer that is out of media or ribbon, or whose head
is open, may not answer at all; so silence is a state of its own and never means ready.
"""

import asyncio
from typing import NamedTuple

from drivers.ports import LinkLost

ETX = b"\x03"
REPLY_STRINGS = 3
REPLY_BYTES_MAX = 512
FIELDS = (12, 11, 2)
"""comma separated fields of each string"""


class HostStatus(NamedTuple):
    """What ~HS tells; names after the programming guide."""

    paper_out: bool
    paused: bool
    formats_in_buffer: int
    buffer_full: bool
    partial_format: bool
    corrupt_ram: bool
    under_temperature: bool
    over_temperature: bool
    head_up: bool
    ribbon_out: bool
    label_waiting: bool
    labels_remaining: int


def parse_host_status(reply: bytes) -> HostStatus | None:
    """The three ~HS strings; None when they are not what the guide says (never an exception)."""
    strings = reply.split(ETX)
    if len(strings) != REPLY_STRINGS + 1 or strings[-1].strip(b"\r\n"):
        return None
    rows = [string.lstrip(b"\r\n").removeprefix(b"\x02").split(b",") for string in strings[:REPLY_STRINGS]]
    if tuple(len(row) for row in rows) != FIELDS:
        return None
    if not all(field.isdigit() and len(field) <= 8 for row in rows[:2] for field in row):
        return None
    first, second = ([int(field) for field in row] for row in rows[:2])
    return HostStatus(
        paper_out=bool(first[1]),
        paused=bool(first[2]),
        formats_in_buffer=first[4],
        buffer_full=bool(first[5]),
        partial_format=bool(first[7]),
        corrupt_ram=bool(first[9]),
        under_temperature=bool(first[10]),
        over_temperature=bool(first[11]),
        head_up=bool(second[2]),
        ribbon_out=bool(second[3]),
        label_waiting=bool(second[7]),
        labels_remaining=second[8],
    )


def state_of(status: HostStatus | None) -> str:
    """One word, the worst first; what has no word of its own is `unknown`, which is not ready."""
    if status is None:
        return "unknown"
    unfit = status.buffer_full or status.corrupt_ram or status.under_temperature or status.over_temperature
    working = status.formats_in_buffer > 0 or status.partial_format or status.labels_remaining > 0
    words = (
        (status.head_up, "head_open"),
        (status.paper_out, "media_out"),
        (status.ribbon_out, "ribbon_out"),
        (status.paused, "paused"),
        (unfit, "unknown"),
        (status.label_waiting, "label_waiting"),
        (working, "busy"),
    )
    return next((word for true, word in words if true), "ready")


class _Connection:
    """One TCP connection, opened when it is needed and dropped after any error."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The streams; a connection that the printer closed meanwhile is replaced. Raises OSError."""
        if self._streams is not None and (self._streams[0].at_eof() or self._streams[1].is_closing()):
            self.drop()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams

    def drop(self) -> None:
        """Cut at once, whatever is still unsent."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


class ZplPrinter:
    """LabelPrinterPort for printers that speak ZPL II. `status_port` may be the data port or the status channel (9200)."""

    def __init__(self, host: str, port: int, status_port: int, reply_timeout_ms: int) -> None:
        self._address = f"{host}:{port}"
        self._data = _Connection(host, port)
        self._status = _Connection(host, status_port)
        self._timeout_s = reply_timeout_ms / 1000

    async def status(self) -> str:
        """Normalised state; `silent`: connected, no answer in time. `lost`: no connection. Never raises.

        A late answer must not be taken for the next one's, so silence drops the connection.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, writer = await self._status.open()
        except OSError:  # TimeoutError is one
            self._status.drop()
            return "lost"
        try:
            async with asyncio.timeout(self._timeout_s):
                writer.write(b"~HS\r\n")
                state = state_of(parse_host_status(await self._reply(reader)))
        except TimeoutError:
            state = "silent"
        except (OSError, asyncio.IncompleteReadError):
            state = "lost"
        if state in {"silent", "lost", "unknown"}:
            self._status.drop()
        return state

    async def _reply(self, reader: asyncio.StreamReader) -> bytes:
        reply = b""
        while reply.count(ETX) < REPLY_STRINGS and len(reply) < REPLY_BYTES_MAX:
            chunk = await reader.read(REPLY_BYTES_MAX)
            if not chunk:
                raise asyncio.IncompleteReadError(reply, None)
            reply += chunk
        return reply

    async def send(self, fmt: bytes) -> None:
        """Send one format, once. LinkLost: nobody knows whether it will be printed; it must not be sent again."""
        try:
            async with asyncio.timeout(self._timeout_s):
                _, writer = await self._data.open()
                writer.write(fmt)
                await writer.drain()
        except OSError as error:
            self._data.drop()
            raise LinkLost(
                f"printer {self._address}: connection lost while a label was sent ({str(error) or 'timeout'}); "
                "check the printer's power and cable, then look for a label that nobody expects"
            ) from error

    async def close(self) -> None:
        """Drop both connections."""
        self._data.drop()
        self._status.drop()
