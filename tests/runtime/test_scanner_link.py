"""The scanner's link in virtual time: each text once, garbage is a no-read, an unplugged scanner is told and found again."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from drivers.ports import BadReply, DeviceError, LinkLost
from edge.core.commands import SetState
from edge.core.device_events import ParcelScanned
from edge.core.events import LinkDown, LinkUp
from edge.core.values import State
from edge.runtime.clock import Clock
from edge.runtime.reading_link import RECONNECT_MAX_S
from edge.runtime.scanner_link import HandScan, HandScannerLink, ScannerLink, refused
from simulators.virtual.loop import run_virtual
from tests.runtime.plc_peer import FakePump


class FakeScanner:
    """Texts and errors in the order in which they come; `dead`: opens, and fails at the first read."""

    def __init__(self) -> None:
        self.coming: asyncio.Queue[str | DeviceError] = asyncio.Queue()
        self.there = True
        self.dead = False
        self.connects = 0
        self.closes = 0

    async def connect(self) -> None:
        self.connects += 1
        await asyncio.sleep(0)
        if not self.there:
            raise LinkLost("not there")

    async def read(self) -> str:
        if self.dead:
            raise LinkLost("dead")
        item = await self.coming.get()
        if isinstance(item, DeviceError):
            raise item
        return item

    async def close(self) -> None:
        self.closes += 1
        await asyncio.sleep(0)


Story = Callable[[FakeScanner, FakePump, ScannerLink], Coroutine[Any, Any, None]]


def play(story: Story, kind: type[ScannerLink] = ScannerLink) -> FakePump:
    async def run() -> FakePump:
        port, pump = FakeScanner(), FakePump()
        link = kind(port, pump.offer, Clock())
        running = asyncio.ensure_future(link.run())
        await asyncio.sleep(0.01)
        await story(port, pump, link)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert port.closes >= 1
        return pump

    return run_virtual(run())


def told(pump: FakePump) -> list[str]:
    return [getattr(event, "reason", "up") for event in pump.of(LinkUp, LinkDown)]


def test_texts_and_garbage() -> None:
    async def story(port: FakeScanner, pump: FakePump, link: ScannerLink) -> None:
        for item in ("EA123456785CN;1", BadReply("bytes"), "", "EA123456785CN;2"):
            port.coming.put_nowait(item)
        await asyncio.sleep(0.01)
        assert link.health().up
        assert link.garbage == 1
        assert port.connects == 1

    pump = play(story)
    assert [event.text for event in pump.of(ParcelScanned)] == ["EA123456785CN;1", "", "", "EA123456785CN;2"]
    assert told(pump) == ["up"]


def test_unplugged_and_plugged_in_again() -> None:
    async def story(port: FakeScanner, pump: FakePump, link: ScannerLink) -> None:
        port.there = False
        port.coming.put_nowait(LinkLost("gone"))
        await asyncio.sleep(5)
        assert not link.health().up
        assert link.health().detail == "not there"
        port.there = True
        port.coming.put_nowait("EA123456785CN;1")
        await asyncio.sleep(RECONNECT_MAX_S + 0.01)
        assert link.health().up

    pump = play(story)
    assert told(pump) == ["up", "lost", "up"]
    assert [event.text for event in pump.of(ParcelScanned)] == ["EA123456785CN;1"]


def test_a_device_that_opens_but_never_reads_is_not_tried_without_a_pause() -> None:
    async def story(port: FakeScanner, pump: FakePump, link: ScannerLink) -> None:
        port.dead = True
        port.coming.put_nowait(LinkLost("gone"))
        before = port.connects
        await asyncio.sleep(10)
        assert 8 <= port.connects - before <= 16

    play(story)


def test_a_full_queue_loses_the_text_but_not_the_link() -> None:
    async def story(port: FakeScanner, pump: FakePump, link: ScannerLink) -> None:
        pump.full = True
        port.coming.put_nowait("EA123456785CN;1")
        port.coming.put_nowait(LinkLost("gone"))
        await asyncio.sleep(0.05)
        assert link.dropped == 1
        pump.full = False
        port.coming.put_nowait("EA123456785CN;2")
        await asyncio.sleep(0.05)

    pump = play(story)
    assert [event.text for event in pump.of(ParcelScanned)] == ["EA123456785CN;2"]
    assert told(pump) == ["up"]


def test_a_command_for_the_scanner_is_a_bug() -> None:
    async def story(port: FakeScanner, pump: FakePump, link: ScannerLink) -> None:
        with pytest.raises(AssertionError, match="SetState"):
            link.send(SetState(state=State.IDLE))

    play(story)


def test_what_a_hand_scans_is_shown_and_is_no_event() -> None:
    async def story(port: FakeScanner, pump: FakePump, link: ScannerLink) -> None:
        assert isinstance(link, HandScannerLink)
        for text in ("]Q1EA123456785CN;1", BadReply("bytes"), "11010519491231002X"):
            port.coming.put_nowait(text)
            await asyncio.sleep(0.01)
            shown.append(link.newest)

    shown: list[HandScan] = []
    pump = play(story, HandScannerLink)
    assert shown == [HandScan(1, "EA123456785CN;1"), HandScan(2, "", "NOT_READ"), HandScan(3, "", "DOCUMENT_NUMBER")]
    assert pump.of(ParcelScanned) == []
    assert [event.link for event in pump.of(LinkUp)] == ["hand_scanner"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EA123456785CN", ""),
        ("EA123456785CN;17", ""),
        ("B-1-007", ""),
        ("lot 2026-11-25/3", ""),
        ("", "NOT_READ"),
        ("袋牌", "NOT_READ"),
        ("9" * 65, "NOT_READ"),
        ("11010519491231002x", "DOCUMENT_NUMBER"),
        ("E12345678", "DOCUMENT_NUMBER"),
        ("EL1234567", "DOCUMENT_NUMBER"),
        ("H1234567890", "DOCUMENT_NUMBER"),
        ("C12345678", "DOCUMENT_NUMBER"),
        ("POCHNZHENGJIAN<<YANGBEN<<<<<<", "DOCUMENT_NUMBER"),
    ],
)
def test_numbers_of_persons_never_reach_the_panel(text: str, code: str) -> None:
    assert refused(text) == code
