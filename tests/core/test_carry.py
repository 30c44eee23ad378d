"""Another release takes over: what was dispatched, printed and bound stays so; what was under way begins anew."""

import pytest

from edge.core.commands import InsertClose, Outcome, PrintLabel, RejectDocument
from edge.core.events import Booted, Carried, LotReceived, ManifestGranted, ManifestSealed, OrderCancelled
from edge.core.invariants import InvariantError
from edge.core.lots import Listed
from edge.core.orders import OrderState
from edge.core.values import LotId, OrderDocument, OrderId
from tests.core.line import PLAN, SETTINGS, Line, order

BOOKS = (ManifestGranted, ManifestSealed, OrderCancelled, LotReceived)


def rows_of(line: Line) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for command in line.said(Outcome):
        rows.setdefault(command.table, {})[command.key] = command.value
    return rows


def taken_over(old: Line) -> Line:
    """A line that begins with the books and the rows of another one."""
    new = Line(started=False)
    for event in old.log:
        if isinstance(event, BOOKS):
            new.controller.handle(event)
    new.now_ms = old.now_ms
    new.say(Booted, boot=2, journal_id="j", version="t", core="another")
    new.say(Carried, rows=rows_of(old))
    return new


@pytest.fixture
def old() -> Line:
    line = Line()
    line.say(
        LotReceived, lot=LotId("R"), issuer="样例分局", signed_ms=1,
        documents=tuple(OrderDocument("resident_id", f"token{n}", f"skeleton{n}") for n in (1, 2, 3)),
    )  # fmt: skip
    line.through(1)
    line.through(2)
    line.to_labelled(3)
    line.say(OrderCancelled, order_id=OrderId("O5"), version=1)
    return line


def test_what_was_dispatched_and_printed_stays_so(old: Line) -> None:
    new = taken_over(old)
    pool = new.controller.floor.pool
    assert [pool.state[OrderId(f"O{n}")] for n in range(1, 6)] == [
        OrderState.DISPATCHED, OrderState.DISPATCHED, OrderState.ASIDE, OrderState.WAITING, OrderState.CANCELLED,
    ]  # fmt: skip
    assert pool.waiting == 4
    assert pool.aside == {OrderId("O3"): None}
    assert new.controller.labels.next_print_id == 4
    assert {chute: bag.bag_id for chute, bag in new.controller.floor.bags.by_chute.items()} == {1: "B1", 2: "B2"}
    lot = new.controller.lots.all[LotId("R")]
    assert [lot.listed["resident_id", f"token{n}"] for n in (1, 2, 3)] == [Listed.DISPATCHED, Listed.DISPATCHED, Listed.OPEN]
    assert "BELT_NOT_CLEARED" in new.controller.floor.conditions.active
    assert rows_of(new) == rows_of(old)


def test_the_rows_are_written_as_they_were_and_the_auditor_knows_them(old: Line) -> None:
    new = taken_over(old)
    with pytest.raises(InvariantError, match="I4"):
        new.auditor.check([Outcome(table="dispatched", key="O1", value="EA000000001CN")])
    with pytest.raises(InvariantError, match="I5: print id 3 was used"):
        new.auditor.check([Outcome(table="print", key="3", value="EA000000004CN")])
    with pytest.raises(InvariantError, match="EA000000003CN has the live print id 3"):
        new.auditor.check([Outcome(table="print", key="9", value="EA000000003CN")])


def in_execute(line: Line) -> None:
    """Cleared, reset and started again, by a person and both PLCs."""
    line.controller.floor.conditions.set("BELT_NOT_CLEARED", on=False, at_us=line.now_ms * 1000)
    line.act("stop")
    line.mirror()
    line.act("rejects_cleared")
    line.start([])


def test_a_live_label_must_be_destroyed_before_its_order_goes_again(old: Line) -> None:
    new = taken_over(old)
    in_execute(new)
    for n, reason in ((1, "DUPLICATE"), (3, "DUPLICATE")):
        new.feed(n)
        new.read(n)
        assert new.said(RejectDocument)[-1].reason == reason
    assert new.act("void_label", print_id="3")[0].code == "SECOND_PERSON"
    assert new.act("void_label", print_id="1", second="P2")[0].code == "UNKNOWN_LABEL", "it is on its way to its addressee"
    assert new.said(Outcome)[-1].table == "bag"
    new.act("void_label", print_id="3", second="P2")
    assert new.said(Outcome)[-1] == Outcome(table="void", key="3", value="destroyed")
    assert new.act("void_label", print_id="99", second="P2")[0].code == "UNKNOWN_LABEL"
    key = new.feed(13)
    for k in (0, 1):
        new.frame(13, k, token="token3")
    assert new.said(InsertClose)[-1].document == key
    assert not new.said(PrintLabel)


def test_an_order_granted_again_after_its_end_is_never_open(old: Line) -> None:
    new = taken_over(old)
    fresh = Line(started=False)
    fresh.say(Carried, rows={"dispatched": {"O1": "EA000000001CN"}, "returned": {"O2": "D1-2"}})
    fresh.say(ManifestGranted, lot=LotId("M"), version=1, chunk=0, orders=tuple(order(n) for n in (1, 2, 3)))
    fresh.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="d")
    pool = fresh.controller.floor.pool
    assert [pool.state[OrderId(f"O{n}")] for n in (1, 2, 3)] == [
        OrderState.DISPATCHED, OrderState.RETURNED, OrderState.WAITING,
    ]  # fmt: skip
    assert pool.waiting == 1
    assert new.controller.floor.sort_plan == PLAN
    assert new.controller.floor.settings == SETTINGS


def test_a_number_that_was_printed_again_after_a_void() -> None:
    new = Line(started=False)
    rows = {"print": {"10": "EA000000001CN", "9": "EA000000001CN"}, "void": {"9": "purged"}}
    new.say(ManifestGranted, lot=LotId("L"), version=1, chunk=0, orders=(order(1),))
    new.say(ManifestSealed, lot=LotId("L"), version=1, chunks=1, digest="d")
    new.say(Carried, rows=rows)
    assert [(row.table, row.key) for row in new.said(Outcome)] == [("print", "9"), ("void", "9"), ("print", "10")]
    assert new.controller.labels.carried == {10: "O1"}
    assert new.controller.labels.next_print_id == 11


def test_closed_bags_keep_their_tags() -> None:
    new = Line(started=False)
    new.say(Carried, rows={"bag": {"1": "", "2": "B2"}, "bag_closed": {"B1": "17"}, "void": {}, "print": {}})
    assert not new.controller.floor.bags.bind(1, "B1")
    assert list(new.controller.floor.bags.by_chute) == [2]
