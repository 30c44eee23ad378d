"""Whole stories through the core: what goes out when things go right, and what does not when they go wrong."""

import pytest

from edge.core.commands import (
    Answer,
    Apply,
    ClearBelt,
    Divert,
    EjectUnsealed,
    InsertClose,
    NoLabel,
    Outcome,
    PrintLabel,
    Publish,
    PurgeLabel,
    RejectDocument,
    RejectItem,
    Seal,
    SetPermit,
)
from edge.core.conditions import CLEARED_WITH_BELT, CONDITIONS, DOUBTS_THE_BELT, LINK_CONDITIONS, Conditions, Effect
from edge.core.device_events import LabelPrinted, ParcelScanned, PrinterStatus, PrintFailed
from edge.core.events import (
    BeltEmpty,
    Booted,
    ClockRead,
    DeadlinePassed,
    Diverted,
    DivertUnconfirmed,
    DocumentRejected,
    Extra,
    HandedOver,
    Inducted,
    Inserted,
    ItemEjected,
    ItemRejected,
    LabelExposed,
    LabelPurged,
    LinkDown,
    LinkUp,
    Lost,
    ManifestRefused,
    ManifestSealed,
    PlcRestarted,
    RejectUnconfirmed,
    Sealed,
    Weighed,
)
from edge.core.invariants import InvariantError
from edge.core.item import ItemState
from edge.core.values import Counters, DocumentKey, ItemId, LotId, ParcelKey, Plc, PrintId, State, Symbol, Verdict
from tests.core.line import SETTINGS, Line, order


def reasons(line: Line) -> dict[str, int]:
    return line.controller.floor.production.outcomes


def code(out: list) -> str:
    return next(command.code for command in out if isinstance(command, Answer))


def published(line: Line, kind: str) -> list[dict]:
    return [command.body for command in line.said(Publish) if command.kind == kind]


def test_ten_items_into_their_chutes() -> None:
    line = Line()
    for n in range(1, 9):
        line.through(n)
    assert reasons(line) == {"dispatched": 8}
    assert [c.chute for c in line.said(Divert)] == [2] * 8
    assert len(published(line, "accepted")) == len(published(line, "dispatched")) == 8
    assert len(line.controller.floor.bags.by_chute[2].items) == 8
    assert line.controller.floor.unexpected == {}
    line.auditor.full_pass()


def test_acceptance_precedes_dispatch() -> None:
    line = Line()
    line.through(1)
    kinds = [c.kind for c in line.said(Publish) if c.kind in ("accepted", "dispatched", "sealed")]
    assert kinds == ["sealed", "accepted", "dispatched"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda line: line.read(1, token="unknown"), "NO_ORDER"),
        (lambda line: (line.frame(1, 0), line.frame(1, 1, token="token2")), "FRAMES_DISAGREE"),
        (lambda line: line.say(DeadlinePassed, 1300), "READ_LATE"),
        (lambda line: (line.frame(1, 0, flags=7), line.say(DeadlinePassed, 1300)), "DOUBTFUL"),
        (lambda line: (line.frame(1, 0, kind=None, token=""), line.frame(1, 1, kind=None, token="")), "UNREADABLE"),
    ],
)
def test_a_document_that_is_not_proved_goes_to_the_tray(spoil, reason: str) -> None:
    line = Line()
    key = line.feed(1)
    spoil(line)
    assert [(c.document, c.reason) for c in line.said(RejectDocument)] == [(key, reason)]
    assert not line.said(InsertClose)
    line.say(DocumentRejected, document=key)
    assert reasons(line) == {reason: 1}
    assert line.controller.floor.pool.find("resident_id", "token1", "skeleton1").verdict is Verdict.MATCH


def test_one_confident_frame_at_the_deadline_is_enough() -> None:
    line = Line()
    line.feed(1)
    line.frame(1, 0)
    line.say(DeadlinePassed, 1300)
    assert len(line.said(InsertClose)) == 1


def test_inserted_against_our_word_is_ejected() -> None:
    line = Line()
    line.feed(1)
    line.read(1, token="unknown")
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))
    assert not line.said(Seal)
    assert [c.reason for c in line.said(EjectUnsealed)] == ["NO_ORDER"]
    line.say(ItemEjected, item=ItemId("I1-1"))
    assert reasons(line) == {"NO_ORDER": 1}


