"""Anchoring the journal's head where the line PC cannot reach back: at central, and in a second file (I16)."""

import asyncio
import json
from typing import Protocol

from edge.runtime.clock import Clock

EVERY_S = 300.0


class AnchoredStore(Protocol):
    """What the anchor needs of the journal's store."""

    journal_id: str

    async def anchor(self, at_ms: int) -> tuple[int, bytes]:
        """Tell central the head through the outbox, keep it in the second store; returns (seq, chain)."""


class Anchors:
    """Anchors at the start and every five minutes."""

    def __init__(self, store: AnchoredStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.anchored_seq = 0

    async def run(self) -> None:
        """Anchor for ever. Raises JournalError when the journal cannot be written."""
        while True:
            self.anchored_seq, _ = await self._store.anchor(self._clock.wall_ms())
            await asyncio.sleep(EVERY_S)


def anchor_line(journal_id: str, seq: int, chain: bytes, at_ms: int) -> str:
    """One anchor as a line of JSON."""
    return json.dumps({"journal_id": journal_id, "seq": seq, "chain": chain.hex(), "at_ms": at_ms})
