"""Whether an order's label can be made is found out when its first document is matched, before anything is sealed."""

from edge.core.collation import Collation
from edge.core.commands import TryLabel
from edge.core.device_events import LabelImpossible
from edge.core.floor import Floor
from edge.core.label_text import WIDEST_PRINT_ID, label_text
from edge.core.routing import route
from edge.core.values import Order, OrderId


class Trials:
    """Labels that were tried. One that cannot be made is for the manual desk, which has a printer and fonts of its own."""

    def __init__(self, floor: Floor, collation: Collation) -> None:
        self._floor = floor
        self._collation = collation
        self._begun: dict[OrderId, None] = {}

    def begin(self, order: Order) -> None:
        """Have this order's label tried, once."""
        chute = route(self._floor.sort_plan, order.address.county)
        if chute is not None and order.order_id not in self._begun:
            self._begun[order.order_id] = None
            self._floor.do(TryLabel(order_id=order.order_id, label=label_text(order, WIDEST_PRINT_ID, chute)))

    def impossible(self, event: LabelImpossible) -> None:
        """What is here of this order goes to the tray, or is ejected unsealed."""
        pool = self._floor.pool
        if event.order_id not in pool.orders:
            self._floor.surprise("unknown order", "label impossible")
            return
        pool.impossible[event.order_id] = event.reason
        self._floor.report("label_impossible", order_id=event.order_id, reason=event.reason)
        self._collation.break_up(event.order_id, "LABEL_IMPOSSIBLE")

    def restarted(self) -> None:
        """Labels are tried anew: there may be other fonts now."""
        self._begun.clear()
        self._floor.pool.impossible.clear()
