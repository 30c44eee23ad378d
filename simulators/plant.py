"""The seeded physical plant: feeder, belts, inserter, sealer, scales, applicator, cameras, sorter, chutes.

`advance(now_ms)` lets time pass on the scan grid; `next_due_ms()` says when something can happen next, so that virtual
time may jump. The PLC programs see sensor edges only; what is truly where stays in here, for the oracle.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from line_config.process_image import ProcessImage
from simulators.belt import Belt
from simulators.bodies import Envelope, PhysicalDocument
from simulators.faults import FaultBook
from simulators.geometry import Geometry
from simulators.hands import Hands
from simulators.machine_program import MachineProgram
from simulators.mishaps import Mishaps
from simulators.plc_program import PlcProgram
from simulators.plc_rules import SCAN_MS
from simulators.printer_body import PrinterBody
from simulators.sorter_program import SorterProgram
from simulators.tally import Tally

ENVELOPE_MG = 12_000
SCALE_NOISE_MG = 150
NOISE = ("0123456789", "4006381333931", ";", "EA000000005CN;1", "\x00")
"""what a scanner makes of print that is no code of ours"""
OnExpose = Callable[[str, int, Any], None]
OnScan = Callable[[str], None]


class Plant(Hands, Mishaps, Tally):
    """The physical line and its two PLC programs."""

    def __init__(
        self,
        image: ProcessImage,
        geometry: Geometry,
        documents: Iterable[PhysicalDocument],
        faults: FaultBook,
        *,
        seed: int,
        frames_per_trigger: int = 2,
        heads: int = 1,
    ) -> None:
        self.geometry = geometry
        self.faults = faults
        self.machine = MachineProgram(image, geometry, frames_per_trigger=frames_per_trigger)
        self.sorter = SorterProgram(image, geometry)
        self.documents = list(documents)
        self._to_feed = [document for document in reversed(self.documents) if document.place == "feeder"]
        self._rng = random.Random(f"plant {seed}")
        self._luck = random.Random(f"mishaps {seed}")
        faults.now_ms = lambda: self.now_ms
        self._furnish(heads, seed)
        self.machine_belt = Belt(geometry.belt_um_per_ms)
        self.sorter_belt = Belt(geometry.belt_um_per_ms)
        self.on_expose: OnExpose = lambda *_: None
        self.on_scan: OnScan = lambda _: None
        self.now_ms = 0
        self._told_due_ms = 0
        self._next_feed_um = 0
        self._last_fed: PhysicalDocument | None = None
        self._strokes: list[tuple[int, Callable[[], None]]] = []
        self.document_tray: list[PhysicalDocument] = []
        self.unsealed_eject: list[Envelope] = []
        self.sealed_reject: list[Envelope] = []
        self.removed: list[Envelope | PhysicalDocument] = []
        self.in_hand: list[Envelope | PhysicalDocument] = []
        """taken off the belts by somebody, and not brought to the desk yet"""
        self.carried_off: list[Envelope | PhysicalDocument] = []
        """taken off the belts by somebody who will put it back"""
        self.taken_out = 0
        self.chutes: dict[int, list[Envelope]] = {chute: [] for chute in range(1, geometry.chutes + 1)}
        self.bag_begins = dict.fromkeys(self.chutes, 0)
        """chute → how many envelopes left it in bags that are closed"""
        self.bags_hung = dict.fromkeys(self.chutes, 1)
        self.sort_plans = 0
        """how often the sort plan was changed"""
        self.ghosts: set[str] = set()
        """handles that were given to nothing"""
        self.envelopes: list[Envelope] = []
        self._at_inserter: Envelope | None = None
        self._on_machine: list[Envelope | PhysicalDocument] = []
        self._on_sorter: list[Envelope] = []
        self._behind_camera: list[list[Envelope]] = []
        self.fed = 0
        self.ended_ms: list[int] = []
        """when each thing left the belts"""
        self._leaving: deque[tuple[PlcProgram, int, Envelope | PhysicalDocument]] = deque(maxlen=image.window)
        """what left the belts last, with the event that told of it"""
        self._outages: tuple[tuple[int, int], ...] = ()
        self._clearings = 0

    def watch(self, on_expose: OnExpose, on_scan: OnScan) -> None:
        """From now on these are told what is before a camera, and what the induction scanner reads."""
        self.on_expose, self.on_scan = on_expose, on_scan

    # --- time ---
    def advance(self, now_ms: int) -> tuple[str, ...]:
        """Let time pass up to `now_ms`, then scan both PLCs. Names those whose image changed.

        A caller that comes late loses nothing: whatever was due in between happens in its own scan.
        """
        machine = sorter = False
        if now_ms > max(self._told_due_ms, self.now_ms + SCAN_MS):
            while (due_ms := self.next_due_ms()) < now_ms:
                changed = self._step(due_ms)
                machine, sorter = machine or changed[0], sorter or changed[1]
        changed = self._step(now_ms)
        return ("machine_plc",) * (machine or changed[0]) + ("sorter_plc",) * (sorter or changed[1])

    def _step(self, now_ms: int) -> tuple[bool, bool]:
        elapsed_ms, self.now_ms = now_ms - self.now_ms, now_ms
        self.machine.now_ms = self.sorter.now_ms = now_ms
        # The sorter first: what the machine hands over comes onto a belt that is where it is now.
        self.sorter_belt.advance(elapsed_ms)
        self.machine_belt.advance(elapsed_ms)
        if self._strokes:
            for due in [stroke for stroke in self._strokes if stroke[0] <= now_ms]:
                self._strokes.remove(due)
                due[1]()
        self._feed()
        self.machine.envelope_there = self._at_inserter is not None
        if self.machine.sends_off and self._at_inserter is not None:
            self.machine.launch(self.machine_belt.travel_um)
            self._launch()
        self._applicator()
        self.desk_printer.advance(now_ms, purge=False)
        self.machine.overdue(self.machine_belt.travel_um)
        self.sorter.overdue(self.sorter_belt.travel_um)
        if not self._on_machine:
            self.machine.empty()
        if not self._on_sorter:
            self.sorter.empty()
        self.machine.wire("feeder_empty", int(not self._to_feed))
        changed = self.machine.scan(now_ms), self.sorter.scan(now_ms)
        self.sorter_belt.running = self.sorter.running
        # Hard-wired: nothing is handed over onto a belt that stands.
        self.machine_belt.running = self.machine.running and self.sorter.running
        self._note_outages()
        return changed

    def next_due_ms(self) -> int:
        """The next moment, on the scan grid, at which something happens by itself."""
        dues = [
            self.machine_belt.due_ms(self.now_ms),
            self.sorter_belt.due_ms(self.now_ms),
            *(printer.due_ms() for printer in self.printers),
            self.desk_printer.due_ms(),
            self.machine.due_ms(),
            self.sorter.due_ms(),
            self._feed_due_ms(),
            self._overdue_ms(self.machine_belt, self.machine.register.due_um()),
            self._overdue_ms(self.sorter_belt, self.sorter.register.due_um()),
            *(stroke[0] for stroke in self._strokes),
        ]
        due = min((due for due in dues if due is not None), default=self.now_ms + 1000)
        self._told_due_ms = max(self.now_ms + SCAN_MS, -(-due // SCAN_MS) * SCAN_MS)
        return self._told_due_ms

    def _overdue_ms(self, belt: Belt, travel_um: int | None) -> int | None:
        if travel_um is None or not belt.running:
            return None
        return self.now_ms - (belt.travel_um - travel_um) // self.geometry.belt_um_per_ms

    def _note_outages(self) -> None:
        """What is on the belt at stage 2, or when another edge takes over, has been through an outage."""
        outages = tuple((program.stage_2_trips, program.edge_boot) for program in (self.machine, self.sorter))
        if outages != self._outages:
            self._outages = outages
            self.touch_belt()
        clearings = self.machine.clearings + self.sorter.clearings
        if clearings != self._clearings:
            self._clearings = clearings
            if self.faults.stop_expected:
                self.touch_belt()
            self.free_jams()

    def touch_belt(self) -> None:
        """A kill, or stage 2: everything on the belt, and whatever left it without the edge's knowing so far."""
        left = [body for program, seq, body in self._leaving if program.unacknowledged(seq)]
        for body in (*self._on_machine, *self._on_sorter, *left):
            for document in [body] if isinstance(body, PhysicalDocument) else body.documents:
                self.faults.touched.add(document.index)

    def _left(self, program: PlcProgram, body: Envelope | PhysicalDocument) -> None:
        self._leaving.append((program, program.last_seq, body))

    # --- feeder and inserter ---
    def _feed_due_ms(self) -> int | None:
        if not self._to_feed or not self.machine.feed_permitted or not self.machine_belt.running:
            return None
        return self.now_ms + max(0, (self._next_feed_um - self.machine_belt.travel_um) // self.geometry.belt_um_per_ms)

    def _feed(self) -> None:
        if not self._to_feed or not self.machine.feed_permitted or not self.machine_belt.running:
            return
        if self.machine_belt.travel_um < self._next_feed_um:
            return
        document = self._to_feed.pop()
        if self.faults.fires("oversize", document.index):
            self._lay("desk", document)
            self.in_hand.append(document)
            return
        document.place = "belt"
        self._last_fed = document
        self.fed += 1
        if self._to_feed and self.faults.fires("double_feed", document.index):
            document.under = self._last_fed = self._to_feed.pop()
            document.under.place = "belt"
            self.faults.touched.add(document.under.index)
            self.fed += 1
        self._on_machine.append(document)
        jitter_um = round(self.geometry.feed_interval_um * self._rng.uniform(-0.04, 0.04))
        # The pace is kept from feed to feed, so that scans do not add up to a slower line; a pause is not made up for.
        late_um = self.machine_belt.travel_um - self._next_feed_um
        base_um = self._next_feed_um if late_um < self.geometry.feed_interval_um // 10 else self.machine_belt.travel_um
        self._next_feed_um = base_um + self.geometry.feed_interval_um + jitter_um
        self._carry(self.machine_belt, self.geometry.feeder_to_camera_um, self._at_id_camera, document)

    def _at_id_camera(self, document: PhysicalDocument, travel_um: int) -> None:
        trigger, handle = self.machine.at_id_camera(travel_um, thick=document.under is not None)
        self._carry(self.machine_belt, self.geometry.camera_to_gate_um, self._at_gate, document)
        if not handle:
            return
        document.handle = (self.machine.boot_id, handle)
        self.faults.fire_at_camera(document)
        self.on_expose("id_camera", trigger, document)

    def _at_gate(self, document: PhysicalDocument, travel_um: int) -> None:
        action, handle = self.machine.at_gate(travel_um)
        if action == "insert":
            boot = self.machine.boot_id
            self._stroke(self.geometry.insert_ms, lambda: self._insert(document, handle, boot))
        else:
            self._carry(self.machine_belt, self.geometry.gate_to_tray_um, self._in_tray, document)

    def _in_tray(self, document: PhysicalDocument, travel_um: int) -> None:
        self.ended_ms.append(self.now_ms)
        under, document.under = document.under, None
        for one in [document] if under is None else [document, under]:
            one.place = "document_tray"
            self.document_tray.append(one)
        self._on_machine.remove(document)
        self.machine.in_tray(travel_um)
        self._left(self.machine, document)

    def _stroke(self, took_ms: int, done: Callable[[], None]) -> None:
        self._strokes.append((self.now_ms + took_ms, done))

    def _insert(self, document: PhysicalDocument, handle: int, boot: int) -> None:
        # A PLC that was restarted in mid-stroke knows nothing of it.
        known = boot == self.machine.boot_id
        item_handle = self.machine.inserted(handle, self.machine_belt.travel_um) if known else 0
        if self._at_inserter is None:
            self._at_inserter = Envelope([], item_handle, plc_boot=self.machine.boot_id)
            self.envelopes.append(self._at_inserter)
            self._on_machine.append(self._at_inserter)
        self._at_inserter.documents += [document] if document.under is None else [document, document.under]
        document.under = None
        self._on_machine.remove(document)
        if known and not self.machine.envelope_open:
            self._launch()

    def _launch(self) -> None:
        self._carry(self.machine_belt, self.geometry.insert_to_seal_um, self._at_seal, [self._at_inserter])
        self._at_inserter = None

    # --- items; a body is a list of one, so that a fault can exchange what is on two places of the belt ---
    def _at_seal(self, body: list[Envelope], travel_um: int) -> None:
        if self.machine.at_seal(travel_um) == "eject":
            self._carry(self.machine_belt, self.geometry.seal_to_eject_um, self._ejected, body)
        else:
            self._carry(self.machine_belt, self.geometry.seal_to_sealed_um, self._sealed, body)

    def _ejected(self, body: list[Envelope], travel_um: int) -> None:
        self._move(body[0], "unsealed_eject", self.unsealed_eject)
        self.machine.ejected(travel_um)
        self._left(self.machine, body[0])

    def _move(self, envelope: Envelope, place: str, into: list[Envelope]) -> None:
        envelope.place = place
        self.ended_ms.append(self.now_ms)
        for document in envelope.documents:
            document.place = place
        into.append(envelope)
        if envelope in self._on_machine:
            self._on_machine.remove(envelope)
        if envelope in self._on_sorter:
            self._on_sorter.remove(envelope)

    def _sealed(self, body: list[Envelope], travel_um: int) -> None:
        body[0].sealed = True
        distance_um = self.geometry.sealed_to_weigh_um
        self.machine.pass_by("sealed", "sealed", "weigh", travel_um=travel_um, distance_um=distance_um)
        self._carry(self.machine_belt, distance_um, self._weigh, body)

    def _weigh(self, body: list[Envelope], travel_um: int) -> None:
        weight_mg = ENVELOPE_MG + sum(document.mass_mg for document in body[0].documents)
        weight_mg += self._rng.randint(-SCALE_NOISE_MG, SCALE_NOISE_MG)
        distance_um = self.geometry.weigh_to_label_um
        self.machine.pass_by(
            "weigh", "weighed", "label", travel_um=travel_um, distance_um=distance_um, value=round(weight_mg / 100)
        )
        self._carry(self.machine_belt, distance_um, self._at_label, body)

    def _at_label(self, body: list[Envelope], travel_um: int) -> None:
        there = [printer.pad is not None and not printer.pad_blocked for printer in self.printers]
        action, handle = self.machine.at_label(travel_um, label_on_pad=there[0], on_second_pad=there[-1] and len(there) > 1)
        self._carry(self.machine_belt, self.geometry.label_to_camera_um, self._at_label_camera, body)
        if action != "apply":
            return
        printer = self.printers[self.machine.pad]
        printer.pad_blocked = True
        if printer.stuck is not None:
            self.faults.doubt(body[0])
        label = printer.stroke(sticks=printer.stuck is None and self.faults.sticks(body[0]))
        if label is not None:
            label.smeared = self.faults.fires("smeared", body[0].documents[0].index)
            body[0].labels += [label] * (1 + self.faults.fires("two_labels", body[0].documents[0].index))
        boot = self.machine.boot_id
        self._stroke(self.geometry.stroke_ms, lambda: self._stroke_done(printer, handle, boot))

    def _stroke_done(self, printer: PrinterBody, handle: int, boot: int) -> None:
        printer.pad_blocked = False
        if boot == self.machine.boot_id:
            self.machine.applied(handle)

    def _applicator(self) -> None:
        for pad, printer in enumerate(self.printers):
            printer.advance(self.now_ms, purge=False)
            if not printer.pad_blocked and self.machine.blow_off(label_on_pad=printer.pad is not None, pad=pad):
                printer.advance(self.now_ms, purge=True)
                self.machine.blown_off(pad)

    def _at_label_camera(self, body: list[Envelope], travel_um: int) -> None:
        trigger = self.machine.at_label_camera(travel_um)
        self._behind_camera.append(body)
        self._carry(self.machine_belt, self.geometry.camera_to_hand_over_um, self._at_hand_over, body)
        if trigger >= 0:
            self.on_expose("label_camera", trigger, body[0])

    def _at_hand_over(self, body: list[Envelope], travel_um: int) -> None:
        self._behind_camera.remove(body)
        if self.faults.overtakes(body[0], self._behind_camera):
            follower = self._behind_camera[0]
            body[0], follower[0] = follower[0], body[0]
        self.machine.at_hand_over(travel_um)
        self.sorter.at_hand_over(self.sorter_belt.travel_um)
        envelope = body[0]
        self._on_machine.remove(envelope)
        self._on_sorter.append(envelope)
        self._carry(self.sorter_belt, self.geometry.hand_over_to_induction_um, self._at_induction, envelope)

    # --- sorter ---
    def _at_induction(self, envelope: Envelope, travel_um: int) -> None:
        self.sorter.at_induction(travel_um)
        self._carry(self.sorter_belt, self.geometry.induction_to_divert_um, self._at_divert, envelope)
        text = envelope.labels[-1].qr if envelope.labels and not envelope.labels[-1].smeared else ""
        garbled = self.faults.fires("scan_garbled", envelope.documents[0].index)
        self.on_scan(self._luck.choice(NOISE) if garbled else text)

    def _at_divert(self, envelope: Envelope, travel_um: int) -> None:
        chute = self._diverted(envelope, self.sorter.at_divert(travel_um))
        envelope.sort_plan = self.sort_plans
        self._carry(self.sorter_belt, self.geometry.divert_to_chute_um(chute), self._at_end, (envelope, chute))

    def _at_end(self, parcel: tuple[Envelope, int], travel_um: int) -> None:
        envelope, chute = parcel
        if chute:
            self._move(envelope, f"chute:{chute}", self.chutes[chute])
            if self.faults.unseen(envelope):
                return
        else:
            self._move(envelope, "sealed_reject", self.sealed_reject)
        self.sorter.at_end(chute, travel_um)
        self._left(self.sorter, envelope)

    @property
    def feeding(self) -> bool:
        """Whether there is still something in the feeder."""
        return bool(self._to_feed)

    @property
    def idle(self) -> bool:
        """Everything was fed and nothing is on a belt."""
        return not self._to_feed and not self._on_machine and not self._on_sorter and not self.carried_off

    @property
    def on_belt(self) -> int:
        """Things on the belts."""
        return len(self._on_machine) + len(self._on_sorter)
