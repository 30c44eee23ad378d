"""After hands were at the printer: purge, one test label, the label camera reads it; the belt holds before D3 only."""

from typing import Any

import msgspec
import pytest

from edge.core.commands import Answer, Apply, NoLabel, Outcome, PrintTest, PurgeLabel, RollPassed
from edge.core.device_events import LabelInDoubt, LabelPrinted, LabelRead, PrinterStatus, PrintFailed
from edge.core.events import Booted, Extra, LabelPurged
from edge.core.invariants import InvariantError
from edge.core.label_text import text_of_test
from edge.core.roll_test import ROLL_TEST_TABLE, RollTestState
from edge.core.values import Camera, ItemId, Plc, PrintId, State, Symbol
from tests.core.line import SETTINGS, Line, order
from tests.core.test_controller import published
from tests.core.test_corners import conditions
from tests.core.test_rolls import ask


def line_with_tests() -> Line:
    line = Line()
    line.controller.floor.settings = msgspec.structs.replace(SETTINGS, test_label=True)
    return line


def state(line: Line) -> State:
    return line.controller.floor.machine.state


def test_print(line: Line) -> PrintId:
    print_id = line.controller.roll_test.print_id
    assert print_id is not None
    return print_id


test_print.__test__ = False  # type: ignore[attr-defined]


def touched(line: Line) -> PrintId:
    """Somebody was at the printer, which can print again: the print id of the test label."""
    line.say(PrinterStatus, state="media_out")
    line.say(PrinterStatus, state="untested")
    return test_print(line)


def hold_under_camera(line: Line, *texts: str, trigger: int = 900, told: bool = True) -> None:
    symbols = tuple(Symbol("qr" if ";" in text else "code128", text) for text in texts)
    if told:
        line.say(Extra, plc=Plc.MACHINE, station="label_camera")
    for k in (0, 1):
        line.say(LabelRead, camera=Camera.LABEL, camera_boot=1, trigger=trigger, k=k, symbols=symbols, evidence="e")


def passed(line: Line, print_id: PrintId) -> None:
    line.say(LabelPrinted, print_id=print_id)
    line.mirror()
    hold_under_camera(line, "TEST", f"TEST;{print_id}")
    ready(line)


def ready(line: Line) -> None:
    """The link has heard that the test label was read."""
    assert line.said(RollPassed)
    line.say(PrinterStatus, state="ready")


def test_the_line_holds_only_as_soon_as_an_item_before_the_applicator_waits_for_its_label() -> None:
    line = line_with_tests()
    line.to_labelled(1)
    line.say(PrinterStatus, state="media_out")
    assert (state(line), line.controller.supervision.permit) == (State.EXECUTE, False)
    line.expose(1)
    assert line.controller.items.all[ItemId("I1-1")].proved
    line.to_weighed(2)
    assert state(line) is State.HOLDING
    assert line.controller.floor.conditions.first_out == "PRINTER_NOT_READY"
    line.mirror()
    (answer, *_) = [command for command in line.act("unhold") if hasattr(command, "code")]
    assert answer.code == "PRINTER_NOT_READY"


def test_a_label_that_is_ready_for_its_item_does_not_hold_the_line() -> None:
    line = line_with_tests()
    line.to_weighed(1)
    line.say(LabelPrinted, print_id=line.print_id(1))
    line.say(PrinterStatus, state="head_open")
    assert state(line) is State.EXECUTE


def test_the_pad_is_purged_one_test_label_printed_read_by_the_camera_and_the_line_goes_on() -> None:
    line = line_with_tests()
    print_id = touched(line)
    assert line.said(PurgeLabel)[-1] == PurgeLabel(item=ItemId("I1-0"), print_id=print_id)
    assert line.said(PrintTest)[-1] == PrintTest(print_id=print_id, label=text_of_test(print_id))
    line.say(LabelPurged, item=ItemId("I1-0"), print_id=print_id)  # a blank lay there
    line.mirror()
    assert state(line) is State.HELD
    passed(line, print_id)
    assert conditions(line) == set()
    assert [row.value for row in line.said(Outcome) if row.table in ("print", "void")] == ["TEST", "test label"]
    assert len(line.said(RollPassed)) == 1
    assert published(line, "test_label")[-1] == {"print_id": print_id, "verdict": "MATCH", "reason": ""}
    line.mirror()
    line.through(1)
    assert line.controller.floor.production.outcomes == {"dispatched": 1}


def scan(line: Line, *texts: str) -> str:
    (answer,) = [c for c in line.act("test_label_scanned", texts=",".join(texts)) if isinstance(c, Answer)]
    return answer.code


def test_where_the_camera_is_out_of_reach_both_codes_are_scanned_by_hand() -> None:
    line = line_with_tests()
    assert scan(line, "TEST", "TEST;1") == "NOT_IN_THIS_STATE"
    print_id = touched(line)
    assert scan(line, "TEST", f"TEST;{print_id}") == "NOT_IN_THIS_STATE", "it is not printed yet"
    line.say(LabelPrinted, print_id=print_id)
    line.mirror()
    assert scan(line) == "LABEL_UNREADABLE"
    assert scan(line, f"TEST;{print_id}") == "LABEL_UNREADABLE", "one code is not enough"
    assert scan(line, "TEST", f"TEST;{print_id + 1}") == "LABEL_MISMATCH"
    assert line.said(RollPassed) == []
    assert scan(line, "TEST", f"TEST;{print_id}") == "OK"
    assert line.said(RollPassed) == [RollPassed()]
    ready(line)
    assert conditions(line) == set()


