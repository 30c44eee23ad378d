"""Label printers that behave like real ones, on TCP or a serial line: they burn what they are sent, in ZPL or TSPL.

A Zebra is silent when it is out of media or ribbon, or its head is open (older ones answer with the flag); a clone never
answers; a printer may reboot and keep its queue, answer garbage, or print a torn label once more unless it was told not to.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from simulators.bodies import PhysicalLabel
from simulators.printed_label import PrintedLabel
from simulators.serial_device import SerialDevice
from simulators.tspl import TsplInterpreter
from simulators.zpl import ZplInterpreter

# A control command inside a format is found first: the format matches once it has been taken out.
_COMMAND = re.compile(rb"~(?P<control>HS|HI|HQES|SD\d\d)(\r?\n)?|\^XA[^~]*?\^XZ")
FEED_S = 0.01
FORMATS_MAX = 100
DOTS_PER_MM = 8
IDENTITY = b"\x02ZE511-8dpm,V93.21.27Z,8,32768KB\x03\r\n"


class PrinterBody(Protocol):
    """The printer's mechanics, which belong to the plant."""

    @property
    def media(self) -> bool:
        """Whether there is a roll."""

    @property
    def head_open(self) -> bool:
        """Whether the head is open."""

    @property
    def busy(self) -> bool:
        """Whether a label is being printed."""

    @property
    def label_waiting(self) -> bool:
        """Whether a label stands at the peel bar."""

    def begin_print(self, label: PhysicalLabel, now_ms: int) -> bool:
        """Start to print; False when it cannot (busy, label not taken, no media, head open): offered again later."""


