"""D4 and the bags: what no other part of the line lets happen is refused here all the same."""

from edge.core.commands import Divert, Outcome, RejectItem
from edge.core.device_events import ParcelScanned
from edge.core.events import Diverted, DivertUnconfirmed, HandedOver, Inducted, Inserted, ItemRejected, Sealed, Weighed
from edge.core.item import ItemState
from edge.core.values import DocumentKey, ItemId, ParcelKey, Verdict
from tests.core.line import Line
from tests.core.test_controller import code, published, reasons
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
    assert code(line.act("recount_bag", chute="2", labels="")) == "COUNT_AGAIN"
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


def test_a_text_of_another_print_is_a_mismatch_and_no_text_a_failed_reading() -> None:
    for text, reason in (("EA000000009CN;9", "SCAN_MISMATCH"), ("", "SCAN_UNREADABLE")):
        line = Line()
        line.to_handed_over(1)
        line.induct(1, text)
        assert (item_of(line, 1).reason, item_of(line, 1).quarantined) == (reason, True)
        assert [c.reason for c in line.said(RejectItem)] == [reason]


def test_a_stranger_may_only_be_rejected() -> None:
    line = Line()
    parcel = line.induct(1, "")
    assert [(c.parcel, c.reason) for c in line.said(RejectItem)] == [(parcel, "SCAN_MISMATCH")]
    line.say(ItemRejected, parcel=parcel)
    assert "WRONG_CHUTE" not in conditions(line)
    other = line.induct(2, "")
    line.say(DivertUnconfirmed, parcel=other, chute=1)
    assert "WRONG_CHUTE" in conditions(line)
    assert line.controller.sorting._strangers == {}


def test_a_stranger_that_was_seen_in_the_reject_before_its_text_is_done() -> None:
    line = Line()
    line.say(Inducted, parcel=ParcelKey("S1-1"))
    line.say(ItemRejected, parcel=ParcelKey("S1-1"))
    line.say(ParcelScanned, text="x")
    assert line.controller.sorting._strangers == {}
    assert line.controller.sorting._early == {}
    assert "EXTRA_ITEM" in conditions(line)


def test_in_the_wrong_chute_it_is_doubted_where_it_lies() -> None:
    line = Line()
    line.to_handed_over(1)
    line.say(Diverted, parcel=line.induct(1, line.qr(1)), chute=1)
    item = item_of(line, 1)
    assert (item.chute, item.reason, item.quarantined) == (1, "UNEXPECTED_PLACE", True)
    assert line.controller.floor.bags.by_chute[1].unconfirmed == ["I1-1"]


def test_dispatched_is_told_with_bag_and_sort_plan() -> None:
    line = Line()
    line.through(1)
    assert published(line, "dispatched") == [
        {
            "item": "I1-1", "order_id": "O1", "tracking_number": "EA000000001CN", "chute": 2, "bag": "B2", "sort_plan": "v1",
        }
    ]  # fmt: skip
    assert item_of(line, 1).bag_position == 1
    assert [(c.key, c.value) for c in line.said(Outcome) if c.table == "dispatched"] == [("O1", "EA000000001CN")]


def test_an_unproved_divert_is_called_back_only_before_its_end() -> None:
    line = Line()
    line.to_handed_over(1)
    sorting, item = line.controller.sorting, item_of(line, 1)
    sorting.call_back(item)
    parcel = line.induct(1, line.qr(1))
    item.reason = "GUARD_OPENED"
    sorting.call_back(item)
    item.state = ItemState.UNCONFIRMED
    sorting.call_back(item)
    item.state, item.parcel = ItemState.INDUCTED, None
    sorting.call_back(item)
    item.parcel, item.divert_sent = parcel, False
    sorting.call_back(item)
    assert line.controller.floor.out == [RejectItem(parcel=parcel, reason="GUARD_OPENED")]


def test_a_recount_must_name_each_envelope_once_and_no_stranger() -> None:
    line = Line()
    for n in (1, 2, 3):
        line.to_handed_over(n)
    for n in (1, 2):
        line.say(Diverted, parcel=line.induct(n, line.qr(n)), chute=2)
    line.say(DivertUnconfirmed, parcel=line.induct(3, line.qr(3)), chute=2)
    line.mirror()
    one, two, three = (line.qr(n) for n in (1, 2, 3))
    for labels in (f"{one},{two},{two}", f"{one}", f"{one},{two},{three},x", f"{one},{two},{three},{three}"):
        assert code(line.act("recount_bag", chute="2", labels=labels)) == "BAG_DIFFERS", labels
    assert line.controller.floor.bags.by_chute[2].locked
    assert code(line.act("recount_bag", chute="2", labels=f"{three},{two},{one}")) == "OK"
    assert reasons(line) == {"dispatched": 3}
    assert "DIVERT_UNCONFIRMED" not in conditions(line)


def test_an_envelope_without_a_label_is_taken_out_without_one() -> None:
    line = Line()
    unlabelled(line, 1)
    line.say(Diverted, parcel=line.induct(1, ""), chute=2)
    assert code(line.act("take_out", chute="2")) == "OK"


def test_what_is_on_its_way_is_not_sent_again_when_another_bag_is_recounted() -> None:
    line = Line()
    for n in (1, 2):
        line.to_handed_over(n)
    first = line.induct(1, line.qr(1))
    line.induct(2, line.qr(2))
    line.say(DivertUnconfirmed, parcel=first, chute=2)
    line.mirror()
    assert code(line.act("recount_bag", chute="2", labels=line.qr(1))) == "OK"
    assert [c.parcel for c in line.said(Divert)] == ["S1-1", "S1-2"]
