"""The auditor rings: each promise once broken by hand, with the command that would go out."""

from collections.abc import Callable

import pytest

from edge.core.commands import (
    Apply,
    Command,
    Divert,
    InsertClose,
    InsertKeepOpen,
    Outcome,
    PrintLabel,
    Seal,
    SetPermit,
)
from edge.core.conditions import CONDITIONS
from edge.core.device_events import LabelPrinted
from edge.core.document import Document
from edge.core.events import Inserted
from edge.core.invariants import Auditor, InvariantError
from edge.core.item import Item
from edge.core.orders import OrderState
from edge.core.values import DocumentKey, ItemId, LabelText, OrderId, ParcelKey, PrintId, Verdict
from tests.core.line import Line
from tests.core.test_collation import Inserter

D1, I1, S1, O1 = DocumentKey("D1-1"), ItemId("I1-1"), ParcelKey("S1-1"), OrderId("O1")


def document(line: Line) -> Document:
    return line.controller.documents.all[D1]


def item(line: Line) -> Item:
    return line.controller.items.all[I1]


def accepted(line: Line) -> None:
    line.feed(1)
    line.read(1)


def inserted(line: Line) -> None:
    accepted(line)
    line.say(Inserted, document=D1, item=I1)


def printed(line: Line) -> None:
    line.to_weighed(1)
    line.say(LabelPrinted, print_id=line.print_id(1))


def inducted(line: Line) -> None:
    line.to_handed_over(1)
    line.induct(1, line.qr(1))


def put(whose: Callable[[Line], object], **fields: object) -> Callable[[Line], None]:
    def spoil(line: Line) -> None:
        for name, value in fields.items():
            setattr(whose(line), name, value)

    return spoil


def claim(line: Line) -> object:
    return line.controller.floor.pool.claims[O1]


def dispatched_before(line: Line) -> None:
    line.auditor.check([Outcome(table="dispatched", key="O1", value="EA000000001CN")])


def no_claim(line: Line) -> None:
    line.controller.floor.pool.claims.clear()


def another_county(line: Line) -> None:
    line.controller.floor.sort_plan.routes["4401"] = 1


def no_bag(line: Line) -> None:
    del line.controller.floor.bags.by_chute[2]


def strange_document(line: Line) -> None:
    item(line).documents.append(D1)


def nothing_wanted(line: Line) -> None:
    item(line).order = None
    item(line).documents.clear()


@pytest.mark.parametrize("kind", [InsertClose, InsertKeepOpen])
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (put(document, state="fed"), "I9"),
        (put(document, state="refused"), "I9"),
        (put(document, quarantined=True), "I11"),
        (put(document, order_id=None), "I3"),
        (no_claim, "I3"),
        (put(claim, documents={DocumentKey("D1-9"): 0}), "I4"),
        (put(claim, broken="INCOMPLETE"), "I3"),
        (dispatched_before, "I4"),
    ],
)
def test_insert(kind: type[Command], spoil: Callable[[Line], None], code: str) -> None:
    line = Line()
    accepted(line)
    line.auditor.check([kind(document=D1)])
    spoil(line)
    with pytest.raises(InvariantError, match=f"^{code}: "):
        line.auditor.check([kind(document=D1)])


def test_an_envelope_is_closed_with_the_last_document_only() -> None:
    line = Inserter()
    key = line.feed(1)
    line.read(1, token="Y2")
    line.auditor.check([InsertKeepOpen(document=key)])
    with pytest.raises(InvariantError, match=r"^I3: .*\{0, 2\}"):
        line.auditor.check([InsertClose(document=key)])


@pytest.mark.parametrize(
    ("to", "command", "spoil", "code"),
    [
        (inserted, Seal(item=I1), put(item, quarantined=True), "I11"),
        (inserted, Seal(item=I1), put(item, reason="NO_ORDER"), "I11"),
        (inserted, Seal(item=I1), put(document, token="token2"), "I3"),
        (inserted, Seal(item=I1), put(document, kind="passport"), "I3"),
        (inserted, Seal(item=I1), put(item, documents=[]), "I3"),
        (inserted, Seal(item=I1), strange_document, "I3"),
        (inserted, Seal(item=I1), nothing_wanted, "I3"),
        (printed, Apply(item=I1, print_id=PrintId(1)), put(item, print_id=PrintId(2)), "I5"),
        (printed, Apply(item=I1, print_id=PrintId(1)), put(item, reason="LABEL_LATE"), "I11"),
        (inducted, Divert(parcel=S1, chute=2), put(item, label_check=Verdict.MISMATCH), "I3"),
        (inducted, Divert(parcel=S1, chute=2), put(item, label_check=None), "I3"),
        (inducted, Divert(parcel=S1, chute=2), put(item, quarantined=True), "I11"),
        (inducted, Divert(parcel=S1, chute=2), put(item, reason="CANCELLED"), "I11"),
        (inducted, Divert(parcel=S1, chute=2), put(item, proved=False), "I11"),
        (inducted, Divert(parcel=S1, chute=2), put(item, order=None), "I9"),
        (
            inducted,
            Divert(parcel=S1, chute=2),
            lambda line: line.controller.floor.pool._moved.update({O1: OrderState.DISPATCHED}),
            "I4",
        ),
        (inducted, Divert(parcel=S1, chute=2), lambda line: line.controller.floor.pool._moved.clear(), "I4"),
        (inducted, Divert(parcel=S1, chute=2), another_county, "I8"),
        (inducted, Divert(parcel=S1, chute=2), no_bag, "I8"),
    ],
)
def test_item(to: Callable[[Line], None], command: Command, spoil: Callable[[Line], None], code: str) -> None:
    line = Line()
    line.controller.floor.sort_plan = type(line.controller.floor.sort_plan)("v1", {"44": 1, "4401": 2}, 0)
    to(line)
    line.auditor.check([command])
    spoil(line)
    with pytest.raises(InvariantError, match=f"^{code}: "):
        line.auditor.check([command])


