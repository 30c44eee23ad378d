"""A device on a serial line that sends lines of text, ended by CR, LF or both; the one file that knows the serial library."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

import serial  # type: ignore[import-untyped]
import serial_asyncio_fast

from drivers.ports import BadReply, LinkLost

LINE_MAX_BYTES = 128
ENDS = re.compile(rb"[\r\n]")


async def open_port(what: str, device: str, baud: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a device. Raises LinkLost."""
    opening: Coroutine[Any, Any, tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    opening = serial_asyncio_fast.open_serial_connection(url=device, baudrate=baud)
    try:
        return await opening
    except (serial.SerialException, OSError) as error:
        raise LinkLost(f"{what} {device}: cannot be opened ({error}); check the cable and the device name") from error


class SerialLine:
    """One device. `what` is its name for people. The constructor does not open it."""

    def __init__(self, what: str, device: str, baud: int) -> None:
        self._what = what
        self._where = f"{what} {device}"
        self._endless = f"{what} {device}: more than {LINE_MAX_BYTES} bytes without an end of line"
        self._device = device
        self._baud = baud
        self._coming = bytearray()
        self._after_cr = False
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """Open the device. Raises LinkLost."""
        await self.close()
        self._reader, self._writer = await open_port(self._what, self._device, self._baud)
        self._coming.clear()

    async def read(self) -> str:
        """The next line without its end, and without blanks and NULs around it. Raises LinkLost or BadReply."""
        if self._reader is None:
            raise LinkLost(f"{self._where}: not connected")
        while (line := self._line()) is None:
            if len(self._coming) > LINE_MAX_BYTES:
                self._coming.clear()
                raise BadReply(self._endless)
            try:
                data = await self._reader.read(LINE_MAX_BYTES)
            except (serial.SerialException, OSError) as error:
                raise LinkLost(f"{self._where}: gone ({error}); plug it in again") from error
            if not data:
                raise LinkLost(f"{self._where}: gone; plug it in again")
            self._coming += data
        if len(line) > LINE_MAX_BYTES:
            raise BadReply(self._endless)
        try:
            return line.strip(b"\r\n\x00 ").decode("ascii")
        except UnicodeDecodeError as error:
            raise BadReply(f"{self._where}: bytes that are no text; check its baud rate ({self._baud})") from error

    def _line(self) -> bytes | None:
        """Take the first line out of what has come; None = it is not whole yet."""
        if self._after_cr and self._coming[:1] == b"\n":
            del self._coming[:1]
        end = ENDS.search(self._coming)
        if end is None:
            self._after_cr &= not self._coming
            return None
        line = bytes(self._coming[: end.start()])
        self._after_cr = end.group() == b"\r"
        del self._coming[: end.end()]
        return line

    async def close(self) -> None:
        """Close the device; never raises."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.transport.abort()
        await asyncio.sleep(0)
