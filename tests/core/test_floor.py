"""What all nouns share: the two clocks, conditions told once, surprises counted."""

import pytest

from edge.core.commands import Publish
from edge.core.conditions import DOUBTS_THE_BELT
from edge.core.floor import Floor
from edge.core.values import State
from tests.core.line import PLAN, SETTINGS


def floor() -> Floor:
    return Floor(SETTINGS, PLAN)


@pytest.mark.parametrize("state", list(State))
def test_the_belts_time_passes_only_while_they_run(state: State) -> None:
    for clearing in (False, True):
        for seen in (False, True):
            shared = floor()
            shared.machine.state, shared.clearing, shared.plcs_seen = state, clearing, seen
            shared.advance(7_000)
            runs = clearing or state in (State.EXECUTE, State.COMPLETING)
            assert shared.running() == runs
            assert (shared.now_us, shared.belt_us) == (7_000, 7_000 if runs and seen else 0)


def test_time_never_runs_backwards() -> None:
    shared = floor()
    shared.machine.state = State.EXECUTE
    for at_us in (5_000, 3_000, 5_000, 6_000):
        shared.advance(at_us)
    assert (shared.now_us, shared.belt_us) == (6_000, 6_000)


def test_wall_time() -> None:
    shared = floor()
    shared.advance(9_999_999)
    assert shared.wall_ms() == 0
    shared.wall_offset_ms = 1_790_000_000_000
    assert shared.wall_ms() == 1_790_000_009_999


def test_a_condition_is_told_when_it_begins_and_when_it_ends() -> None:
    shared = floor()
    shared.wall_offset_ms = 100
    for step in (shared.raise_condition, shared.end_condition):
        for _ in range(2):
            step("STARVED")
            shared.advance(shared.now_us + 5_000)
    body = {"code": "STARVED", "priority": 3}
    assert shared.out == [
        Publish(kind="condition", at_ms=100, body={**body, "active": True}),
        Publish(kind="condition", at_ms=110, body={**body, "active": False}),
    ]


@pytest.mark.parametrize(("code", "reason"), list(DOUBTS_THE_BELT.items()))
def test_why_what_comes_now_is_refused(code: str, reason: str) -> None:
    shared = floor()
    assert shared.belt_in_doubt() == ""
    shared.raise_condition(code)
    assert shared.belt_in_doubt() == reason
    shared.clearing = True
    assert shared.belt_in_doubt() == "LINE_STOPPED_BY_HAND"


def test_surprises_are_counted_by_pair() -> None:
    shared = floor()
    for state, event in (("fed", "sealed"), ("fed", "sealed"), ("open", "sealed")):
        shared.surprise(state, event)
    assert shared.unexpected == {"fed/sealed": 2, "open/sealed": 1}
