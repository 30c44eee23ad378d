"""The words of the core: what other programs, records and people go by. A change here is a change of an interface."""

from typing import Any

import msgspec
import pytest

from edge.core import commands, device_events, events, page_events, values
from edge.core.acts import ACTS
from edge.core.conditions import CLEARED_WITH_BELT, CONDITIONS, DOUBTS_THE_BELT, LINK_CONDITIONS, STOPPING
from edge.core.event import Event
from edge.core.guards import ZONES
from edge.core.heads import APPLICATOR_FAULTS, PRINTER_READY
from edge.core.production import NOT_PLANNED
from edge.core.supervision import FAULTS
from edge.core.values import EventFlag, Mode, ReadingFlag, State, Verdict
from tests.core.line import SETTINGS


def kinds(module: Any, base: type) -> list[type]:
    return [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, base)]


EVENTS = dict.fromkeys(kind for module in (events, device_events, page_events) for kind in kinds(module, Event))
STRUCTS = [*EVENTS, *kinds(commands, commands.Command)]
DATA = [kind for kind in kinds(values, msgspec.Struct) if kind is not msgspec.Struct]


@pytest.mark.parametrize("kind", STRUCTS + DATA)
def test_what_passes_a_border_cannot_be_changed_behind_it(kind: type) -> None:
    assert kind.__struct_config__.frozen


@pytest.mark.parametrize("kind", STRUCTS)
def test_every_event_and_command_names_its_kind_in_the_record(kind: type) -> None:
    assert kind.__struct_config__.tag == kind.__name__


def test_a_stamp_is_never_taken_for_another_number() -> None:
    with pytest.raises(TypeError):
        events.DeadlinePassed(5)


def test_what_a_field_is_when_nobody_gives_it() -> None:
    given = {
        (kind.__name__, field.name): field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        for kind in STRUCTS + DATA
        for field in msgspec.structs.fields(kind)
        if field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT
    }
    flags = {key: value for key, value in given.items() if key[1] == "flags"}
    assert set(flags.values()) == {0}
    assert len(flags) == 14
    counters = {value for (kind, _), value in given.items() if kind == "Counters"}
    assert counters == {0}
    rest = {f"{kind}.{name}": value for (kind, name), value in given.items() if name != "flags" and kind != "Counters"}
    assert rest == {
        "Booted.core": "", "Booted.wall_ms": 0, "Extra.chute": 0, "SortPlan.pick_up": {},
        "Booted.broke": "", "LinkDown.detail": "", "LotReceived.green": False,
        "LotFiled.account": 1,
        "LotFiled.file": "", "LotFiled.sha256": "", "LotFiled.size_bytes": 0, "LotFiled.key": "", "LotFiled.fault": "",
        "OperatorRequest.argument": {},
        "Symbol.x_px": 0, "Symbol.y_px": 0, "Symbol.confirmed": False,
        "Order.product": "EMS", "Order.client_unit": "", "Order.fee_code": "", "Order.priority": 0,
        "Order.files": (), "OrderFile.duplex": False, "OrderFile.index": 0, "OrderFile.carrier": "", "FileChecked.fault": "",
        "Settings.files_ahead_max": 20, "Settings.sheets_ahead_max": 200,
        "Settings.collation_deadline_ms": 10_000, "Settings.time_limit_min": {"EMS": 1440}, "Settings.time_warning_min": 60,
        "FrameRead.reason": "", "FrameRead.second_field": "", "OrderDocument.second_field": "",
        "LabelRead.reason": "", "LabelRead.printed": "", "LabelRead.contrast_permille": 0,
        "LabelRead.modulation_permille": 0, "LabelRead.margin_permille": 0,
        "Settings.bag_items_max": 0, "Settings.starved_after_ms": 30_000, "Settings.central_away_max_min": 1440,
        "Settings.outbox_share_percent": 10,
        "HostRead.disk_mb": 0, "HostRead.outbox_mb": 0, "HostRead.certificate_days": None,
        "Settings.start_checks": (), "Settings.build_ms": 0, "Settings.disk_start_mb": 2000, "Settings.disk_stop_mb": 500,
        "LeaseTold.journal_id": "", "LeaseTold.boot": 0, "LeaseTold.central_ms": 0,
        "ManifestSealed.epoch": 0, "ManifestSealed.lease_end_ms": 0, "Settings.lease_margin_min": 10,
        "Settings.test_label": False,
        "Settings.shift_starts_min": (0, 480, 960), "Settings.utc_offset_min": 480,
        "Settings.media_labels": 0, "Settings.ribbon_labels": 0, "Settings.roll_low_labels": 100,
        "Order.tracking_number": "", "Order.signature": "in_person", "Order.source": "", "Order.limit_min": 0,
        "Order.weight_min_g": 0, "Order.weight_max_g": 0, "LabelText.signature": "in_person",
        "LabelText.sender_unit": "", "PrintFailed.impossible": False,
        "OrderAmended.client_unit": "", "OrderAmended.fee_code": "", "OrderAmended.priority": 0,
        "Settings.desk_printer": False, "PrintLabel.printer": "", "PrinterStatus.printer": "",
        "Settings.heads": 1, "Settings.standby": False, "PrintLabel.head": 1, "PrintTest.head": 1, "RollPassed.head": 1,
        "Apply.head": 1, "PurgeLabel.head": 1,
    }  # fmt: skip


