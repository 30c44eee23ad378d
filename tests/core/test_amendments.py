"""An order may go elsewhere, or sooner, until one of its documents is on the line; old words after new ones are refused."""

import pytest

from edge.core.commands import PrintLabel, Publish
from edge.core.events import DocumentRejected, OrderAmended, OrderCancelled
from edge.core.routing import route
from edge.core.values import Address, DocumentKey, OrderId
from tests.core.line import PLAN, Line

O1 = OrderId("O1")
ELSEWHERE = Address("441900", "东莞市样例路 9 号", "测试乙", "19900000009")


def amend(line: Line, version: int = 1, order_id: str = O1, address: Address = ELSEWHERE, priority: int = 0) -> str:
    event = {"order_id": OrderId(order_id), "version": version, "address": address, "client_unit": "U9", "fee_code": "F9"}
    out = line.say(OrderAmended, **event, priority=priority)
    (told,) = (c.body for c in out if isinstance(c, Publish) and c.kind == "amendment")
    assert (told["order_id"], told["version"]) == (order_id, version)
    return str(told["code"])


def test_a_waiting_order_goes_elsewhere_and_its_label_says_so() -> None:
    line = Line()
    before = line.controller.floor.pool.orders[O1]
    assert amend(line) == "AMENDED"
    after = line.controller.floor.pool.orders[O1]
    assert (after.address, after.client_unit, after.fee_code) == (ELSEWHERE, "U9", "F9")
    assert (after.documents, after.tracking_number, after.product) == (before.documents, before.tracking_number, before.product)
    line.to_weighed(1)
    (label,) = line.said(PrintLabel)
    assert label.label.address == ELSEWHERE.text
    assert label.label.chute == route(PLAN, ELSEWHERE.county) == 1
    assert route(PLAN, before.address.county) == 2


@pytest.mark.parametrize(
    ("version", "order_id", "county", "code"),
    [
        (5, "nobody's", "441900", "UNKNOWN_ORDER"),
        (3, "O1", "441900", "OLD_VERSION"),
        (2, "O1", "441900", "OLD_VERSION"),
        (4, "O1", "999999", "UNROUTABLE"),
    ],
)
def test_what_is_refused_changes_nothing(version: int, order_id: str, county: str, code: str) -> None:
    line = Line()
    assert amend(line, 3) == "AMENDED"
    before = line.controller.floor.pool.orders[O1]
    assert amend(line, version, order_id, Address(county, "x", "y", "z")) == code
    assert line.controller.floor.pool.orders[O1] == before


def test_it_is_too_late_once_a_document_is_on_the_line_and_good_again_when_it_was_rejected() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    assert amend(line) == "TOO_LATE"
    line.say(OrderCancelled, order_id=O1, version=2)
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert amend(line, 3) == "TOO_LATE", "it has ended"
    line.feed(2)
    line.read(2)
    line.to_weighed(3)
    assert amend(line, 1, "O4") == "AMENDED"


def test_cancellations_and_amendments_share_their_versions() -> None:
    line = Line()
    assert amend(line, 4) == "AMENDED"
    out = line.say(OrderCancelled, order_id=O1, version=4)
    assert [c.body["code"] for c in out if isinstance(c, Publish) and c.kind == "cancellation"] == ["OLD_VERSION"]


def test_urgency_comes_and_goes() -> None:
    line = Line()
    grant = line.controller.floor.pool._register.grant_of[O1]
    assert amend(line, 1, priority=2) == "AMENDED"
    assert list(grant.urgent) == [O1]
    assert amend(line, 2) == "AMENDED"
    assert not grant.urgent
