"""Order pool: open orders by token and by skeleton, which documents on the line are theirs, and how each order ends."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from edge.core.events import ManifestGranted, ManifestSealed
from edge.core.grants import Active, Cohort, DocumentName, Grant, Register
from edge.core.matching import Check, Likeness, tell_apart
from edge.core.values import DocumentKey, LotId, Order, OrderId, PrintId, Verdict

GROUPS_TOLD_MAX, ALIKE_TOLD_MAX = 200, 20
"""look-alike groups that an answer lists, and orders of each: a message must stay below what a broker takes"""


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


ENDS = frozenset({OrderState.DISPATCHED, OrderState.CANCELLED, OrderState.RETURNED})


class Alike(NamedTuple):
    """Open orders whose documents of one kind have numbers that look alike."""

    kind: str
    documents: tuple[tuple[OrderId, str], ...]
    """the order of each such document, and the document's second field"""

    @property
    def orders(self) -> tuple[OrderId, ...]:
        """Each of them once."""
        return tuple(dict.fromkeys(order_id for order_id, _ in self.documents))

    @property
    def separated(self) -> bool:
        """Whether second fields tell each order from all others; if not, they stay AMBIGUOUS as long as two are open."""
        owner = {field: order_id for order_id, field in self.documents}
        return "" not in owner and all(owner[field] == order_id for order_id, field in self.documents)


def told_of(groups: Sequence[Alike]) -> str:
    """The groups for central: orders by comma, groups by semicolon; not all of a long list."""
    return ";".join(",".join(group.orders[:ALIKE_TOLD_MAX]) for group in groups[:GROUPS_TOLD_MAX])


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


