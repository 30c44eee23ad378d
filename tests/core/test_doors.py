"""The three doors back, and the ways out that the post does not see: what opens them, and what does not."""

import pytest

from edge.core.commands import Answer, Divert, Outcome, PrintLabel, Publish, RejectItem, SetPermit
from edge.core.device_events import PrintFailed
from edge.core.events import (
    Booted,
    ConfigLoaded,
    DeadlinePassed,
    Diverted,
    DocumentRejected,
    HandedOver,
    Inserted,
    ItemEjected,
    ItemRejected,
    LabelApplied,
    Lost,
    Sealed,
    Weighed,
)
from edge.core.item import ItemState
from edge.core.orders import OrderState
from edge.core.values import DocumentKey, ItemId, OrderId, ParcelKey, Plc, SortPlan, State
from tests.core.line import SETTINGS, Line

O1 = OrderId("O1")


def code(line: Line, act: str, **argument: str) -> str:
    return next(c.code for c in line.act(act, **argument) if isinstance(c, Answer))


def state(line: Line) -> OrderState:
    return line.controller.floor.pool.state[O1]


def to_sealed_reject(line: Line, n: int, *, expose: bool = True) -> ItemId:
    """Item `n` is sealed and labelled, something puts it in doubt, and it lies in the sealed reject."""
    item = line.to_labelled(n)
    if expose:
        line.expose(n)
    line.controller.items.quarantine_belt("LINK_OUTAGE")
    if not expose:
        line.expose(n)
    line.say(HandedOver, item=item)
    parcel = line.induct(n, line.qr(n))
    line.say(ItemRejected, parcel=parcel)
    assert line.controller.items.all[item].state is ItemState.REJECTED
    return item


# --- door A ---
def test_a_bare_document_is_fed_again() -> None:
    line = Line()
    line.feed(1)
    line.read(1, token="unknown")
    assert code(line, "feed_again", documents="D1-1") == "NOT_IN_HAND"
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert code(line, "feed_again", documents="D1-1") == "OK"
    assert code(line, "feed_again", documents="D1-1") == "NOT_IN_HAND", "only once"
    for wrong in ("", "D1-99", "D1-1,D1-99"):
        assert code(line, "feed_again", documents=wrong) == "NOT_IN_HAND"


def test_what_was_ejected_unsealed_goes_through_the_second_time() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.controller.supervision._belt_in_doubt("LONG_OUTAGE", "LINK_OUTAGE")
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))
    assert code(line, "feed_again", documents="D1-1") == "NOT_IN_HAND"
    line.say(ItemEjected, item=ItemId("I1-1"))
    assert (state(line), code(line, "feed_again", documents="D1-1")) == (OrderState.WAITING, "OK")
    line.controller.floor.end_condition("LONG_OUTAGE")
    line.feed(5)
    line.read(5, token="token1")
    assert line.controller.documents.all[DocumentKey("D1-5")].order_id == O1


# --- door B ---
def test_an_envelope_is_opened_by_two_and_its_label_destroyed() -> None:
    line = Line()
    item = to_sealed_reject(line, 1, expose=False)
    assert state(line) is OrderState.ASIDE
    label = line.qr(1)
    assert code(line, "open_envelope", item="I1-9", labels=label, second="P2") == "NOT_IN_HAND"
    assert code(line, "open_envelope", item=item, labels=label, second="P1") == "SECOND_PERSON"
    assert code(line, "open_envelope", item=item, labels=label, second="") == "SECOND_PERSON"
    assert code(line, "open_envelope", item=item, labels="EA000000001CN;77", second="P2") == "UNKNOWN_LABEL"
    assert state(line) is OrderState.ASIDE
    assert code(line, "open_envelope", item=item, labels=label, second="P2") == "OK"
    assert state(line) is OrderState.WAITING
    assert Outcome(table="void", key="1", value="destroyed") in line.commands
    assert code(line, "feed_again", documents="D1-1") == "OK"
    # Its documents get a new envelope and a new print of the same number.
    line.feed(5)
    line.read(5, token="token1")
    line.say(Inserted, document=DocumentKey("D1-5"), item=ItemId("I1-5"))
    line.say(Sealed, item=ItemId("I1-5"))
    line.say(Weighed, item=ItemId("I1-5"), weight_100mg=180)
    prints = [(c.print_id, c.label.tracking_number) for c in line.said(PrintLabel)]
    assert prints == [(1, "EA000000001CN"), (2, "EA000000001CN")]


