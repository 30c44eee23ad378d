"""What a person asks for: the code of each answer, what is recorded, and what stands when an argument is missing."""

import msgspec
import pytest

from edge.core.checklist import Checklist
from edge.core.commands import Answer, ClearBelt, Divert, Publish, RejectDocument
from edge.core.device_events import PrinterStatus
from edge.core.document import DocumentState
from edge.core.events import (
    BeltEmpty,
    ConfigLoaded,
    Diverted,
    DivertUnconfirmed,
    Inserted,
    ItemEjected,
    ItemRejected,
    Lost,
    LotReceived,
    OrderCancelled,
)
from edge.core.item import ItemState
from edge.core.values import DocumentKey, ItemId, LotId, OrderDocument, OrderId, Plc, SortPlan, State
from tests.core.line import PLAN, SETTINGS, Line, order
from tests.core.test_controller import code, published, reasons
from tests.core.test_corners import conditions


def item_of(line: Line, n: int):
    return line.controller.items.all[ItemId(f"I1-{n}")]


def checks(line: Line) -> dict[str, bool]:
    return {check.code: check.passed for check in line.controller.checklist.checks()}


def state(line: Line) -> State:
    return line.controller.floor.machine.state


# --- answers ---
def test_an_answer_says_in_two_ways_whether_it_was_done_and_is_recorded_with_the_person() -> None:
    line = Line()
    done, refused = line.act("pause_feed"), line.act("clear")
    assert [(c.accepted, c.code) for c in (*done, *refused) if isinstance(c, Answer)] == [
        (True, "OK"),
        (False, "NOT_IN_THIS_STATE"),
    ]
    assert published(line, "operator_act")[-2:] == [
        {"person": "P1", "act": "pause_feed", "code": "OK"},
        {"person": "P1", "act": "clear", "code": "NOT_IN_THIS_STATE"},
    ]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ("confirm_check", "NO_SUCH_CHECK"), ("bind_bag", "NO_SUCH_CHUTE"), ("recount_bag", "NO_SUCH_CHUTE"),
        ("take_out", "NO_SUCH_CHUTE"), ("close_bag", "NO_SUCH_CHUTE"), ("close_lot", "NO_SUCH_LOT"),
        ("feed_again", "NOT_IN_HAND"), ("return_to_issuer", "NOT_IN_HAND"), ("damaged", "NOT_IN_HAND"),
        ("open_envelope", "NOT_IN_HAND"), ("void_label", "UNKNOWN_LABEL"), ("reinduct", "UNKNOWN_LABEL"), ("found", "NOT_LOST"),
    ],
)  # fmt: skip
def test_an_act_without_its_arguments(act: str, says: str) -> None:
    assert code(Line().act(act)) == says


def test_a_bag_needs_its_tag_a_second_person_a_name_and_a_lot_its_lead() -> None:
    line = Line()
    assert code(line.act("close_bag", chute="2", bag="B2")) == "OK"
    assert code(line.act("bind_bag", chute="2")) == "NO_SUCH_CHUTE"
    assert code(line.act("close_bag", chute="1")) == "WRONG_BAG"
    line.to_weighed(1)
    line.controller.items.all[ItemId("I1-1")].state = ItemState.REJECTED
    assert code(line.act("void_label", print_id="1")) == "SECOND_PERSON"
    assert code(line.act("open_envelope", item="I1-1", labels="EA000000001CN;1")) == "SECOND_PERSON"
    document = OrderDocument("resident_id", "token7", "s")
    line.say(LotReceived, lot=LotId("R"), issuer="x", signed_ms=1, documents=(document,))
    assert code(line.act("close_lot", lot="R")) == "LEAD_NEEDED"
    assert code(line.act("close_lot", lot="R", lead="P1")) == "LEAD_NEEDED"
    assert code(line.act("close_lot", lot="R", lead="P2")) == "OK"


