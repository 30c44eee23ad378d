"""The life of an item, from the first document in its envelope to its chute or a reject place, as a table."""

from collections.abc import Callable
from enum import StrEnum

from edge.core.collation import Collation
from edge.core.commands import EjectUnsealed, NoLabel, Seal
from edge.core.document import Documents
from edge.core.events import Inserted, ItemEjected, Sealed, Weighed
from edge.core.floor import Floor
from edge.core.production import Reject
from edge.core.tracking import Deadlines
from edge.core.values import DocumentKey, EventFlag, ItemId, Order, OrderId, ParcelKey, PrintId, Verdict


class ItemState(StrEnum):
    """Where an item stands, as far as sensors have seen it."""

    OPEN = "open"
    SEALED = "sealed"
    WEIGHED = "weighed"
    LABELLED = "labelled"
    EXPOSED = "exposed"
    HANDED_OVER = "handed over"
    INDUCTED = "inducted"
    UNCONFIRMED = "unconfirmed"
    DISPATCHED = "dispatched"
    EJECTED = "ejected"
    REJECTED = "rejected"
    LOST = "lost"
    REINDUCTING = "re-inducting"
    ON_DESK = "on desk"
    OPENED = "opened"
    RECALLED = "recalled"
    AT_DESK = "at desk"
    CLOSED = "closed at desk"


S = ItemState
# (state, what a sensor saw) → state. An item without a label skips `labelled`.
ITEM_TABLE: dict[tuple[ItemState, str], ItemState] = {
    (S.OPEN, "sealed"): S.SEALED,
    (S.OPEN, "ejected"): S.EJECTED,
    (S.SEALED, "weighed"): S.WEIGHED,
    (S.WEIGHED, "labelled"): S.LABELLED,
    (S.WEIGHED, "exposed"): S.EXPOSED,
    (S.LABELLED, "exposed"): S.EXPOSED,
    (S.EXPOSED, "handed_over"): S.HANDED_OVER,
    (S.HANDED_OVER, "inducted"): S.INDUCTED,
    (S.INDUCTED, "diverted"): S.DISPATCHED,
    (S.INDUCTED, "unconfirmed"): S.UNCONFIRMED,
    (S.INDUCTED, "rejected"): S.REJECTED,
    (S.UNCONFIRMED, "recounted"): S.DISPATCHED,
    (S.UNCONFIRMED, "rejected"): S.REJECTED,
    **{
        (state, "lost"): S.LOST
        for state in (
            S.OPEN,
            S.SEALED,
            S.WEIGHED,
            S.LABELLED,
            S.EXPOSED,
            S.HANDED_OVER,
            S.INDUCTED,
            S.UNCONFIRMED,
            S.REINDUCTING,
        )
    },
    # A lost one may be found again at a reject place while the belt is cleared.
    (S.LOST, "ejected"): S.EJECTED,
    (S.LOST, "handed_over"): S.HANDED_OVER,
    (S.LOST, "inducted"): S.INDUCTED,
    (S.LOST, "rejected"): S.REJECTED,
    # Or in a chute after all: the bag is locked, and a person takes it out.
    (S.LOST, "unconfirmed"): S.UNCONFIRMED,
    # Only a person's act leads out of an end: found beside the belt, re-inducted (door C), opened (door B), recalled.
    (S.LOST, "found"): S.ON_DESK,
    (S.REJECTED, "reinduct"): S.REINDUCTING,
    (S.REINDUCTING, "inducted"): S.INDUCTED,
    (S.DISPATCHED, "recalled"): S.RECALLED,
    (S.REJECTED, "opened"): S.OPENED,
    (S.ON_DESK, "opened"): S.OPENED,
    (S.RECALLED, "opened"): S.OPENED,
    # At the manual desk, where its life begins: proved it waits for door C; in doubt it is opened by two persons (door B).
    (S.AT_DESK, "matched"): S.CLOSED,
    (S.AT_DESK, "refused"): S.ON_DESK,
    (S.AT_DESK, "left_open"): S.OPENED,
    (S.CLOSED, "reinduct"): S.REINDUCTING,
    (S.CLOSED, "seen_outside"): S.ON_DESK,
    (S.CLOSED, "opened"): S.OPENED,
}
ENDED = frozenset({S.DISPATCHED, S.EJECTED, S.REJECTED, S.ON_DESK, S.OPENED, S.RECALLED, S.CLOSED})
BARE = frozenset({S.EJECTED, S.OPENED})
"""the envelope is open: its documents are in hand"""
# Deadline of each state: a field of Settings, in ms of running belt.
DEADLINES: dict[ItemState, str] = {
    **dict.fromkeys((S.OPEN, S.SEALED, S.WEIGHED, S.LABELLED, S.EXPOSED, S.INDUCTED), "transit_deadline_ms"),
    **dict.fromkeys((S.HANDED_OVER, S.REINDUCTING), "induction_deadline_ms"),
}


