"""A small TSPL2 interpreter: jobs of lines, with binary dots behind BITMAP, and what a printer burns from them."""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from simulators.printed_label import SIDE_DOTS_MAX, Dots, PrintedLabel, printed_label

_BITMAP = re.compile(rb"BITMAP (\d{1,5}),(\d{1,5}),(\d{1,4}),(\d{1,5}),(\d),")
_SIZE = re.compile(rb"SIZE ([\d.]+) mm, ?([\d.]+) mm")
_PRINT = re.compile(rb"PRINT (\d{1,4})(?:,(\d{1,4}))?")
LINE_MAX = 4096


class Found(NamedTuple):
    """Bytes of a connection that are whole, and what to do with them."""

    begin: int
    end: int
    act: Callable[[], object]


class TsplInterpreter:
    """One printer's memory: size and SET REPRINT stay from job to job, and so does the canvas until CLS."""

    def __init__(self, dots_per_mm: int, answer: Callable[[bytes], bytes]) -> None:
        """`answer`: immediate command (its last byte) → what the printer says."""
        self._dots_per_mm = dots_per_mm
        self._answer = answer
        self.reprint_after_error = True
        self._canvas: Dots = np.zeros((1200, 800), dtype=bool)
        self._printed: list[PrintedLabel] = []
        self._answers = b""

    def receive(self, data: bytes) -> tuple[bytes, bytes, list[PrintedLabel]]:
        """What one connection sent so far → what of it is still incomplete, the answers, and the labels to print."""
        self._printed, self._answers = [], b""
        while data and (found := self._next(data)) is not None:
            found.act()
            data = data[: found.begin] + data[found.end :]
        return data, self._answers, self._printed

    def _next(self, data: bytes) -> Found | None:
        bitmap = _BITMAP.match(data)
        if bitmap is not None:
            x, y, row_bytes, rows, _ = map(int, bitmap.groups())
            end = bitmap.end() + row_bytes * rows
            return Found(0, end, lambda: self._bitmap(x, y, row_bytes, data[bitmap.end() : end])) if len(data) >= end else None
        escape, line_end = data.find(b"\x1b"), data.find(b"\n")
        if escape >= 0 and not 0 <= line_end < escape:
            # An immediate command may stand between two bytes of a line; it is no part of it.
            code = data[escape + 2 : escape + 3]
            return Found(escape, escape + 3, lambda: self._immediate(code)) if code else None
        if line_end < 0:
            return Found(0, LINE_MAX, lambda: None) if len(data) > LINE_MAX else None
        return Found(0, line_end + 1, lambda: self._line(data[:line_end].strip()))

    def _immediate(self, code: bytes) -> None:
        self._answers += self._answer(code)

    def _bitmap(self, x: int, y: int, row_bytes: int, dots: bytes) -> None:
        """Mode 0, overwrite; a 0 burns."""
        if not row_bytes:
            return
        rows = ~np.unpackbits(np.frombuffer(dots, dtype=np.uint8).reshape(-1, row_bytes), axis=1).astype(bool)
        part = self._canvas[y : y + rows.shape[0], x : x + rows.shape[1]]
        part[:] = rows[: part.shape[0], : part.shape[1]]

    def _line(self, line: bytes) -> None:
        size = _SIZE.fullmatch(line)
        if size is not None:
            width, height = (round(float(side) * self._dots_per_mm) for side in size.groups())
            self._canvas = np.zeros((min(max(height, 1), SIDE_DOTS_MAX), min(max(width, 1), SIDE_DOTS_MAX)), dtype=bool)
        elif line == b"CLS":
            self._canvas = np.zeros_like(self._canvas)
        elif line in {b"SET REPRINT ON", b"SET REPRINT OFF"}:
            self.reprint_after_error = line.endswith(b"ON")
        elif (print_ := _PRINT.fullmatch(line)) is not None:
            copies = int(print_[1]) * int(print_[2] or 1)
            label = printed_label(self._canvas, reprint_after_error=self.reprint_after_error)
            self._printed += [label] * min(copies, 10)
