"""The corners of the core: what happens rarely, and must be as safe as the rest."""

import msgspec
import pytest

from edge.core.commands import Divert, InsertClose, NoLabel, PrintLabel, PurgeLabel, RejectDocument, RejectItem
from edge.core.device_events import LabelPrinted, LabelRead, ParcelScanned
from edge.core.events import (
    BeltEmpty,
    Booted,
    ClockRead,
    ConfigLoaded,
    DeadlinePassed,
    Diverted,
    DivertUnconfirmed,
    DocumentFed,
    DocumentRejected,
    HandedOver,
    Inducted,
    Inserted,
    ItemEjected,
    ItemRejected,
    LabelApplied,
    LabelExposed,
    LabelPurged,
    LinkDown,
    LinkUp,
    Lost,
    ManifestGranted,
    ManifestRefused,
    ManifestSealed,
    MessageRefused,
    PlcStatus,
    Sealed,
    Weighed,
)
from edge.core.item import ItemState
from edge.core.values import DocumentKey, ItemId, LotId, ParcelKey, Plc, State, Symbol
from tests.core.line import PLAN, SETTINGS, Line, order
from tests.core.test_controller import code, published, reasons

OUT_OF_WINDOW = 1


def conditions(line: Line) -> set[str]:
    return set(line.controller.floor.conditions.active)


# --- documents ---
def test_fed_twice_under_one_handle_is_counted_and_changes_nothing() -> None:
    line = Line()
    line.feed(1)
    line.feed(1)
    assert line.controller.floor.unexpected == {"known/fed": 1}
    assert line.controller.floor.production.documents_fed == 1


def test_two_documents_on_one_exposure_count_are_both_in_doubt() -> None:
    line = Line()
    line.feed(1)
    line.say(DocumentFed, document=DocumentKey("D1-2"), trigger=2)
    assert [c.document for c in line.said(RejectDocument)] == ["D1-1", "D1-2"]
    line.read(1)
    assert not line.said(InsertClose), "the burst belongs to nobody any more"


def test_a_document_out_of_its_window_is_refused_and_its_late_frames_change_nothing() -> None:
    line = Line()
    line.say(DocumentFed, document=DocumentKey("D1-1"), trigger=2, flags=OUT_OF_WINDOW)
    assert [c.reason for c in line.said(RejectDocument)] == ["POSITION_DOUBT"]
    line.read(1)
    assert not line.said(InsertClose)
    assert line.controller.documents.all[DocumentKey("D1-1")].masked, "what was read is kept for the list of rejects"


def test_a_lost_document_takes_its_neighbours_along_and_holds() -> None:
    line = Line()
    for n in (1, 2, 3, 4):
        line.feed(n)
        line.read(n)
    line.say(Lost, plc=Plc.MACHINE, key="D1-2", station="insert")
    quarantined = {key for key, document in line.controller.documents.all.items() if document.quarantined}
    assert quarantined == {"D1-1", "D1-3"}
    assert {c.document for c in line.said(RejectDocument)} == {"D1-1", "D1-3"}
    assert line.controller.floor.conditions.first_out == "ITEM_LOST"
    line.say(Lost, plc=Plc.MACHINE, key="D1-2", station="insert")
    assert line.controller.documents.neighbours(DocumentKey("D1-77")) == []


def test_a_document_that_never_arrives_is_lost_after_its_transit_deadline() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.say(DeadlinePassed, SETTINGS.transit_deadline_ms + 100)
    assert "ITEM_LOST" in conditions(line)


def test_while_the_line_is_held_transit_deadlines_stand_still() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.unit(Plc.MACHINE, State.EXECUTE, faults=2)
    line.mirror()
    assert line.controller.floor.machine.state is State.HELD
    line.say(DeadlinePassed, 10 * SETTINGS.transit_deadline_ms)
    assert "ITEM_LOST" not in conditions(line)


def test_inserted_twice_and_inserted_out_of_its_window() -> None:
    line = Line()
    line.to_weighed(1)
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-9"))
    assert line.controller.items.all[ItemId("I1-9")].reason == "UNEXPECTED_PLACE"
    line.feed(2)
    line.read(2)
    line.say(Inserted, document=DocumentKey("D1-2"), item=ItemId("I1-2"), flags=OUT_OF_WINDOW)
    assert line.controller.items.all[ItemId("I1-2")].reason == "POSITION_DOUBT"
    line.feed(3)
    line.read(3)
    line.say(Inserted, document=DocumentKey("D1-3"), item=ItemId("I1-2"))
    assert line.controller.items.all[ItemId("I1-2")].quarantined, "two documents under one item handle"


