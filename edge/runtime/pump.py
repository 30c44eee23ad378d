"""decide – commit – act: one bounded queue, one consumer, one durable transaction per group, and only then the commands."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from edge.core.commands import Command, Outcome, Publish, SetPermit
from edge.core.controller import Controller
from edge.core.event import Event
from edge.core.events import Booted, ClockRead, DeadlinePassed, ManifestGranted
from edge.core.invariants import Auditor, InvariantError
from edge.runtime.bell import Bell
from edge.runtime.clock import Clock
from edge.runtime.journal import Store
from edge.runtime.link import Cursor
from edge.runtime.records import BREACH, Batch, Entry
from edge.runtime.replay import EVENT_VERSION, leaving

QUEUE_MAX = 4096
GROUP_MAX = 256
GROUP_ORDERS_MAX = 500
"""orders of manifests in one group: each costs a hundredth of what an event costs, and a manifest comes all at once"""
RENEW_US = 50_000
CLOCK_READ_US = 10_000_000
PERMIT_MODULUS = 65535

_encode = msgspec.json.Encoder().encode


class Offered(NamedTuple):
    """One queued event with what must happen once it is durable."""

    event: Event
    cursor: Cursor | None
    on_durable: Callable[[], None] | None


class Decided(NamedTuple):
    """One handled event with the commands it led to."""

    offered: Offered
    commands: tuple[Command, ...]


class Pump:
    """The only caller of the controller, and the only writer of the journal."""

    def __init__(
        self,
        controller: Controller,
        auditor: Auditor,
        store: Store,
        act: Callable[[Command], None],
        clock: Clock,
        *,
        stall_ms: int,
    ) -> None:
        self._controller = controller
        self._auditor = auditor
        self._store = store
        self._act = act
        self._clock = clock
        self._stall_us = stall_ms * 1000
        self._queue: deque[Offered] = deque()
        self._wake = Bell()
        self._oldest_us: int | None = None
        self._granted = False
        self._permit = 0
        self._renewed_us = 0
        self._clock_read_us: int | None = None
        self._dead = False
        self._due_us: int | None = None
        self._due_known = False
        self.turned_away = 0
        self.handled = 0
        self.commits = 0

    # --- what links see ---
    def offer(self, event: Event, *, cursor: Cursor | None = None, on_durable: Callable[[], None] | None = None) -> bool:
        """Queue an event; False when the queue is full or the pump has stopped."""
        if self._dead or len(self._queue) >= QUEUE_MAX:
            self.turned_away += 1
            return False
        if self._oldest_us is None:
            self._oldest_us = self._clock.now_us()
        self._queue.append(Offered(event, cursor, on_durable))
        self._wake.set()
        return True

    def _progressing(self) -> bool:
        return not self._dead and (self._oldest_us is None or self._clock.now_us() - self._oldest_us < self._stall_us)

    def permit_word(self) -> int:
        """The lease: 0 = withdrawn; renewed only while the oldest unfinished work is young (I10)."""
        if not self._granted or self._dead:
            return 0
        now_us = self._clock.now_us()
        if self._progressing() and now_us - self._renewed_us >= RENEW_US:
            self._renewed_us = now_us
            self._permit = self._permit % PERMIT_MODULUS + 1
        return self._permit

    def beating(self) -> bool:
        """Whether the pump is alive; a slow commit shows in the permit first, a dead pump here."""
        return not self._dead

    # --- the one consumer ---
    async def run(self) -> None:
        """Decide, commit, act until cancelled. Raises InvariantError or JournalError, with the permit withdrawn."""
        try:
            while True:
                await self._wait()
                await self._turn()
        finally:
            self._dead = True

    async def drain(self) -> None:
        """Handle and commit what is queued; for the shutdown, after `run` was cancelled."""
        self._dead = False
        try:
            while self._queue:
                await self._turn()
        finally:
            self._dead = True

    async def _wait(self) -> None:
        self._wake.clear()
        if self._queue:
            return
        await self._wake.wait(max(0, self._next_due_us() - self._clock.now_us()) / 1_000_000)

    def _next_due_us(self) -> int:
        next_read_us = self._clock.now_us() if self._clock_read_us is None else self._clock_read_us + CLOCK_READ_US
        deadline_us = self._deadline_us()
        return next_read_us if deadline_us is None else min(deadline_us, next_read_us)

    def _deadline_us(self) -> int | None:
        """The core's next deadline; it moves only when the core handles an event."""
        if not self._due_known:
            self._due_us, self._due_known = self._controller.next_deadline_us(), True
        return self._due_us

    async def _turn(self) -> None:
        # The group's work stays "unfinished" until it is committed, which is what the permit looks at.
        decided, broken = self._decide(self._take())
        if decided or broken:
            await self._store.commit(self._batch(decided, broken))
            self.commits += 1
        self._oldest_us = self._clock.now_us() if self._queue else None
        if broken is not None:
            raise broken
        for one in decided:
            self._finish(one)

    def _take(self) -> list[Offered]:
        group: list[Offered] = []
        orders = 0
        while self._queue and len(group) < GROUP_MAX and orders < GROUP_ORDERS_MAX:
            group.append(self._queue.popleft())
            event = group[-1].event
            orders += len(event.orders) if isinstance(event, ManifestGranted) else 0
        now_us = self._clock.now_us()
        if self._clock_read_us is None or now_us - self._clock_read_us >= CLOCK_READ_US:
            self._clock_read_us = now_us
            group.append(Offered(ClockRead(at_us=now_us, wall_ms=self._clock.wall_ms()), None, None))
        group.sort(key=lambda offered: offered.event.at_us)
        return group

    def _decide(self, group: list[Offered]) -> tuple[list[Decided], InvariantError | None]:
        decided: list[Decided] = []
        try:
            for offered in group:
                # What fell due while we were away was not missed: a boot comes before it.
                if not isinstance(offered.event, Booted):
                    self._pass_deadlines(offered.event.at_us, decided)
                self._handle(offered, decided)
            self._pass_deadlines(self._clock.now_us(), decided)
        except InvariantError as broken:
            return decided, broken
        return decided, None

    def _pass_deadlines(self, until_us: int, decided: list[Decided]) -> None:
        while (due_us := self._deadline_us()) is not None and due_us <= until_us:
            self._handle(Offered(DeadlinePassed(at_us=due_us), None, None), decided)

    def _handle(self, offered: Offered, decided: list[Decided]) -> None:
        self._due_known = False
        commands = self._controller.handle(offered.event)
        self._auditor.check(commands)
        self.handled += 1
        decided.append(Decided(offered, commands))

    def _batch(self, decided: list[Decided], broken: InvariantError | None) -> Batch:
        entries = [entry for one in decided for entry in entries_of(one.offered.event, one.commands)]
        if broken is not None:
            entries.append(Entry(self._clock.now_us(), BREACH, EVENT_VERSION, _encode(str(broken))))
        commands = [command for one in decided for command in one.commands]
        return Batch(
            entries,
            [(c.kind, c.at_ms, _encode(c.body)) for c in commands if isinstance(c, Publish)],
            [(c.table, c.key, c.value) for c in commands if isinstance(c, Outcome)],
            [one.offered.cursor for one in decided if one.offered.cursor is not None],
        )

    def _finish(self, one: Decided) -> None:
        if one.offered.on_durable is not None:
            one.offered.on_durable()
        for command in one.commands:
            if isinstance(command, SetPermit):
                self._granted = command.granted
            self._act(command)


def entries_of(event: Event, commands: Iterable[Command]) -> list[Entry]:
    """The event as a record, and each command that leaves the house as its durable intent (I6)."""
    bodies = (event, *leaving(commands))
    return [Entry(event.at_us, type(body).__name__, EVENT_VERSION, _encode(body)) for body in bodies]
