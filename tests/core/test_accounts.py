"""I1 and the watches over PLCs and links: each counter, each limit of time on its stroke."""

import msgspec
import pytest

from edge.core.commands import Publish, SetState
from edge.core.device_events import PrinterStatus
from edge.core.events import (
    ClockRead,
    ConfigLoaded,
    DeadlinePassed,
    Diverted,
    DocumentRejected,
    HostRead,
    ItemEjected,
    ItemRejected,
    LinkDown,
    LinkUp,
    PlcRestarted,
)
from edge.core.item import ItemState
from edge.core.values import Counters, DocumentKey, ItemId, Plc, State
from tests.core.line import PLAN, SETTINGS, Line
from tests.core.test_controller import code
from tests.core.test_corners import conditions


def compare(line: Line, plc: Plc, **counters: int) -> None:
    line.unit(plc, line.controller.floor.machine.state, counters=Counters(**counters), caught_up=True)


def busy() -> Line:
    """One dispatched, one in the sealed reject, one ejected, one in the tray, one before the gate."""
    line = Line()
    line.through(1)
    line.to_handed_over(2)
    line.say(ItemRejected, parcel=line.induct(2, ""))
    line.to_weighed(3)
    line.controller.items.all[ItemId("I1-3")].state = ItemState.OPEN
    line.say(ItemEjected, item=ItemId("I1-3"))
    line.feed(4)
    line.read(4, token="unknown")
    line.say(DocumentRejected, document=DocumentKey("D1-4"))
    line.feed(5)
    return line


MACHINE = {"documents_fed": 5, "documents_rejected": 1, "items_opened": 3, "items_rejected": 1, "items_handed_over": 2}
SORTER = {"items_rejected": 1, "items_handed_over": 2, "items_diverted": 1}


@pytest.mark.parametrize("retained", [0, 1000])
@pytest.mark.parametrize(("plc", "moved"), [(Plc.MACHINE, MACHINE), (Plc.SORTER, SORTER)])
def test_what_the_plc_counted_is_what_we_have(plc: Plc, moved: dict[str, int], retained: int) -> None:
    line = busy()
    line.controller.supervision._counted[plc] = Counters(*[retained] * 6)
    seen = dict.fromkeys(Counters.__struct_fields__, retained)
    compare(line, plc, **{**seen, **{name: retained + n for name, n in moved.items()}})
    assert "ACCOUNTS_DIFFER" not in conditions(line)


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("name", Counters.__struct_fields__)
@pytest.mark.parametrize("plc", list(Plc))
def test_each_counter_that_differs_by_one_holds(plc: Plc, name: str, by: int) -> None:
    line = busy()
    compare(line, plc)
    line.say(DeadlinePassed)
    assert "ACCOUNTS_DIFFER" not in conditions(line)
    compare(line, plc, **{name: by})
    assert "ACCOUNTS_DIFFER" in conditions(line)


def test_nothing_is_compared_while_events_are_under_way() -> None:
    line = Line()
    compare(line, Plc.MACHINE)
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(documents_fed=9), caught_up=False)
    assert "ACCOUNTS_DIFFER" not in conditions(line)


def test_a_restarted_plc_counts_from_its_new_beginning() -> None:
    line = Line()
    compare(line, Plc.MACHINE, documents_fed=500)
    line.say(PlcRestarted, plc=Plc.MACHINE, boot=2)
    compare(line, Plc.MACHINE, documents_fed=0)
    assert "ACCOUNTS_DIFFER" not in conditions(line)


def caught_up() -> Line:
    line = Line()
    for plc in Plc:
        line.unit(plc, State.EXECUTE, caught_up=True)
    return line


@pytest.mark.parametrize("plc", list(Plc))
def test_a_gap_opens_after_two_seconds_and_closes_with_the_comparison(plc: Plc) -> None:
    line = caught_up()
    line.unit(plc, State.EXECUTE, caught_up=False)
    assert line.controller.next_deadline_us() == line.now_ms * 1000 + 2_000_000
    line.say(DeadlinePassed, 1000)
    line.unit(plc, State.EXECUTE, caught_up=False)
    line.say(DeadlinePassed, 998)
    assert "ACCOUNTS_OPEN" not in conditions(line)
    line.say(DeadlinePassed, 1)
    assert "ACCOUNTS_OPEN" in conditions(line)
    assert line.controller.next_deadline_us() is None, "it is open: nothing more is to come of it"
    other = next(one for one in Plc if one is not plc)
    line.unit(other, State.EXECUTE, caught_up=True)
    assert "ACCOUNTS_OPEN" in conditions(line)
    line.unit(plc, State.EXECUTE, caught_up=True)
    assert "ACCOUNTS_OPEN" not in conditions(line)


