"""The manual desk: every act in every state, what each way out leaves behind; nothing passes that was not looked at twice."""

import itertools
from collections.abc import Callable

import msgspec
import pytest

from edge.core.commands import Answer, Divert, NoLabel, Outcome, PrintLabel, Publish, PurgeLabel, RejectItem
from edge.core.device_events import LabelPrinted, PrinterStatus, PrintFailed
from edge.core.document import DocumentState
from edge.core.event import Event
from edge.core.events import (
    Booted,
    ConfigLoaded,
    DeadlinePassed,
    Diverted,
    DocumentRejected,
    ItemRejected,
    LinkDown,
    LinkUp,
    LotReceived,
    OrderCancelled,
)
from edge.core.invariants import InvariantError
from edge.core.item import ItemState
from edge.core.manual import Manual, ManualState
from edge.core.orders import Claim, OrderState
from edge.core.values import (
    Counters,
    DocumentKey,
    ItemId,
    LotId,
    Order,
    OrderDocument,
    OrderId,
    Plc,
    PrintId,
    SortPlan,
    State,
    Verdict,
)
from tests.core.line import PLAN, SETTINGS, Line, order

O1 = OrderId("O1")
TEXTS = "EA000000001CN;1,EA000000001CN"


def family(n: int) -> Order:
    """An order of two documents: tokens n1 and n2."""
    documents = tuple(OrderDocument("passport", f"{n}{k}", f"s{n}{k}") for k in (1, 2))
    return msgspec.structs.replace(order(n), documents=documents)


def desk(*orders: Order, **changed: object) -> Line:
    line = Line(list(orders) or [order(1), order(2)])
    settings = msgspec.structs.replace(SETTINGS, desk_printer=True)
    line.say(ConfigLoaded, digest="d", settings=settings, sort_plan=changed.get("plan", PLAN))
    return line


def manual(line: Line) -> Manual:
    return line.controller.manual


def code(line: Line, act: str, **argument: str) -> str:
    return next(c.code for c in line.act(act, **argument) if isinstance(c, Answer))


def read(line: Line, token: str = "token1", *, document: str = "", kind: str = "resident_id", flags: str = "15") -> str:
    skeleton = token.replace("token", "skeleton") if "token" in token else f"s{token}"
    return code(line, "desk_read", document=document, kind=kind, token=token, skeleton=skeleton, flags=flags, masked="44**12")


def insert(line: Line, token: str = "token1", *, kind: str = "resident_id", flags: str = "15") -> str:
    return code(line, "desk_insert", kind=kind, token=token, flags=flags)


def label(line: Line, texts: str = TEXTS, weight_g: str = "18") -> str:
    return code(line, "desk_label", texts=texts, weight_g=weight_g)


def to_free(_: Line) -> None:
    pass


def to_gathering(line: Line) -> None:
    assert read(line, "11", kind="passport") == "OK"


def to_printing(line: Line) -> None:
    to_gathering(line)
    assert read(line, "12", kind="passport") == "OK"


def to_filling(line: Line) -> None:
    to_printing(line)
    line.say(LabelPrinted, print_id=PrintId(1))


def to_closing(line: Line) -> None:
    to_filling(line)
    assert insert(line, "12", kind="passport") == "OK"
    assert insert(line, "11", kind="passport") == "OK"


def to_closed(line: Line) -> ItemId:
    """A lone document through the whole sitting."""
    assert read(line) == "OK"
    line.say(LabelPrinted, print_id=PrintId(1))
    assert (insert(line), label(line)) == ("OK", "OK")
    return ItemId("E1-1")


WAYS: dict[str, Callable[[Line], None]] = {
    "free": to_free,
    "gathering": to_gathering,
    "printing": to_printing,
    "filling": to_filling,
    "closing": to_closing,
}


def cancelled(line: Line) -> None:
    line.say(OrderCancelled, order_id=O1, version=1)


