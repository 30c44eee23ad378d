"""A scale on a serial line, in whatever format the line's configuration names."""

from drivers.ports import BadReply
from drivers.serial_line import SerialLine
from line_config.scale_format import ScaleFormat, ScaleReading


class SerialScale:
    """Implements ScalePort. The constructor does not open the device."""

    def __init__(self, device: str, baud: int, fmt: ScaleFormat) -> None:
        self._line = SerialLine("scale", device, baud)
        self._format = fmt
        self._where = f"scale {device}"

    async def connect(self) -> None:
        """Open the device. Raises LinkLost."""
        await self._line.connect()

    async def read(self) -> ScaleReading:
        """The next reading. Raises LinkLost or BadReply."""
        text = await self._line.read()
        reading = self._format.parse(text)
        if reading is None:
            raise BadReply(f"{self._where}: {text[:40]!r} is not of the format {self._format.name}; check the scale's settings")
        return reading

    async def close(self) -> None:
        """Close the device; never raises."""
        await self._line.close()
