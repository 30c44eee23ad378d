"""The manual desk 人工台席: what the belt cannot take is read, labelled and checked by hand, under the line's own rules.

One order at a time. Its documents are read one by one; when all are here, its label is printed on the desk's own printer; each
document is read a second time as it goes into the envelope; the closed envelope is weighed, and both symbols of the label that
sticks on it are scanned. Then it is what door C takes. Whatever is not as it should be ends the sitting: the documents are in
hand again, and a label that may exist stays live until two persons have recorded its destruction (I5).
"""

from collections.abc import Callable
from enum import StrEnum

from edge.core.device_events import FrameRead, LabelPrinted, PrinterStatus, PrintFailed
from edge.core.document import Document, Documents, DocumentState
from edge.core.doors import Doors
from edge.core.events import OperatorRequest
from edge.core.floor import Floor
from edge.core.heads import PRINTER_READY
from edge.core.item import BARE, Item, Items, ItemState
from edge.core.label import Labels
from edge.core.label_text import qr_payload
from edge.core.matching import Check, Expected, accept_reading, check_label
from edge.core.recall import Recall
from edge.core.routing import route
from edge.core.sight import looks
from edge.core.values import Camera, DocumentKey, ItemId, Order, OrderId, Verdict

DESK_PRINTER = "desk_printer"
"""name of the link that prints for the desk"""


class ManualState(StrEnum):
    """Where the sitting stands."""

    FREE = "free"
    GATHERING = "gathering"
    PRINTING = "printing"
    FILLING = "filling"
    CLOSING = "closing"


M = ManualState
# (state, what happened) → state. `read`, `inserted`: one document more; `complete`, `full`: it was the last one of its order.
MANUAL_TABLE: dict[tuple[ManualState, str], ManualState] = {
    (M.FREE, "read"): M.GATHERING,
    (M.GATHERING, "read"): M.GATHERING,
    (M.GATHERING, "complete"): M.PRINTING,
    (M.PRINTING, "printed"): M.FILLING,
    (M.PRINTING, "print_failed"): M.FREE,
    (M.FILLING, "inserted"): M.FILLING,
    (M.FILLING, "full"): M.CLOSING,
    (M.FILLING, "refused"): M.FREE,
    (M.CLOSING, "matched"): M.FREE,
    (M.CLOSING, "refused"): M.FREE,
    # A label that was there, and a word that it is not: one of them is wrong.
    (M.FILLING, "print_failed"): M.FREE,
    (M.CLOSING, "print_failed"): M.FREE,
    # By the person, by a restart, or because central took the order back.
    **{(state, "given_up"): M.FREE for state in (M.GATHERING, M.PRINTING, M.FILLING, M.CLOSING)},
}
RECORDED = frozenset({"NO_ORDER", "CANCELLED", "AMBIGUOUS", "SECOND_FIELD_DIFFERS", "NO_ROUTE"})
"""reasons for which a document that was never seen before gets a record all the same: it is in hand, and somebody's"""
HAS_ITS_LABEL = frozenset({M.FILLING, M.CLOSING})
"""states in which the label at the printer's mouth is the sitting's own"""
# What becomes of the envelope when its sitting ends. Before it was printed for, nothing has been put into it: it is bare.
ENVELOPE: dict[ManualState, str] = {M.PRINTING: "left_open", M.FILLING: "refused", M.CLOSING: "refused"}


def _reading(event: OperatorRequest) -> FrameRead:
    """What the desk's reader proved of one document; a single look, as if a camera had taken it."""
    argument = event.argument
    flags = argument.get("flags", "")
    return FrameRead(
        at_us=event.at_us, camera=Camera.ID, camera_boot=0, trigger=0, k=0, kind=argument.get("kind") or None,
        flags=int(flags) if flags.isascii() and flags.isdigit() else 0, token=argument.get("token", ""),
        skeleton=argument.get("skeleton", ""), confidence_permille=0, masked=argument.get("masked", ""), evidence="",
        second_field=argument.get("second_field", ""),
    )  # fmt: skip


