"""The serial scanner on a real pty."""

import os
from pathlib import Path

import pytest

from drivers.ports import BadReply, LinkLost
from drivers.scanner import SerialScanner
from drivers.serial_line import LINE_MAX_BYTES
from simulators.scanner import Scanner


@pytest.fixture
def scanner(tmp_path: Path):
    simulated = Scanner(tmp_path / "tty")
    simulated.plug_in()
    yield simulated
    simulated.unplug()


@pytest.fixture
async def port(scanner: Scanner, tmp_path: Path):
    opened = SerialScanner(str(tmp_path / "tty"), 115200)
    await opened.connect()
    yield opened
    await opened.close()


async def test_texts_come_one_by_one(scanner: Scanner, port: SerialScanner) -> None:
    for text in ("EA473124829CN;7", "", "EA473124829CN;8"):
        scanner.emit(text)
    assert [await port.read() for _ in range(3)] == ["EA473124829CN;7", "", "EA473124829CN;8"]


@pytest.mark.parametrize("garbage", [b"\xff\xfe\n", b"a\x07b\n", b"x" * (LINE_MAX_BYTES + 40) + b"\n"])
async def test_garbage_is_a_bad_reply_and_the_next_text_is_read(scanner: Scanner, port: SerialScanner, garbage: bytes) -> None:
    os.write(scanner._master, garbage)
    with pytest.raises(BadReply):
        await port.read()
    scanner.emit("next")
    texts = []
    while "next" not in texts:
        try:
            texts.append(await port.read())
        except BadReply:
            continue
    assert texts[-1] == "next"


async def test_a_line_ends_with_cr_lf_or_both(scanner: Scanner, port: SerialScanner) -> None:
    for data in (b"one\r", b"two\nthree\r", b"\nfour\r\n", b"\r\n", b"fi", b"ve\r\n"):
        scanner.send(data)
    assert [await port.read() for _ in range(6)] == ["one", "two", "three", "four", "", "five"]


async def test_unplugged_is_lost_and_plugged_in_again_works(scanner: Scanner, port: SerialScanner) -> None:
    scanner.unplug()
    with pytest.raises(LinkLost, match="plug it in"):
        await port.read()
    with pytest.raises(LinkLost, match="check the cable"):
        await port.connect()
    scanner.plug_in()
    await port.connect()
    scanner.emit("again")
    assert await port.read() == "again"


async def test_not_connected(tmp_path: Path) -> None:
    with pytest.raises(LinkLost):
        await SerialScanner(str(tmp_path / "none"), 9600).read()