class Item:
    """One envelope's worth on the line."""

    def __init__(self, item_id: ItemId, documents: list[DocumentKey], order: Order | None) -> None:
        self.item_id = item_id
        self.documents = documents
        self.order = order
        self.state = ItemState.OPEN
        self.reason = ""
        self.quarantined = False
        self.weight_100mg = 0
        self.print_id: PrintId | None = None
        self.label_check: Verdict | None = None
        self.proved = False
        self.twin = False
        """a second label with its print id may be on another envelope: it comes back by door B only"""
        """the label check MATCHed while nothing was in doubt: door C is open to it"""
        self.parcel: ParcelKey | None = None
        self.chute: int | None = None
        self.decided = False
        """D4 is answered"""
        self.divert_sent = False
        """it is on its way to its chute, unless a later word of ours was in time"""
        self.bag_position: int | None = None
        """as the how manieth it came into its bag"""
        self.printer = ""
        """where its label is printed: "" = at the applicator, otherwise it is an item of the manual desk"""
        self.seen_again: list[DocumentKey] = []
        """read a second time as they went into the envelope at the desk"""
        self.evidence = ""
        """of its label check"""

    @property
    def order_id(self) -> OrderId | None:
        """The order that its documents were matched to."""
        return self.order.order_id if self.order is not None else None


