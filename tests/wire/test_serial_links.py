"""The scanner's link on a real serial device that is pulled out and plugged in again, as cables are."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.scanner import SerialScanner
from edge.core.device_events import ParcelScanned
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.runtime import reading_link
from edge.runtime.clock import Clock
from edge.runtime.link import Cursor
from edge.runtime.scanner_link import HandScannerLink, ScannerLink
from simulators.scanner import Scanner
from tests.runtime.plc_peer import FakePump

ROUNDS = 5


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"], ids=["CR LF", "CR", "LF"])
async def test_unplugged_and_plugged_in_again(end: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_link, "RECONNECT_MAX_S", 0.02)
    device, pump, moved = Scanner(tmp_path / "tty"), FakePump(), asyncio.Event()

    def offer(event: Event, *, cursor: Cursor | None = None, on_durable: Callable[[], None] | None = None) -> bool:
        moved.set()
        return pump.offer(event, cursor=cursor, on_durable=on_durable)

    async def until(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                moved.clear()
                await moved.wait()

    def told() -> list[str]:
        return [getattr(event, "reason", "up") for event in pump.of(LinkUp, LinkDown)]

    link = ScannerLink(SerialScanner(str(tmp_path / "tty"), 9600), offer, Clock())
    running = asyncio.ensure_future(link.run())
    await until(lambda: told() == ["lost"])
    for n in range(ROUNDS):
        device.plug_in()
        await until(lambda: told()[-1] == "up")
        device.send(f"EA47312482{n}CN;7".encode() + end)
        await until(lambda n=n: len(pump.of(ParcelScanned)) == n + 1)
        device.unplug()
        await until(lambda: told()[-1] == "lost")
        assert not link.health().up
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert [event.text for event in pump.of(ParcelScanned)] == [f"EA47312482{n}CN;7" for n in range(ROUNDS)]
    assert told() == ["lost", *["up", "lost"] * ROUNDS]


async def test_a_scanner_in_a_hand_is_heard_by_the_panel_only(tmp_path: Path) -> None:
    device, pump, moved = Scanner(tmp_path / "tty"), FakePump(), asyncio.Event()
    device.plug_in()

    class Hand(HandScannerLink):
        def heard(self, reading: str) -> None:
            super().heard(reading)
            moved.set()

    def offer(event: Event, *, cursor: Cursor | None = None, on_durable: Callable[[], None] | None = None) -> bool:
        moved.set()
        return pump.offer(event, cursor=cursor, on_durable=on_durable)

    async def heard() -> None:
        async with asyncio.timeout(10):
            await moved.wait()
        moved.clear()

    link = Hand(SerialScanner(str(tmp_path / "tty"), 9600), offer, Clock())
    running = asyncio.ensure_future(link.run())
    await heard()
    for text in ("]C1B-1-007", "EA473124823CN;7"):
        device.send(text.encode() + b"\r")
        await heard()
        assert link.newest.text == text.removeprefix("]C1")
    running.cancel()
    await asyncio.wait({running})
    device.unplug()
    assert pump.of(ParcelScanned) == []
    assert [event.link for event in pump.of(LinkUp)] == ["hand_scanner"]