def restarted(line: Line) -> None:
    line.say(Booted, boot=2, journal_id="j", version="t")


HAPPENS: dict[str, Callable[[Line], object]] = {
    "the first": lambda line: read(line, "11", kind="passport"),
    "the second": lambda line: read(line, "12", kind="passport"),
    "of another order": lambda line: read(line, "token2"),
    "printed": lambda line: line.say(LabelPrinted, print_id=PrintId(1)),
    "print failed": lambda line: line.say(PrintFailed, print_id=PrintId(1), sent=False, reason="silent"),
    "in goes the first": lambda line: insert(line, "11", kind="passport"),
    "in goes a stranger": lambda line: insert(line, "token2"),
    "right label": label,
    "another label": lambda line: label(line, "EA000000002CN;9,EA000000002CN"),
    "too heavy": lambda line: label(line, weight_g="901"),
    "cancel": lambda line: code(line, "desk_cancel"),
    "order cancelled": cancelled,
    "restart": restarted,
}
# A second time, in this file's words: (state, what happens) → state. Pairs that are not here change nothing.
AFTER = {
    ("free", "the first"): "gathering",
    ("free", "the second"): "gathering",
    ("free", "of another order"): "printing",
    ("gathering", "the second"): "printing",
    ("printing", "printed"): "filling",
    ("printing", "print failed"): "free",
    ("filling", "in goes a stranger"): "free",
    ("filling", "print failed"): "free",
    ("closing", "print failed"): "free",
    ("closing", "right label"): "free",
    ("closing", "another label"): "free",
    ("closing", "too heavy"): "free",
    **{
        (state, end): "free"
        for state in ("gathering", "printing", "filling", "closing")
        for end in ("cancel", "order cancelled", "restart")
    },
}


@pytest.mark.parametrize(("state", "happened"), list(itertools.product(WAYS, HAPPENS)))
def test_every_act_in_every_state(state: str, happened: str) -> None:
    line = desk(family(1), order(2))
    WAYS[state](line)
    assert manual(line).state == state
    if state in ("free", "gathering") and happened in ("printed", "print failed"):
        return  # nothing was printed
    HAPPENS[happened](line)
    assert manual(line).state == AFTER.get((state, happened), state)
    sitting = manual(line).state is not ManualState.FREE
    assert bool(manual(line).order and manual(line).documents) is sitting
    assert set(WAYS) == {str(one) for one in ManualState}
    line.auditor.full_pass()
    assert not [c for c in line.commands if isinstance(c, (NoLabel, PurgeLabel))], "the machine has nothing to do with it"


def test_from_the_first_reading_into_the_chute() -> None:
    line = desk()
    item = to_closed(line)
    pool, items = line.controller.floor.pool, line.controller.items.all
    assert (items[item].state, pool.state[O1]) == (ItemState.CLOSED, OrderState.ASIDE)
    line.to_labelled(2)
    line.controller.floor.pool._become(OrderId("O2"), OrderState.ASIDE)
    assert [one.item_id for one in manual(line).closed()] == [item], "what waits for door C at the desk"
    line.controller.floor.pool._become(OrderId("O2"), OrderState.ON_LINE)
    printed = line.said(PrintLabel)
    assert [(p.printer, p.print_id, p.label.tracking_number) for p in printed[:1]] == [("desk_printer", 1, "EA000000001CN")]
    burnt = line.commands.index(Outcome(table="print", key="1", value="EA000000001CN"))
    assert burnt < line.commands.index(printed[0]), "the row first (I6)"
    told = [c.kind for c in line.said(Publish) if c.body.get("order_id") == O1]
    assert told == ["content_check", "sealed", "label_check", "accepted"]
    accepted = next(c for c in line.said(Publish) if c.kind == "accepted")
    assert (accepted.body["weight_g"], accepted.body["item"]) == (18, item)
    assert code(line, "reinduct", label="EA000000001CN;1") == "OK"
    parcel = line.induct(1, "EA000000001CN;1")
    assert [c.parcel for c in line.said(Divert)] == [parcel]
    line.say(Diverted, parcel=parcel, chute=2)
    assert (items[item].state, pool.state[O1]) == (ItemState.DISPATCHED, OrderState.DISPATCHED)
    line.auditor.full_pass()
    assert read(line) == "DUPLICATE"


