"""Looking at a PLC: only reads, names values, knows how old they are, and sees whether an edge is there."""

import asyncio
import io
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from rich.console import Console

from drivers.ports import DeviceRefused, LinkLost
from drivers.process_image import ImageCodec
from edge.commissioning.watch import Watch
from edge.commissioning.watch_view import picture
from simulators.virtual.loop import run_virtual
from tests.runtime.plc_peer import CODEC, IMAGE, FakePlc

LOOK_S = 0.1


class Reader:
    """The reading side of a fake PLC."""

    def __init__(self, *, shows_edge: bool = True) -> None:
        self.plc = FakePlc()
        self.shows_edge = shows_edge
        self.lost = False
        self.connects = 0

    async def connect(self) -> None:
        self.connects += 1
        await asyncio.sleep(0.001)

    async def read(self) -> tuple[int, ...]:
        await asyncio.sleep(0.003)
        if self.lost:
            raise LinkLost("the cable is out")
        return self.plc.image()

    async def read_written(self) -> tuple[int, ...]:
        await asyncio.sleep(0.003)
        if not self.shows_edge:
            raise DeviceRefused("exception 2")
        words = [0] * IMAGE.words("edge_to_plc")
        words[IMAGE.edge_to_plc.offsets["heartbeat"]] = self.plc.edge.get("heartbeat", 0)
        at = IMAGE.edge_to_plc.header_words
        words[at : at + 9] = [1, 0, 0, 17, IMAGE.opcodes["reject_document"].code, 0, 0, 0, 1]
        return tuple(words)

    async def close(self) -> None:
        await asyncio.sleep(0)


def play(
    story: Callable[[Reader, Watch, Callable[[int], Coroutine[Any, Any, int]]], Coroutine[Any, Any, None]], **how: bool
) -> Watch:
    async def run() -> Watch:
        reader = Reader(**how)
        watch = Watch(reader, ImageCodec(IMAGE))

        async def look(times: int) -> int:
            for _ in range(times):
                await watch.look()
                await asyncio.sleep(LOOK_S)
            return round(asyncio.get_running_loop().time() * 1000)

        await story(reader, watch, look)
        return watch

    return run_virtual(run())


def test_values_have_names_and_ages() -> None:
    async def story(reader: Reader, watch: Watch, look: Any) -> None:
        reader.plc.header = {"faults": 0b10001, "mode": 2}
        await look(10)
        reader.plc.header["faults"] = 1
        now_ms = await look(3)
        shown = watch.as_json(now_ms)
        assert shown["quality"] == "good"
        assert shown["plc_to_edge"]["faults"]["text"] == "estop"
        assert shown["plc_to_edge"]["mode"]["text"] == "maintenance"
        assert shown["plc_to_edge"]["state"]["text"] == "EXECUTE"
        assert 300 <= shown["plc_to_edge"]["faults"]["age_ms"] < 400
        assert shown["plc_to_edge"]["mode"]["age_ms"] > 1_200

    play(story)


def test_window_ring_and_round_trips_are_shown() -> None:
    async def story(reader: Reader, watch: Watch, look: Any) -> None:
        reader.plc.happen("document_fed", 17, value=2)
        now_ms = await look(5)
        shown = watch.as_json(now_ms)
        assert [event["kind"] for event in shown["window"]] == ["document_fed"]
        assert [command["handle"] for command in shown["ring"]] == [17]
        assert shown["round_trips"]["< 5 ms"] == 5
        console = Console(width=200, record=True, file=io.StringIO())
        console.print(picture(watch, "here", now_ms))
        text = console.export_text()
        for word in ("document_fed", "reject_document", "own connection, reads only", "no edge is writing", "< 5 ms"):
            assert word in text

    play(story)


def test_only_what_has_changed_stands_out_and_only_for_two_seconds() -> None:
    async def story(reader: Reader, watch: Watch, look: Any) -> None:
        def outstanding(now_ms: int) -> list[str]:
            console = Console(width=200, record=True, file=io.StringIO(), force_terminal=True)
            console.print(picture(watch, "here", now_ms))
            names = re.findall(r"\x1b\[1;7m *(\w+) *\x1b", console.export_text(styles=True))
            return [name for name in names if name in watch.fields]

        assert outstanding(await look(5)) == []
        reader.plc.header["buttons"] = 1
        assert outstanding(await look(3)) == ["buttons"]
        assert outstanding(await look(25)) == []

    play(story)


def test_a_heartbeat_that_stands_and_a_lost_wire_make_everything_old() -> None:
    async def story(reader: Reader, watch: Watch, look: Any) -> None:
        assert watch.quality(0) == "unknown"
        await look(5)
        reader.plc.frozen = True
        assert watch.quality(await look(5)) == "old"
        reader.plc.frozen = False
        assert watch.quality(await look(2)) == "good"
        reader.lost = True
        assert watch.quality(await look(2)) == "old"
        assert watch.trouble == "the cable is out"
        reader.lost = False
        assert watch.quality(await look(3)) == "good"
        assert reader.connects == 3

    play(story)


def test_an_edge_that_writes_is_seen() -> None:
    async def story(reader: Reader, watch: Watch, look: Any) -> None:
        reader.plc.edge = {"heartbeat": 7}
        assert not watch.edge_alive(await look(5))
        for beat in range(10):
            reader.plc.edge = {"heartbeat": beat}
            now_ms = await look(1)
        assert watch.edge_alive(now_ms)

    play(story)


def test_a_plc_that_does_not_show_what_was_written_is_looked_at_all_the_same() -> None:
    async def story(reader: Reader, watch: Watch, look: Any) -> None:
        now_ms = await look(5)
        assert watch.quality(now_ms) == "good"
        assert watch.as_json(now_ms)["edge_to_plc"] is None
        assert reader.connects == 2

    play(story, shows_edge=False)


@pytest.mark.parametrize("version", [2, 256])
def test_an_image_that_is_not_understood_says_why(version: int) -> None:
    async def story(reader: Reader, watch: Watch, look: Any) -> None:
        reader.plc.layout_version = version
        await look(2)
        assert ("word order" if version == 256 else "layout version") in watch.trouble

    assert CODEC.image.layout_version == 1
    play(story)
