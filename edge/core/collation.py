"""Collation: the documents of one order come one directly after the other into one envelope, or none of them goes.

The envelope waits open at the inserter while documents are missing, so a stranger between them ends it: what is before the
gate is called back, what is inserted is ejected with the envelope, and each document is named.
"""

from edge.core.commands import InsertClose, InsertKeepOpen
from edge.core.floor import Floor
from edge.core.orders import Claim
from edge.core.tracking import Deadlines
from edge.core.values import DocumentKey, OrderId


class Collation:
    """Which order's documents are being gathered, and which gatherings have failed."""

    def __init__(self, floor: Floor, deadlines: Deadlines) -> None:
        self._floor = floor
        self._deadlines = deadlines
        """by order id, in time of running belt"""
        self.gathering: OrderId | None = None
        self._called_back: list[DocumentKey] = []

    def join(self, document: DocumentKey, order_id: OrderId, index: int) -> InsertClose | InsertKeepOpen:
        """A document was matched: the answer for D1. Whatever else was being gathered is broken by it."""
        if self.gathering is not None and self.gathering != order_id:
            self.break_up(self.gathering, "INCOMPLETE")
        claim = self._floor.pool.claim(order_id, document, index)
        if claim.complete:
            self._end(order_id)
            return InsertClose(document=document)
        self.gathering = order_id
        due_us = self._floor.belt_us + self._floor.settings.collation_deadline_ms * 1000
        self._deadlines.set(order_id, due_us)
        return InsertKeepOpen(document=document)

    def break_up(self, order_id: OrderId, reason: str) -> None:
        """What is here of this order must not become its item. Once; the documents to call back are in `called_back`."""
        claim = self._floor.pool.claims.get(order_id)
        self._end(order_id)
        if claim is not None and not claim.broken:
            claim.broken = reason
            self._called_back += claim.documents

    def called_back(self) -> list[DocumentKey]:
        """Documents of orders that were broken up since the last call."""
        called_back, self._called_back = self._called_back, []
        return called_back

    def deadline(self, order_id: OrderId) -> None:
        """The rest did not come in time."""
        self.break_up(order_id, "INCOMPLETE")

    def contents(self, claim: Claim, documents: list[DocumentKey]) -> str:
        """What an envelope's contents are: "complete", "incomplete" or, with a stranger or a double in it, "mixed"."""
        mine = [claim.documents.get(document) for document in documents]
        if None in mine or len(set(mine)) < len(mine):
            return "mixed"
        return "complete" if len(mine) == len(claim.order.documents) else "incomplete"

    def _end(self, order_id: OrderId) -> None:
        self._deadlines.set(order_id, None)
        if self.gathering == order_id:
            self.gathering = None
