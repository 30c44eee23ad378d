"""Cancelled orders: in the pool, before the gate, in the envelope, sealed, in an open bag and in a closed one."""

from edge.core.commands import Answer, EjectUnsealed, Publish, RejectDocument, RejectItem
from edge.core.events import DeadlinePassed, Diverted, DocumentRejected, HandedOver, Inserted, ItemRejected, OrderCancelled
from edge.core.item import ItemState
from edge.core.orders import OrderState
from edge.core.values import DocumentKey, ItemId, OrderId
from tests.core.line import Line

O1 = OrderId("O1")


def cancel(line: Line, version: int = 1, order_id: OrderId = O1) -> str:
    out = line.say(OrderCancelled, order_id=order_id, version=version)
    return next(c.body["code"] for c in out if isinstance(c, Publish) and c.kind == "cancellation")


def state(line: Line) -> OrderState:
    return line.controller.floor.pool.state[O1]


def code(line: Line, act: str, **argument: str) -> str:
    return next(c.code for c in line.act(act, **argument) if isinstance(c, Answer))


def test_a_waiting_order_and_what_is_refused() -> None:
    line = Line()
    assert cancel(line, order_id=OrderId("nobody's")) == "UNKNOWN_ORDER"
    assert cancel(line, 3) == "CANCELLED"
    assert cancel(line, 2) == "OLD_VERSION"
    assert state(line) is OrderState.CANCELLED
    assert line.controller.floor.pool.waiting == 7
    line.feed(1)
    line.read(1)
    assert [c.reason for c in line.said(RejectDocument)] == ["CANCELLED"]


def test_before_the_gate() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    assert cancel(line) == "CANCELLED"
    assert [c.reason for c in line.said(RejectDocument)] == ["CANCELLED"]
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert state(line) is OrderState.CANCELLED


def test_on_the_stroke_of_the_inserter() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    cancel(line)
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))
    assert [c.reason for c in line.said(EjectUnsealed)] == ["CANCELLED"]


def test_sealed_and_on_its_way_into_the_chute() -> None:
    line = Line()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    assert cancel(line) == "CANCELLED"
    assert [c.reason for c in line.said(RejectItem)] == ["CANCELLED"]
    line.say(ItemRejected, parcel=parcel)
    assert state(line) is OrderState.CANCELLED


def test_before_it_is_handed_over() -> None:
    line = Line()
    item = line.to_labelled(1)
    line.expose(1)
    cancel(line)
    line.say(HandedOver, item=item)
    parcel = line.induct(1, line.qr(1))
    assert [(c.parcel, c.reason) for c in line.said(RejectItem)] == [(parcel, "CANCELLED")]


def test_taken_out_of_its_open_bag() -> None:
    line = Line()
    line.through(1)
    line.through(2)
    assert cancel(line) == "RECALLED"
    told = [c.body for c in line.said(Publish) if c.kind == "cancellation"][-1]
    assert (told["bag"], told["position"], told["evidence"]) == ("B2", 1, "e")
    assert "RECALL" in line.controller.floor.conditions.active
    assert code(line, "close_bag", chute="2", bag="B2") == "RECALL_OPEN"
    assert code(line, "take_out", chute="2", label=line.qr(2)) == "NOT_IN_THIS_BAG"
    assert code(line, "take_out", chute="2", label=line.qr(1)) == "OK"
    assert "RECALL" not in line.controller.floor.conditions.active
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.RECALLED
    assert state(line) is OrderState.CANCELLED
    assert code(line, "close_bag", chute="2", bag="B2") == "OK"
    closed = [c.body for c in line.said(Publish) if c.kind == "bag_closed"][-1]
    assert (closed["count"], closed["tracking_numbers"]) == (1, "EA000000002CN")


def test_its_bag_is_closed_already() -> None:
    line = Line()
    line.through(1)
    assert code(line, "close_bag", chute="2", bag="B1") == "WRONG_BAG"
    assert code(line, "close_bag", chute="x", bag="B1") == "NO_SUCH_CHUTE"
    assert code(line, "close_bag", chute="2", bag="B2") == "OK"
    assert cancel(line) == "BAG_CLOSED"
    assert state(line) is OrderState.DISPATCHED
    assert code(line, "bind_bag", chute="2", bag="B2") == "BAG_IN_USE", "a closed bag does not come back"
    assert code(line, "bind_bag", chute="2", bag="B3") == "OK"


def test_a_closing_bag_waits_for_what_is_on_its_way_and_takes_nothing_new() -> None:
    line = Line()
    line.to_handed_over(1)
    first = line.induct(1, line.qr(1))
    assert code(line, "close_bag", chute="2", bag="B2") == "OK"
    assert not [c for c in line.said(Publish) if c.kind == "bag_closed"]
    line.to_handed_over(2)
    line.induct(2, line.qr(2))
    assert [c.reason for c in line.said(RejectItem)] == ["NO_BAG"]
    line.say(Diverted, parcel=first, chute=2)
    assert [c.body["count"] for c in line.said(Publish) if c.kind == "bag_closed"] == [1]


def test_cancelled_while_it_waits_for_its_label_to_be_destroyed() -> None:
    line = Line()
    line.to_labelled(1)
    line.controller.items.quarantine_belt("LINK_OUTAGE")
    line.expose(1)
    line.say(HandedOver, item=ItemId("I1-1"))
    line.say(ItemRejected, parcel=line.induct(1, line.qr(1)))
    assert state(line) is OrderState.ASIDE
    assert cancel(line) == "CANCELLED"
    assert code(line, "open_envelope", item="I1-1", labels=line.qr(1), second="P2") == "OK"
    assert state(line) is OrderState.CANCELLED
    line.say(DeadlinePassed)
