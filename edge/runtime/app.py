"""One line's runtime: the core, the pump, the journal and the links, put together from ports. Real and virtual alike."""

import uuid
from collections.abc import Callable
from typing import Any

from edge import __version__
from edge.core.commands import Answer
from edge.core.events import Booted, Carried, ConfigLoaded, OperatorRequest
from edge.core.values import Settings, SortPlan
from edge.runtime import view
from edge.runtime.clock import Clock
from edge.runtime.dispatch import Dispatch
from edge.runtime.journal import Store
from edge.runtime.ledger import Journal, Ledger
from edge.runtime.link import Health, Link
from edge.runtime.pump import Pump
from edge.runtime.replay import replay
from edge.runtime.snapshot import Snapshot, core_digest


class Busy(Exception):
    """The queue is full: ask again in a moment."""


class Runtime:
    """The running line. Links are added before `boot`; the caller spawns `pump.run` and each link's `run`."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        clock: Clock,
        settings: Settings,
        sort_plan: SortPlan,
        *,
        snapshot: Snapshot | None = None,
        history: Journal | None = None,
        stall_ms: int = 250,
    ) -> None:
        """`snapshot` must fit the ledger, see Snapshot.fits; `history`: the ledger with its archives."""
        self._settings = settings
        self._sort_plan = sort_plan
        self._clock = clock
        self._request_count = 0
        self._rev = 0
        self.boot = ledger.boot
        self.journal_id = ledger.journal_id
        self.cursors = ledger.cursors()
        replayed = replay(history or ledger, core_digest(), settings, sort_plan, snapshot)
        self.replayed = replayed.events - (0 if snapshot is None else snapshot.events)
        self._broke = replayed.broke
        self._carry = replayed.carry
        self.controller = replayed.controller
        self.dispatch = Dispatch()
        self.pump = Pump(self.controller, replayed.auditor, store, self.dispatch.act, clock, stall_ms=stall_ms)
        self.links: list[Link] = []

    def add(self, link: Link) -> None:
        """One more wire."""
        self.links.append(link)
        self.dispatch.register(link)

    def begin(self, digest: str) -> None:
        """The first events of a boot: that we are back, what another core has left, and the configuration in force."""
        now_us = self._clock.now_us()
        self.pump.offer(
            Booted(
                at_us=now_us,
                boot=self.boot,
                journal_id=self.journal_id,
                version=__version__,
                broke=self._broke,
                core=core_digest(),
                wall_ms=self._clock.wall_ms(),
            )
        )
        if self._carry is not None:
            self.pump.offer(Carried(at_us=now_us, rows=self._carry))
        self.pump.offer(ConfigLoaded(at_us=now_us, digest=digest, settings=self._settings, sort_plan=self._sort_plan))

    async def request(self, act: str, person: str, argument: dict[str, str], request_id: str = "") -> Answer:
        """Ask for an act and wait until its answer is durable. Raises Busy when the queue is full."""
        self._request_count += 1
        request_id = request_id or f"r{self.boot}-{self._request_count}"
        future = self.dispatch.expect(request_id)
        event = OperatorRequest(at_us=self._clock.now_us(), request_id=request_id, person=person, act=act, argument=argument)
        if not self.pump.offer(event):
            self.dispatch.forget(request_id)
            raise Busy("the line's queue is full: ask again in a moment")
        return await future

    def health(self) -> dict[str, Health]:
        """State of each link by name."""
        return {link.name: link.health() for link in self.links}

    def snapshot(self, *, site: str, sim: bool, central: Callable[[], dict[str, int]]) -> dict[str, Any]:
        """The panel's view."""
        self._rev += 1
        return view.snapshot(self.controller, site=site, sim=sim, rev=self._rev, health=self.health(), central=central())


def new_journal_id() -> str:
    """A name for a new journal."""
    return uuid.uuid4().hex[:12]
