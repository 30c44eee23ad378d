"""Forcing: only in Maintenance, only what the map has, the record before the act; the line's replay passes it over."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from drivers.ports import LinkLost
from drivers.process_image import ImageCodec
from edge.commissioning.force import Order, Refused, force, order_of, require_maintenance
from edge.conformance.bench import Bench
from edge.runtime.ledger import Ledger
from edge.runtime.records import BREACH, FORCED, Batch, Entry
from edge.runtime.replay import replay, steps
from simulators.virtual.loop import run_virtual
from tests.core.line import Line
from tests.runtime.plc_peer import IMAGE, FakePlc

VALUES = {"handle": 0, "argument": 0, "chute": 0, "hold_ms": 500}


class Plc(FakePlc):
    """A fake PLC that can be looked at; everything in it happens in one list with the journal."""

    def __init__(self, mode: int, story: list[str]) -> None:
        super().__init__()
        self.header["mode"] = mode
        self.story = story
        self.turn_key_at = 0
        self.states: list[int] = []
        self.master_beats = False

    async def read(self) -> tuple[int, ...]:
        await asyncio.sleep(0.001)
        if self.master_beats:
            self.edge = {"heartbeat": self.edge.get("heartbeat", 0) + 1}
        return self.image()

    async def read_written(self) -> tuple[int, ...]:
        raise AssertionError("not needed")

    async def exchange(self, write: Any, seen: Any, max_wait_ms: int) -> tuple[int, ...]:
        if "written" not in self.story[-1:]:
            self.story.append("written")
        words = await super().exchange(write, seen, max_wait_ms)
        self.states.append(self.edge["state"])
        if self.turn_key_at and len(self.states) == self.turn_key_at:
            self.header["mode"] = 1
        return words


class Nobody:
    async def do(self, act: str, number: int = 0) -> bool:
        return False


def play(
    order: Order, *, mode: int = 2, spoil: Callable[[Plc], None] = lambda _: None
) -> tuple[Plc, list[dict[str, str]], str]:
    story: list[str] = []
    plc = Plc(mode, story)
    spoil(plc)
    records: list[dict[str, str]] = []

    def write(batch: Batch) -> None:
        (entry,) = batch.entries
        assert entry.kind == FORCED
        records.append(msgspec.json.decode(entry.body))
        story.append(records[-1]["outcome"])

    async def run() -> str:
        bench = Bench(plc, ImageCodec(IMAGE), Nobody(), "machine")
        try:
            await require_maintenance(bench, plc)
            return await force(bench, order, "Li Na", write)
        except Refused as refused:
            return f"refused: {refused}"

    return plc, records, run_virtual(run())


def test_a_command_is_given_once_and_the_person_is_in_the_journal_before_it() -> None:
    plc, records, ended = play(Order(opcode="clear_belt"))
    assert [slot.opcode for slot in plc.commands] == [IMAGE.opcodes["clear_belt"].code]
    assert ended == "consumed"
    assert plc.story == ["begun", "written", "consumed"]
    assert {record["person"] for record in records} == {"Li Na"}
    assert "clear_belt" in records[0]["what"]
    assert plc.edge["permit"] == 0


def test_a_state_is_held_for_its_time_and_then_withdrawn() -> None:
    plc, _, _ = play(Order(state=6, hold_ms=500))
    assert 30 <= plc.states.count(6) <= 60
    assert plc.states[-1] == 2


@pytest.mark.parametrize("mode", [0, 1, 3])
def test_in_no_other_mode_anything_is_written_or_journalled(mode: int) -> None:
    plc, records, ended = play(Order(opcode="clear_belt"), mode=mode)
    assert "turn its key switch to Maintenance" in ended
    assert (plc.exchanges, records) == (0, [])


def test_beside_an_edge_that_is_at_work_nothing_is_written() -> None:
    plc, records, ended = play(Order(opcode="clear_belt"), spoil=lambda plc: setattr(plc, "master_beats", True))
    assert "stop the line first" in ended
    assert (plc.exchanges, records) == (0, [])


def test_turning_the_key_withdraws_at_once() -> None:
    plc, records, ended = play(Order(state=6, hold_ms=5_000), spoil=lambda plc: setattr(plc, "turn_key_at", 30))
    assert "withdrawn" in ended
    assert plc.states[31:].count(6) <= 1
    assert records[-1]["outcome"].endswith("withdrawn")


def test_a_lost_wire_is_told_in_the_journal() -> None:
    with pytest.raises(LinkLost):
        play(Order(opcode="clear_belt"), spoil=lambda plc: plc.faults.extend([(LinkLost("x"), False)] * 9))


@pytest.mark.parametrize(
    ("opcode", "field", "says"),
    [
        ("", "", "either"),
        ("seal", "state=HELD", "either"),
        ("divert", "", "no command of the machine PLC"),
        ("explode", "", "no command of the machine PLC"),
        ("", "permit=1", "only the state word"),
        ("", "state=FLYING", "only the state word"),
    ],
)
def test_what_the_declared_map_does_not_have_is_refused(opcode: str, field: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        order_of(IMAGE, "machine", opcode, field, VALUES)


def test_a_replay_passes_over_it_and_still_knows_of_a_breach_before_it() -> None:
    line = Line()
    ledger = Ledger("file:forced?mode=memory&cache=shared", b"k" * 32)
    ledger.open(lambda: "j")
    note = Entry(0, FORCED, 1, b'{"person":"Li Na"}')
    ledger.write(Batch([note, Entry(0, BREACH, 1, msgspec.json.encode("I3")), note]))
    proved = replay(ledger, "core", line.controller.floor.settings, line.controller.floor.sort_plan)
    assert (proved.broke, proved.place.seq, proved.events) == ("I3", 3, 0)
    assert list(steps(ledger.records(), line.controller)) == []
    ledger.close()