def test_in_tray_without_ever_being_fed_is_counted() -> None:
    line = Line()
    line.say(DocumentRejected, document=DocumentKey("D1-5"))
    assert line.controller.floor.unexpected == {"unknown document/in_tray": 1}
    assert reasons(line) == {}


def test_rejected_by_the_plc_itself_has_its_own_reason() -> None:
    line = Line()
    line.feed(1)
    line.say(DocumentRejected, document=DocumentKey("D1-1"), flags=2)
    assert reasons(line) == {"PLC_DEFAULT": 1}


# --- items ---
@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (Sealed, {}),
        (Weighed, {"weight_100mg": 180}),
        (LabelApplied, {"print_id": 1}),
        (LabelExposed, {"trigger": 4}),
        (HandedOver, {}),
        (ItemEjected, {}),
        (LabelPurged, {"print_id": 1}),
    ],
)
def test_events_of_items_that_nobody_knows_are_counted(event, fields: dict) -> None:
    line = Line()
    line.say(event, item=ItemId("I1-66"), **fields)
    assert sum(line.controller.floor.unexpected.values()) == 1
    assert not line.said(PrintLabel)


@pytest.mark.parametrize("event", [Sealed, Weighed, LabelApplied, LabelExposed])
def test_out_of_its_window_at_a_sensor_is_position_doubt(event) -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    item = ItemId("I1-1")
    line.say(Inserted, document=DocumentKey("D1-1"), item=item)
    fields = {Weighed: {"weight_100mg": 180}, LabelApplied: {"print_id": 1}, LabelExposed: {"trigger": 2}}
    for step in (Sealed, Weighed, LabelApplied, LabelExposed):
        flags = OUT_OF_WINDOW if step is event else 0
        line.say(step, item=item, flags=flags, **fields.get(step, {}))
        if step is event:
            break
    assert line.controller.items.all[item].reason == "POSITION_DOUBT"
    assert line.controller.items.all[item].quarantined


def test_sealed_though_it_was_to_be_ejected_gets_no_label() -> None:
    line = Line()
    line.feed(1)
    line.read(1, token="unknown")
    item = ItemId("I1-1")
    line.say(Inserted, document=DocumentKey("D1-1"), item=item)
    line.say(Sealed, item=item)
    line.say(Weighed, item=item, weight_100mg=180)
    assert not line.said(PrintLabel)
    assert [c.item for c in line.said(NoLabel)] == [item]


def test_a_county_that_the_new_sort_plan_does_not_know_gets_no_label() -> None:
    line = Line([order(1, county="990000")])
    line.to_weighed(1)
    assert line.controller.items.all[ItemId("I1-1")].reason == "NO_ROUTE"
    assert not line.said(PrintLabel)


def test_applied_under_another_print_id_is_doubt() -> None:
    line = Line()
    item = line.to_weighed(1)
    line.say(LabelPrinted, print_id=line.print_id(1))
    line.say(LabelApplied, item=item, print_id=99)
    assert line.controller.items.all[item].reason == "LABEL_MISMATCH"


def test_a_label_that_comes_after_its_item_has_passed_is_purged() -> None:
    line = Line()
    item = line.to_weighed(1)
    line.say(LabelExposed, item=item, trigger=2)
    line.say(LabelPrinted, print_id=line.print_id(1))
    assert [c.print_id for c in line.said(PurgeLabel)] == [1]
    assert line.controller.items.all[item].reason == "LABEL_LATE"


def test_two_items_on_one_exposure_count_of_the_label_camera() -> None:
    line = Line()
    first, second = line.to_labelled(1), line.to_labelled(2)
    line.say(LabelExposed, item=first, trigger=2)
    line.say(LabelExposed, item=second, trigger=2)
    assert line.controller.items.all[second].quarantined


def test_the_labels_of_a_condemned_item_are_checked_all_the_same_but_not_accepted() -> None:
    line = Line()
    item = line.to_labelled(1)
    line.controller.items.condemn(line.controller.items.all[item], "POSITION_DOUBT")
    line.expose(1)
    assert [row["verdict"] for row in published(line, "label_check")] == ["MATCH"]
    assert not published(line, "accepted")


def test_an_unlabelled_item_passes_the_label_camera_and_is_rejected() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    item = ItemId("I1-1")
    line.say(Inserted, document=DocumentKey("D1-1"), item=item)
    line.say(Sealed, item=item)
    line.say(Weighed, item=item, weight_100mg=1)
    line.expose(1, (Symbol("qr", "x"),))
    line.say(HandedOver, item=item)
    line.induct(1, "")
    assert [c.reason for c in line.said(RejectItem)] == ["WEIGHT_OUT_OF_RANGE"]


