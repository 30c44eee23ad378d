"""What a restart, a stop and a start forget, and what they must not."""

import msgspec
import pytest

from edge.core.commands import Publish, RejectDocument, RejectItem, SetPermit
from edge.core.device_events import PrinterStatus
from edge.core.events import BeltEmpty, Booted, ClockRead, ConfigLoaded, DeadlinePassed, LinkDown, LinkUp, PlcRestarted
from edge.core.values import DocumentKey, ItemId, Mode, Plc, State
from tests.core.line import PLAN, SETTINGS, Line
from tests.core.test_accounts import caught_up
from tests.core.test_controller import code
from tests.core.test_corners import conditions

HOUR_MS = 3_600_000


def boot(line: Line, n: int = 2) -> None:
    line.say(Booted, boot=n, journal_id="j", version="t")


def state(line: Line) -> State:
    return line.controller.floor.machine.state


def follow(line: Line, **fields: object) -> None:
    """Both units follow once; nothing is under way."""
    for plc in Plc:
        line.unit(plc, state(line), caught_up=True, **fields)


def test_what_a_boot_tells_has_the_time_of_the_boot_also_when_the_machine_was_restarted() -> None:
    line = Line()
    line.now_ms = 0
    line.say(Booted, 7, boot=2, journal_id="j", version="t", wall_ms=1_790_000_900_000)
    told = [command.at_ms for command in line.commands if isinstance(command, Publish) and command.kind == "booted"]
    assert told[-1] == 1_790_000_900_000
    assert line.controller.floor.wall_ms() == 1_790_000_900_000


def test_the_permit_is_first_granted_when_the_line_runs() -> None:
    line = Line(started=False)
    assert not line.controller.supervision.permit
    line.start([])
    assert [command.granted for command in line.said(SetPermit)] == [True]


def test_a_start_that_the_printer_interrupts_goes_on_by_itself() -> None:
    line = Line(started=False)
    for link in line.controller.supervision.links:
        line.say(LinkUp, link=link)
    line.say(PrinterStatus, state="ready")
    for chute in (1, 2):
        line.act("bind_bag", chute=str(chute), bag=f"B{chute}")
    line.act("reset")
    line.mirror()
    assert code(line.act("start")) == "OK"
    line.wait_for_label()
    line.say(PrinterStatus, state="head_open")
    follow(line)
    assert state(line) is State.HELD
    line.say(PrinterStatus, state="ready")
    assert state(line) is State.UNHOLDING, "nobody is needed for what heals"


def test_all_links_and_plcs_are_unknown_after_a_boot() -> None:
    line = caught_up()
    boot(line)
    assert set(line.controller.supervision.links.values()) == {False}
    assert not line.controller.floor.plcs_seen
    line.say(LinkUp, link="machine_plc")
    assert not line.controller.floor.plcs_seen
    line.say(LinkUp, link="sorter_plc")
    assert line.controller.floor.plcs_seen
    line.say(LinkDown, link="machine_plc", reason="lost")
    assert (line.controller.supervision.links["machine_plc"], line.controller.floor.plcs_seen) == (False, False)


def test_an_outage_before_the_boot_is_not_counted_behind_it() -> None:
    line = caught_up()
    line.say(LinkDown, link="machine_plc", reason="lost")
    line.unit(Plc.SORTER, State.EXECUTE, caught_up=False)
    boot(line)
    line.say(DeadlinePassed, 30_000)
    line.say(LinkUp, link="machine_plc")
    assert not {"LONG_OUTAGE", "ACCOUNTS_OPEN"} & conditions(line)


def test_central_is_away_from_the_boot_on() -> None:
    line = Line()
    boot(line)
    line.say(DeadlinePassed, SETTINGS.central_away_max_min * 60_000 - 1)
    assert "CENTRAL_AWAY" not in conditions(line)
    line.say(DeadlinePassed, 1)
    assert "CENTRAL_AWAY" in conditions(line)


def test_central_is_away_since_its_first_word_of_it_and_another_link_is_not_central() -> None:
    line, half_ms = caught_up(), SETTINGS.central_away_max_min * 30_000
    line.say(LinkDown, link="id_camera", reason="lost")
    line.say(DeadlinePassed, 2 * half_ms + 1)
    assert "CENTRAL_AWAY" not in conditions(line)
    line.say(LinkDown, link="central", reason="lost")
    line.say(LinkDown, half_ms, link="central", reason="refused")
    line.say(DeadlinePassed, half_ms - 1)
    assert "CENTRAL_AWAY" not in conditions(line)
    line.say(DeadlinePassed, 1)
    assert "CENTRAL_AWAY" in conditions(line)