def test_an_unknown_document_in_an_envelope_is_ejected() -> None:
    line = Line()
    line.say(Inserted, document=DocumentKey("D1-77"), item=ItemId("I1-77"))
    assert [c.reason for c in line.said(EjectUnsealed)] == ["UNEXPECTED_PLACE"]


def test_position_doubt_takes_the_neighbours_along() -> None:
    line = Line()
    for n in (1, 2, 3, 4):
        line.to_weighed(n)
    line.say(LabelPrinted, print_id=line.print_id(3))
    line.controller.items.doubt(line.controller.items.all[ItemId("I1-3")], "POSITION_DOUBT")
    states = {item.item_id: item.quarantined for item in line.controller.items.all.values()}
    assert states == {"I1-1": False, "I1-2": True, "I1-3": True, "I1-4": True}


@pytest.mark.parametrize("weight_100mg", [0, 49, 9001])
def test_a_wrong_weight_gets_no_label(weight_100mg: int) -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))
    line.say(Sealed, item=ItemId("I1-1"))
    line.say(Weighed, item=ItemId("I1-1"), weight_100mg=weight_100mg)
    assert line.labels_printed() == 0
    assert len(line.said(NoLabel)) == 1


@pytest.mark.parametrize("sent", [True, False])
def test_a_failed_print_is_never_repeated(sent: bool) -> None:
    line = Line()
    item = line.to_weighed(1)
    line.say(PrintFailed, print_id=line.print_id(1), sent=sent, reason="silent")
    assert line.labels_printed() == 1
    assert [c.item for c in line.said(NoLabel)] == [item]
    # Once it was sent, nobody knows whether it exists: then it is not void until a person has destroyed it.
    assert (("void", "1") in [(c.table, c.key) for c in line.said(Outcome)]) is not sent
    line.say(LabelPrinted, print_id=PrintId(1))
    assert not line.said(Apply)
    assert len(line.said(PurgeLabel)) == 1, "a label that appears after all is purged"