def test_a_bag_is_bound_with_a_record() -> None:
    line = Line(started=False)
    assert code(line.act("bind_bag", chute="2", bag="B7")) == "OK"
    assert code(line.act("bind_bag", chute="2", bag="B8")) == "BAG_IN_USE"
    assert published(line, "bag_bound") == [{"chute": 2, "bag": "B7"}]


def test_a_recount_of_a_bag_in_which_nothing_was_scanned() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(DivertUnconfirmed, parcel=line.induct(1, line.qr(1)), chute=2)
    assert published(line, "divert_unconfirmed") == [{"item": "I1-1", "order_id": "O1", "chute": 2}]
    assert code(line.act("close_bag", chute="2", bag="B2")) == "BAG_LOCKED"
    assert code(line.act("recount_bag", chute="2")) == "COUNT_AGAIN"
    assert code(line.act("recount_bag", chute="2")) == "OK"
    assert item_of(line, 1).state is ItemState.LOST


def test_a_recount_answers_no_divert_a_second_time() -> None:
    line = Line()
    for n in (1, 2):
        line.to_handed_over(n)
    line.say(DivertUnconfirmed, parcel=line.induct(1, line.qr(1)), chute=1)
    line.say(Diverted, parcel=line.induct(2, line.qr(2)), chute=1)
    line.mirror()
    sent = len(line.said(Divert))
    line.act("take_out", chute="1", label=line.qr(1))
    line.act("recount_bag", chute="1", labels=line.qr(2))
    assert len(line.said(Divert)) == sent


# --- holds ---
def test_after_a_person_has_unheld_what_heals_does_so_again() -> None:
    line = Line()
    line.unit(Plc.MACHINE, State.EXECUTE, guard_zones=1)
    line.mirror()
    assert code(line.act("unhold")) == "OK"
    assert state(line) is State.UNHOLDING
    line.wait_for_label()
    line.say(PrinterStatus, state="head_open")
    for plc in Plc:
        line.unit(plc, State.HOLDING)
    assert state(line) is State.HELD
    line.say(PrinterStatus, state="ready")
    assert state(line) is State.UNHOLDING


# --- clearing ---
def test_clearing_doubts_everything_asks_the_sorter_twice_and_may_be_stopped() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.to_handed_over(2)
    line.unit(Plc.MACHINE, State.EXECUTE, faults=2)
    for plc in Plc:
        line.unit(plc, State.HOLDING, faults=2)
    assert state(line) is State.HELD
    assert code(line.act("clear_belt")) == "OK"
    assert "REJECTS_NOT_CLEARED" in conditions(line)
    assert [(c.document, c.reason) for c in line.said(RejectDocument)] == [("D1-1", "LINE_STOPPED_BY_HAND")]
    assert (item_of(line, 2).reason, item_of(line, 2).quarantined) == ("LINE_STOPPED_BY_HAND", True)
    assert list(line.controller.sorting.hand_over.expected) == ["I1-2"]
    assert code(line.act("unhold")) != "OK"
    assert code(line.act("stop")) == "OK"
    line.say(BeltEmpty, plc=Plc.MACHINE)
    line.say(BeltEmpty, plc=Plc.SORTER)
    assert [c.plc for c in line.said(ClearBelt)] == [Plc.SORTER, Plc.MACHINE, Plc.SORTER]
    assert line.controller.documents.all[DocumentKey("D1-1")].state is DocumentState.LOST
    assert item_of(line, 2).state is ItemState.LOST
    assert list(line.controller.sorting.hand_over.expected) == [], "nothing comes behind it any more"
    assert "JAM" not in conditions(line)
    assert code(line.act("rejects_cleared")) == "OK"
    assert "REJECTS_NOT_CLEARED" not in conditions(line)


def test_an_empty_belt_that_nobody_asked_for_is_nothing() -> None:
    line = Line()
    before = len(line.commands)
    for plc in Plc:
        line.say(BeltEmpty, plc=plc)
    assert len(line.commands) == before