def test_a_boot_in_the_midst_of_a_clearing_asks_for_it_again() -> None:
    line = Line()
    line.act("stop")
    line.mirror()
    assert code(line.act("clear_belt")) == "OK"
    boot(line)
    assert not line.controller.floor.clearing
    assert code(line.act("clear_belt")) == "OK"


def test_a_boot_forgets_what_was_confirmed() -> None:
    line = Line()
    settings = msgspec.structs.replace(SETTINGS, start_checks=("TEST_LABEL",))
    line.say(ConfigLoaded, digest="d", settings=settings, sort_plan=PLAN)
    assert code(line.act("confirm_check", check="TEST_LABEL")) == "OK"
    boot(line)
    assert line.controller.checklist.confirmed == {}


def test_what_was_confirmed_stands_while_the_line_holds() -> None:
    line = caught_up()
    line.controller.checklist.confirmed["TEST_LABEL"] = "P1"
    line.wait_for_label()
    line.say(PrinterStatus, state="silent")
    follow(line)
    assert line.controller.checklist.confirmed == {"TEST_LABEL": "P1"}
    line.act("stop")
    follow(line)
    assert line.controller.checklist.confirmed == {}


def test_from_the_boot_to_the_run_and_then_what_heals_needs_nobody_again() -> None:
    line = Line()
    boot(line)
    for link in line.controller.supervision.links:
        line.say(LinkUp, link=link)
    assert code(line.act("clear_belt")) == "OK"
    for plc in (Plc.MACHINE, Plc.SORTER):
        line.say(BeltEmpty, plc=plc)
    assert state(line) is State.STOPPING
    follow(line)
    assert code(line.act("rejects_cleared")) == "OK"
    for act in ("reset", "start"):
        assert code(line.act(act)) == "OK"
        follow(line)
    assert state(line) is State.EXECUTE
    line.wait_for_label()
    line.say(PrinterStatus, state="silent")
    follow(line)
    assert state(line) is State.HELD
    line.say(PrinterStatus, state="ready")
    follow(line)
    assert state(line) is State.EXECUTE


def test_each_stop_has_its_own_first_cause_in_the_figures() -> None:
    line = caught_up()
    line.wait_for_label()
    line.say(PrinterStatus, state="silent")
    follow(line)
    line.say(PrinterStatus, state="ready")
    follow(line)
    line.unit(Plc.MACHINE, State.EXECUTE, guard_zones=1, caught_up=True)
    follow(line)
    assert code(line.act("unhold")) == "OK"
    follow(line)
    line.act("stop")
    assert list(line.controller.floor.production.shift.stops) == ["PRINTER_NOT_READY", "GUARD_OPEN", "BY_HAND"]
    told = [c.body["cause"] for c in line.said(Publish) if c.kind == "line_state"]
    assert told[-9:] == ["PRINTER_NOT_READY"] * 3 + [""] + ["GUARD_OPEN"] * 3 + ["", ""]


def test_a_shift_report_names_its_stops() -> None:
    line = caught_up()
    line.wait_for_label()
    line.say(PrinterStatus, state="silent")
    line.say(PrinterStatus, 5000, state="ready")
    follow(line)
    follow(line)
    for _ in range(9):
        line.say(ClockRead, HOUR_MS, wall_ms=1_790_000_000_000 + line.now_ms + HOUR_MS)
    (body,) = [c.body for c in line.said(Publish) if c.kind == "shift_ended"]
    assert (body["stops"], body["dispatched"]) == ("PRINTER_NOT_READY:1:5", 0)


def test_a_line_without_shifts_has_none() -> None:
    line = Line()
    settings = msgspec.structs.replace(SETTINGS, shift_starts_min=())
    line.controller = type(line.controller)(settings, PLAN)
    for event in line.log:
        if not isinstance(event, ConfigLoaded):
            line.controller.handle(event)
    assert line.controller.floor.production.last_shift is None


