"""A document up to the gate, in the moments where two things happen at one stamp."""

from edge.core.commands import EjectUnsealed, InsertClose, RejectDocument
from edge.core.events import DeadlinePassed, DocumentFed, DocumentRejected, Inserted
from edge.core.orders import OrderState
from edge.core.values import DocumentKey, ItemId, OrderId
from tests.core.line import SETTINGS, Line
from tests.core.test_collation import Inserter
from tests.core.test_controller import published


def test_the_gate_rejects_the_first_at_the_stamp_at_which_the_rest_is_late() -> None:
    line = Inserter()
    key = line.feed(1)
    line.read(1, token="X1")
    # The deadline is handled before the event: the order is broken up, and nothing of it is left when it is called back.
    line.say(DocumentRejected, SETTINGS.collation_deadline_ms, document=key)
    assert line.said(RejectDocument) == [], "it lies in the tray already"
    assert line.controller.floor.pool.state[OrderId("X")] is OrderState.WAITING
    line.fed = 1
    line.come("X1", "X2")
    assert line.sealed() == [["X1", "X2"]]


def test_frames_that_come_at_the_stamp_of_the_read_deadline_are_too_late() -> None:
    line = Inserter()
    line.feed(1)
    line.say(DeadlinePassed, SETTINGS.read_deadline_ms - 1)
    assert line.said(RejectDocument) == []
    line.frame(1, 0, token="Z1")
    assert [c.reason for c in line.said(RejectDocument)] == ["READ_LATE"]
    assert line.controller.documents.all[DocumentKey("D1-1")].token == ""


def test_frames_of_nobody_and_frames_before_their_document() -> None:
    line = Inserter()
    line.frame(7, 0, token="Z1")
    line.frame(1, 0, token="Z1")
    line.frame(1, 1, token="Z1")
    assert line.said(InsertClose) == [], "nobody was fed"
    line.feed(1)
    assert [c.document for c in line.said(InsertClose)] == ["D1-1"]


def test_what_is_told_of_a_document_and_shown_in_the_list_of_rejects() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.feed(2)
    line.read(2, token="unknown")
    line.say(DocumentRejected, document=DocumentKey("D1-2"))
    assert published(line, "document_fed") == [{"document": "D1-1"}, {"document": "D1-2"}]
    assert published(line, "content_check") == [
        {"document": "D1-1", "verdict": "MATCH", "reason": "", "order_id": "O1"},
        {"document": "D1-2", "verdict": "NO_ORDER", "reason": "NO_ORDER", "order_id": None},
    ]
    (row,) = line.controller.floor.production.rejects
    assert row[:5] == (line.controller.floor.wall_ms(), "D1-2", "NO_ORDER", "4401************12", "document_tray")
    (told,) = published(line, "rejected")
    assert (told["document"], told["order_id"], told["reason"], told["place"]) == ("D1-2", None, "NO_ORDER", "document_tray")
    assert line.controller.documents.rejected == 1


def test_a_frame_behind_the_last_and_one_behind_the_deadline_change_nothing() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.frame(1, 2, token="unknown")
    line.feed(2)
    line.say(DeadlinePassed, SETTINGS.read_deadline_ms)
    line.read(2)
    assert [row["verdict"] for row in published(line, "content_check")] == ["MATCH"]
    assert [c.document for c in line.said(InsertClose)] == ["D1-1"]
    assert line.controller.documents.all[DocumentKey("D1-2")].token == ""


def test_the_second_on_one_exposure_is_refused_once_and_owes_no_reading() -> None:
    line = Line()
    line.feed(1)
    line.say(DocumentFed, document=DocumentKey("D1-2"), trigger=2)
    line.say(DeadlinePassed, SETTINGS.read_deadline_ms)
    refused = sorted((c.document, c.reason) for c in line.said(RejectDocument))
    assert refused == [("D1-1", "READ_LATE"), ("D1-2", "UNREADABLE")]
    assert line.controller.floor.unexpected == {}


def test_one_in_doubt_breaks_up_its_order() -> None:
    line = Inserter()
    for n, token in ((1, "X1"), (2, "X2")):
        line.feed(n)
        line.read(n, token=token)
    line.controller.documents.quarantine(line.controller.documents.all[DocumentKey("D1-1")], "POSITION_DOUBT")
    line.say(DeadlinePassed)
    assert [(c.document, c.reason) for c in line.said(RejectDocument)] == [("D1-1", "POSITION_DOUBT"), ("D1-2", "INCOMPLETE")]


def test_inserted_before_we_said_anything() -> None:
    line = Line()
    line.feed(1)
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))
    assert [c.reason for c in line.said(EjectUnsealed)] == ["UNEXPECTED_PLACE"]
