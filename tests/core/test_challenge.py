"""Challenge items: every check is shown what it must refuse, and one that does not refuse holds the line with its cause."""

import pytest

from edge.core import challenge
from edge.core.challenge import CHALLENGES, EVERY_US
from edge.core.commands import Publish
from edge.core.events import Booted, ClockRead, OrderCancelled
from edge.core.matching import Check
from edge.core.values import OrderId, State, Verdict
from tests.core.line import Line

WALL_MS = 1_790_000_000_000


def look(line: Line, after_ms: int = 1) -> list[dict]:
    """The clock is read; what was told of challenges."""
    out = line.say(ClockRead, after_ms, wall_ms=WALL_MS + line.now_ms + after_ms)
    return [command.body for command in out if isinstance(command, Publish) and command.kind == "challenge"]


def test_each_challenge_is_refused_before_and_after_something_was_dispatched() -> None:
    line = Line()
    (first,) = look(line)
    assert first == {"round": 1, "tried": len(CHALLENGES), "missed": "", "virtual": True}
    line.through(1)
    (second,) = look(line, EVERY_US // 1000)
    assert (second["round"], second["missed"]) == (2, "")
    assert line.controller.floor.machine.state is State.EXECUTE
    assert (line.controller.challenges.rounds, line.controller.challenges.tried) == (2, 2 * len(CHALLENGES))


def test_a_round_is_due_every_quarter_of_an_hour_of_a_running_line_and_after_a_start() -> None:
    line = Line(started=False)
    assert look(line) == []
    line.start([])
    assert look(line) == [], "nothing to challenge without an order"
    line = Line()
    assert len(look(line)) == 1
    assert look(line, EVERY_US // 1000 - 2) == []
    assert len(look(line, 2)) == 1
    line.act("stop")
    line.mirror()
    assert look(line, EVERY_US // 1000) == []
    line.say(Booted, boot=2, journal_id="j", version="t")
    assert line.controller.challenges.restarted() is None
    assert look(line) == []


def test_it_is_not_in_the_counts_of_production_and_on_no_belt() -> None:
    line = Line()
    before = dict(line.controller.floor.production.outcomes)
    look(line)
    assert dict(line.controller.floor.production.outcomes) == before
    assert not line.controller.documents.all
    assert not line.controller.items.all


def test_an_order_that_was_recalled_does_not_make_a_challenge_fail() -> None:
    line = Line()
    line.through(1)
    line.say(OrderCancelled, order_id=OrderId("O1"), version=1)
    (told,) = look(line)
    assert told["missed"] == ""


PASSING = {
    "accept_reading": {
        "nothing read", "two documents in one burst", "wrong check digit", "impossible date", "one doubtful frame",
    },
    "check_label": {
        "no label", "label of another", "an older label of the same order", "a second label beside the right one",
        "the right label twice", "half a label",
    },
}  # fmt: skip


@pytest.mark.parametrize("check", PASSING)
def test_a_check_that_lets_everything_pass_holds_the_line_and_is_named(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    blind = "" if check == "accept_reading" else Check(Verdict.MATCH)
    monkeypatch.setattr(challenge, check, lambda *_: blind)
    (told,) = look(line)
    assert set(told["missed"].split(",")) == PASSING[check]
    assert line.controller.challenges.missed == len(PASSING[check])
    assert line.controller.floor.machine.state is State.HOLDING
    assert line.controller.floor.conditions.first_out == "CHALLENGE_MISSED"
    assert not line.controller.supervision.permit
    monkeypatch.undo()
    line.mirror()
    (told,) = look(line)
    assert told["missed"] == ""
    assert line.controller.floor.machine.state is State.HELD, "a person has to go on"
    assert "CHALLENGE_MISSED" not in line.controller.floor.conditions.active


def test_a_pool_that_finds_an_order_for_everything_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    line.through(1)
    monkeypatch.setattr(line.controller.floor.pool, "find", lambda *_: Check(Verdict.MATCH, "", OrderId("O2")))
    (told,) = look(line)
    assert set(told["missed"].split(",")) == {"document of nobody", "look-alike of an open order", "the same document again"}


def test_rounds_take_turns_with_the_orders_and_are_the_same_again() -> None:
    def victims(line: Line) -> list[OrderId]:
        picked = []
        for _ in range(3):
            look(line, EVERY_US // 1000)
            order = line.controller.challenges._pick()
            assert order is not None
            picked.append(order.order_id)
        return picked

    assert victims(Line()) == victims(Line()) == [OrderId("O2"), OrderId("O3"), OrderId("O4")]
