"""A label's life: printed once, purged, voided; what the printer and the applicator say of labels that nobody knows."""

from edge.core.commands import Apply, NoLabel, Outcome, PurgeLabel
from edge.core.events import Inserted, LabelPrinted, LabelPurged, PrintFailed, Sealed, Weighed
from edge.core.values import DocumentKey, ItemId, PrintId
from tests.core.line import Line
from tests.core.test_controller import published


def unexpected(line: Line) -> dict[str, int]:
    return line.controller.floor.unexpected


def test_a_print_that_nobody_asked_for_is_counted_and_commands_nothing() -> None:
    line = Line()
    before = len(line.commands)
    line.say(LabelPrinted, print_id=PrintId(77))
    line.say(PrintFailed, print_id=PrintId(77), sent=False, reason="silent")
    assert unexpected(line) == {"unknown print/printed": 1, "unknown print/print failed": 1}
    assert len(line.commands) == before


def test_printed_twice_is_applied_once() -> None:
    line = Line()
    line.to_weighed(1)
    for _ in range(2):
        line.say(LabelPrinted, print_id=line.print_id(1))
    assert len(line.said(Apply)) == 1
    assert line.said(PurgeLabel) == []


def test_purged_from_an_item_that_has_no_print_voids_none() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    item = ItemId("I1-1")
    line.say(Inserted, document=DocumentKey("D1-1"), item=item)
    line.say(Sealed, item=item)
    line.say(Weighed, item=item, weight_100mg=90_000)
    line.say(LabelPurged, item=item, print_id=PrintId(5))
    assert line.controller.items.all[item].reason == "WEIGHT_OUT_OF_RANGE", "the first reason stays"
    assert {outcome.table for outcome in line.said(Outcome)} == {"bag"}


def test_a_print_is_voided_once() -> None:
    line = Line()
    item = line.to_weighed(1)
    for _ in range(2):
        line.say(LabelPurged, item=item, print_id=line.print_id(1))
    rows = [(c.table, c.key, c.value) for c in line.said(Outcome) if c.table != "bag"]
    assert rows == [("print", "1", "EA000000001CN"), ("void", "1", "purged")]
    assert published(line, "label_void") == [{"item": item, "print_id": 1, "reason": "purged"}]


def test_whether_it_was_sent_decides_what_is_told_of_a_failed_print() -> None:
    line = Line()
    for n, sent in ((1, True), (2, False)):
        line.to_weighed(n)
        line.say(PrintFailed, print_id=line.print_id(n), sent=sent, reason="head open")
    assert published(line, "label_unknown") == [{"item": "I1-1", "print_id": 1, "reason": "head open"}]
    assert published(line, "label_void") == [{"item": "I1-2", "print_id": 2, "reason": "head open"}]
    assert [item.reason for item in line.controller.items.all.values()] == ["PRINT_FAILED"] * 2
    assert [c.item for c in line.said(NoLabel)] == ["I1-1", "I1-2"]
