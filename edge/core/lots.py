"""Receipt lots: documents handed over together with their list, each of which has an outcome when the lot closes.

Of every lot whose end has come, a receipt lot or one of the order pool, the signed account is asked for here.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from edge.core.event import Event
from edge.core.events import LotFiled, LotReceived
from edge.core.floor import Floor
from edge.core.values import DocumentKey, LotId, Order


class Listed(StrEnum):
    """Where a listed document stands; all but `open` are outcomes."""

    OPEN = "open"
    DISPATCHED = "dispatched"
    NO_ORDER = "no order"
    CANCELLED = "cancelled"
    DAMAGED = "damaged"
    RETURNED = "returned to issuer"
    MISSING = "missing"
    SURPLUS = "surplus"


L = Listed
# (state, what happened) → state. An outcome stands until a person's act or a dispatch changes it; `missing` is signed when
# the lot closes.
LISTED_TABLE: dict[tuple[Listed, str], Listed] = {
    (L.OPEN, "dispatched"): L.DISPATCHED,
    (L.OPEN, "no_order"): L.NO_ORDER,
    (L.OPEN, "cancelled"): L.CANCELLED,
    (L.OPEN, "damaged"): L.DAMAGED,
    (L.OPEN, "returned"): L.RETURNED,
    (L.OPEN, "missing"): L.MISSING,
    (L.NO_ORDER, "fed_again"): L.OPEN,
    (L.NO_ORDER, "returned"): L.RETURNED,
    (L.NO_ORDER, "damaged"): L.DAMAGED,
    (L.CANCELLED, "fed_again"): L.OPEN,
    (L.CANCELLED, "returned"): L.RETURNED,
    (L.CANCELLED, "damaged"): L.DAMAGED,
    (L.DISPATCHED, "recalled"): L.CANCELLED,
    # Two bear one number: what became of the other one says nothing of the one that went.
    (L.NO_ORDER, "dispatched"): L.DISPATCHED,
    (L.RETURNED, "dispatched"): L.DISPATCHED,
    (L.DAMAGED, "dispatched"): L.DISPATCHED,
}
# Reason for which a document lies in the tray → what happened to its entry; other reasons leave it open.
TRAY: dict[str, str] = {"NO_ORDER": "no_order", "CANCELLED": "cancelled"}
DIFFERENCES = (L.DAMAGED, L.RETURNED, L.MISSING, L.SURPLUS)
"""outcomes that the shift lead signs for"""


class Lot:
    """One receipt lot and its list."""

    def __init__(self, event: LotReceived) -> None:
        self.lot_id = event.lot
        self.issuer = event.issuer
        self.signed_ms = event.signed_ms
        self.green = event.green
        self.urgent = 0
        """highest priority among the orders of its documents"""
        self.listed: dict[tuple[str, str], Listed] = {(d.kind, d.token): L.OPEN for d in event.documents}
        self.surplus: list[DocumentKey] = []
        self.closed = False
        self.counts: dict[Listed, int] = {**dict.fromkeys(Listed, 0), L.OPEN: len(self.listed)}
        """number of documents by where they stand"""

    def happened(self, key: tuple[str, str], what: str) -> None:
        """A step of the table for one entry; nothing where the table has none."""
        before = self.listed[key]
        target = LISTED_TABLE.get((before, what), before)
        self.listed[key] = target
        self.counts[before] -= 1
        self.counts[target] += 1

    def add_surplus(self, document: DocumentKey) -> None:
        """A document that is on no list came with this lot."""
        self.surplus.append(document)
        self.counts[L.SURPLUS] += 1


class Lots:
    """The receipt lots at this line. Several may be open at once, for instance at a change-over."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.all: dict[LotId, Lot] = {}
        self._lot_of: dict[tuple[str, str], Lot] = {}
        self.unfiled: dict[LotId, int] = {}
        """lots whose signed account is due and not on the disk yet → which one of the lot it is, from 1"""
        self.accounts: dict[LotId, int] = {}
        """lot → how many accounts of it were due so far"""
        self._latest: Lot | None = None
        """the lot of the listed document that was read last: a stranger behind it is its surplus"""

    def routes(self) -> dict[type[Event], Callable[[Any], None]]:
        """What is told of lots, and who takes it."""
        return {LotReceived: self.received, LotFiled: self.filed}

    def received(self, event: LotReceived) -> None:
        """Both sides have signed the list: the clocks of its orders run from then on."""
        listed = {(document.kind, document.token) for document in event.documents}
        if event.lot in self.all or len(listed) < len(event.documents) or any(key in self._lot_of for key in listed):
            self._floor.report("lot_refused", lot=event.lot, reason="lot or a document of it is listed already")
            return
        lot = self.all[event.lot] = Lot(event)
        self._latest = self._latest or lot
        self._lot_of.update(dict.fromkeys(lot.listed, lot))
        for document in event.documents:
            order_ids = self._floor.pool.orders_of(document.kind, document.token)
            self._floor.clocks.signed(order_ids, event.signed_ms, self._floor.settings)
            lot.urgent = max((lot.urgent, *(self._floor.pool.orders[order_id].priority for order_id in order_ids)))
        self._floor.report("lot_received", lot=event.lot, documents=len(lot.listed), green=event.green)

    def granted(self, order: Order) -> None:
        """An order with a priority came: the lot that its documents lie in is as urgent as it is."""
        for document in order.documents:
            lot = self._lot_of.get((document.kind, document.token))
            if lot is not None:
                lot.urgent = max(lot.urgent, order.priority)

    def issuer_of(self, kind: str, token: str) -> str:
        """Which office issued this document, or the one whose lot is being fed; "" = nobody knows."""
        lot = self._lot_of.get((kind, token), self._latest)
        return "" if lot is None else lot.issuer

    def read(self, document: DocumentKey, kind: str, token: str) -> None:
        """A document's number was read: it is on a list, or it is surplus."""
        lot = self._lot_of.get((kind, token))
        if lot is not None and not lot.closed:
            self._latest = lot
        elif self._latest is not None and not self._latest.closed:
            self._latest.add_surplus(document)
            self._floor.report("document_surplus", document=document, lot=self._latest.lot_id)

    def happened(self, kind: str, token: str, what: str) -> None:
        """A step of the table for this document's entry, when it has one in an open lot."""
        key = (kind, token)
        lot = self._lot_of.get(key)
        if lot is not None and not lot.closed:
            lot.happened(key, what)

    def in_tray(self, kind: str, token: str, reason: str) -> None:
        """It lies in the tray; whether that is an outcome depends on the reason."""
        what = TRAY.get(reason)
        if what is not None:
            self.happened(kind, token, what)

    def close(self, lot_id: str, person: str, lead: str, on_line: Iterable[tuple[str, str]]) -> str:
        """Close a lot: what is still open is missing. "" or what stands against it; differences need the shift lead's name.

        `on_line`: (kind, token) of what is on the belts.
        """
        lot = self.all.get(LotId(lot_id))
        if lot is None or lot.closed:
            return "NO_SUCH_LOT"
        if any(self._lot_of.get(key) is lot for key in on_line):
            return "DOCUMENTS_ON_LINE"
        counts = lot.counts
        if (counts[L.OPEN] or any(counts[outcome] for outcome in DIFFERENCES)) and lead in ("", person):
            return "LEAD_NEEDED"
        for key in lot.listed:
            lot.happened(key, "missing")
        lot.closed = True
        self.want(lot.lot_id)
        self._floor.report(
            "lot_reconciled", lot=lot.lot_id, person=person, lead=lead, **{s.name.lower(): n for s, n in counts.items()}
        )
        return ""

    def want(self, lot_id: LotId) -> None:
        """The account of this lot is due: it was closed, or its last order has ended. A later one replaces it."""
        self.accounts[lot_id] = self.unfiled[lot_id] = self.accounts.get(lot_id, 0) + 1

    def filed(self, event: LotFiled) -> None:
        """A lot's account was written, once; or it could not be, and is tried again."""
        if self.unfiled.get(event.lot) != event.account:
            return
        if event.fault:
            self._floor.raise_condition("LOT_NOT_FILED")
            return
        del self.unfiled[event.lot]
        if not self.unfiled:
            self._floor.end_condition("LOT_NOT_FILED")
        self._floor.report(
            "lot_filed",
            lot=event.lot,
            account=event.account,
            file=event.file,
            sha256=event.sha256,
            size_bytes=event.size_bytes,
            key=event.key,
        )

    def open_lots(self) -> list[Lot]:
        """What to feed next, first come first: green channel, then the most urgent order, then the oldest signature."""
        still_open = [lot for lot in self.all.values() if not lot.closed]
        return sorted(still_open, key=lambda lot: (not lot.green, -lot.urgent, lot.signed_ms, lot.lot_id))
