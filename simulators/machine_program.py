"""The machine PLC: feeder to hand-over. Tracks by belt travel, answers at D1–D3, and rejects by itself what has no answer.

Travel is in µm of belt. The plant calls one method per sensor; each returns the name of the actuator's action.
"""

from collections.abc import Iterable, Mapping

from line_config.process_image import ProcessImage
from simulators.geometry import Geometry
from simulators.image import Command
from simulators.label_orders import LabelOrders
from simulators.plc_program import PlcProgram
from simulators.plc_rules import WORD
from simulators.shift_register import NO_ANSWER, Tracked

PADS = 2
"""applicator heads that there may be"""


class MachineProgram(PlcProgram):
    """Documents by handle up to the inserter, items by handle from there."""

    sensors: Mapping[str, tuple[str, str]] = {
        "insert": ("insert", "lost"),
        "document_tray": ("document_tray", "reject_unconfirmed"),
        "seal": ("seal", "lost"),
        "unsealed_eject": ("unsealed_eject", "reject_unconfirmed"),
        "sealed": ("seal", "lost"),
        "weigh": ("weigh", "lost"),
        "label": ("label", "lost"),
        "label_camera": ("label_camera", "lost"),
        "hand_over": ("hand_over", "lost"),
    }

    feeds = True

    def __init__(self, image: ProcessImage, geometry: Geometry, *, frames_per_trigger: int, boot_id: int = 1) -> None:
        self._geometry = geometry
        self._frames = frames_per_trigger
        self.insert_ms: list[int] = []
        """latency: first ID frame's shutter → D1 answer consumed"""
        super().__init__(image, geometry.window_um, geometry.debounce_um, boot_id=boot_id)

    def power_up(self) -> None:
        """Handles, tracks and label orders are not retained."""
        super().power_up()
        self._next_document = 0
        self._next_item = 0
        self.documents: dict[int, Tracked] = {}
        self.items: dict[int, Tracked] = {}
        self.labels = tuple(LabelOrders() for _ in range(PADS))
        """by pad"""
        self.pad = 0
        """of the stroke that was begun last"""
        self._open: Tracked | None = None
        """the item whose envelope waits at the inserter"""
        self._given_up = False
        """the edge wants the open envelope ejected as it is"""
        self.envelope_there = False
        """the sensor at the inserter: an envelope waits, which a restarted PLC may know nothing of"""

    def on_belt(self) -> Iterable[Tracked]:
        """Documents and items."""
        yield from self.documents.values()
        yield from self.items.values()

    # --- answers ---
    def answer(self, name: str, command: Command) -> str:
        """Answers for D1 (documents), D2 and D3 (items)."""
        row = self.image.opcodes.get(name)
        if row is None or row.plc != "machine":
            return "mode"
        if row.handle == "document":
            return self._answer_document(name, command)
        if row.point == "D3":
            return self._answer_label(name, command)
        issued = 0 < command.handle <= self._next_item
        tracked = self.items.get(command.handle)
        reason = self.take_answer(tracked, issued=issued, name=name, command=command)
        self._given_up |= not reason and name == "eject_unsealed" and tracked is self._open
        return reason

    def _answer_document(self, name: str, command: Command) -> str:
        tracked = self.documents.get(command.handle)
        first = tracked is not None and tracked.answer == NO_ANSWER
        issued = 0 < command.handle <= self._next_document
        reason = self.take_answer(tracked, issued=issued, name=name, command=command)
        if tracked is not None and first and reason in ("", "late"):
            self.insert_ms.append(self.now_ms - tracked.shutter_ms)
        return reason

    def _answer_label(self, name: str, command: Command) -> str:
        if name != "no_label" and command.chute >= PADS:
            return "mode"
        issued = 0 < command.handle <= self._next_item
        tracked = self.items.get(command.handle)
        if name == "purge_label" and (tracked is None or tracked.decided):
            # Its item has gone by, or belongs to another time: only the label is meant.
            reason = ""
        else:
            reason = self.take_answer(tracked, issued=issued, name=name, command=command)
        if name != "no_label" and reason != "busy":
            orders = self.labels[command.chute]
            in_waste = orders.take(command.handle, command.argument, purge=name == "purge_label" or bool(reason))
            if in_waste is not None:
                self._report_purged(command.handle, command.argument)
        return reason

    def distrust_belt(self) -> None:
        """Another edge: it knows nothing of the labels under way."""
        for orders in self.labels:
            orders.forget()

    # --- sensors; each returns what the actuator there does ---
    def at_id_camera(self, travel_um: int, *, thick: bool = False) -> tuple[int, int]:
        """A document reached the camera: it gets a handle, the camera a burst. Returns (exposure count after it, handle).

        `thick`: the thickness gauge beside the sensor finds more than one document. Handle 0: nothing was seen.
        """
        if self.edges.is_none("id_camera", travel_um):
            return self.exposures[0], 0
        self._next_document += 1
        tracked = Tracked(self._next_document, "D1", trusted=not self.clearing)
        tracked.flags = thick << self.image.event_flags["too_thick"]
        tracked.shutter_ms = self.now_ms
        self.documents[tracked.handle] = tracked
        self.register.expect("insert", tracked, travel_um + self._geometry.camera_to_gate_um)
        self.exposures[0] = (self.exposures[0] + self._frames) % WORD
        self.counters["documents_fed"] += 1
        tracked.asked.add(self.event("feeder", "document_fed", tracked.handle, self.exposures[0], tracked.flags))
        return self.exposures[0], tracked.handle

    def at_gate(self, travel_um: int) -> tuple[str, int]:
        """D1. Returns ("insert" | "tray", document handle)."""
        tracked = self.see("insert", travel_um)
        if tracked is None:
            return "tray", 0
        if self.decide(tracked) in ("insert_close", "insert_keep_open"):
            return "insert", tracked.handle
        self.register.expect("document_tray", tracked, travel_um + self._geometry.gate_to_tray_um)
        return "tray", tracked.handle

    def inserted(self, document: int, travel_um: int) -> int:
        """The stroke is done: a new envelope gets an item handle, an open one has its own. Returns the handle."""
        tracked = self.documents.pop(document, None)
        item = self._open or self._new_item()
        item.trusted = item.trusted and tracked is not None and tracked.trusted
        item.asked.add(self.event("insert", "inserted", document, item.handle))
        self._open = item
        if tracked is None or tracked.answer != "insert_keep_open" or self.clearing:
            self.launch(travel_um)
        return item.handle

    def _new_item(self) -> Tracked:
        self._next_item += 1
        item = self.items[self._next_item] = Tracked(self._next_item, "D2", trusted=not self.clearing)
        self.counters["items_opened"] += 1
        return item

    @property
    def envelope_open(self) -> bool:
        """Whether the envelope stays at the inserter, for more documents."""
        return self._open is not None

    @property
    def sends_off(self) -> bool:
        """Whether an envelope that waits at the inserter must leave as it is."""
        if self._open is None:
            return self.clearing and self.envelope_there
        return self.clearing or self._given_up

    def launch(self, travel_um: int) -> None:
        """The envelope leaves the inserter."""
        if self._open is not None:
            self.register.expect("seal", self._open, travel_um + self._geometry.insert_to_seal_um)
            self._open = None
            self._given_up = False

    def in_tray(self, travel_um: int) -> None:
        """The document tray's sensor."""
        tracked = self.see("document_tray", travel_um)
        if tracked is not None:
            self.documents.pop(tracked.handle, None)
            self.counters["documents_rejected"] += 1
            self.report("document_tray", "document_rejected", tracked)

    def at_seal(self, travel_um: int) -> str:
        """D2. Returns "seal" or "eject"."""
        tracked = self.see("seal", travel_um)
        if tracked is None:
            return "eject"
        if self.decide(tracked) == "seal":
            self.register.expect("sealed", tracked, travel_um + self._geometry.seal_to_sealed_um)
            tracked.point, tracked.decided, tracked.answer = "D3", False, NO_ANSWER
            return "seal"
        self.register.expect("unsealed_eject", tracked, travel_um + self._geometry.seal_to_eject_um)
        return "eject"

    def ejected(self, travel_um: int) -> None:
        """The unsealed eject's sensor."""
        tracked = self.see("unsealed_eject", travel_um)
        if tracked is not None:
            self.items.pop(tracked.handle, None)
            self.counters["items_rejected"] += 1
            self.report("unsealed_eject", "item_ejected", tracked)

    def pass_by(self, sensor: str, kind: str, following: str, *, travel_um: int, distance_um: int, value: int = 0) -> None:
        """A sensor that only reports: an event, and the next expectation."""
        tracked = self.see(sensor, travel_um)
        if tracked is not None:
            self.register.expect(following, tracked, travel_um + distance_um)
            self.report(sensor, kind, tracked, value)

    def at_label(self, travel_um: int, *, label_on_pad: bool, on_second_pad: bool = False) -> tuple[str, int]:
        """D3. Returns ("apply" | "pass", item handle); the head that applies it is `pad`."""
        tracked = self.see("label", travel_um)
        if tracked is None:
            return "pass", 0
        self.register.expect("label_camera", tracked, travel_um + self._geometry.label_to_camera_um)
        answer = self.decide(tracked)
        action = "pass"
        there = (label_on_pad, on_second_pad)
        for pad, orders in enumerate(self.labels):
            mine = answer == "apply" and tracked.chute == pad
            head = orders.head()
            fits = head is not None and head.handle == tracked.handle and not head.purge
            if mine and there[pad] and not self.applicator_faults >> pad & 1 and fits:
                orders.applied()
                self.pad, action = pad, "apply"
            elif mine or answer == NO_ANSWER:
                orders.passed(tracked.handle)
        return action, tracked.handle

    def blow_off(self, *, label_on_pad: bool, pad: int = 0) -> bool:
        """Each scan: whether the label on this pad goes into the waste."""
        if self.tripped:
            self.labels[pad].edge_away(self.now_ms)
        return self.labels[pad].to_blow_off(self.now_ms, label_on_pad=label_on_pad, all_of_them=self.clearing)

    def blown_off(self, pad: int = 0) -> None:
        """It does."""
        order = self.labels[pad].blown_off(self.now_ms)
        if order is not None:
            self._report_purged(order.handle, order.print_id)

    def _report_purged(self, handle: int, print_id: int) -> None:
        self.event("label", "label_purged", handle, print_id)

    def applied(self, handle: int) -> None:
        """The stroke is done, as far as the PLC can tell."""
        tracked = self.items.get(handle)
        if tracked is not None:
            self.event("label", "label_applied", handle, tracked.argument)

    def at_label_camera(self, travel_um: int, *, in_hand: bool = False) -> int:
        """The label camera's burst. Returns the exposure count after it, -1 where nothing was seen.

        `in_hand`: a person holds something there while the belt stands, so that it is nobody's.
        """
        if in_hand:
            self.exposures[1] = (self.exposures[1] + self._frames) % WORD
            self.event("label_camera", "extra")
            return self.exposures[1]
        if self.edges.is_none("label_camera", travel_um):
            return -1
        self.exposures[1] = (self.exposures[1] + self._frames) % WORD
        distance_um = self._geometry.camera_to_hand_over_um
        tracked = self.see_edge("label_camera", travel_um)
        if tracked is not None:
            self.register.expect("hand_over", tracked, travel_um + distance_um)
            self.report("label_camera", "label_exposed", tracked, self.exposures[1])
        return self.exposures[1]

    def at_hand_over(self, travel_um: int) -> None:
        """The item leaves the machine."""
        tracked = self.see("hand_over", travel_um)
        if tracked is not None:
            self.items.pop(tracked.handle, None)
            self.counters["items_handed_over"] += 1
            self.report("hand_over", "handed_over", tracked)

    def forget(self, tracked: Tracked) -> None:
        """It went missing."""
        (self.documents if tracked.point == "D1" else self.items).pop(tracked.handle, None)

    def due_ms(self) -> int | None:
        """Also at once, while an envelope is to be sent off."""
        return self.now_ms if self.sends_off else super().due_ms()

    def zones_empty(self) -> int:
        """Zone 0: documents; zone 1: items."""
        return (not self.documents) | (not self.items) << 1
