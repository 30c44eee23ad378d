"""What central is told at once, past everything that waits in the outbox: the line as it is in this moment."""

from typing import NamedTuple

from edge.core.controller import Controller


class LineNow(NamedTuple):
    """State and conditions are told when they change, figures every few seconds."""

    state: str
    conditions: tuple[str, ...] = ()
    """codes in force, the oldest first"""
    rate_per_h: int = 0
    """items dispatched in the last minute, as a pace"""
    dispatched: int = 0
    """items since the journal began"""


def line_now(controller: Controller) -> LineNow:
    """The line behind its last event."""
    floor = controller.floor
    production = floor.production
    dispatched = production.outcomes.get("dispatched", 0)
    return LineNow(floor.machine.state.name, tuple(floor.conditions.active), production.rate_per_h(floor.now_us), dispatched)
