"""The broker with central behind it, and what can be wrong with either of them or with the wire to it."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from drivers.ports import Delivery, LinkLost, Question

CONFIRM_AFTER_S = 0.2
WINDOW = 20
"""so many publishes may be under way before a client waits for an acknowledgement"""
TIMEOUT_S = 3.0
KEEPALIVE_S = 7.5
"""so long after the last sign of life a client notices that nobody is there"""
TROUBLES = (
    "half_open",  # the wire is dead and neither side was told: what is published vanishes, nothing comes
    "full",  # the broker's disk is full: it lets everybody in, and acknowledges nothing
)


class VirtualBroker:
    """A broker with central behind it: keeps manifests until they are acknowledged, confirms what it has stored gap-free."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.grants: list[bytes] = []
        """the manifests that a line gets when it asks"""
        self.cancelled: dict[str, bytes] = {}
        """what the line did not hear it hears when it asks about its open bags"""
        self._missed: list[bytes] = []
        self._inbox: asyncio.Queue[Delivery | None] = asyncio.Queue()
        self._gone = False
        self._mid = 0
        self.stored: dict[str, list[dict[str, object]]] = {}
        self._to_confirm: dict[str, None] = {}
        self._digests: dict[str, tuple[int, bytes]] = {}
        """journal → (number of events, hash over them)"""
        self.duplicates = 0
        self.gaps = 0
        self.forgets_confirms = False
        self.on_event: Callable[[dict[str, object]], None] = lambda _: None
        """hears each event that is stored, in order"""
        self.trouble = ""
        """one of TROUBLES, "" = none"""
        self.hop_s = 0.0
        """so long is a message that the broker has acknowledged on its way to central; a broker that forgets loses it"""
        self.lost = Counter[str]()
        """what was acknowledged, or seemed to be, and never reached central, by its cause"""
        self.on_way = 0
        """messages that the broker has acknowledged and central has not got yet"""
        self._memory = 0
        self._swallowed = 0

    def turn(self, trouble: str) -> None:
        """Something goes wrong from now on; "" = no longer, but a connection that was in it is lost."""
        half_open, self.trouble = "half_open" in (self.trouble, trouble), trouble
        self._swallowed = 0
        if half_open:
            asyncio.get_running_loop().call_later(KEEPALIVE_S, self._inbox.put_nowait, None)
        elif not trouble:
            self._inbox.put_nowait(None)

    def forget(self) -> None:
        """The broker restarts and has kept nothing: neither sessions nor what it had acknowledged."""
        self._memory += 1
        self._inbox.put_nowait(None)

    def away(self, *, gone: bool) -> None:
        """Central goes away, or comes back."""
        if gone == self._gone:
            return
        self._gone = gone
        if gone:
            self._inbox.put_nowait(None)
        else:
            missed, self._missed = self._missed, []
            for part in missed:
                self.send("manifest", part)

    def grant(self, parts: Sequence[bytes]) -> None:
        """Central grants more orders: now, or as soon as it is there again, and at every request from now on."""
        self.grants += parts
        if self._gone:
            self._missed += parts
        for part in parts:
            self.send("manifest", part)

    def send(self, topic: str, payload: bytes) -> None:
        """Central sends something of its own accord; nothing while it is away."""
        if not self._gone:
            self._deliver(topic, payload)

    def send_manifest_again(self) -> None:
        """Central repeats its manifest, last part first."""
        for part in reversed(self.grants):
            self.send("manifest", part)

    def _require_there(self) -> None:
        if self._gone:
            raise LinkLost("central is away")

    async def connect(self) -> None:
        """Possible unless central is away or the wire is dead. Raises LinkLost."""
        await asyncio.sleep(TIMEOUT_S if self.trouble == "half_open" else 0)
        if self.trouble == "half_open":
            raise LinkLost("nobody answers")
        self._require_there()

    async def subscribe(self, topic: str, qos: int) -> None:
        """Everything that central sends comes anyway. Raises LinkLost."""
        del topic, qos
        await asyncio.sleep(0)
        self._require_there()

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, question: Question | None = None) -> None:
        """Central's side of the contract: answer a request, store an event, confirm."""
        del retain, question
        await asyncio.sleep(0)
        self._require_there()
        if self.trouble:
            await self._swallow()
        elif self.hop_s:
            self.on_way += 1
            asyncio.get_running_loop().call_later(self.hop_s, self._hopped, self._memory, topic, payload)
        else:
            self._arrive(topic, payload)

    async def _swallow(self) -> None:
        """Nobody acknowledges: a client notices when its window is full."""
        self._swallowed += 1
        if self._swallowed > WINDOW:
            self._swallowed = 0
            await asyncio.sleep(TIMEOUT_S)
            self._inbox.put_nowait(None)
            raise LinkLost(f"no acknowledgement for {TIMEOUT_S:.0f} s")
        self.lost[self.trouble] += 1

    def _hopped(self, memory: int, topic: str, payload: bytes) -> None:
        self.on_way -= 1
        if memory == self._memory:
            self._arrive(topic, payload)
        else:
            self.lost["forgotten"] += 1

    def _arrive(self, topic: str, payload: bytes) -> None:
        if topic == self._root + "request":
            self._answer(msgspec.json.decode(payload))
        elif topic == self._root + "events":
            self._store(msgspec.json.decode(payload))

    def _answer(self, request: dict[str, object]) -> None:
        if request["want"] == "manifest":
            for part in self.grants:
                self._deliver("manifest", part)
        if request["want"] == "cancellations":
            for order_id in set(map(str, request["orders"])) & self.cancelled.keys():  # type: ignore[call-overload]
                self._deliver("cancel", self.cancelled[order_id])
        if request["want"] != "leases":
            return
        heads = [msgspec.json.decode(part) for part in self.grants]
        ends = {(head["lot"], head["epoch"]): head["lease_end_ms"] for head in heads if head.get("epoch")}
        for (lot, epoch), end_ms in ends.items():
            word = {"lot": lot, "epoch": epoch, "end_ms": end_ms, "journal_id": request["journal_id"], "boot": request["boot"]}
            self._deliver("lease", msgspec.json.encode(word))

    def _store(self, event: dict[str, object]) -> None:
        journal_id, seq = str(event["journal_id"]), event["seq"]
        stored = self.stored.setdefault(journal_id, [])
        if seq == len(stored) + 1:
            stored.append(event)
            self.on_event(event)
        elif isinstance(seq, int) and seq <= len(stored):
            self.duplicates += 1
        else:
            self.gaps += 1
        if journal_id not in self._to_confirm:
            asyncio.get_running_loop().call_later(CONFIRM_AFTER_S, self._confirm, journal_id)
            self._to_confirm[journal_id] = None

    def _confirm(self, journal_id: str) -> None:
        """Confirmations are cumulative, so one stands for all rows of a moment."""
        del self._to_confirm[journal_id]
        if self._gone or self.forgets_confirms:
            return
        self._deliver("confirm", msgspec.json.encode({"journal_id": journal_id, **self.account(journal_id)}))

    def account(self, journal_id: str) -> dict[str, object]:
        """How many events of this journal are stored, and the hash over them."""
        seq = len(self.stored[journal_id])
        told, digest = self._digests.get(journal_id, (0, b"\0" * 32))
        for event in self.stored[journal_id][told:]:
            digest = hashlib.sha256(digest + msgspec.json.encode(event, order="sorted")).digest()
        self._digests[journal_id] = (seq, digest)
        return {"seq": seq, "digest": digest.hex()}

    def _deliver(self, topic: str, payload: bytes) -> None:
        if self.trouble == "half_open":
            self.lost["to the line"] += 1
            return
        self._mid += 1
        self._inbox.put_nowait(Delivery(self._root + topic, payload, 1, self._mid, 1))

    async def receive(self) -> Delivery:
        """The next message for the line. Raises LinkLost."""
        delivery = await self._inbox.get()
        if delivery is None:
            raise LinkLost("central is away")
        return delivery

    def ack(self, delivery: Delivery) -> None:
        """Nothing is delivered again in here: the wire tests see to that."""

    def heard_s(self) -> float:
        """Always just now."""
        return asyncio.get_running_loop().time()

    async def close(self) -> None:
        """What was not taken is gone with the connection; the line asks again."""
        self._inbox = asyncio.Queue()