class States(Mapping[OrderId, OrderState]):
    """Where each active order stands; those that another release has ended stand here before they are granted again."""

    def __init__(self, orders: Active, moved: dict[OrderId, OrderState]) -> None:
        self._orders = orders
        self._moved = moved

    def __getitem__(self, order_id: OrderId) -> OrderState:
        state = self._moved.get(order_id)
        if state is not None:
            return state
        if order_id in self._orders:
            return OrderState.WAITING
        raise KeyError(order_id)

    def __iter__(self) -> Iterator[OrderId]:
        yield from self._orders
        yield from (order_id for order_id in self._moved if order_id not in self._orders)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class OrderPool:
    """Orders granted to this line."""

    def __init__(self) -> None:
        self._moved: dict[OrderId, OrderState] = {}
        """order → its state where it is another than waiting"""
        self._register = Register(self._moved)
        self.orders = Active(self._register)
        self.state = States(self.orders, self._moved)
        self.aside: dict[OrderId, None] = {}
        """those that wait for the destruction of a label, in the order in which they began to"""
        self.claims: dict[OrderId, Claim] = {}
        self._grants: dict[tuple[LotId, int], Grant] = {}
        """manifests that are not sealed"""
        self.lots: dict[LotId, int] = {}
        """lot → version in force"""
        self._sealed: dict[LotId, list[Grant]] = {}
        """lot → its manifests, each with the orders that it was the first to bring"""
        self.turned: dict[OrderId, None] = {}
        """orders that came to an end, or whose bag was closed, since anybody looked"""
        self.waiting = 0
        self.live_print: dict[OrderId, PrintId] = {}
        """order → its print that may exist on paper and is not recorded as destroyed (I5)"""
        self.withdrawn: dict[OrderId, OrderState] = {}
        """cancelled or returned: how it ends, at once or when its documents have left the line"""
        self.impossible: dict[OrderId, str] = {}
        """order → why the line's own label cannot be made; the manual desk has another printer"""
        self.version_of: dict[OrderId, int] = {}
        """order → version of its last amendment or cancellation"""

    def _become(self, order_id: OrderId, state: OrderState) -> None:
        before = self.state.get(order_id)
        if state is OrderState.WAITING:
            self._moved.pop(order_id, None)
        else:
            self._moved[order_id] = state
        self.waiting += (state is OrderState.WAITING) - (before is OrderState.WAITING)
        if state is OrderState.ASIDE:
            self.aside[order_id] = None
        elif before is OrderState.ASIDE:
            del self.aside[order_id]
        if state in ENDS:
            self.turned[order_id] = None

    def take_chunk(self, chunk: ManifestGranted) -> None:
        """Enter a chunk's orders; they count when their manifest is sealed. A manifest that is not newer leaves no trace."""
        if self.lots.get(chunk.lot, 0) < chunk.version:
            grant = self._grants.setdefault((chunk.lot, chunk.version), Grant(chunk.lot))
            self._register.stage(grant, chunk.chunk, chunk.orders)

    def restarted(self) -> None:
        """What was not sealed will not be: central is asked for the whole manifest again."""
        for grant in self._grants.values():
            self._register.drop(grant, grant.chunks)
        self._grants.clear()

    def activate(self, sealed: ManifestSealed) -> Grant | None:
        """Make a sealed manifest's orders count, and return it; None: an old version, a missing chunk, or a repetition."""
        grant = self._grants.pop((sealed.lot, sealed.version), None) or Grant(sealed.lot)
        if len(grant.chunks) != sealed.chunks or self.lots.get(sealed.lot, 0) >= sealed.version:
            self._register.drop(grant, grant.chunks)
            return None
        self.lots[sealed.lot] = sealed.version
        for key in [(lot, version) for lot, version in self._grants if lot == sealed.lot and version < sealed.version]:
            overtaken = self._grants.pop(key)
            self._register.drop(overtaken, overtaken.chunks)
        self._register.settle(grant)
        grant.chunks.clear()
        grant.sealed = True
        grant.over.update(grant.ended)
        self._sealed.setdefault(grant.lot, []).append(grant)
        self.waiting += grant.waiting()
        return grant

    def amend(self, order: Order) -> None:
        """What is known of an active order is another: all but its documents and product."""
        self._register.amend(order)

    def forget(self, lot: LotId, version: int) -> None:
        """A manifest that will not be sealed leaves no trace."""
        grant = self._grants.pop((lot, version), Grant(lot))
        self._register.drop(grant, grant.chunks)

    def lot_of(self, order_id: OrderId) -> LotId:
        """By which lot an active order was granted."""
        return self._register.grant_of[order_id].lot

    def cohort_of(self, order_id: OrderId) -> Cohort | None:
        """With whom an active order was granted."""
        if order_id not in self.orders:
            return None
        order = self.orders[order_id]
        return self._register.grant_of[order_id].cohorts[order.product, order.limit_min]

    def find(self, kind: str, token: str, skeleton: str, second_field: str = "", *, at_desk: bool = False) -> Check:
        """Which order a document belongs to. No check digit tells open orders of equal skeleton apart, only a second field can.

        `second_field`: the token that was read with the number, "" = none. `at_desk`: it was read at the manual desk; an order
        is gathered there or on the belt, never at both.
        """
        mine = self.orders_of(kind, token)
        if not mine:
            alike = any(self._fields((kind, skeleton)))
            return Check(Verdict.AMBIGUOUS, "AMBIGUOUS") if alike else Check(Verdict.NO_ORDER, "NO_ORDER")
        if len(mine) > 1:
            return Check(Verdict.AMBIGUOUS, "AMBIGUOUS")
        order_id = mine[0]
        own = self.orders[order_id].documents[self.index_of(self.orders[order_id], kind, token)]
        others = [field for other, field in self._fields((kind, skeleton)) if other != order_id]
        doubt = tell_apart(Likeness(second_field, own.second_field, tuple(others)))
        if doubt.reason:
            return doubt
        found = _BY_STATE.get(self.state[order_id]) or self._on_line(self.claims[order_id], kind, token, at_desk)
        if found.verdict is Verdict.MATCH and order_id in self.impossible and not at_desk:
            found = Check(Verdict.UNKNOWN, "LABEL_IMPOSSIBLE")
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
        return [order_id for order_id in self._register.by_token.get((kind, token), ()) if self._register.active(order_id)]

    def _open(self, order_id: OrderId) -> bool:
        return self._register.active(order_id) and self._moved.get(order_id, OrderState.ON_LINE) is OrderState.ON_LINE

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
        # The first of both stays its outcome: the document of a cancelled order goes back to its issuer as well.
        if before not in {OrderState.ON_LINE, OrderState.CANCELLED, OrderState.RETURNED}:
            self._become(order_id, end)

    def settled(self, order_id: OrderId) -> LotId | None:
        """The outcome of this order stands. Returns its lot where it was the last one of it."""
        grant = self._register.grant_of[order_id]
        grant.over[order_id] = None
        return grant.lot if self.complete(grant.lot) else None

    def complete(self, lot: LotId) -> bool:
        """Whether the outcome of every order of this lot stands."""
        grants = self._sealed.get(lot, ())
        return bool(grants) and all(len(grant.over) == grant.size() for grant in grants)

    def carry_ended(self, order_id: OrderId, *, dispatched: bool) -> None:
        """Another release dispatched it or gave it back: it is never open again, also when it is granted again later (I4)."""
        self._become(order_id, OrderState.DISPATCHED if dispatched else OrderState.RETURNED)
        # Whether it was the last one of its lot, that release has told.
        del self.turned[order_id]
        if order_id in self.orders:
            self.settled(order_id)

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

    def _fields(self, skeleton: DocumentName) -> Iterator[tuple[OrderId, str]]:
        """Open orders with a document of this skeleton, each with that document's second field."""
        for order_id in dict.fromkeys(self._register.by_skeleton.get(skeleton, ())):
            for document in self._register.orders[order_id].documents if self._open(order_id) else ():
                if (document.kind, document.skeleton) == skeleton:
                    yield order_id, document.second_field

    def alike(self, grant: Grant | None = None) -> Iterator[Alike]:
        """Groups of open orders that share a skeleton: those that one of the grant's orders is in (its preflight), or all."""
        for name in self._register.by_skeleton if grant is None else grant.alike:
            group = Alike(name[0], tuple(self._fields(name)))
            if len(group.orders) > 1:
                yield group


# An order whose documents are on the line is not here: that depends on which of them.
_BY_STATE: dict[OrderState, Check] = {
    OrderState.WAITING: Check(Verdict.MATCH),
    OrderState.DISPATCHED: Check(Verdict.DUPLICATE, "DUPLICATE"),
    OrderState.ASIDE: Check(Verdict.DUPLICATE, "DUPLICATE"),
    OrderState.CANCELLED: Check(Verdict.CANCELLED, "CANCELLED"),
    OrderState.RETURNED: Check(Verdict.CANCELLED, "CANCELLED"),
}
