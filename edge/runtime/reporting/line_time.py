"""Where the line's time went: its states in a span, the stops by cause, and the key figures of ISO 22400-2."""

from collections.abc import Iterable
from typing import NamedTuple

from edge.core.commands import Publish
from edge.core.production import NO_CAUSE, NOT_PLANNED
from edge.core.values import State
from edge.runtime.reporting.span import Span


class LineTime(NamedTuple):
    """ms by state, and (number, ms) by cause of a stop."""

    state_ms: dict[State, int]
    stops: dict[str, tuple[int, int]]

    @property
    def planned_ms(self) -> int:
        """Planned busy time (PBT)."""
        return sum(ms for state, ms in self.state_ms.items() if state not in NOT_PLANNED)

    @property
    def produced_ms(self) -> int:
        """Actual production time (APT)."""
        return self.state_ms.get(State.EXECUTE, 0)


def line_time(states: Iterable[Publish], span: Span, end_ms: int) -> LineTime:
    """Add up the messages `line_state` of a whole journal within a span; what is still open ends at `end_ms`."""
    state_ms: dict[State, int] = {}
    stops: dict[str, list[int]] = {}
    state, cause, since_ms = State.STOPPED, "", span.since_ms

    def book(at_ms: int) -> None:
        nonlocal since_ms
        spent_ms = max(0, min(at_ms, span.until_ms) - max(since_ms, span.since_ms))
        state_ms[state] = state_ms.get(state, 0) + spent_ms
        if cause and spent_ms:
            stops.setdefault(cause, [0, 0])[1] += spent_ms
        since_ms = at_ms

    for message in states:
        book(message.at_ms)
        before, state = state, State[str(message.body["state"])]
        if before is State.EXECUTE and state is not State.EXECUTE and state not in NOT_PLANNED:
            cause = str(message.body["cause"]) or NO_CAUSE
            if span.holds(message.at_ms):
                stops.setdefault(cause, [0, 0])[0] += 1
        elif state is State.EXECUTE or state in NOT_PLANNED:
            cause = ""
    book(end_ms)
    return LineTime(state_ms, {cause: (number, ms) for cause, (number, ms) in stops.items()})


class Effectiveness(NamedTuple):
    """ISO 22400-2:2014, as shares of one: availability = APT / PBT, effectiveness, quality, and their product."""

    availability: float
    effectiveness: float
    quality: float

    @property
    def oee(self) -> float:
        """Overall equipment effectiveness."""
        return self.availability * self.effectiveness * self.quality


def effectiveness(time: LineTime, produced: int, good: int, planned_rate_per_h: int) -> Effectiveness:
    """The key figures; zeros before anything was planned."""
    planned_ms, produced_ms = time.planned_ms, time.produced_ms
    return Effectiveness(
        produced_ms / planned_ms if planned_ms else 0.0,
        3_600_000 / planned_rate_per_h * produced / produced_ms if produced_ms else 0.0,
        good / produced if produced else 0.0,
    )