def test_a_restarted_plc_has_no_gap() -> None:
    line = caught_up()
    line.unit(Plc.SORTER, State.EXECUTE, caught_up=False)
    line.say(PlcRestarted, plc=Plc.SORTER, boot=2)
    line.say(DeadlinePassed, 5000)
    assert "ACCOUNTS_OPEN" not in conditions(line)


# --- outages ---
@pytest.mark.parametrize(
    ("link", "away_ms", "doubted"),
    [
        ("machine_plc", 10_000, False), ("machine_plc", 10_001, True), ("sorter_plc", 10_001, True),
        ("id_camera", 10_001, False), ("central", 10_001, False),
    ],
)  # fmt: skip
def test_only_a_plc_that_was_away_too_long_leaves_the_belt_in_doubt(link: str, away_ms: int, doubted: bool) -> None:
    line = caught_up()
    line.to_weighed(1)
    line.say(LinkDown, link=link, reason="lost")
    line.say(DeadlinePassed, 5)
    line.say(LinkDown, link=link, reason="stale")
    line.say(LinkUp, away_ms - 6, link=link)
    assert ("LONG_OUTAGE" in conditions(line)) == doubted
    assert ("REJECTS_NOT_CLEARED" in conditions(line)) == doubted
    assert line.controller.items.all[ItemId("I1-1")].quarantined == doubted
    line.say(LinkUp, 60_000, link=link)
    assert line.controller.floor.conditions.raised.get("LONG_OUTAGE", 0) == doubted, "an outage ends once"


def test_transport_time_stands_while_a_plc_is_away() -> None:
    line = caught_up()
    belt_us = line.controller.floor.belt_us
    line.say(LinkDown, 100, link="sorter_plc", reason="lost")
    assert line.controller.floor.belt_us == belt_us + 100_000
    line.say(LinkUp, 4000, link="machine_plc")
    line.say(DeadlinePassed, 4000)
    assert line.controller.floor.belt_us == belt_us + 100_000
    line.say(LinkUp, link="sorter_plc")
    line.say(DeadlinePassed, 50)
    assert line.controller.floor.belt_us == belt_us + 150_000


def test_an_outage_before_anything_was_seen_or_fed_doubts_nothing() -> None:
    line = Line(started=False)
    line.say(LinkDown, link="machine_plc", reason="lost")
    line.say(LinkUp, 60_000, link="machine_plc")
    assert "LONG_OUTAGE" not in conditions(line)


@pytest.mark.parametrize("what", ["document", "item"])
def test_what_is_on_the_belt_counts_even_when_no_plc_was_ever_seen(what: str) -> None:
    line = Line()
    line.controller.supervision.status.clear()
    line.feed(1) if what == "document" else line.to_weighed(1)
    line.say(LinkDown, link="machine_plc", reason="lost")
    line.say(LinkUp, 10_001, link="machine_plc")
    assert "LONG_OUTAGE" in conditions(line)


# --- acting states ---
def test_a_stop_waits_three_seconds_for_the_units_and_a_start_for_ever() -> None:
    line = caught_up()
    line.act("stop")
    stopped_us = line.now_ms * 1000
    assert line.controller.next_deadline_us() == stopped_us + 3_000_000
    line.say(DeadlinePassed, 2999)
    assert line.controller.floor.machine.state is State.STOPPING
    line.say(DeadlinePassed, 1)
    assert line.controller.floor.machine.state is State.STOPPED
    line.act("reset")
    line.say(DeadlinePassed, 3000)
    assert line.controller.floor.machine.state is State.IDLE
    assert code(line.act("start")) == "OK"
    assert line.controller.next_deadline_us() is None
    line.say(DeadlinePassed, 60_000)
    assert line.controller.floor.machine.state is State.STARTING
    line.unit(Plc.MACHINE, State.STARTING, caught_up=True)
    assert line.controller.floor.machine.state is State.STARTING, "both units"
    line.unit(Plc.SORTER, State.STARTING, caught_up=True)
    assert line.controller.floor.machine.state is State.EXECUTE
    assert [command.state.name for command in line.said(SetState)][-6:] == [
        "STOPPING", "STOPPED", "RESETTING", "IDLE", "STARTING", "EXECUTE",
    ]  # fmt: skip


