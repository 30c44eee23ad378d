"""Whether each dispatched order is proved by its own records: contents matched, label matched, accepted before sorted."""

from collections.abc import Callable
from typing import NamedTuple

from edge.core.values import OrderId
from edge.runtime.reporting.facts import Facts
from edge.runtime.reporting.span import Span

BOUND_FAILURES = 3
"""rule of three: after N without a failure, less than 3/N at 95 % confidence"""


class Proofs(NamedTuple):
    """Counts of a span, and the orders for which something is missing."""

    dispatched: int
    unproved: tuple[OrderId, ...]
    incomplete: tuple[OrderId, ...]
    """dispatched with fewer matched documents than the order has: 漏封"""
    taken_out: int
    """found in a bag where they did not belong, and taken out before it was closed: 错封"""


Body = dict[str, str | int | bool | None]


class _Proof:
    """What has been seen for one order since its contents were last taken away."""

    def __init__(self) -> None:
        self.documents: set[str] = set()
        self.label = self.accepted = False

    def content_check(self, body: Body) -> None:
        if body["verdict"] == "MATCH":
            self.documents.add(str(body["document"]))

    def label_check(self, body: Body) -> None:
        self.label = body["verdict"] == "MATCH"

    def accept(self, _: Body) -> None:
        self.accepted = True

    def rejected(self, body: Body) -> None:
        """What lies at a reject place is no longer in an envelope; only a sealed one may come back (door C)."""
        if body["place"] in ("document_tray", "desk") and "document" in body:
            self.documents.discard(str(body["document"]))
        elif body["place"] == "unsealed_eject":
            self.documents.clear()

    def taken_away(self, body: Body) -> None:
        """A person has this document in hand: the envelope that it was in is none any more."""
        self.documents.discard(str(body["document"]))
        self.label = self.accepted = False


_STEPS: dict[str, Callable[[_Proof, Body], None]] = {
    "content_check": _Proof.content_check,
    "label_check": _Proof.label_check,
    "accepted": _Proof.accept,
    "rejected": _Proof.rejected,
    "fed_again": _Proof.taken_away,
    "returned": _Proof.taken_away,
    "damaged": _Proof.taken_away,
}


def proofs(facts: Facts, span: Span) -> Proofs:
    """Go through the messages in their order."""
    seen: dict[OrderId, _Proof] = {}
    unproved: list[OrderId] = []
    incomplete: list[OrderId] = []
    for message in facts.published:
        order_id = OrderId(str(message.body.get("order_id") or ""))
        proof = seen.setdefault(order_id, _Proof())
        step = _STEPS.get(message.kind)
        if step is not None:
            step(proof, message.body)
        elif message.kind == "dispatched" and span.holds(message.at_ms):
            if not (proof.label and proof.accepted):
                unproved.append(order_id)
            if len(proof.documents) < len(facts.orders[order_id].documents):
                incomplete.append(order_id)
    cancelled = {message.body["order_id"] for message in facts.published if message.kind == "cancellation"}
    taken_out = sum(message.body["order_id"] not in cancelled for message in facts.said("recalled", span))
    return Proofs(len(facts.said("dispatched", span)), tuple(unproved), tuple(incomplete), taken_out)
