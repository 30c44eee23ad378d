"""From the induction scan to the chute: bind the parcel to an item, decide its divert, account for where it went."""

from edge.core.commands import Divert, Outcome, RejectItem
from edge.core.device_events import ParcelScanned
from edge.core.events import Diverted, DivertUnconfirmed, Extra, HandedOver, Inducted, ItemRejected
from edge.core.floor import Floor
from edge.core.item import Item, Items, ItemState
from edge.core.label import Labels
from edge.core.orders import OrderState
from edge.core.routing import Bag
from edge.core.tracking import HandOver, Inductions, Scan
from edge.core.values import EventFlag, OrderId, ParcelKey, Verdict

EXPECTED = frozenset({ItemState.HANDED_OVER, ItemState.LOST, ItemState.REINDUCTING})
"""states in which an item may come to the induction scanner"""
ON_MACHINE = frozenset({ItemState.SEALED, ItemState.WEIGHED, ItemState.LABELLED, ItemState.EXPOSED})
"""states of an item that was labelled, or is about to be, and not handed over as far as the machine PLC has told"""


class Sorting:
    """Parcels are the sorter's aliases of items, bound by the induction scan."""

    def __init__(self, floor: Floor, items: Items, labels: Labels) -> None:
        self._floor = floor
        self._items = items
        self._labels = labels
        self.hand_over = HandOver()
        self.inductions = Inductions(floor.settings.scan_window_ms * 1000)
        self.item_of: dict[ParcelKey, Item] = {}
        self._flags: dict[ParcelKey, int] = {}
        self._ahead: list[Scan] = []
        """inducted before the machine PLC could tell that they were handed over"""
        self._strangers: dict[ParcelKey, None] = {}
        """inducted, and bound to no item"""
        self._early: dict[ParcelKey, Diverted | DivertUnconfirmed | ItemRejected] = {}
        self.dispatched: dict[OrderId, Item] = {}
        self.inducted_count = 0
        self.handed_over_count = 0
        self.diverted_count = 0
        self.rejected_count = 0

    def handed_over(self, event: HandedOver) -> None:
        """The item left the machine for the sorter."""
        item = self._items.get(event.item, "handed_over")
        if item is None or not self._items.move(item, "handed_over"):
            return
        self.handed_over_count += 1
        self.hand_over.handed_over(item.item_id)
        self.bind_ahead()

    def inducted(self, event: Inducted) -> None:
        """Something passed the induction scanner."""
        self.inducted_count += 1
        self._flags[event.parcel] = event.flags
        self.bind(self.inductions.parcel(self._floor.now_us, event.parcel))

    def scanned(self, event: ParcelScanned) -> None:
        """The scanner's text of what passed."""
        self.bind(self.inductions.text(self._floor.now_us, event.text))

    def bind(self, scans: list[Scan]) -> None:
        """Bind each parcel to the item whose print it bears; order of the hand-over is a cross-check that only rejects."""
        for scan in scans:
            item = self._by_text(scan.text)
            reason = ""
            if item is None and self._is_ahead(scan):
                self._ahead.append(scan)
                continue
            if item is None:
                reason = "SCAN_UNREADABLE" if not scan.text else "SCAN_MISMATCH"
                item = self._next_expected()
            if item is None or not self._items.move(item, "inducted"):
                self._stranger(scan.parcel)
                continue
            in_turn = self.hand_over.take(item.item_id)
            item.parcel = scan.parcel
            self.item_of[scan.parcel] = item
            if reason:
                self._items.condemn(item, reason, quarantine=True)
            if not in_turn or self._flags.pop(scan.parcel, 0) & EventFlag.OUT_OF_WINDOW:
                self._out_of_turn(item)
            early = self._early.pop(scan.parcel, None)
            if early is None:
                self.decide(item)
            else:
                self._arrived(early)

    def bind_ahead(self) -> None:
        """The machine PLC has told more: what was inducted ahead of it may be known by now."""
        ahead, self._ahead = self._ahead, []
        self.bind(ahead)

    def _is_ahead(self, scan: Scan) -> bool:
        """The machine PLC is not heard, and what passed here may be one of those whose hand-over it is going to tell."""
        if self._floor.machine_told:
            return False
        bearer = self._bearer(scan.text)
        return not self.hand_over.expected or (bearer is not None and bearer.state in ON_MACHINE)

    def _stranger(self, parcel: ParcelKey) -> None:
        """Nobody knows what this is: it may only be rejected, and the line holds."""
        self._floor.do(RejectItem(parcel=parcel, reason="SCAN_MISMATCH"))
        self._floor.raise_condition("EXTRA_ITEM")
        if self._early.pop(parcel, None) is None:
            self._strangers[parcel] = None

    def _by_text(self, text: str) -> Item | None:
        print_id = self._labels.print_of(text)
        item = None if print_id is None else self._items.all[self._labels.item_of[print_id]]
        return item if item is not None and item.print_id == print_id and item.state in EXPECTED else None

    def _next_expected(self) -> Item | None:
        expected = self.hand_over.expected
        return self._items.all[expected[0]] if expected else None

    def _out_of_turn(self, item: Item) -> None:
        """Another one was expected: this one, that one and the neighbours of both are in doubt (I20)."""
        doubtful = [item.item_id, *self.hand_over.neighbours(item.item_id)]
        if self.hand_over.expected:
            doubtful += [self.hand_over.expected[0], *self.hand_over.neighbours(self.hand_over.expected[0])]
        for item_id in doubtful:
            self._items.condemn(self._items.all[item_id], "SCAN_MISMATCH", quarantine=True)
            self.call_back(self._items.all[item_id])

    def call_back(self, item: Item) -> None:
        """Its divert was sent before a doubt arose or it was cancelled: reject it after all, if it is not past D4 yet."""
        if item.divert_sent and item.parcel is not None and item.state is ItemState.INDUCTED:
            self._floor.do(RejectItem(parcel=item.parcel, reason=item.reason))

    def decide(self, item: Item) -> None:
        """Answer D4 as soon as the label check is known: the chute, or the sealed reject. Once."""
        if item.parcel is None or item.decided or item.state is not ItemState.INDUCTED:
            return
        if not item.reason and (item.label_check is None or self._bag_is_locked(item)):
            return
        item.decided = True
        if not item.reason and item.label_check is not Verdict.MATCH:
            self._items.condemn(item, "LABEL_UNREADABLE")
        if not item.reason and (item.chute is None or not self._floor.bags.accepts(item.chute)):
            self._items.condemn(item, "NO_BAG")
        if not item.reason and item.order is not None and not self._floor.may_dispatch(item.order.order_id):
            self._items.condemn(item, "LEASE_ENDED")
        if item.reason or item.chute is None:
            self._floor.do(RejectItem(parcel=item.parcel, reason=item.reason))
        else:
            item.divert_sent = True
            self._floor.do(Divert(parcel=item.parcel, chute=item.chute))

    def _bag_is_locked(self, item: Item) -> bool:
        # The line holds for the recount, so the item can wait: it is decided again when the bag is right.
        return any(bag.chute == item.chute for bag in self._floor.bags.locked())

    def arrived(self, event: Diverted | DivertUnconfirmed | ItemRejected) -> None:
        """A sensor at the end of the sorter saw the parcel; it may do so before the scanner's text is here."""
        # Counted as the PLC counts, whatever we make of it (I1).
        self.diverted_count += isinstance(event, Diverted)
        self.rejected_count += isinstance(event, ItemRejected)
        if event.parcel in self.item_of:
            self._arrived(event)
        elif event.parcel in self._strangers:
            del self._strangers[event.parcel]
            if not isinstance(event, ItemRejected):
                self._suspect(event.chute)
        else:
            self._early[event.parcel] = event

    def _arrived(self, event: Diverted | DivertUnconfirmed | ItemRejected) -> None:
        item = self.item_of[event.parcel]
        if isinstance(event, ItemRejected):
            if self._items.move(item, "rejected"):
                self._items.end_rejected(item, "sealed_reject")
        elif item.reason or event.chute != item.chute:
            self._went_wrong(item, event)
        elif isinstance(event, Diverted):
            if self._items.move(item, "diverted"):
                self.dispatch(item)
        elif self._items.move(item, "unconfirmed"):
            self._floor.bags.by_chute[event.chute].unconfirmed.append(item.item_id)
            self._floor.raise_condition("DIVERT_UNCONFIRMED")
            self._floor.report("divert_unconfirmed", item=item.item_id, order_id=item.order_id, chute=event.chute)
        if item.chute is not None:
            self.close_when_quiet(item.chute)

    def surplus(self, event: Extra) -> None:
        """Something was seen where nothing was expected; a chute's bag is locked until it was recounted."""
        self._floor.raise_condition("EXTRA_ITEM")
        self._suspect(event.chute)

    def missing(self, item: Item) -> bool:
        """Nobody has seen where it went. Its divert was under way: then it may lie in its bag; else False, it is lost."""
        bag = None if item.chute is None or not item.divert_sent else self._floor.bags.by_chute.get(item.chute)
        if bag is None or item.state is not ItemState.INDUCTED or not self._items.move(item, "unconfirmed"):
            return False
        bag.unconfirmed.append(item.item_id)
        self._floor.raise_condition("DIVERT_UNCONFIRMED")
        return True

    def _went_wrong(self, item: Item, event: Diverted | DivertUnconfirmed) -> None:
        """Sent or seen where it must not be: the bag is locked, the line holds, a person takes it out."""
        bag = self._floor.bags.by_chute.get(event.chute)
        if bag is None:
            self._items.lost(item.item_id)
        elif self._items.move(item, "unconfirmed"):
            item.chute = event.chute
            self._items.condemn(item, "UNEXPECTED_PLACE", quarantine=True)
            bag.unconfirmed.append(item.item_id)
            self._floor.raise_condition("WRONG_CHUTE")
        elif isinstance(event, Diverted):
            # It was accounted for elsewhere before, so this is something else. Not seen, it is where it was accounted for.
            self._suspect(event.chute)

    def _suspect(self, chute: int) -> None:
        """Something lies in this chute that nobody sent there; its bag is locked until it was recounted."""
        bag = self._floor.bags.by_chute.get(chute)
        if bag is None:
            self._floor.raise_condition("EXTRA_ITEM")
        else:
            bag.suspect = True
            self._floor.raise_condition("WRONG_CHUTE")

    def dispatch(self, item: Item) -> None:
        """Confirmed in its chute: the order is done, once and for all (I4)."""
        floor = self._floor
        if item.order is None or item.chute is None:
            return
        floor.pool.dispatch(item.order.order_id)
        self.dispatched[item.order.order_id] = item
        bag = floor.bags.by_chute[item.chute]
        bag.items.append(item.item_id)
        item.bag_position = len(bag.items)
        self._items.tell_lots(item, "dispatched")
        floor.production.ended("dispatched", floor.now_us)
        self.look_for_full()
        floor.do(Outcome(table="dispatched", key=item.order.order_id, value=item.order.tracking_number))
        floor.report(
            "dispatched",
            item=item.item_id,
            order_id=item.order.order_id,
            tracking_number=item.order.tracking_number,
            chute=item.chute,
            bag=bag.bag_id,
            sort_plan=floor.sort_plan.version,
        )

    def recount(self, chute: int, texts: list[str]) -> str:
        """A person scanned what is in a locked bag; "" when the bag is right now, else why it stays locked.

        The labels of what was not confirmed are enough; where one of them is not found, all that was confirmed must be, and the
        same count must be made twice: one missed label would declare lost what lies in the bag.
        """
        bag = self._floor.bags.by_chute.get(chute)
        if bag is None:
            return "NO_BAG"
        found = set(texts)
        confirmed = {self._labels.text_of(self._items.all[item_id]) for item_id in bag.items}
        doubtful = {item_id: self._labels.text_of(self._items.all[item_id]) for item_id in bag.unconfirmed}
        strangers = {text: self._bearer(text) for text in sorted(found - confirmed - set(doubtful.values()))}
        enough = confirmed <= found or (not bag.suspect and set(doubtful.values()) <= found)
        if len(texts) != len(found) or not enough or None in strangers.values():
            return "BAG_DIFFERS"
        if not set(doubtful.values()) <= found and bag.counted != found:
            bag.counted = found
            return "COUNT_AGAIN"
        bag.unconfirmed, bag.suspect, bag.counted = [], False, None
        bag.foreign = [item.item_id for item in strangers.values() if item is not None]
        for item_id, text in doubtful.items():
            item = self._items.all[item_id]
            if item.order is not None and not self._floor.may_dispatch(item.order.order_id):
                # It has lain there unconfirmed until its order may be another line's: out with it again.
                self._items.condemn(item, "LEASE_ENDED")
            if text not in found:
                self._items.lost(item_id)
            elif item.reason:
                bag.unconfirmed.append(item_id)
            elif self._items.move(item, "recounted"):
                self.dispatch(item)
        for waiting in list(self._items.on_belt.values()):
            self.decide(waiting)
        return "BAG_DIFFERS" if bag.unconfirmed or bag.foreign else ""

    def _bearer(self, text: str) -> Item | None:
        print_id = self._labels.print_of(text)
        return None if print_id is None else self._items.all[self._labels.item_of[print_id]]

    def to_take_out(self, bag: Bag) -> list[str]:
        """The QR texts of what must not stay in this bag."""
        items = (self._items.all[item_id] for item_id in (*bag.unconfirmed, *bag.recalled))
        foreign = (self._items.all[item_id] for item_id in bag.foreign)
        return [self._labels.text_of(item) for item in (*(item for item in items if item.reason), *foreign)]

    def take_out(self, chute: int, text: str) -> str:
        """A person put this envelope from the bag to the sealed rejects; "" or why that is not asked for."""
        bag = self._floor.bags.by_chute.get(chute)
        if bag is None or text not in self.to_take_out(bag):
            return "NOT_IN_THIS_BAG"
        candidates = map(self._items.all.__getitem__, (*bag.foreign, *bag.unconfirmed, *bag.recalled))
        item = next(one for one in candidates if self._labels.text_of(one) == text)
        if item.item_id in bag.foreign:
            self._take_out_foreign(bag, item)
        elif item.item_id in bag.recalled:
            bag.recalled.remove(item.item_id)
            self._recalled(bag, item)
        else:
            bag.unconfirmed.remove(item.item_id)
            # A late sensor of the reject place may have seen it before the person did: it is accounted once.
            if self._items.move(item, "rejected"):
                self._items.end_rejected(item, "sealed_reject")
        self.close_when_quiet(chute)
        return ""

    def _recalled(self, bag: Bag, item: Item) -> None:
        """Dispatched, and taken out of its bag after all."""
        bag.items.remove(item.item_id)
        self._items.move(item, "recalled")
        self._floor.pool.turned.update({order.order_id: None for order in (item.order,) if order is not None})
        self._floor.production.recalled += 1
        self._items.tell_lots(item, "recalled")
        self._floor.report("recalled", item=item.item_id, order_id=item.order_id, bag=bag.bag_id)

    def _take_out_foreign(self, bag: Bag, item: Item) -> None:
        """It lay in another bag than it was sent to, or was not sent to any."""
        bag.foreign.remove(item.item_id)
        for other in self._floor.bags.by_chute.values():
            if item.item_id in other.unconfirmed:
                other.unconfirmed.remove(item.item_id)
            if item.item_id in other.items and item.order is not None:
                # Its own chute took something else for it. Its order was told as dispatched: it must not go again (I4).
                self._floor.pool.withdraw(item.order.order_id, OrderState.RETURNED)
                self._recalled(other, item)
        self._items.condemn(item, "UNEXPECTED_PLACE", quarantine=True)
        if self._items.move(item, "rejected"):
            self._items.end_rejected(item, "sealed_reject")

    def close(self, chute: int, bag_id: str) -> str:
        """A person closes the bag whose tag was scanned: it takes nothing new, and is closed when nothing is on its way."""
        bag = self._floor.bags.by_chute.get(chute)
        if bag is None or bag.bag_id != bag_id:
            return "WRONG_BAG"
        if bag.locked or bag.recalled:
            return "RECALL_OPEN" if bag.recalled else "BAG_LOCKED"
        bag.closing = True
        self.close_when_quiet(chute)
        return ""

    def close_when_quiet(self, chute: int) -> None:
        """A closing bag is closed as soon as nothing is on its way to it and nothing in it is in doubt."""
        floor, bag = self._floor, self._floor.bags.by_chute.get(chute)
        if bag is None or not bag.closing or bag.locked or bag.recalled or self._on_the_way(chute):
            return
        floor.bags.close(chute)
        floor.do(Outcome(table="bag", key=str(chute), value=""))
        floor.do(Outcome(table="bag_closed", key=bag.bag_id, value=str(len(bag.items))))
        self.look_for_full()
        orders = [item.order for item in map(self._items.all.__getitem__, bag.items) if item.order is not None]
        numbers = ",".join(order.tracking_number for order in orders)
        floor.report("bag_closed", bag=bag.bag_id, chute=chute, count=len(orders), tracking_numbers=numbers)
        for order in orders:
            floor.clocks.bag_closed(order.order_id, floor.wall_ms())
            floor.pool.turned[order.order_id] = None

    def look_for_full(self) -> None:
        """A full bag suspends the line until it is closed and another one is bound."""
        floor = self._floor
        limit = floor.settings.bag_items_max
        if limit and any(len(bag.items) >= limit for bag in floor.bags.by_chute.values()):
            floor.raise_condition("CHUTE_FULL")
        else:
            floor.end_condition("CHUTE_FULL")

    def _on_the_way(self, chute: int) -> bool:
        items = self._items.on_belt.values()
        return any(i.chute == chute and i.divert_sent and i.state is ItemState.INDUCTED for i in items)

    def in_a_bag(self, item: Item) -> bool:
        """Whether it lies in a bag as far as we know, confirmed or not."""
        return item.state in (ItemState.DISPATCHED, ItemState.UNCONFIRMED)
