"""A label that cannot be made is known before anything is sealed: the document goes to the tray, for the manual desk."""

from msgspec import structs

from edge.core.commands import InsertClose, Publish, RejectDocument, TryLabel
from edge.core.device_events import LabelImpossible
from edge.core.events import Booted, ConfigLoaded, DocumentRejected, Inserted, ItemEjected
from edge.core.values import DocumentKey, ItemId, OrderId, SortPlan, Verdict
from tests.core.line import PLAN, SETTINGS, Line, order

O1, D1 = OrderId("O1"), DocumentKey("D1-1")
REASON = "label: no font of this layout has a glyph for U+20BB7"


def impossible(line: Line, order_id: OrderId = O1) -> None:
    line.say(LabelImpossible, order_id=order_id, reason=REASON)


def test_a_label_is_tried_as_soon_as_its_order_is_found_and_only_once() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    (trial,) = line.said(TryLabel)
    assert (trial.order_id, trial.label.tracking_number, trial.label.payload_qr) == (
        "O1", "EA000000001CN", "EA000000001CN;9999999",
    )  # fmt: skip
    line.say(DocumentRejected, document=D1)
    line.feed(2)
    line.read(2, token="token1")
    assert len(line.said(TryLabel)) == 1
    line.say(Booted, boot=2, journal_id="j", version="t")
    assert not line.controller.floor.pool.impossible


def test_before_the_gate_the_document_goes_to_the_tray() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    assert line.said(InsertClose)
    impossible(line)
    (refused,) = line.said(RejectDocument)
    assert (refused.document, refused.reason) == (D1, "LABEL_IMPOSSIBLE")
    told = [command.body for command in line.said(Publish) if command.kind == "label_impossible"]
    assert told == [{"order_id": "O1", "reason": REASON}]


def test_an_envelope_that_waits_open_for_the_rest_of_its_order_is_ejected() -> None:
    family = structs.replace(order(1), documents=(order(1).documents[0], order(2).documents[0]))
    line = Line([family])
    line.feed(1)
    line.read(1)
    line.say(Inserted, document=D1, item=ItemId("I1-1"))
    impossible(line)
    line.say(ItemEjected, item=ItemId("I1-1"))
    assert line.controller.items.all[ItemId("I1-1")].reason == "LABEL_IMPOSSIBLE"


def test_the_next_time_it_is_refused_at_once_on_the_belt_and_taken_at_the_desk() -> None:
    line = Line()
    impossible(line)
    line.feed(1)
    line.read(1)
    assert [refused.reason for refused in line.said(RejectDocument)] == ["LABEL_IMPOSSIBLE"]
    find = line.controller.floor.pool.find
    assert find("resident_id", "token1", "skeleton1", at_desk=True).verdict is Verdict.MATCH
    assert find("resident_id", "token1", "skeleton1").verdict is Verdict.UNKNOWN
    assert find("resident_id", "token2", "skeleton2").verdict is Verdict.MATCH


def test_an_order_that_nobody_knows_changes_nothing() -> None:
    line = Line()
    impossible(line, OrderId("O99"))
    assert not line.controller.floor.pool.impossible


def test_a_label_without_a_route_is_not_tried() -> None:
    line = Line()
    line.say(ConfigLoaded, digest="d", settings=SETTINGS, sort_plan=SortPlan("v", {"99": 1}, PLAN.reject_chute))
    line.feed(1)
    line.read(1)
    assert not line.said(TryLabel)