def test_a_label_that_waits_on_the_pad_stays_there() -> None:
    line = line_with_tests()
    line.to_weighed(1)
    line.say(LabelPrinted, print_id=line.print_id(1))
    touched(line)
    assert line.said(PurgeLabel) == []
    assert line.controller.items.all[ItemId("I1-1")].reason == ""


def test_one_on_the_pad_and_one_at_the_peel_bar_leave_no_place_for_the_test_label() -> None:
    line = line_with_tests()
    for n in (1, 2):
        line.to_weighed(n)
        line.say(LabelPrinted, print_id=line.print_id(n))
    touched(line)
    assert line.said(PurgeLabel) == [PurgeLabel(item=ItemId(f"I1-{n}"), print_id=line.print_id(n)) for n in (1, 2)]
    assert [line.controller.items.all[ItemId(f"I1-{n}")].reason for n in (1, 2)] == ["LABEL_PURGED"] * 2


def late_label(line: Line, n: int) -> None:
    """Its print was given up, and then the label came after all."""
    line.say(PrintFailed, print_id=line.print_id(n), sent=True, reason="head_open")
    line.say(LabelPrinted, print_id=line.print_id(n))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_late_label_at_the_peel_bar_leaves_no_place_either(when: str) -> None:
    """It came before the test was begun, or only then; what is on the pad would wait for its item until the belt runs."""
    line = line_with_tests()
    for n in (1, 2):
        line.to_weighed(n)
    line.say(LabelPrinted, print_id=line.print_id(1))
    ids = {n: line.print_id(n) for n in (1, 2)}
    if when == "before":
        late_label(line, 2)
        touched(line)
    else:
        touched(line)
        assert line.said(PurgeLabel) == []
        late_label(line, 2)
    assert {purge.print_id for purge in line.said(PurgeLabel)} == set(ids.values())
    assert line.controller.items.all[ItemId("I1-1")].reason == "LABEL_PURGED"


def test_a_late_label_whose_place_is_free_is_purged_alone() -> None:
    line = line_with_tests()
    line.to_weighed(1)
    print_id = line.print_id(1)
    touched(line)
    before = len(line.said(PurgeLabel))
    late_label(line, 1)
    assert [purge.print_id for purge in line.said(PurgeLabel)[before:]] == [print_id]
    line.say(LabelPurged, item=ItemId("I1-1"), print_id=print_id)
    assert not line.controller.labels.crowded(1)


def test_nothing_is_purged_of_a_machine_that_was_never_heard() -> None:
    line = Line(started=False)
    line.controller.floor.settings = msgspec.structs.replace(SETTINGS, test_label=True)
    touched(line)
    assert line.said(PurgeLabel) == []


@pytest.mark.parametrize(
    "texts", [(), ("TEST",), ("TEST", "TEST;77"), ("EA000000001CN", "EA000000001CN;1"), ("TEST", "TEST;1", "EA000000001CN")]
)
def test_anything_but_the_test_label_of_this_print_does_not_count(texts: tuple[str, ...]) -> None:
    line = line_with_tests()
    print_id = touched(line)
    line.say(LabelPrinted, print_id=print_id)
    line.mirror()
    hold_under_camera(line, *texts)
    assert "ROLL_TEST" in conditions(line)
    assert "EXTRA_ITEM" not in conditions(line)
    assert line.said(RollPassed) == []
    hold_under_camera(line, "TEST", f"TEST;{print_id}", trigger=902)
    ready(line)
    assert conditions(line) == set()


def test_what_the_camera_sees_of_an_item_is_no_test() -> None:
    line = line_with_tests()
    line.to_labelled(1)
    print_id = touched(line)
    line.say(LabelPrinted, print_id=print_id)
    line.expose(1, (Symbol("code128", "TEST"), Symbol("qr", f"TEST;{print_id}")))
    assert line.said(RollPassed) == []
    assert published(line, "test_label") == []


def test_the_plc_may_tell_of_the_label_in_the_hand_before_or_after_the_camera_and_once_only() -> None:
    line = line_with_tests()
    print_id = touched(line)
    line.say(LabelPrinted, print_id=print_id)
    line.mirror()
    hold_under_camera(line, "TEST", f"TEST;{print_id}", told=False)
    ready(line)
    line.say(Extra, plc=Plc.MACHINE, station="label_camera")
    assert conditions(line) == set()
    line.say(Extra, plc=Plc.MACHINE, station="label_camera")
    assert conditions(line) == {"EXTRA_ITEM"}


def test_elsewhere_or_while_the_belt_runs_nothing_is_expected() -> None:
    for station, running in (("hand_over", False), ("label_camera", True)):
        line = line_with_tests()
        line.say(LabelPrinted, print_id=touched(line))
        line.mirror()
        if running:
            line.controller.floor.clearing = True
        line.say(Extra, plc=Plc.MACHINE, station=station)
        assert "EXTRA_ITEM" in conditions(line)


