"""A code reader on a serial line: lines of ASCII text, ended by CR, LF or both."""

from drivers.ports import BadReply
from drivers.serial_line import SerialLine

NO_READ = "NOREAD"


class SerialScanner:
    """Implements ScannerPort: the induction scanner, or one in a hand. The constructor does not open the device."""

    def __init__(self, device: str, baud: int) -> None:
        self._line = SerialLine("scanner", device, baud)
        self._hint = f"scanner {device}: control characters in a text; check its baud rate ({baud})"

    async def connect(self) -> None:
        """Open the device. Raises LinkLost."""
        await self._line.connect()

    async def read(self) -> str:
        """The next text; "" = the scanner said that it could not read. Raises LinkLost or BadReply."""
        text = await self._line.read()
        if not text.isprintable():
            raise BadReply(self._hint)
        return "" if text == NO_READ else text

    async def close(self) -> None:
        """Close the device; never raises."""
        await self._line.close()