def test_print_ids_are_burnt_in_order() -> None:
    line = Line()
    for n in (1, 2, 3):
        line.to_weighed(n)
    assert [line.print_id(n) for n in (1, 2, 3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("symbols", "reason"),
    [
        ((), "LABEL_MISSING"),
        ((Symbol("code128", "EA000000001CN"),), "LABEL_UNREADABLE"),
        ((Symbol("code128", "EA000000002CN"), Symbol("qr", "EA000000002CN;2")), "LABEL_MISMATCH"),
    ],
)
def test_a_label_that_is_not_proved_goes_to_the_sealed_reject(symbols: tuple[Symbol, ...], reason: str) -> None:
    line = Line()
    item = line.to_labelled(1)
    line.expose(1, symbols)
    line.say(HandedOver, item=item)
    parcel = line.induct(1, line.qr(1))
    assert not line.said(Divert)
    assert [c.reason for c in line.said(RejectItem)] == [reason]
    line.say(ItemRejected, parcel=parcel)
    assert reasons(line) == {reason: 1}
    assert not published(line, "accepted")


def test_two_mismatches_in_a_row_hold_the_line() -> None:
    line = Line()
    for n in (1, 2):
        line.to_labelled(n)
    wrong = (Symbol("code128", "EA000000009CN"),)
    line.expose(1, wrong)
    assert line.controller.floor.machine.state is State.EXECUTE
    line.expose(2, wrong)
    assert line.controller.floor.machine.state is State.HOLDING
    assert line.controller.floor.conditions.first_out == "LABEL_MISMATCH_TWICE"


def test_swapped_neighbours_are_both_rejected_with_theirs() -> None:
    line = Line()
    for n in (1, 2, 3, 4, 5):
        line.to_handed_over(n)
    line.induct(1, line.qr(1))
    line.induct(2, line.qr(3))
    line.induct(3, line.qr(2))
    line.induct(4, line.qr(4))
    line.induct(5, line.qr(5))
    assert [c.parcel for c in line.said(Divert)] == ["S1-1", "S1-5"]
    assert {c.parcel for c in line.said(RejectItem)} == {"S1-1", "S1-2", "S1-3", "S1-4"}


def test_a_scan_that_is_missing_shifts_nothing_into_a_wrong_chute() -> None:
    line = Line()
    for n in (1, 2):
        line.to_handed_over(n)
    line.say(Inducted, 500, parcel=ParcelKey("S1-1"))
    line.say(Inducted, 333, parcel=ParcelKey("S1-2"))
    line.say(ParcelScanned, text=line.qr(2))
    line.say(DeadlinePassed, 1000)
    assert not line.said(Divert)
    assert len(line.said(RejectItem)) == 2


def test_an_unread_scan_is_rejected_but_accounted_by_its_order() -> None:
    line = Line()
    line.to_handed_over(1)
    parcel = line.induct(1, "")
    assert [c.reason for c in line.said(RejectItem)] == ["SCAN_UNREADABLE"]
    line.say(ItemRejected, parcel=parcel)
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.REJECTED


def test_a_stranger_at_induction_holds_the_line() -> None:
    line = Line()
    line.induct(1, "EA999999999CN;4711")
    assert "EXTRA_ITEM" in line.controller.floor.conditions.active
    assert len(line.said(RejectItem)) == 1


def test_the_divert_waits_for_the_label_check() -> None:
    line = Line()
    item = line.to_labelled(1)
    line.say(LabelExposed, item=item, trigger=2)
    line.say(HandedOver, item=item)
    line.induct(1, line.qr(1))
    assert not line.said(Divert)
    line.say(DeadlinePassed, 1300)
    assert [c.reason for c in line.said(RejectItem)] == ["LABEL_UNREADABLE"]


def test_an_unconfirmed_divert_locks_the_bag_until_the_recount() -> None:
    line = Line()
    line.through(1)
    line.to_handed_over(2)
    parcel = line.induct(2, line.qr(2))
    line.say(DivertUnconfirmed, parcel=parcel, chute=2)
    assert line.controller.floor.machine.state is State.HOLDING
    line.mirror()
    assert code(line.act("unhold")) == "DIVERT_UNCONFIRMED"
    assert code(line.act("recount_bag", chute="2", labels="")) == "BAG_DIFFERS", "one that was confirmed is missing"
    assert line.act("recount_bag", chute="2", labels=f"{line.qr(1)},{line.qr(2)}")
    assert reasons(line) == {"dispatched": 2}
    line.act("unhold")
    line.mirror()
    assert line.controller.floor.machine.state is State.EXECUTE


def test_a_recount_that_does_not_find_it_loses_it() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(DivertUnconfirmed, parcel=line.induct(1, line.qr(1)), chute=2)
    line.mirror()
    assert code(line.act("recount_bag", chute="2", labels="")) == "COUNT_AGAIN"
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.UNCONFIRMED, "one slip must not lose it"
    assert code(line.act("recount_bag", chute="2", labels="")) == "OK"
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.LOST
    assert "ITEM_LOST" in line.controller.floor.conditions.active


def test_seen_in_another_chute_locks_that_bag_until_it_is_taken_out() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(Diverted, parcel=line.induct(1, line.qr(1)), chute=1)
    assert "WRONG_CHUTE" in line.controller.floor.conditions.active
    assert reasons(line) == {}
    bag = line.controller.floor.bags.by_chute[1]
    assert line.controller.sorting.to_take_out(bag) == [line.qr(1)]
    assert code(line.act("recount_bag", chute="1", labels=line.qr(1))) == "BAG_DIFFERS", "it must be taken out"
    assert code(line.act("take_out", chute="1", label="another")) == "NOT_IN_THIS_BAG"
    assert code(line.act("take_out", chute="1", label=line.qr(1))) == "OK"
    assert not bag.locked
    assert reasons(line) == {"UNEXPECTED_PLACE": 1}
    assert "WRONG_CHUTE" not in line.controller.floor.conditions.active


def test_a_divert_sent_before_the_doubt_is_called_back() -> None:
    line = Line()
    for n in (1, 2, 3, 4):
        line.to_handed_over(n)
    line.induct(1, line.qr(1))
    line.induct(2, line.qr(2))
    line.induct(3, line.qr(4))
    assert [c.parcel for c in line.said(Divert)] == ["S1-1", "S1-2"]
    assert [c.parcel for c in line.said(RejectItem)] == ["S1-2", "S1-3"]


def test_a_locked_bag_makes_good_items_wait_not_fail() -> None:
    line = Line()
    line.to_handed_over(1)
    line.to_handed_over(2)
    line.say(DivertUnconfirmed, parcel=line.induct(1, line.qr(1)), chute=2)
    line.induct(2, line.qr(2))
    assert len(line.said(Divert)) == 1
    line.mirror()
    line.act("recount_bag", chute="2", labels=line.qr(1))
    assert len(line.said(Divert)) == 2


# --- holds, the permit, restarts ---
def test_media_out_holds_and_heals_by_itself() -> None:
    line = Line()
    line.wait_for_label()
    line.say(PrinterStatus, state="silent")
    assert line.said(SetPermit)[-1].granted is False
    line.mirror()
    assert line.controller.floor.machine.state is State.HELD
    line.say(PrinterStatus, state="ready")
    line.mirror()
    assert line.controller.floor.machine.state is State.EXECUTE
    assert line.said(SetPermit)[-1].granted is True


def test_a_lost_camera_stops_only_the_feed() -> None:
    line = Line()
    line.say(LinkDown, link="id_camera", reason="lost")
    assert not line.controller.supervision.permit
    assert line.controller.floor.machine.state is State.EXECUTE
    line.say(LinkUp, link="id_camera")
    assert line.controller.supervision.permit


def test_central_away_does_not_stop_the_line() -> None:
    line = Line()
    line.say(LinkDown, link="central", reason="lost")
    assert line.controller.supervision.permit


def test_pause_and_resume_the_feed() -> None:
    line = Line()
    line.act("pause_feed")
    assert not line.controller.supervision.permit
    line.act("resume_feed")
    assert line.controller.supervision.permit


def test_a_restart_quarantines_the_belt_and_needs_a_cleared_one() -> None:
    line = Line()
    line.through(1)
    line.feed(2)
    line.read(2)
    item = line.to_weighed(3)
    line.say(Booted, boot=2, journal_id="j", version="t")
    machine = line.controller.floor.machine
    assert machine.state is State.HELD
    assert line.controller.documents.all[DocumentKey("D1-2")].quarantined
    assert line.controller.items.all[item].quarantined
    line.feed(4)
    assert line.said(RejectDocument)[-1].reason == "RESTART"
    line.act("unhold")
    assert machine.state is State.HELD
    line.act("clear_belt")
    assert [c.plc for c in line.said(ClearBelt)] == [Plc.SORTER, Plc.MACHINE]
    line.say(DocumentRejected, document=DocumentKey("D1-2"))
    line.say(DocumentRejected, document=DocumentKey("D1-4"))
    line.say(LabelExposed, item=item, trigger=900)
    line.say(HandedOver, item=item)
    line.say(BeltEmpty, plc=Plc.MACHINE)
    line.say(ItemRejected, parcel=line.induct(3, ""))
    line.say(BeltEmpty, plc=Plc.SORTER)
    line.mirror()
    assert machine.state is State.STOPPED
    assert line.act("reset")
    line.mirror()
    assert code(line.act("start")) == "REJECTS_NOT_CLEARED"
    line.act("rejects_cleared")
    for link in line.controller.supervision.links:
        line.say(LinkUp, link=link)
    line.act("start")
    line.mirror()
    assert machine.state is State.EXECUTE
    assert reasons(line) == {"dispatched": 1, "RESTART": 3}
    assert line.controller.supervision.permit


def test_a_long_time_without_us_makes_nothing_late_and_nothing_lost() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    item = line.to_weighed(2)
    line.say(Booted, 10 * SETTINGS.transit_deadline_ms, boot=2, journal_id="j", version="t")
    assert "ITEM_LOST" not in line.controller.floor.conditions.active
    assert reasons(line) == {}
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))
    assert line.said(EjectUnsealed)[-1].reason == "RESTART"
    line.say(ItemEjected, item=ItemId("I1-1"))
    assert line.controller.items.all[item].reason == "RESTART"
    assert reasons(line) == {"RESTART": 1}


