"""The simulated printer burns what it is sent, and keeps silent as a real one does."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.label_printer import ZplPrinter, parse_host_status, state_of
from edge.labels.compose import compose
from edge.labels.zpl import z64, zpl
from simulators.bodies import PhysicalLabel
from simulators.geometry import Geometry
from simulators.label_printer import LabelPrinter
from simulators.printer_body import PrinterBody
from simulators.zpl import PrintedLabel, ZplInterpreter
from tests.labels.sample import FIELDS, LAYOUT


@dataclass
class Body:
    """Mechanics by hand."""

    media: bool = True
    head_open: bool = False
    busy: bool = False
    label_waiting: bool = False
    begun: list[PhysicalLabel] = field(default_factory=list)
    beginning: asyncio.Queue[tuple[PhysicalLabel, int]] = field(default_factory=asyncio.Queue)

    def begin_print(self, label: PhysicalLabel, now_ms: int) -> bool:
        if self.busy or self.label_waiting:
            return False
        self.busy = True
        self.begun.append(label)
        self.beginning.put_nowait((label, now_ms))
        return True


@asynccontextmanager
async def printer_on_a_wire(**knobs: bool) -> AsyncIterator[tuple[Body, LabelPrinter, int]]:
    body = Body()
    printer = LabelPrinter(body, lambda: 1234, **knobs)
    port = await printer.start("127.0.0.1", 0)
    try:
        yield body, printer, port
    finally:
        await printer.close()


@asynccontextmanager
async def driver_on(port: int) -> AsyncIterator[ZplPrinter]:
    driver = ZplPrinter("127.0.0.1", port, port, 80)
    try:
        yield driver
    finally:
        await driver.close()


async def test_what_was_composed_is_burnt_dot_by_dot_and_reads():
    bitmap = compose(LAYOUT, FIELDS)
    async with printer_on_a_wire() as (body, _, port), driver_on(port) as driver:
        await driver.send(zpl(bitmap, LAYOUT))
        physical, now_ms = await body.beginning.get()
    label: PrintedLabel = physical.bitmap
    assert (physical.code128, physical.qr) == (label.code128, label.qr)
    assert (label.width_dots, label.height_dots, now_ms) == (800, 1200, 1234)
    assert (label.dots() == np.asarray(bitmap, dtype=bool)).all()
    assert label.bitmap == bitmap.tobytes()
    assert (label.code128, label.qr) == (FIELDS.tracking_number, FIELDS.payload_qr)
    assert label.reprint_after_error is False


async def test_driver_and_printer_agree_on_every_state():
    async with printer_on_a_wire() as (body, printer, port), driver_on(port) as driver:
        assert await driver.status() == "ready"
        body.busy = True
        assert await driver.status() == "busy"
        body.busy, body.label_waiting = False, True
        assert await driver.status() == "label_waiting"
        body.label_waiting, printer.paused = False, True
        assert await driver.status() == "paused"
        printer.paused = False
        assert await driver.status() == "ready"


@pytest.mark.parametrize(
    ("unfit", "word"),
    [({"media": False}, "media_out"), ({"head_open": True}, "head_open"), ({"ribbon_out": True}, "ribbon_out")],
)
@pytest.mark.parametrize("silent", [True, False])
async def test_unfit_is_silence_or_a_flag_by_firmware(unfit, word, silent):
    async with printer_on_a_wire(silent_when_unfit=silent) as (body, printer, port), driver_on(port) as driver:
        for name, value in unfit.items():
            setattr(body if hasattr(body, name) else printer, name, value)
        assert await driver.status() == ("silent" if silent else word)
        body.media, body.head_open, printer.ribbon_out = True, False, False
        assert await driver.status() == "ready"


async def test_a_clone_never_answers_but_prints():
    async with printer_on_a_wire(never_answers=True) as (body, _, port), driver_on(port) as driver:
        assert await driver.status() == "silent"
        await driver.send(zpl(compose(LAYOUT, FIELDS), LAYOUT))
        await body.beginning.get()


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
    fmt = zpl(compose(LAYOUT, FIELDS), LAYOUT)
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