# --- the sorter ---
def test_rejected_before_the_scanners_text_is_here() -> None:
    line = Line()
    line.to_handed_over(1)
    parcel = ParcelKey("S1-1")
    line.say(Inducted, parcel=parcel)
    line.say(ItemRejected, parcel=parcel, flags=2)
    line.say(ParcelScanned, text=line.qr(1))
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.REJECTED
    assert reasons(line) == {"PLC_DEFAULT": 1}
    assert not line.said(Divert), "it is past the decision point"


def test_no_bag_at_the_chute_is_a_reject() -> None:
    line = Line()
    line.to_handed_over(1)
    del line.controller.floor.bags.by_chute[2]
    line.induct(1, line.qr(1))
    assert [c.reason for c in line.said(RejectItem)] == ["NO_BAG"]


def test_a_lost_parcel_is_its_items_loss() -> None:
    line = Line()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    line.say(Lost, plc=Plc.SORTER, key=parcel, station="divert")
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.LOST
    line.say(Lost, plc=Plc.SORTER, key="S1-99", station="divert")
    assert "ITEM_LOST" in conditions(line)


def test_seen_in_a_chute_without_a_bag_or_twice_holds() -> None:
    line = Line()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    del line.controller.floor.bags.by_chute[1]
    line.say(Diverted, parcel=parcel, chute=1)
    assert conditions(line) == {"ITEM_LOST"}, "it lies in a chute that has no bag: a person finds it there"
    line.say(Diverted, parcel=parcel, chute=2)
    assert reasons(line) == {}


@pytest.mark.parametrize("event", [Diverted, ItemRejected, DivertUnconfirmed])
def test_arrived_a_second_time_changes_nothing(event) -> None:
    line = Line()
    line.through(1)
    fields = {} if event is ItemRejected else {"chute": 2}
    line.say(event, parcel=ParcelKey("S1-1"), **fields)
    assert reasons(line) == {"dispatched": 1}
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.DISPATCHED


def test_a_condemned_item_that_was_not_seen_in_its_chute_must_be_taken_out() -> None:
    line = Line()
    for n in (1, 2):
        line.to_handed_over(n)
    parcel = line.induct(1, line.qr(1))
    line.controller.items.condemn(line.controller.items.all[ItemId("I1-1")], "POSITION_DOUBT", quarantine=True)
    line.say(DivertUnconfirmed, parcel=parcel, chute=2)
    assert "WRONG_CHUTE" in conditions(line)
    assert code(line.act("recount_bag", chute="2", labels=line.qr(1))) == "BAG_DIFFERS"
    assert code(line.act("take_out", chute="x", label="")) == "NO_SUCH_CHUTE"
    assert code(line.act("take_out", chute="2", label=line.qr(1))) == "OK"
    assert reasons(line) == {"POSITION_DOUBT": 1}
    assert code(line.act("recount_bag", chute="9", labels="")) == "NO_BAG"


def test_neighbours_of_what_was_never_handed_over() -> None:
    line = Line()
    assert line.controller.sorting.hand_over.neighbours(ItemId("I1-9")) == []
    assert line.controller.items.neighbours(ItemId("I1-9")) == []


# --- the line ---
def test_while_the_belt_is_cleared_only_stop_is_taken_and_arrivals_are_refused() -> None:
    line = Line()
    line.act("stop")
    line.mirror()
    assert code(line.act("clear_belt")) == "OK"
    assert code(line.act("clear_belt")) == "NOT_IN_THIS_STATE"
    assert code(line.act("reset")) == "CLEARING"
    assert code(line.act("rejects_cleared")) == "CLEARING"
    line.feed(1)
    assert line.said(RejectDocument)[-1].reason == "LINE_STOPPED_BY_HAND"
    line.say(BeltEmpty, plc=Plc.SORTER)
    assert line.controller.floor.clearing, "the sorter is empty for good only after the machine is"


def test_what_the_cleared_belt_did_not_bring_back_is_lost_documents_and_items_alike() -> None:
    line = Line()
    line.feed(1)
    line.to_weighed(2)
    line.act("stop")
    line.mirror()
    line.act("clear_belt")
    line.say(BeltEmpty, plc=Plc.MACHINE)
    line.say(BeltEmpty, plc=Plc.SORTER)
    assert published(line, "belt_cleared") == [{"missing": 2}]
    line.say(ItemEjected, item=ItemId("I1-2"))
    assert line.controller.items.all[ItemId("I1-2")].state is ItemState.EJECTED, "found again after all"