def test_the_plcs_counters_know_nothing_of_the_desk() -> None:
    line = desk()
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(), caught_up=True)
    to_closed(line)
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(), caught_up=True)
    assert "ACCOUNTS_DIFFER" not in line.controller.floor.conditions.active
    production = line.controller.floor.production
    assert (production.documents_fed, production.desk_documents, production.desk_items) == (0, 1, 1)
    assert not line.controller.items.on_belt
    assert not line.controller.documents.on_belt
    line.to_weighed(2)
    line.unit(Plc.MACHINE, State.EXECUTE, counters=Counters(documents_fed=1, items_opened=1), caught_up=True)
    assert "ACCOUNTS_DIFFER" not in line.controller.floor.conditions.active


@pytest.mark.parametrize("state", list(WAYS))
def test_what_is_not_its_turn_is_refused_by_that_name(state: str) -> None:
    line = desk(family(1))
    WAYS[state](line)
    acts = {"desk_insert": insert(line, "77"), "desk_label": label(line, "x")}
    wanted = {"filling": ("CONTENT_MISMATCH", "NOT_IN_THIS_STATE"), "closing": ("NOT_IN_THIS_STATE", "LABEL_MISMATCH")}
    assert tuple(acts.values()) == wanted.get(state, ("NOT_IN_THIS_STATE", "NOT_IN_THIS_STATE"))
    line = desk(family(1))
    WAYS[state](line)
    assert code(line, "desk_cancel") == ("NOT_IN_THIS_STATE" if state == "free" else "OK")


# --- what is not accepted ---
@pytest.mark.parametrize(
    ("argument", "answer"),
    [
        ({"flags": "0"}, "UNREADABLE"),
        ({"flags": "x"}, "UNREADABLE"),
        ({"token": ""}, "UNREADABLE"),
        ({"kind": ""}, "UNREADABLE"),
        ({"flags": "13"}, "CHECK_DIGIT_WRONG"),
        ({"flags": "11"}, "DATE_IMPOSSIBLE"),
        ({"flags": "7"}, "DOUBTFUL"),
        ({"token": "token77"}, "NO_ORDER"),
        ({"kind": "passport"}, "NO_ORDER"),
        ({"document": "D1-9"}, "NOT_IN_HAND"),
        ({}, "OK"),
    ],
)
def test_the_same_rule_as_on_the_line(argument: dict[str, str], answer: str) -> None:
    line = desk()
    assert read(line, **argument) == answer
    assert (manual(line).state is ManualState.FREE) is (answer != "OK")
    assert bool(line.said(PrintLabel)) is (answer == "OK")


def test_without_a_printer_there_is_no_desk() -> None:
    assert read(Line()) == "NO_DESK_PRINTER"


def test_look_alikes_are_not_told_apart_at_the_desk_either() -> None:
    line = desk(order(1, skeleton="same"), order(2, skeleton="same"))
    assert code(line, "desk_read", document="", kind="resident_id", token="token1", skeleton="same", flags="15", masked="") == (
        "AMBIGUOUS"
    )


def test_no_label_is_printed_for_an_address_that_no_chute_is_for() -> None:
    line = desk(order(1, county="999999"))
    assert read(line) == "NO_ROUTE"
    assert not line.said(PrintLabel)


