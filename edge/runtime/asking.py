"""What the line asks central for, and when: its orders, the next lot, its leases, and what of its open bags was cancelled."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.core.controller import Controller
from edge.core.orders import OrderState
from edge.runtime.contract.outward import Request

AGAIN_S = 5.0
NEXT_AGAIN_S = 30.0
"""a line that has nothing to do asks so often whether there is something"""
BAGS_AGAIN_S = 30.0
"""a line whose connection comes and goes asks about its open bags no oftener than this"""
BAGGED_MAX = 2000
"""orders of open bags in one request"""
ANSWERS: dict[str, tuple[str, int]] = {
    "manifest": ("manifest", 60),
    "next": ("manifest", 60),
    "leases": ("lease", 60),
    "cancellations": ("cancel", 0),
}
"""what is wanted → topic of the answer, and for how many seconds the question is of use: the last one is asked once"""
_LONG_AGO_S = float("-inf")


class Abilities(NamedTuple):
    """What the line can run: central grants it nothing else."""

    kinds: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    thickness_max_mm: int = 0
    number_forms: tuple[str, ...] = ()
    """what a tracking number may look like, as regular expressions; check digits beside"""


class Needs(NamedTuple):
    """What the line lacks at this moment, asked anew each time."""

    unconfirmed: Callable[[], bool] = lambda: False
    """it has leases that only central can confirm, as it has been away"""
    hungry: Callable[[], bool] = lambda: False
    """no order waits for its documents"""
    bagged: Callable[[], list[str]] = list
    """orders that lie in open bags, and that central has not called back"""


class Asking:
    """Requests that are due. Each is repeated until what it asks for has come."""

    def __init__(self, journal_id: str, boot: int, needs: Needs, abilities: Abilities) -> None:
        self._journal_id, self._boot = journal_id, boot
        self._needs, self._abilities = needs, abilities
        self._lot = ""
        self._wants_orders = True
        self._asked_s: dict[str, float] = {}
        self._bags_asked = False
        self._bags_asked_s = _LONG_AGO_S
        self._count = 0

    def orders(self, lot: str = "") -> None:
        """Ask for orders until a manifest has been settled: those of this lot, "" = its own, or the next."""
        self._wants_orders, self._lot = True, lot
        self._asked_s.pop("manifest", None)

    def got_orders(self) -> None:
        """A manifest has been settled."""
        self._wants_orders, self._lot = False, ""

    def connected(self) -> None:
        """Whatever was asked for may be lost, and whatever was cancelled meanwhile may not have come."""
        self._asked_s.clear()
        self._bags_asked = False

    def failed(self, request: Request) -> None:
        """It did not get through to the broker. What is asked once is asked again as soon as it can be."""
        if request.want == "cancellations":
            self._bags_asked, self._bags_asked_s = False, _LONG_AGO_S

    def due(self, now_s: float) -> Iterator[Request]:
        """What to send now."""
        hungry = not self._wants_orders and self._needs.hungry()
        for want, wanted, again_s in (
            ("manifest", self._wants_orders, AGAIN_S),
            ("next", hungry, NEXT_AGAIN_S),
            ("leases", self._needs.unconfirmed(), AGAIN_S),
        ):
            if wanted and now_s - self._asked_s.get(want, _LONG_AGO_S) >= again_s:
                self._asked_s[want] = now_s
                yield self._request(want)
        if not self._bags_asked and now_s - self._bags_asked_s >= BAGS_AGAIN_S:
            self._bags_asked, bagged = True, self._needs.bagged()
            self._bags_asked_s = now_s if bagged else _LONG_AGO_S
            for begin in range(0, len(bagged), BAGGED_MAX):
                yield self._request("cancellations", bagged[begin : begin + BAGGED_MAX])

    def _request(self, want: str, orders: list[str] | None = None) -> Request:
        self._count += 1
        return Request(
            want=want,
            request_id=f"{self._journal_id}-{self._boot}-{self._count}",
            journal_id=self._journal_id,
            boot=self._boot,
            lot=self._lot if want == "manifest" else "",
            kinds=list(self._abilities.kinds),
            formats=list(self._abilities.formats),
            thickness_max_mm=self._abilities.thickness_max_mm,
            number_forms=list(self._abilities.number_forms),
            orders=orders or [],
        )


def needs_of(controller: Controller) -> Needs:
    """What a running core lacks."""
    floor = controller.floor

    def bagged() -> list[str]:
        inside = {item_id for bag in floor.bags.by_chute.values() for item_id in bag.items}
        lying = (order_id for order_id, item in controller.sorting.dispatched.items() if item.item_id in inside)
        return [order_id for order_id in lying if floor.pool.state[order_id] is OrderState.DISPATCHED]

    return Needs(
        unconfirmed=lambda: "LEASES_UNCONFIRMED" in floor.conditions.active,
        hungry=lambda: not floor.pool.waiting,
        bagged=bagged,
    )
