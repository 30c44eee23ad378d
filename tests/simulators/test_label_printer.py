"""The simulated printer burns what it is sent, and keeps silent as a real one does."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.label_printer import LabelPrinter as Driver
from drivers.label_printer import serial_printer, tcp_printer
from drivers.printer_status import parse_host_status, state_of
from edge.labels.compose import compose
from edge.labels.tspl import tspl
from edge.labels.zpl import z64, zpl
from simulators.bodies import PhysicalLabel
from simulators.geometry import Geometry
from simulators.label_printer import LabelPrinter, SerialPort
from simulators.printed_label import PrintedLabel
from simulators.printer_body import PrinterBody
from simulators.tspl import TsplInterpreter
from simulators.zpl import ZplInterpreter
from tests.labels.sample import FIELDS, LAYOUT


@dataclass
class Body:
    """Mechanics by hand."""

    media: bool = True
    head_open: bool = False
    busy: bool = False
    label_waiting: bool = False
    takes_s: float | None = None
    """None = whoever tests it says when a label is done"""
    after: Callable[[], object] = lambda: None
    stuck: bool = False
    begun: list[PhysicalLabel] = field(default_factory=list)
    beginning: asyncio.Queue[tuple[PhysicalLabel, int]] = field(default_factory=asyncio.Queue)

    def begin_print(self, label: PhysicalLabel, now_ms: int) -> bool:
        if self.busy or self.label_waiting:
            return False
        self.busy = True
        self.begun.append(label)
        self.beginning.put_nowait((label, now_ms))
        if self.takes_s is not None:
            asyncio.get_running_loop().call_later(self.takes_s, self._done)
        self.after()
        return True

    def _done(self) -> None:
        self.busy, self.label_waiting = False, True


@asynccontextmanager
async def printer_on_a_wire(**knobs: Any) -> AsyncIterator[tuple[Body, LabelPrinter, int]]:
    body = Body()
    printer = LabelPrinter(body, lambda: 1234, **knobs)
    port = await printer.start("127.0.0.1", 0)
    try:
        yield body, printer, port
    finally:
        await printer.close()


@asynccontextmanager
async def driver_on(port: int, dialect: str = "zpl", *, more: bool = False) -> AsyncIterator[Driver]:
    driver = tcp_printer(dialect, "127.0.0.1", port, port, 80, more=more)
    try:
        yield driver
    finally:
        await driver.close()


HEX = LAYOUT.model_copy(update={"printer": LAYOUT.printer.model_copy(update={"graphic": "hex"})})
BITMAP = compose(LAYOUT, FIELDS)
FORMATS = {"zpl": zpl(BITMAP, LAYOUT), "hex": zpl(BITMAP, HEX), "tspl": tspl(BITMAP, LAYOUT)}
BOTH = pytest.mark.parametrize("dialect", ["zpl", "tspl"])
MORE = pytest.mark.parametrize("more", [False, True], ids=["one question", "two questions"])


@pytest.mark.parametrize("form", FORMATS)
async def test_what_was_composed_is_burnt_dot_by_dot_and_reads(form):
    dialect = "tspl" if form == "tspl" else "zpl"
    async with printer_on_a_wire(dialect=dialect) as (body, _, port), driver_on(port, dialect) as driver:
        await driver.send(FORMATS[form])
        physical, now_ms = await body.beginning.get()
    label: PrintedLabel = physical.bitmap
    assert (physical.code128, physical.qr) == (label.code128, label.qr)
    assert (label.width_dots, label.height_dots, now_ms) == (800, 1200, 1234)
    assert (label.dots() == np.asarray(BITMAP, dtype=bool)).all()
    assert label.bitmap == BITMAP.tobytes()
    assert (label.code128, label.qr) == (FIELDS.tracking_number, FIELDS.payload_qr)
    assert label.reprint_after_error is False


@BOTH
@MORE
async def test_driver_and_printer_agree_on_every_state(dialect, more):
    async with printer_on_a_wire(dialect=dialect) as (body, printer, port), driver_on(port, dialect, more=more) as driver:
        assert await driver.status() == "ready"
        body.busy = True
        assert await driver.status() == "busy"
        body.busy, body.label_waiting = False, True
        # One byte of TSPL cannot say that a label waits: that is why the second question is worth asking.
        assert await driver.status() == ("ready" if (dialect, more) == ("tspl", False) else "label_waiting")
        body.label_waiting, printer.paused = False, True
        assert await driver.status() == "paused"
        printer.paused = False
        assert await driver.status() == "ready"


@pytest.mark.parametrize(
    ("unfit", "word"),
    [({"media": False}, "media_out"), ({"head_open": True}, "head_open"), ({"ribbon_out": True}, "ribbon_out")],
)
@pytest.mark.parametrize("silent", [True, False])
@BOTH
@MORE
async def test_unfit_is_silence_or_a_flag_by_firmware(unfit, word, silent, dialect, more):
    wires = printer_on_a_wire(dialect=dialect, silent_when_unfit=silent)
    async with wires as (body, printer, port), driver_on(port, dialect, more=more) as driver:
        for name, value in unfit.items():
            setattr(body if hasattr(body, name) else printer, name, value)
        assert await driver.status() == ("silent" if silent else word)
        body.media, body.head_open, printer.ribbon_out = True, False, False
        assert await driver.status() == "ready"


@BOTH
@MORE
async def test_a_clone_never_answers_but_prints_and_is_never_ready(dialect, more):
    wires = printer_on_a_wire(dialect=dialect, never_answers=True)
    async with wires as (body, _, port), driver_on(port, dialect, more=more) as driver:
        assert await driver.status() == "silent"
        await driver.send(FORMATS[dialect])
        await body.beginning.get()


@BOTH
@MORE
async def test_garbage_is_never_ready(dialect, more):
    async with printer_on_a_wire(dialect=dialect) as (_, printer, port), driver_on(port, dialect, more=more) as driver:
        printer.garbage = True
        assert await driver.status() != "ready"
        printer.garbage = False
        assert await driver.status() == "ready"


@BOTH
@pytest.mark.parametrize("keeps_queue", [True, False])
async def test_formats_survive_a_reboot_only_where_the_queue_does(dialect, keeps_queue):
    async with printer_on_a_wire(dialect=dialect) as (body, printer, port), driver_on(port, dialect) as driver:
        printer.paused = True
        printer.receive(FORMATS[dialect])
        assert printer.queued == 1
        printer.reboot(keeps_queue=keeps_queue)
        assert [label.qr for label in body.begun] == [FIELDS.payload_qr] * keeps_queue
        body.busy = False
        while await driver.status() == "lost":
            pass
        assert await driver.status() == "ready"


@pytest.mark.parametrize(("told", "times"), [("^JZN", 0), ("^JZY", 1), ("", 1)])
async def test_a_torn_label_is_begun_again_unless_it_was_told_not_to(told, times):
    body = PrinterBody(Geometry(2700), random.Random(1), lambda _: body.printed == 0 and not torn)
    torn: list[bool] = []
    printer = LabelPrinter(body, lambda: 0)
    printer.receive(FORMATS["zpl"].replace(b"^JZN", told.encode()))
    assert (body.media, printer.queued) == (False, times)
    torn.append(True)
    body.change_roll()
    printer.feed()
    assert body.busy is bool(times)
    await printer.close()


@BOTH
async def test_a_serial_printer_is_the_same_printer(dialect, tmp_path):
    body = Body()
    printer = LabelPrinter(body, lambda: 0, dialect=dialect)
    port = SerialPort(tmp_path / "printer.tty", printer)
    port.plug_in()
    driver = serial_printer(dialect, str(tmp_path / "printer.tty"), 115200, 200, more=True)
    assert await driver.status() == "ready"
    await driver.send(b"^XA^LL8^PW16^FO0,0^GFA,2,2,2,4100^FS^XZ" if dialect == "zpl" else TSPL_SMALL)
    await body.beginning.get()
    assert await driver.status() == "busy"
    port.unplug()
    assert await driver.status() == "lost"
    assert await driver.status() == "lost"
    await driver.close()


async def test_formats_wait_in_the_buffer_until_the_mechanics_take_them():
    async with printer_on_a_wire() as (body, _, port), driver_on(port) as driver:
        for payload in ("A", "B"):
            await driver.send(f"^XA^LL8^PW16^FO0,0^GFA,2,2,2,{ord(payload):02X}00^FS^XZ".encode())
        await body.beginning.get()
        assert len(body.begun) == 1
        assert await driver.status() == "busy"
        body.busy, body.label_waiting = False, True
        assert await driver.status() == "label_waiting"
        assert len(body.begun) == 1
        body.label_waiting = False
        await body.beginning.get()
    assert [label.bitmap.bitmap[0] for label in body.begun] == [ord("A"), ord("B")]


async def test_identity_on_one_connection_while_a_format_is_half_sent_on_another():
    async with printer_on_a_wire() as (body, printer, port):
        data_reader, data = await asyncio.open_connection("127.0.0.1", port)
        data.write(b"^XA^FO0,0")
        reader, status = await asyncio.open_connection("127.0.0.1", port)
        status.write(b"~HI\r\n")
        assert (await reader.readuntil(b"\x03\r\n")).startswith(b"\x02ZE511-8dpm,")
        data.write(b"~HS\r\n^XZ")
        assert (await data_reader.readuntil(b"1234,0\x03\r\n")).count(b"\x02") == 3
        await body.beginning.get()
        assert printer.formats_received == 1
        data.close()
        status.close()


async def test_it_drives_the_plant_s_mechanics_through_a_change_of_roll():
    lacking = {"EA123456785CN;123456"}
    body = PrinterBody(Geometry(2700), random.Random(1), lambda label: label.qr in lacking)
    printer = LabelPrinter(body, lambda: 0)
    fmt = FORMATS["zpl"]
    printer.receive(fmt)
    assert printer.receive(b"~HS") == (b"", b"")
    lacking.clear()
    body.change_roll()
    _, answer = printer.receive(b"~HS")
    assert state_of(parse_host_status(answer)) == "ready"  # ^JZN: the torn label is not printed again
    printer.receive(fmt)
    assert state_of(parse_host_status(printer.receive(b"~HS")[1])) == "busy"
    body.advance(900, purge=False)
    assert state_of(parse_host_status(printer.receive(b"~HS")[1])) == "label_waiting"
    await printer.close()


TSPL_SMALL = b"SIZE 2 mm,0.5 mm\r\nSET REPRINT OFF\r\nCLS\r\nBITMAP 0,0,2,2,0,\x3f\xfc\xfe\x1b\r\nPRINT 1,1\r\n"


def told_tspl(data: bytes) -> tuple[bytes, bytes, list[str]]:
    rest, answers, printed = TsplInterpreter(8, lambda code: b"<" + code + b">").receive(data)
    return rest, answers, [label.bitmap.hex(" ", label.width_dots // 8) for label in printed]


@pytest.mark.parametrize(
    ("data", "rest", "answers", "labels"),
    [
        (TSPL_SMALL, b"", b"", ["c003 01e4 0000 0000"]),
        (TSPL_SMALL.replace(b"BITMAP 0,0", b"BITMAP 8,1"), b"", b"", ["0000 00c0 0001 0000"]),
        (TSPL_SMALL.replace(b"PRINT 1,1", b"PRINT 1,2"), b"", b"", ["c003 01e4 0000 0000"] * 2),
        (TSPL_SMALL[:-1], b"PRINT 1,1\r", b"", []),
        (TSPL_SMALL.partition(b"\x1b")[0], b"BITMAP 0,0,2,2,0,\x3f\xfc\xfe", b"", []),
        (b"\x1b!?" + TSPL_SMALL + b"\x1b!S", b"", b"<?><S>", ["c003 01e4 0000 0000"]),
        (b"CL\x1b!?S\r\n", b"", b"<?>", []),
        (b"\x1b!", b"\x1b!", b"", []),
        (b"nonsense\r\nPRINT x\r\nBITMAP 0,0,0,0,0,\r\n", b"", b"", []),
        (b"?" * 5000, b"?" * 904, b"", []),
    ],
)
def test_tspl_is_followed_byte_by_byte(data, rest, answers, labels):
    assert told_tspl(data) == (rest, answers, labels)


def test_tspl_keeps_its_canvas_until_cls_and_knows_whether_to_reprint():
    printer = TsplInterpreter(8, lambda _: b"")
    assert printer.receive(b"SIZE 2 mm,0.25 mm\r\nPRINT 1\r\n")[2][0].reprint_after_error is True
    _, _, (first,) = printer.receive(b"SET REPRINT OFF\r\nBITMAP 0,0,1,1,0,\x00\r\nPRINT 1,1\r\n")
    _, _, (second, third) = printer.receive(b"PRINT 1,1\r\nCLS\r\nSET REPRINT ON\r\nPRINT 1,1\r\n")
    assert (first.bitmap.hex(), second.bitmap.hex(), third.bitmap.hex()) == ("ff000000", "ff000000", "00000000")
    assert (second.reprint_after_error, third.reprint_after_error) == (False, True)


@given(st.binary(max_size=200))
def test_any_bytes_are_survived_by_a_tspl_printer(data):
    rest, _, _ = TsplInterpreter(8, lambda _: b"").receive(data)
    assert len(rest) <= len(data)


def interpret(fmt: str) -> PrintedLabel:
    return ZplInterpreter(16, 4).interpret(fmt)


DATA = bytes([0xC0, 0x03, 0x01, 0x80])


@pytest.mark.parametrize(
    ("fmt", "rows"),
    [
        ("^XA^FO0,0^GFA,4,4,2,C0030180^FS^XZ", "c003 0180 0000 0000"),
        (f"^XA^FO0,1^GFA,4,4,2,{z64(DATA)}^FS^XZ", "0000 c003 0180 0000"),
        ("^XA^FO8,0^GFA,4,4,2,C0030180^FS^XZ", "00c0 0001 0000 0000"),
        ("^XA^FO0,0^GFA,4,4,2,C0030180^FS^FO0,0^GFA,2,2,2,00FF^FS^XZ", "c0ff 0180 0000 0000"),
        ("^XA^FO0,0^GFA,4,4,2,C00301^FS^XZ", "0000 0000 0000 0000"),
        ("^XA^FO0,0^GFA,4,4,0,C0030180^FS^XZ", "0000 0000 0000 0000"),
        ("^XA^FO0,0^GFB,4,4,2,C0030180^FS^XZ", "0000 0000 0000 0000"),
        ("^XA^FO0,0^GFA,4,4^FS^XZ", "0000 0000 0000 0000"),
        (f"^XA^FO0,0^GFA,4,4,2,{z64(DATA)[:-4]}0000^FS^XZ", "0000 0000 0000 0000"),
        ("^XA^FO0,99^GFA,4,4,2,C0030180^FS^XZ", "0000 0000 0000 0000"),
        ("^XA^A0N,30^FDtext^FS^XZ", "0000 0000 0000 0000"),
    ],
)
def test_graphics_are_burnt_where_they_belong_and_broken_ones_not_at_all(fmt, rows):
    assert interpret(fmt).bitmap.hex(" ", 2) == rows


def test_width_length_and_reprint_stay_from_format_to_format():
    printer = ZplInterpreter()
    assert printer.interpret("^XA^XZ").reprint_after_error is True
    printer.interpret("^XA^PW24^LL2^JZN^XZ")
    label = printer.interpret("^XA^PW^LLx^XZ")
    assert (label.width_dots, label.height_dots, label.reprint_after_error) == (24, 2, False)


@given(st.text(alphabet="^~XAZGFOPWL0159,:ABz64JN \r\n", max_size=120))
def test_any_text_prints_something_and_never_raises(text):
    label = interpret(f"^XA{text}^XZ")
    assert len(label.bitmap) == (label.width_dots + 7) // 8 * label.height_dots


@given(st.binary(max_size=200))
def test_any_bytes_leave_a_bounded_rest(data):
    printer: Any = LabelPrinter(SimpleNamespace(media=False, head_open=False, busy=False, label_waiting=False), lambda: 0)
    rest, answers = printer.receive(data.replace(b"^XA", b"") + b"~HS")
    assert len(rest) <= 4
    assert answers == b""