def test_after_the_machine_itself_restarted_its_clock_begins_anew_and_scans_join_again() -> None:
    line = Line()
    line.through(1)
    line.now_ms += 3_600_000
    item = line.to_handed_over(2)
    line.say(Inducted, parcel=ParcelKey("S1-2"))
    line.now_ms = 0
    line.say(Booted, boot=2, journal_id="j", version="t")
    assert line.controller.items.all[item].parcel == "S1-2", "no text comes any more: it is bound by its turn, and condemned"
    assert line.said(RejectItem)[-1] == RejectItem(parcel=ParcelKey("S1-2"), reason="RESTART")
    assert line.controller.floor.production.rate_per_h(line.controller.floor.now_us) == 0
    line.induct(3, "nobody's")
    assert line.controller.sorting.inductions.orphans == 0
    assert line.controller.sorting.inductions.next_due_us() is None


def test_a_document_taken_for_lost_that_was_inserted_after_all_is_ejected_with_its_envelope() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.say(Lost, plc=Plc.MACHINE, key="D1-1", station="insert")
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))
    assert line.said(EjectUnsealed)[-1].item == "I1-1"
    line.say(ItemEjected, item=ItemId("I1-1"))
    assert not line.controller.documents.on_belt
    assert line.controller.floor.pool.waiting == 8
    assert line.controller.floor.unexpected == {}