@pytest.mark.parametrize("reason", ["NO_ORDER", "CANCELLED", "NO_ROUTE"])
def test_what_cannot_go_is_in_hand_with_a_record_of_its_own(reason: str) -> None:
    line = desk(order(1, county="999999" if reason == "NO_ROUTE" else "440106"))
    if reason == "CANCELLED":
        cancelled(line)
    assert read(line, "token9" if reason == "NO_ORDER" else "token1") == reason
    document = line.controller.documents.all[DocumentKey("M1-1")]
    assert (document.state, document.reason, document.order_id) == (DocumentState.ON_DESK, reason, None)
    assert read(line, "token9" if reason == "NO_ORDER" else "token1", document="M1-1") == reason
    assert len(line.controller.documents.all) == 1, "it has one record, however often it is scanned under its name"
    assert code(line, "return_to_issuer", documents="M1-1") == "OK"


def test_one_order_at_a_time_and_each_document_once() -> None:
    line = desk(family(1), order(2))
    to_gathering(line)
    assert read(line, "11", kind="passport") == "DUPLICATE"
    assert read(line, "token2") == "OTHER_ORDER"
    to_printing_again = read(line, "12", kind="passport")
    assert to_printing_again == "OK"
    assert read(line, "token2") == "DESK_BUSY"
    line.say(LabelPrinted, print_id=PrintId(1))
    assert insert(line, "11", kind="passport") == "OK"
    assert insert(line, "11", kind="passport") == "DUPLICATE"
    assert insert(line, "12", kind="passport", flags="7") == "DOUBTFUL"
    assert manual(line).state is ManualState.FILLING


def test_an_order_is_gathered_at_the_desk_or_on_the_belt_never_at_both() -> None:
    line = desk(family(1))
    to_gathering(line)
    line.feed(1)
    line.frame(1, 0, token="12", kind="passport")
    line.frame(1, 1, token="12", kind="passport")
    document = line.controller.documents.all[DocumentKey("D1-1")]
    assert (document.state, document.reason) == (DocumentState.REFUSED, "INCOMPLETE")
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert read(line, "12", kind="passport", document="D1-1") == "OK"
    assert document.state is DocumentState.FED_AGAIN
    other = desk(family(1))
    other.feed(1)
    for k in (0, 1):
        other.frame(1, k, token="11", kind="passport")
    assert read(other, "12", kind="passport") == "INCOMPLETE"
    assert manual(other).state is ManualState.FREE


def test_a_document_from_a_reject_place_leaves_those_books() -> None:
    line = desk()
    line.feed(1)
    line.frame(1, 0, flags=0)
    line.frame(1, 1, flags=0)
    assert read(line, document="D1-1") == "NOT_IN_HAND", "it is on the belt"
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert read(line, "token99", document="D1-1") == "NO_ORDER"
    document = line.controller.documents.all[DocumentKey("D1-1")]
    assert document.state is DocumentState.IN_TRAY, "what was refused stays where it was"
    assert read(line, document="D1-1") == "OK"
    assert document.state is DocumentState.FED_AGAIN
    assert line.controller.documents.all[DocumentKey("M1-1")].item == "E1-1"


def test_a_key_is_not_given_to_another_document() -> None:
    line = desk()
    line.feed(1)
    line.read(1, token="token2")
    line.controller.supervision._belt_in_doubt("LONG_OUTAGE", "LINK_OUTAGE")
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert read(line, "token1", document="D1-1") == "OTHER_DOCUMENT"
    assert line.controller.documents.all[DocumentKey("D1-1")].state is DocumentState.IN_TRAY
    assert read(line, "token2", document="D1-1") == "OK"


