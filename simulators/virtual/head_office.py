"""Central's people in the virtual world: they change their minds about orders, and say it again until the line has answered."""

import asyncio
import random
from typing import Any

import msgspec

from simulators.faults import FaultBook
from simulators.manifests import Json
from simulators.oracle import expected_chute
from simulators.people import COUNTIES
from simulators.receipts import make_receipts, orders_without_documents
from simulators.scene import Scene, load_routes
from simulators.virtual.broker import VirtualBroker
from simulators.words import Word, Words

AGAIN_S = 30.0
NO_NUMBER = frozenset({"UNREADABLE", "UNKNOWN"})
"""verdicts on a document that leave open which one it is"""


class HeadOffice:
    """Says words about orders, and hears all events."""

    def __init__(self, scene: Scene, broker: VirtualBroker, book: FaultBook, site_key: bytes, signed_ms: int) -> None:
        """`signed_ms`: when the documents were handed over with their lists; 0 = there are none."""
        self._scene = scene
        self._broker = broker
        self._book = book
        self.words = Words(scene.population.orders, scene.lot_of)
        broker.on_event = self._hear
        self._site_key = site_key
        self.receipts = make_receipts(scene, site_key, signed_ms) if signed_ms else []
        self._more = orders_without_documents(self.receipts, self._model(), scene.seed) if self.receipts else []
        self._untold = {receipt.lot: receipt.payload() for receipt in self.receipts}
        self.read: set[str] = set()
        """documents whose number the line has read, as it calls them"""
        self.reconciled: dict[str, list[Json]] = {}
        """lot → what was told of its closing"""
        self._counties = [county for county in COUNTIES if expected_chute(load_routes(), county) >= 0]

    def _model(self) -> Json:
        (part, *_) = self._scene.manifest(self._site_key)
        orders: list[Json] = msgspec.json.decode(part)["orders"]
        return orders[0]

    def manifest(self, version: int = 1, lease: tuple[int, int] | None = None) -> list[bytes]:
        """All orders but the late ones, and those whose documents never come."""
        return self._scene.manifest(self._site_key, version, lease, self._more)

    async def run(self) -> None:
        """Say what has no answer yet, and say it again: central was away, or the line was."""
        while True:
            for payload in self._untold.values():
                self._broker.send("lot", payload)
            for word in self.words.unanswered():
                self._say(word)
            await asyncio.sleep(AGAIN_S)

    def _hear(self, event: dict[str, Any]) -> None:
        self.words.hear(event)
        kind, body = event["kind"], event["body"]
        if kind in ("lot_received", "lot_refused"):
            self._untold.pop(body["lot"], None)
        elif kind == "content_check" and body["verdict"] not in NO_NUMBER:
            self.read.add(body["document"])
        elif kind == "lot_reconciled":
            self.reconciled.setdefault(body["lot"], []).append(body)

    def cancel(self, order_id: str) -> None:
        """Take an order back; whatever becomes of its documents is due to that."""
        self._book.touched |= {document.index for document in self._scene.documents if document.order_id == order_id}
        word = self.words.cancel(order_id)
        self._broker.cancelled[order_id] = word.payload
        self._say(word)

    def amend(self, order_id: str, rng: random.Random) -> None:
        """Send an order elsewhere."""
        self._say(self.words.amend(order_id, rng.choice(self._counties)))

    def old(self, order_id: str, rng: random.Random) -> None:
        """Say something else under a version that was said before."""
        version = rng.randint(1, self.words.known[order_id].version)
        if rng.random() < 0.5:
            self._say(self.words.amend(order_id, rng.choice(self._counties), version))
        else:
            self._say(self.words.cancel(order_id, version))

    def _say(self, word: Word) -> None:
        self._broker.send(word.topic, word.payload)