def test_a_test_label_that_failed_is_asked_for_again() -> None:
    line = line_with_tests()
    first = touched(line)
    assert ask_test(line) == "NOT_IN_THIS_STATE"
    line.say(PrintFailed, print_id=first, sent=True, reason="silent")
    line.say(LabelInDoubt, print_id=first)
    line.say(PrintFailed, print_id=first, sent=True, reason="again")
    assert line.controller.roll_test.state is RollTestState.DUE
    assert published(line, "test_label")[-1]["reason"] == "silent"
    line.say(LabelPrinted, print_id=first)  # it comes after all, and counts no more
    assert ask_test(line) == "OK"
    second = test_print(line)
    assert second > first
    assert line.said(Outcome)[-2:] == [
        Outcome(table="void", key=str(first), value="another test label"),
        Outcome(table="print", key=str(second), value="TEST"),
    ]
    passed(line, second)
    assert conditions(line) == set()


def ask_test(line: Line) -> str:
    (answer,) = [command for command in line.act("test_label") if hasattr(command, "code")]
    code: str = answer.code
    return code


def test_a_failed_print_that_was_read_meanwhile_changes_nothing() -> None:
    line = line_with_tests()
    print_id = touched(line)
    passed(line, print_id)
    line.say(PrintFailed, print_id=print_id, sent=True, reason="late")
    assert line.controller.roll_test.state is RollTestState.NONE


def test_after_a_restart_a_person_asks_for_a_new_test_label() -> None:
    line = line_with_tests()
    first = touched(line)
    line.say(Booted, boot=2, journal_id="j", version="t")
    assert line.controller.roll_test.state is RollTestState.DUE
    assert "ROLL_TEST" in conditions(line)
    assert Outcome(table="void", key=str(first), value="restart") in line.commands
    line.say(Booted, boot=3, journal_id="j", version="t")
    assert line.controller.roll_test.state is RollTestState.DUE
    assert ask_test(line) == "OK"


def test_a_planned_change_stops_the_feed_only_and_ends_with_the_test() -> None:
    line = line_with_tests()
    line.to_labelled(1)
    line.act("change_roll")
    assert (state(line), line.controller.supervision.permit) == (State.EXECUTE, False)
    line.expose(1)
    assert ask(line, "paper") == "NO_SUCH_ROLL"
    assert line.said(PrintTest) == []
    assert ask(line, "media") == "OK"
    assert ask(line, "ribbon") == "OK"  # both were changed: one test is enough
    (command,) = line.said(PrintTest)
    line.mirror()
    passed(line, command.print_id)
    assert conditions(line) == set()


def test_without_test_labels_a_planned_change_ends_when_the_roll_is_in() -> None:
    line = Line()
    line.act("change_roll")
    assert conditions(line) == {"ROLL_CHANGE"}
    assert ask(line, "media") == "OK"
    assert conditions(line) == set()


def test_the_desks_printer_is_tested_by_nobody() -> None:
    line = line_with_tests()
    line.say(PrinterStatus, state="untested", printer="desk_printer")
    assert line.said(PrintTest) == []


def test_the_auditor_lets_no_test_label_out_that_is_somebodys_or_was_printed_before() -> None:
    for number, row in (("EA000000001CN", True), ("TEST", False)):
        line = line_with_tests()
        label = msgspec.structs.replace(text_of_test(PrintId(5)), tracking_number=number)
        rows: list[Any] = [Outcome(table="print", key="5", value=number)] if row else []
        with pytest.raises(InvariantError, match=r"^I5: test label 5"):
            line.auditor.check([*rows, PrintTest(print_id=PrintId(5), label=label)])


def test_where_a_test_label_can_stand() -> None:
    drawn = {(str(state), happened): str(to) for (state, happened), to in ROLL_TEST_TABLE.items()}
    assert drawn == {
        ("none", "postponed"): "due",
        ("none", "begun"): "printing", ("due", "begun"): "printing", ("showing", "begun"): "printing",
        ("printing", "printed"): "showing", ("printing", "failed"): "due", ("showing", "failed"): "due",
        ("showing", "read"): "none",
        ("printing", "restarted"): "due", ("showing", "restarted"): "due", ("due", "restarted"): "due",
    }  # fmt: skip


def test_an_item_gets_its_label_after_the_test() -> None:
    line = Line([order(n) for n in (1, 2)])
    line.controller.floor.settings = msgspec.structs.replace(SETTINGS, test_label=True)
    line.say(PrinterStatus, state="silent")
    line.to_weighed(1)
    line.mirror()
    assert state(line) is State.HELD
    line.say(PrinterStatus, state="untested")
    passed(line, test_print(line))
    line.mirror()
    assert state(line) is State.EXECUTE
    line.say(LabelPrinted, print_id=line.print_id(1))
    assert line.said(Apply)[-1] == Apply(item=ItemId("I1-1"), print_id=line.print_id(1))
    assert line.said(NoLabel) == []