# --- the second look ---
@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        ("", "LABEL_UNREADABLE"),
        ("EA000000001CN", "LABEL_UNREADABLE"),
        ("EA000000001CN;1", "LABEL_UNREADABLE"),
        ("EA000000001CN;1,EA000000001CN;1", "LABEL_UNREADABLE"),
        ("EA000000001CN,EA000000001CN;1,EA000000001CN", "OK"),
        ("EA000000001CN,EA000000001CN;2", "LABEL_MISMATCH"),
        ("EA000000002CN,EA000000002CN;1", "LABEL_MISMATCH"),
        ("EA000000001CN,EA000000001CN;1,EA000000002CN", "LABEL_MISMATCH"),
    ],
)
def test_the_label_check_of_the_line(texts: str, answer: str) -> None:
    line = desk()
    assert read(line) == "OK"
    line.say(LabelPrinted, print_id=PrintId(1))
    assert insert(line) == "OK"
    assert label(line, texts) == answer
    item = line.controller.items.all[ItemId("E1-1")]
    wanted = {"OK": ItemState.CLOSED, "LABEL_MISMATCH": ItemState.ON_DESK}.get(answer, ItemState.AT_DESK)
    assert (item.state, item.proved) == (wanted, answer == "OK")


@pytest.mark.parametrize(
    ("weight", "answer"),
    [("", "NO_WEIGHT"), ("²", "NO_WEIGHT"), ("-5", "NO_WEIGHT"), ("4", "WEIGHT_OUT_OF_RANGE"), ("5", "OK"), ("900", "OK"),
     ("901", "WEIGHT_OUT_OF_RANGE")],
)  # fmt: skip
def test_the_weight(weight: str, answer: str) -> None:
    line = desk()
    assert read(line) == "OK"
    line.say(LabelPrinted, print_id=PrintId(1))
    assert insert(line) == "OK"
    assert label(line, weight_g=weight) == answer
    assert [c for c in line.said(Publish) if c.kind == "accepted"] == [] or answer == "OK"


@pytest.mark.parametrize("wrong", ["in goes a stranger", "another label"])
def test_what_is_not_right_is_opened_by_two_and_its_label_destroyed(wrong: str) -> None:
    line = desk(family(1), order(2))
    (to_filling if wrong == "in goes a stranger" else to_closing)(line)
    HAPPENS[wrong](line)
    pool, item = line.controller.floor.pool, line.controller.items.all[ItemId("E1-1")]
    assert (item.state, pool.state[O1]) == (ItemState.ON_DESK, OrderState.ASIDE)
    assert code(line, "reinduct", label="EA000000001CN;1") == "OPEN_IT"
    assert read(line, "11", kind="passport", document="M1-1") == "DUPLICATE", "its envelope is closed"
    assert code(line, "open_envelope", item="E1-1", labels="", second="P1") == "SECOND_PERSON"
    assert code(line, "open_envelope", item="E1-1", labels="", second="P2") == "OK"
    assert read(line, "11", kind="passport", document="M1-1") == "DUPLICATE", "its label may still stick somewhere (I5)"
    assert code(line, "void_label", print_id="1", second="P2") == "OK"
    assert pool.state[O1] is OrderState.WAITING
    for token, key in (("11", "M1-1"), ("12", "M1-2")):
        assert read(line, token, kind="passport", document=key) == "OK"
    assert [(p.print_id, p.item) for p in line.said(PrintLabel)] == [(1, "E1-1"), (2, "E1-2")]


def test_the_label_of_a_sitting_cannot_be_declared_destroyed_behind_its_back() -> None:
    line = desk(family(1))
    to_closing(line)
    assert code(line, "void_label", print_id="1", second="P2") == "UNKNOWN_LABEL"
    assert code(line, "open_envelope", item="E1-1", labels="", second="P2") == "NOT_IN_HAND"


