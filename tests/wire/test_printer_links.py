"""The printer's link on real wires in both dialects: labels in order, a fault under one of them, nothing printed twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from drivers.label_printer import LabelPrinter as Driver
from drivers.label_printer import serial_printer, tcp_printer
from edge.core.commands import PrintLabel
from edge.core.device_events import LabelInDoubt, LabelPrinted, PrinterStatus, PrintFailed
from edge.core.event import Event
from edge.core.values import ItemId, LabelText, PrintId
from edge.runtime import label_link
from edge.runtime.clock import Clock
from edge.runtime.label_link import LabelLink
from simulators.bodies import PhysicalLabel
from simulators.label_printer import LabelPrinter, SerialPort

PRINT_S, TAKE_S = 0.06, 0.04


class Body:
    """Mechanics with a peel bar whose labels are taken."""

    def __init__(self) -> None:
        self.media, self.head_open, self.busy, self.label_waiting = True, False, False, False
        self.ends_in = ""
        self.labels: list[str] = []

    def begin_print(self, label: PhysicalLabel, now_ms: int) -> bool:
        """Print, unless the roll ends in this one."""
        if self.busy or self.label_waiting or not self.media or self.head_open:
            return False
        (printed,) = label.bitmap.bitmap[:1]
        if str(printed) == self.ends_in:
            self.media, self.ends_in = False, ""
            return True
        self.busy = True
        self.labels.append(str(printed))
        asyncio.get_running_loop().call_later(PRINT_S, self._printed)
        return True

    def _printed(self) -> None:
        self.busy, self.label_waiting = False, True
        asyncio.get_running_loop().call_later(TAKE_S, self._taken)

    def _taken(self) -> None:
        self.label_waiting = False


def zpl(text: LabelText) -> bytes:
    """A label of one row of eight dots: the print id in bits."""
    return f"^XA^JZN^PW8^LL8^FO0,0^GFA,1,1,1,{int(text.payload_qr):02X}^FS^XZ\r\n".encode()


def tspl(text: LabelText) -> bytes:
    """The same."""
    dots = bytes([int(text.payload_qr) ^ 0xFF])
    return b"SIZE 1 mm,1 mm\r\nSET REPRINT OFF\r\nCLS\r\nBITMAP 0,0,1,1,0," + dots + b"\r\nPRINT 1,1\r\n"


@asynccontextmanager
async def wires(dialect: str, wire: str, body: Body, folder: Path) -> AsyncIterator[Driver]:
    printer = LabelPrinter(body, lambda: 0, dialect=dialect)
    if wire == "serial":
        port = SerialPort(folder / "printer.tty", printer)
        port.plug_in()
        yield serial_printer(dialect, str(folder / "printer.tty"), 115200, 150, more=True)
        port.unplug()
    else:
        number = await printer.start("127.0.0.1", 0)
        yield tcp_printer(dialect, "127.0.0.1", number, number, 150, more=True)
    await printer.close()


@pytest.mark.parametrize("dialect", ["zpl", "tspl"])
@pytest.mark.parametrize("wire", ["tcp", "serial"])
async def test_labels_in_order_and_one_in_which_the_roll_ends(
    dialect: str, wire: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_link, "PAD_CLEARS_US", 200_000)
    body, events, moved = Body(), [], asyncio.Event()

    def offer(event: Event, **_: Any) -> bool:
        events.append(event)
        moved.set()
        return True

    async def until(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                moved.clear()
                await moved.wait()

    def ended() -> list[tuple[int, str]]:
        return [(e.print_id, type(e).__name__) for e in events if isinstance(e, LabelPrinted | PrintFailed | LabelInDoubt)]

    async def render(text: LabelText) -> bytes:
        return zpl(text) if dialect == "zpl" else tspl(text)

    async with wires(dialect, wire, body, tmp_path) as driver:
        link = LabelLink(driver, offer, Clock(), render, poll_ms=10, print_deadline_ms=1000)
        running = asyncio.ensure_future(link.run())
        await until(lambda: any(isinstance(event, PrinterStatus) for event in events))
        body.ends_in = "3"
        for n in range(1, 6):
            text = LabelText("EA473124829CN", str(n), "测*", "******", "样例路", "440104", "EMS", 1)
            link.send(PrintLabel(item=ItemId(f"I1-{n}"), print_id=PrintId(n), label=text))
        await until(lambda: (3, "PrintFailed") in ended())
        assert events[-1].state == ("silent" if dialect == "zpl" else "media_out")
        body.media = True
        await until(lambda: (5, "LabelPrinted") in ended())
        running.cancel()
        await asyncio.wait({running})
    assert ended() == [
        (1, "LabelPrinted"),
        (2, "LabelPrinted"),
        (3, "PrintFailed"),
        (3, "LabelInDoubt"),
        (4, "LabelPrinted"),
        (5, "LabelPrinted"),
    ]
    assert body.labels == ["1", "2", "4", "5"]
