"""A code reader on a pseudo-terminal: the induction scanner, or one in a hand."""

from simulators.serial_device import SerialDevice


class Scanner(SerialDevice):
    """Says what it read."""

    def emit(self, text: str) -> None:
        """A parcel passed; "" = it could not be read."""
        self.send((text or "NOREAD").encode("ascii") + b"\r\n")