def test_an_order_waits_until_its_label_is_destroyed_wherever_that_sticks() -> None:
    line = Line()
    item = line.to_weighed(1)
    line.say(PrintFailed, print_id=line.print_id(1), sent=True, reason="silent")
    line.say(Lost, plc=Plc.MACHINE, key=item, station="label")
    assert code(line, "void_label", print_id="1", second="P2") == "UNKNOWN_LABEL", "nobody knows where its item is"
    assert code(line, "found", key=item) == "OK"
    assert code(line, "open_envelope", item=item, labels="", second="P2") == "OK"
    assert state(line) is OrderState.ASIDE, "the label was not on it"
    assert code(line, "void_label", print_id="x", second="P2") == "UNKNOWN_LABEL"
    assert code(line, "void_label", print_id="1", second="P1") == "SECOND_PERSON"
    assert code(line, "void_label", print_id="1", second="P2") == "OK"
    assert state(line) is OrderState.WAITING


def test_the_label_of_an_item_on_its_way_cannot_be_declared_destroyed() -> None:
    line = Line()
    first = to_sealed_reject(line, 1, expose=False)
    line.through(2)
    assert code(line, "open_envelope", item=first, labels=line.qr(2), second="P2") == "LABEL_IN_USE"
    assert code(line, "void_label", print_id="2", second="P2") == "UNKNOWN_LABEL"


# --- door C ---
def test_a_proved_envelope_is_put_on_the_sorter_again() -> None:
    line = Line()
    item = to_sealed_reject(line, 1)
    label = line.qr(1)
    assert code(line, "reinduct", label=label) == "OK"
    assert state(line) is OrderState.ON_LINE
    parcel = line.induct(7, label)
    assert [c.parcel for c in line.said(Divert)] == [parcel]
    line.say(Diverted, parcel=parcel, chute=2)
    assert (line.controller.items.all[item].state, state(line)) == (ItemState.DISPATCHED, OrderState.DISPATCHED)
    line.auditor.full_pass()


def test_door_c_is_shut_to_what_was_in_doubt_before_its_label_check() -> None:
    line = Line()
    to_sealed_reject(line, 1, expose=False)
    assert code(line, "reinduct", label=line.qr(1)) == "OPEN_IT"
    assert code(line, "reinduct", label="EA000000009CN;9") == "UNKNOWN_LABEL"
    assert code(line, "reinduct", label="nonsense") == "UNKNOWN_LABEL"


def test_door_c_is_shut_to_a_label_of_another_sort_plan() -> None:
    line = Line()
    to_sealed_reject(line, 1)
    line.say(ConfigLoaded, digest="d2", settings=SETTINGS, sort_plan=SortPlan("v2", {"44": 2, "4401": 1}, 0))
    assert code(line, "reinduct", label=line.qr(1)) == "OPEN_IT", "a divert to its old chute would break I8"


def test_door_c_is_shut_while_the_line_does_not_run() -> None:
    line = Line()
    to_sealed_reject(line, 1)
    line.act("stop")
    assert code(line, "reinduct", label=line.qr(1)) == "NOT_IN_THIS_STATE"


def test_door_c_is_shut_to_what_is_not_in_the_sealed_reject() -> None:
    line = Line()
    line.through(1)
    assert code(line, "reinduct", label=line.qr(1)) == "OPEN_IT"
    line.to_handed_over(2)
    assert code(line, "reinduct", label=line.qr(2)) == "OPEN_IT"