def test_the_longest_limit_is_that_of_a_product_without_one() -> None:
    settings = msgspec.structs.replace(SETTINGS, time_limit_min={"EMS": 1440, "SAME_DAY": 600})
    assert [settings.limit_min(product) for product in ("SAME_DAY", "EMS", "NEW")] == [600, 1440, 1440]
    assert msgspec.structs.replace(settings, time_limit_min={}).limit_min("NEW") == 1440


# Numbers that stand in the PLCs' programs (ISA-TR88.00.02, the process image) and in records.
def test_numbers_of_the_plc_interface() -> None:
    assert " ".join(f"{state.name}={state.value}" for state in State) == (
        "CLEARING=1 STOPPED=2 STARTING=3 IDLE=4 SUSPENDED=5 EXECUTE=6 STOPPING=7 ABORTING=8 ABORTED=9 HOLDING=10 HELD=11 "
        "UNHOLDING=12 SUSPENDING=13 UNSUSPENDING=14 RESETTING=15 COMPLETING=16 COMPLETE=17"
    )
    assert [(mode.name, mode.value) for mode in Mode] == [("PRODUCTION", 1), ("MAINTENANCE", 2), ("MANUAL", 3)]
    assert (EventFlag.OUT_OF_WINDOW, EventFlag.DEFAULT_REJECT) == (1, 2)
    assert {flag.name: flag.value for flag in ReadingFlag} == {"SYNTAX": 1, "CHECK_DIGIT": 2, "DATES": 4, "CONFIDENT": 8}
    assert [verdict.value for verdict in Verdict] == [verdict.name for verdict in Verdict]
    assert FAULTS == ((0, "ESTOP"), (1, "JAM"), (3, "PAD_MISMATCH"), (4, "EVENTS_LOST"))
    assert APPLICATOR_FAULTS == (2, 5)
    assert {"ready", "label_waiting", "busy"} == PRINTER_READY
    assert [(zone.plc, zone.bit) for zone in ZONES] == [
        *(("machine_plc", bit) for bit in range(4)), ("sorter_plc", 0), ("sorter_plc", 1),
    ]  # fmt: skip
    assert [camera.value for camera in values.Camera] == ["id_camera", "label_camera"]


# code groups: (effect, heals, priority, delay in ms)
CODES = {
    ("rejects", True, 3, 0): """UNREADABLE READ_LATE FRAMES_DISAGREE CHECK_DIGIT_WRONG DATE_IMPOSSIBLE DOUBTFUL NO_ORDER
        DUPLICATE AMBIGUOUS SECOND_FIELD_DIFFERS
        CANCELLED INCOMPLETE CONTENT_MISMATCH NO_ROUTE UNEXPECTED_PLACE POSITION_DOUBT WEIGHT_OUT_OF_RANGE
        PRINT_FAILED LABEL_LATE LABEL_PURGED LABEL_MISSING LABEL_MISMATCH LABEL_UNREADABLE SCAN_UNREADABLE SCAN_MISMATCH NO_BAG
        PICTURE_DARK PICTURE_BRIGHT PICTURE_GLARE PICTURE_BLURRED NOTHING_SEEN WRONG_SIZE WRONG_SIDE CUT_OFF
        LABEL_TORN TWO_LABELS
        STRANGER_ON_LABEL LEASE_ENDED DOUBLE_FEED FRAMES_IN_DOUBT PLC_DEFAULT LABEL_IMPOSSIBLE GIVEN_UP
        RESTART LINK_OUTAGE GUARD_OPENED MODE_CHANGED LINE_STOPPED_BY_HAND
        SHEETS_IN_DOUBT""",
    ("holds", False, 1, 0): """ITEM_LOST EXTRA_ITEM LABEL_MISMATCH_TWICE DIVERT_UNCONFIRMED WRONG_CHUTE REJECT_UNCONFIRMED
        ACCOUNTS_DIFFER EVENTS_LOST PLC_RESTARTED LONG_OUTAGE BELT_NOT_CLEARED PROMISE_BROKEN
        CHALLENGE_MISSED CLOCK_STEPPED GUARD_OPEN JAM STRAY_LABEL PAD_MISMATCH""",
    ("holds before the applicator", True, 1, 0): "PRINTER_NOT_READY APPLICATOR_FAULT",
    ("holds", True, 1, 0): "ROLL_TEST LEASES_UNCONFIRMED",
    ("aborts", False, 1, 0): "ESTOP",
    ("stops feed", True, 2, 2000): "ACCOUNTS_OPEN",
    (
        "stops feed",
        True,
        2,
        500,
    ): "MACHINE_PLC_LOST SORTER_PLC_LOST ID_CAMERA_LOST LABEL_CAMERA_LOST PRINTER_LOST SCANNER_LOST SCALE_LOST",
    ("stops feed", True, 2, 0): "DISK_FULL NOT_PRODUCTION ROLL_CHANGE",
    ("stops feed", True, 3, 0): "NO_MANIFEST",
    ("blocks start", False, 2, 0): """REJECTS_NOT_CLEARED NO_BAG_BOUND BELT_IN_DOUBT NO_SORT_PLAN CLOCK_NOT_SET DISK_LOW
        TEST_LABEL SAMPLE_DOCUMENTS""",
    ("suspends", True, 2, 0): "CHUTE_FULL CENTRAL_AWAY LEASES_ENDED OUTBOX_FULL",
    ("suspends", True, 3, 0): "STARVED",
    ("warns", True, 2, 0): """TIME_LIMIT_NEAR NO_READS MANIFEST_REFUSED MEDIA_LOW RIBBON_LOW
        DOCUMENT_PRINTER_LOST FILES_LOST FILE_REFUSED HEAD_OUT HEAD_STANDBY HEAD_TEST
        DESK_LABEL_LEFT""",
    (
        "warns",
        True,
        3,
        0,
    ): """LOT_NOT_FILED CERTIFICATE_EXPIRES OUTBOX_FILLING CENTRAL_LOST HAND_SCANNER_LOST DESK_PRINTER_LOST
        DESK_PRINTER_NOT_READY""",
    ("warns", False, 1, 0): "RECALL SHEETS_UNKNOWN",
    ("warns", False, 2, 0): "SHEETS_LEFT",
}


