"""A label printer on TCP that behaves like a Zebra: it burns what it is sent, and is silent when it is out of media."""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from typing import Protocol

from simulators.bodies import PhysicalLabel
from simulators.zpl import ZplInterpreter

# A control command inside a format is found first: the format matches once it has been taken out.
_COMMAND = re.compile(rb"~(?P<control>HS|HI|SD\d\d)(\r?\n)?|\^XA[^~]*?\^XZ")
FEED_S = 0.01
FORMATS_MAX = 100
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
    """The electronics: connections, interpreter, buffer of formats, host status.

    The labels that it hands to the mechanics carry the PrintedLabel as their `bitmap`.
    """

    def __init__(
        self, body: PrinterBody, now_ms: Callable[[], int], *, never_answers: bool = False, silent_when_unfit: bool = True
    ) -> None:
        self._body = body
        self._now_ms = now_ms
        self._interpreter = ZplInterpreter()
        self._waiting: deque[PhysicalLabel] = deque()
        self._writers: dict[asyncio.StreamWriter, None] = {}
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.never_answers = never_answers
        """a clone without ~HS"""
        self.silent_when_unfit = silent_when_unfit
        """current firmware; older ones answer with the flag set"""
        self.ribbon_out = False
        self.paused = False
        self.formats_received = 0

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port (a free one for 0). Any number of connections, as on 9100."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Power off."""
        if self._timer is not None:
            self._timer.cancel()
        for writer in self._writers:
            writer.transport.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

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
        """What one connection sent so far → what of it is still incomplete, and the answer.

        Control commands (~) work at once, even in the middle of a format.
        """
        answers = b""
        while (match := _COMMAND.search(received)) is not None:
            control = match["control"]
            if control is None:
                self._take(match[0])
                received = received[match.end() :]
            else:
                answers += self._answer(control)
                received = received[: match.start()] + received[match.end() :]
        begun = received.find(b"^XA")
        return (received[begun:] if begun >= 0 else received[-4:]), answers

    def _take(self, fmt: bytes) -> None:
        self.formats_received += 1
        if len(self._waiting) < FORMATS_MAX:
            printed = self._interpreter.interpret(fmt.decode("latin-1"))
            self._waiting.append(PhysicalLabel(printed.code128, printed.qr, printed))
        self._feed()

    def _feed(self) -> None:
        """Hand the oldest format to the mechanics as soon as they take it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and not self._unfit() and self._body.begin_print(self._waiting[0], self._now_ms()):
            self._waiting.popleft()
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(FEED_S, self._feed)

    def _unfit(self) -> bool:
        return not self._body.media or self._body.head_open or self.ribbon_out or self.paused

    def _answer(self, control: bytes) -> bytes:
        if control == b"HI":
            return b"" if self.never_answers else IDENTITY
        return self._host_status() if control == b"HS" else b""

    def _host_status(self) -> bytes:
        """~HS of the programming guide; current firmware does not answer without media or ribbon or with an open head."""
        body = self._body
        mute = self.silent_when_unfit and (not body.media or body.head_open or self.ribbon_out)
        if self.never_answers or mute:
            return b""
        formats, length_dots = len(self._waiting), self._interpreter.height_dots
        full = int(formats >= FORMATS_MAX)
        strings = (
            f"030,{int(not body.media)},{int(self.paused)},{length_dots:04d},{formats:03d},{full},0,0,000,0,0,0",
            f"000,0,{int(body.head_open)},{int(self.ribbon_out)},1,4,6,{int(body.label_waiting)},{int(body.busy):08d},1,000",
            "1234,0",
        )
        return b"".join(b"\x02" + string.encode("ascii") + b"\x03\r\n" for string in strings)
