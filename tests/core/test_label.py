"""A label's life: printed once, purged, voided; what the printer and the applicator say of labels that nobody knows."""

import pytest

from edge.core.commands import Apply, NoLabel, Outcome, PrintLabel, PurgeLabel
from edge.core.device_events import LabelInDoubt, LabelPrinted, LabelRead, PrintFailed
from edge.core.events import (
    DeadlinePassed,
    HandedOver,
    Inserted,
    ItemEjected,
    LabelApplied,
    LabelExposed,
    LabelPurged,
    Sealed,
    Weighed,
)
from edge.core.values import Camera, DocumentKey, ItemId, LabelText, PrintId, Symbol, Verdict
from tests.core.line import SETTINGS, Line, order
from tests.core.test_controller import published
from tests.core.test_corners import conditions


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


def test_a_failed_print_in_doubt_is_purged_from_the_pad() -> None:
    line = Line()
    item = line.to_weighed(1)
    line.say(PrintFailed, print_id=line.print_id(1), sent=True, reason="silent")
    line.say(LabelInDoubt, print_id=line.print_id(1))
    assert [(c.item, c.print_id) for c in line.said(PurgeLabel)] == [(item, 1)]
    line.say(LabelPurged, item=item, print_id=line.print_id(1))
    assert published(line, "label_void") == [{"item": item, "print_id": 1, "reason": "purged"}]
    line.say(LabelInDoubt, print_id=PrintId(77))
    assert unexpected(line) == {"unknown print/in doubt": 1}


@pytest.mark.parametrize(
    ("since", "purges"),
    [("nothing", 0), ("condemned", 0), ("applied", 1), ("purged", 1), ("lost", 1)],
)
def test_while_the_label_before_it_is_on_the_pad_none_in_doubt_can_be_there(since: str, purges: int) -> None:
    line = Line()
    before = line.to_weighed(1)
    line.say(LabelPrinted, print_id=line.print_id(1))
    line.to_weighed(2)
    line.say(PrintFailed, print_id=line.print_id(2), sent=True, reason="silent")
    if since == "condemned":
        line.controller.items.condemn(line.controller.items.all[before], "POSITION_DOUBT")
    elif since == "lost":
        line.controller.items.lost(before)
    elif since != "nothing":
        line.say(LabelApplied if since == "applied" else LabelPurged, item=before, print_id=line.print_id(1))
    line.say(LabelInDoubt, print_id=line.print_id(2))
    assert [c.print_id for c in line.said(PurgeLabel)] == [2] * purges


# --- the label check and what is told of it ---
def unlabelled(line: Line, n: int) -> ItemId:
    line.feed(n)
    line.read(n)
    item = ItemId(f"I1-{n}")
    line.say(Inserted, document=DocumentKey(f"D1-{n}"), item=item)
    line.say(Sealed, item=item)
    line.say(Weighed, item=item, weight_100mg=90_000)
    return item


def test_an_envelope_without_a_print_has_no_label_check() -> None:
    line = Line()
    item = unlabelled(line, 1)
    line.expose(1, (Symbol("qr", "x"),))
    assert published(line, "label_check") == []
    assert line.controller.items.all[item].label_check is None


def test_frames_that_were_there_before_the_exposure_are_judged_with_it() -> None:
    line = Line()
    item = line.to_labelled(1)
    for k in (0, 1):
        read(line, 2, k, line.symbols(1))
    line.say(LabelExposed, item=item, trigger=2)
    assert published(line, "label_check") == [
        {"item": "I1-1", "order_id": "O1", "verdict": "MATCH", "reason": ""},
    ]  # fmt: skip
    assert line.controller.items.all[item].proved


def test_a_frame_behind_the_last_is_not_judged_again() -> None:
    line = Line()
    line.to_labelled(1)
    line.expose(1)
    read(line, 2, 2, (Symbol("qr", "another"),))
    assert [row["verdict"] for row in published(line, "label_check")] == ["MATCH"]
    assert line.controller.items.all[ItemId("I1-1")].label_check is Verdict.MATCH


def read(line: Line, trigger: int, k: int, symbols: tuple[Symbol, ...]) -> None:
    line.say(LabelRead, camera=Camera.LABEL, camera_boot=1, trigger=trigger, k=k, evidence=f"e{k}", symbols=symbols)


def test_two_on_one_exposure_leave_the_second_unchecked() -> None:
    line = Line()
    first, second = line.to_labelled(1), line.to_labelled(2)
    for item in (first, second):
        line.say(LabelExposed, item=item, trigger=2)
    for k in (0, 1):
        read(line, 2, k, line.symbols(2))
    line.say(DeadlinePassed, SETTINGS.label_read_deadline_ms)
    assert [(row["item"], row["verdict"]) for row in published(line, "label_check")] == [("I1-1", "UNREADABLE")]
    assert line.controller.items.all[second].label_check is None


