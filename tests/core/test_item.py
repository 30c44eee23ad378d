"""An item on its way: what is said of items that nobody knows or that are gone already."""

import pytest

from edge.core.commands import EjectUnsealed, PrintLabel, Seal
from edge.core.events import Inserted, ItemEjected, Lost, Sealed, Weighed
from edge.core.item import ItemState
from edge.core.values import DocumentKey, ItemId, Plc
from tests.core.line import Line
from tests.core.test_collation import Inserter
from tests.core.test_controller import published
from tests.core.test_corners import conditions


def test_the_loss_of_what_nobody_knows_or_is_gone_changes_nothing() -> None:
    line = Line()
    line.through(1)
    before = len(line.commands)
    line.say(Lost, plc=Plc.MACHINE, key="I1-99", station="seal")
    line.say(Lost, plc=Plc.MACHINE, key="I1-1", station="seal")
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.DISPATCHED
    assert len(line.commands) == before
    assert "ITEM_LOST" not in conditions(line)


# --- reasons, places and what is told of them ---
def item_of(line: Line, n: int):
    return line.controller.items.all[ItemId(f"I1-{n}")]


def inserted(line: Line, n: int, *, item: int | None = None, flags: int = 0) -> None:
    line.feed(n)
    line.read(n)
    line.say(Inserted, document=DocumentKey(f"D1-{n}"), item=ItemId(f"I1-{item or n}"), flags=flags)


@pytest.mark.parametrize(("weight_100mg", "fits"), [(49, False), (50, True), (9000, True), (9001, False)])
def test_weight_limits(weight_100mg: int, fits: bool) -> None:
    line = Line()
    inserted(line, 1)
    line.say(Sealed, item=ItemId("I1-1"))
    line.say(Weighed, item=ItemId("I1-1"), weight_100mg=weight_100mg)
    assert len(line.said(PrintLabel)) == fits
    assert item_of(line, 1).reason == ("" if fits else "WEIGHT_OUT_OF_RANGE")
    assert item_of(line, 1).weight_100mg == weight_100mg
    assert not item_of(line, 1).quarantined


def test_what_is_told_of_an_item() -> None:
    line = Line()
    inserted(line, 1)
    line.say(Sealed, item=ItemId("I1-1"))
    assert published(line, "sealed") == [{"item": "I1-1", "order_id": "O1"}]
    assert line.controller.floor.production.sealed == 1
    line.controller.items.doubt(item_of(line, 1), "POSITION_DOUBT")
    item_of(line, 1).state = ItemState.OPEN
    line.say(ItemEjected, item=ItemId("I1-1"))
    assert published(line, "rejected") == [
        {
            "item": "I1-1", "documents": "D1-1", "order_id": "O1", "reason": "POSITION_DOUBT", "place": "unsealed_eject",
        }
    ]  # fmt: skip
    (row,) = line.controller.floor.production.rejects
    assert row[1:5] == ("I1-1", "POSITION_DOUBT", "4401************12", "unsealed_eject")
    assert row.at_ms == line.controller.floor.wall_ms()
    assert line.controller.items.ejected_count == 1


def test_ejected_by_the_plc_itself_has_its_own_reason_and_no_order_none() -> None:
    line = Line()
    line.say(Inserted, document=DocumentKey("D1-9"), item=ItemId("I1-9"))
    item_of(line, 9).reason = ""
    line.say(ItemEjected, item=ItemId("I1-9"))
    (row,) = published(line, "rejected")
    assert (row["documents"], row["order_id"], row["reason"]) == ("D1-9", None, "PLC_DEFAULT")
    assert line.controller.floor.production.rejects[0].masked == ""


def test_one_more_document_for_a_closed_envelope_doubts_it_and_its_neighbours() -> None:
    line = Line()
    for n in (1, 2, 3, 4):
        inserted(line, n)
        line.say(Sealed, item=ItemId(f"I1-{n}"))
    inserted(line, 5, item=2)
    assert [item_of(line, n).reason for n in (1, 2, 3, 4)] == ["UNEXPECTED_PLACE"] * 3 + [""]
    assert [item_of(line, n).quarantined for n in (1, 2, 3, 4)] == [True] * 3 + [False]
    assert line.controller.floor.unexpected == {"sealed/inserted": 1}
    assert item_of(line, 2).documents == ["D1-2", "D1-5"]


def test_documents_of_two_orders_in_one_envelope_are_ejected_and_neither_order_goes_on() -> None:
    line = Inserter()
    for n, token in ((1, "Z1"), (2, "X1")):
        line.feed(n)
        line.read(n, token=token)
        line.say(Inserted, document=DocumentKey(f"D1-{n}"), item=ItemId("I1-1"))
    assert [c.reason for c in line.said(EjectUnsealed)] == ["CONTENT_MISMATCH"]
    assert (item_of(line, 1).reason, item_of(line, 1).quarantined) == ("CONTENT_MISMATCH", True)
    broken = {order_id: claim.broken for order_id, claim in line.controller.floor.pool.claims.items()}
    assert broken == {"Z": "INCOMPLETE", "X": "CONTENT_MISMATCH"}


def test_while_the_belt_is_in_doubt_what_is_inserted_is_ejected_for_that() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.controller.floor.conditions.set("EVENTS_LOST", on=True, at_us=0)
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))
    assert [c.reason for c in line.said(EjectUnsealed)] == ["LINK_OUTAGE"]
    assert line.said(Seal) == []


def test_a_condemned_item_keeps_its_first_reason_and_an_ended_one_is_left_alone() -> None:
    line = Line()
    line.to_handed_over(1)
    items, item = line.controller.items, item_of(line, 1)
    items.condemn(item, "NO_BAG")
    assert (item.reason, item.quarantined) == ("NO_BAG", False)
    items.condemn(item, "JAM", quarantine=True)
    items.condemn(item, "GUARD_OPENED")
    assert (item.reason, item.quarantined) == ("NO_BAG", True)
    line = Line()
    line.through(1)
    line.controller.items.condemn(item_of(line, 1), "NO_BAG", quarantine=True)
    assert (item_of(line, 1).reason, item_of(line, 1).quarantined) == ("", False)


def test_the_first_and_the_last_on_the_belt_have_one_neighbour() -> None:
    line = Line()
    for n in (1, 2, 3):
        line.to_weighed(n)
    items = line.controller.items
    told = [[one.item_id for one in items.neighbours(ItemId(f"I1-{n}"))] for n in (1, 2, 3)]
    assert told == [["I1-2"], ["I1-1", "I1-3"], ["I1-2"]]
    items.move(item_of(line, 2), "lost")
    assert [one.item_id for one in items.neighbours(ItemId("I1-1"))] == ["I1-2"], "where it was, another may stick"


def test_a_lost_item_is_doubted_and_holds() -> None:
    line = Line()
    for n in (1, 2):
        line.to_weighed(n)
    line.say(Lost, plc=Plc.MACHINE, key="I1-1", station="label")
    assert [item_of(line, n).state for n in (1, 2)] == ["lost", "weighed"]
    assert [item_of(line, n).reason for n in (1, 2)] == ["ITEM_LOST"] * 2
    assert "ITEM_LOST" in conditions(line)
