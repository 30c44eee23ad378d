"""Order pool: open orders by token and by skeleton, which documents on the line are theirs, and how each order ends."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from edge.core.events import ManifestGranted, ManifestSealed
from edge.core.matching import Check
from edge.core.values import DocumentKey, LotId, Order, OrderId, PrintId, Verdict


class OrderState(StrEnum):
    """Where an order stands. `waiting` is not missing: its documents have not all come, or were rejected and may come again.

    `aside`: its documents lie at a reject place in an envelope for which a label was printed; they may come again only after
    that label is recorded destroyed (I5).
    """

    WAITING = "waiting"
    ON_LINE = "on line"
    DISPATCHED = "dispatched"
    ASIDE = "aside"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class Claim:
    """The documents on the line that were matched to one order."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.documents: dict[DocumentKey, int] = {}
        """document → which one of the order's documents it is"""
        self.at_desk = False
        """they lie at the manual desk, not on the belt"""
        self.broken = ""
        """why what is here must not become this order's item; it stays until the last document has left the line"""

    @property
    def complete(self) -> bool:
        """Whether every document of the order is here."""
        return len(self.documents) == len(self.order.documents)


class OrderPool:
    """Orders granted to this line."""

    def __init__(self) -> None:
        self.orders: dict[OrderId, Order] = {}
        self.state: dict[OrderId, OrderState] = {}
        self.aside: dict[OrderId, None] = {}
        """those that wait for the destruction of a label, in the order in which they began to"""
        self.claims: dict[OrderId, Claim] = {}
        self._by_token: dict[tuple[str, str], list[OrderId]] = {}
        self._by_skeleton: dict[tuple[str, str], list[OrderId]] = {}
        self._chunks: dict[tuple[LotId, int], dict[int, tuple[Order, ...]]] = {}
        self.lots: dict[LotId, int] = {}
        """lot → version in force"""
        self.waiting = 0
        self.live_print: dict[OrderId, PrintId] = {}
        """order → its print that may exist on paper and is not recorded as destroyed (I5)"""
        self.withdrawn: dict[OrderId, OrderState] = {}
        """cancelled or returned: how it ends, at once or when its documents have left the line"""
        self.cancelled_at: dict[OrderId, int] = {}
        """order → version of its cancellation"""

    def _become(self, order_id: OrderId, state: OrderState) -> None:
        before = self.state.get(order_id)
        self.state[order_id] = state
        self.waiting += (state is OrderState.WAITING) - (before is OrderState.WAITING)
        if state is OrderState.ASIDE:
            self.aside[order_id] = None
        elif before is OrderState.ASIDE:
            del self.aside[order_id]

    def take_chunk(self, chunk: ManifestGranted) -> None:
        """Keep a chunk aside until its manifest is sealed."""
        self._chunks.setdefault((chunk.lot, chunk.version), {})[chunk.chunk] = chunk.orders

    def activate(self, sealed: ManifestSealed) -> list[Order] | None:
        """Make a sealed manifest's orders active and return them; None: an old version, a missing chunk, or a repetition."""
        chunks = self._chunks.pop((sealed.lot, sealed.version), {})
        if len(chunks) != sealed.chunks or self.lots.get(sealed.lot, 0) >= sealed.version:
            return None
        self.lots[sealed.lot] = sealed.version
        fresh = [order for _, orders in sorted(chunks.items()) for order in orders if order.order_id not in self.orders]
        for order in fresh:
            self._add(order)
        return fresh

    def _add(self, order: Order) -> None:
        self.orders[order.order_id] = order
        if order.order_id not in self.state:  # else another release has ended it
            self._become(order.order_id, OrderState.WAITING)
        for document in order.documents:
            self._by_token.setdefault((document.kind, document.token), []).append(order.order_id)
            self._by_skeleton.setdefault((document.kind, document.skeleton), []).append(order.order_id)

    def find(self, kind: str, token: str, skeleton: str, *, at_desk: bool = False) -> Check:
        """Which order a document belongs to. Open orders of equal skeleton are AMBIGUOUS: no check digit tells them apart.

        `at_desk`: it was read at the manual desk; an order is gathered there or on the belt, never at both.
        """
        mine = self._by_token.get((kind, token), [])
        alike = [order_id for order_id in self._by_skeleton.get((kind, skeleton), []) if self._open(order_id)]
        if not mine:
            return Check(Verdict.AMBIGUOUS, "AMBIGUOUS") if alike else Check(Verdict.NO_ORDER, "NO_ORDER")
        if len(mine) > 1 or any(order_id not in mine for order_id in alike):
            return Check(Verdict.AMBIGUOUS, "AMBIGUOUS")
        order_id = mine[0]
        found = _BY_STATE.get(self.state[order_id]) or self._on_line(self.claims[order_id], kind, token, at_desk)
        return found._replace(order_id=order_id)

    def _on_line(self, claim: Claim, kind: str, token: str, at_desk: bool) -> Check:
        if self.index_of(claim.order, kind, token) in claim.documents.values():
            return Check(Verdict.DUPLICATE, "DUPLICATE")
        apart = claim.broken or claim.at_desk is not at_desk
        return Check(Verdict.MISMATCH, "INCOMPLETE") if apart else Check(Verdict.MATCH)

    @staticmethod
    def index_of(order: Order, kind: str, token: str) -> int:
        """Which one of the order's documents this is; ValueError where it is none of them."""
        return [(document.kind, document.token) for document in order.documents].index((kind, token))

    def orders_of(self, kind: str, token: str) -> list[OrderId]:
        """Orders that this document belongs to; more than one is a fault of the manifests."""
        return self._by_token.get((kind, token), [])

    def _open(self, order_id: OrderId) -> bool:
        return self.state[order_id] in (OrderState.WAITING, OrderState.ON_LINE)

    def claim(self, order_id: OrderId, document: DocumentKey, index: int) -> Claim:
        """A document on the line was matched to this order, as its `index`-th document."""
        claim = self.claims.get(order_id)
        if claim is None:
            claim = self.claims[order_id] = Claim(self.orders[order_id])
            self._become(order_id, OrderState.ON_LINE)
        claim.documents[document] = index
        return claim

    def release(self, order_id: OrderId, document: DocumentKey) -> None:
        """The document lies at a reject place. With the last one the order waits again, or is aside while a label exists."""
        claim = self.claims.get(order_id)
        if claim is None or claim.documents.pop(document, None) is None or claim.documents:
            return
        del self.claims[order_id]
        self._become(order_id, OrderState.ASIDE)
        self._settle(order_id)

    def _settle(self, order_id: OrderId) -> None:
        """An order that has nothing on the line any more."""
        end = self.withdrawn.get(order_id)
        if end is not None:
            self._become(order_id, end)
        elif order_id not in self.live_print:
            self._become(order_id, OrderState.WAITING)

    def void(self, order_id: OrderId, print_id: PrintId) -> bool:
        """This print does not exist (any more): an order that was set aside for it waits again. False = it was not live."""
        if self.live_print.get(order_id) != print_id:
            return False
        del self.live_print[order_id]
        if self.state[order_id] is OrderState.ASIDE:
            self._settle(order_id)
        return True

    def reclaim(self, order_id: OrderId, documents: Mapping[DocumentKey, int]) -> None:
        """Its sealed envelope is back on the line (door C): document → which one of the order's documents it is."""
        self._become(order_id, OrderState.ON_LINE)
        claim = self.claims[order_id] = Claim(self.orders[order_id])
        claim.documents.update(documents)

    def withdraw(self, order_id: OrderId, end: OrderState) -> None:
        """Cancelled by central, or returned to its issuer."""
        before = self.state[order_id]
        self.withdrawn.setdefault(order_id, end)
        if before is not OrderState.ON_LINE:
            self._become(order_id, end)

    def carry_ended(self, order_id: OrderId, *, dispatched: bool) -> None:
        """Another release dispatched it or gave it back: it is never open again, also when it is granted again later (I4)."""
        self._become(order_id, OrderState.DISPATCHED if dispatched else OrderState.RETURNED)

    def carry_print(self, order_id: OrderId, print_id: PrintId) -> bool:
        """Another release has printed a label for it that may still exist; True where the order waits for its end."""
        self.live_print[order_id] = print_id
        waits = self.state[order_id] is OrderState.WAITING
        if waits:
            self._become(order_id, OrderState.ASIDE)
        return waits

    def dispatch(self, order_id: OrderId) -> bool:
        """Confirmed in its chute. False = it was dispatched before: an invariant is broken (I4)."""
        if self.state[order_id] is OrderState.DISPATCHED:
            return False
        self._become(order_id, OrderState.DISPATCHED)
        self.claims.pop(order_id, None)
        return True

    def ambiguous(self, fresh: Iterable[Order]) -> Iterable[tuple[OrderId, ...]]:
        """Preflight of a manifest: groups of open orders that share a skeleton with one of these."""
        for key in dict.fromkeys((document.kind, document.skeleton) for order in fresh for document in order.documents):
            still_open = tuple(order_id for order_id in self._by_skeleton.get(key, []) if self._open(order_id))
            if len(still_open) > 1:
                yield still_open


# An order whose documents are on the line is not here: that depends on which of them.
_BY_STATE: dict[OrderState, Check] = {
    OrderState.WAITING: Check(Verdict.MATCH),
    OrderState.DISPATCHED: Check(Verdict.DUPLICATE, "DUPLICATE"),
    OrderState.ASIDE: Check(Verdict.DUPLICATE, "DUPLICATE"),
    OrderState.CANCELLED: Check(Verdict.CANCELLED, "CANCELLED"),
    OrderState.RETURNED: Check(Verdict.CANCELLED, "CANCELLED"),
}
