"""Two applicator heads: alternating or standby, one out of order halves the feed, and no label meets another's item."""

from itertools import product
from typing import Any

import msgspec
import pytest

from edge.core.commands import (
    Answer,
    Apply,
    NoLabel,
    Outcome,
    PrintLabel,
    PrintTest,
    PurgeLabel,
    RollPassed,
    SetPermit,
    WithdrawLabels,
)
from edge.core.device_events import LabelInDoubt, LabelPrinted, PrinterStatus, PrintFailed
from edge.core.event import Event
from edge.core.events import Booted, ConfigLoaded, DeadlinePassed, Extra, LinkDown, LinkUp
from edge.core.heads import AGAINST, HEAD_LINKS, Against, Heads, head_of_link
from edge.core.item import ItemState
from edge.core.roll_test import RollTestState
from edge.core.values import ItemId, Plc, PrintId, State
from tests.core.line import PLAN, SETTINGS, Line
from tests.core.test_corners import conditions
from tests.core.test_label import WRONG
from tests.core.test_roll_test import hold_under_camera, state, test_print

FAULT = {1: 0b000100, 2: 0b100000}
GAP_MS = 3_600_000 // SETTINGS.target_rate_per_h


def two_heads(**settings: Any) -> Line:
    line = Line()
    told = msgspec.structs.replace(SETTINGS, heads=2, **settings)
    line.say(ConfigLoaded, digest="d", settings=told, sort_plan=PLAN)
    line.say(LinkUp, link="printer_2")
    line.say(PrinterStatus, state="ready", printer="printer_2")
    line.mirror()
    assert conditions(line) == set()
    return line


def ask(line: Line, act: str, **argument: str) -> str:
    (answer,) = [command for command in line.act(act, **argument) if isinstance(command, Answer)]
    return answer.code


def tell(line: Line, head: int, what: str, *, on: bool = True) -> None:
    """One fact about one head, as the outside world tells it."""
    printer = "" if head == 1 else "printer_2"
    says: dict[str, tuple[type[Event], dict[str, object]]] = {
        "printer": (PrinterStatus, {"state": "media_out" if on else "ready", "printer": printer}),
        "link": (LinkDown, {"link": HEAD_LINKS[head - 1], "reason": "lost"}),
    }
    if what == "link" and not on:
        line.say(LinkUp, link=HEAD_LINKS[head - 1])
    elif what == "applicator":
        line.unit(Plc.MACHINE, state(line), faults=FAULT[head] if on else 0)
    else:
        kind, fields = says[what]
        line.say(kind, **fields)


def heads_of(line: Line) -> list[int]:
    return [command.head for command in line.said(PrintLabel)]


def printed(line: Line, n: int) -> None:
    line.say(LabelPrinted, print_id=line.print_id(n))


# --- the table: what stands against each head → whether it works, the condition, the pace ---
def test_every_pair_of_facts_has_its_conditions_and_its_pace() -> None:
    every = [frozenset(s) for s in [(), *[(a,) for a in Against], (Against.PRINTER, Against.ROLL)]]
    for one, two, standby in product(every, every, (False, True)):
        heads = Heads(Line().controller.floor)
        heads._floor.settings = msgspec.structs.replace(SETTINGS, heads=2, standby=standby)
        heads.configured()
        heads.set(2, Against.LINK, on=False)
        for head, facts in ((1, one), (2, two)):
            for fact in facts:
                heads.set(head, fact, on=True)
        works = not (one and two)
        wanted = {AGAINST[fact][works] for fact in one | two} - {""}
        if works and (one or two):
            wanted.add("HEAD_STANDBY" if standby else "HEAD_OUT")
        assert set(heads._floor.conditions.active) == wanted, (one, two)
        assert (heads.next_due_us() is not None) == ("HEAD_OUT" in wanted)
        assert heads.working() == [head for head, facts in ((1, one), (2, two)) if not facts]


@pytest.mark.parametrize(
    ("standby", "out", "turns"),
    [
        (False, (), [1, 2, 1, 2]),
        (False, (1,), [2, 2, 2, 2]),
        (False, (2,), [1, 1, 1, 1]),
        (False, (1, 2), [1, 2, 1, 2]),
        (True, (), [1, 1, 1, 1]),
        (True, (1,), [2, 2, 2, 2]),
        (True, (2,), [1, 1, 1, 1]),
    ],
)
def test_whose_turn_it_is(standby: bool, out: tuple[int, ...], turns: list[int]) -> None:
    line = two_heads(standby=standby)
    for head in out:
        line.controller.heads.set(head, Against.PRINTER, on=True)
    assert [line.controller.heads.next() for _ in range(4)] == turns


