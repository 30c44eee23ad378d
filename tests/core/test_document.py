"""A document up to the gate, in the moments where two things happen at one stamp."""

from edge.core.commands import InsertClose, RejectDocument
from edge.core.events import DeadlinePassed, DocumentRejected
from edge.core.orders import OrderState
from edge.core.values import DocumentKey, OrderId
from tests.core.line import SETTINGS
from tests.core.test_collation import Inserter


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
