"""Manifests on their way into the pool: their orders stand in its indexes as they come, and count from the seal on.

A seal must not cost what the manifest is long, so whatever is done order by order is done when their chunk comes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from edge.core.values import LotId, Order, OrderId

DocumentName: TypeAlias = tuple[str, str]
"""(kind, token) or (kind, skeleton)"""
Index: TypeAlias = dict[DocumentName, Sequence[OrderId]]


class Cohort:
    """Orders of one product and limit that were granted together: without a signed receipt their clocks run alike."""

    def __init__(self, product: str, limit_min: int = 0) -> None:
        """`limit_min`: 0 = the product's."""
        self.product = product
        self.limit_min = limit_min
        self.orders: dict[OrderId, None] = {}
        self.since_ms = 0
        """wall time of the seal"""


class Grant:
    """One manifest. Before its seal nothing of it counts."""

    def __init__(self, lot: LotId) -> None:
        self.lot = lot
        self.sealed = False
        self.chunks: dict[int, tuple[Order, ...]] = {}
        """kept until the seal"""
        self.cohorts: dict[tuple[str, int], Cohort] = {}
        """its own orders by product and limit"""
        self.urgent: dict[OrderId, Order] = {}
        """those with a priority"""
        self.filed: dict[OrderId, Order] = {}
        """those with files to print"""
        self.ended: dict[OrderId, None] = {}
        """those that another release has dispatched or given back: they will not wait"""
        self.over: dict[OrderId, None] = {}
        """those whose outcome stands"""
        self.contested: list[Order] = []
        """orders that another manifest had brought when they came: the seal tells whose they are"""
        self.alike: dict[DocumentName, None] = {}
        """skeletons that it shares with other orders, or within itself"""

    def size(self) -> int:
        """Number of its own orders."""
        return sum(len(cohort.orders) for cohort in self.cohorts.values())

    def waiting(self) -> int:
        """Number of its own orders that will wait for their documents."""
        return self.size() - len(self.ended)


class Register:
    """All orders that came, by id, token and skeleton, each with the grant that brought it."""

    def __init__(self, ended: Mapping[OrderId, object]) -> None:
        """`ended`: what became of orders that did not wait for their grant."""
        self._ended = ended
        self.orders: dict[OrderId, Order] = {}
        self.grant_of: dict[OrderId, Grant] = {}
        self.by_token: Index = {}
        self.by_skeleton: Index = {}

    def active(self, order_id: OrderId) -> bool:
        """Whether its manifest is sealed."""
        grant = self.grant_of.get(order_id)
        return grant is not None and grant.sealed

    def stage(self, grant: Grant, chunk: int, orders: tuple[Order, ...]) -> None:
        """Take a chunk of a grant that is not sealed; one that came before with other orders is replaced."""
        earlier = grant.chunks.get(chunk)
        if earlier == orders:
            return
        grant.chunks[chunk] = orders
        if earlier is None:
            self._stage(grant, orders)
            return
        self.drop(grant, {**grant.chunks, chunk: earlier})
        for again in grant.chunks.values():
            self._stage(grant, again)

    def _stage(self, grant: Grant, orders: tuple[Order, ...]) -> None:
        for order in orders:
            holder = self.grant_of.get(order.order_id)
            if holder is None:
                self.enter(grant, order)
            elif not holder.sealed:
                grant.contested.append(order)

    def enter(self, grant: Grant, order: Order) -> None:
        """Make an order that nobody holds this grant's own."""
        order_id = order.order_id
        self.orders[order_id] = order
        self.grant_of[order_id] = grant
        terms = order.product, order.limit_min
        cohort = grant.cohorts.get(terms)
        if cohort is None:
            cohort = grant.cohorts[terms] = Cohort(*terms)
        cohort.orders[order_id] = None
        if order.priority > 0:
            grant.urgent[order_id] = order
        if order.files:
            grant.filed[order_id] = order
        if order_id in self._ended:
            grant.ended[order_id] = None
        for document in order.documents:
            _add(self.by_token, (document.kind, document.token), order_id)
            skeleton = (document.kind, document.skeleton)
            if _add(self.by_skeleton, skeleton, order_id):
                # Whichever of their manifests is sealed last has to tell.
                for member in self.by_skeleton[skeleton]:
                    if not self.grant_of[member].sealed:
                        self.grant_of[member].alike[skeleton] = None

    def amend(self, order: Order) -> None:
        """Replace an order by one with the same documents and product."""
        self.orders[order.order_id] = order
        urgent = self.grant_of[order.order_id].urgent
        urgent.pop(order.order_id, None)
        if order.priority > 0:
            urgent[order.order_id] = order

    def _leave(self, order_id: OrderId) -> None:
        grant, order = self.grant_of.pop(order_id), self.orders.pop(order_id)
        del grant.cohorts[order.product, order.limit_min].orders[order_id]
        grant.urgent.pop(order_id, None)
        grant.filed.pop(order_id, None)
        grant.ended.pop(order_id, None)
        for document in order.documents:
            _remove(self.by_token, (document.kind, document.token), order_id)
            _remove(self.by_skeleton, (document.kind, document.skeleton), order_id)

    def drop(self, grant: Grant, chunks: Mapping[int, tuple[Order, ...]]) -> None:
        """Forget what these chunks have brought: nothing of it is left."""
        for orders in chunks.values():
            for order in orders:
                if self.grant_of.get(order.order_id) is grant:
                    self._leave(order.order_id)
        grant.contested.clear()
        grant.alike.clear()

    def settle(self, grant: Grant) -> None:
        """Before its seal: what nobody else has sealed is its own."""
        for order in grant.contested:
            holder = self.grant_of.get(order.order_id)
            if holder is not None and holder is not grant and not holder.sealed:
                self._leave(order.order_id)
                holder = None
            if holder is None:
                self.enter(grant, order)
        grant.contested.clear()


class Active(Mapping[OrderId, Order]):
    """The orders of sealed manifests."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def __getitem__(self, order_id: OrderId) -> Order:
        if not self._register.active(order_id):
            raise KeyError(order_id)
        return self._register.orders[order_id]

    def __iter__(self) -> Iterator[OrderId]:
        return (order_id for order_id, grant in self._register.grant_of.items() if grant.sealed)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _add(index: Index, name: DocumentName, order_id: OrderId) -> bool:
    """True where the name had a member already. Nearly all have one only, and the collector passes tuples of names over."""
    members = index.get(name)
    if members is None:
        index[name] = (order_id,)
    elif isinstance(members, list):
        members.append(order_id)
    else:
        index[name] = [*members, order_id]
    return members is not None


def _remove(index: Index, name: DocumentName, order_id: OrderId) -> None:
    members = [member for member in index.get(name, ()) if member != order_id]
    if members:
        index[name] = members
    else:
        index.pop(name, None)
