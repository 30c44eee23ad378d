"""A camera that missed a burst counts on from there: no document may get the frames of the one that follows it."""

import pytest

from edge.core.commands import InsertClose, RejectDocument
from edge.core.events import DeadlinePassed, DocumentFed
from edge.core.values import DocumentKey
from tests.core.line import Line


def rejected(line: Line) -> dict[str, str]:
    return {command.document: command.reason for command in line.said(RejectDocument)}


def inserted(line: Line) -> list[str]:
    return [command.document for command in line.said(InsertClose)]


def test_the_followers_frames_under_the_number_before_are_too_late() -> None:
    line = Line()
    line.feed(1)
    line.now_ms += 800
    line.feed(2)
    # Its camera missed the first burst: what it shows is the second document, what it says is the first one's number.
    for k in (0, 1):
        line.frame(1, k, token="token2")
    line.now_ms += 800
    line.feed(3)
    assert inserted(line) == []
    assert rejected(line) == {"D1-1": "READ_LATE", "D1-2": "READ_LATE"}


def test_frames_that_were_quicker_than_the_plc_are_doubted_when_the_next_ones_stay_away() -> None:
    line = Line()
    line.feed(1)
    # The second document is before the camera already, but the PLC's word of it is not here yet.
    for k in (0, 1):
        line.frame(1, k, token="token2")
    assert inserted(line) == ["D1-1"]
    line.feed(2)
    line.say(DeadlinePassed, 1_300)
    assert rejected(line) == {"D1-2": "READ_LATE", "D1-1": "FRAMES_IN_DOUBT"}
    assert line.controller.documents.all[DocumentKey("D1-1")].quarantined


def test_one_of_two_frames_is_judged_when_the_next_document_comes() -> None:
    line = Line()
    line.feed(1)
    line.frame(1, 0)
    line.feed(2)
    assert inserted(line) == ["D1-1"], "it was read surely"
    line.read(2)
    assert inserted(line) == ["D1-1", "D1-2"]
    assert rejected(line) == {}


@pytest.mark.parametrize(("unread", "warned"), [(4, False), (5, True)])
def test_many_in_a_row_that_cannot_be_read_are_told(unread: int, *, warned: bool) -> None:
    line = Line()
    for n in range(1, unread + 1):
        line.feed(n)
        for k in (0, 1):
            line.frame(n, k, kind=None)
    assert ("NO_READS" in line.controller.floor.conditions.active) == warned
    line.say(DocumentFed, document=DocumentKey("D1-7"), trigger=14)
    line.read(7)
    assert "NO_READS" not in line.controller.floor.conditions.active