def test_a_standby_that_has_taken_over_goes_on_when_the_first_works_again() -> None:
    line = two_heads(standby=True)
    line.to_weighed(1)
    tell(line, 1, "printer")
    line.to_weighed(2)
    tell(line, 1, "printer", on=False)
    line.to_weighed(3)
    assert heads_of(line) == [1, 2, 2]
    assert line.controller.supervision.permit, "at full pace"


# --- commands name the head ---
def test_labels_go_to_the_pad_of_the_head_that_prints_them() -> None:
    line = two_heads()
    for n in (1, 2):
        line.to_weighed(n)
        printed(line, n)
    assert [(apply.print_id, apply.head, apply.pad) for apply in line.said(Apply)] == [
        (line.print_id(1), 1, 0),
        (line.print_id(2), 2, 1),
    ]


def test_the_line_runs_two_heads_to_the_end() -> None:
    line = two_heads()
    for n in range(1, 5):
        line.through(n)
    assert line.controller.floor.production.outcomes == {"dispatched": 4}
    assert heads_of(line) == [1, 2, 1, 2]


@pytest.mark.parametrize("what", ["printer", "applicator", "link"])
@pytest.mark.parametrize("head", [1, 2])
def test_one_head_out_of_order_does_not_hold_the_line(what: str, head: int) -> None:
    line = two_heads()
    tell(line, head, what)
    assert conditions(line) == {"HEAD_OUT"}
    for n in range(1, 4):
        line.through(n)
    assert heads_of(line) == [3 - head] * 3
    assert line.controller.floor.production.outcomes == {"dispatched": 3}
    tell(line, head, what, on=False)
    assert conditions(line) == set()


@pytest.mark.parametrize(("what", "code"), [("printer", "PRINTER_NOT_READY"), ("applicator", "APPLICATOR_FAULT")])
def test_both_out_of_order_hold_the_line_before_the_applicator(what: str, code: str) -> None:
    line = two_heads()
    tell(line, 1, "printer")
    if what == "applicator":
        line.unit(Plc.MACHINE, State.EXECUTE, faults=FAULT[2])
    else:
        tell(line, 2, what)
    assert code in conditions(line)
    assert not line.controller.supervision.permit
    line.to_weighed(1)
    assert state(line) is State.HOLDING


def test_a_head_that_this_line_has_not_is_counted_as_a_surprise() -> None:
    line = Line()
    line.say(LinkUp, link="printer_2")
    assert conditions(line) == set()
    assert line.controller.floor.unexpected == {"no such head/link": 1}
    assert [head_of_link(link) for link in ("", "printer", "printer_2", "desk_printer")] == [1, 1, 2, 0]


def test_the_only_head_with_a_fault_of_the_applicator_holds_and_goes_on_by_itself() -> None:
    line = Line()
    line.unit(Plc.MACHINE, State.EXECUTE, faults=FAULT[1])
    line.unit(Plc.MACHINE, State.EXECUTE, faults=FAULT[1])
    assert conditions(line) == {"APPLICATOR_FAULT"}
    line.unit(Plc.MACHINE, State.EXECUTE, faults=0)
    assert conditions(line) == set()


