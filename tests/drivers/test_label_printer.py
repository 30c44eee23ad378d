"""~HS parsed without ever raising; silence, garbage and a cut wire are states of their own."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.label_printer import LabelPrinter, serial_printer, tcp_printer
from drivers.ports import LinkLost
from drivers.printer_status import hqes_word, parse_host_status, state_of, tspl_byte_word, tspl_status_word

FIRST = "030,0,0,1245,000,0,0,0,000,0,0,0"
SECOND = "000,0,0,0,0,2,4,0,00000000,1,000"
THIRD = "1234,0"


def reply(first: str = FIRST, second: str = SECOND, third: str = THIRD) -> bytes:
    return b"".join(b"\x02" + part.encode("ascii") + b"\x03\r\n" for part in (first, second, third))


def flagged(text: str, place: int, value: str) -> str:
    parts = text.split(",")
    parts[place] = value
    return ",".join(parts)


# Places as in the guide: string 1 is aaa,b,c,dddd,eee,f,g,h,iii,j,k,l; string 2 is mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www.
@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ({}, {}, "ready"),
        ({1: "1"}, {}, "media_out"),
        ({2: "1"}, {}, "paused"),
        ({4: "001"}, {}, "busy"),
        ({5: "1"}, {}, "fault"),
        ({7: "1"}, {}, "busy"),
        ({9: "1"}, {}, "fault"),
        ({10: "1"}, {}, "fault"),
        ({11: "1"}, {}, "fault"),
        ({}, {2: "1"}, "head_open"),
        ({}, {3: "1"}, "ribbon_out"),
        ({}, {7: "1"}, "label_waiting"),
        ({}, {8: "00000001"}, "busy"),
        ({4: "002"}, {7: "1"}, "label_waiting"),
        ({1: "1"}, {7: "1"}, "media_out"),
        ({1: "1", 2: "1"}, {2: "1", 3: "1"}, "head_open"),
    ],
)
def test_each_flag_has_its_word_and_the_worst_wins(first, second, state):
    text = FIRST
    for place, value in first.items():
        text = flagged(text, place, value)
    text_2 = SECOND
    for place, value in second.items():
        text_2 = flagged(text_2, place, value)
    assert state_of(parse_host_status(reply(text, text_2))) == state


@given(st.binary(max_size=300))
def test_garbage_is_unknown(data):
    assert state_of(parse_host_status(data)) == "unknown"


@given(st.integers(0, len(reply()) - 1), st.integers(1, 255))
def test_a_damaged_reply_never_raises_and_a_short_one_is_never_ready(place, flip):
    damaged = bytearray(reply())
    damaged[place] ^= flip
    assert isinstance(state_of(parse_host_status(bytes(damaged))), str)
    if b"\x03" in reply()[place:]:
        assert state_of(parse_host_status(reply()[:place])) == "unknown"


@pytest.mark.parametrize("data", [reply() + reply(), reply(FIRST + ",0"), reply(second=SECOND[:-4]), reply(third="1234"), b""])
def test_a_reply_of_another_shape_is_unknown(data):
    assert parse_host_status(data) is None


def hqes(errors: str, warnings: str = "0 00000000 00000000", end: str = "\r\n\x03") -> bytes:
    return f"\x02\r\n\r\nPRINTER STATUS   \r\n   ERRORS:    {errors}  \r\n   WARNINGS:  {warnings}   {end}".encode()


@pytest.mark.parametrize(
    ("errors", "word"),
    [
        ("0 00000000 00000000", "ready"),
        ("1 00000000 00000001", "media_out"),
        ("1 00000000 00000002", "ribbon_out"),
        ("1 00000000 00000004", "head_open"),
        ("1 00000000 00000007", "head_open"),
        ("1 00000000 00010000", "paused"),
        ("1 00000000 00000008", "fault"),  # cutter
        ("1 00000000 00000010", "fault"),  # head too hot
        ("1 00000000 40000000", "fault"),  # no manual names it
        ("1 00000001 00000000", "fault"),
        ("1 00000000 00000000", "fault"),  # an error that has no bit
        ("1 00000000 00010008", "paused"),
        ("0 00000000 00000001", "media_out"),
        ("2 00000000 00000000", "unknown"),
        ("1 0000000", "unknown"),
    ],
)
def test_hqes(errors, word):
    assert hqes_word(hqes(errors)) == word


def test_hqes_warnings_stop_nothing_and_the_end_may_be_missing():
    assert hqes_word(hqes("0 00000000 00000000", "1 00000000 000000FF", "\r\n")) == "ready"
    assert hqes_word(hqes("0 00000000 00000000")[:-5]) == "unknown"


@pytest.mark.parametrize(
    ("bits", "word"),
    [(0x00, "ready"), (0x01, "head_open"), (0x02, "fault"), (0x04, "media_out"), (0x05, "head_open"), (0x08, "ribbon_out"),
     (0x10, "paused"), (0x20, "busy"), (0x30, "paused"), (0x40, "fault"), (0x80, "fault"), (0xFF, "head_open")],
)  # fmt: skip
def test_tspl_byte(bits, word):
    assert tspl_byte_word(bytes([bits])) == word


@pytest.mark.parametrize(
    ("four", "word"),
    [("@@@@", "ready"), ("L@@@", "label_waiting"), ("P@@@", "busy"), ("B@@@", "busy"), ("`@@@", "paused"), ("K@@@", "paused"),
     ("E@@A", "media_out"), ("E@@D", "ribbon_out"), ("E@@B", "fault"), ("@@@`", "head_open"), ("E@A@", "fault"),
     ("@@P@", "fault"), ("Z@@@", "fault"), ("@A@@", "ready"), ("@@@\x01", "unknown"), ("\x80@@@", "unknown"),
     ("@@@", "unknown")],
)  # fmt: skip
def test_tspl_status(four, word):
    assert tspl_status_word(b"\x02" + four.encode("latin-1") + b"\x03\r\n") == word


@given(st.binary(max_size=20))
def test_tspl_garbage_is_a_word_and_only_a_whole_answer_is_ready(data):
    assert (tspl_byte_word(data) == "ready") <= (data == b"\0")
    assert (tspl_status_word(data) == "ready") <= (data[1:2] == b"@" and len(data) == 8)


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def printer_with(
    handler: Handler, reply_timeout_ms: int = 200, dialect: str = "zpl", *, more: bool = False
) -> AsyncIterator[LabelPrinter]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = tcp_printer(dialect, "127.0.0.1", port, port, reply_timeout_ms, more=more)
    try:
        yield printer
    finally:
        await printer.close()
        server.close()
        await server.wait_closed()


async def test_the_status_comes_in_pieces_and_again_and_again():
    connections = 0

    async def handler(reader, writer):
        nonlocal connections
        connections += 1
        while await reader.readuntil(b"~HS\r\n"):
            answer = reply()
            for cut in (answer[:1], answer[1:40], answer[40:-2], answer[-2:]):
                writer.write(cut)
                await writer.drain()
                await asyncio.sleep(0)

    async with printer_with(handler) as printer:
        assert [await printer.status() for _ in range(5)] == ["ready"] * 5
    assert connections == 1


async def test_silence_is_silent_and_a_late_answer_is_not_taken_for_the_next():
    answers = iter([None, reply(flagged(FIRST, 1, "1"))])

    async def handler(reader, writer):
        while await reader.readuntil(b"~HS\r\n"):
            answer = next(answers)
            if answer is not None:
                writer.write(answer)

    async with printer_with(handler, reply_timeout_ms=60) as printer:
        assert [await printer.status(), await printer.status()] == ["silent", "media_out"]


async def test_garbage_drops_the_connection_and_the_next_poll_starts_anew():
    answers = iter([b"HTTP/1.1 400 Bad Request\r\n" * 40, reply()])

    async def handler(reader, writer):
        await reader.readuntil(b"~HS\r\n")
        writer.write(next(answers))
        await writer.drain()
        await reader.read()

    async with printer_with(handler) as printer:
        assert [await printer.status(), await printer.status()] == ["unknown", "ready"]


async def test_no_printer_and_a_printer_that_hangs_up_are_lost():
    async def handler(reader, writer):
        await reader.readuntil(b"~HS\r\n")

    async with printer_with(handler) as printer:
        assert await printer.status() == "lost"
    assert await printer.status() == "lost"
    with pytest.raises(LinkLost, match="check the printer's power and cable"):
        await printer.send(b"^XA^XZ")


async def test_a_format_arrives_whole_and_once():
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def handler(reader, writer):
        arrived.put_nowait(await reader.readuntil(b"^XZ"))
        arrived.put_nowait(await reader.readuntil(b"^XZ"))

    async with printer_with(handler) as printer:
        await printer.send(b"^XA" + b"0" * 20_000 + b"^XZ")
        await printer.send(b"^XA2^XZ")
        assert await arrived.get() == b"^XA" + b"0" * 20_000 + b"^XZ"
        assert await arrived.get() == b"^XA2^XZ"


async def test_a_data_connection_that_the_printer_closed_meanwhile_is_replaced_before_sending():
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def handler(reader, writer):
        arrived.put_nowait(await reader.readuntil(b"^XZ"))

    async with printer_with(handler) as printer:
        for fmt in (b"^XA1^XZ", b"^XA2^XZ", b"^XA3^XZ"):
            await printer.send(fmt)
            assert await arrived.get() == fmt
            reader, _ = await printer._data.open()
            await reader.read()  # until the printer's end of file is here


async def test_a_printer_that_does_not_read_is_lost_in_time():
    enough = asyncio.Event()

    async def handler(reader, writer):
        writer.transport.pause_reading()
        await enough.wait()

    async with printer_with(handler, reply_timeout_ms=60) as printer:
        with pytest.raises(LinkLost, match="timeout"):
            await printer.send(b"0" * 30_000_000)
        enough.set()


async def test_both_questions_must_be_answered_and_the_worse_answer_counts():
    errors = iter(["0 00000000 00000000", "1 00000000 00000008", None, "0 00000000 00000000"])

    async def handler(reader, writer):
        while await reader.readuntil(b"~HS\r\n"):
            writer.write(reply(second=flagged(SECOND, 7, "1")))
            await reader.readuntil(b"~HQES\r\n")
            if (told := next(errors)) is not None:
                writer.write(hqes(told))

    async with printer_with(handler, more=True, reply_timeout_ms=60) as printer:
        assert [await printer.status() for _ in range(4)] == ["label_waiting", "fault", "silent", "label_waiting"]


async def test_what_is_silent_to_one_question_may_name_its_fault_to_the_other():
    async def handler(reader, writer):
        if await reader.readuntil(b"\r\n") == b"~HQES\r\n":
            writer.write(hqes("1 00000000 00000001"))
        await reader.read()

    async with printer_with(handler, more=True, reply_timeout_ms=60) as printer:
        assert await printer.status() == "media_out"


async def test_a_printer_that_only_answers_the_second_question_is_silent():
    async def handler(reader, writer):
        if await reader.readuntil(b"\r\n") == b"~HQES\r\n":
            writer.write(hqes("0 00000000 00000000"))
        await reader.read()

    async with printer_with(handler, more=True, reply_timeout_ms=60) as printer:
        assert await printer.status() == "silent"


async def test_tspl_is_asked_without_an_end_of_line_and_answers_both():
    async def handler(reader, writer):
        for byte, four in ((b"\x00", b"L@@@"), (b"\x04", b"@@@@"), (b"\x20", b"@@@@")):
            assert await reader.readexactly(3) == b"\x1b!?"
            writer.write(byte)
            if byte != b"\x04":
                assert await reader.readexactly(3) == b"\x1b!S"
                writer.write(b"\x02" + four + b"\x03\r\n")

    async with printer_with(handler, dialect="tspl", more=True) as printer:
        assert [await printer.status() for _ in range(3)] == ["label_waiting", "media_out", "busy"]


async def test_bytes_that_nobody_asked_for_are_no_answer():
    async def handler(reader, writer):
        await reader.readexactly(3)
        writer.write(b"\x00")
        await reader.readexactly(3)
        writer.write(b"\x04")
        await reader.read()

    async with printer_with(handler, dialect="tspl") as printer:
        assert await printer.status() == "ready"
        reader, _ = await printer._status.open()
        reader.feed_data(b"\x00\x00")  # as a clone that talks by itself
        assert await printer.status() == "media_out"


async def test_a_serial_printer_takes_labels_and_answers_on_one_line(tmp_path):
    master, slave = os.openpty()
    tty.setraw(slave)
    device = tmp_path / "printer.tty"
    device.symlink_to(os.ttyname(slave))
    got = b""

    def heard() -> None:
        nonlocal got
        got += os.read(master, 4096)
        if got.endswith(b"~HS\r\n"):
            os.write(master, reply())

    loop = asyncio.get_running_loop()
    loop.add_reader(master, heard)
    printer = serial_printer("zpl", str(device), 115200, 200)
    try:
        assert await printer.status() == "ready"
        await printer.send(b"^XA^XZ\r\n")
        assert await printer.status() == "ready"
        assert got == b"~HS\r\n^XA^XZ\r\n~HS\r\n"
        device.unlink()
        await printer.close()
        assert await printer.status() == "lost"
        with pytest.raises(LinkLost, match="name of the device"):
            await printer.send(b"^XA^XZ")
    finally:
        loop.remove_reader(master)
        await printer.close()
        os.close(master)
        os.close(slave)