def test_an_unhold_while_a_hold_stands_names_it() -> None:
    line = Line()
    line.unit(Plc.MACHINE, State.EXECUTE, faults=2)
    line.mirror()
    assert code(line.act("unhold")) == "JAM"


def test_the_emergency_stop_aborts_and_clear_leads_back() -> None:
    line = Line()
    line.unit(Plc.MACHINE, State.EXECUTE, faults=1)
    assert line.controller.floor.machine.state is State.ABORTING
    line.mirror()
    line.unit(Plc.MACHINE, State.ABORTED, faults=1)
    assert line.controller.floor.machine.state is State.ABORTED
    line.unit(Plc.MACHINE, State.ABORTED, faults=0)
    assert "ESTOP" not in conditions(line)
    assert code(line.act("clear")) == "OK"
    line.mirror()
    assert line.controller.floor.machine.state is State.STOPPED


def test_two_seconds_without_a_comparison_are_an_open_gap() -> None:
    line = Line()
    for plc in Plc:
        line.unit(plc, State.EXECUTE, caught_up=True)
    line.unit(Plc.MACHINE, State.EXECUTE, caught_up=False)
    line.say(DeadlinePassed, 1_900)
    assert line.controller.supervision.permit
    assert line.controller.next_deadline_us() is not None
    line.say(DeadlinePassed, 200)
    assert "ACCOUNTS_OPEN" in conditions(line)
    assert not line.controller.supervision.permit
    line.unit(Plc.MACHINE, State.EXECUTE, caught_up=True)
    assert "ACCOUNTS_OPEN" not in conditions(line)
    assert line.controller.supervision.permit


def test_manual_mode_stops_the_feed() -> None:
    line = Line()
    line.unit(Plc.MACHINE, State.EXECUTE, mode=3)
    assert "NOT_PRODUCTION" in conditions(line)
    assert not line.controller.supervision.permit


def test_a_hold_ends_by_itself_even_when_a_plc_does_not_answer() -> None:
    line = Line()
    line.unit(Plc.MACHINE, State.EXECUTE, faults=2)
    assert line.controller.floor.machine.state is State.HOLDING
    line.say(DeadlinePassed, 4_000)
    assert line.controller.floor.machine.state is State.HELD


def test_an_order_that_is_granted_again_keeps_its_state() -> None:
    line = Line([order(1)])
    line.through(1)
    line.say(ManifestGranted, lot=LotId("L"), version=2, chunk=0, orders=(order(1), order(2)))
    line.say(ManifestSealed, lot=LotId("L"), version=2, chunks=1, digest="")
    assert line.controller.floor.pool.waiting == 1
    line.feed(3)
    line.frame(3, 0, token="token1")
    line.frame(3, 1, token="token1")
    assert line.said(RejectDocument)[-1].reason == "DUPLICATE"
    line.say(ManifestSealed, lot=LotId("L"), version=1, chunks=1, digest="")
    assert len(published(line, "manifest_refused")) == 0, "an old version is neither taken nor news"


def test_a_first_boot_is_stopped_and_a_new_configuration_counts_from_its_event_on() -> None:
    line = Line(started=False)
    assert line.controller.floor.machine.state is State.STOPPED
    assert {"NO_MANIFEST", "MACHINE_PLC_LOST"} <= conditions(line)
    slower = msgspec.structs.replace(SETTINGS, target_rate_per_h=900)
    line.say(ConfigLoaded, digest="e", settings=slower, sort_plan=PLAN)
    assert line.controller.floor.settings.target_rate_per_h == 900


def test_wall_time_is_unknown_before_the_first_clock_read() -> None:
    line = Line(started=False)
    assert line.controller.floor.wall_ms() > 0
    fresh = line.controller.__class__(SETTINGS, PLAN)
    assert fresh.floor.wall_ms() == 0
    fresh.handle(Booted(at_us=5_000, boot=1, journal_id="j", version="t"))
    fresh.handle(ClockRead(at_us=6_000, wall_ms=1_790_000_000_000))
    assert fresh.floor.wall_ms() == 1_790_000_000_000


def test_the_same_status_again_raises_nothing_new() -> None:
    line = Line()
    before = len(line.commands)
    for _ in range(3):
        line.unit(Plc.SORTER, State.EXECUTE)
    assert len(line.commands) == before
    assert isinstance(line.log[-1], PlcStatus)


def test_a_good_item_is_diverted_even_when_the_check_comes_after_the_scan() -> None:
    line = Line()
    item = line.to_labelled(1)
    line.say(LabelExposed, item=item, trigger=2)
    line.say(HandedOver, item=item)
    line.induct(1, line.qr(1))
    assert not line.said(Divert)
    for k in (0, 1):
        line.say(LabelRead, camera="label_camera", camera_boot=1, trigger=2, k=k, symbols=line.symbols(1), evidence="")
    assert [c.chute for c in line.said(Divert)] == [2]


