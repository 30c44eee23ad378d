"""A device on a pseudo-terminal: a real serial line for whoever opens it."""

import os
import tty
from pathlib import Path


class SerialDevice:
    """Owns a pty whose other end is linked to the configured device name."""

    def __init__(self, device: Path) -> None:
        self._device = device
        self._master = -1
        self._slave = -1
        self.emitted = 0

    def plug_in(self) -> None:
        """Make the device."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._device.parent.mkdir(parents=True, exist_ok=True)
        self._device.unlink(missing_ok=True)
        self._device.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """The device goes away: whoever has it open sees an error."""
        for end in (self._master, self._slave):
            if end >= 0:
                os.close(end)
        self._master = self._slave = -1
        self._device.unlink(missing_ok=True)

    @property
    def end(self) -> int:
        """The device's own end, as a file descriptor."""
        return self._master

    def hear(self) -> bytes:
        """What was said to it."""
        try:
            return os.read(self._master, 65536)
        except OSError:
            return b""

    def send(self, data: bytes) -> None:
        """Say something. Nobody listening: it is gone, as on a real line."""
        self.emitted += 1
        try:
            os.write(self._master, data)
        except OSError:
            return
