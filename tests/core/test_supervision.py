"""Guards, modes, suspending and the start checklist: what stops the line, how far the doubt reaches, what lets it go on."""

import msgspec
import pytest

from edge.core.commands import Answer, Divert, Publish, RejectDocument, RejectItem, RunOut
from edge.core.conditions import LINK_CONDITIONS
from edge.core.device_events import LabelPrinted, PrinterStatus
from edge.core.events import (
    Booted,
    ClockRead,
    ConfigLoaded,
    DeadlinePassed,
    Diverted,
    HandedOver,
    HostRead,
    LinkDown,
    LinkUp,
    ManifestRefused,
    PlcRestarted,
)
from edge.core.guards import ZONES
from edge.core.values import DocumentKey, Mode, Plc, PrintId, State
from tests.core.line import PLAN, SETTINGS, Line

HOUR_MS = 3_600_000


def code(line: Line, act: str, **argument: str) -> str:
    return next(c.code for c in line.act(act, **argument) if isinstance(c, Answer))


def state(line: Line) -> State:
    return line.controller.floor.machine.state


def configured(**settings: object) -> Line:
    line = Line()
    line.say(ConfigLoaded, digest="d", settings=msgspec.structs.replace(SETTINGS, **settings), sort_plan=PLAN)
    return line


# --- guards ---
def spread() -> Line:
    """One thing in each zone: documents 1, 2; items 3 (weighed), 4 (exposed), 5 (handed over), 6 (inducted)."""
    line = Line()
    line.to_handed_over(6)
    line.induct(6, line.qr(6))
    line.to_handed_over(5)
    line.to_labelled(4)
    line.expose(4)
    line.to_weighed(3)
    line.feed(2)
    line.read(2)
    return line


@pytest.mark.parametrize(
    ("plc", "bits", "doubted"),
    [
        (Plc.MACHINE, 1, {"D1-2"}),
        (Plc.MACHINE, 2, {"D1-2", "I1-3"}),
        (Plc.MACHINE, 4, {"I1-3", "I1-4"}),
        (Plc.MACHINE, 8, {"I1-3", "I1-4", "I1-5"}),
        (Plc.SORTER, 1, {"I1-4", "I1-5", "I1-6"}),
        (Plc.SORTER, 2, {"I1-5", "I1-6"}),
        (Plc.MACHINE, 9, {"D1-2", "I1-3", "I1-4", "I1-5"}),
    ],
)
def test_an_open_guard_puts_its_zone_and_the_next_in_doubt(plc: Plc, bits: int, doubted: set[str]) -> None:
    line = spread()
    line.unit(plc, State.EXECUTE, guard_zones=bits)
    documents, items = line.controller.documents.all.values(), line.controller.items.all.values()
    assert {d.key for d in documents if d.quarantined} | {i.item_id for i in items if i.quarantined} == doubted
    assert not any(item.proved for item in items if item.quarantined), "somebody may have had it in hand"
    assert state(line) is State.HOLDING
    assert len(ZONES) == 6


def test_what_was_answered_already_is_called_back() -> None:
    line = spread()
    line.unit(Plc.SORTER, State.EXECUTE, guard_zones=2)
    assert [c.reason for c in line.said(RejectItem)] == ["GUARD_OPENED"]
    line.unit(Plc.MACHINE, State.EXECUTE, guard_zones=1)
    assert [c.reason for c in line.said(RejectDocument)] == ["GUARD_OPENED"]


def test_a_closed_guard_lets_a_person_unhold() -> None:
    line = spread()
    line.unit(Plc.SORTER, State.EXECUTE, guard_zones=2)
    line.mirror()
    assert code(line, "unhold") == "OK", "mirror says that the guards are closed"
    line.mirror()
    assert state(line) is State.EXECUTE
    line.unit(Plc.SORTER, State.EXECUTE, guard_zones=2)
    line.unit(Plc.MACHINE, State.HELD)
    assert code(line, "unhold") == "GUARD_OPEN", "the sorter's is still open"


# --- modes ---
def test_outside_production_nothing_is_dispatched() -> None:
    line = spread()
    diverts = len(line.said(Divert))
    line.unit(Plc.MACHINE, State.EXECUTE, mode=Mode.MAINTENANCE)
    assert not line.controller.supervision.permit
    assert all(item.quarantined for item in line.controller.items.on_belt.values())
    line.induct(5, line.qr(5))
    assert len(line.said(Divert)) == diverts
    line.unit(Plc.MACHINE, State.EXECUTE)
    assert line.controller.supervision.permit, "the key is back"