def test_a_message_that_makes_no_sense_is_answered_until_a_manifest_is_right() -> None:
    line = Line()
    line.say(MessageRefused, topic="line/1/manifest", fault="orders: expected array")
    assert published(line, "message_refused") == [{"topic": "line/1/manifest", "fault": "orders: expected array"}]
    assert "MANIFEST_REFUSED" in conditions(line)
    line.say(ManifestGranted, lot=LotId("M"), version=1, chunk=0, orders=(order(20),))
    line.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="")
    assert "MANIFEST_REFUSED" not in conditions(line)


def test_turning_the_key_again_while_it_is_out_of_production_doubts_nothing_twice() -> None:
    line = Line()
    line.feed(1)
    for mode in (2, 3, 2):
        line.unit(Plc.MACHINE, State.EXECUTE, mode=mode)
    assert line.controller.floor.conditions.raised["NOT_PRODUCTION"] == 1
    assert len(line.said(RejectDocument)) == 1


def test_the_answer_to_a_manifest_stays_small_however_alike_its_orders_are() -> None:
    line = Line(started=False)
    pairs = [order(n, skeleton=f"s{n // 2}") for n in range(404)]
    line.say(
        ManifestGranted,
        lot=LotId("L"),
        version=1,
        chunk=0,
        orders=(*pairs, *(order(500 + n, skeleton="s0") for n in range(30))),
    )
    line.say(ManifestSealed, lot=LotId("L"), version=1, chunks=1, digest="")
    told = published(line, "manifest_accepted")[0]
    groups = [group.split(",") for group in told["ambiguous"].split(";")]
    assert told["ambiguous_groups"] == 202
    assert [len(group) for group in groups] == [20] + [2] * 199
    assert groups[0][:3] == ["O0", "O1", "O500"]


def test_what_is_told_of_manifests() -> None:
    line = Line(started=False)
    twins = tuple(order(n, skeleton="same", second_field=f"born {n}") for n in (1, 2)) + tuple(
        order(n, skeleton="other") for n in (3, 4)
    )
    line.say(ManifestGranted, lot=LotId("L"), version=1, chunk=0, orders=twins)
    for _ in range(2):
        line.say(ManifestSealed, lot=LotId("L"), version=1, chunks=1, digest="d1")
    line.say(ManifestRefused, lot=LotId("M"), version=4, faults=("order 1", "order 2"))
    assert published(line, "manifest_accepted") == [
        {"lot": "L", "version": 1, "digest": "d1", "ambiguous": "O1,O2;O3,O4", "ambiguous_groups": 2,
         "undecided": "O3,O4", "undecided_groups": 1},
    ]  # fmt: skip
    assert published(line, "manifest_refused") == [{"lot": "M", "version": 4, "faults": "order 1; order 2"}]


def test_after_a_boot_time_is_that_of_the_new_stamps() -> None:
    line = Line()
    line.say(DeadlinePassed, 60_000)
    line.now_ms = 4
    line.say(Booted, boot=7, journal_id="j", version="t")
    floor = line.controller.floor
    assert (floor.now_us, floor.boot) == (5_000, 7)
    line.say(DeadlinePassed, 1000)
    assert floor.now_us == 1_005_000
    before_us = sum(floor.production.shift.state_us.values())
    line.say(ClockRead, 1000, wall_ms=1_790_000_000_000)
    assert sum(floor.production.shift.state_us.values()) - before_us == 2_000_000, "since the boot, not since the beginning"
    assert published(line, "booted")[-1] == {"boot": 7, "version": "t", "broke": ""}


def test_the_loss_of_a_parcel_that_nobody_knows_holds_all_the_same() -> None:
    line = Line()
    line.say(Lost, plc=Plc.SORTER, key="S1-99", station="divert")
    assert "ITEM_LOST" in conditions(line)


def test_nothing_on_the_belt_is_due_while_it_stands() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    for plc in Plc:
        line.unit(plc, State.EXECUTE, caught_up=True)
    assert line.controller.next_deadline_us() is not None
    line.say(LinkDown, link="sorter_plc", reason="lost")
    assert line.controller.next_deadline_us() is None
    line.say(LinkUp, link="sorter_plc")
    line.unit(Plc.MACHINE, State.EXECUTE, faults=2, caught_up=True)
    for plc in Plc:
        line.unit(plc, State.HOLDING, faults=2, caught_up=True)
    assert line.controller.next_deadline_us() is None
