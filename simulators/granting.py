"""Which lot is whose, and until when: central's side of the leases. Pure; one lot has one line at a time (I4).

A lot goes to another line only when its lease has ended and the margin has passed, or when a person has seen that the line
stands; then under the next epoch, and without the orders of which central knows how they ended.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simulators.manifests import make_manifest

Json = dict[str, Any]
FINAL = frozenset({"dispatched", "returned", "damaged"})
"""kinds of events after which an order is not granted again"""


def wall_ms() -> int:
    """Central's clock: ms since 1970 UTC."""
    return round(time.time() * 1000)


class Message(NamedTuple):
    """What central says to one line."""

    line: str
    topic: str
    payload: bytes


@dataclass
class Lot:
    """Orders that are granted together."""

    lot: str
    orders: dict[str, Json]
    line: str = ""
    """whose it is; "" = nobody's"""
    epoch: int = 0
    version: int = 1
    end_ms: int = 0
    kinds: frozenset[str] = frozenset()
    """of its documents"""
    earlier: dict[str, None] = field(default_factory=dict)
    """lines that had it before"""


class Granting:
    """All lots of a site."""

    def __init__(
        self,
        lots: Mapping[str, list[Json]],
        *,
        planned: Mapping[str, str] | None = None,
        lease_ms: int = 0,
        margin_ms: int = 0,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        """`planned`: lot → the line where its documents lie; `lease_ms`: how long a grant lasts, 0 = for ever."""
        self.lots = {
            name: Lot(name, {order["order_id"]: order for order in orders}, kinds=_kinds(orders))
            for name, orders in lots.items()
        }
        self.cancelled: dict[str, bytes] = {}
        """order → the cancellation, as it was sent"""
        self._planned = dict(planned or {})
        self._lease_ms, self._margin_ms, self._now_ms = lease_ms, margin_ms, now_ms
        self._lot_of = {order_id: lot for lot in self.lots.values() for order_id in lot.orders}
        self._away: dict[str, None] = {}
        """lines that are not online: nothing of theirs is renewed"""
        self.ended: dict[str, str] = {}
        """order → the line at which it ended"""
        self.requests = 0
        self._cancellations = 0
        self.regranted: list[tuple[str, str, int]] = []
        """(lot, line, epoch) of each grant but a lot's first"""

    # --- what a line asks ---
    def answer(self, line: str, request: Json) -> list[Message]:
        """A line asks for orders ("manifest": its own again, else the next; `lot`: that one), or after a restart for leases."""
        want = request["want"]
        self.requests += 1
        if want == "manifest":
            named = str(request.get("lot", ""))
            mine = [lot for lot in self.lots.values() if lot.line == line and named in ("", lot.lot)]
            taken = mine or self._grant_next(line, named, request)
            return [Message(line, "manifest", part) for lot in taken for part in self.manifest(lot)]
        if want == "next":
            return [
                Message(line, "manifest", part) for lot in self._grant_next(line, "", request) for part in self.manifest(lot)
            ]
        if want == "cancellations":
            return [
                Message(line, "cancel", self.cancelled[order_id])
                for order_id in map(str, request["orders"])
                if order_id in self.cancelled
            ]
        if want == "leases":
            journal_id, boot = str(request["journal_id"]), int(request["boot"])
            return [
                Message(line, "lease", self.word(lot, line, journal_id, boot))
                for lot in self.lots.values()
                if lot.epoch and (lot.line == line or line in lot.earlier)
            ]
        return []

    def cancel(self, order_id: str) -> list[Message]:
        """Take an order back, wherever it is; the line hears of it now, and again when it asks about its open bags."""
        self._cancellations += 1
        self.cancelled[order_id] = json.dumps({"order_id": order_id, "version": self._cancellations}).encode()
        line = self._lot_of[order_id].line
        return [Message(line, "cancel", self.cancelled[order_id])] if line else []

    def _grant_next(self, line: str, named: str, request: Json) -> list[Lot]:
        runs = set(request.get("kinds") or ())
        free = (
            lot
            for lot in self.lots.values()
            if not lot.line
            and self._planned.get(lot.lot, line) == line
            and named in ("", lot.lot)
            and not self.ended.keys() >= lot.orders.keys()
            and (not runs or runs >= lot.kinds)
        )
        return [self.grant(lot, line) for lot in list(free)[:1]]

    def grant(self, lot: Lot, line: str) -> Lot:
        """This line has the lot from now on."""
        lot.line = line
        if self._lease_ms:
            lot.epoch += 1
            lot.version = lot.epoch
            lot.end_ms = self._now_ms() + self._lease_ms
        if lot.earlier:
            self.regranted.append((lot.lot, line, lot.epoch))
        return lot

    def manifest(self, lot: Lot) -> list[bytes]:
        """Its orders, but for those that have ended elsewhere; again under the same epoch when asked again."""
        orders = [order for order_id, order in lot.orders.items() if self.ended.get(order_id, lot.line) == lot.line]
        return make_manifest(orders, lot.lot, lot.version, lease=(lot.epoch, lot.end_ms) if lot.epoch else None)

    def word(self, lot: Lot, line: str, journal_id: str = "", boot: int = 0) -> bytes:
        """What central says of a lot's lease to this line: longer where it is its own, over where it is not."""
        now_ms, end_ms = self._now_ms(), 0
        if lot.line == line:
            end_ms = lot.end_ms = max(lot.end_ms, now_ms + self._lease_ms)
        told = {"lot": lot.lot, "epoch": lot.epoch, "end_ms": end_ms, "central_ms": now_ms}
        return json.dumps({**told, "journal_id": journal_id, "boot": boot}).encode()

    def take_back(self, lot: Lot) -> None:
        """Nobody has it any more: whoever had it hears of the next epoch."""
        lot.earlier[lot.line] = None
        lot.line, lot.epoch, lot.end_ms = "", lot.epoch + 1, 0

    # --- lines that are there, and that are not ---
    def seen(self, line: str, *, online: bool) -> None:
        """A line told its state, or the broker its last will."""
        if online:
            self._away.pop(line, None)
        else:
            self._away[line] = None

    def renew(self) -> list[Message]:
        """Longer leases for all lines that are there."""
        held = [lot for lot in self.lots.values() if lot.epoch and lot.line and lot.line not in self._away]
        return [Message(lot.line, "lease", self.word(lot, lot.line)) for lot in held]

    def overdue(self) -> list[Lot]:
        """Lots whose line is away and whose lease ended a margin ago: they are nobody's now."""
        now_ms = self._now_ms()
        return self._free(lambda lot: lot.line in self._away and now_ms >= lot.end_ms + self._margin_ms)

    def stands(self, line: str) -> list[Lot]:
        """A person has seen that this line stands and will not move: its lots are nobody's now."""
        return self._free(lambda lot: lot.line == line)

    def _free(self, applies: Callable[[Lot], bool]) -> list[Lot]:
        freed = [lot for lot in self.lots.values() if lot.epoch and lot.line and applies(lot)]
        for lot in freed:
            self.take_back(lot)
            self._planned.pop(lot.lot, None)
        return freed

    # --- what lines tell ---
    def told(self, line: str, event: Json) -> list[Message]:
        """An order ended at a line: where it is granted to another one meanwhile, it is taken back there."""
        order_id = event["body"].get("order_id")
        lot = self._lot_of.get(order_id)
        if lot is None or event["kind"] not in FINAL:
            return []
        self.ended.setdefault(order_id, line)
        if lot.line in ("", line):
            return []
        # Of that line only: where the order ended it stays in its bag.
        self._cancellations += 1
        cancel = json.dumps({"order_id": order_id, "version": self._cancellations}).encode()
        return [Message(lot.line, "cancel", cancel)]


def _kinds(orders: Iterable[Json]) -> frozenset[str]:
    return frozenset(document["kind"] for order in orders for document in order.get("documents", ()))