def test_what_is_lost_already_is_not_missed_a_second_time() -> None:
    line = Line()
    line.feed(1)
    line.to_weighed(2)
    line.say(Lost, plc=Plc.MACHINE, key="D1-1", station="insert")
    line.say(Lost, plc=Plc.MACHINE, key="I1-2", station="seal")
    line.mirror()
    line.act("clear_belt")
    for plc in (Plc.MACHINE, Plc.SORTER):
        line.say(BeltEmpty, plc=plc)
    assert published(line, "belt_cleared") == [{"missing": 0}]
    assert "ITEM_LOST" not in conditions(line)


# --- lots with something on the belts ---
def test_a_lot_stays_open_while_a_document_of_it_is_on_the_line() -> None:
    line = Line()
    documents = tuple(OrderDocument("resident_id", f"token{n}", "s") for n in (1, 2))
    line.say(LotReceived, lot=LotId("R"), issuer="x", signed_ms=1, documents=documents)
    line.feed(1)
    line.read(1)
    assert code(line.act("close_lot", lot="R", lead="P2")) == "DOCUMENTS_ON_LINE"
    line.say(Lost, plc=Plc.MACHINE, key="D1-1", station="insert")
    line.to_weighed(2)
    assert code(line.act("close_lot", lot="R", lead="P2")) == "DOCUMENTS_ON_LINE"
    line.say(Lost, plc=Plc.MACHINE, key="I1-2", station="seal")
    assert code(line.act("close_lot", lot="R", lead="P2")) == "OK"


def test_a_stranger_in_an_envelope_does_not_keep_a_lot_open() -> None:
    line = Line()
    line.say(LotReceived, lot=LotId("R"), issuer="x", signed_ms=1, documents=(OrderDocument("resident_id", "token7", "s"),))
    line.say(Inserted, document=DocumentKey("D1-99"), item=ItemId("I1-9"))
    assert code(line.act("close_lot", lot="R", lead="P2")) == "OK"


# --- recalled envelopes ---
def test_a_recall_stands_until_the_last_bag_is_looked_through() -> None:
    line = Line([order(1), order(2, county="440305")])
    line.through(1)
    line.to_handed_over(2)
    line.say(Diverted, parcel=line.induct(2, line.qr(2)), chute=1)
    for n in (1, 2):
        line.say(OrderCancelled, order_id=OrderId(f"O{n}"), version=1)
    assert item_of(line, 1).reason == "CANCELLED"
    assert code(line.act("take_out", chute="2", label=line.qr(1))) == "OK"
    assert "RECALL" in conditions(line)
    assert code(line.act("take_out", chute="1", label=line.qr(2))) == "OK"
    assert "RECALL" not in conditions(line)
    assert line.controller.floor.production.recalled == 2
    assert published(line, "recalled") == [
        {"item": "I1-1", "order_id": "O1", "bag": "B2"},
        {"item": "I1-2", "order_id": "O2", "bag": "B1"},
    ]


def test_a_recalled_document_is_cancelled_on_its_list() -> None:
    line = Line()
    line.say(LotReceived, lot=LotId("R"), issuer="x", signed_ms=1, documents=(OrderDocument("resident_id", "token1", "s"),))
    line.through(1)
    line.say(OrderCancelled, order_id=OrderId("O1"), version=1)
    line.act("take_out", chute="2", label=line.qr(1))
    assert list(line.controller.lots.all[LotId("R")].listed.values()) == ["cancelled"]


def test_a_closing_bag_is_closed_when_what_was_recalled_is_out_of_it() -> None:
    line = Line()
    line.through(1)
    line.to_handed_over(2)
    parcel = line.induct(2, line.qr(2))
    assert code(line.act("close_bag", chute="2", bag="B2")) == "OK"
    line.say(OrderCancelled, order_id=OrderId("O1"), version=1)
    line.say(Diverted, parcel=parcel, chute=2)
    assert not published(line, "bag_closed")
    assert code(line.act("take_out", chute="2", label=line.qr(1))) == "OK"
    assert [(row["count"], row["tracking_numbers"]) for row in published(line, "bag_closed")] == [(1, "EA000000002CN")]


