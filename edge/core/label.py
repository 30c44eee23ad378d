"""A label's life: print once, apply or purge, and the label check in the applicator's own tracking domain."""

from edge.core.commands import Apply, NoLabel, Outcome, PrintLabel, PurgeLabel
from edge.core.device_events import LabelInDoubt, LabelPrinted, LabelRead, LabelUnexpected, PrintFailed
from edge.core.events import LabelApplied, LabelExposed, LabelPurged
from edge.core.floor import Floor
from edge.core.heads import Heads
from edge.core.item import Item, Items, ItemState
from edge.core.label_text import label_text, qr_payload
from edge.core.matching import Expected, check_label
from edge.core.rolls import Rolls
from edge.core.routing import route
from edge.core.sight import label_reason
from edge.core.tracking import Burst, Bursts, Deadlines
from edge.core.values import EventFlag, ItemId, Order, OrderId, PrintId, Verdict

MISMATCHES_THAT_HOLD = 2


class Labels:
    """Prints under way by print id, and the label camera's bursts."""

    def __init__(self, floor: Floor, items: Items, read_deadlines: Deadlines, rolls: Rolls, heads: Heads) -> None:
        self._floor = floor
        self._rolls = rolls
        self._heads = heads
        self._items = items
        self._read = read_deadlines
        self.next_print_id = 1
        self.item_of: dict[PrintId, ItemId] = {}
        self.head_of: dict[PrintId, int] = {}
        """at which head of the applicator; not those of the desk's printer"""
        self.carried: dict[PrintId, OrderId] = {}
        """prints of another release that may still exist on paper"""
        self.printed: set[PrintId] = set()
        self._applying: dict[PrintId, None] = {}
        """labels that were commanded to be applied, and neither were so far nor went into the waste"""
        self._purging: dict[PrintId, None] = {}
        """printed for items that were condemned meanwhile: on the pad or at the peel bar until the PLC has purged them"""
        self.bursts: Bursts[LabelRead] = Bursts()
        self._burst_of: dict[ItemId, Burst[LabelRead]] = {}
        self._mismatches_in_a_row: dict[int, int] = {}
        """by head: one of two heads may be one label off while the other one is right"""

    def print_for(self, item: Item) -> None:
        """Burn a print id for this item and have its label printed. The intent is durable before it is sent (I6)."""
        floor, order = self._floor, item.order
        chute = None if order is None else route(floor.sort_plan, order.address.county)
        if order is None or chute is None:
            self._items.condemn(item, "NO_ROUTE")
            floor.do(NoLabel(item=item.item_id))
            return
        print_id = self.take_print_id()
        self.item_of[print_id] = item.item_id
        floor.pool.live_print[order.order_id] = print_id
        item.print_id, item.chute = print_id, chute
        floor.do(Outcome(table="print", key=str(print_id), value=order.tracking_number))
        label = label_text(order, print_id, chute)
        head = 1
        if not item.printer:
            head = self.head_of[print_id] = self._heads.next()
        floor.do(PrintLabel(item=item.item_id, print_id=print_id, label=label, printer=item.printer, head=head))

    def take_print_id(self) -> PrintId:
        """The next print id, which is burnt by it."""
        print_id = PrintId(self.next_print_id)
        self.next_print_id += 1
        return print_id

    def waiting_on_pad(self, head: int) -> list[tuple[PrintId, Item]]:
        """Labels on this head's pad or at its peel bar, each with the item that it is for, in the order of the prints."""
        here = [print_id for print_id in self._applying if self.head_of[print_id] == head]
        items = [(print_id, self._items.all[self.item_of[print_id]]) for print_id in here]
        return [(print_id, item) for print_id, item in items if item.state is ItemState.WEIGHED]

    def crowded(self, head: int) -> bool:
        """Whether one label is on the pad and another at the peel bar, where nothing new can come while the belt stands."""
        purging = [print_id for print_id in self._purging if self.head_of[print_id] == head]
        return len(self.waiting_on_pad(head)) + len(purging) > 1

    def purge_pad(self, head: int) -> None:
        """What waits on this head's pad, or at its peel bar, goes into the waste: its items pass without a label."""
        for print_id, item in self.waiting_on_pad(head):
            self._items.condemn(item, "LABEL_PURGED")
            self._floor.do(PurgeLabel(item=item.item_id, print_id=print_id, head=head))

    def applicator(self, faults: int) -> None:
        """The machine PLC's fault bits: what is on the pad of a head that failed meets nobody."""
        for head in self._heads.faults(faults):
            self.purge_pad(head)

    def to_come(self, head: int) -> int:
        """Labels that are printed, or are to be printed, at this head for items that still come to the applicator."""
        waiting = (item for item in self._items.on_belt.values() if item.state is ItemState.WEIGHED and not item.reason)
        return sum(item.print_id is not None and self.head_of.get(item.print_id) == head for item in waiting)

    def awaited(self) -> bool:
        """Whether an item stands before the applicator whose label was not printed yet."""
        waiting = (item for item in self._items.on_belt.values() if item.state is ItemState.WEIGHED and not item.reason)
        return any(item.print_id not in self.printed for item in waiting)

    def text_of(self, item: Item) -> str:
        """The QR text of its label; "" before it was printed for."""
        if item.order is None or item.print_id is None:
            return ""
        return qr_payload(item.order.tracking_number, item.print_id)

    def print_of(self, text: str) -> PrintId | None:
        """The print that a scanned label QR names, if it is one of ours and its number fits."""
        _, _, print_text = text.partition(";")
        if not print_text.isascii() or not print_text.isdigit():
            return None
        print_id = PrintId(int(print_text))
        item_id = self.item_of.get(print_id)
        order = None if item_id is None else self._items.all[item_id].order
        return print_id if order is not None and text == qr_payload(order.tracking_number, print_id) else None

    def _item(self, print_id: PrintId, happened: str) -> Item | None:
        item_id = self.item_of.get(print_id)
        if item_id is None:
            self._floor.surprise("unknown print", happened)
            return None
        return self._items.all[item_id]

    def label_printed(self, event: LabelPrinted) -> None:
        """The label is at the peel bar: apply it, or purge it when its item was condemned in between."""
        item = self._item(event.print_id, "printed")
        if item is None or event.print_id in self.printed:
            return
        head = self.head_of[event.print_id]
        self._rolls.used(head)
        self.printed.add(event.print_id)
        if self._heads.jammed(head):
            self._items.condemn(item, "LABEL_PURGED")
        if item.reason or item.state is not ItemState.WEIGHED or item.print_id != event.print_id:
            self._items.condemn(item, "LABEL_LATE")
            self._purging[event.print_id] = None
            self._floor.do(PurgeLabel(item=item.item_id, print_id=event.print_id, head=head))
        else:
            self._applying[event.print_id] = None
            self._floor.do(Apply(item=item.item_id, print_id=event.print_id, head=head))

    def print_failed(self, event: PrintFailed) -> None:
        """No label, or nobody knows: void the print id, never print it again (I5)."""
        item = self._item(event.print_id, "print failed")
        if item is None:
            return
        if self._another_head_can(item, event):
            self.void(event.print_id, event.reason)
            self.print_for(item)
            return
        self._items.condemn(item, "LABEL_IMPOSSIBLE" if event.impossible else "PRINT_FAILED")
        self._floor.do(NoLabel(item=item.item_id))
        if event.sent:
            # Nobody knows whether it exists: it stays live until a person has destroyed it.
            self._floor.report("label_unknown", item=item.item_id, print_id=event.print_id, reason=event.reason)
        else:
            self.void(event.print_id, event.reason)

    def _another_head_can(self, item: Item, event: PrintFailed) -> bool:
        """Whether a label that was never sent can be printed at another head, and comes to that pad in its turn.

        Not where one for an item behind it is there already, or is on its way there.
        """
        wanted = item.state is ItemState.WEIGHED and not item.reason and item.print_id == event.print_id
        if event.sent or event.impossible or not wanted or not self._heads.spared(self.head_of[event.print_id]):
            return False
        others = set(self._heads.working())
        ids = list(self._items.on_belt)
        behind = (self._items.on_belt[item_id] for item_id in ids[ids.index(item.item_id) + 1 :])
        return not any(one.print_id is not None and self.head_of.get(one.print_id) in others for one in behind)

    def in_doubt(self, event: LabelInDoubt) -> None:
        """What lies on the pad of this failed print must meet nobody: the applicator would be one label off from here on.

        While the label of an item before it is on the pad, this one, had it come, would still stand at the peel bar.
        """
        item = self._item(event.print_id, "in doubt")
        if item is None:
            return
        head = self.head_of[event.print_id]
        if not self.waiting_on_pad(head):
            self._floor.do(PurgeLabel(item=item.item_id, print_id=event.print_id, head=head))

    def unexpected(self, _: LabelUnexpected) -> None:
        """What comes to the pad next is not what will be commanded next: labels would be one off."""
        self._floor.raise_condition("STRAY_LABEL")

    def applied(self, event: LabelApplied) -> None:
        """The applicator believes that this item bears this print."""
        self._applying.pop(event.print_id, None)
        item = self._items.get(event.item, "labelled")
        if item is None or not self._items.move(item, "labelled"):
            return
        if event.print_id != item.print_id:
            self._items.doubt(item, "LABEL_MISMATCH")
        if event.flags & EventFlag.OUT_OF_WINDOW:
            self._items.doubt(item, "POSITION_DOUBT")
        self._floor.report("label_applied", item=item.item_id, order_id=item.order_id, print_id=event.print_id)

    def purged(self, event: LabelPurged) -> None:
        """A label went into the waste: its item passes without one."""
        self._applying.pop(event.print_id, None)
        self._purging.pop(event.print_id, None)
        item = self._items.get(event.item, "purged")
        if item is not None:
            self._items.condemn(item, "LABEL_PURGED")
            if item.print_id is not None:
                self.void(item.print_id, "purged")

    def void(self, print_id: PrintId, why: str) -> None:
        """This print does not exist, or no longer: its order may get another one."""
        item_id = self.item_of.get(print_id)
        order_id = self.carried.get(print_id) if item_id is None else self._items.all[item_id].order_id
        if order_id is not None and self._floor.pool.void(order_id, print_id):
            self._floor.do(Outcome(table="void", key=str(print_id), value=why))
            self._floor.report("label_void", item=item_id, print_id=print_id, reason=why)

    def exposed(self, event: LabelExposed) -> None:
        """The item passes the label camera."""
        item = self._items.get(event.item, "exposed")
        if item is None or not self._items.move(item, "exposed"):
            return
        floor = self._floor
        burst = self.bursts.exposed(event.trigger, event.item)
        if burst.closed or event.flags & EventFlag.OUT_OF_WINDOW:
            burst.closed = True
            self._items.doubt(item, "POSITION_DOUBT")
            return
        self._burst_of[event.item] = burst
        self._read.set(event.item, floor.now_us + floor.settings.label_read_deadline_ms * 1000)
        self._judge_when_complete(item)

    def frame(self, event: LabelRead) -> Item | None:
        """The label camera's worker read a frame; returns the item when that completed its label check."""
        burst = self.bursts.frame(event.trigger, event.k, event)
        item = self._items.all.get(ItemId(burst.owner)) if burst.owner is not None else None
        return item if item is not None and self._judge_when_complete(item) else None

    def _judge_when_complete(self, item: Item) -> bool:
        burst = self._burst_of.get(item.item_id)
        if burst is None or len(burst.frames) < self._floor.settings.frames_per_trigger:
            return False
        self._judge(item, burst)
        return True

    def read_deadline(self, key: str) -> Item:
        """Not all frames came in time: judge by what there is; returns the item."""
        item = self._items.all[ItemId(key)]
        self._judge(item, self._burst_of[item.item_id])
        return item

    def _judge(self, item: Item, burst: Burst[LabelRead]) -> None:
        burst.closed = True
        del self._burst_of[item.item_id]
        self._read.set(item.item_id, None)
        order = item.order
        if order is None or item.print_id is None:
            return
        number = order.tracking_number
        frames = [burst.frames[k] for k in sorted(burst.frames)]
        check = check_label(frames, Expected(number, qr_payload(number, item.print_id)))
        reason = label_reason(check.reason, frames)
        item.label_check = check.verdict
        item.evidence = next((frame.evidence for frame in frames), "")
        self._floor.report("label_check", item=item.item_id, order_id=item.order_id, verdict=check.verdict.value, reason=reason)
        if check.verdict is not Verdict.MATCH:
            self._suspect_twins(item, frames)
        self._count_mismatches(item, check.verdict)
        if check.verdict is not Verdict.MATCH:
            self._items.condemn(item, reason)
        elif not item.reason:
            item.proved = True
            self.accept(item, order)

    def _suspect_twins(self, item: Item, frames: list[LabelRead]) -> None:
        """Whose label this envelope may bear: one that is named on it, or that of a neighbour, which was printed twice.

        A label in hand says only for which item it was printed. Where it may exist twice, door C would let the wrong one in.
        """
        named = {self.print_of(symbol.text) for frame in frames for symbol in frame.symbols} - {None, item.print_id}
        bearers = [self._items.all[self.item_of[print_id]] for print_id in named if print_id is not None]
        for suspect in (item, *self._items.neighbours(item.item_id), *self._beside_at_its_head(item), *bearers):
            suspect.twin = True

    def _head(self, item: Item) -> int:
        """Where its label was printed; 0 = at none."""
        return 0 if item.print_id is None else self.head_of.get(item.print_id, 0)

    def _beside_at_its_head(self, item: Item) -> list[Item]:
        head = self._head(item)
        return self._items.neighbours(item.item_id, lambda one: self._head(one) == head)

    def _count_mismatches(self, item: Item, verdict: Verdict) -> None:
        head = self._head(item)
        if verdict is Verdict.MATCH:
            self._mismatches_in_a_row[head] = 0
        elif verdict is Verdict.MISMATCH:
            self._mismatches_in_a_row[head] = self._mismatches_in_a_row.get(head, 0) + 1
            # A label of another item means that labels may be one off: what is next to it, on the belt and at its head, is in
            # doubt as well (I20).
            self._items.doubt(item, "LABEL_MISMATCH")
            for beside in self._beside_at_its_head(item):
                self._items.condemn(beside, "LABEL_MISMATCH", quarantine=True)
            if self._mismatches_in_a_row[head] >= MISMATCHES_THAT_HOLD:
                self._floor.raise_condition("LABEL_MISMATCH_TWICE")

    def accept(self, item: Item, order: Order) -> None:
        """Postal acceptance: always before sorting and bagging."""
        self._floor.report(
            "accepted",
            item=item.item_id,
            order_id=order.order_id,
            tracking_number=order.tracking_number,
            weight_g=(item.weight_100mg + 5) // 10,
            product=order.product,
            fee_code=order.fee_code,
            client_unit=order.client_unit,
            operator=self._floor.settings.operator_code,
        )
