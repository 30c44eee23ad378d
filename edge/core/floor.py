"""What all nouns of the core share while they handle events: the moment, the rules in force, and the commands that result."""

from edge.core.clocks import Clocks
from edge.core.commands import Command, Publish
from edge.core.conditions import CONDITIONS, DOUBTS_THE_BELT, Conditions
from edge.core.leases import Leases
from edge.core.machine import RUNNING, Machine
from edge.core.orders import OrderPool
from edge.core.production import Production
from edge.core.routing import Bags
from edge.core.values import OrderId, Settings, SortPlan


class Floor:
    """The shared state of one line. It decides nothing."""

    def __init__(self, settings: Settings, sort_plan: SortPlan) -> None:
        self.settings = settings
        self.sort_plan = sort_plan
        self.now_us = 0
        self.plcs_seen = True
        """both PLCs are heard; while one is not, its belt may stand, so no transport deadline runs"""
        self.machine_told = True
        """the machine PLC has told all that it knows; after an outage its hand-overs are told behind their inductions"""
        self.belt_us = 0
        """time that the belts have run: transport deadlines are measured in it"""
        self.wall_offset_ms: int | None = None
        """wall clock minus monotonic time, from the last ClockRead"""
        self.boot = 0
        self.journal_id = ""
        self.clearing = False
        self.disk_free_mb: int | None = None
        self.out: list[Command] = []
        self.machine = Machine()
        self.conditions = Conditions()
        self.pool = OrderPool()
        self.bags = Bags()
        self.clocks = Clocks(self.pool.cohort_of)
        self.leases = Leases()
        self.production = Production()
        self.unexpected: dict[str, int] = {}
        """(state, event) pairs that no table has, counted: named, never silent"""

    def running(self) -> bool:
        """Whether the belts run, by our own will."""
        return self.clearing or self.machine.state in RUNNING

    def advance(self, at_us: int) -> None:
        """Move to the stamp of the next event; time never runs backwards."""
        step_us = max(0, at_us - self.now_us)
        if self.running() and self.plcs_seen:
            self.belt_us += step_us
        self.now_us += step_us

    def wall_ms(self) -> int:
        """Wall clock at the present event, ms since 1970 UTC; 0 before the first ClockRead."""
        return 0 if self.wall_offset_ms is None else self.wall_offset_ms + self.now_us // 1000

    def do(self, command: Command) -> None:
        """Command the shell, once the present event is durable."""
        self.out.append(command)

    def report(self, kind: str, **body: str | int | bool | None) -> None:
        """Tell central, through the outbox."""
        self.out.append(Publish(kind=kind, at_ms=self.wall_ms(), body=body))

    def raise_condition(self, code: str) -> None:
        """Raise a condition at the present moment."""
        if self.conditions.set(code, on=True, at_us=self.now_us):
            self.report("condition", code=code, active=True, priority=CONDITIONS[code].priority)

    def end_condition(self, code: str) -> None:
        """End a condition at the present moment."""
        if self.conditions.set(code, on=False, at_us=self.now_us):
            self.report("condition", code=code, active=False, priority=CONDITIONS[code].priority)

    def may_feed(self, order_id: OrderId) -> bool:
        """Whether this order is granted to us at the present moment (I4)."""
        return self.leases.may_feed(self.pool.lot_of(order_id), self.wall_ms())

    def may_dispatch(self, order_id: OrderId) -> bool:
        """Whether this order, which was begun, may still be dispatched (I4)."""
        return self.leases.may_dispatch(self.pool.lot_of(order_id), self.wall_ms(), self.settings)

    def look_at_leases(self) -> None:
        """Let the leases act on the line: what must be confirmed first, and whether any lot is left."""
        now_ms, lots = self.wall_ms(), self.pool.lots
        unconfirmed = next(self.leases.unconfirmed(now_ms), None) is not None
        ended = bool(lots) and not unconfirmed and not any(self.leases.may_feed(lot, now_ms) for lot in lots)
        for code, on in (("LEASES_UNCONFIRMED", unconfirmed), ("LEASES_ENDED", ended)):
            if on:
                self.raise_condition(code)
            else:
                self.end_condition(code)

    def belt_in_doubt(self) -> str:
        """Reason code for refusing whatever is on the belt now, "" when the belt is trusted."""
        if self.clearing:
            return "LINE_STOPPED_BY_HAND"
        return next((reason for code, reason in DOUBTS_THE_BELT.items() if code in self.conditions.active), "")

    def surprise(self, state: str, event: str) -> None:
        """Count a pair that no table has."""
        pair = f"{state}/{event}"
        self.unexpected[pair] = self.unexpected.get(pair, 0) + 1
