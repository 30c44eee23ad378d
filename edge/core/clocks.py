"""The time limit of each order: from the signed receipt of its documents to the closing of its bag."""

from bisect import bisect_right, insort
from collections.abc import Iterable
from typing import NamedTuple

from edge.core.tracking import Deadlines
from edge.core.values import Order, OrderId, Settings

MINUTE_MS = 60_000


class Attainment(NamedTuple):
    """How long the finished orders of one product took, in minutes; `within_permille` of them kept the limit."""

    product: str
    limit_min: int
    orders: int
    median_min: int
    p90_min: int
    within_permille: int


class Clocks:
    """One clock an order, in wall time (ms since 1970 UTC)."""

    def __init__(self) -> None:
        self._since_ms: dict[OrderId, int] = {}
        self._product: dict[OrderId, str] = {}
        self._warnings = Deadlines()
        self._took_ms: dict[str, list[int]] = {}
        """product → durations of its finished orders, ascending"""
        self.near: dict[OrderId, None] = {}
        """orders whose limit will be missed unless somebody hurries, in the order in which they became so"""

    def granted(self, order: Order, now_ms: int, settings: Settings) -> None:
        """An order without a signed receipt runs from its grant on."""
        self._product[order.order_id] = order.product
        self._run(order.order_id, now_ms, settings)

    def signed(self, order_ids: Iterable[OrderId], signed_ms: int, settings: Settings) -> None:
        """The documents of these orders were handed over with a signature; the earliest one counts."""
        for order_id in order_ids:
            if order_id in self._since_ms:
                self._run(order_id, min(signed_ms, self._since_ms[order_id]), settings)

    def _run(self, order_id: OrderId, since_ms: int, settings: Settings) -> None:
        self._since_ms[order_id] = since_ms
        limit_min = settings.limit_min(self._product[order_id])
        self._warnings.set(order_id, since_ms + (limit_min - settings.time_warning_min) * MINUTE_MS)

    def warn(self, now_ms: int) -> bool:
        """Look at the clock; True while an order is near its limit."""
        self.near.update(dict.fromkeys(map(OrderId, self._warnings.pop_due(now_ms))))
        return bool(self.near)

    def ended(self, order_id: OrderId) -> None:
        """Cancelled or returned: nobody waits for it any more."""
        self._since_ms.pop(order_id, None)
        self._warnings.set(order_id, None)
        self.near.pop(order_id, None)

    def bag_closed(self, order_id: OrderId, now_ms: int) -> None:
        """The clock of this order stops."""
        since_ms = self._since_ms.get(order_id)
        if since_ms is not None:
            insort(self._took_ms.setdefault(self._product[order_id], []), max(0, now_ms - since_ms))
            self.ended(order_id)

    def attainment(self, settings: Settings) -> list[Attainment]:
        """By product: median, 90th percentile and the share within the limit."""
        rows = []
        for product, took_ms in sorted(self._took_ms.items()):
            limit_min, last = settings.limit_min(product), len(took_ms) - 1
            within = bisect_right(took_ms, limit_min * MINUTE_MS)
            median, p90 = (took_ms[round(last * share)] // MINUTE_MS for share in (0.5, 0.9))
            rows.append(Attainment(product, limit_min, len(took_ms), median, p90, within * 1000 // len(took_ms)))
        return rows
