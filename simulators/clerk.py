"""The simulated clerk at the desk beside the line: works through what the reject places gave up, by the three doors.

Each thing is asked for at the panel first; the hands follow only where the line accepted the act.
"""

import random
from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from simulators.bodies import Envelope, PhysicalDocument
from simulators.manual_desk import Reader, Sitting
from simulators.operator import Panel, PanelAway
from simulators.plant import Plant

SECOND_PERSON = "second-sim"
TRIES_MAX = 2
"""so often is a document fed again before it goes back to its issuer, and an envelope put on the sorter before it is opened"""
DESK_SHARE = 0.15
"""of the orders that came back, so many go to the manual desk at once"""
FOR_THE_DESK = frozenset({"oversize", "rare_name"})
"""faults that no second passage through the line can cure"""
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


class DeskPanel(Panel, Protocol):
    """The panel, with the accounts page."""

    async def accounts(self) -> list[dict[str, Any]]:
        """Where everything is. Raises PanelAway."""


class Clerk:
    """One person, one thing at a time."""

    def __init__(self, plant: Plant, reader: Reader | None = None, *, seed: int = 0) -> None:
        """`reader`: of the manual desk; None = there is none."""
        self._plant = plant
        self._reader = reader
        self._rng = random.Random(f"clerk {seed}")
        self._sitting: Sitting | None = None
        self._desk_keys: set[str] = set()
        """what the desk has called documents so far"""
        self._desk_tries: Counter[str] = Counter()
        self._beside: dict[int, list[PhysicalDocument]] = {}
        """index of an envelope's first document → what should be in it as well, or instead"""
        self._believed: dict[int, str] = {}
        """index of an envelope's first document → the label that it should bear and does not"""
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
        nothing = not self._sealed and not self._next_order() and self._sitting is None
        return nothing and not self._plant.has_rejects

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
        if self._sitting is not None:
            await self._sit(panel, self._sitting)
        elif self._sealed and await self._envelope(panel, *self._sealed[0]):
            return
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
        if not accepted and name in self._unanswered and document.key:
            key = document.key
            accepted = any(row["document"] == key and row["place"] in TAKEN[act] for row in await panel.accounts())
        self._unanswered.pop(name, None)
        self.acts[act if accepted else f"{act}: {code}"] += 1
        return accepted

    # --- door A, and the way back to the issuer ---
    async def _documents(self, panel: DeskPanel, documents: list[PhysicalDocument], order_id: str | None) -> None:
        if documents[0].sheets is not None and await self._to_be_destroyed(panel, documents[0]):
            del self._bare[order_id]
            self._plant.put_aside(documents, "to destroy")
            return
        if order_id is not None and self._reader is not None and self._for_the_desk(documents, order_id):
            self._sit_down(self._reader, documents, order_id)
            return
        known = [document for document in documents if document.key]
        keys = ",".join(document.key for document in known)
        # What the line has never seen can only be fed; what its belt cannot take is given back, once the line knows it.
        again = len(known) < len(documents) or (
            order_id is not None and all(self._tries[document.index] < TRIES_MAX for document in documents)
        )
        again = again and not (known and any(document.fault == "oversize" for document in documents))
        act = "feed_again" if again else "return_to_issuer"
        if not known or await self._ask(panel, known[0], act, documents=keys):
            del self._bare[order_id]
            self._tries.update(document.index for document in documents)
            if again:
                self._plant.feed_again(documents)
            else:
                self._plant.put_aside(documents, "returned")
            return
        await self._make_found(panel, documents)

    async def _to_be_destroyed(self, panel: DeskPanel, document: PhysicalDocument) -> bool:
        """Whether these are sheets of which the line does not know how many were printed, or that nobody wants any more."""
        if all(row["order"] != document.order_id for row in (await panel.snapshot())["sheets_to_destroy"]):
            return False
        lost = any(row["document"] == document.key and row["place"] == "lost" for row in await panel.accounts())
        return not lost or await self._ask(panel, document, "found", key=document.key)

    async def _make_found(self, panel: DeskPanel, documents: list[PhysicalDocument]) -> None:
        """The line believes that they are lost, or on the belt: then it is told that they were found."""
        for document in documents:
            if not document.key or await self._ask(panel, document, "found", key=document.key):
                continue
            if await self._unknown(panel, "document", document.key):
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
        await self._ask(panel, document, "found", key=envelope.key)
        await self._ask(panel, document, "open_envelope", item=envelope.key, labels="", second=SECOND_PERSON)
        if envelope.desk_item:
            await self._destroy_missing_label(panel, document, envelope.key)

    # --- the manual desk ---
    def _for_the_desk(self, documents: list[PhysicalDocument], order_id: str) -> bool:
        if self._desk_tries[order_id] >= TRIES_MAX:
            return False
        tired = all(self._tries[document.index] >= TRIES_MAX for document in documents)
        unfit = any(document.fault in FOR_THE_DESK for document in documents)
        return tired or unfit or random.Random(f"desk {order_id}").random() < DESK_SHARE

    def _sit_down(self, reader: Reader, documents: list[PhysicalDocument], order_id: str) -> None:
        """One order's documents go to the desk; another document may lie within reach."""
        del self._bare[order_id]
        lying = [one for others in self._bare.values() for one in others if one.key]
        stranger = self._rng.choice(lying) if lying else None
        self._sitting = Sitting(self._plant, reader, documents, stranger, self._rng)
        if self._sitting.stranger is not None:
            self._pick_up(self._sitting.stranger)

    def _pick_up(self, document: PhysicalDocument) -> None:
        lying = self._bare[document.order_id]
        lying.remove(document)
        if not lying:
            del self._bare[document.order_id]

    async def _sit(self, panel: DeskPanel, sitting: Sitting) -> None:
        async def ask(act: str, argument: dict[str, str]) -> tuple[bool, str]:
            accepted, code = await panel.request(act, argument)
            self.acts[act if accepted else f"{act}: {code}"] += 1
            return accepted, code

        if not sitting.over:
            await sitting.step((await panel.snapshot())["desk"], ask, panel.accounts, self._desk_keys)
        if sitting.over:
            await self._get_up(panel, sitting)

    async def _get_up(self, panel: DeskPanel, sitting: Sitting) -> None:
        """What was at the desk is taken on from here."""
        documents, first = sitting.documents, sitting.documents[0]
        item_of = {row["document"]: row["item"] for row in await panel.accounts()}
        item = next((str(item_of[one.key]) for one in documents if item_of.get(one.key) and one.desk_key), "")
        if sitting.refused == "NOT_IN_HAND":
            await self._make_found(panel, documents)
        else:
            self._desk_tries[str(first.order_id)] += 1
        if not sitting.believed:
            self._plant.destroy_loose_labels()
        envelope = sitting.envelope or Envelope([], 0, desk_item=item)
        envelope.desk_item = item
        if item and not envelope.documents:
            # Its label may have come, or not: where one may exist it is declared destroyed.
            await self._destroy_missing_label(panel, first, item)
        self._came_in.update({one.index: envelope for one in documents if item})
        if sitting.slipped:
            self.acts[f"desk: {sitting.slipped}"] += 1
        self._sitting = None
        self._lay_down([] if sitting.stranger is None else [sitting.stranger])
        if not envelope.documents:
            self._lay_down(documents)
            return
        index = envelope.documents[0].index
        self._beside[index] = sitting.outside
        if sitting.believed:
            self._believed[index] = sitting.believed
        self._sealed.append((envelope, 0))

    # --- doors C and B ---
    async def _envelope(self, panel: DeskPanel, envelope: Envelope, asked: int) -> bool:
        """Put it on the sorter, or open it; False = it has to wait until the belts are empty."""
        first = envelope.documents[0]
        # A line that waits for work is woken by an envelope on its sorter.
        quiet = self._plant.quiet or (self._plant.on_belt == 0 and (await panel.snapshot())["state"] == "SUSPENDED")
        believed = self._believed.pop(first.index, "") if quiet else self._believed.get(first.index, "")
        labels = [believed] if believed else [label.qr for label in envelope.labels]
        whole = len(labels) == 1 and self._reinducted[first.index] < TRIES_MAX
        if whole and not quiet:
            self._sealed.append(self._sealed.pop(0))
            return False
        if whole and await self._ask(panel, first, "reinduct", label=labels[0]):
            self._sealed.pop(0)
            self._reinducted[first.index] += 1
            self._plant.reinduct(envelope)
            return True
        item = envelope.key
        on_it = ",".join(label.qr for label in envelope.labels)
        opened = await self._ask(panel, first, "open_envelope", item=item, labels=on_it, second=SECOND_PERSON)
        self._sealed.pop(0)
        if opened:
            self._open(envelope)
            await self._destroy_missing_label(panel, first, item)
        elif asked < PATIENCE:
            found = await self._ask(panel, first, "found", key=item)
            if not found and not labels and await self._unknown(panel, "item", item):
                self._open(envelope)
            else:
                self._sealed.append((envelope, asked + 1))
        return True

    def _open(self, envelope: Envelope) -> None:
        first = envelope.documents[0]
        self._plant.open_envelope(envelope)
        self._lay_down([*envelope.documents, *self._beside.pop(first.index, [])])
        if envelope.desk_item:
            self._plant.destroy_loose_labels()

    async def _destroy_missing_label(self, panel: DeskPanel, document: PhysicalDocument, item: str) -> None:
        """Its label is not on it: half printed, or in the waste. It is looked for, and declared destroyed by two persons."""
        rows: list[dict[str, Any]] = (await panel.snapshot())["labels_to_destroy"]
        for row in rows:
            if row["item"] == item and not self._plant.label_exists(row["print_id"]):
                await self._ask(panel, document, "void_label", print_id=str(row["print_id"]), second=SECOND_PERSON)
