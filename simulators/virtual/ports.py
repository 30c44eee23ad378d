"""The runtime's ports inside the virtual plant: nothing here blocks, nothing here touches a socket."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from drivers.ports import Delivery, LinkLost
from edge.runtime.bell import Bell
from simulators.bodies import PhysicalLabel
from simulators.faults import FaultBook
from simulators.plc_program import PlcProgram
from simulators.plc_rules import SCAN_MS
from simulators.printer_body import PrinterBody
from simulators.virtual.wires import PlcWire, PrinterWire

PRINTER_REPLY_MS = 2
CONFIRM_AFTER_S = 0.2
LEASE_MS = 200
"""the permit is renewed so often where nothing else happens: the lease lasts 250 ms"""
DOUBLED_S = 0.012
"""so much later a telegram that was doubled comes again: the PLC has scanned meanwhile"""


class VirtualPlc:
    """A PLC connection: writes count at the next scan; a read waits for a change."""

    def __init__(self, program: PlcProgram, now_ms: Callable[[], int], written: Callable[[], None], wire: PlcWire) -> None:
        self._program = program
        self._now_ms = now_ms
        self._written = written
        self._changed = Bell()
        self._wire = wire
        self._permit_at = program.image.edge_to_plc.offsets["permit"]

    def notify(self) -> None:
        """The image changed, or the wire was cut."""
        self._changed.set()

    def wake(self) -> None:
        """The link has something new to write."""
        self._changed.set()

    async def connect(self) -> None:
        """Always possible, unless the wire is cut."""
        await asyncio.sleep(0)
        if self._wire.trouble == "cut":
            raise LinkLost("the virtual wire is cut")

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        """Write now, read when something changed or `max_wait_ms` have passed; sooner where a permit must be kept young."""
        wire, program = self._wire, self._program
        if wire.trouble:
            await wire.begin()
        self._changed.clear()
        if wire.carries and not program.renew(write, self._now_ms() // SCAN_MS * SCAN_MS + SCAN_MS):
            self._write(write)
        again = wire.again(write)
        if again:
            asyncio.get_running_loop().call_later(DOUBLED_S, self._write, again)
        if seen is not None:
            leased = write[self._permit_at] and program.feeds and not program.feeder_empty
            await self._changed.wait((min(max_wait_ms, LEASE_MS) if leased else max_wait_ms) / 1000)
        read = program.read(self._now_ms() // SCAN_MS * SCAN_MS)
        return await wire.end(read) if wire.trouble else read

    def _write(self, write: Sequence[int]) -> None:
        self._program.write(write)
        self._written()

    async def close(self) -> None:
        """Nothing to close."""


class VirtualPrinter:
    """A printer without pixels: a format is the label's text as JSON."""

    def __init__(  # noqa: PLR0917 - a printer is all of this
        self,
        body: PrinterBody,
        book: FaultBook,
        now_ms: Callable[[], int],
        begun: Callable[[], None],
        sent: Callable[[], None],
        wire: PrinterWire,
    ) -> None:
        self._body = body
        self._book = book
        self._wire = wire
        self._sent = sent
        self._now_ms = now_ms
        self._begun = begun
        self._waiting: deque[PhysicalLabel] = deque()

    async def status(self) -> str:
        """As a Zebra: silent when it is out of media or open."""
        if self._wire.off or self._wire.garbage:
            await asyncio.sleep(0.12)
            return "lost" if self._wire.off else "unknown"
        if self._wire.silent or not self._body.media or self._body.head_open:
            await asyncio.sleep(0.12)
            return "silent"
        await asyncio.sleep(PRINTER_REPLY_MS / 1000)
        self._start()
        if self._body.label_waiting:  # said first, as by the driver of a real one: what is queued behind it cannot begin
            return "label_waiting"
        return "busy" if self._waiting or self._body.busy else "ready"

    async def send(self, fmt: bytes) -> None:
        """Take one format. Raises LinkLost, which leaves open whether it was taken."""
        await asyncio.sleep(PRINTER_REPLY_MS / 1000)
        if self._wire.off:
            raise LinkLost("the printer is off")
        self._sent()
        label = read_text(fmt)
        self._waiting.append(label)
        self._start()
        if self._book.at_label("print_reply_lost", label):
            raise LinkLost("no answer from the printer")

    def switched_off(self, torn: PhysicalLabel | None, *, keeps_queue: bool) -> None:
        """The formats that it held are gone; or they are kept, and what was torn is begun again as well."""
        if not keeps_queue:
            self._waiting.clear()
        elif torn is not None:
            self._waiting.appendleft(torn)

    def _start(self) -> None:
        if self._waiting and self._body.begin_print(self._waiting[0], self._now_ms()):
            label = self._waiting.popleft()
            if self._book.at_label("label_repeated", label):
                self._waiting.appendleft(PhysicalLabel(label.code128, label.qr))
            self._begun()

    async def close(self) -> None:
        """Nothing to close."""


