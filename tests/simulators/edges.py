"""Scripted edges for the plant's tests: one that answers everything right at once, and a hook to make it worse."""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.process_image import CommandSlot, EdgeImage, EventSlot, ImageCodec
from line_config.process_image import load_process_image
from simulators.bodies import Envelope, PhysicalDocument, PhysicalLabel
from simulators.faults import NOT_ORDERED, FaultBook, plan_faults
from simulators.geometry import Geometry
from simulators.oracle import Judgement, Ordered, judge
from simulators.plant import Plant
from simulators.plc_program import PlcProgram

IMAGE = load_process_image()
CODEC = ImageCodec(IMAGE)
EXECUTE, HELD, STOPPED, IDLE = 6, 11, 2, 4
EXCHANGE_MS = 100
Say = tuple[str, dict[str, int]]


class Wire:
    """One edge's end of the wire to one PLC: exchanges images, acknowledges what it was given, queues commands."""

    def __init__(self, program: PlcProgram, on_event: Callable[[EventSlot], None], boot: int = 1) -> None:
        self.program = program
        self.boot = boot
        self.state = EXECUTE
        self.permitted = True
        self.acknowledging = True
        self._on_event = on_event
        self._beat = 0
        self._issued = 0
        self._queue: list[CommandSlot] = []
        self._ring: list[CommandSlot] = []
        self.taken = 0
        self.header: dict[str, int] = {}
        self.events: list[EventSlot] = []

    def say(self, opcode: str, handle: int = 0, *, reply_to: int = 0, argument: int = 0, chute: int = 0) -> int:
        """Queue a command; returns its sequence number."""
        self._issued = self._issued % IMAGE.seq_max + 1
        code = IMAGE.opcodes[opcode].code
        self._queue.append(CommandSlot(self._issued, reply_to, handle, code, argument, chute))
        return self._issued

    def exchange(self) -> None:
        """Read the PLC's image, take its events in order, write ours."""
        image = CODEC.decode_plc(self.program.read())
        self.header = image.header
        by_seq = {event.seq: event for event in image.events}
        while self.acknowledging and (event := by_seq.get(self.taken % IMAGE.seq_max + 1)) is not None:
            self.taken = event.seq
            self.events.append(event)
            self._on_event(event)
        self.write()

    def write(self) -> None:
        """Write our image; no more than a ring of commands at a time."""
        consumed = self.header.get("last_consumed_seq", 0) if self.header.get("edge_boot_echo") == self.boot else 0
        self._ring = [c for c in self._ring if (c.seq - consumed - 1) % IMAGE.seq_max < IMAGE.window]
        while self._queue and len(self._ring) < IMAGE.window:
            self._ring.append(self._queue.pop(0))
        self._beat = self._beat % 65535 + 1
        header = {
            "heartbeat": self._beat,
            "boot_id": self.boot,
            "plc_boot_echo": self.header.get("boot_id", 0),
            "state": self.state,
            "permit": self._beat if self.permitted else 0,
            "last_consumed_seq": self.taken,
            "last_issued_seq": self._ring[-1].seq if self._ring else consumed,
        }
        self.program.write(CODEC.encode_edge(EdgeImage(header, tuple(self._ring))))


@dataclass
class Told:
    """What the perfect edge remembers of one item."""

    document: PhysicalDocument
    item: int = 0
    print_id: int = 0
    checked: bool = False


