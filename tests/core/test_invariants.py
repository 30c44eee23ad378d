"""The auditor rings: each promise once broken by hand, with the command that would go out."""

import pytest

from edge.core.commands import InsertClose
from edge.core.invariants import Auditor, InvariantError
from edge.core.values import DocumentKey, ItemId, Verdict
from tests.core.line import Line


def test_nothing_is_inserted_for_an_order_that_has_nothing_on_the_line() -> None:
    line = Line()
    line.feed(1)
    line.read(1)
    line.controller.floor.pool.claims.clear()
    with pytest.raises(InvariantError, match="I3: nothing on the line belongs to O1"):
        line.auditor.check([InsertClose(document=DocumentKey("D1-1"))])


def test_the_full_pass_finds_what_was_dispatched_unproved_or_untold_and_strange_claims() -> None:
    line = Line()
    line.through(1)
    line.feed(2)
    line.read(2)
    line.to_weighed(3)
    line.auditor.full_pass()
    item = line.controller.items.all[ItemId("I1-1")]
    item.label_check = Verdict.UNREADABLE
    with pytest.raises(InvariantError, match="I3: I1-1 dispatched with UNREADABLE"):
        line.auditor.full_pass()
    item.label_check = Verdict.MATCH
    with pytest.raises(InvariantError, match="I4: I1-1 dispatched without an outcome"):
        Auditor(line.controller).full_pass()
    del line.controller.documents.all[DocumentKey("D1-2")]
    with pytest.raises(InvariantError, match="I2: O2 claims the unknown D1-2"):
        line.auditor.full_pass()
