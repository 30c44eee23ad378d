"""The runtime from ports: replay gives the same state, rows and replay must agree, requests are answered once durable."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from edge.core.commands import Command, Outcome
from edge.core.device_events import PrinterStatus, PrintFailed
from edge.core.events import Booted, LinkUp
from edge.core.values import ItemId, State
from edge.runtime.app import Busy, Runtime
from edge.runtime.clock import Clock
from edge.runtime.journal import InlineStore
from edge.runtime.ledger import Ledger
from edge.runtime.link import Health
from edge.runtime.records import Batch, Entry, JournalError
from edge.runtime.replay import replay
from edge.runtime.view import accounts
from simulators.virtual.loop import run_virtual
from tests.core.line import PLAN, SETTINGS, Line


class Wire:
    """A link that keeps what it is sent."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: list[Command] = []

    async def run(self) -> None:
        await asyncio.Event().wait()

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def health(self) -> Health:
        return Health(up=True, age_ms=3)


def ledger_at(path: Path) -> Ledger:
    ledger = Ledger(str(path), b"k" * 32)
    ledger.open(lambda: "j1")
    return ledger


def write_story(ledger: Ledger, line: Line, dispatched: list[tuple[str, str, str]]) -> None:
    entries = [Entry(event.at_us, type(event).__name__, 1, msgspec.json.encode(event)) for event in line.log]
    ledger.write(Batch(entries, outcomes=dispatched))


def rows_of(line: Line) -> list[tuple[str, str, str]]:
    return [(command.table, command.key, command.value) for command in line.commands if isinstance(command, Outcome)]


def test_replay_gives_the_same_state(tmp_path: Path) -> None:
    line = Line()
    for n in (1, 2, 3):
        line.through(n)
    line.to_weighed(4)
    ledger = ledger_at(tmp_path / "j.db")
    write_story(ledger, line, rows_of(line))
    replayed = replay(ledger, "", SETTINGS, PLAN)
    assert accounts(replayed.controller) == accounts(line.controller)
    assert replayed.controller.floor.production.outcomes == {"dispatched": 3}
    assert replayed.controller.labels.next_print_id == 5
    assert replayed.events == len(line.log)
    ledger.close()


@pytest.mark.parametrize("lost", ["dispatched", "print", "void"])
def test_rows_that_differ_from_the_replay_forbid_the_start(tmp_path: Path, lost: str) -> None:
    line = Line()
    line.through(1)
    line.to_weighed(2)
    line.say(PrintFailed, print_id=line.print_id(2), sent=False, reason="paused")
    ledger = ledger_at(tmp_path / "j.db")
    write_story(ledger, line, [row for row in rows_of(line) if row[0] != lost])
    with pytest.raises(JournalError, match=f"differ in {lost}"):
        replay(ledger, "", SETTINGS, PLAN)
    ledger.close()


def test_a_replay_that_breaks_a_promise_forbids_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    line.through(1)
    ledger = ledger_at(tmp_path / "j.db")
    write_story(ledger, line, rows_of(line))
    monkeypatch.setattr("edge.core.invariants.route", lambda *_: 9)
    with pytest.raises(JournalError, match=r"record \d+ breaks a promise \(I8"):
        replay(ledger, "", SETTINGS, PLAN)
    ledger.close()


def runtime_of(ledger: Ledger) -> tuple[Runtime, list[Wire]]:
    runtime = Runtime(ledger, InlineStore(ledger, lambda: 4), Clock(lambda: 1_790_000_000_000), SETTINGS, PLAN)
    wires = [Wire(name) for name in ("machine_plc", "sorter_plc", "printer")]
    for wire in wires:
        runtime.add(wire)
    return runtime, wires


def test_after_a_breach_the_next_boot_is_held_and_says_so_and_the_one_after_need_not_say_it_again(tmp_path: Path) -> None:
    async def boot() -> Runtime:
        ledger = ledger_at(tmp_path / "j.db")
        runtime, _ = runtime_of(ledger)
        runtime.begin("digest")
        task = asyncio.ensure_future(runtime.pump.run())
        await asyncio.sleep(0.1)
        task.cancel()
        ledger.close()
        return runtime

    async def story() -> None:
        await boot()
        ledger = ledger_at(tmp_path / "j.db")
        ledger.write(Batch([Entry(9, "Breach", 1, b'"I3: planted"')]))
        ledger.close()
        broken = await boot()
        assert "PROMISE_BROKEN" in broken.controller.floor.conditions.active
        assert broken.controller.floor.machine.state is State.HELD
        reader = ledger_at(tmp_path / "j.db")
        said = [msgspec.json.decode(record.body, type=Booted).broke for record in reader.records() if record.kind == "Booted"]
        reader.close()
        assert said == ["", "I3: planted"]
        after = await boot()
        assert "PROMISE_BROKEN" in after.controller.floor.conditions.active, "it stands until the belt is cleared"
        reader = ledger_at(tmp_path / "j.db")
        boots = [msgspec.json.decode(record.body, type=Booted) for record in reader.records() if record.kind == "Booted"]
        reader.close()
        assert boots[-1].broke == ""

    run_virtual(story())


