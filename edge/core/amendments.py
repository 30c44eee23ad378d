"""Amendments by central: where an order goes and how urgent it is, as long as none of its documents is on the line."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from edge.core.commands import Outcome
from edge.core.events import OrderAmended
from edge.core.floor import Floor
from edge.core.lots import Lots
from edge.core.orders import OrderState
from edge.core.routing import route


class News(NamedTuple):
    """An amendment, beside what is known of its order."""

    event: OrderAmended
    state: OrderState | None
    version: int
    """of the last word about this order that counted"""
    chute: int | None


# In this order: the first row that applies is why it does not count. After the last row it counts.
REFUSED: tuple[tuple[Callable[[News], bool], str], ...] = (
    (lambda news: news.state is None, "UNKNOWN_ORDER"),
    (lambda news: news.event.version <= news.version, "OLD_VERSION"),
    (lambda news: news.state is not OrderState.WAITING, "TOO_LATE"),
    (lambda news: news.chute is None, "UNROUTABLE"),
)


class Amendments:
    """Takes them, or says why not."""

    def __init__(self, floor: Floor, lots: Lots) -> None:
        self._floor = floor
        self._lots = lots

    def amended(self, event: OrderAmended) -> None:
        """Central wants an order sent elsewhere, or sooner."""
        pool = self._floor.pool
        state, version = pool.state.get(event.order_id), pool.version_of.get(event.order_id, 0)
        news = News(event, state, version, route(self._floor.sort_plan, event.address.county))
        code = next((code for applies, code in REFUSED if applies(news)), "AMENDED")
        if code == "AMENDED":
            pool.version_of[event.order_id] = event.version
            order = msgspec.structs.replace(
                pool.orders[event.order_id],
                address=event.address,
                client_unit=event.client_unit,
                fee_code=event.fee_code,
                priority=event.priority,
            )
            pool.amend(order)
            self._floor.do(Outcome(table="amended", key=event.order_id, value=str(event.version)))
            self._lots.granted(order)
        self._floor.report("amendment", order_id=event.order_id, version=event.version, code=code)