def test_a_re_inducted_envelope_that_does_not_come_is_lost() -> None:
    line = Line()
    item = to_sealed_reject(line, 1)
    assert code(line, "reinduct", label=line.qr(1)) == "OK"
    line.say(DeadlinePassed, 21_000)
    assert line.controller.items.all[item].state is ItemState.LOST
    assert code(line, "found", key=item) == "OK"
    assert code(line, "found", key=item) == "NOT_LOST"
    line.controller.floor.machine.state = State.EXECUTE
    assert code(line, "reinduct", label=line.qr(1)) == "NOT_IN_HAND", "somebody had it in hand"


def test_a_restart_quarantines_a_re_inducted_one_again() -> None:
    line = Line()
    item = to_sealed_reject(line, 1)
    assert code(line, "reinduct", label=line.qr(1)) == "OK"
    line.say(Booted, boot=2, journal_id="j", version="t")
    parcel = line.induct(7, line.qr(1))
    assert not line.said(Divert)
    assert line.said(RejectItem)[-1].parcel == parcel
    line.say(ItemRejected, parcel=parcel)
    assert line.controller.items.all[item].quarantined


# --- found, damaged, returned ---
def test_a_lost_document_is_found() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.say(Lost, plc=Plc.MACHINE, key="D1-1", station="insert")
    assert code(line, "feed_again", documents="D1-1") == "NOT_IN_HAND"
    assert code(line, "found", key="D1-1") == "OK"
    assert state(line) is OrderState.WAITING
    assert code(line, "feed_again", documents="D1-1") == "OK"
    assert code(line, "found", key="I1-9") == "NOT_LOST"


@pytest.mark.parametrize("act", ["return_to_issuer", "damaged"])
def test_a_document_leaves_and_its_order_with_it(act: str) -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert code(line, act, documents="D1-7") == "NOT_IN_HAND"
    assert code(line, act, documents="D1-1") == "OK"
    assert state(line) is OrderState.RETURNED
    assert line.controller.floor.pool.waiting == 7
    line.feed(5)
    line.read(5, token="token1")
    assert line.controller.documents.all[DocumentKey("D1-5")].reason == "CANCELLED"


def test_each_act_is_told_with_the_person() -> None:
    line = Line()
    to_sealed_reject(line, 1, expose=False)
    code(line, "open_envelope", item="I1-1", labels=line.qr(1), second="P2")
    told = [c.body for c in line.said(Publish) if c.kind == "envelope_opened"]
    assert [(body["person"], body["second"]) for body in told] == [("P1", "P2")]
    assert line.said(SetPermit)
    assert not line.said(LabelApplied)


def test_what_lies_in_a_bag_or_is_bare_already_is_not_opened() -> None:
    line = Line()
    line.through(1)
    assert code(line, "open_envelope", item="I1-1", labels="", second="P2") == "NOT_IN_HAND"
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.DISPATCHED
    assert not [c for c in line.said(Publish) if c.kind == "envelope_opened"]


def test_door_c_is_shut_to_a_label_that_was_seen_on_another_envelope_as_well() -> None:
    """It was printed twice: by the label in hand nobody can tell which of both envelopes is the one that was proved."""
    line = Line()
    for n in (1, 2):
        line.to_labelled(n)
    line.expose(1)
    line.expose(2, line.symbols(1))
    first, second = (line.controller.items.all[ItemId(f"I1-{n}")] for n in (1, 2))
    assert (first.proved, first.twin, second.proved, second.twin) == (True, True, False, True)
    for n in (1, 2):
        line.say(HandedOver, item=ItemId(f"I1-{n}"))
        line.induct(n, line.qr(1))
        line.say(ItemRejected, parcel=ParcelKey(f"S1-{n}"))
    assert code(line, "reinduct", label=line.qr(1)) == "OPEN_IT"


def test_door_c_is_shut_to_the_neighbours_of_a_label_that_was_not_read() -> None:
    line = Line()
    for n in (1, 2, 3, 4):
        line.to_labelled(n)
    for n in (1, 2, 4):
        line.expose(n)
    line.expose(3, ())
    items = [line.controller.items.all[ItemId(f"I1-{n}")] for n in (1, 2, 3, 4)]
    assert [item.twin for item in items] == [False, True, True, True]
    assert [item.reason for item in items] == ["", "", "LABEL_MISSING", ""], "only door C is shut to them"