class LabelPrinter:
    """The electronics: connections, interpreter, buffer of formats, status.

    The labels that it hands to the mechanics carry the PrintedLabel as their `bitmap`.
    """

    def __init__(
        self,
        body: PrinterBody,
        now_ms: Callable[[], int],
        *,
        dialect: str = "zpl",
        never_answers: bool = False,
        silent_when_unfit: bool | None = None,
    ) -> None:
        self._body = body
        self._now_ms = now_ms
        self._waiting: deque[PhysicalLabel] = deque()
        self._writers: dict[asyncio.StreamWriter, None] = {}
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._mouth: Mouth = TsplMouth(self) if dialect == "tspl" else ZplMouth(self)
        self.never_answers = never_answers
        """a clone that knows no questions"""
        self.silent_when_unfit = dialect == "zpl" if silent_when_unfit is None else silent_when_unfit
        """current Zebra firmware; older ones, and TSPL printers, answer with the flag set"""
        self.garbage = False
        """its answers make no sense"""
        self.ribbon_out = False
        self.paused = False
        self.formats_received = 0

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port (a free one for 0). Any number of connections, as on 9100."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Power off."""
        self._cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _cut(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for writer in self._writers:
            writer.transport.abort()

    def reboot(self, *, keeps_queue: bool) -> None:
        """All connections are gone, and so is what was half received; formats that were whole may have been kept."""
        self._cut()
        self._mouth = type(self._mouth)(self)
        self.paused = False
        if not keeps_queue:
            self._waiting.clear()
        self.feed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers[writer] = None
        received = b""
        try:
            while chunk := await reader.read(65536):
                received, answers = self.receive(received + chunk)
                if answers:
                    writer.write(answers)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            del self._writers[writer]
            writer.close()

    def receive(self, received: bytes) -> tuple[bytes, bytes]:
        """What one connection sent so far → what of it is still incomplete, and the answer."""
        return self._mouth.receive(received)

    # --- formats ---
    def take(self, printed: PrintedLabel) -> None:
        """A format is whole: it waits for its turn."""
        self.formats_received += 1
        if len(self._waiting) < FORMATS_MAX:
            self._waiting.append(PhysicalLabel(printed.code128, printed.qr, printed))
        self.feed()

    def feed(self) -> None:
        """Hand the oldest format to the mechanics as soon as they take it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and not self.unfit() and self._body.begin_print(self._waiting[0], self._now_ms()):
            label = self._waiting.popleft()
            if not self._body.media and label.bitmap.reprint_after_error:
                self._waiting.appendleft(label)  # it was torn: by itself the printer begins it again on the next roll
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(FEED_S, self.feed)

    # --- status ---
    def unfit(self) -> bool:
        """Whether it cannot print."""
        return not self._body.media or self._body.head_open or self.ribbon_out or self.paused

    def says(self, answer: bytes) -> bytes:
        """What really leaves it of an answer."""
        body = self._body
        mute = self.silent_when_unfit and (not body.media or body.head_open or self.ribbon_out)
        if self.never_answers or mute:
            return b""
        return bytes(byte ^ 0x55 for byte in answer) if self.garbage else answer

    @property
    def body(self) -> PrinterBody:
        """Its mechanics."""
        return self._body

    @property
    def queued(self) -> int:
        """Formats in its buffer."""
        return len(self._waiting)


class Mouth(Protocol):
    """A language."""

    def __init__(self, printer: LabelPrinter) -> None: ...

    def receive(self, received: bytes) -> tuple[bytes, bytes]:
        """What one connection sent so far → what of it is still incomplete, and the answer."""


class ZplMouth:
    """ZPL II. Control commands (~) work at once, even in the middle of a format."""

    def __init__(self, printer: LabelPrinter) -> None:
        self._printer = printer
        self._interpreter = ZplInterpreter()

    def receive(self, received: bytes) -> tuple[bytes, bytes]:
        """See Mouth."""
        answers = b""
        while (match := _COMMAND.search(received)) is not None:
            control = match["control"]
            if control is None:
                self._printer.take(self._interpreter.interpret(match[0].decode("latin-1")))
                received = received[match.end() :]
            else:
                answers += self._answer(control)
                received = received[: match.start()] + received[match.end() :]
        begun = received.find(b"^XA")
        return (received[begun:] if begun >= 0 else received[-4:]), answers

    def _answer(self, control: bytes) -> bytes:
        printer = self._printer
        if control == b"HI":
            return b"" if printer.never_answers else IDENTITY
        if control == b"HQES":
            return printer.says(self._errors())
        return printer.says(self._host_status()) if control == b"HS" else b""

    def _errors(self) -> bytes:
        """~HQES: the errors' bits of the programming guide's table."""
        printer, body = self._printer, self._printer.body
        bits = (not body.media) | printer.ribbon_out << 1 | body.head_open << 2 | printer.paused << 16
        rows = ("", "", "PRINTER STATUS", f"   ERRORS:         {int(bits > 0)} 00000000 {bits:08X}")
        return b"\x02" + "\r\n".join((*rows, "   WARNINGS:       0 00000000 00000000", "\x03")).encode("ascii")

    def _host_status(self) -> bytes:
        """~HS of the programming guide."""
        printer, body = self._printer, self._printer.body
        formats, length_dots = printer.queued, self._interpreter.height_dots
        full = int(formats >= FORMATS_MAX)
        strings = (
            f"030,{int(not body.media)},{int(printer.paused)},{length_dots:04d},{formats:03d},{full},0,0,000,0,0,0",
            f"000,0,{int(body.head_open)},{int(printer.ribbon_out)},1,4,6,{int(body.label_waiting)},{int(body.busy):08d},1,000",
            "1234,0",
        )
        return b"".join(b"\x02" + string.encode("ascii") + b"\x03\r\n" for string in strings)


class TsplMouth:
    """TSPL2. <ESC> commands work at once."""

    def __init__(self, printer: LabelPrinter) -> None:
        self._printer = printer
        self._interpreter = TsplInterpreter(DOTS_PER_MM, self._answer)

    def receive(self, received: bytes) -> tuple[bytes, bytes]:
        """See Mouth."""
        rest, answers, printed = self._interpreter.receive(received)
        for label in printed:
            self._printer.take(label)
        return rest, answers

    def _answer(self, code: bytes) -> bytes:
        if code not in {b"?", b"S"}:
            return b""
        return self._printer.says(self._byte() if code == b"?" else self._status())

    def _byte(self) -> bytes:
        """<ESC>!? of the programming manual."""
        printer, body = self._printer, self._printer.body
        bits = body.head_open | (not body.media) << 2 | printer.ribbon_out << 3 | printer.paused << 4
        return bytes([bits | (body.busy or printer.queued > 0) << 5])

    def _status(self) -> bytes:
        """<ESC>!S of the programming manual."""
        printer, body = self._printer, self._printer.body
        does = "E" if printer.unfit() else "L" if body.label_waiting else "P" if body.busy or printer.queued else "@"
        media = 0x40 | (not body.media) | printer.ribbon_out << 2 | body.head_open << 5
        return f"\x02{'`' if printer.paused else does}@@{chr(media)}\x03\r\n".encode("ascii")


class SerialPort(SerialDevice):
    """The printer's serial side: a pseudo-terminal at `path`."""

    def __init__(self, path: Path, printer: LabelPrinter) -> None:
        super().__init__(path)
        self._printer = printer
        self._received = b""

    def plug_in(self) -> None:
        """Make the device, and listen to it."""
        super().plug_in()
        self._received = b""
        asyncio.get_running_loop().add_reader(self.end, self._heard)

    def unplug(self) -> None:
        """The device goes away."""
        asyncio.get_running_loop().remove_reader(self.end)
        super().unplug()

    def _heard(self) -> None:
        self._received, answers = self._printer.receive(self._received + self.hear())
        if answers:
            self.send(answers)