# --- ways out ---
@pytest.mark.parametrize("end", ["cancel", "order cancelled", "restart"])
@pytest.mark.parametrize("state", ["gathering", "printing", "filling", "closing"])
def test_a_sitting_that_ends_early(state: str, end: str) -> None:
    line = desk(family(1), order(2))
    WAYS[state](line)
    HAPPENS[end](line)
    pool, controller = line.controller.floor.pool, line.controller
    live = state != "gathering"
    withdrawn = end == "order cancelled"
    assert pool.state[O1] is (OrderState.CANCELLED if withdrawn else OrderState.ASIDE if live else OrderState.WAITING)
    assert bool(pool.live_print.get(O1)) is live
    reason = {"cancel": "GIVEN_UP", "order cancelled": "CANCELLED", "restart": "RESTART"}[end]
    assert reason in controller.floor.production.outcomes
    # Nothing had been put into the envelope before its label was there.
    in_hand = [controller.doors.in_hand(key) is not None for key in ("M1-1", "M1-2") if key in controller.documents.all]
    assert all(in_hand) is (state in ("gathering", "printing"))
    if live and not in_hand[0]:
        assert code(line, "open_envelope", item="E1-1", labels="EA000000001CN;1", second="P2") == "OK"
        assert O1 not in pool.live_print
    assert code(line, "return_to_issuer", documents="M1-1") == "OK"


def test_a_print_of_which_nobody_knows_stays_live() -> None:
    line = desk()
    assert read(line) == "OK"
    line.say(PrintFailed, print_id=PrintId(1), sent=True, reason="silent")
    unknown = next(c for c in line.said(Publish) if c.kind == "label_unknown")
    assert unknown.body == {"item": "E1-1", "print_id": 1, "reason": "silent"}
    pool = line.controller.floor.pool
    assert (manual(line).state, pool.state[O1], pool.live_print[O1]) == (ManualState.FREE, OrderState.ASIDE, 1)
    line.say(LabelPrinted, print_id=PrintId(1))
    assert manual(line).state is ManualState.FREE, "it came after all: nobody may use it"
    line.say(PrintFailed, print_id=PrintId(1), sent=True, reason="silent")
    assert line.controller.floor.unexpected == {"desk free/printed": 1, "desk free/print failed": 1}
    assert read(line, document="M1-1") == "DUPLICATE"
    assert code(line, "void_label", print_id="1", second="P2") == "OK"
    assert read(line, document="M1-1") == "OK"
    assert line.said(PrintLabel)[-1].print_id == 2


def test_a_label_that_was_never_printed_is_void_at_once() -> None:
    line = desk()
    assert read(line) == "OK"
    line.say(PrintFailed, print_id=PrintId(1), sent=False, reason="the font has no U+20BB7")
    assert Outcome(table="void", key="1", value="the font has no U+20BB7") in line.commands
    assert line.controller.floor.pool.state[O1] is OrderState.WAITING
    line.say(PrintFailed, print_id=PrintId(1), sent=False, reason="twice")
    assert read(line, document="M1-1") == "OK"
    line.say(LabelPrinted, print_id=PrintId(1))
    assert manual(line).state is ManualState.PRINTING, "that is the label of before"


def test_a_restart_leaves_what_was_proved_and_nothing_else() -> None:
    line = desk()
    item = to_closed(line)
    restarted(line)
    assert line.controller.items.all[item].state is ItemState.CLOSED
    assert read(line, "token2") == "OK"
    assert "M2-2" in line.controller.documents.all


def test_a_closed_envelope_of_a_cancelled_order_does_not_go() -> None:
    line = desk()
    to_closed(line)
    cancelled(line)
    assert code(line, "reinduct", label="EA000000001CN;1") == "OPEN_IT"
    assert code(line, "open_envelope", item="E1-1", labels="EA000000001CN;1", second="P2") == "OK"


def test_door_c_is_shut_to_a_closed_one_of_another_sort_plan() -> None:
    line = desk()
    to_closed(line)
    line.say(ConfigLoaded, digest="d2", settings=SETTINGS, sort_plan=SortPlan("v2", {"44": 2, "4401": 1}, 0))
    assert code(line, "reinduct", label="EA000000001CN;1") == "OPEN_IT"


def test_a_lot_is_not_closed_while_one_of_its_documents_lies_at_the_desk() -> None:
    line = desk(family(1))
    documents = (OrderDocument("passport", "11", "s11"),)
    line.say(LotReceived, lot=LotId("R"), issuer="X", signed_ms=1, documents=documents)
    to_closing(line)
    assert code(line, "close_lot", lot="R", lead="P2") == "DOCUMENTS_ON_LINE"


