"""The three doors back to the line, and the ways out that the post does not see: each opens to a person's act only.

A: a bare document goes to the feeder again. B: a sealed envelope without a proven label is opened by two persons, the old label
is recorded as destroyed, and its documents are bare. C: an envelope whose label check MATCHed while nothing was in doubt is put
on the sorter again and proves itself by the induction scan. Nothing else brings back what was taken off (I11).
"""

from collections.abc import Callable
from functools import partial

from edge.core.commands import Outcome
from edge.core.document import IN_HAND, Document, Documents, DocumentState
from edge.core.events import OperatorRequest
from edge.core.floor import Floor
from edge.core.item import BARE, ENDED, Item, Items
from edge.core.label import Labels
from edge.core.orders import OrderState
from edge.core.routing import route
from edge.core.sorting import Sorting
from edge.core.values import DocumentKey, ItemId, PrintId, State

TAKES = frozenset({State.EXECUTE, State.SUSPENDED})
"""states in which an envelope may be put on the sorter: one that waits for work is woken by it, and the others run again"""


def listed(text: str) -> list[str]:
    """The parts of a comma-separated argument."""
    return [part for part in text.split(",") if part]


class Doors:
    """Acts on what lies at a reject place, on the desk or beside the belt. Each returns "" or what stands against it."""

    def __init__(self, floor: Floor, documents: Documents, items: Items, labels: Labels, sorting: Sorting) -> None:
        self._floor = floor
        self._documents = documents
        self._items = items
        self._labels = labels
        self._sorting = sorting
        self.acts: dict[str, Callable[[OperatorRequest], str]] = {
            "feed_again": partial(self._hand_on, happened="fed_again"),
            "return_to_issuer": partial(self._withdraw, happened="returned"),
            "damaged": partial(self._withdraw, happened="damaged"),
            "open_envelope": self._open_envelope,
            "void_label": self._void_label,
            "reinduct": self._reinduct,
            "found": self._found,
        }

    # --- door A ---
    def _bare(self, event: OperatorRequest) -> list[Document] | None:
        """The documents named in a request, when each of them is in hand."""
        keys = listed(event.argument.get("documents", ""))
        documents = [document for document in map(self.in_hand, keys) if document is not None]
        return documents if keys and len(documents) == len(keys) else None

    def in_hand(self, key: str) -> Document | None:
        """The document of this key, when a person has it in hand as far as we know."""
        document = self._documents.all.get(DocumentKey(key))
        if document is None:
            return None
        if document.state is DocumentState.INSERTED and document.item is not None:
            return document if self._items.all[document.item].state in BARE else None
        return document if document.state in IN_HAND else None

    def _hand_on(self, event: OperatorRequest, happened: str) -> str:
        documents = self._bare(event)
        if documents is None:
            return "NOT_IN_HAND"
        for document in documents:
            self.hand_on(document, happened, event.person)
        return ""

    def hand_on(self, document: Document, happened: str, person: str) -> None:
        """A document that is in hand goes on."""
        self._documents.move(document, happened)
        self._documents.lots.happened(document.kind, document.token, happened)
        self._floor.report(happened, document=document.key, order_id=document.order_id, person=person)

    def _withdraw(self, event: OperatorRequest, happened: str) -> str:
        """A document leaves for good: its order cannot be fulfilled and goes back with it."""
        documents = self._bare(event)
        code = self._hand_on(event, happened)
        for document in documents or []:
            if document.order_id is not None:
                self._floor.pool.withdraw(document.order_id, OrderState.RETURNED)
                self._floor.do(Outcome(table="returned", key=document.order_id, value=document.key))
                self._floor.clocks.ended(document.order_id)
        return code

    # --- door B ---
    def _open_envelope(self, event: OperatorRequest) -> str:
        item = self._items.all.get(ItemId(event.argument.get("item", "")))
        if item is None or item.state not in ENDED:
            return "NOT_IN_HAND"
        if event.argument.get("second", "") in ("", event.person):
            return "SECOND_PERSON"
        texts = listed(event.argument.get("labels", ""))
        prints = [print_id for print_id in map(self._labels.print_of, texts) if print_id is not None]
        if len(prints) < len(texts):
            return "UNKNOWN_LABEL"
        bearers = [self._items.all[self._labels.item_of[print_id]] for print_id in prints]
        if any(self._on_the_way(bearer) for bearer in bearers):
            return "LABEL_IN_USE"
        if not self._items.move(item, "opened"):
            return "NOT_IN_HAND"
        for print_id in prints:
            self._labels.void(print_id, "destroyed")
        self._floor.report(
            "envelope_opened", item=item.item_id, order_id=item.order_id, person=event.person, second=event.argument["second"]
        )
        return ""

    def _void_label(self, event: OperatorRequest) -> str:
        """A label that nobody could scan (torn, half printed) is declared destroyed by two persons."""
        text = event.argument.get("print_id", "")
        print_id = PrintId(int(text)) if text.isascii() and text.isdigit() else PrintId(0)
        item_id = self._labels.item_of.get(print_id)
        on_the_way = item_id is not None and self._on_the_way(self._items.all[item_id])
        if on_the_way or (item_id is None and print_id not in self._labels.carried):
            return "UNKNOWN_LABEL"
        if event.argument.get("second", "") in ("", event.person):
            return "SECOND_PERSON"
        self._labels.void(print_id, "destroyed")
        return ""

    def _on_the_way(self, item: Item) -> bool:
        return item.state not in ENDED or self._sorting.in_a_bag(item)

    # --- door C ---
    def _reinduct(self, event: OperatorRequest) -> str:
        if self._floor.machine.state not in TAKES or self._floor.clearing or self._floor.belt_in_doubt():
            return "NOT_IN_THIS_STATE"
        print_id = self._labels.print_of(event.argument.get("label", ""))
        item = None if print_id is None else self._items.all[self._labels.item_of[print_id]]
        if item is None or item.order is None or item.print_id != print_id:
            return "UNKNOWN_LABEL"
        pool, order_id = self._floor.pool, item.order.order_id
        if route(self._floor.sort_plan, item.order.address.county) != item.chute:
            return "OPEN_IT"  # another sort plan is in force than the one that its label was printed by
        live = pool.live_print.get(order_id) == print_id and pool.state[order_id] is OrderState.ASIDE
        # Which of two envelopes bears a label that exists twice, nobody can tell from outside.
        if not item.proved or item.twin or not live:
            return "OPEN_IT"
        code = "" if self._floor.may_feed(order_id) else "LEASE_ENDED"
        if code or not self._items.move(item, "reinduct"):
            return code or "NOT_IN_HAND"
        item.reason, item.quarantined, item.parcel, item.decided, item.divert_sent = "", False, None, False, False
        # From here on it is expected at the scanner, behind whatever was handed over before.
        self._sorting.hand_over.handed_over(item.item_id)
        pool.reclaim(order_id, {key: self._documents.all[key].index for key in item.documents})
        self._floor.report("reinducted", item=item.item_id, order_id=order_id, person=event.person)
        return ""

    # --- beside the belt ---
    def _found(self, event: OperatorRequest) -> str:
        """Something that was lost lies on the desk now."""
        key = event.argument.get("key", "")
        document = self._documents.all.get(DocumentKey(key))
        item = self._items.all.get(ItemId(key))
        if document is not None and self._documents.move(document, "found"):
            self._documents.end_in_hand(document, "desk")
        elif item is not None and self._items.move(item, "found"):
            self._items.end_rejected(item, "desk")
        else:
            return "NOT_LOST"
        return ""
