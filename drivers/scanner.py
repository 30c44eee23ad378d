"""A code reader on a serial line: lines of ASCII text, ended by CR, LF or both."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import serial  # type: ignore[import-untyped]
import serial_asyncio_fast

from drivers.ports import BadReply, LinkLost

LINE_MAX_BYTES = 128
NO_READ = "NOREAD"


class SerialScanner:
    """Implements ScannerPort. The constructor does not open the device."""

    def __init__(self, device: str, baud: int) -> None:
        self._device = device
        self._baud = baud
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
            raise LinkLost(
                f"scanner {self._device}: cannot be opened ({error}); check the cable and the device name"
            ) from error

    async def read(self) -> str:
        """The next text; "" = the scanner said that it could not read. Raises LinkLost or BadReply."""
        if self._reader is None:
            raise LinkLost(f"scanner {self._device}: not connected")
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            await self._reader.readexactly(error.consumed)
            raise BadReply(f"scanner {self._device}: more than {LINE_MAX_BYTES} bytes without an end of line") from error
        except (asyncio.IncompleteReadError, serial.SerialException, OSError) as error:
            raise LinkLost(f"scanner {self._device}: gone ({error}); plug it in again") from error
        try:
            text = line.strip(b"\r\n\x00 ").decode("ascii")
        except UnicodeDecodeError as error:
            raise BadReply(f"scanner {self._device}: bytes that are no text; check its baud rate ({self._baud})") from error
        if not text.isprintable():
            raise BadReply(f"scanner {self._device}: control characters in a text; check its baud rate ({self._baud})")
        return "" if text == NO_READ else text

    async def close(self) -> None:
        """Close the device; never raises."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.transport.abort()
        await asyncio.sleep(0)
