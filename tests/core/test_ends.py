"""A lot of the order pool ends with its last order, when that outcome cannot change any more: then its account is due, once."""

import pytest

from edge.core.events import DocumentRejected, LotFiled, ManifestGranted, ManifestSealed, OrderCancelled
from edge.core.orders import OrderState
from edge.core.recall import Recall
from edge.core.values import DocumentKey, LotId, OrderId
from tests.core.line import Line, order
from tests.core.test_carry import taken_over
from tests.core.test_lots import code, receive, told
from tests.core.test_recall import cancel

L = LotId("L")


def line_of(*numbers: int) -> Line:
    return Line([order(n) for n in numbers])


def due(line: Line) -> dict[str, int]:
    return dict(line.controller.lots.unfiled)


def grant(line: Line, version: int, *numbers: int, lot: LotId = L) -> None:
    line.say(ManifestGranted, lot=lot, version=version, chunk=0, orders=tuple(order(n) for n in numbers))
    line.say(ManifestSealed, lot=lot, version=version, chunks=1, digest="d")


def close_bag(line: Line) -> None:
    assert code(line, "close_bag", chute="2", bag="B2") == "OK"


def hand_back(line: Line, n: int, act: str = "return_to_issuer") -> None:
    """Its document is matched, rejected all the same, and given back."""
    line.feed(n)
    line.read(n)
    line.say(DocumentRejected, document=DocumentKey(f"D1-{n}"))
    assert code(line, act, documents=f"D1-{n}") == "OK"


def filed(line: Line, account: int = 1, *, fault: str = "") -> None:
    line.say(LotFiled, lot=L, account=account, file="L.json", sha256="00", size_bytes=7, key="11", fault=fault)


def test_the_last_order_in_a_closed_bag_ends_its_lot_once() -> None:
    line = line_of(1, 2, 3)
    line.through(1)
    assert cancel(line, order_id=OrderId("O2")) == "CANCELLED"
    hand_back(line, 3)
    assert due(line) == {}, "what lies in an open bag may be taken out of it"
    close_bag(line)
    assert due(line) == {"L": 1}
    filed(line)
    assert due(line) == {}
    assert cancel(line) == "BAG_CLOSED"
    assert due(line) == {}, "that changes nothing"
    assert [(body["lot"], body["account"]) for body in told(line, "lot_filed")] == [("L", 1)]


def test_an_order_that_waits_keeps_its_lot_open() -> None:
    line = line_of(1, 2)
    line.through(1)
    close_bag(line)
    line.feed(2)
    line.read(2)
    line.say(DocumentRejected, document=DocumentKey("D1-2"))
    assert due(line) == {}, "it may be fed again"
    assert code(line, "damaged", documents="D1-2") == "OK"
    assert due(line) == {"L": 1}


def test_what_is_called_back_ends_when_it_is_out_of_its_bag() -> None:
    line = line_of(1)
    line.through(1)
    assert cancel(line) == "RECALLED"
    assert due(line) == {}
    assert code(line, "take_out", chute="2", label=line.qr(1)) == "OK"
    assert due(line) == {"L": 1}


@pytest.mark.parametrize("what", ["cancelled", "given back"])
def test_what_was_doubted_and_taken_out_has_no_outcome_yet(what: str) -> None:
    line = line_of(1)
    line.through(1)
    core = line.controller
    recall: Recall = core.recall
    recall.distrust(core.sorting.dispatched[OrderId("O1")], "CONTENT_MISMATCH")
    assert code(line, "take_out", chute="2", label=line.qr(1)) == "OK"
    assert due(line) == {}
    if what == "cancelled":
        assert cancel(line) == "CANCELLED", "it is in no bag"
    else:
        assert code(line, "open_envelope", item="I1-1", labels=line.qr(1), second="P2") == "OK"
        assert code(line, "return_to_issuer", documents="D1-1") == "OK"
    assert due(line) == {"L": 1}


