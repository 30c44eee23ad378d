"""Where the time went: states and stops within a span, whatever began before it."""

import pytest

from edge.core.commands import Publish
from edge.core.values import State
from edge.runtime.reporting.line_time import effectiveness, line_time
from edge.runtime.reporting.span import Span, shift_at, shift_before

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def states(*told: tuple[int, State, str]) -> list[Publish]:
    return [Publish(kind="line_state", at_ms=at, body={"state": state.name, "cause": cause}) for at, state, cause in told]


def test_a_stop_is_counted_once_and_its_time_goes_to_its_first_cause() -> None:
    told = states(
        (0, State.EXECUTE, ""), (100, State.HOLDING, "JAM"), (110, State.HELD, "JAM"), (300, State.UNHOLDING, "JAM"),
        (310, State.EXECUTE, ""), (500, State.HOLDING, ""), (600, State.STOPPED, ""),
    )  # fmt: skip
    time = line_time(told, Span(0, 1000), 900)
    assert time.stops == {"JAM": (1, 210), "BY_HAND": (1, 100)}
    assert time.produced_ms == 100 + 190
    assert time.planned_ms == 600
    assert time.state_ms[State.STOPPED] == 300


def test_what_began_before_the_span_counts_only_within_it() -> None:
    told = states((0, State.EXECUTE, ""), (400, State.HELD, "JAM"), (900, State.EXECUTE, ""))
    time = line_time(told, Span(500, 1000), 2000)
    assert time.stops == {"JAM": (0, 400)}
    assert time.produced_ms == 100


def test_oee_is_the_product_and_zero_before_anything_was_planned() -> None:
    time = line_time(states((0, State.EXECUTE, ""), (HOUR_MS, State.HELD, "JAM")), Span(0, 2 * HOUR_MS), 2 * HOUR_MS)
    shares = effectiveness(time, produced=1350, good=1215, planned_rate_per_h=2700)
    assert (shares.availability, shares.effectiveness, shares.quality) == pytest.approx((0.5, 0.5, 0.9))
    assert shares.oee == pytest.approx(0.225)
    assert effectiveness(line_time([], Span(0, 0), 0), 0, 0, 2700).oee == 0.0


@pytest.mark.parametrize(
    ("at_h", "starts_min", "since_h", "until_h"),
    [
        (9, (0, 480, 960), 8, 16),
        (8, (0, 480, 960), 8, 16),
        (23, (0, 480, 960), 16, 24),
        (1, (480, 1200), -4, 8),
        (5, (), 0, 24),
    ],
)
def test_the_shift_of_a_moment(at_h: int, starts_min: tuple[int, ...], since_h: int, until_h: int) -> None:
    offset_min = 480
    day = 20_000 * 24 * HOUR_MS - offset_min * MINUTE_MS
    span = shift_at(day + at_h * HOUR_MS, starts_min, offset_min)
    assert ((span.since_ms - day) / HOUR_MS, (span.until_ms - day) / HOUR_MS) == (since_h, until_h)
    assert shift_before(day + at_h * HOUR_MS, 1, starts_min, offset_min).until_ms == span.since_ms
