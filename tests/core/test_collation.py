"""Orders of several documents: together in one envelope, or none of them; whatever comes between, apart or twice."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.commands import EjectUnsealed, InsertClose, InsertKeepOpen, RejectDocument, Seal
from edge.core.events import DeadlinePassed, DocumentRejected, Inserted, ItemEjected, Lost
from edge.core.orders import OrderState
from edge.core.values import Address, DocumentKey, ItemId, Order, OrderDocument, OrderId, Plc
from tests.core.line import SETTINGS, Line

# One letter an order, one digit a document of it: "X1 X2" is the whole of order X.
SIZES = {"X": 2, "Y": 3, "Z": 1}


def family(name: str) -> Order:
    return Order(
        order_id=OrderId(name),
        documents=tuple(OrderDocument("resident_id", f"{name}{n}", f"s{name}{n}") for n in range(1, SIZES[name] + 1)),
        address=Address("440106", "样例路1号***", "测*", "199******00"),
        tracking_number=f"EA{ord(name):09d}CN",
    )


class Inserter(Line):
    """A line whose gate and inserter do what they are told: an envelope waits while it is kept open."""

    def __init__(self) -> None:
        super().__init__([family(name) for name in SIZES])
        self.fed = 0
        self.items = 0
        self.open: ItemId | None = None

    def come(self, *documents: str) -> None:
        """These documents come under the ID camera, one after the other, and then to the gate."""
        first = self.fed + 1
        for token in documents:
            self.fed += 1
            self.feed(self.fed)
            self.read(self.fed, token=token)
        for n in range(first, self.fed + 1):
            self.gate(n)

    def read(self, n: int, *, token: str | None = None) -> None:
        for k in (0, 1):
            self.frame(n, k, token=token)

    def gate(self, n: int) -> None:
        """What the PLC does with document `n`: its last answer counts if that rejects, else its first."""
        key = DocumentKey(f"D1-{n}")
        answers = [c for c in self.commands if getattr(c, "document", None) == key]
        if not answers or any(isinstance(answer, RejectDocument) for answer in answers):
            self.say(DocumentRejected, document=key)
            return
        if self.open is not None and self.ejected(self.open):
            self.open = None
        if self.open is None:
            self.items += 1
        item = ItemId(f"I1-{self.items}")
        self.say(Inserted, document=key, item=item)
        self.open = item if isinstance(answers[0], InsertKeepOpen) else None

    def ejected(self, item: ItemId) -> bool:
        return any(command.item == item for command in self.said(EjectUnsealed))

    def sealed(self) -> list[list[str]]:
        """Tokens in each sealed envelope."""
        documents = self.controller.documents.all
        return [[documents[k].token for k in self.controller.items.all[c.item].documents] for c in self.said(Seal)]

    def reasons(self) -> dict[str, str]:
        """Token → why its document or envelope was refused."""
        rejected = {self.controller.documents.all[c.document].token: c.reason for c in self.said(RejectDocument)}
        for command in self.said(EjectUnsealed):
            for key in self.controller.items.all[command.item].documents:
                rejected.setdefault(self.controller.documents.all[key].token, command.reason)
        return rejected


@pytest.mark.parametrize(
    ("documents", "sealed", "refused"),
    [
        (["X1", "X2"], [["X1", "X2"]], {}),
        (["X2", "X1"], [["X2", "X1"]], {}),
        (["Y3", "Y1", "Y2"], [["Y3", "Y1", "Y2"]], {}),
        (["X1", "X2", "Z1", "Y1", "Y2", "Y3"], [["X1", "X2"], ["Z1"], ["Y1", "Y2", "Y3"]], {}),
        # A stranger between them: the first is called back, and the rest must not go without it.
        (["X1", "Z1", "X2"], [["Z1"]], {"X1": "INCOMPLETE", "X2": "INCOMPLETE"}),
        (["X1", "Y1", "X2", "Y2", "Y3"], [["Y1", "Y2", "Y3"]], {"X1": "INCOMPLETE", "X2": "INCOMPLETE"}),
        # Something that is refused anyway may lie between them.
        (["X1", "nobody's", "X2"], [["X1", "X2"]], {"nobody's": "NO_ORDER"}),
        (["X1", "X1", "X2"], [["X1", "X2"]], {"X1": "DUPLICATE"}),
    ],
)  # fmt: skip
def test_how_documents_may_come(documents: Sequence[str], sealed: list[list[str]], refused: dict[str, str]) -> None:
    line = Inserter()
    line.come(*documents)
    assert line.sealed() == sealed
    assert line.reasons() == refused


def test_what_lies_in_the_envelope_already_is_ejected_with_it() -> None:
    line = Inserter()
    line.come("Y1", "Y2")
    assert not line.said(Seal)
    line.come("Z1")
    assert line.sealed() == [["Z1"]]
    assert line.reasons() == {"Y1": "INCOMPLETE", "Y2": "INCOMPLETE"}
    line.say(ItemEjected, item=ItemId("I1-1"))
    assert line.controller.floor.pool.state[OrderId("Y")] is OrderState.WAITING
    line.come("Y1", "Y2", "Y3")
    assert line.sealed()[1:] == [["Y1", "Y2", "Y3"]]


def test_the_rest_does_not_come() -> None:
    line = Inserter()
    line.come("X1")
    line.say(DeadlinePassed, SETTINGS.collation_deadline_ms + 1)
    assert line.reasons() == {"X1": "INCOMPLETE"}
    assert line.controller.collation.gathering is None


def test_the_rest_is_lost() -> None:
    line = Inserter()
    line.feed(1)
    line.read(1, token="X1")
    line.feed(2)
    line.read(2, token="X2")
    line.say(Lost, plc=Plc.MACHINE, key="D1-2", station="insert")
    assert [c.document for c in line.said(RejectDocument)] == ["D1-1"]


def test_the_gate_rejects_the_first_by_itself() -> None:
    line = Inserter()
    line.feed(1)
    line.read(1, token="X1")
    line.feed(2)
    line.read(2, token="X2")
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    # The PLC was quicker than our word: the second lies in an envelope of its own.
    line.say(Inserted, document=DocumentKey("D1-2"), item=ItemId("I1-1"))
    assert not line.said(Seal)
    assert line.ejected(ItemId("I1-1"))


def test_a_stranger_in_the_open_envelope() -> None:
    line = Inserter()
    line.come("X1")
    line.feed(2)
    line.read(2, token="Z1")
    line.say(Inserted, document=DocumentKey("D1-2"), item=ItemId("I1-1"))
    assert not line.said(Seal)
    assert line.controller.items.all[ItemId("I1-1")].reason == "INCOMPLETE"
    line.say(ItemEjected, item=ItemId("I1-1"))
    state = line.controller.floor.pool.state
    assert state[OrderId("X")] is state[OrderId("Z")] is OrderState.WAITING


def test_inserted_into_a_closed_envelope() -> None:
    line = Inserter()
    line.come("X1", "X2")
    line.feed(3)
    line.read(3, token="Z1")
    item = ItemId("I1-1")
    line.say(ItemEjected, item=item)
    line.say(Inserted, document=DocumentKey("D1-3"), item=item)
    assert len(line.said(Seal)) == 1
    assert line.controller.floor.unexpected == {"ejected/inserted": 1}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["X1", "X2", "Y1", "Y2", "Y3", "Z1", "other"]), min_size=1, max_size=4), max_size=5))
def test_sealed_is_whole_whatever_comes(groups: list[list[str]]) -> None:
    line = Inserter()
    for group in groups:
        line.come(*group)
    for tokens in line.sealed():
        assert sorted(tokens) == sorted(document.token for document in family(tokens[0][0]).documents)
    answered = {c.document for c in line.commands if isinstance(c, (InsertClose, InsertKeepOpen, RejectDocument))}
    assert answered == set(line.controller.documents.all)


def test_what_an_envelope_holds() -> None:
    line = Inserter()
    collation = line.controller.collation
    claim = line.controller.floor.pool.claim(OrderId("X"), DocumentKey("a"), 0)
    claim.documents[DocumentKey("b")] = 1
    claim.documents[DocumentKey("second a")] = 0
    told = {
        documents: collation.contents(claim, [DocumentKey(key) for key in documents])
        for documents in (("a", "b"), ("b", "a"), ("a",), (), ("a", "stranger"), ("stranger",), ("a", "second a"))
    }
    assert told == {
        ("a", "b"): "complete", ("b", "a"): "complete", ("a",): "incomplete", (): "incomplete", ("a", "stranger"): "mixed",
        ("stranger",): "mixed", ("a", "second a"): "mixed",
    }  # fmt: skip


def test_a_whole_order_has_no_deadline_any_more() -> None:
    line = Inserter()
    line.feed(1)
    line.read(1, token="X1")
    line.feed(2)
    line.read(2, token="X2")
    line.say(DeadlinePassed, SETTINGS.collation_deadline_ms + 1)
    assert line.controller.floor.pool.claims[OrderId("X")].broken == ""
    assert line.said(RejectDocument) == []


def test_the_deadline_is_that_of_the_last_document_that_came() -> None:
    line = Inserter()
    line.feed(1)
    line.read(1, token="Y1")
    line.feed(2)
    line.say(DeadlinePassed, 1000)
    line.read(2, token="Y2")
    line.say(DeadlinePassed, SETTINGS.collation_deadline_ms - 1)
    assert line.said(RejectDocument) == []
    line.say(DeadlinePassed, 1)
    assert [c.reason for c in line.said(RejectDocument)] == ["INCOMPLETE", "INCOMPLETE"]