class Items:
    """All items opened, and what may happen to them up to the scales."""

    def __init__(self, floor: Floor, documents: Documents, collation: Collation, transit_deadlines: Deadlines) -> None:
        self._floor = floor
        self._documents = documents
        self._collation = collation
        self._transit = transit_deadlines
        self.all: dict[ItemId, Item] = {}
        self.on_belt: dict[ItemId, Item] = {}
        self.ejected_count = 0
        self.opened_count = 0
        """as the PLC counts them (I1)"""

    def move(self, item: Item, happened: str) -> bool:
        """Take a step of the table; False, counted, and no change where the table has no such pair."""
        target = ITEM_TABLE.get((item.state, happened))
        if target is None:
            self._floor.surprise(item.state, happened)
            return False
        item.state = target
        field = DEADLINES.get(target)
        due_us = None if field is None else self._floor.belt_us + getattr(self._floor.settings, field) * 1000
        self._transit.set(item.item_id, due_us)
        if target in ENDED:
            self.on_belt.pop(item.item_id, None)
        else:
            self.on_belt[item.item_id] = item
        return True

    def get(self, item_id: ItemId, happened: str) -> Item | None:
        """The item, or None and a counted surprise."""
        item = self.all.get(item_id)
        if item is None:
            self._floor.surprise("unknown item", happened)
        return item

    def condemn(self, item: Item, reason: str, *, quarantine: bool = False) -> None:
        """It must not be dispatched; the first reason stays. Where it leaves the line is up to where it stands."""
        if item.state in ENDED:
            return
        item.reason = item.reason or reason
        item.quarantined = item.quarantined or quarantine

    def inserted(self, event: Inserted) -> None:
        """A document lies in an envelope: sealed when it is the last and all is as we said, ejected when something is not."""
        document, reason = self._documents.inserted(event)
        order_id = None if document is None else document.order_id
        item = self.all.get(event.item)
        if item is None:
            order = None if order_id is None else self._floor.pool.orders[order_id]
            item = Item(event.item, [], order)
            self.opened_count += 1
            self.all[event.item] = self.on_belt[event.item] = item
        elif item.state is not ItemState.OPEN:
            self._floor.surprise(item.state, "inserted")
            self.doubt(item, "UNEXPECTED_PLACE")
        item.documents.append(event.document)
        self._transit.set(item.item_id, self._floor.belt_us + self._floor.settings.transit_deadline_ms * 1000)
        contents, fault = self._look_into(item)
        reason = reason or self._floor.belt_in_doubt() or fault
        if item.order_id is not None and order_id is not None and order_id != item.order_id:
            self._collation.break_up(order_id, "CONTENT_MISMATCH")
        if item.reason or reason:
            self._eject(item, reason)
        elif contents == "complete":
            self._floor.do(Seal(item=item.item_id))

    def _look_into(self, item: Item) -> tuple[str, str]:
        """What the envelope's contents are, and the reason for which it must not go, if there is one."""
        claim = None if item.order_id is None else self._floor.pool.claims.get(item.order_id)
        if claim is None:
            return "mixed", "UNEXPECTED_PLACE"
        contents = self._collation.contents(claim, item.documents)
        return contents, claim.broken or ("CONTENT_MISMATCH" if contents == "mixed" else "")

    def _eject(self, item: Item, reason: str) -> None:
        self.condemn(item, reason, quarantine=True)
        self._floor.do(EjectUnsealed(item=item.item_id, reason=item.reason))
        if item.order_id is not None:
            self._collation.break_up(item.order_id, "INCOMPLETE")

    def eject_broken(self, order_id: OrderId, reason: str) -> None:
        """Its order was broken up: an envelope that waits open for more documents is ejected with what is in it."""
        for item in self.on_belt.values():
            if item.order_id == order_id and item.state is ItemState.OPEN and not item.reason:
                self._eject(item, reason)

    def sealed(self, event: Sealed) -> None:
        """The envelope is closed."""
        item = self.get(event.item, "sealed")
        if item is None or not self.move(item, "sealed"):
            return
        self._floor.production.sealed += 1
        self._doubt_place(item, event.flags)
        self._floor.report("sealed", item=item.item_id, order_id=item.order_id)

    def weighing(self) -> Item | None:
        """The item whose weight is waited for, where it is exactly one: a weight without a name belongs to nobody otherwise."""
        waiting = [item for item in self.on_belt.values() if item.state is ItemState.SEALED]
        return waiting[0] if len(waiting) == 1 else None

    def weighed(self, event: Weighed) -> Item | None:
        """The scales' value; returns the item when it may get a label."""
        item = self.get(event.item, "weighed")
        if item is None or not self.move(item, "weighed"):
            return None
        item.weight_100mg = event.weight_100mg
        self._doubt_place(item, event.flags)
        if not self.weight_fits(item):
            self.condemn(item, "WEIGHT_OUT_OF_RANGE")
        if item.reason:
            self._floor.do(NoLabel(item=item.item_id))
            return None
        return item

    def weight_fits(self, item: Item) -> bool:
        """Whether its weight is one that its order expects, or else one that an item of this line can have."""
        settings, order = self._floor.settings, item.order
        min_g = (order and order.weight_min_g) or settings.weight_min_g
        max_g = (order and order.weight_max_g) or settings.weight_max_g
        return min_g * 10 <= item.weight_100mg <= max_g * 10

    def _doubt_place(self, item: Item, flags: int) -> None:
        if flags & EventFlag.OUT_OF_WINDOW:
            self.doubt(item, "POSITION_DOUBT")

    def doubt(self, item: Item, reason: str) -> None:
        """Its place is in doubt: it and both neighbours are quarantined (I20)."""
        self.condemn(item, reason, quarantine=True)
        for neighbour in self.neighbours(item.item_id):
            self.condemn(neighbour, reason, quarantine=True)

    def neighbours(self, item_id: ItemId, like: Callable[[Item], bool] = lambda _: True) -> list[Item]:
        """The items opened directly before and after, of those that are like it, as far as they are still on the belt."""
        ids = [key for key, item in self.on_belt.items() if like(item)]
        if item_id not in ids:
            return []
        at = ids.index(item_id)
        return [self.on_belt[ids[n]] for n in (at - 1, at + 1) if 0 <= n < len(ids)]

    def ejected(self, event: ItemEjected) -> None:
        """The unsealed eject's sensor confirmed a reject (I12)."""
        item = self.get(event.item, "ejected")
        if item is not None and self.move(item, "ejected"):
            self.ejected_count += 1
            self.end_rejected(item, "unsealed_eject")

    def end_rejected(self, item: Item, place: str) -> None:
        """It lies at a reject place: its order waits again, central is told."""
        floor = self._floor
        item.reason = item.reason or "PLC_DEFAULT"
        for key in item.documents:
            document = self._documents.all.get(key)
            if document is not None and document.order_id is not None:
                floor.pool.release(document.order_id, key)
        floor.production.ended(item.reason, floor.now_us)
        masked = next((self._documents.all[key].masked for key in item.documents if key in self._documents.all), "")
        floor.production.rejects.append(Reject(floor.wall_ms(), item.item_id, item.reason, masked, place))
        documents = ",".join(item.documents)
        floor.report(
            "rejected", item=item.item_id, documents=documents, order_id=item.order_id, reason=item.reason, place=place
        )

    def tell_lots(self, item: Item, what: str) -> None:
        """The same happened to each document in it."""
        for document in map(self._documents.all.__getitem__, item.documents):
            self._documents.lots.happened(document.kind, document.token, what)

    def lost(self, item_id: ItemId) -> None:
        """Not seen where it should have come: the line holds, neighbours are in doubt (I20)."""
        item = self.all.get(item_id)
        if item is None or (item.state, "lost") not in ITEM_TABLE:
            return
        self.doubt(item, "ITEM_LOST")
        self.move(item, "lost")
        self._floor.raise_condition("ITEM_LOST")

    def quarantine_belt(self, reason: str) -> None:
        """Everything between insertion and its chute is in doubt."""
        for item in self.on_belt.values():
            self.condemn(item, reason, quarantine=True)