class Manual:
    """The sitting at the desk, if there is one. Acts return "" or what stands against them."""

    def __init__(  # noqa: PLR0917 - each noun that a sitting touches
        self, floor: Floor, documents: Documents, items: Items, labels: Labels, recall: Recall, doors: Doors
    ) -> None:
        self._floor = floor
        self._documents = documents
        self._items = items
        self._labels = labels
        self._recall = recall
        self._doors = doors
        self.state = ManualState.FREE
        self.order: Order | None = None
        self.documents: list[Document] = []
        self.item: Item | None = None
        self._hangs = False
        """a label is at the printer's mouth, as far as it has told: it prints no other before that one was taken"""
        self._read_count = 0
        self._item_count = 0
        self.acts: dict[str, Callable[[OperatorRequest], str]] = {
            "desk_read": self._read,
            "desk_insert": self._insert,
            "desk_label": self._label,
            "desk_cancel": self._cancel,
        }

    def _may(self, happened: str) -> bool:
        return (self.state, happened) in MANUAL_TABLE

    def _move(self, happened: str) -> None:
        self.state = MANUAL_TABLE[self.state, happened]

    # --- first reading ---
    def _read(self, event: OperatorRequest) -> str:
        """A document: accepted and matched as on the line. `document`: the key that it bears at a reject place, "" = none."""
        if not self._floor.settings.desk_printer:
            return "NO_DESK_PRINTER"
        if not self._may("read"):
            return "DESK_BUSY"
        named = event.argument.get("document", "")
        reading = _reading(event)
        return accept_reading([reading]) or self._match(reading, named, event.person)

    def _match(self, reading: FrameRead, named: str, person: str) -> str:
        pool, kind = self._floor.pool, reading.kind or ""
        found = pool.find(kind, reading.token, reading.skeleton, reading.second_field, at_desk=True)
        check = self._documents.certificates.check(found, kind, reading.token)
        order = None if check.order_id is None else pool.orders[check.order_id]
        if check.verdict is Verdict.MATCH and order is not None and self.order not in (None, order):
            return "OTHER_ORDER"
        if order is not None and not check.reason and route(self._floor.sort_plan, order.address.county) is None:
            check = check._replace(verdict=Verdict.UNKNOWN, reason="NO_ROUTE")
        if order is None or check.verdict is not Verdict.MATCH:
            if order is not None:
                self._seen_outside(order.order_id)
            if not named and check.reason in RECORDED:
                self._lay_aside(reading, check)
            return check.reason
        known = self._doors.in_hand(named)
        if named and known is None:
            return "NOT_IN_HAND"
        if known is not None and known.token and (known.kind, known.token) != (kind, reading.token):
            return "OTHER_DOCUMENT"  # or else the one that bears this key would be in no book any more
        if known is not None:
            self._doors.hand_on(known, "fed_again", person)
        self._take(order, reading)
        return ""

    def _lay_aside(self, reading: FrameRead, check: Check) -> None:
        """Nobody knew of this document before, and it cannot go: it is in hand, and goes back to its issuer with a record."""
        document = self._open_account(reading, check)
        document.reason = check.reason
        self._documents.move(document, "given_up")
        self._documents.end_in_hand(document, "desk")

    def _seen_outside(self, order_id: OrderId) -> None:
        """A document lies here that an envelope of this desk should hold: whatever is in that one, it must not go."""
        print_id = self._floor.pool.live_print.get(order_id)
        item = None if print_id is None else self._items.all.get(self._labels.item_of.get(print_id, ItemId("")))
        if item is None or not item.printer or not item.proved or item.state in BARE:
            return
        self._floor.report("seen_outside", item=item.item_id, order_id=order_id, state=item.state.value)
        if item.state is ItemState.CLOSED:
            self._items.move(item, "seen_outside")
        self._recall.distrust(item, "CONTENT_MISMATCH")

    def _open_account(self, reading: FrameRead, check: Check) -> Document:
        floor, kind = self._floor, reading.kind or ""
        self._read_count += 1
        document = Document(DocumentKey(f"M{floor.boot}-{self._read_count}"))
        document.state = DocumentState.AT_DESK
        document.kind, document.token, document.masked = kind, reading.token, reading.masked
        self._documents.all[document.key] = document
        self._documents.lots.read(document.key, kind, reading.token)
        self._documents.certificates.met(check.order_id, kind, reading.token, document.key)
        floor.production.desk_documents += 1
        floor.report(
            "content_check",
            document=document.key,
            verdict=check.verdict.value,
            reason=check.reason,
            order_id=check.order_id,
        )
        return document

    def _take(self, order: Order, reading: FrameRead) -> None:
        pool = self._floor.pool
        document = self._open_account(reading, Check(Verdict.MATCH, order_id=order.order_id))
        document.order_id = order.order_id
        document.index = pool.index_of(order, document.kind, document.token)
        claim = pool.claim(order.order_id, document.key, document.index)
        claim.at_desk = True
        self._documents.certificates.fed(order.order_id, document.index)
        self.order = order
        self.documents.append(document)
        self._move("read")
        if claim.complete:
            self._move("complete")
            self._print(order)

    def _print(self, order: Order) -> None:
        """All documents are here: an item is opened for them, and its label is printed."""
        self._item_count += 1
        item = Item(ItemId(f"E{self._floor.boot}-{self._item_count}"), [document.key for document in self.documents], order)
        item.state, item.printer = ItemState.AT_DESK, DESK_PRINTER
        self._items.all[item.item_id] = self.item = item
        for document in self.documents:
            self._documents.move(document, "inserted")
            document.item = item.item_id
        self._labels.print_for(item)
        self._look_at_the_mouth()

    # --- what the desk's printer says ---
    def printer(self, event: PrinterStatus) -> None:
        """Its state, debounced by its link; another printer is nobody's business here."""
        if event.printer != DESK_PRINTER:
            return
        if event.state not in PRINTER_READY:  # it says nothing of the label: that one may hang there still
            self._floor.raise_condition("DESK_PRINTER_NOT_READY")
            return
        self._floor.end_condition("DESK_PRINTER_NOT_READY")
        self._hangs = event.state == "label_waiting"
        if not self._hangs:
            self._floor.end_condition("DESK_LABEL_LEFT")
        self._look_at_the_mouth()

    def _look_at_the_mouth(self) -> None:
        if self._hangs and self.state not in HAS_ITS_LABEL:
            self._floor.raise_condition("DESK_LABEL_LEFT")

    def label_printed(self, event: LabelPrinted) -> None:
        """The label is there to be taken."""
        if self.item is not None and self.item.print_id == event.print_id and self._may("printed"):
            self._move("printed")
        else:
            self._floor.surprise(f"desk {self.state}", "printed")

    def print_failed(self, event: PrintFailed) -> None:
        """No label, or nobody knows: it is never printed again, and one that may exist must be destroyed first (I5)."""
        item_id = self._labels.item_of[event.print_id]
        if event.sent:
            self._floor.report("label_unknown", item=item_id, print_id=event.print_id, reason=event.reason)
        else:
            self._labels.void(event.print_id, event.reason)
        if self.item is not None and self.item.item_id == item_id and self._may("print_failed"):
            self._end("print_failed", "PRINT_FAILED")
        else:
            self._floor.surprise(f"desk {self.state}", "print failed")

    # --- second reading ---
    def _insert(self, event: OperatorRequest) -> str:
        """A document is read again as it goes into the envelope. Another one than was read before must not be in there."""
        item = self.item
        if item is None or not self._may("inserted"):
            return "NOT_IN_THIS_STATE"
        reading = _reading(event)
        reason = accept_reading([reading])
        if reason:
            return reason
        same = next((d for d in self.documents if (d.kind, d.token) == (reading.kind, reading.token)), None)
        if same is None:
            return self._end("refused", "CONTENT_MISMATCH")
        if same.key in item.seen_again:
            return "DUPLICATE"
        item.seen_again.append(same.key)
        self._move("inserted")
        if len(item.seen_again) == len(item.documents):
            self._move("full")
        return ""

    def _label(self, event: OperatorRequest) -> str:
        """The closed envelope: what was scanned from the label on it, and what it weighs."""
        item, order, weight = self.item, self.order, event.argument.get("weight_g", "")
        if item is None or order is None or item.print_id is None or not self._may("matched"):
            return "NOT_IN_THIS_STATE"
        if not weight.isascii() or not weight.isdigit():
            return "NO_WEIGHT"
        number = order.tracking_number
        check = check_label(looks(event), Expected(number, qr_payload(number, item.print_id)))
        if check.verdict is Verdict.UNREADABLE:
            return check.reason  # not all that is on it was scanned yet
        item.label_check, item.weight_100mg = check.verdict, int(weight) * 10
        self._floor.report("sealed", item=item.item_id, order_id=order.order_id)
        self._floor.report(
            "label_check", item=item.item_id, order_id=order.order_id, verdict=check.verdict.value, reason=check.reason
        )
        if check.verdict is not Verdict.MATCH:
            return self._end("refused", check.reason)
        if not self._items.weight_fits(item):
            return self._end("refused", "WEIGHT_OUT_OF_RANGE")
        self._close(item, order)
        return ""

    def _close(self, item: Item, order: Order) -> None:
        """Proved and accepted: it waits at the desk for door C, its order aside."""
        item.proved = True
        self._labels.accept(item, order)
        self._items.move(item, "matched")
        for key in item.documents:
            self._floor.pool.release(order.order_id, key)
        self._floor.production.desk_items += 1
        self._move("matched")
        self._clear()

    # --- ends ---
    def _cancel(self, _: OperatorRequest) -> str:
        if not self._may("given_up"):
            return "NOT_IN_THIS_STATE"
        self._end("given_up", "GIVEN_UP")
        return ""

    def restarted(self) -> None:
        """Nobody knows what was done meanwhile: all that lies at the desk is in doubt (I11)."""
        if self._may("given_up"):
            self._end("given_up", "RESTART")

    def withdrawn(self) -> None:
        """Central may have taken the order back that lies here."""
        if self.order is not None and self.order.order_id in self._floor.pool.withdrawn:
            self._end("given_up", "CANCELLED")

    def _end(self, happened: str, reason: str) -> str:
        """The sitting is over without a proved envelope; returns the reason."""
        envelope = ENVELOPE.get(self.state)
        self._move(happened)
        item, documents = self.item, self.documents
        self._clear()
        self._look_at_the_mouth()
        if item is not None and envelope is not None:
            item.reason, item.quarantined = reason, True
            self._items.move(item, envelope)
            self._items.end_rejected(item, "desk")
        else:
            for document in documents:
                document.reason = reason
                self._documents.move(document, "given_up")
                self._documents.end_in_hand(document, "desk")
        return reason

    def _clear(self) -> None:
        self.order, self.item, self.documents = None, None, []

    def closed(self) -> list[Item]:
        """Envelopes that are proved and wait at the desk for door C."""
        pool, item_of = self._floor.pool, self._labels.item_of
        prints = (pool.live_print[order_id] for order_id in pool.aside)
        items = (self._items.all[item_of[print_id]] for print_id in prints if print_id in item_of)
        return [item for item in items if item.state is ItemState.CLOSED]
