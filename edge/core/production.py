"""Production figures: counts by outcome, pace, and the line's effectiveness after ISO 22400-2, per shift."""

from collections import deque
from typing import NamedTuple

from edge.core.values import State

RATE_WINDOW_US = 60_000_000
REJECTS_SHOWN = 8
# States in which nobody expects the line to produce: they do not count as planned busy time (PBT).
NOT_PLANNED = frozenset({State.STOPPED, State.RESETTING, State.IDLE, State.COMPLETING, State.COMPLETE, State.CLEARING})
NO_CAUSE = "BY_HAND"


class Reject(NamedTuple):
    """One line of the list of last rejects."""

    at_ms: int
    key: str
    reason: str
    masked: str
    place: str
    pick_up: str = ""
    """where a document without an order waits for its owner"""


class Oee(NamedTuple):
    """Key figures of ISO 22400-2:2014 in permille.

    availability = APT / PBT; effectiveness = PRI * PQ / APT with PRI the planned run time per item; quality = GQ / PQ;
    oee = availability * effectiveness * quality. APT: actual production time, PBT: planned busy time, PQ: produced quantity
    (items and lone documents that have their outcome), GQ: good quantity (dispatched).
    """

    availability: int
    effectiveness: int
    quality: int
    oee: int


class Shift:
    """The figures of one shift."""

    def __init__(self, since_us: int, since_ms: int) -> None:
        self.since_us = since_us
        self.since_ms = since_ms
        self.state_us: dict[State, int] = {}
        self.stops: dict[str, list[int]] = {}
        """cause → [number, µs]: the Pareto of stops"""
        self.outcomes: dict[str, int] = {}
        self.documents_fed = 0

    def oee(self, planned_rate_per_h: int) -> Oee:
        """The key figures so far; zeros before anything was planned."""
        pbt_us = sum(us for state, us in self.state_us.items() if state not in NOT_PLANNED)
        apt_us = self.state_us.get(State.EXECUTE, 0)
        produced, good = sum(self.outcomes.values()), self.outcomes.get("dispatched", 0)
        availability = apt_us / pbt_us if pbt_us else 0.0
        effectiveness = 3_600_000_000 / planned_rate_per_h * produced / apt_us if apt_us else 0.0
        quality = good / produced if produced else 0.0
        figures = (availability, effectiveness, quality, availability * effectiveness * quality)
        return Oee(*(round(figure * 1000) for figure in figures))

    def pareto(self) -> list[tuple[str, int, int]]:
        """(cause, number of stops, seconds), the longest first."""
        rows = [(cause, number, us // 1_000_000) for cause, (number, us) in self.stops.items()]
        return sorted(rows, key=lambda row: (-row[2], row[0]))


class Production:
    """Counts of this journal since its beginning, of this shift and the one before; the rate is of the last minute."""

    def __init__(self) -> None:
        self.documents_fed = 0
        self.desk_documents = 0
        self.desk_items = 0
        """read, and closed, at the manual desk: no PLC counts these (I1)"""
        self.sealed = 0
        self.recalled = 0
        self.outcomes: dict[str, int] = {}
        self.rejects: deque[Reject] = deque(maxlen=REJECTS_SHOWN)
        self._ended_us: deque[int] = deque()
        self.shift = Shift(0, 0)
        self.last_shift: Shift | None = None
        self._state = State.STOPPED
        self._cause = ""
        self._since_us = 0

    def fed(self) -> None:
        """One document more."""
        self.documents_fed += 1
        self.shift.documents_fed += 1

    def ended(self, outcome: str, now_us: int) -> None:
        """One item or lone document has its outcome: "dispatched" or a reason code."""
        for outcomes in (self.outcomes, self.shift.outcomes):
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if outcome == "dispatched":
            self._ended_us.append(now_us)
            self._forget(now_us)

    def changed(self, state: State, cause: str, now_us: int) -> None:
        """The line's state is another one, for this cause ("" = nobody knows one: by hand)."""
        self.account(now_us)
        if self._state is State.EXECUTE and state is not State.EXECUTE and state not in NOT_PLANNED:
            self._cause = cause or NO_CAUSE
            self.shift.stops.setdefault(self._cause, [0, 0])[0] += 1
        elif state is State.EXECUTE or state in NOT_PLANNED:
            self._cause = ""
        self._state = state

    def account(self, now_us: int) -> None:
        """Book the time since the last look to the present state, and to the cause of the stop when it is one."""
        span_us, self._since_us = max(0, now_us - self._since_us), now_us
        self.shift.state_us[self._state] = self.shift.state_us.get(self._state, 0) + span_us
        if self._cause:
            self.shift.stops.setdefault(self._cause, [0, 0])[1] += span_us

    def next_shift(self, now_us: int, now_ms: int) -> Shift:
        """A new shift begins; returns the one that ended."""
        self.account(now_us)
        ended, self.shift = self.shift, Shift(now_us, now_ms)
        self.last_shift = ended
        return ended

    def restarted(self, now_us: int) -> None:
        """The monotonic clock begins anew with the machine: no time is booked across it."""
        self._since_us = now_us
        self._ended_us.clear()

    def _forget(self, now_us: int) -> None:
        while self._ended_us and self._ended_us[0] < now_us - RATE_WINDOW_US:
            self._ended_us.popleft()

    def rate_per_h(self, now_us: int) -> int:
        """Dispatched items per hour over the last minute (or since the first, when that is younger)."""
        ended_us = [at_us for at_us in self._ended_us if at_us >= now_us - RATE_WINDOW_US]
        if len(ended_us) < 2:
            return 0
        return round((len(ended_us) - 1) * 3_600_000_000 / max(1, ended_us[-1] - ended_us[0]))

    def rejected(self) -> int:
        """Number of items and lone documents with a reject reason."""
        return sum(count for outcome, count in self.outcomes.items() if outcome != "dispatched")