# --- the feed is halved ---
def pass_time(line: Line, ms: int) -> None:
    """So many ms go by, driven by the core's own deadlines."""
    for plc in Plc:
        line.unit(plc, State.EXECUTE, caught_up=True)
    end_us = (line.now_ms + ms) * 1000
    while (due_us := line.controller.next_deadline_us()) is not None and due_us <= end_us:
        line.say(DeadlinePassed, max(1, -(-due_us // 1000) - line.now_ms))


def test_one_of_two_alternating_heads_halves_the_feed() -> None:
    line = two_heads()
    before = len(line.said(SetPermit))
    tell(line, 2, "printer")
    pass_time(line, 20 * GAP_MS)
    granted = [command for command in line.said(SetPermit)[before:] if command == SetPermit(granted=True)]
    assert len(granted) in {9, 10, 11}, "one document in the time of two"
    tell(line, 2, "printer", on=False)
    assert line.controller.supervision.permit
    assert line.controller.heads.next_due_us() is None


def test_a_line_that_stands_waits_for_no_pulse_of_the_feed() -> None:
    line = two_heads()
    tell(line, 2, "printer")
    line.act("stop")
    line.mirror()
    due_us = line.controller.heads.next_due_us()
    assert due_us is not None
    assert line.controller.supervision.next_due_us() != due_us


# --- labels that wait at a head that fails ---
def test_a_label_that_waits_for_a_failed_head_is_printed_by_the_other_one_under_another_print_id() -> None:
    line = two_heads()
    line.to_weighed(1)
    first = line.print_id(1)
    tell(line, 1, "printer")
    assert line.said(WithdrawLabels)[-1] == WithdrawLabels(head=1)
    line.say(PrintFailed, print_id=first, sent=False, reason="withdrawn")
    second = line.print_id(1)
    assert second != first
    assert [row.value for row in line.said(Outcome) if row.table == "void"] == ["withdrawn"]
    assert heads_of(line) == [1, 2]
    line.say(LabelPrinted, print_id=second)
    assert line.said(Apply)[-1] == Apply(item=ItemId("I1-1"), print_id=second, head=2)
    line.say(LabelPrinted, print_id=first)  # a printer that says so after all: nobody waits for it
    assert line.said(PurgeLabel)[-1] == PurgeLabel(item=ItemId("I1-1"), print_id=first, head=1)


def test_a_label_that_could_only_come_behind_its_turn_is_not_printed_again() -> None:
    line = two_heads()
    for n in (1, 2, 3):
        line.to_weighed(n)
    tell(line, 1, "printer")
    for n in (1, 3):
        line.say(PrintFailed, print_id=line.print_id(n), sent=False, reason="withdrawn")
    assert line.controller.items.all[ItemId("I1-1")].reason == "PRINT_FAILED"
    assert line.said(NoLabel) == [NoLabel(item=ItemId("I1-1"))]
    assert line.controller.items.all[ItemId("I1-3")].reason == ""
    assert heads_of(line) == [1, 2, 1, 2]


@pytest.mark.parametrize(("sent", "impossible"), [(True, False), (False, True)])
def test_a_label_of_unknown_outcome_and_one_that_cannot_be_made_are_never_printed_elsewhere(
    sent: bool, impossible: bool
) -> None:
    line = two_heads()
    line.to_weighed(1)
    tell(line, 1, "printer")
    line.say(PrintFailed, print_id=line.print_id(1), sent=sent, reason="r", impossible=impossible)
    assert heads_of(line) == [1]
    assert line.controller.items.all[ItemId("I1-1")].reason in {"PRINT_FAILED", "LABEL_IMPOSSIBLE"}


def test_the_label_on_the_pad_of_a_failed_applicator_goes_into_the_waste_and_is_void() -> None:
    line = two_heads()
    line.to_weighed(1)
    printed(line, 1)
    print_id = line.print_id(1)
    line.unit(Plc.MACHINE, State.EXECUTE, faults=FAULT[1])
    assert line.said(PurgeLabel) == [PurgeLabel(item=ItemId("I1-1"), print_id=print_id, head=1)]
    assert line.controller.items.all[ItemId("I1-1")].reason == "LABEL_PURGED"
    line.unit(Plc.MACHINE, State.EXECUTE, faults=FAULT[1])
    assert len(line.said(PurgeLabel)) == 1, "told once"


def test_a_label_that_comes_to_a_failed_applicator_is_purged() -> None:
    line = two_heads()
    line.to_weighed(1)
    line.unit(Plc.MACHINE, State.EXECUTE, faults=FAULT[1])
    printed(line, 1)
    assert not line.said(Apply)
    assert line.said(PurgeLabel) == [PurgeLabel(item=ItemId("I1-1"), print_id=line.print_id(1), head=1)]


def test_a_label_in_doubt_purges_its_own_head_whatever_waits_on_the_other() -> None:
    line = two_heads()
    for n in (1, 2):
        line.to_weighed(n)
    printed(line, 1)
    line.say(PrintFailed, print_id=line.print_id(2), sent=True, reason="no_label")
    line.say(LabelInDoubt, print_id=line.print_id(2))
    assert line.said(PurgeLabel) == [PurgeLabel(item=ItemId("I1-2"), print_id=line.print_id(2), head=2)]
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.WEIGHED
    assert [line.controller.labels.to_come(head) for head in (1, 2)] == [1, 0]


# --- a fresh roll in one head while the other one works ---
def test_the_roll_of_one_head_is_changed_while_the_other_works() -> None:
    line = two_heads(test_label=True)
    assert ask(line, "change_roll", head="2") == "OK"
    line.through(1)
    assert heads_of(line) == [1]
    assert ask(line, "roll_changed", roll="media", head="2") == "OK"
    assert conditions(line) == {"HEAD_OUT", "HEAD_TEST"}
    assert line.controller.roll_test.state is RollTestState.DUE
    line.through(2)
    assert line.controller.floor.production.outcomes == {"dispatched": 2}, "the line has not stopped for it"
    assert ask(line, "test_label", head="2") == "OK"
    print_id = test_print(line)
    assert line.said(PrintTest)[-1].head == 2
    assert line.said(PurgeLabel)[-1] == PurgeLabel(item=ItemId("I1-0"), print_id=print_id, head=2)
    assert line.said(PurgeLabel)[-1].pad == 1
    assert "ROLL_TEST" in conditions(line)
    line.mirror()
    assert state(line) is State.HELD
    line.say(LabelPrinted, print_id=print_id)
    hold_under_camera(line, "TEST", f"TEST;{print_id}")
    assert line.said(RollPassed) == [RollPassed(head=2)]
    assert conditions(line) == set()
    line.mirror()
    assert state(line) is State.EXECUTE, "it goes on by itself"


def test_a_roll_that_was_changed_without_a_word_before_is_counted_anew_and_not_tested() -> None:
    line = two_heads(test_label=True)
    assert ask(line, "roll_changed", roll="media") == "OK"
    assert line.controller.roll_test.state is RollTestState.NONE
    assert conditions(line) == set()


def test_without_test_labels_a_changed_roll_is_at_work_at_once() -> None:
    line = two_heads()
    assert ask(line, "change_roll", head="2") == "OK"
    assert conditions(line) == {"HEAD_OUT"}
    assert ask(line, "roll_changed", roll="media", head="2") == "OK"
    assert conditions(line) == set()


@pytest.mark.parametrize("act", ["change_roll", "roll_changed", "test_label"])
@pytest.mark.parametrize("head", ["3", "0", "", "²"])
def test_there_is_no_such_head(act: str, head: str) -> None:
    assert ask(two_heads(test_label=True), act, head=head, roll="media") == "NO_SUCH_HEAD"


def test_there_is_no_such_roll() -> None:
    assert ask(two_heads(), "roll_changed", head="2", roll="ink") == "NO_SUCH_ROLL"


def test_a_test_label_that_failed_waits_for_a_person_while_the_other_head_works() -> None:
    line = two_heads(test_label=True)
    line.say(PrinterStatus, state="untested", printer="printer_2")
    assert ask(line, "test_label", head="2") == "OK"
    line.say(PrintFailed, print_id=test_print(line), sent=False, reason="media_out")
    assert conditions(line) == {"HEAD_OUT", "HEAD_TEST"}
    tell(line, 1, "printer")
    assert "ROLL_TEST" in conditions(line), "now the line has no head left"


def test_both_heads_are_tested_one_after_the_other_while_the_line_stands() -> None:
    line = two_heads(test_label=True)
    line.say(PrinterStatus, state="untested")
    line.say(PrinterStatus, state="untested", printer="printer_2")
    line.say(PrinterStatus, state="untested", printer="printer_2")
    assert line.controller.roll_test.state is RollTestState.DUE
    for head in (1, 2):
        if line.controller.roll_test.state is RollTestState.DUE:
            assert ask(line, "test_label", head=str(head)) == "OK"
        print_id = test_print(line)
        assert line.said(PrintTest)[-1].head == head
        line.mirror()
        line.say(LabelPrinted, print_id=print_id)
        hold_under_camera(line, "TEST", f"TEST;{print_id}", trigger=900 + head, told=False)
        line.say(Extra, plc=Plc.MACHINE, station="label_camera")  # a little later than the camera
    assert [passed.head for passed in line.said(RollPassed)] == [1, 2]
    for printer in ("", "printer_2"):
        line.say(PrinterStatus, state="ready", printer=printer)
    assert conditions(line) == set()


def test_a_restart_forgets_what_was_told_of_the_heads() -> None:
    line = two_heads(test_label=True)
    line.say(PrinterStatus, state="untested", printer="printer_2")
    line.say(PrinterStatus, state="untested")
    line.say(Booted, boot=2, journal_id="j", version="t")
    assert {Against.LINK} <= set(line.controller.heads.against[1])
    assert {Against.LINK} <= set(line.controller.heads.against[2])
    assert line.controller.heads.working() == []


def test_labels_left_on_the_rolls_of_two_heads() -> None:
    line = two_heads(media_labels=100, roll_low_labels=99)
    for head in (1, 2):
        assert ask(line, "roll_changed", roll="media", head=str(head)) == "OK"
    line.through(1)
    assert [(row.head, row.labels) for row in line.controller.rolls.left()] == [(1, 99), (2, 100)]
    assert conditions(line) == {"MEDIA_LOW"}
    assert line.print_id(1) == PrintId(1)


def test_a_head_that_is_one_label_off_holds_the_line_although_the_other_one_is_right() -> None:
    line = two_heads()
    for n in range(1, 8):
        line.to_labelled(n)
    assert heads_of(line) == [1, 2, 1, 2, 1, 2, 1]
    line.expose(3, WRONG)
    items = line.controller.items.all
    doubted = [item.quarantined for item in items.values()]
    assert doubted == [True, True, True, True, True, False, False], "what is next to it on the belt, and at its head"
    line.expose(4)
    assert "LABEL_MISMATCH_TWICE" not in conditions(line)
    line.expose(5, WRONG)
    assert "LABEL_MISMATCH_TWICE" in conditions(line)
