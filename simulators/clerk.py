"""The simulated clerk at the desk beside the line: works through what the reject places gave up, by the three doors.

Each thing is asked for at the panel first; the hands follow only where the line accepted the act.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from simulators.bodies import Envelope, PhysicalDocument
from simulators.operator import Panel
from simulators.plant import Plant

SECOND_PERSON = "second-sim"
TRIES_MAX = 2
"""so often is a document fed again before it goes back to its issuer"""
PATIENCE = 4
"""so often is a thing asked for that the line does not know to be in hand yet"""


def _key(letter: str, handle: tuple[int, int]) -> str:
    return f"{letter}{handle[0]}-{handle[1]}"


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
        self._size = Counter(document.order_id for document in plant.documents)
        self._given_up: dict[int, None] = {}
        self.acts: Counter[str] = Counter()

    @property
    def idle(self) -> bool:
        """Nothing is left to be done with what is in hand."""
        return not self._sealed and not self._next_order() and not self._plant.has_rejects

    async def look(self, panel: Panel) -> None:
        """Do the next thing, if there is one. Raises PanelAway."""
        for body in self._plant.take_up():
            if isinstance(body, PhysicalDocument):
                self._lay_down([body])
            elif body.sealed:
                self._sealed.append((body, 0))
            else:
                self._lay_down(body.documents)
        if self._sealed:
            await self._envelope(panel, *self._sealed.pop(0))
        elif order := self._next_order():
            await self._documents(panel, self._bare.pop(order[0]), order[0])

    def _lay_down(self, documents: Iterable[PhysicalDocument]) -> None:
        for document in documents:
            self._bare.setdefault(document.order_id, []).append(document)

    def _next_order(self) -> list[str | None]:
        """The first order all of whose documents are in hand, as a list of one; lone documents are their own."""
        whole = (o for o, documents in self._bare.items() if o is None or len(documents) == self._size[o])
        return [order_id for order_id in whole if not self._has_given_up(order_id)][:1]

    def _has_given_up(self, order_id: str | None) -> bool:
        return all(document.index in self._given_up for document in self._bare[order_id])

    async def _ask(self, panel: Panel, act: str, **argument: str) -> bool:
        accepted, code = await panel.request(act, argument)
        self.acts[act if accepted else f"{act}: {code}"] += 1
        return accepted

    # --- door A, and the way back to the issuer ---
    async def _documents(self, panel: Panel, documents: list[PhysicalDocument], order_id: str | None) -> None:
        keys = ",".join(_key("D", document.handle) for document in documents if document.handle is not None)
        again = order_id is not None and all(self._tries[document.index] < TRIES_MAX for document in documents)
        act = "feed_again" if again else "return_to_issuer"
        if await self._ask(panel, act, documents=keys):
            self._tries.update(document.index for document in documents)
            if again:
                self._plant.feed_again(documents)
            else:
                self._plant.put_aside(documents, "returned")
            return
        self._asked.update(document.index for document in documents)
        self._bare.setdefault(order_id, []).extend(documents)
        for document in documents:
            if self._asked[document.index] >= PATIENCE:
                self._given_up[document.index] = None

    # --- doors C and B ---
    async def _envelope(self, panel: Panel, envelope: Envelope, asked: int) -> None:
        labels = [label.qr for label in envelope.labels]
        if len(labels) == 1:
            if not self._plant.quiet:
                self._sealed.append((envelope, asked))
                return
            if await self._ask(panel, "reinduct", label=labels[0]):
                self._plant.reinduct(envelope)
                return
        item = _key("I", (envelope.plc_boot, envelope.item_handle))
        if await self._ask(panel, "open_envelope", item=item, labels=",".join(labels), second=SECOND_PERSON):
            self._plant.open_envelope(envelope)
            await self._destroy_missing_label(panel, item)
            self._lay_down(envelope.documents)
        elif asked < PATIENCE:
            self._sealed.append((envelope, asked + 1))

    async def _destroy_missing_label(self, panel: Panel, item: str) -> None:
        """Its label is not on it: half printed, or in the waste. It is looked for, and declared destroyed by two persons."""
        rows: list[dict[str, Any]] = (await panel.snapshot())["labels_to_destroy"]
        for row in rows:
            if row["item"] == item and not self._plant.label_exists(row["print_id"]):
                await self._ask(panel, "void_label", print_id=str(row["print_id"]), second=SECOND_PERSON)
