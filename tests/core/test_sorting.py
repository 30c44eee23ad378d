"""D4 and the bags: what no other part of the line lets happen is refused here all the same."""

from edge.core.commands import Outcome, RejectItem
from edge.core.events import (
    Diverted,
    DivertUnconfirmed,
    HandedOver,
    Inducted,
    Inserted,
    ItemRejected,
    ParcelScanned,
    Sealed,
    Weighed,
)
from edge.core.item import ItemState
from edge.core.values import DocumentKey, ItemId, ParcelKey, Verdict
from tests.core.line import Line
from tests.core.test_controller import code, reasons
from tests.core.test_corners import conditions


def item_of(line: Line, n: int):
    return line.controller.items.all[ItemId(f"I1-{n}")]


def unlabelled(line: Line, n: int) -> None:
    """An item too heavy for a label, on the sorter."""
    line.feed(n)
    line.read(n)
    item = ItemId(f"I1-{n}")
    line.say(Inserted, document=DocumentKey(f"D1-{n}"), item=item)
    line.say(Sealed, item=item)
    line.say(Weighed, item=item, weight_100mg=90_000)
    line.expose(n, ())
    line.say(HandedOver, item=item)


def test_the_verdict_itself_counts_at_d4_not_only_the_reason_made_of_it() -> None:
    line = Line()
    line.to_handed_over(1)
    item_of(line, 1).label_check = Verdict.UNREADABLE
    assert item_of(line, 1).reason == ""
    line.induct(1, line.qr(1))
    assert [c.reason for c in line.said(RejectItem)] == ["LABEL_UNREADABLE"]


def test_an_item_without_an_order_or_a_chute_is_never_accounted_as_dispatched() -> None:
    for spoil in ("order", "chute"):
        line = Line()
        line.to_handed_over(1)
        line.induct(1, line.qr(1))
        setattr(item_of(line, 1), spoil, None)
        line.controller.sorting.dispatch(item_of(line, 1))
        assert [c for c in line.said(Outcome) if c.table == "dispatched"] == []
        assert line.controller.floor.bags.by_chute[2].items == []
        assert reasons(line) == {}


def test_a_recount_dispatches_only_what_is_unconfirmed() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(DivertUnconfirmed, parcel=line.induct(1, line.qr(1)), chute=2)
    line.mirror()
    item_of(line, 1).state = ItemState.REJECTED
    line.act("recount_bag", chute="2", labels=line.qr(1))
    assert reasons(line) == {}
    assert line.controller.floor.unexpected == {"rejected/recounted": 1}


def test_each_envelope_without_a_label_in_a_bag_is_taken_out_or_lost_by_itself() -> None:
    line = Line()
    for n in (1, 2):
        unlabelled(line, n)
        line.say(Diverted, parcel=line.induct(n, ""), chute=2)
    bag = line.controller.floor.bags.by_chute[2]
    assert line.controller.sorting.to_take_out(bag) == ["", ""]
    assert code(line.act("take_out", chute="2", label="")) == "OK"
    assert (item_of(line, 1).state, item_of(line, 2).state) == (ItemState.REJECTED, ItemState.UNCONFIRMED)
    assert "WRONG_CHUTE" in conditions(line)
    assert code(line.act("take_out", chute="2", label="")) == "OK"
    assert item_of(line, 2).state is ItemState.REJECTED
    assert "WRONG_CHUTE" not in conditions(line)


def test_a_recount_loses_every_envelope_without_a_label() -> None:
    line = Line()
    for n in (1, 2):
        unlabelled(line, n)
        line.say(Diverted, parcel=line.induct(n, ""), chute=2)
    line.mirror()
    assert code(line.act("recount_bag", chute="2", labels="")) == "OK"
    assert [item_of(line, n).state for n in (1, 2)] == [ItemState.LOST] * 2
    assert "ITEM_LOST" in conditions(line)


def test_what_the_reject_place_has_seen_meanwhile_is_accounted_once() -> None:
    line = Line()
    line.to_handed_over(1)
    parcel = line.induct(1, line.qr(1))
    line.say(DivertUnconfirmed, parcel=parcel, chute=2)
    line.say(ItemRejected, parcel=parcel)
    assert reasons(line) == {"PLC_DEFAULT": 1}
    assert code(line.act("take_out", chute="2", label=line.qr(1))) == "OK"
    assert reasons(line) == {"PLC_DEFAULT": 1}
    assert not line.controller.floor.bags.locked()


def test_out_of_its_window_at_induction_is_doubt_with_or_without_others_behind_it() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(Inducted, parcel=ParcelKey("S1-1"), flags=1)
    line.say(ParcelScanned, text=line.qr(1))
    assert [(c.parcel, c.reason) for c in line.said(RejectItem)] == [("S1-1", "SCAN_MISMATCH")]
    line = Line()
    for n in (1, 2, 3):
        line.to_handed_over(n)
    line.say(Inducted, parcel=ParcelKey("S1-1"), flags=1)
    line.say(ParcelScanned, text=line.qr(1))
    assert [item_of(line, n).quarantined for n in (1, 2, 3)] == [True, True, True], "and the one behind the expected one"


def test_an_item_without_a_chute_is_rejected_and_closes_no_bag() -> None:
    line = Line()
    unlabelled(line, 1)
    parcel = line.induct(1, "")
    assert code(line.act("close_bag", chute="1", bag="B1")) == "OK"
    line.say(ItemRejected, parcel=parcel)
    assert item_of(line, 1).state is ItemState.REJECTED
    assert list(line.controller.floor.bags.by_chute) == [2]
