"""The ends of orders: what cannot change any more, lot by lot. With its last order a lot wants its account."""

from edge.core.floor import Floor
from edge.core.lots import Lots
from edge.core.orders import OrderState
from edge.core.sorting import Sorting
from edge.core.values import OrderId


class Ends:
    """Looks at the orders that came to an end, once for each step of theirs."""

    def __init__(self, floor: Floor, lots: Lots, sorting: Sorting) -> None:
        self._floor = floor
        self._lots = lots
        self._sorting = sorting

    def settle(self) -> None:
        """Behind every event: lots whose last order has just ended want their account."""
        pool = self._floor.pool
        turned, pool.turned = pool.turned, {}
        whole = dict.fromkeys(pool.settled(order_id) for order_id in turned if self._stands(order_id))
        for lot in whole:
            if lot is not None:
                self._lots.want(lot)

    def _stands(self, order_id: OrderId) -> bool:
        """Whether this outcome is for good: what lies in an open bag may still be taken out of it."""
        item, bags = self._sorting.dispatched.get(order_id), self._floor.bags
        if item is None or item.item_id in bags.closed:
            return True
        taken_back = self._floor.pool.state[order_id] is not OrderState.DISPATCHED
        return taken_back and not any(item.item_id in bag.items for bag in bags.by_chute.values())