@pytest.mark.parametrize(("second", "begins_min"), [(480 * 60 - 0.001, 0), (480 * 60, 480), (960 * 60 - 0.001, 480)])
def test_a_shift_begins_to_the_millisecond(second: float, begins_min: int) -> None:
    day_ms = 20_000 * 86_400_000
    line = Line(started=False)
    line.say(ClockRead, wall_ms=day_ms + round(second * 1000) - SETTINGS.utc_offset_min * 60_000)
    assert line.controller.figures._shift_begin_ms == day_ms + begins_min * 60_000


def test_a_feeder_that_is_filled_in_between_counts_anew() -> None:
    line = caught_up()
    settings = msgspec.structs.replace(SETTINGS, starved_after_ms=5000)
    line.say(ConfigLoaded, digest="d", settings=settings, sort_plan=PLAN)
    for alarms in (1, 0, 1):
        line.unit(Plc.MACHINE, State.EXECUTE, alarms=alarms, caught_up=True)
        line.say(DeadlinePassed, 4000)
    assert "STARVED" not in conditions(line)
    line.say(DeadlinePassed, 1000)
    assert "STARVED" in conditions(line)


def test_never_means_never() -> None:
    line = caught_up()
    settings = msgspec.structs.replace(SETTINGS, starved_after_ms=0, central_away_max_min=0)
    line.say(ConfigLoaded, digest="d", settings=settings, sort_plan=PLAN)
    line.unit(Plc.MACHINE, State.EXECUTE, alarms=1, caught_up=True)
    line.say(LinkDown, link="central", reason="lost")
    assert line.controller.next_deadline_us() is None
    line.say(DeadlinePassed, 100 * HOUR_MS)
    assert conditions(line) == {"CENTRAL_LOST"}


# --- reasons ---
def outage(line: Line) -> None:
    line.say(LinkDown, link="sorter_plc", reason="lost")
    line.say(LinkUp, 10_001, link="sorter_plc")


@pytest.mark.parametrize(
    ("doubt", "reason"),
    [
        (outage, "LINK_OUTAGE"),
        (lambda line: line.say(PlcRestarted, plc=Plc.SORTER, boot=2), "LINK_OUTAGE"),
        (boot, "RESTART"),
        (lambda line: line.unit(Plc.MACHINE, State.EXECUTE, mode=Mode.MANUAL, caught_up=True), "MODE_CHANGED"),
    ],
)  # fmt: skip
def test_why_what_was_on_the_belt_is_refused(doubt, reason: str) -> None:
    line = caught_up()
    line.to_handed_over(1)
    line.to_handed_over(2)
    line.induct(1, line.qr(1))
    line.feed(3)
    line.read(3)
    doubt(line)
    assert [item.reason for item in line.controller.items.all.values()] == [reason] * 2
    assert line.controller.documents.all[DocumentKey("D1-3")].reason == reason
    assert [c.reason for c in line.said(RejectDocument)] == [reason]
    assert line.controller.items.all[ItemId("I1-1")].quarantined


def test_the_key_calls_back_what_is_on_its_way_once() -> None:
    line = caught_up()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    for mode in (Mode.MANUAL, Mode.MAINTENANCE):
        line.unit(Plc.MACHINE, State.EXECUTE, mode=mode, caught_up=True)
    assert [(c.parcel, c.reason) for c in line.said(RejectItem)] == [(parcel, "MODE_CHANGED")]


def test_a_short_outage_late_in_the_shift_and_a_long_one_of_an_empty_line() -> None:
    line = caught_up()
    line.say(DeadlinePassed, 60_000)
    line.say(LinkDown, link="machine_plc", reason="lost")
    line.say(LinkUp, 100, link="machine_plc")
    assert "LONG_OUTAGE" not in conditions(line)
    line.say(LinkDown, link="machine_plc", reason="lost")
    line.say(LinkUp, 10_001, link="machine_plc")
    assert "LONG_OUTAGE" in conditions(line), "somebody may have put something there"


def test_the_time_between_two_boots_is_nobodys() -> None:
    line = caught_up()
    line.say(ClockRead, wall_ms=1_790_000_000_000)
    booked_us = sum(line.controller.floor.production.shift.state_us.values())
    line.say(Booted, 60_000, boot=2, journal_id="j", version="t")
    line.say(ClockRead, 7, wall_ms=1_790_000_060_000)
    assert sum(line.controller.floor.production.shift.state_us.values()) - booked_us == 7_000