# --- suspending ---
def test_an_empty_feeder_suspends_and_a_full_one_goes_on() -> None:
    line = configured(starved_after_ms=5000)
    line.through(1)
    line.unit(Plc.MACHINE, State.EXECUTE, alarms=1)
    line.say(DeadlinePassed, 4999)
    assert state(line) is State.EXECUTE
    assert line.controller.next_deadline_us() is not None
    line.say(DeadlinePassed, 2)
    assert state(line) is State.SUSPENDING
    for plc in Plc:
        line.unit(plc, state(line), alarms=1)
    assert state(line) is State.SUSPENDED
    line.mirror()
    assert state(line) is State.EXECUTE
    assert "STARVED" not in line.controller.floor.conditions.active


def test_a_line_that_waits_for_work_is_woken_by_an_envelope_on_its_sorter() -> None:
    line = configured(starved_after_ms=5000, desk_printer=True)
    document = {"kind": "resident_id", "token": "token1", "flags": "15"}
    line.act("desk_read", document="", skeleton="skeleton1", masked="44**", **document)
    line.say(LabelPrinted, print_id=PrintId(1))
    line.act("desk_insert", **document)
    line.act("desk_label", texts="EA000000001CN,EA000000001CN;1", weight_g="18")
    line.unit(Plc.MACHINE, State.EXECUTE, alarms=1)
    line.say(DeadlinePassed, 5001)
    for plc in Plc:
        line.unit(plc, state(line), alarms=1)
    assert state(line) is State.SUSPENDED
    assert code(line, "reinduct", label="EA000000001CN;1") == "OK"
    assert state(line) is State.UNSUSPENDING
    line.mirror()
    line.say(Diverted, parcel=line.induct(1, "EA000000001CN;1"), chute=2)
    assert line.controller.floor.production.outcomes == {"dispatched": 1}


def test_a_full_bag_suspends_when_the_belts_are_empty() -> None:
    line = configured(bag_items_max=2)
    line.through(1)
    line.to_handed_over(2)
    line.to_handed_over(3)
    line.say(Diverted, parcel=line.induct(2, line.qr(2)), chute=2)
    assert "CHUTE_FULL" in line.controller.floor.conditions.active
    assert (state(line), line.controller.supervision.permit) == (State.EXECUTE, False)
    parcel = line.induct(3, line.qr(3))
    assert [c.parcel for c in line.said(Divert)][-1] == parcel, "what is on its way still fits"


def test_closing_the_full_bag_ends_it() -> None:
    line = configured(bag_items_max=1)
    line.through(1)
    assert state(line) is State.SUSPENDING
    line.mirror()
    assert state(line) is State.SUSPENDED
    assert code(line, "close_bag", chute="2", bag="B2") == "OK"
    assert code(line, "bind_bag", chute="2", bag="B9") == "OK"
    line.mirror()
    assert state(line) is State.EXECUTE


def test_central_away_beyond_its_limit() -> None:
    line = configured(central_away_max_min=60)
    line.say(LinkDown, link="central", reason="lost")
    line.say(DeadlinePassed, HOUR_MS - 10)
    assert state(line) is State.EXECUTE
    line.say(DeadlinePassed, 10)
    assert state(line) is State.SUSPENDING
    line.mirror()
    line.say(LinkUp, link="central")
    line.mirror()
    assert state(line) is State.EXECUTE


# --- the start ---
def test_each_check_stands_against_the_start() -> None:
    line = configured(start_checks=("TEST_LABEL",), build_ms=1_700_000_000_000)
    line.act("stop")
    line.mirror()
    line.act("reset")
    line.mirror()
    checklist = line.controller.checklist
    assert {check.code: check.passed for check in checklist.checks()} == {
        "BELT_IN_DOUBT": True, "NO_BAG_BOUND": True, "NO_SORT_PLAN": True, "CLOCK_NOT_SET": True, "DISK_LOW": True,
        "TEST_LABEL": False,
    }  # fmt: skip
    assert code(line, "start") == "TEST_LABEL"
    assert code(line, "confirm_check", check="NONE") == "NO_SUCH_CHECK"
    assert code(line, "confirm_check", check="TEST_LABEL") == "OK"
    line.say(HostRead, disk_free_mb=100)
    assert code(line, "start") == "DISK_LOW"
    line.say(HostRead, disk_free_mb=90_000)
    assert code(line, "close_bag", chute="1", bag="B1") == "OK"
    assert code(line, "start") == "NO_BAG_BOUND"
    assert code(line, "bind_bag", chute="1", bag="B9") == "OK"
    line.say(ClockRead, wall_ms=1_600_000_000_000)
    assert code(line, "start") == "CLOCK_NOT_SET"
    line.say(ClockRead, wall_ms=1_790_000_000_000)
    key = line.feed(1)
    document = line.controller.documents.all[key]
    line.controller.documents.quarantine(document, "POSITION_DOUBT")
    assert code(line, "start") == "BELT_IN_DOUBT"
    document.quarantined = False
    assert code(line, "start") == "OK", "what a stop left in its place may go on"


def test_a_full_disk_stops_the_feed() -> None:
    line = Line()
    line.say(HostRead, disk_free_mb=10)
    assert not line.controller.supervision.permit
    line.say(HostRead, disk_free_mb=9000)
    assert line.controller.supervision.permit