def test_evidence_is_that_of_the_first_frame_and_none_without_one() -> None:
    line = Line()
    item = line.to_labelled(1)
    line.say(LabelExposed, item=item, trigger=2)
    read(line, 2, 1, line.symbols(1))
    line.say(DeadlinePassed, SETTINGS.label_read_deadline_ms)
    assert line.controller.items.all[item].evidence == "e1"
    other = line.to_labelled(2)
    line.say(LabelExposed, item=other, trigger=4)
    line.say(DeadlinePassed, SETTINGS.label_read_deadline_ms)
    assert line.controller.items.all[other].evidence == ""


WRONG = (Symbol("code128", "EA000000099CN"),)


def test_a_wrong_label_doubts_its_neighbours_and_a_right_one_between_two_wrong_ones_holds_nothing() -> None:
    line = Line()
    for n in (1, 2, 3, 4, 5):
        line.to_labelled(n)
    line.expose(2, WRONG)
    items = line.controller.items.all
    assert [item.quarantined for item in items.values()] == [True, True, True, False, False]
    line.expose(4)
    line.expose(5, WRONG)
    assert "LABEL_MISMATCH_TWICE" not in conditions(line)
    line.expose(3, ())
    line.expose(1, WRONG)
    assert "LABEL_MISMATCH_TWICE" in conditions(line), "what could not be read is no right label between them"


@pytest.mark.parametrize(("weight_100mg", "weight_g"), [(180, 18), (184, 18), (185, 19), (194, 19), (195, 20)])
def test_acceptance_with_number_weight_product_and_operator(weight_100mg: int, weight_g: int) -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    item = ItemId("I1-1")
    line.say(Inserted, document=DocumentKey("D1-1"), item=item)
    line.say(Sealed, item=item)
    line.say(Weighed, item=item, weight_100mg=weight_100mg)
    line.say(LabelPrinted, print_id=line.print_id(1))
    line.say(LabelApplied, item=item, print_id=line.print_id(1))
    line.expose(1)
    assert published(line, "accepted") == [
        {
            "item": "I1-1", "order_id": "O1", "tracking_number": "EA000000001CN", "weight_g": weight_g, "product": "EMS",
            "fee_code": "", "client_unit": "", "operator": "OP01",
        }
    ]  # fmt: skip
    assert published(line, "label_applied") == [{"item": "I1-1", "order_id": "O1", "print_id": 1}]


def test_no_route_no_label() -> None:
    line = Line([order(1, county="990000")])
    item = line.to_weighed(1)
    assert [c.item for c in line.said(NoLabel)] == [item]


def test_what_is_printed() -> None:
    line = Line()
    line.to_weighed(1)
    (command,) = line.said(PrintLabel)
    assert (command.item, command.print_id) == ("I1-1", 1)
    assert command.label == LabelText(
        "EA000000001CN", "EA000000001CN;1", "测*", "199******00", "样例路1号***", "440106", "EMS", 2
    )


@pytest.mark.parametrize(
    ("text", "print_id"),
    [
        ("EA000000001CN;1", 1), ("EA000000001CN;2", None), ("EA000000002CN;1", None), ("EA000000001CN", None), ("", None),
        (";1", None), ("EA000000001CN;", None), ("EA000000001CN;01", None), ("EA000000001CN;٣", None),
        ("EA000000001CN;1;1", None), ("EA000000001CN;x", None), ("EA000000001CN;²", None),
    ],
)  # fmt: skip
def test_which_print_a_scanned_text_names(text: str, print_id: int | None) -> None:
    line = Line()
    line.to_weighed(1)
    assert line.controller.labels.print_of(text) == print_id


def test_items_that_nobody_knows_are_counted_by_what_happened() -> None:
    line = Line()
    unknown = ItemId("I1-66")
    line.say(Sealed, item=unknown)
    line.say(Weighed, item=unknown, weight_100mg=180)
    line.say(LabelApplied, item=unknown, print_id=PrintId(1))
    line.say(LabelPurged, item=unknown, print_id=PrintId(1))
    line.say(LabelExposed, item=unknown, trigger=4)
    line.say(HandedOver, item=unknown)
    line.say(ItemEjected, item=unknown)
    happened = ("sealed", "weighed", "labelled", "purged", "exposed", "handed_over", "ejected")
    assert unexpected(line) == {f"unknown item/{what}": 1 for what in happened}
