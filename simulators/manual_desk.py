"""What the clerk does at the manual desk, with the hands and at the panel, and what a person may do wrong there.

A sitting is about the documents of one order. What the panel shows says what comes next; the hands
do it, and the panel is told.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from simulators.bodies import Envelope, PhysicalDocument, PhysicalLabel
from simulators.plant import ENVELOPE_MG, Plant

Reader = Callable[[PhysicalDocument], dict[str, str]]
"""what the desk's reader tells of a document: kind, token, skeleton, flags, masked"""
Ask = Callable[[str, dict[str, str]], Awaitable[tuple[bool, str]]]
Accounts = Callable[[], Awaitable[list[dict[str, Any]]]]
SLIP_SHARE = 0.4
"""of sittings, so that each slip is met in a day of the virtual line; people are better than that"""
NEEDS_A_STRANGER = ("another document goes in", "exchanged behind the second reading")
SLIPS = (
    *NEEDS_A_STRANGER,
    "label of another is scanned",
    "label is not applied",
    "label is scanned before it is applied",
    "weight is mistyped",
    "gives up",
)
MISTYPED = 1000
HANDS_LOOKS = 6
"""a person needs up to so many looks at the panel for each step"""


class Sitting:
    """The documents of one order at the desk, until they are in a proved envelope or in hand again."""

    def __init__(
        self,
        plant: Plant,
        reader: Reader,
        documents: Sequence[PhysicalDocument],
        stranger: PhysicalDocument | None,
        rng: random.Random,
    ) -> None:
        """`stranger`: another document that lies within reach."""
        self._plant = plant
        self._reader = reader
        self.documents = list(documents)
        self.stranger = stranger
        slips = SLIPS if stranger is not None else SLIPS[len(NEEDS_A_STRANGER) :]
        self.slip = rng.choice(slips) if rng.random() < SLIP_SHARE else ""
        self._rng = rng
        self._hands = 0
        self._gives_up_at = rng.choice(("gathering", "printing", "filling", "closing"))
        self.slipped = ""
        """the slip that did happen"""
        self._read: list[PhysicalDocument] = []
        self._asked: PhysicalDocument | None = None
        """read at the desk, and not answered yet"""
        self._again: list[PhysicalDocument] = []
        self.outside: list[PhysicalDocument] = []
        """left on the table while another one is in the envelope"""
        self.envelope: Envelope | None = None
        self.believed = ""
        """text of a label that the clerk thinks to have applied"""
        self.refused = ""
        """code with which it ended"""
        self.over = False

    async def step(self, desk: dict[str, Any], ask: Ask, accounts: Accounts, keys: set[str]) -> None:
        """Do the next thing. `desk`: what the panel shows of it; `keys`: what the desk has called documents so far."""
        if self._hands:
            self._hands -= 1
            return
        self._hands = self._rng.randrange(HANDS_LOOKS)
        if self._asked is not None:
            await self._look_up(accounts, keys)
        state = desk["state"]
        if self._read and state == "free":
            await self._end(ask)
        elif state in ("free", "gathering") and self._gives_up_at == state and self.slip == "gives up" and self._read:
            await self._give_up(ask)
        elif state in ("free", "gathering"):
            await self._read_next(ask, accounts, keys)
        elif self.slip == "gives up" and state == self._gives_up_at:
            await self._give_up(ask)
        elif state == "printing":
            # A label of before may still hang there, behind which the printer begins no other.
            self._plant.take_label()
        elif state == "filling":
            await self._fill(ask)
        elif state == "closing":
            await self._close(ask)

    async def _give_up(self, ask: Ask) -> None:
        self.slipped = "gives up"
        await ask("desk_cancel", {})

    # --- first reading ---
    async def _read_next(self, ask: Ask, accounts: Accounts, keys: set[str]) -> None:
        left = [document for document in self.documents if document not in self._read]
        if not left:
            await ask("desk_cancel", {})
            return
        self._asked = left[0]
        accepted, code = await ask("desk_read", {"document": left[0].key, **self._reader(left[0])})
        await self._look_up(accounts, keys)
        if accepted:
            return
        self.refused = code
        if self._read and (await ask("desk_cancel", {}))[0]:
            await self._end(ask)
        else:
            self.over = True

    async def _look_up(self, accounts: Accounts, keys: set[str]) -> None:
        """What the line calls the document that was read last; nothing new = it was not taken, and is called as before."""
        fresh = [row["document"] for row in await accounts() if row["document"].startswith("M") and row["document"] not in keys]
        document, self._asked = self._asked, None
        if document is not None and fresh:
            keys.update(fresh)
            document.forget_key()
            document.desk_key, document.place = fresh[0], "desk"
            self._plant.faults.touched.add(document.index)
            self._read.append(document)

    # --- second reading: each document as it goes in ---
    async def _fill(self, ask: Ask) -> None:
        if self.envelope is None:
            self.envelope = self._plant.take_envelope([])
            self._plant.take_label()
        document = next((one for one in self.documents if one not in self._again), None)
        if document is None:
            return
        scanned = inside = document
        if self.stranger is not None and self.slip in NEEDS_A_STRANGER and not self.slipped:
            self.slipped, inside, self.stranger = self.slip, self.stranger, None
            scanned = inside if self.slip == "another document goes in" else document
            self.outside.append(document)
        self._again.append(document)
        self.envelope.documents.append(inside)
        reading = self._reader(scanned)
        await ask("desk_insert", {name: reading[name] for name in ("kind", "token", "flags")})

    # --- the closed envelope ---
    async def _close(self, ask: Ask) -> None:
        envelope = self.envelope
        if envelope is None:
            return
        label = self._apply(envelope)
        texts: tuple[str, ...] = () if label is None else (label.code128, label.qr)
        if self.slip == "label of another is scanned" and label is not None:
            self.slipped = self.slip
            texts = self._label_beside(label)
        weight_g = round((ENVELOPE_MG + sum(document.mass_mg for document in envelope.documents)) / 1000)
        if self.slip == "weight is mistyped":
            self.slipped = self.slip
            weight_g *= MISTYPED
        _, self.refused = await ask("desk_label", {"texts": ",".join(texts), "weight_g": str(weight_g)})

    def _apply(self, envelope: Envelope) -> PhysicalLabel | None:
        """Close the envelope and stick the label on it; returns the label that is scanned."""
        envelope.sealed = True
        lying = self._plant.desk_labels
        if not lying:
            return envelope.labels[-1] if envelope.labels else None
        if self.slip in ("label is not applied", "label is scanned before it is applied"):
            self.slipped = self.slip
        if self.slip == "label is not applied":
            self.believed = lying[-1].qr
            return lying[-1]
        envelope.labels.append(lying.pop())
        return envelope.labels[-1]

    def _label_beside(self, label: PhysicalLabel) -> tuple[str, ...]:
        """Of the envelope that happens to lie beside this one."""
        others = [one for envelope in self._plant.envelopes for one in envelope.labels if one.code128 != label.code128]
        return (others[-1].code128, others[-1].qr) if others else ("EA000000005CN", "EA000000005CN;1")

    # --- the end ---
    async def _end(self, ask: Ask) -> None:
        """The rule of the desk: what still lies on the table is scanned before the envelope is taken away."""
        if self.slipped == NEEDS_A_STRANGER[1]:
            await ask("desk_read", {"document": "", **self._reader(self.outside[0])})
        envelope = self.envelope
        if envelope is not None and not envelope.sealed:
            # Whoever opens it finds everything together.
            envelope.documents += [one for one in self.documents if one not in (*envelope.documents, *self.outside)]
        self.over = True
