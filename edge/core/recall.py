"""Cancellations by central: before the feeder, on the belt, and after sealing as long as the bag is open (拦截)."""

from edge.core.collation import Collation
from edge.core.events import OrderCancelled
from edge.core.floor import Floor
from edge.core.item import Item, Items
from edge.core.orders import OrderState
from edge.core.routing import Bag
from edge.core.sorting import Sorting


class Recall:
    """What becomes of a cancelled order depends on where its documents are."""

    def __init__(self, floor: Floor, collation: Collation, items: Items, sorting: Sorting) -> None:
        self._floor = floor
        self._collation = collation
        self._items = items
        self._sorting = sorting

    def cancelled(self, event: OrderCancelled) -> None:
        """Withdraw the order; a dispatched one is called back from its open bag, or the answer says where it went."""
        pool = self._floor.pool
        before = pool.state.get(event.order_id)
        if before is None:
            self._tell(event, "UNKNOWN_ORDER")
        elif event.version <= pool.version_of.get(event.order_id, 0):
            self._tell(event, "OLD_VERSION")
        else:
            pool.version_of[event.order_id] = event.version
            self._withdraw(event, before)

    def _withdraw(self, event: OrderCancelled, before: OrderState) -> None:
        pool, order_id = self._floor.pool, event.order_id
        if before is OrderState.DISPATCHED:
            self._call_back(event)
            return
        pool.withdraw(order_id, OrderState.CANCELLED)
        self._floor.clocks.ended(order_id)
        if before is OrderState.ON_LINE:
            self._collation.break_up(order_id, "CANCELLED")
            for item in [item for item in self._items.on_belt.values() if item.order_id == order_id]:
                self._items.condemn(item, "CANCELLED")
                self._sorting.call_back(item)
        self._tell(event, "CANCELLED")

    def _call_back(self, event: OrderCancelled) -> None:
        item, bags = self._sorting.dispatched.get(event.order_id), self._floor.bags
        if item is None or item.item_id in bags.closed:
            # Another release has dispatched it: then nobody knows any more into which bag.
            self._tell(event, "BAG_CLOSED", bag="" if item is None else bags.closed[item.item_id], item=item)
            return
        self._floor.pool.withdraw(event.order_id, OrderState.CANCELLED)
        self._floor.clocks.ended(event.order_id)
        bag = next((bag for bag in bags.by_chute.values() if item.item_id in bag.items), None)
        if bag is None:
            self._tell(event, "CANCELLED")  # it was doubted, and is out of its bag already
            return
        item.reason = "CANCELLED"
        self._take_out(bag, item)
        self._tell(event, "RECALLED", bag=bag.bag_id, item=item)

    def distrust(self, item: Item, reason: str) -> None:
        """Something contradicts its proofs: it must not go, and is taken out of its bag if that is still here."""
        item.proved, item.quarantined, item.reason = False, True, item.reason or reason
        self._sorting.call_back(item)
        bag = next((bag for bag in self._floor.bags.by_chute.values() if item.item_id in bag.items), None)
        if bag is not None:
            self._take_out(bag, item)

    def _take_out(self, bag: Bag, item: Item) -> None:
        if item.item_id not in bag.recalled:
            bag.recalled.append(item.item_id)
            self._floor.raise_condition("RECALL")

    def _tell(self, event: OrderCancelled, code: str, *, bag: str = "", item: Item | None = None) -> None:
        self._floor.report(
            "cancellation",
            order_id=event.order_id,
            version=event.version,
            code=code,
            bag=bag,
            position=None if item is None else item.bag_position,
            evidence="" if item is None else item.evidence,
        )
