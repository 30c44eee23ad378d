"""decide – commit – act: nothing leaves before it is durable, nothing leaves after a broken promise."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from edge.core.commands import Command, SetPermit
from edge.core.controller import Controller
from edge.core.event import Event
from edge.core.events import Booted, ClockRead, ConfigLoaded, DeadlinePassed, LinkUp, ManifestGranted, ManifestSealed
from edge.core.invariants import Auditor, InvariantError
from edge.core.values import LotId
from edge.runtime import pump as pump_module
from edge.runtime.clock import Clock
from edge.runtime.link import Cursor
from edge.runtime.pump import Pump
from edge.runtime.records import Batch, JournalError
from simulators.virtual.loop import run_virtual
from tests.core.line import PLAN, SETTINGS, order


class Memory:
    """A store that commits when told to."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.outbox_changed = asyncio.Event()
        self.journal_id = "j"
        self.commit_s = 0.0
        self.error: JournalError | None = None

    async def commit(self, batch: Batch) -> None:
        await asyncio.sleep(self.commit_s)
        if self.error is not None:
            raise self.error
        self.batches.append(batch)

    def kinds(self) -> list[str]:
        return [entry.kind for batch in self.batches for entry in batch.entries]


class Bench:
    def __init__(self) -> None:
        self.store = Memory()
        self.acted: list[Command] = []
        self.controller = Controller(SETTINGS, PLAN)
        self.clock = Clock(lambda: 1_790_000_000_000)
        self.auditor = Auditor(self.controller)
        self.pump = Pump(self.controller, self.auditor, self.store, self.acted.append, self.clock, stall_ms=250)
        self.task = asyncio.ensure_future(self.pump.run())

    def event(self, kind: type[Event], **fields: object) -> Event:
        return kind(at_us=self.clock.now_us(), **fields)

    async def end(self) -> None:
        self.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.task


def virtual(test: Coroutine[Any, Any, None]) -> None:
    run_virtual(test)


def test_nothing_is_acted_or_acknowledged_before_the_commit() -> None:
    async def story() -> None:
        bench = Bench()
        bench.store.commit_s = 0.05
        acknowledged: list[float] = []
        loop = asyncio.get_running_loop()
        offered = bench.pump.offer(
            bench.event(LinkUp, link="printer"),
            cursor=Cursor("machine_plc", 1, 5),
            on_durable=lambda: acknowledged.append(loop.time()),
        )
        assert offered
        await asyncio.sleep(0.04)
        assert not acknowledged
        assert not bench.acted
        await asyncio.sleep(0.2)
        assert acknowledged
        assert Cursor("machine_plc", 1, 5) in bench.store.batches[0].cursors
        await bench.end()

    virtual(story())


def test_events_are_taken_in_the_order_of_their_stamps_and_deadlines_come_first() -> None:
    async def story() -> None:
        bench = Bench()
        await asyncio.sleep(5)
        order: list[str] = []
        handle = bench.controller.handle

        def note(event: Event) -> tuple[Command, ...]:
            order.append(type(event).__name__)
            return handle(event)

        bench.controller.handle = note  # type: ignore[method-assign]
        bench.controller.documents._read.set("D1-1", 4_900_000)
        bench.controller.documents.read_deadline = lambda key: None  # type: ignore[method-assign]
        bench.pump.offer(LinkUp(at_us=5_000_000, link="printer"))
        bench.pump.offer(ConfigLoaded(at_us=4_800_000, digest="", settings=SETTINGS, sort_plan=PLAN))
        await asyncio.sleep(0.1)
        assert [name for name in order if name != "ClockRead"] == ["ConfigLoaded", "DeadlinePassed", "LinkUp"]
        await bench.end()

    virtual(story())


def test_a_long_manifest_is_taken_five_hundred_orders_at_a_time() -> None:
    async def story() -> None:
        bench = Bench()
        lot = LotId("L")
        chunks = [tuple(order(100 * n + m) for m in range(100)) for n in range(12)]
        for n, orders in enumerate(chunks):
            bench.pump.offer(bench.event(ManifestGranted, lot=lot, version=1, chunk=n, orders=orders))
        bench.pump.offer(bench.event(ManifestSealed, lot=lot, version=1, chunks=12, digest=""))
        await asyncio.sleep(0.1)
        groups = [[entry.kind for entry in batch.entries if entry.kind.startswith("Manifest")] for batch in bench.store.batches]
        assert [len(kinds) for kinds in groups] == [5, 5, 3]
        assert bench.controller.floor.pool.waiting == 1200
        await bench.end()

    virtual(story())