def test_each_change_of_state_is_told_with_its_first_cause() -> None:
    line = caught_up()
    line.unit(Plc.MACHINE, State.EXECUTE, faults=2, caught_up=True)
    line.unit(Plc.MACHINE, State.EXECUTE, faults=2, guard_zones=1, caught_up=True)
    for plc in Plc:
        line.unit(plc, State.HOLDING, faults=2 if plc is Plc.MACHINE else 0, caught_up=True)
    told = [command.body for command in line.said(Publish) if command.kind == "line_state"][-2:]
    assert told == [{"state": "HOLDING", "cause": "JAM"}, {"state": "HELD", "cause": "JAM"}]


# --- limits of the host, the clock and the printer ---
@pytest.mark.parametrize(("free_mb", "full"), [(SETTINGS.disk_stop_mb - 1, True), (SETTINGS.disk_stop_mb, False)])
def test_disk(free_mb: int, full: bool) -> None:
    line = Line()
    line.say(HostRead, disk_free_mb=free_mb)
    assert ("DISK_FULL" in conditions(line)) == full
    checks = {check.code: check.passed for check in line.controller.checklist.checks()}
    assert not checks["DISK_LOW"]
    for start_mb, passed in ((SETTINGS.disk_start_mb - 1, False), (SETTINGS.disk_start_mb, True)):
        line.say(HostRead, disk_free_mb=start_mb)
        assert {check.code: check.passed for check in line.controller.checklist.checks()}["DISK_LOW"] == passed


@pytest.mark.parametrize(
    ("outbox_mb", "disk_mb", "standing"),
    [
        (0, 0, set()),  # nobody has said how large the disk is
        (799, 10_000, set()),
        (800, 10_000, {"OUTBOX_FILLING"}),
        (999, 10_000, {"OUTBOX_FILLING"}),
        (1000, 10_000, {"OUTBOX_FILLING", "OUTBOX_FULL"}),
    ],
)
def test_what_waits_to_be_told_has_a_share_of_the_disk(outbox_mb: int, disk_mb: int, standing: set[str]) -> None:
    line = Line()
    line.say(HostRead, disk_free_mb=9000, disk_mb=disk_mb, outbox_mb=outbox_mb)
    assert conditions(line) & {"OUTBOX_FILLING", "OUTBOX_FULL"} == standing
    assert line.controller.supervision.permit == ("OUTBOX_FULL" not in standing)
    line.say(HostRead, disk_free_mb=9000, disk_mb=10_000, outbox_mb=1)
    assert not conditions(line) & {"OUTBOX_FILLING", "OUTBOX_FULL"}, "it was told"
    line.mirror()
    assert line.controller.supervision.permit


@pytest.mark.parametrize(("days", "warns"), [(None, False), (30, False), (29, True), (-1, True)])
def test_a_certificate_is_warned_of_a_month_ahead(days: int | None, warns: bool) -> None:
    line = Line()
    line.say(HostRead, disk_free_mb=9000, certificate_days=days)
    assert ("CERTIFICATE_EXPIRES" in conditions(line)) == warns
    assert line.controller.supervision.permit
    line.say(HostRead, disk_free_mb=9000, certificate_days=300)
    assert "CERTIFICATE_EXPIRES" not in conditions(line)


@pytest.mark.parametrize(("step_ms", "stepped"), [(2000, False), (2001, True), (-2000, False), (-2001, True)])
def test_a_step_of_the_clock(step_ms: int, stepped: bool) -> None:
    line = caught_up()
    line.say(ClockRead, 10_000, wall_ms=1_790_000_000_000 + line.now_ms + 10_000)
    line.say(ClockRead, 10_000, wall_ms=1_790_000_000_000 + line.now_ms + 10_000 + step_ms)
    assert ("CLOCK_STEPPED" in conditions(line)) == stepped
    line.say(ClockRead, 10_000, wall_ms=1_790_000_000_000 + line.now_ms + 10_000 + step_ms)
    assert "CLOCK_STEPPED" not in conditions(line), "the next reading agrees with it"


