"""Rolls of labels and ribbon: counted since their change, told in time, and never guessed."""

import msgspec
import pytest

from edge.core.commands import Answer
from edge.core.device_events import LabelPrinted, LabelUnexpected, PrinterStatus, PrintFailed
from edge.core.rolls import Left
from edge.core.values import PrintId
from tests.core.line import SETTINGS, Line
from tests.core.test_controller import published
from tests.core.test_corners import conditions


def line_with(**change: int) -> Line:
    line = Line()
    line.controller.floor.settings = msgspec.structs.replace(SETTINGS, **change)
    return line


def ask(line: Line, roll: str) -> str:
    (answer,) = [command for command in line.act("roll_changed", roll=roll) if isinstance(command, Answer)]
    return answer.code


def print_labels(line: Line, numbers: range) -> None:
    for n in numbers:
        line.to_weighed(n)
        line.say(LabelPrinted, print_id=line.print_id(n))


def left(line: Line) -> dict[str, int]:
    return {row.roll: row.labels for row in line.controller.rolls.left()}


def test_nothing_is_said_of_a_roll_whose_change_nobody_knows() -> None:
    line = line_with(media_labels=3, roll_low_labels=3)
    print_labels(line, range(1, 3))
    assert line.controller.rolls.left() == []
    assert "MEDIA_LOW" not in conditions(line)


def test_labels_are_counted_from_the_change_on_and_few_of_them_warn_until_the_next() -> None:
    line = line_with(media_labels=4, ribbon_labels=9, roll_low_labels=2)
    assert ask(line, "media") == "OK"
    assert ask(line, "ribbon") == "OK"
    print_labels(line, range(1, 2))
    assert (left(line), "MEDIA_LOW" in conditions(line)) == ({"media": 3, "ribbon": 8}, False)
    print_labels(line, range(2, 3))
    assert (left(line), "MEDIA_LOW" in conditions(line)) == ({"media": 2, "ribbon": 7}, True)
    assert "RIBBON_LOW" not in conditions(line)
    print_labels(line, range(3, 6))
    assert left(line)["media"] == 0  # the roll was longer than it should be
    assert ask(line, "media") == "OK"
    assert (left(line)["media"], "MEDIA_LOW" in conditions(line)) == (4, False)
    assert published(line, "roll_changed")[-1] == {"roll": "media"}


def test_a_roll_that_is_not_watched_never_warns() -> None:
    line = line_with(media_labels=0, roll_low_labels=100)
    ask(line, "media")
    print_labels(line, range(1, 3))
    assert (line.controller.rolls.left(), "MEDIA_LOW" in conditions(line)) == ([], False)


def test_an_unknown_roll_is_refused() -> None:
    assert ask(line_with(), "paper") == "NO_SUCH_ROLL"


@pytest.mark.parametrize(("word", "roll"), [("media_out", "media"), ("ribbon_out", "ribbon")])
def test_a_printer_that_was_out_of_it_and_is_ready_has_got_a_fresh_one(word: str, roll: str) -> None:
    line = line_with(media_labels=50, ribbon_labels=50)
    for state in ("ready", word, "silent"):
        line.say(PrinterStatus, state=state)
        assert left(line) == {}
    line.say(PrinterStatus, state="ready")
    assert left(line) == {roll: 50}
    print_labels(line, range(1, 2))
    for state in ("head_open", "ready"):
        line.say(PrinterStatus, state=state)
    assert left(line) == {roll: 49}


def test_minutes_are_told_at_the_rate_of_the_line() -> None:
    line = line_with(media_labels=200)
    ask(line, "media")
    assert line.controller.rolls.left() == [Left("media", 200, None)]
    production = line.controller.floor.production
    production.rate_per_h = lambda _: 600  # type: ignore[method-assign]
    assert line.controller.rolls.left() == [Left("media", 200, 20)]
    production.rate_per_h = lambda _: 199  # type: ignore[method-assign]
    assert line.controller.rolls.left() == [Left("media", 200, 60)]


def test_a_label_that_nobody_expects_holds_the_line_until_the_belt_was_cleared() -> None:
    line = Line()
    line.say(LabelUnexpected)
    assert "STRAY_LABEL" in conditions(line)


def test_a_label_that_no_printer_can_make_has_a_reason_of_its_own() -> None:
    line = Line()
    line.to_weighed(1)
    line.say(PrintFailed, print_id=PrintId(1), sent=False, reason="U+E863", impossible=True)
    assert [item.reason for item in line.controller.items.all.values()] == ["LABEL_IMPOSSIBLE"]
    assert published(line, "label_void") == [{"item": "I1-1", "print_id": 1, "reason": "U+E863"}]