async def render_text(label: msgspec.Struct) -> bytes:
    """The virtual format: the label's text itself."""
    await asyncio.sleep(0)
    return msgspec.json.encode(label)


def read_text(fmt: bytes) -> PhysicalLabel:
    """The label that a virtual format makes."""
    text = msgspec.json.decode(fmt)
    return PhysicalLabel(text["tracking_number"], text["payload_qr"])


class VirtualScanner:
    """The induction scanner: texts arrive a few ms after the parcel."""

    def __init__(self) -> None:
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, text: str) -> None:
        """A parcel passed."""
        self._texts.put_nowait(text)

    async def connect(self) -> None:
        """Always there."""
        await asyncio.sleep(0)

    async def read(self) -> str:
        """The next text."""
        return await self._texts.get()

    async def close(self) -> None:
        """Nothing to close."""


class VirtualBroker:
    """A broker with central behind it: keeps manifests until they are acknowledged, confirms what it has stored gap-free."""

    def __init__(self, root: str, manifest: Sequence[bytes]) -> None:
        self._root = root
        self._manifest = list(manifest)
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
        self._manifest += parts
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
        for part in reversed(self._manifest):
            self.send("manifest", part)

    def _require_there(self) -> None:
        if self._gone:
            raise LinkLost("central is away")

    async def connect(self) -> None:
        """Possible unless central is away. Raises LinkLost."""
        await asyncio.sleep(0)
        self._require_there()

    async def subscribe(self, topic: str, qos: int) -> None:
        """Everything that central sends comes anyway. Raises LinkLost."""
        del topic, qos
        await asyncio.sleep(0)
        self._require_there()

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Central's side of the contract: answer a request, store an event, confirm."""
        del retain
        await asyncio.sleep(0)
        self._require_there()
        if topic == self._root + "request":
            self._answer(msgspec.json.decode(payload))
        elif topic == self._root + "events":
            self._store(msgspec.json.decode(payload))

    def _answer(self, request: dict[str, object]) -> None:
        if request["want"] == "manifest":
            for part in self._manifest:
                self._deliver("manifest", part)
            return
        heads = [msgspec.json.decode(part) for part in self._manifest]
        ends = {(head["lot"], head["epoch"]): head["lease_end_ms"] for head in heads if head.get("epoch")}
        for (lot, epoch), end_ms in ends.items():
            word = {"lot": lot, "epoch": epoch, "end_ms": end_ms, "journal_id": request["journal_id"], "boot": request["boot"]}
            self._deliver("lease", msgspec.json.encode(word))

    def _store(self, event: dict[str, object]) -> None:
        journal_id, seq = str(event["journal_id"]), event["seq"]
        stored = self.stored.setdefault(journal_id, [])
        if seq == len(stored) + 1:
            stored.append(event)
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
