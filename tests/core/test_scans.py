"""The smallest set of scans: bags by their doubtful labels, things that look alike all but one."""

import msgspec

from edge.core.commands import Publish
from edge.core.events import DivertUnconfirmed, LotReceived, ManifestGranted, ManifestSealed
from edge.core.scans import Scan, scans_needed
from edge.core.values import DocumentKey, ItemId, LotId, OrderDocument, SortPlan
from tests.core.line import PLAN, Line, order
from tests.core.test_lots import code, receive, reject


def needed(line: Line) -> list[Scan]:
    controller = line.controller
    return scans_needed(
        controller.documents.on_belt.values(), controller.items.on_belt.values(), controller.floor.bags.by_chute.values()
    )


def test_nothing_is_scanned_where_everything_is_known() -> None:
    line = Line()
    line.through(1)
    line.feed(2)
    assert needed(line) == []


def unconfirmed_bag(doubtful: int = 2) -> Line:
    line = Line()
    for n in range(1, 4):
        line.through(n)
    for n in range(4, 4 + doubtful):
        line.to_handed_over(n)
        line.say(DivertUnconfirmed, parcel=line.induct(n, line.qr(n)), chute=2)
    return line


def test_a_bag_asks_for_the_labels_that_were_not_confirmed_and_these_are_enough() -> None:
    line = unconfirmed_bag()
    assert needed(line) == [Scan("bag:2", "label", ("I1-4", "I1-5"), 2)]
    assert code(line, "recount_bag", chute="2", labels=f"{line.qr(4)},{line.qr(5)}") == "OK"
    assert needed(line) == []
    assert line.controller.floor.production.outcomes == {"dispatched": 5}


def test_where_one_is_not_found_all_the_others_must_be() -> None:
    line = unconfirmed_bag()
    assert code(line, "recount_bag", chute="2", labels=line.qr(4)) == "BAG_DIFFERS"
    every = ",".join(line.qr(n) for n in (1, 2, 3, 4))
    assert code(line, "recount_bag", chute="2", labels=every) == "COUNT_AGAIN"
    assert code(line, "recount_bag", chute="2", labels=every) == "OK"
    assert line.controller.items.all[ItemId("I1-5")].state.value == "lost"


def test_only_the_same_count_twice_loses_anything() -> None:
    line = unconfirmed_bag(1)
    without = ",".join(line.qr(n) for n in (1, 2, 3))
    assert code(line, "recount_bag", chute="2", labels=without) == "COUNT_AGAIN"
    assert code(line, "recount_bag", chute="2", labels=f"{without},{line.qr(4)}") == "OK"
    assert line.controller.floor.production.outcomes == {"dispatched": 4}


def test_a_stranger_or_a_repetition_in_the_bag_is_a_difference() -> None:
    line = unconfirmed_bag(1)
    assert code(line, "recount_bag", chute="2", labels=f"{line.qr(4)},EA000000009CN;9") == "BAG_DIFFERS"
    assert code(line, "recount_bag", chute="2", labels=f"{line.qr(4)},{line.qr(4)}") == "BAG_DIFFERS"


def test_a_bag_into_which_something_else_may_have_fallen_is_scanned_whole() -> None:
    line = unconfirmed_bag(1)
    line.controller.floor.bags.by_chute[2].suspect = True
    assert needed(line) == [Scan("bag:2", "label", ("I1-1", "I1-2", "I1-3", "I1-4"), 4)]
    assert code(line, "recount_bag", chute="2", labels=line.qr(4)) == "BAG_DIFFERS"
    assert code(line, "recount_bag", chute="2", labels=",".join(line.qr(n) for n in (1, 2, 3, 4))) == "OK"
    assert needed(line) == []


def test_of_lost_things_that_look_alike_all_but_one() -> None:
    line = Line()
    for n in (1, 2, 3):
        line.feed(n)
        line.read(n)
    line.controller.documents.lost(DocumentKey("D1-1"))
    assert needed(line) == [], "one alone is known by its looks"
    line.controller.documents.lost(DocumentKey("D1-2"))
    assert needed(line) == [Scan("beside the belt", "document", ("D1-1", "D1-2"), 1)]
    line.controller.documents.lost(DocumentKey("D1-3"))
    assert needed(line)[0].scans == 2


def test_lost_envelopes_are_told_apart_by_whether_they_bear_a_label() -> None:
    line = Line()
    for n in (1, 2):
        line.to_labelled(n)
    line.to_weighed(3)
    line.controller.items.all[ItemId("I1-3")].print_id = None
    for n in (1, 2, 3):
        line.controller.items.lost(ItemId(f"I1-{n}"))
    assert needed(line) == [Scan("beside the belt", "label", ("I1-1", "I1-2"), 1)]


# --- what to feed next, and where a document without an order goes ---
def test_green_lots_first_then_the_most_urgent_then_the_oldest() -> None:
    line = Line()
    receive(line, "old", "token1", signed_ms=1)
    receive(line, "urgent", "later", signed_ms=2)
    receive(line, "green", "token2", green=True, signed_ms=3)
    named = lambda: [lot.lot_id for lot in line.controller.lots.open_lots()]  # noqa: E731
    assert named() == ["green", "old", "urgent"]
    urgent = order(20)
    urgent = msgspec.structs.replace(urgent, priority=2, documents=(OrderDocument("resident_id", "later", "slater"),))
    line.say(ManifestGranted, lot=LotId("M"), version=1, chunk=0, orders=(urgent, order(21)))
    line.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="d")
    assert named() == ["green", "urgent", "old"]
    receive(line, "same", "token3", signed_ms=0)
    line.say(LotReceived, lot=LotId("twice"), issuer="x", signed_ms=0, documents=(OrderDocument("resident_id", "later", "s"),))
    assert named() == ["green", "urgent", "same", "old"], "a document is in one lot only"


def test_a_document_without_an_order_goes_where_its_office_has_it_picked_up() -> None:
    line = Line()
    line.controller.floor.sort_plan = SortPlan(PLAN.version, PLAN.routes, 0, {"样例公安局": "自取柜 1"})
    receive(line, "R", "nobody", "token1")
    reject(line, 5, token="nobody")
    reject(line, 6, token="token2")
    shown = {row.key: row.pick_up for row in line.controller.floor.production.rejects}
    assert shown == {"D1-5": "自取柜 1", "D1-6": ""}
    told = [c.body["pick_up"] for c in line.said(Publish) if c.kind == "rejected"]
    assert told == ["自取柜 1", ""]


def test_an_office_without_a_place_and_a_document_of_nobody() -> None:
    line = Line()
    reject(line, 5, token="nobody")
    assert [row.pick_up for row in line.controller.floor.production.rejects] == [""]