def test_a_step_while_nothing_is_fed_is_no_hold() -> None:
    line = caught_up()
    line.act("pause_feed")
    line.say(ClockRead, wall_ms=1)
    assert "CLOCK_STEPPED" not in conditions(line)


@pytest.mark.parametrize(
    ("state", "ready"),
    [("ready", True), ("label_waiting", True), ("busy", True), ("media_out", False), ("head_open", False), ("unknown", False)],
)
def test_printer(state: str, ready: bool) -> None:
    line = Line()
    line.say(PrinterStatus, state=state)
    assert ("PRINTER_NOT_READY" in conditions(line)) != ready


@pytest.mark.parametrize(("bit", "condition"), [(0, "ESTOP"), (1, "JAM"), (4, "EVENTS_LOST")])
def test_faults(bit: int, condition: str) -> None:
    line = caught_up()
    line.unit(Plc.SORTER, State.EXECUTE, faults=1 << bit, caught_up=True)
    assert conditions(line) == {condition}
    line.unit(Plc.MACHINE, State.EXECUTE, faults=0, caught_up=True)
    assert condition in conditions(line), "the other one still says so"
    line.unit(Plc.SORTER, State.EXECUTE, faults=0, caught_up=True)
    assert (condition in conditions(line)) == (condition != "ESTOP"), "the rest ends when the belt has been cleared"


@pytest.mark.parametrize("bits", [0b100000, 0b1000000])
def test_fault_bits_that_nobody_knows_are_nothing(bits: int) -> None:
    line = caught_up()
    line.unit(Plc.MACHINE, State.EXECUTE, faults=bits, caught_up=True)
    assert conditions(line) == set()


# --- shifts ---
@pytest.mark.parametrize(
    ("minute", "begins"),
    [(0, 0), (1, 0), (479, 0), (480, 480), (959, 480), (960, 960), (1439, 960)],
)
def test_which_shift_it_is(minute: int, begins: int) -> None:
    day_ms = 20_000 * 86_400_000
    utc_ms = day_ms + minute * 60_000 - SETTINGS.utc_offset_min * 60_000
    line = Line(started=False)
    line.say(ClockRead, wall_ms=utc_ms)
    assert line.controller.figures._shift_begin_ms == day_ms + begins * 60_000


def test_before_the_first_shift_of_the_day_it_is_yesterdays_last() -> None:
    line = Line(started=False)
    settings = msgspec.structs.replace(SETTINGS, shift_starts_min=(360, 1080), utc_offset_min=0)
    line.say(ConfigLoaded, digest="d", settings=settings, sort_plan=PLAN)
    day_ms = 20_000 * 86_400_000
    line.say(ClockRead, wall_ms=day_ms + 60_000)
    assert line.controller.figures._shift_begin_ms == day_ms - 86_400_000 + 1080 * 60_000


def test_the_first_shift_ends_nothing_and_each_is_told_once() -> None:
    line = Line()
    line.through(1)
    hour_ms = 3_600_000
    base_ms = 1_790_000_000_000
    before = len([c for c in line.said(Publish) if c.kind == "shift_ended"])
    assert before == 0
    for _ in range(17):
        line.say(ClockRead, hour_ms, wall_ms=base_ms + line.now_ms + hour_ms)
    told = [c.body for c in line.said(Publish) if c.kind == "shift_ended"]
    assert [body["dispatched"] for body in told] == [1, 0]
    assert told[0]["since_ms"] < told[1]["since_ms"]
    assert set(told[0]) == {"since_ms", "dispatched", "stops", "availability", "effectiveness", "quality", "oee"}


def test_a_wrong_chute_counts_as_the_plc_counts_it() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(Diverted, parcel=line.induct(1, line.qr(1)), chute=1)
    compare(line, Plc.SORTER)
    assert line.controller.supervision._counted[Plc.SORTER] == Counters(items_handed_over=-1, items_diverted=-1)