def test_what_a_person_confirmed_counts_until_the_next_stop() -> None:
    line = configured(start_checks=("TEST_LABEL",))
    code(line, "confirm_check", check="TEST_LABEL")
    line.act("stop")
    line.mirror()
    assert line.controller.checklist.confirmed == {}


def test_run_out() -> None:
    line = Line()
    assert code(line, "run_out") == "OK"
    assert [c.plc for c in line.said(RunOut)] == list(Plc)
    assert not line.controller.supervision.permit
    line.act("stop")
    assert code(line, "run_out") == "NOT_IN_THIS_STATE"


# --- shifts ---
def test_a_shift_ends_with_its_figures() -> None:
    line = Line()
    line.through(1)
    for _ in range(9):
        line.say(ClockRead, HOUR_MS, wall_ms=1_790_000_000_000 + line.now_ms + HOUR_MS)
    (body,) = [c.body for c in line.said(Publish) if c.kind == "shift_ended"][:1]
    assert (body["dispatched"], body["availability"], body["quality"]) == (1, 1000, 1000)
    assert line.controller.floor.production.shift.outcomes == {}


def test_handed_over_is_not_lost_while_suspended() -> None:
    line = Line()
    line.to_labelled(1)
    line.expose(1)
    assert state(line) is State.EXECUTE
    line.say(HandedOver, item="I1-1")


def test_an_empty_feeder_counts_only_from_the_start_on() -> None:
    line = configured(starved_after_ms=5000)
    line.act("stop")
    line.mirror()
    for plc in Plc:
        line.unit(plc, State.STOPPED, alarms=1)
    line.say(DeadlinePassed, 60_000)
    assert "STARVED" not in line.controller.floor.conditions.active
    line.act("reset")
    for plc in Plc:
        line.unit(plc, State.RESETTING, alarms=1)
    assert code(line, "start") == "OK"
    for plc in Plc:
        line.unit(plc, State.STARTING, alarms=1)
    assert state(line) is State.EXECUTE
    line.say(DeadlinePassed)
    line.say(DeadlinePassed, 4999)
    assert "STARVED" not in line.controller.floor.conditions.active
    line.say(DeadlinePassed, 1)
    assert "STARVED" in line.controller.floor.conditions.active


def test_a_boot_after_a_broken_promise_says_which_and_holds_until_the_belt_is_cleared() -> None:
    line = Line()
    line.say(Booted, boot=2, journal_id="j", version="t", broke="I4: O1 dispatched twice")
    assert "PROMISE_BROKEN" in line.controller.floor.conditions.active
    assert [c.body["broke"] for c in line.said(Publish) if c.kind == "booted"] == ["", "I4: O1 dispatched twice"]
    assert code(line, "unhold") != "OK"


def test_what_heals_is_forgotten_at_a_restart_and_told_anew() -> None:
    line = Line()
    line.say(PrinterStatus, state="head_open")
    line.say(ManifestRefused, lot="M", version=1, faults=("x",))
    line.act("pause_feed")
    line.say(Booted, boot=2, journal_id="j", version="t")
    active = set(line.controller.floor.conditions.active)
    assert active == {"BELT_NOT_CLEARED", "REJECTS_NOT_CLEARED", *LINK_CONDITIONS.values()}
    assert not line.controller.supervision.feed_paused


def test_a_sorters_restart_leaves_the_id_cameras_bursts_alone() -> None:
    for plc, joined in ((Plc.SORTER, True), (Plc.MACHINE, False)):
        line = Line()
        line.frame(1, 0)
        line.say(PlcRestarted, plc=plc, boot=2)
        line.feed(1)
        line.frame(1, 1)
        assert bool(line.controller.documents.all[DocumentKey("D1-1")].masked) == joined, plc


def test_next_due_is_the_stamp_at_which_an_outer_cause_suspends() -> None:
    line = configured(starved_after_ms=5000, central_away_max_min=60)
    line.unit(Plc.MACHINE, State.EXECUTE, alarms=1, caught_up=True)
    line.unit(Plc.SORTER, State.EXECUTE, caught_up=True)
    starved_us = (line.now_ms - 1) * 1000 + 5_000_000
    assert line.controller.next_deadline_us() == starved_us
    line.say(LinkDown, link="central", reason="lost")
    away_us = line.now_ms * 1000 + HOUR_MS * 1000
    assert line.controller.next_deadline_us() == starved_us
    line.say(DeadlinePassed, 5000)
    assert line.controller.next_deadline_us() == line.now_ms * 1000 + 3_000_000, "suspending ends even without the units"
    for plc in Plc:
        line.unit(plc, State.SUSPENDING, alarms=plc is Plc.MACHINE, caught_up=True)
    assert line.controller.next_deadline_us() == away_us
    line.say(DeadlinePassed, HOUR_MS)
    assert line.controller.next_deadline_us() is None
