"""A small ZPL II interpreter: what a printer really burns from the bytes that it gets, for labels sent as one ^GF graphic."""

import base64
import binascii
import re
import zlib
from collections.abc import Callable

import numpy as np

from simulators.printed_label import SIDE_DOTS_MAX, Dots, PrintedLabel, printed_label

_COMMAND = re.compile(r"\^([A-Z][A-Z0-9])([^\^~]*)")


class ZplInterpreter:
    """One printer's memory: width, length and ^JZ stay from format to format."""

    def __init__(self, width_dots: int = 800, height_dots: int = 1200) -> None:
        self.width_dots = width_dots
        self.height_dots = height_dots
        self.reprint_after_error = True
        self._origin = (0, 0)
        self._fields: list[tuple[int, int, Dots]] = []
        self._commands: dict[str, Callable[[str], None]] = {
            "PW": self._print_width,
            "LL": self._label_length,
            "JZ": self._reprint,
            "FO": self._field_origin,
            "GF": self._graphic_field,
        }

    def interpret(self, fmt: str) -> PrintedLabel:
        """One format, ^XA to ^XZ → the label. Commands it does not know or cannot follow print nothing, as in a printer."""
        self._fields.clear()
        self._origin = (0, 0)
        for code, argument in _COMMAND.findall(fmt):
            if code in self._commands:
                self._commands[code](argument.strip())
        canvas: Dots = np.zeros((self.height_dots, self.width_dots), dtype=bool)
        for x, y, dots in self._fields:
            part = canvas[y : y + dots.shape[0], x : x + dots.shape[1]]
            part |= dots[: part.shape[0], : part.shape[1]]
        return printed_label(canvas, reprint_after_error=self.reprint_after_error)

    def _print_width(self, argument: str) -> None:
        if argument.isdecimal():
            self.width_dots = min(max(int(argument), 1), SIDE_DOTS_MAX)

    def _label_length(self, argument: str) -> None:
        if argument.isdecimal():
            self.height_dots = min(max(int(argument), 1), SIDE_DOTS_MAX)

    def _reprint(self, argument: str) -> None:
        self.reprint_after_error = argument != "N"

    def _field_origin(self, argument: str) -> None:
        x, _, y = argument.partition(",")
        if x.isdecimal() and y.isdecimal():
            self._origin = (int(x), int(y))

    def _graphic_field(self, argument: str) -> None:
        parts = argument.split(",", 4)
        if len(parts) != 5 or parts[0] != "A" or not all(part.isdecimal() for part in parts[1:4]):
            return
        total, row_bytes = int(parts[2]), int(parts[3])
        data = _graphic_data(parts[4])
        if data is None or row_bytes == 0 or len(data) != total or total % row_bytes:
            return
        rows = np.frombuffer(data, dtype=np.uint8).reshape(-1, row_bytes)
        self._fields.append((*self._origin, np.unpackbits(rows, axis=1).astype(bool)))


def _graphic_data(text: str) -> bytes | None:
    """The bytes of a ^GFA field, written as hex or Z64; None when they are broken."""
    try:
        if not text.startswith(":Z64:"):
            return bytes.fromhex(text)
        coded, _, crc = text.removeprefix(":Z64:").rpartition(":")
        if int(crc, 16) != binascii.crc_hqx(coded.encode("ascii"), 0):
            return None
        return zlib.decompress(base64.b64decode(coded, validate=True))
    except (ValueError, zlib.error):
        return None