def test_what_the_cleared_belt_did_not_bring_is_lost_and_said() -> None:
    line = Line()
    line.feed(1)
    line.say(Booted, boot=2, journal_id="j", version="t")
    line.act("clear_belt")
    line.say(BeltEmpty, plc=Plc.MACHINE)
    line.say(BeltEmpty, plc=Plc.SORTER)
    assert "ITEM_LOST" in line.controller.floor.conditions.active
    assert published(line, "belt_cleared") == [{"missing": 1}]


def test_the_same_boot_after_a_short_outage_goes_on() -> None:
    line = Line()
    line.to_weighed(1)
    line.say(LinkDown, link="machine_plc", reason="lost")
    line.say(LinkUp, 9_000, link="machine_plc")
    assert line.controller.floor.machine.state is State.EXECUTE
    assert not line.controller.items.all[ItemId("I1-1")].quarantined


@pytest.mark.parametrize(
    "doubt",
    [
        lambda line: (line.say(LinkDown, link="sorter_plc", reason="lost"), line.say(LinkUp, 11_000, link="sorter_plc")),
        lambda line: line.say(PlcRestarted, plc=Plc.MACHINE, boot=2),
        lambda line: line.unit(Plc.MACHINE, State.EXECUTE, guard_zones=2),
        lambda line: line.say(Lost, plc=Plc.MACHINE, key="I1-1", station="label"),
        lambda line: line.say(DeadlinePassed, 21_000),
    ],
)
def test_doubt_about_the_belt_holds_and_quarantines(doubt) -> None:
    line = Line()
    line.to_weighed(1)
    doubt(line)
    assert line.controller.floor.machine.state is State.HOLDING
    assert line.controller.items.all[ItemId("I1-1")].quarantined


@pytest.mark.parametrize(
    ("event", "fields", "code"),
    [
        (Extra, {"plc": Plc.SORTER, "station": "divert"}, "EXTRA_ITEM"),
        (RejectUnconfirmed, {"plc": Plc.MACHINE, "key": "D1-1", "station": "document_tray"}, "REJECT_UNCONFIRMED"),
        (ManifestRefused, {"lot": LotId("M"), "version": 1, "faults": ("x",)}, "MANIFEST_REFUSED"),
    ],
)
def test_conditions_by_event(event, fields: dict, code: str) -> None:
    line = Line()
    line.say(event, **fields)
    assert code in line.controller.floor.conditions.active


def test_accounts_that_differ_hold_the_line() -> None:
    line = Line()
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(documents_fed=100), caught_up=True)
    line.feed(1)
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(documents_fed=101), caught_up=True)
    assert line.controller.floor.machine.state is State.EXECUTE
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(documents_fed=102), caught_up=True)
    assert line.controller.floor.conditions.first_out == "ACCOUNTS_DIFFER"


def test_a_clock_step_holds() -> None:
    line = Line()
    line.say(ClockRead, 1000, wall_ms=1_790_000_005_000)
    assert line.controller.floor.machine.state is State.HOLDING


def test_start_says_what_stands_against_it() -> None:
    line = Line(started=False)
    answer = line.act("start")[0]
    assert isinstance(answer, Answer)
    assert (answer.accepted, answer.code) == (False, "NO_BAG_BOUND")
    assert code(line.act("no such act")) == "UNKNOWN_ACT"
    assert code(line.act("unhold")) == "NOT_IN_THIS_STATE"
    assert code(line.act("bind_bag", chute="9", bag="B")) == "NO_SUCH_CHUTE"
    assert code(line.act("recount_bag", chute="x")) == "NO_SUCH_CHUTE"
    assert line.act("clear_belt")[-1].kind == "operator_act"


def test_an_old_manifest_and_one_with_a_missing_chunk_are_answered() -> None:
    line = Line([order(1)])
    line.say(ManifestSealed, lot=LotId("N"), version=1, chunks=2, digest="")
    assert published(line, "manifest_refused")[0]["faults"] == "chunks missing"