def test_a_second_boot_is_held_and_tells_both_plcs(tmp_path: Path) -> None:
    async def story() -> None:
        first = ledger_at(tmp_path / "j.db")
        first.write(Batch([Entry(1, "Booted", 1, msgspec.json.encode(Booted(at_us=1, boot=1, journal_id="j1", version="t")))]))
        first.close()
        ledger = ledger_at(tmp_path / "j.db")
        runtime, (machine, sorter, _) = runtime_of(ledger)
        runtime.begin("digest")
        task = asyncio.ensure_future(runtime.pump.run())
        answer = await runtime.request("start", "P1", {})
        assert (answer.accepted, answer.code) == (False, "BELT_NOT_CLEARED")
        assert runtime.controller.floor.machine.state is State.HELD
        assert [command.state for command in machine.sent] == [command.state for command in sorter.sent] == [State.HELD]
        snapshot = runtime.snapshot(site="s", sim=True, central=lambda: {"sent": 0, "confirmed": 0, "waiting": 0})
        assert snapshot["state"] == "HELD"
        assert {"code": "BELT_NOT_CLEARED"}.items() <= next(
            c for c in snapshot["conditions"] if c["code"] == "BELT_NOT_CLEARED"
        ).items()
        assert msgspec.json.encode(snapshot)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        ledger.close()

    run_virtual(story())


def test_a_full_queue_answers_busy(tmp_path: Path) -> None:
    async def story() -> None:
        ledger = ledger_at(tmp_path / "j.db")
        runtime, _ = runtime_of(ledger)
        while runtime.pump.offer(LinkUp(at_us=0, link="printer")):
            pass
        with pytest.raises(Busy):
            await runtime.request("start", "P1", {})
        ledger.close()

    run_virtual(story())


def test_the_view_says_how_much_is_left_of_a_roll_that_runs_low() -> None:
    from edge.runtime.view import snapshot

    line = Line()
    floor = line.controller.floor
    floor.settings = msgspec.structs.replace(floor.settings, media_labels=90, roll_low_labels=100)
    line.act("roll_changed", roll="media")
    line.say(PrinterStatus, state="silent")

    def shown() -> tuple[dict[str, str], object]:
        view = snapshot(line.controller, site="s", sim=False, rev=1, health={}, central={})
        return {row["code"]: row["zh"] + " / " + row["en"] for row in view["conditions"]}, view["rolls"]

    texts, rolls = shown()
    assert texts["MEDIA_LOW"] == "标签纸将用完：约剩 90 张 / labels run low: about 90 labels left"
    assert texts["PRINTER_NOT_READY"] == "打印机未就绪(标签纸/碳带/打印头) / printer not ready (media, ribbon or head)"
    assert rolls == [{"roll": "media", "labels": 90, "minutes": None, "head": 1}]
    floor.production.rate_per_h = lambda _: 2700  # type: ignore[method-assign]
    assert shown()[0]["MEDIA_LOW"].endswith("约剩 90 张，2 分钟 / labels run low: about 90 labels left, 2 min")


def test_the_view_names_the_head_that_is_out_of_order_and_why() -> None:
    from edge.core.heads import Against
    from edge.hmi.words import catalogue
    from edge.runtime.view import HEAD_WORDS, OF_HEADS, snapshot
    from tests.core.test_heads import two_heads

    line = two_heads(test_label=True)
    line.to_weighed(1)
    line.say(PrinterStatus, state="media_out", printer="printer_2")
    line.act("change_roll", head="2")
    view = snapshot(line.controller, site="s", sim=False, rev=1, health={}, central={})
    assert view["heads"] == [{"head": 1, "against": [], "labels": 1}, {"head": 2, "against": ["printer", "roll"], "labels": 0}]
    (told,) = view["conditions"]
    assert told["zh"] == "一个贴标头停用，进料减半：2号头打印机未就绪、正在换卷"
    assert told["en"].endswith("the feed is halved; head 2: printer not ready, roll being changed")
    assert set(HEAD_WORDS) == set(Against)
    assert set(catalogue()["reason"]) >= OF_HEADS


def test_the_view_shows_where_things_are() -> None:
    from edge.runtime.view import snapshot

    line = Line()
    line.through(1)
    item = line.to_labelled(3)
    line.feed(2)
    shown = snapshot(line.controller, site="s", sim=False, rev=1, health={}, central={})
    stations = {station["id"]: station["items"] for station in shown["stations"]}
    assert stations["id_camera"] == ["D1-2"]
    assert stations["label_camera"] == [item]
    assert shown["counts"] == {"sealed": 2, "rejected": 0, "waiting": 2, "remaining": 6}
    assert shown["bags"] == [
        {"chute": 1, "bag": "B1", "count": 0, "locked": False, "take_out": []},
        {"chute": 2, "bag": "B2", "count": 1, "locked": False, "take_out": []},
    ]
    places = {row["document"]: row["place"] for row in accounts(line.controller)}
    assert places == {"D1-1": "chute:2", "D1-3": "belt", "D1-2": "belt"}
    line.controller.items.lost(ItemId("I1-3"))
    assert {row["document"]: row["place"] for row in accounts(line.controller)}["D1-3"] == "lost"
