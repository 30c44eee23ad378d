"""A code reader on a serial line: lines of ASCII text, ended by CR, LF or both."""

import re

from drivers.ports import BadReply
from drivers.serial_line import SerialLine

NO_READ = "NOREAD"
IDENTIFIER = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
"""what a scanner may put in front of a text (ISO/IEC 15424)"""


def without_identifier(text: str) -> str:
    """A scanned text without its symbology's identifier and without blanks around it."""
    return IDENTIFIER.sub("", text.strip())


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