def test_a_boot_comes_before_what_fell_due_while_we_were_away() -> None:
    async def story() -> None:
        bench = Bench()
        bench.controller.documents._read.set("D1-1", 100_000)
        bench.controller.documents.read_deadline = lambda key: None  # type: ignore[method-assign]
        bench.pump.offer(Booted(at_us=4_800_000, boot=2, journal_id="j", version="t"))
        bench.pump.offer(ConfigLoaded(at_us=4_800_000, digest="", settings=SETTINGS, sort_plan=PLAN))
        await asyncio.sleep(0.1)
        kinds = [kind for kind in bench.store.kinds() if kind in ("Booted", "ConfigLoaded", "DeadlinePassed")]
        assert kinds == ["Booted", "ConfigLoaded"], "the deadline itself passes with the boot, behind the quarantine"
        await bench.end()

    virtual(story())


def test_a_broken_promise_commits_what_was_before_it_and_a_breach_and_ends() -> None:
    async def story() -> None:
        bench = Bench()
        good_check = bench.auditor.check

        def check(commands: tuple[Command, ...]) -> None:
            good_check(commands)
            if bench.pump.handled == 1:
                raise InvariantError("I9: planted")

        bench.auditor.check = check  # type: ignore[method-assign]
        for link in ("printer", "scanner", "central"):
            bench.pump.offer(bench.event(LinkUp, link=link))
        with pytest.raises(InvariantError, match="planted"):
            await bench.task
        kinds = bench.store.kinds()
        assert kinds[-1] == "Breach"
        assert kinds.count("LinkUp") == 1
        assert bench.pump.permit_word() == 0
        assert not bench.pump.beating()
        assert not bench.pump.offer(bench.event(LinkUp, link="printer"))
        assert not bench.acted

    virtual(story())


def test_a_failed_commit_acts_on_nothing_and_ends() -> None:
    async def story() -> None:
        bench = Bench()
        bench.store.error = JournalError("disk")
        bench.pump.offer(bench.event(Booted, boot=1, journal_id="j", version="t"))
        with pytest.raises(JournalError):
            await bench.task
        assert not bench.acted
        assert bench.pump.permit_word() == 0

    virtual(story())


def test_the_permit_is_renewed_while_work_is_young_and_lapses_when_it_is_not() -> None:
    async def story() -> None:
        bench = Bench()
        await asyncio.sleep(1)
        assert bench.pump.permit_word() == 0
        bench.pump._granted = True
        words = []
        for _ in range(4):
            words.append(bench.pump.permit_word())
            await asyncio.sleep(0.06)
        assert len(set(words)) == 4, "each renewal is another number"
        bench.store.commit_s = 1.0
        bench.pump.offer(bench.event(LinkUp, link="printer"))
        await asyncio.sleep(0.3)
        stuck = {bench.pump.permit_word()}
        for _ in range(5):
            await asyncio.sleep(0.06)
            stuck.add(bench.pump.permit_word())
        assert len(stuck) == 1, "not renewed while the commit hangs"
        assert bench.pump.beating(), "one slow commit is not a dead pump"
        await asyncio.sleep(2)
        assert bench.pump.permit_word() not in stuck
        await bench.end()

    virtual(story())


def test_a_full_queue_turns_away_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(pump_module, "QUEUE_MAX", 3)
        bench = Bench()
        answers = [bench.pump.offer(bench.event(LinkUp, link="printer")) for _ in range(5)]
        assert answers == [True, True, True, False, False]
        assert bench.pump.turned_away == 2
        await asyncio.sleep(0.1)
        assert bench.pump.offer(bench.event(LinkUp, link="printer"))
        await bench.end()

    virtual(story())


def test_the_wall_clock_is_read_now_and_then() -> None:
    async def story() -> None:
        bench = Bench()
        await asyncio.sleep(35)
        assert bench.store.kinds().count(ClockRead.__name__) == 4
        await bench.end()

    virtual(story())


def test_drain_commits_what_is_queued() -> None:
    async def story() -> None:
        bench = Bench()
        await asyncio.sleep(0)
        bench.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bench.task
        bench.pump._dead = False
        bench.pump.offer(bench.event(LinkUp, link="printer"))
        await bench.pump.drain()
        assert "LinkUp" in bench.store.kinds()
        assert not bench.pump.beating()

    virtual(story())


def test_kinds_never_recorded_are_rows() -> None:
    entries = pump_module.entries_of(DeadlinePassed(at_us=1), [SetPermit(granted=True)])
    assert [entry.kind for entry in entries] == ["DeadlinePassed", "SetPermit"]