def test_a_closed_bag_names_what_is_in_it_and_is_full_no_more() -> None:
    line = Line()
    line.say(ConfigLoaded, digest="d", settings=msgspec.structs.replace(SETTINGS, bag_items_max=2), sort_plan=PLAN)
    for n in (1, 2):
        line.through(n)
    assert "CHUTE_FULL" in conditions(line)
    assert code(line.act("close_bag", chute="2", bag="B2")) == "OK"
    assert "CHUTE_FULL" not in conditions(line)
    assert published(line, "bag_closed") == [
        {"bag": "B2", "chute": 2, "count": 2, "tracking_numbers": "EA000000001CN,EA000000002CN"}
    ]
    assert line.controller.floor.bags.closed == {"I1-1": "B2", "I1-2": "B2"}
    assert line.controller.floor.bags.closed_ids == {"B2": 2}


def test_each_cancellation_is_answered_with_place_and_evidence() -> None:
    line = Line()
    line.through(1)
    line.say(OrderCancelled, order_id=OrderId("O2"), version=1)
    line.say(OrderCancelled, order_id=OrderId("O1"), version=1)
    nothing = {"bag": "", "position": None, "evidence": ""}
    assert published(line, "cancellation") == [
        {"order_id": "O2", "version": 1, "code": "CANCELLED", **nothing},
        {"order_id": "O1", "version": 1, "code": "RECALLED", "bag": "B2", "position": 1, "evidence": "e"},
    ]


# --- the checklist ---
def test_a_person_confirms_only_what_is_asked_for_and_known() -> None:
    line = Line()
    settings = msgspec.structs.replace(SETTINGS, start_checks=("TEST_LABEL", "nobody's"))
    line.say(ConfigLoaded, digest="d", settings=settings, sort_plan=PLAN)
    says = {check: code(line.act("confirm_check", check=check)) for check in ("TEST_LABEL", "nobody's", "SAMPLE_DOCUMENTS")}
    assert says == {"TEST_LABEL": "OK", "nobody's": "NO_SUCH_CHECK", "SAMPLE_DOCUMENTS": "NO_SUCH_CHECK"}
    assert line.controller.checklist.confirmed == {"TEST_LABEL": "P1"}


@pytest.mark.parametrize(("where", "known"), [("weighed", False), ("inducted", False), ("lost", True), ("unconfirmed", True)])
def test_only_what_lies_on_the_belts_in_doubt_stands_against_a_start(where: str, known: bool) -> None:
    line = Line()
    line.to_weighed(1)
    item = item_of(line, 1)
    assert checks(line)["BELT_IN_DOUBT"]
    assert not line.controller.checklist.belt_empty()
    item.state, item.quarantined = ItemState(where), True
    assert checks(line)["BELT_IN_DOUBT"] == known
    assert line.controller.checklist.belt_empty() == known


@pytest.mark.parametrize(
    ("plan", "loaded"),
    [(SortPlan("v1", {"44": 1}, 0), True), (SortPlan("", {"44": 1}, 0), False), (SortPlan("v1", {}, 0), False)],
)
def test_a_sort_plan_is_loaded_when_it_has_a_version_and_routes(plan: SortPlan, loaded: bool) -> None:
    line = Line()
    line.say(ConfigLoaded, digest="d", settings=SETTINGS, sort_plan=plan)
    assert checks(line)["NO_SORT_PLAN"] == loaded