def test_what_was_doubted_and_then_called_back_is_taken_out_once() -> None:
    line = line_of(1)
    line.through(1)
    line.controller.recall.distrust(line.controller.sorting.dispatched[OrderId("O1")], "CONTENT_MISMATCH")
    assert cancel(line) == "RECALLED"
    assert code(line, "take_out", chute="2", label=line.qr(1)) == "OK"
    close_bag(line)
    assert due(line) == {"L": 1}


def test_the_first_outcome_stands() -> None:
    line = line_of(1, 2)
    for n in (1, 2):
        line.feed(n)
        line.read(n)
        line.say(DocumentRejected, document=DocumentKey(f"D1-{n}"))
    cancel(line)
    for n in (1, 2):
        assert code(line, "return_to_issuer", documents=f"D1-{n}") == "OK"
    assert due(line) == {"L": 1}
    assert cancel(line, order_id=OrderId("O2")) == "CANCELLED"
    state = line.controller.floor.pool.state
    assert (state[OrderId("O1")], state[OrderId("O2")]) == (OrderState.CANCELLED, OrderState.RETURNED)
    assert due(line) == {"L": 1}


def test_what_is_called_back_is_not_late() -> None:
    line = line_of(1, 2)
    line.through(1)
    cancel(line)
    assert line.controller.floor.clocks.since_ms(OrderId("O1")) is None


def test_a_version_with_more_orders_opens_the_lot_again() -> None:
    line = line_of(1)
    cancel(line)
    grant(line, 2, 1, 2)
    filed(line, fault="disk")
    assert due(line) == {"L": 1}, "the account of the first version is due as it was"
    cancel(line, order_id=OrderId("O2"))
    assert due(line) == {"L": 2}
    filed(line)
    assert (due(line), told(line, "lot_filed")) == ({"L": 2}, []), "that was the one before"
    filed(line, 2)
    assert [body["account"] for body in told(line, "lot_filed")] == [2]
    assert "LOT_NOT_FILED" not in line.controller.floor.conditions.active


def test_a_version_without_more_orders_has_its_own_account() -> None:
    line = line_of(1)
    grant(line, 2, 1)
    assert due(line) == {}
    cancel(line)
    assert due(line) == {"L": 1}, "both versions end together"
    filed(line)
    grant(line, 3, 1)
    assert due(line) == {"L": 2}
    grant(line, 3, 1)
    assert due(line) == {"L": 2}, "a repetition changes nothing"


def test_an_order_is_of_the_lot_that_brought_it() -> None:
    line = line_of(1)
    grant(line, 1, 1, 2, lot=LotId("M"))
    cancel(line)
    assert due(line) == {"L": 1}
    cancel(line, order_id=OrderId("O2"))
    assert due(line) == {"L": 1, "M": 1}


def test_a_receipt_lot_of_the_same_name_has_its_account_beside() -> None:
    line = line_of(1)
    receive(line, "L", "token1")
    line.through(1)
    assert code(line, "close_lot", lot="L", lead="") == "OK"
    filed(line)
    assert due(line) == {}
    close_bag(line)
    assert due(line) == {"L": 2}


def test_what_another_release_has_ended_is_not_told_again() -> None:
    old = line_of(1, 2)
    old.through(1)
    close_bag(old)
    hand_back(old, 2)
    assert due(old) == {"L": 1}
    new = taken_over(old)
    assert due(new) == {}
    assert cancel(new) == "BAG_CLOSED", "in which bag nobody knows any more"
    assert cancel(new, order_id=OrderId("O2")) == "CANCELLED"
    assert new.controller.floor.pool.state[OrderId("O2")] is OrderState.RETURNED
    grant(new, 1, 1, 2, lot=LotId("N"))
    assert due(new) == {}


def test_the_rest_of_a_lot_ends_under_the_next_release() -> None:
    old = line_of(1, 2)
    hand_back(old, 1)
    new = taken_over(old)
    assert due(new) == {}
    new.say(OrderCancelled, order_id=OrderId("O2"), version=1)
    assert due(new) == {"L": 1}
