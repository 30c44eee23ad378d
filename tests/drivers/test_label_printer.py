"""~HS parsed without ever raising; silence, garbage and a cut wire are states of their own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.label_printer import ZplPrinter, parse_host_status, state_of
from drivers.ports import LinkLost

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
        ({5: "1"}, {}, "unknown"),
        ({7: "1"}, {}, "busy"),
        ({9: "1"}, {}, "unknown"),
        ({10: "1"}, {}, "unknown"),
        ({11: "1"}, {}, "unknown"),
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


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def printer_with(handler: Handler, reply_timeout_ms: int = 200) -> AsyncIterator[ZplPrinter]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = ZplPrinter("127.0.0.1", port, port, reply_timeout_ms)
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