class PerfectEdge:
    """Sees through the cameras without error and answers every question as soon as it can.

    `spoil` may change or drop (None) each command before it is said: (opcode, fields) → the same or another.
    """

    def __init__(self, rate_per_h: int, items: int, *, seed: int = 1, faults: float = 0.0) -> None:
        plan = plan_faults(seed, items, faults)
        self.documents = [
            PhysicalDocument(n, "a4", f"A4{n:010d}", None if plan.get(n) in NOT_ORDERED else f"O{n}", 5000, plan.get(n, ""))
            for n in range(items)
        ]
        self.orders = {
            d.order_id: Ordered(d.order_id, frozenset({d.number}), f"EA{d.index:09d}CN", d.index % 6 + 1)
            for d in self.documents
            if d.order_id is not None
        }
        self.book = FaultBook(plan, self.documents, {f"EA{d.index:09d}CN": d.index for d in self.documents})
        self.plant = Plant(IMAGE, Geometry(rate_per_h), self.documents, self.book, seed=seed)
        self.plant.on_expose = self._exposed
        self.plant.on_scan = self._scanned
        self.machine = Wire(self.plant.machine, self._machine_event)
        self.sorter = Wire(self.plant.sorter, self._sorter_event)
        self.spoil: Callable[[str, dict[str, int]], Say | None] = lambda opcode, fields: (opcode, fields)
        self.accounts: dict[str, str] = {}
        self._bursts: dict[tuple[str, int], PhysicalDocument | Envelope] = {}
        self._told: dict[int, Told] = {}
        self._item_of_print: dict[int, Told] = {}
        self._to_print: list[Told] = []
        self._printing: Told | None = None
        self._texts: list[str] = []
        self._handed_over: list[Told] = []
        self._parcels: dict[int, Told] = {}
        self._documents: dict[int, PhysicalDocument] = {}
        self._prints = 0

    # --- time ---
    def run(self, until_ms: int | None = None) -> None:
        """Run to `until_ms`, or until everything has left the belts. Exchanges on change and every 100 ms."""
        plant = self.plant
        next_ms = plant.now_ms
        while plant.now_ms < until_ms if until_ms is not None else not plant.idle:
            changed = plant.advance(min(plant.next_due_ms(), max(next_ms, plant.now_ms + 10)))
            self._print()
            if changed or plant.now_ms >= next_ms:
                next_ms = plant.now_ms + EXCHANGE_MS
                self.machine.exchange()
                self.sorter.exchange()
            assert plant.now_ms < 3 * 3_600_000, "the line never became empty"

    def judge(self) -> Judgement:
        """The oracle on what this edge believes."""
        rows = [{"document": key, "place": place} for key, place in self.accounts.items()]
        return judge(self.plant, self.orders.values(), rows)

    # --- eyes ---
    def _exposed(self, camera: str, trigger: int, subject: PhysicalDocument | Envelope) -> None:
        self._bursts[camera, trigger] = subject

    def _scanned(self, text: str) -> None:
        self._texts.append(text)

    # --- answers ---
    def _say(self, wire: Wire, opcode: str, **fields: int) -> None:
        said = self.spoil(opcode, fields)
        if said is not None:
            wire.say(said[0], **said[1])

    def _machine_event(self, event: EventSlot) -> None:
        handler = getattr(self, f"_on_{event.kind}", None)
        if handler is not None:
            handler(event)

    _sorter_event = _machine_event

    def _key(self, handle: int) -> str:
        return f"D{self.plant.machine.boot_id}-{handle}"

    def _on_document_fed(self, event: EventSlot) -> None:
        document = self._bursts.pop(("id_camera", event.value))
        assert isinstance(document, PhysicalDocument)
        self._documents[event.handle] = document
        self.accounts[self._key(event.handle)] = "belt"
        good = document.order_id is not None and document.fault != "unreadable"
        opcode = "insert_close" if good else "reject_document"
        self._say(self.machine, opcode, handle=event.handle, reply_to=event.seq)

    def _on_document_rejected(self, event: EventSlot) -> None:
        self.accounts[self._key(event.handle)] = "document_tray"

    def _on_inserted(self, event: EventSlot) -> None:
        self._told[event.value] = Told(self._documents[event.handle], event.value)
        self._say(self.machine, "seal", handle=event.value, reply_to=event.seq)

    def _place(self, told: Told, place: str) -> None:
        handle = told.document.handle
        assert handle is not None
        self.accounts[self._key(handle[1])] = place

    def _on_item_ejected(self, event: EventSlot) -> None:
        self._place(self._told[event.handle], "unsealed_eject")

    def _on_weighed(self, event: EventSlot) -> None:
        self._to_print.append(self._told[event.handle])

    def _print(self) -> None:
        printer = self.plant.printers[0]
        if self._printing is not None and not printer.media:
            self._say(self.machine, "no_label", handle=self._printing.item)
            self._printing = None
            self.plant.roll_changed()
        elif self._printing is not None and not printer.busy:
            self._say(self.machine, "apply", handle=self._printing.item, argument=self._printing.print_id)
            self._printing = None
        if self._printing is None and self._to_print:
            told = self._to_print[0]
            number = f"EA{told.document.index:09d}CN"
            if printer.begin_print(PhysicalLabel(number, f"{number};{self._prints + 1}"), self.plant.now_ms):
                self._prints += 1
                told.print_id = self._prints
                self._item_of_print[told.print_id] = told
                self._printing = self._to_print.pop(0)

    def _on_label_exposed(self, event: EventSlot) -> None:
        envelope = self._bursts.pop(("label_camera", event.value))
        assert isinstance(envelope, Envelope)
        told = self._told[event.handle]
        told.checked = [label.qr for label in envelope.labels] == [f"EA{told.document.index:09d}CN;{told.print_id}"]

    def _on_handed_over(self, event: EventSlot) -> None:
        self._handed_over.append(self._told[event.handle])

    def _on_inducted(self, event: EventSlot) -> None:
        read = self._item_of_print.get(int(self._texts.pop(0).partition(";")[2] or 0))
        if not self._handed_over:
            return
        expected = self._handed_over.pop(0)
        # A label that failed its check says nothing about the envelope that bears it.
        told = read if read is not None and expected.checked else expected
        self._parcels[event.handle] = told
        good = read is told is expected and told.checked
        chute = told.document.index % 6 + 1
        self._say(self.sorter, "divert" if good else "reject_item", handle=event.handle, reply_to=event.seq, chute=chute)

    def _on_diverted(self, event: EventSlot) -> None:
        self._place(self._parcels[event.handle], f"chute:{event.value}")

    _on_divert_unconfirmed = _on_diverted

    def _on_item_rejected(self, event: EventSlot) -> None:
        if event.handle in self._parcels:
            self._place(self._parcels[event.handle], "sealed_reject")