# --- a document that should be in an envelope lies on the table ---
@pytest.mark.parametrize("named", ["", "M1-1"])
def test_a_closed_envelope_is_not_trusted_when_its_document_lies_outside(named: str) -> None:
    line = desk()
    item = to_closed(line)
    assert read(line, document=named) == "DUPLICATE"
    body = line.controller.items.all[item]
    assert (body.state, body.proved, body.reason) == (ItemState.ON_DESK, False, "CONTENT_MISMATCH")
    assert code(line, "reinduct", label="EA000000001CN;1") == "OPEN_IT"
    assert read(line) == "DUPLICATE", "once is enough"
    assert len([c for c in line.said(Publish) if c.kind == "seen_outside"]) == 1


def test_nor_on_the_sorter() -> None:
    line = desk()
    to_closed(line)
    assert code(line, "reinduct", label="EA000000001CN;1") == "OK"
    parcel = line.induct(1, "EA000000001CN;1")
    assert read(line) == "DUPLICATE"
    assert line.said(RejectItem)[-1].parcel == parcel, "called back, although its divert was sent"
    line.say(ItemRejected, parcel=parcel)
    assert code(line, "reinduct", label="EA000000001CN;1") == "OPEN_IT"


def test_nor_in_its_bag() -> None:
    line = desk()
    item = to_closed(line)
    assert code(line, "reinduct", label="EA000000001CN;1") == "OK"
    line.say(Diverted, parcel=line.induct(1, "EA000000001CN;1"), chute=2)
    assert read(line) == "DUPLICATE"
    assert "RECALL" in line.controller.floor.conditions.active
    assert read(line) == "DUPLICATE"
    assert line.controller.floor.bags.by_chute[2].recalled == [item]
    assert code(line, "take_out", chute="2", label="EA000000001CN;1") == "OK"
    assert line.controller.items.all[item].state is ItemState.RECALLED


def test_an_envelope_of_the_line_is_left_alone() -> None:
    line = desk()
    line.through(1)
    assert read(line) == "DUPLICATE"
    assert not line.controller.floor.conditions.active


def test_a_re_inducted_one_that_does_not_come_is_lost() -> None:
    line = desk()
    item = to_closed(line)
    assert code(line, "reinduct", label="EA000000001CN;1") == "OK"
    line.say(DeadlinePassed, 21_000)
    assert line.controller.items.all[item].state is ItemState.LOST
    assert code(line, "found", key=item) == "OK"
    assert line.controller.items.all[item].state is ItemState.ON_DESK


# --- the desk's printer does not hold the line ---
@pytest.mark.parametrize(
    ("event", "fields", "raised"),
    [
        (LinkDown, {"link": "desk_printer", "reason": "lost"}, "DESK_PRINTER_LOST"),
        (PrinterStatus, {"state": "media_out", "printer": "desk_printer"}, "DESK_PRINTER_NOT_READY"),
    ],
)
def test_what_ails_the_desks_printer_is_a_warning(event: type[Event], fields: dict[str, str], raised: str) -> None:
    line = desk()
    line.say(LinkUp, link="desk_printer")
    line.say(event, **fields)
    assert list(line.controller.floor.conditions.active) == [raised]
    assert line.controller.supervision.permit
    line.say(LinkUp, link="desk_printer")
    line.say(PrinterStatus, state="ready", printer="desk_printer")
    assert not line.controller.floor.conditions.active


LEFT = "DESK_LABEL_LEFT"


def mouth(line: Line, state: str) -> bool:
    line.say(PrinterStatus, state=state, printer="desk_printer")
    return LEFT in line.controller.floor.conditions.active