def test_what_each_condition_does_to_the_line() -> None:
    told = {code: facts for facts, codes in CODES.items() for code in codes.split()}
    assert {code: (row.effect.value, row.heals, row.priority, row.delay_ms) for code, row in CONDITIONS.items()} == told


def test_groups_of_conditions() -> None:
    assert {"suspends", "holds", "aborts"} == STOPPING
    assert {
        "ITEM_LOST", "EXTRA_ITEM", "STRAY_LABEL", "LABEL_MISMATCH_TWICE", "REJECT_UNCONFIRMED", "EVENTS_LOST", "PLC_RESTARTED",
        "PAD_MISMATCH", "LONG_OUTAGE", "BELT_NOT_CLEARED", "ACCOUNTS_DIFFER", "JAM", "PROMISE_BROKEN",
    } == CLEARED_WITH_BELT  # fmt: skip
    assert DOUBTS_THE_BELT == {
        "BELT_NOT_CLEARED": "RESTART", "EVENTS_LOST": "LINK_OUTAGE", "PLC_RESTARTED": "LINK_OUTAGE",
        "LONG_OUTAGE": "LINK_OUTAGE", "NOT_PRODUCTION": "MODE_CHANGED",
    }  # fmt: skip
    assert {
        link: f"{link.upper()}_LOST"
        for link in ("machine_plc", "sorter_plc", "id_camera", "label_camera", "printer", "scanner", "central")
    } == LINK_CONDITIONS
    assert {state.name for state in NOT_PLANNED} == {"STOPPED", "RESETTING", "IDLE", "COMPLETING", "COMPLETE", "CLEARING"}


def test_what_a_person_may_ask_for() -> None:
    told = {name: (act.command, *act.arguments) for name, act in ACTS.items()}
    assert {name: facts[0] for name, facts in told.items() if facts[0]} == {
        name: name for name in ("reset", "start", "stop", "unhold", "unsuspend", "complete", "abort", "clear")
    }
    assert {name: " ".join(facts[1:]) for name, facts in told.items() if facts[1:]} == {
        "confirm_check": "check", "bind_bag": "chute bag", "recount_bag": "chute labels", "take_out": "chute label",
        "close_bag": "chute bag", "feed_again": "documents", "open_envelope": "item labels second", "reinduct": "label",
        "void_label": "print_id second", "found": "key", "return_to_issuer": "documents", "damaged": "documents",
        "close_lot": "lot lead", "roll_changed": "roll",
        "confirm_leases": "second", "request_lot": "lot",
        "desk_read": "document kind token skeleton second_field flags masked", "desk_insert": "kind token flags",
        "desk_label": "texts weight_g", "test_label_scanned": "texts",
        "destroy_sheets": "order file sheets second documents",
    }  # fmt: skip
    assert {name for name, act in ACTS.items() if act.optional} == {"change_roll", "roll_changed", "test_label"}
    assert {act.optional for act in ACTS.values()} == {(), ("head",)}
    assert {name for name, facts in told.items() if facts == ("",)} == {
        "pause_feed", "resume_feed", "run_out", "clear_belt", "rejects_cleared", "desk_cancel", "change_roll", "test_label",
    }  # fmt: skip