# --- tables are complete ---
def test_every_condition_has_texts_in_both_languages() -> None:
    for code, row in CONDITIONS.items():
        assert row.zh, code
        assert row.en, code
        assert row.remedy_zh, code
        assert row.remedy_en, code
        assert any("\u4e00" <= char <= "\u9fff" for char in row.zh + row.remedy_zh), code
        assert row.en.isascii(), code
    assert set(LINK_CONDITIONS.values()) | CLEARED_WITH_BELT | set(DOUBTS_THE_BELT) | set(DOUBTS_THE_BELT.values()) <= set(
        CONDITIONS
    )


def test_first_out_keeps_the_first_cause() -> None:
    conditions = Conditions()
    for code in ("CENTRAL_LOST", "JAM", "GUARD_OPEN"):
        conditions.set(code, on=True, at_us=1)
    assert conditions.first_out == "JAM"
    assert conditions.having(Effect.WARNS) == ["CENTRAL_LOST"]
    assert not conditions.set("JAM", on=True, at_us=2)
    assert conditions.raised["JAM"] == 1


# --- the auditor rings ---
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda item: setattr(item, "label_check", None), "I3"),
        (lambda item: setattr(item, "quarantined", True), "I11"),
        (lambda item: setattr(item, "chute", 1), "I8"),
    ],
)
def test_the_auditor_stops_a_divert_that_breaks_a_promise(spoil, code: str) -> None:
    line = Line()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    item = line.controller.items.all[ItemId("I1-1")]
    spoil(item)
    with pytest.raises(InvariantError, match=code):
        line.auditor.check([Divert(parcel=parcel, chute=item.chute or 0)])


def test_the_auditor_stops_a_second_dispatch_a_second_print_and_a_bare_permit() -> None:
    line = Line()
    line.through(1)
    with pytest.raises(InvariantError, match="I4"):
        line.auditor.check([Outcome(table="dispatched", key="O1", value="EA000000001CN")])
    line.to_weighed(2)
    with pytest.raises(InvariantError, match="I5"):
        line.auditor.check(line.said(PrintLabel)[-1:])
    line.say(PrinterStatus, state="silent")
    with pytest.raises(InvariantError, match="I10"):
        line.auditor.check([SetPermit(granted=True)])


def test_the_same_events_give_the_same_commands() -> None:
    line = Line()
    for n in (1, 2, 3):
        line.through(n)
    again = Line(started=False).controller.__class__(line.controller.floor.settings, line.controller.floor.sort_plan)
    out = [command for event in line.log for command in again.handle(event)]
    assert out == line.commands


def test_purged_label_condemns() -> None:
    line = Line()
    item = line.to_weighed(1)
    line.say(LabelPurged, item=item, print_id=line.print_id(1))
    assert line.controller.items.all[item].reason == "LABEL_PURGED"


def test_a_stranger_on_the_sorter_is_counted_as_the_plc_counts_it() -> None:
    line = Line()
    parcel = line.induct(1, "EA000000009CN;9")
    assert [c.reason for c in line.said(RejectItem)] == ["SCAN_MISMATCH"]
    line.say(ItemRejected, parcel=parcel)
    assert (line.controller.sorting.inducted_count, line.controller.sorting.rejected_count) == (1, 1)
    early = ParcelKey("S1-2")
    line.say(Inducted, parcel=early)
    line.say(ItemRejected, parcel=early)
    line.say(DeadlinePassed, 500)
    assert line.controller.sorting.rejected_count == 2
    other = line.induct(3, "")
    line.say(Diverted, parcel=other, chute=1)
    assert "WRONG_CHUTE" in line.controller.floor.conditions.active


def test_the_accounts_begin_anew_when_the_belts_were_cleared() -> None:
    line = Line()
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(documents_fed=5), caught_up=True)
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(documents_fed=7), caught_up=True)
    assert "ACCOUNTS_DIFFER" in line.controller.floor.conditions.active
    line.mirror()
    line.act("clear_belt")
    for plc in (Plc.MACHINE, Plc.SORTER):
        line.say(BeltEmpty, plc=plc)
    line.mirror()
    line.unit(Plc.MACHINE, State.STOPPED, counters=Counters(documents_fed=7), caught_up=True)
    assert "ACCOUNTS_DIFFER" not in line.controller.floor.conditions.active
