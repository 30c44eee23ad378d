"""A device on a serial line that sends lines of text; the one file that knows the serial library."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import serial  # type: ignore[import-untyped]
import serial_asyncio_fast

from drivers.ports import BadReply, LinkLost

LINE_MAX_BYTES = 128


class SerialLine:
    """One device. `what` is its name for people. The constructor does not open it."""

    def __init__(self, what: str, device: str, baud: int, *, end: bytes = b"\n") -> None:
        self._where = f"{what} {device}"
        self._device = device
        self._baud = baud
        self._end = end
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """Open the device. Raises LinkLost."""
        await self.close()
        opening: Coroutine[Any, Any, tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        opening = serial_asyncio_fast.open_serial_connection(url=self._device, baudrate=self._baud, limit=LINE_MAX_BYTES)
        try:
            self._reader, self._writer = await opening
        except (serial.SerialException, OSError) as error:
            raise LinkLost(f"{self._where}: cannot be opened ({error}); check the cable and the device name") from error

    async def read(self) -> str:
        """The next line without its end, and without blanks and NULs around it. Raises LinkLost or BadReply."""
        if self._reader is None:
            raise LinkLost(f"{self._where}: not connected")
        try:
            line = await self._reader.readuntil(self._end)
        except asyncio.LimitOverrunError as error:
            await self._reader.readexactly(error.consumed)
            raise BadReply(f"{self._where}: more than {LINE_MAX_BYTES} bytes without an end of line") from error
        except (asyncio.IncompleteReadError, serial.SerialException, OSError) as error:
            raise LinkLost(f"{self._where}: gone ({error}); plug it in again") from error
        try:
            return line.strip(b"\r\n\x00 ").decode("ascii")
        except UnicodeDecodeError as error:
            raise BadReply(f"{self._where}: bytes that are no text; check its baud rate ({self._baud})") from error

    async def close(self) -> None:
        """Close the device; never raises."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.transport.abort()
        await asyncio.sleep(0)
