"""The simulated clerk at the desk beside the line: works through what the reject places gave up, by the three doors.

Each thing is asked for at the panel first; the hands follow only where the line accepted the act.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from simulators.bodies import Envelope, PhysicalDocument
from simulators.operator import Panel, PanelAway
from simulators.plant import Plant

SECOND_PERSON = "second-sim"
TRIES_MAX = 2
"""so often is a document fed again before it goes back to its issuer, and an envelope put on the sorter before it is opened"""
# What the accounts say of a document when the line has taken the act.
TAKEN: dict[str, frozenset[str]] = {
    "feed_again": frozenset({"fed again"}),
    "return_to_issuer": frozenset({"returned"}),
    "open_envelope": frozenset({"desk"}),
    "reinduct": frozenset({"belt", "lost"}),
    "void_label": frozenset(),
    "found": frozenset({"desk"}),
}
PATIENCE = 90
"""so often is a thing asked for that the line does not know to be in hand yet"""


def _key(letter: str, handle: tuple[int, int]) -> str:
    return f"{letter}{handle[0]}-{handle[1]}"


class DeskPanel(Panel, Protocol):
    """The panel, with the accounts page."""

    async def accounts(self) -> list[dict[str, Any]]:
        """Where everything is. Raises PanelAway."""


class Clerk:
    """One person, one thing at a time."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._sealed: list[tuple[Envelope, int]] = []
        """sealed rejects with how often they were asked for"""
        self._bare: dict[str | None, list[PhysicalDocument]] = {}
        """bare documents by order: those of one order are fed together"""
        self._tries: Counter[int] = Counter()
        self._asked: Counter[int] = Counter()
        self._reinducted: Counter[int] = Counter()
        """index of its first document → how often an envelope was put on the sorter again"""
        self._size = Counter(document.order_id for document in plant.documents)
        self._came_in: dict[int, Envelope] = {}
        """index of a document → the open envelope that it came in"""
        self._given_up: dict[int, None] = {}
        self._unanswered: dict[str, None] = {}
        """acts that were asked for when the panel went away: nobody knows whether the line took them"""
        self.acts: Counter[str] = Counter()

    @property
    def idle(self) -> bool:
        """Nothing is left to be done with what is in hand."""
        return not self._sealed and not self._next_order() and not self._plant.has_rejects

    async def look(self, panel: DeskPanel) -> None:
        """Do the next thing, if there is one. Raises PanelAway."""
        for body in self._plant.take_up():
            if isinstance(body, PhysicalDocument):
                self._lay_down([body])
            elif body.sealed:
                self._sealed.append((body, 0))
            else:
                self._came_in.update({document.index: body for document in body.documents})
                self._lay_down(body.documents)
        if self._sealed:
            envelope, asked = self._sealed[0]
            await self._envelope(panel, envelope, asked)
        elif order := self._next_order():
            await self._documents(panel, self._bare[order[0]], order[0])

    def _lay_down(self, documents: Iterable[PhysicalDocument]) -> None:
        for document in documents:
            self._bare.setdefault(document.order_id, []).append(document)

    def _next_order(self) -> list[str | None]:
        """The first order all of whose documents are in hand, as a list of one; lone documents are their own."""
        whole = (o for o, documents in self._bare.items() if o is None or len(documents) == self._size[o])
        return [order_id for order_id in whole if not self._has_given_up(order_id)][:1]

    def _has_given_up(self, order_id: str | None) -> bool:
        return all(document.index in self._given_up for document in self._bare[order_id])

    async def _ask(self, panel: DeskPanel, document: PhysicalDocument, act: str, **argument: str) -> bool:
        """Ask for an act. One that was never answered is looked up in the accounts before it counts as refused."""
        name = f"{act} {argument}"
        try:
            accepted, code = await panel.request(act, argument)
        except PanelAway:
            self._unanswered[name] = None
            raise
        if not accepted and name in self._unanswered and document.handle is not None:
            key = _key("D", document.handle)
            accepted = any(row["document"] == key and row["place"] in TAKEN[act] for row in await panel.accounts())
        self._unanswered.pop(name, None)
        self.acts[act if accepted else f"{act}: {code}"] += 1
        return accepted

    # --- door A, and the way back to the issuer ---
    async def _documents(self, panel: DeskPanel, documents: list[PhysicalDocument], order_id: str | None) -> None:
        known = [document for document in documents if document.handle is not None]
        keys = ",".join(_key("D", document.handle) for document in known if document.handle is not None)
        # What the line has never seen can only be fed.
        again = len(known) < len(documents) or (
            order_id is not None and all(self._tries[document.index] < TRIES_MAX for document in documents)
        )
        act = "feed_again" if again else "return_to_issuer"
        if not known or await self._ask(panel, known[0], act, documents=keys):
            del self._bare[order_id]
            self._tries.update(document.index for document in documents)
            if again:
                self._plant.feed_again(documents)
            else:
                self._plant.put_aside(documents, "returned")
            return
        for document in known:
            # The line believes that it is lost, or on the belt: then it is told that it was found.
            if document.handle is None or await self._ask(panel, document, "found", key=_key("D", document.handle)):
                continue
            if await self._unknown(panel, "document", _key("D", document.handle)):
                document.handle = None
            else:
                await self._found_in_envelope(panel, document)
        self._asked.update(document.index for document in documents)
        for document in documents:
            if self._asked[document.index] >= PATIENCE:
                self._given_up[document.index] = None

    async def _unknown(self, panel: DeskPanel, what: str, key: str) -> bool:
        """Whether the line has never heard of this document or item: a PLC forgot to tell, because it lost its power."""
        return all(row[what] != key for row in await panel.accounts())

    async def _found_in_envelope(self, panel: DeskPanel, document: PhysicalDocument) -> None:
        """It lay in an open envelope that the line has lost: that was found, and is open."""
        envelope = self._came_in.get(document.index)
        if envelope is None:
            return
        item = _key("I", (envelope.plc_boot, envelope.item_handle))
        await self._ask(panel, document, "found", key=item)
        await self._ask(panel, document, "open_envelope", item=item, labels="", second=SECOND_PERSON)

    # --- doors C and B ---
    async def _envelope(self, panel: DeskPanel, envelope: Envelope, asked: int) -> None:
        labels = [label.qr for label in envelope.labels]
        first = envelope.documents[0]
        whole = len(labels) == 1 and self._reinducted[first.index] < TRIES_MAX
        if whole and not self._plant.quiet:
            self._sealed.append(self._sealed.pop(0))
            return
        if whole and await self._ask(panel, first, "reinduct", label=labels[0]):
            self._sealed.pop(0)
            self._reinducted[first.index] += 1
            self._plant.reinduct(envelope)
            return
        item = _key("I", (envelope.plc_boot, envelope.item_handle))
        opened = await self._ask(panel, first, "open_envelope", item=item, labels=",".join(labels), second=SECOND_PERSON)
        self._sealed.pop(0)
        if opened:
            self._plant.open_envelope(envelope)
            self._lay_down(envelope.documents)
            await self._destroy_missing_label(panel, first, item)
        elif asked < PATIENCE:
            found = await self._ask(panel, first, "found", key=item)
            if not found and not labels and await self._unknown(panel, "item", item):
                self._plant.open_envelope(envelope)
                self._lay_down(envelope.documents)
            else:
                self._sealed.append((envelope, asked + 1))

    async def _destroy_missing_label(self, panel: DeskPanel, document: PhysicalDocument, item: str) -> None:
        """Its label is not on it: half printed, or in the waste. It is looked for, and declared destroyed by two persons."""
        rows: list[dict[str, Any]] = (await panel.snapshot())["labels_to_destroy"]
        for row in rows:
            if row["item"] == item and not self._plant.label_exists(row["print_id"]):
                await self._ask(panel, document, "void_label", print_id=str(row["print_id"]), second=SECOND_PERSON)
