"""The time limit of each order: from the signed receipt of its documents to the closing of its bag."""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable
from typing import NamedTuple

from edge.core.grants import Cohort
from edge.core.tracking import Deadlines
from edge.core.values import MINUTE_MS, OrderId, Settings


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

    def __init__(self, cohort_of: Callable[[OrderId], Cohort | None]) -> None:
        """`cohort_of`: with whom an order was granted; None = it was not."""
        self._cohort_of = cohort_of
        self._cohorts: list[tuple[int, Cohort]] = []
        """(when to warn of its orders, those that were granted together)"""
        self._signed_ms: dict[OrderId, int] = {}
        self._warnings = Deadlines()
        """of those whose receipt was signed"""
        self._ended: dict[OrderId, None] = {}
        self._took_ms: dict[tuple[str, int], list[int]] = {}
        """product and limit → durations of its finished orders, ascending"""
        self.near: dict[OrderId, None] = {}
        """orders whose limit will be missed unless somebody hurries, in the order in which they became so"""

    def granted(self, cohorts: Iterable[Cohort], now_ms: int, settings: Settings) -> None:
        """Orders without a signed receipt run from their grant on."""
        for cohort in cohorts:
            cohort.since_ms = now_ms
            self._cohorts.append((self._due_ms(cohort, now_ms, settings), cohort))

    def signed(self, order_ids: Iterable[OrderId], signed_ms: int, settings: Settings) -> None:
        """The documents of these orders were handed over with a signature; the earliest one counts."""
        for order_id in order_ids:
            since_ms, cohort = self.since_ms(order_id), self._cohort_of(order_id)
            if since_ms is not None and cohort is not None:
                self._signed_ms[order_id] = since_ms = min(signed_ms, since_ms)
                self._warnings.set(order_id, self._due_ms(cohort, since_ms, settings))

    @staticmethod
    def _due_ms(cohort: Cohort, since_ms: int, settings: Settings) -> int:
        limit_min = cohort.limit_min or settings.limit_min(cohort.product)
        return since_ms + (limit_min - settings.time_warning_min) * MINUTE_MS

    def since_ms(self, order_id: OrderId) -> int | None:
        """Since when the clock of this order runs; None = it does not."""
        cohort = None if order_id in self._ended else self._cohort_of(order_id)
        return None if cohort is None else self._signed_ms.get(order_id, cohort.since_ms)

    def warn(self, now_ms: int) -> bool:
        """Look at the clock; True while an order is near its limit."""
        self.near.update(dict.fromkeys(map(OrderId, self._warnings.pop_due(now_ms))))
        for due_ms, cohort in self._cohorts:
            if due_ms <= now_ms:
                # A signed order has a warning of its own, which came no later than this one.
                late = (one for one in cohort.orders if one not in self._ended and one not in self._signed_ms)
                self.near.update(dict.fromkeys(late))
        self._cohorts = [waiting for waiting in self._cohorts if waiting[0] > now_ms]
        return bool(self.near)

    def ended(self, order_id: OrderId) -> None:
        """Cancelled or returned: nobody waits for it any more."""
        self._ended[order_id] = None
        self._warnings.set(order_id, None)
        self.near.pop(order_id, None)

    def bag_closed(self, order_id: OrderId, now_ms: int) -> None:
        """The clock of this order stops."""
        since_ms, cohort = self.since_ms(order_id), self._cohort_of(order_id)
        if since_ms is not None and cohort is not None:
            took_ms = self._took_ms.setdefault((cohort.product, cohort.limit_min), [])
            insort(took_ms, max(0, now_ms - since_ms))
            self.ended(order_id)

    def attainment(self, settings: Settings) -> list[Attainment]:
        """By product and limit: median, 90th percentile and the share within the limit."""
        rows = []
        for (product, own_min), took_ms in sorted(self._took_ms.items()):
            limit_min, last = own_min or settings.limit_min(product), len(took_ms) - 1
            within = bisect_right(took_ms, limit_min * MINUTE_MS)
            median, p90 = (took_ms[round(last * share)] // MINUTE_MS for share in (0.5, 0.9))
            rows.append(Attainment(product, limit_min, len(took_ms), median, p90, within * 1000 // len(took_ms)))
        return rows