def test_the_clock_is_set_from_the_build_on() -> None:
    line = Line()
    for late_ms, is_set in ((0, True), (1, False)):
        settings = msgspec.structs.replace(SETTINGS, build_ms=line.controller.floor.wall_ms() + 1 + late_ms)
        line.say(ConfigLoaded, digest="d", settings=settings, sort_plan=PLAN)
        assert checks(line)["CLOCK_NOT_SET"] == is_set
    line.say(ConfigLoaded, digest="d", settings=SETTINGS, sort_plan=PLAN)
    line.controller.floor.conditions.set("CLOCK_STEPPED", on=True, at_us=0)
    assert not checks(line)["CLOCK_NOT_SET"]
    assert isinstance(line.controller.checklist, Checklist)


# --- the doors, as they are told ---
def test_each_way_out_is_told() -> None:
    line = Line()
    for n in (1, 2, 3):
        line.feed(n)
        line.read(n, token=f"unknown{n}" if n < 3 else None)
    for n in (1, 2):
        line.controller.documents.all[DocumentKey(f"D1-{n}")].state = DocumentState.IN_TRAY
    assert code(line.act("feed_again", documents="D1-1,D1-2")) == "OK"
    assert published(line, "fed_again") == [
        {"document": "D1-1", "order_id": None, "person": "P1"},
        {"document": "D1-2", "order_id": None, "person": "P1"},
    ]
    line.say(Lost, plc=Plc.MACHINE, key="D1-3", station="insert")
    assert code(line.act("found", key="D1-3")) == "OK"
    assert published(line, "rejected")[-1]["place"] == "desk"
    assert code(line.act("damaged", documents="D1-3")) == "OK"
    assert line.controller.floor.clocks.since_ms(OrderId("O3")) is None, "nobody waits for it any more"


def test_reject_places_by_name() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(ItemRejected, parcel=line.induct(1, ""))
    line.to_handed_over(2)
    line.say(DivertUnconfirmed, parcel=line.induct(2, ""), chute=2)
    line.act("take_out", chute="2", label=line.qr(2))
    line.to_weighed(3)
    line.say(Lost, plc=Plc.MACHINE, key="I1-3", station="label")
    line.act("found", key="I1-3")
    line.to_weighed(4)
    item_of(line, 4).state = ItemState.OPEN
    line.say(ItemEjected, item=ItemId("I1-4"))
    assert [(row["item"], row["place"]) for row in published(line, "rejected")] == [
        ("I1-1", "sealed_reject"), ("I1-2", "sealed_reject"), ("I1-3", "desk"), ("I1-4", "unsealed_eject"),
    ]  # fmt: skip
    assert sum(reasons(line).values()) == 4


def test_a_re_inducted_envelope_begins_as_one_that_was_just_handed_over() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(ItemRejected, parcel=line.induct(1, line.qr(1)), flags=2)
    assert item_of(line, 1).divert_sent
    assert code(line.act("reinduct", label=line.qr(1))) == "OK"
    item = item_of(line, 1)
    assert (item.reason, item.quarantined, item.parcel, item.decided, item.divert_sent) == ("", False, None, False, False)
    assert [c.body for c in line.said(Publish) if c.kind == "reinducted"] == [
        {"item": "I1-1", "order_id": "O1", "person": "P1"}
    ]


def test_a_label_declared_destroyed_says_so() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(ItemRejected, parcel=line.induct(1, ""))
    assert code(line.act("void_label", print_id="1", second="P2")) == "OK"
    assert published(line, "label_void") == [{"item": "I1-1", "print_id": 1, "reason": "destroyed"}]


@pytest.mark.parametrize("chute", ["", "x", "-1", "1.0", "²", "１", "٢", "9"])
@pytest.mark.parametrize("act", ["bind_bag", "recount_bag", "take_out", "close_bag"])
def test_what_is_no_chute(act: str, chute: str) -> None:
    line = Line()
    says = code(line.act(act, chute=chute, bag="B9"))
    no_bag = {"bind_bag": "NO_SUCH_CHUTE", "recount_bag": "NO_BAG", "take_out": "NOT_IN_THIS_BAG", "close_bag": "WRONG_BAG"}
    assert says == (no_bag[act] if chute == "9" else "NO_SUCH_CHUTE")