def test_another_chute_than_the_routes_is_refused() -> None:
    line = Line()
    inducted(line)
    with pytest.raises(InvariantError, match=r"^I8: "):
        line.auditor.check([Divert(parcel=S1, chute=1)])


def label(print_id: int, number: str = "EA1") -> PrintLabel:
    text = LabelText(number, f"{number};{print_id}", "", "", "", "", "EMS", 2)
    return PrintLabel(item=I1, print_id=PrintId(print_id), label=text)


def dispatched(number: str, order_id: str) -> Outcome:
    return Outcome(table="dispatched", key=order_id, value=number)


def row(print_id: int, number: str = "EA1") -> Outcome:
    return Outcome(table="print", key=str(print_id), value=number)


def printed(print_id: int, number: str = "EA1") -> list[Command]:
    """A print as the core has it made: its row first."""
    return [row(print_id, number), label(print_id, number)]


def void(print_id: int) -> Outcome:
    return Outcome(table="void", key=str(print_id), value="purged")


@pytest.mark.parametrize(
    ("before", "commands", "code"),
    [
        ([], printed(1), ""),
        ([], [label(1)], "I5"),
        (printed(1), [label(1)], "I5"),
        ([row(1)], [label(2)], "I5"),
        (printed(1, "EA2"), [row(1)], "I5"),
        (printed(5, "EA2"), [row(4)], "I5"),
        (printed(1, "EA2"), printed(2), ""),
        (printed(1), [row(2)], "I5"),
        ([row(1)], [row(2)], "I5"),
        ([*printed(1), void(1)], printed(2), ""),
        ([row(1), void(1)], printed(2), ""),
        ([*printed(1), void(7)], [row(2)], "I5"),
        ([*printed(1), dispatched("EA1", "O1")], printed(2), ""),
        ([row(1), dispatched("EA1", "O1")], printed(2), ""),
        ([*printed(1), dispatched("EA2", "O2")], [row(2)], "I5"),
        ([*printed(1), void(1), *printed(2), void(1)], [row(3)], "I5"),
        ([dispatched("EA1", "O1")], [dispatched("EA1", "O2")], ""),
        ([dispatched("EA1", "O1")], [dispatched("EA2", "O1")], "I4"),
        ([dispatched("EA1", "O1")], [Outcome(table="bag", key="O1", value="EA1")], ""),
        ([Outcome(table="bag", key="O1", value="EA1")], [dispatched("EA1", "O1")], ""),
    ],
)
def test_prints_and_outcomes(before: list[Command], commands: list[Command], code: str) -> None:
    auditor = Auditor(Line(started=False).controller)
    auditor.check(before)
    if code:
        with pytest.raises(InvariantError, match=f"^{code}: "):
            auditor.check(commands)
    else:
        auditor.check(commands)


@pytest.mark.parametrize("code", sorted(CONDITIONS))
def test_the_permit_is_granted_only_while_no_condition_stops_the_feed(code: str) -> None:
    line = Line()
    line.controller.floor.conditions.set(code, on=True, at_us=0)
    line.auditor.check([SetPermit(granted=False)])
    if CONDITIONS[code].effect.value in ("rejects", "warns", "blocks start"):
        line.auditor.check([SetPermit(granted=True)])
    else:
        with pytest.raises(InvariantError, match=f"^I10: .*{code}"):
            line.auditor.check([SetPermit(granted=True)])


def test_the_permit_is_granted_in_execute_only() -> None:
    line = Line()
    line.auditor.check([SetPermit(granted=True)])
    line.act("stop")
    with pytest.raises(InvariantError, match=r"^I10: .*STOPPING"):
        line.auditor.check([SetPermit(granted=True)])


def test_the_full_pass_finds_what_was_dispatched_unproved_or_untold_and_strange_claims() -> None:
    line = Line()
    line.through(1)
    line.feed(2)
    line.read(2)
    line.to_weighed(3)
    line.auditor.full_pass()
    item(line).label_check = Verdict.UNREADABLE
    with pytest.raises(InvariantError, match=r"^I3: I1-1 dispatched with UNREADABLE"):
        line.auditor.full_pass()
    item(line).label_check = Verdict.MATCH
    with pytest.raises(InvariantError, match=r"^I4: I1-1 dispatched without an outcome"):
        Auditor(line.controller).full_pass()
    del line.controller.documents.all[DocumentKey("D1-2")]
    with pytest.raises(InvariantError, match=r"^I2: O2 claims the unknown D1-2"):
        line.auditor.full_pass()
