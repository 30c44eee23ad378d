"""Figures by the clock: of each minute what happened in it, of each shift what can be claimed of it."""

from edge.core.commands import Publish
from edge.core.events import ClockRead
from tests.core.line import Line

BEGIN_MS = 1_790_000_040_000
"""a full minute"""


def told(line: Line, kind: str) -> list[dict[str, object]]:
    return [dict(command.body) for command in line.said(Publish) if command.kind == kind]


def test_each_minute_has_its_own_figures_and_a_jump_has_one() -> None:
    line = Line()
    for wall_ms, fed in ((BEGIN_MS, 1), (BEGIN_MS + 59_999, 1), (BEGIN_MS + 60_000, 2), (BEGIN_MS + 400_000, 0)):
        line.say(ClockRead, wall_ms=wall_ms)
        for _ in range(fed):
            line.controller.floor.production.fed()
    line.controller.floor.production.ended("dispatched", line.controller.floor.now_us)
    line.controller.floor.production.ended("NO_ORDER", line.controller.floor.now_us)
    line.say(ClockRead, wall_ms=BEGIN_MS + 480_000)
    state = line.controller.floor.machine.state.name
    rows = [
        (row["since_ms"], row["documents_fed"], row["dispatched"], row["rejected"]) for row in told(line, "production")[-3:]
    ]
    assert rows == [
        (BEGIN_MS, 2, 0, 0),
        (BEGIN_MS + 60_000, 2, 0, 0),
        (BEGIN_MS + 360_000, 0, 1, 1),
    ]
    assert {row["state"] for row in told(line, "production")[-3:]} == {state}


def test_a_shift_ends_with_what_can_be_claimed_of_it() -> None:
    line = Line()
    day_ms = 1_790_006_400_000 // 86_400_000 * 86_400_000 - 8 * 3_600_000
    line.say(ClockRead, wall_ms=day_ms)
    for _ in range(7):
        line.controller.floor.production.fed()
        line.controller.floor.production.ended("dispatched", line.controller.floor.now_us)
    line.controller.challenges.tried, line.controller.challenges.missed = 28, 1
    for hours in (8, 16):
        line.say(ClockRead, wall_ms=day_ms + hours * 3_600_000)
    first, second = told(line, "integrity")[-2:]
    assert first == {
        "since_ms": day_ms, "documents_fed": 7, "dispatched": 7, "bound_ppm": 428_572, "tried": 28, "challenges_missed": 1,
    }  # fmt: skip
    assert (second["dispatched"], second["bound_ppm"], second["tried"], second["challenges_missed"]) == (0, 0, 0, 0)