@pytest.mark.parametrize("state", WAYS)
def test_a_label_that_no_sitting_waits_for_is_shown_until_it_was_taken_off(state: str) -> None:
    line = desk(family(1))
    line.say(LinkUp, link="desk_printer")
    WAYS[state](line)
    assert mouth(line, "label_waiting") is (state not in ("filling", "closing"))
    assert line.controller.supervision.permit, "the line has nothing to do with it"
    assert mouth(line, "head_open") is (state not in ("filling", "closing")), "who knows whether it fell out"
    assert mouth(line, "ready") is False


@pytest.mark.parametrize("state", ["filling", "closing"])
def test_a_label_that_its_sitting_leaves_behind_is_shown(state: str) -> None:
    line = desk(family(1), order(2))
    WAYS[state](line)
    assert not mouth(line, "label_waiting")
    assert code(line, "desk_cancel") == "OK"
    assert LEFT in line.controller.floor.conditions.active
    assert read(line, "token2") == "OK"
    assert manual(line).state is ManualState.PRINTING, "and there it stays, until"
    assert not mouth(line, "ready")


def test_a_label_that_hangs_behind_a_good_end_is_shown_when_the_next_one_is_to_be_printed() -> None:
    line = desk(order(1), order(2))
    assert read(line) == "OK"
    line.say(LabelPrinted, print_id=PrintId(1))
    assert not mouth(line, "label_waiting")
    assert (insert(line), label(line)) == ("OK", "OK")
    assert LEFT not in line.controller.floor.conditions.active, "it was just scanned, the printer is asked now and then"
    assert read(line, "token2") == "OK"
    assert LEFT in line.controller.floor.conditions.active


# --- the auditor's own books ---
def test_the_auditor_sees_what_the_desk_forgets() -> None:
    line = desk()
    assert read(line) == "OK"
    line.say(LabelPrinted, print_id=PrintId(1))
    manual(line).state = ManualState.CLOSING  # as if the second reading were left out
    with pytest.raises(InvariantError, match="I3: E1-1: not each of its documents was read again"):
        label(line)
    line = desk()
    to_closed(line)
    line.controller.items.all[ItemId("E1-1")].seen_again.clear()
    assert code(line, "reinduct", label="EA000000001CN;1") == "OK"
    with pytest.raises(InvariantError, match="I3"):
        line.induct(1, "EA000000001CN;1")


def test_the_auditor_sees_a_print_without_its_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    line = desk(family(1))
    monkeypatch.setattr(Claim, "complete", property(lambda _: True))
    with pytest.raises(InvariantError, match="I3: E1-1 does not hold its order's documents"):
        read(line, "11", kind="passport")


def test_the_auditor_sees_an_order_that_is_not_at_the_desk() -> None:
    line = desk()
    assert read(line) == "OK"
    item = line.controller.items.all[ItemId("E1-1")]
    line.controller.floor.pool.claims[O1].at_desk = False
    with pytest.raises(InvariantError, match="I4: O1 is not at the desk"):
        line.auditor._print_at_desk(item)


def test_the_full_pass_sees_an_item_that_nobody_sits_at() -> None:
    line = desk()
    assert read(line) == "OK"
    manual(line).item = None
    with pytest.raises(InvariantError, match="I2: E1-1"):
        line.auditor.full_pass()


def test_verdicts_and_quarantine_of_a_refused_one() -> None:
    line = desk()
    assert read(line) == "OK"
    line.say(LabelPrinted, print_id=PrintId(1))
    assert insert(line) == "OK"
    assert label(line, "EA000000002CN,EA000000002CN;1") == "LABEL_MISMATCH"
    item = line.controller.items.all[ItemId("E1-1")]
    assert (item.label_check, item.quarantined, item.reason) == (Verdict.MISMATCH, True, "LABEL_MISMATCH")
    rejected = next(c for c in line.said(Publish) if c.kind == "rejected")
    assert (rejected.body["place"], rejected.body["documents"]) == ("desk", "M1-1")
