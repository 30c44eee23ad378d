# TO THE PLANT AND WIRES ENGINEERS: the lead wrote this working version (it was needed); keep its API, test it, improve it in place; do not rewrite. Remove this line when read.
"""The machine PLC: feeder to hand-over. Tracks by belt travel, answers at D1–D3, and rejects by itself what has no answer.

Travel is in µm of belt. The plant calls one method per sensor; each returns the name of the actuator's action.
"""

from collections import OrderedDict
from typing import NamedTuple

from line_config.process_image import ProcessImage
from simulators.geometry import Geometry
from simulators.image import Command
from simulators.plc_program import PlcProgram

NO_ANSWER = ""


class Tracked:
    """One document or item in the PLC's shift register."""

    def __init__(self, handle: int, *, trusted: bool) -> None:
        self.handle = handle
        self.trusted = trusted
        self.expected_um = 0
        self.answer = NO_ANSWER
        self.argument = 0
        self.decided = False
        self.shutter_ms = 0


class Seen(NamedTuple):
    """What the shift register makes of a sensor edge."""

    tracked: Tracked | None
    flags: int


class Track:
    """Expected arrivals at one sensor, in order of the belt."""

    def __init__(self, window_um: int) -> None:
        self._window_um = window_um
        self.waiting: OrderedDict[int, Tracked] = OrderedDict()

    def expect(self, tracked: Tracked, at_um: int) -> None:
        """It should be seen at this travel."""
        tracked.expected_um = at_um
        self.waiting[tracked.handle] = tracked

    def see(self, travel_um: int, out_of_window: int) -> Seen:
        """Something is at the sensor: the oldest expected one within twice the window, else a stranger."""
        if not self.waiting:
            return Seen(None, 0)
        handle, tracked = next(iter(self.waiting.items()))
        off_um = abs(travel_um - tracked.expected_um)
        if off_um > 2 * self._window_um:
            return Seen(None, 0)
        del self.waiting[handle]
        return Seen(tracked, out_of_window if off_um > self._window_um else 0)

    def overdue(self, travel_um: int) -> list[Tracked]:
        """Those that should have been seen by now; they are forgotten."""
        late = [t for t in self.waiting.values() if travel_um - t.expected_um > 2 * self._window_um]
        for tracked in late:
            del self.waiting[tracked.handle]
        return late


class MachineProgram(PlcProgram):
    """Documents by handle up to the inserter, items by handle from there."""

    def __init__(self, image: ProcessImage, geometry: Geometry, *, frames_per_trigger: int, boot_id: int = 1) -> None:
        super().__init__(image, boot_id=boot_id)
        self._geometry = geometry
        self._frames = frames_per_trigger
        self._next_document = 0
        self._next_item = 0
        self.documents: dict[int, Tracked] = {}
        self.items: dict[int, Tracked] = {}
        window = geometry.window_um
        self.tracks = {
            name: Track(window)
            for name in (
                "insert",
                "document_tray",
                "seal",
                "unsealed_eject",
                "sealed",
                "weigh",
                "label",
                "label_camera",
                "hand_over",
            )
        }
        self._out = 1 << image.event_flags["out_of_window"]
        self._default = 1 << image.event_flags["default_reject"]
        self.purge_debt = 0
        self.insert_ms: list[int] = []
        self.late_verdicts = 0

    # --- answers ---
    def answer(self, name: str, command: Command) -> str:
        """Answers for D1 (documents), D2 and D3 (items)."""
        row = self.image.opcodes.get(name)
        if row is None or row.plc != "machine":
            return "mode"
        if row.handle == "document":
            return self._answer_document(name, command)
        return self._answer_item(name, row.point, command)

    def _answer_document(self, name: str, command: Command) -> str:
        tracked = self.documents.get(command.handle)
        if tracked is None or tracked.decided:
            self.late_verdicts += 1
            return "late"
        if tracked.answer == NO_ANSWER:
            self.insert_ms.append(self.now_ms - tracked.shutter_ms)
        tracked.answer = name
        return ""

    def _answer_item(self, name: str, point: str, command: Command) -> str:
        tracked = self.items.get(command.handle)
        waiting = self.tracks["seal" if point == "D2" else "label"].waiting if tracked is not None else {}
        before_label = tracked is not None and not tracked.decided
        if tracked is not None and (command.handle in waiting or (point == "D3" and before_label)):
            tracked.answer, tracked.argument = name, command.argument
            return ""
        if point == "D3" and name != "no_label":
            # The item has passed without it: the label must not meet the next one.
            self._purge(command.handle, command.argument)
        return "late" if tracked is not None else "unknown_handle"

    def distrust_belt(self) -> None:
        """Another edge: everything here may only be rejected."""
        for tracked in (*self.documents.values(), *self.items.values()):
            tracked.trusted = False

    def _may(self, tracked: Tracked, *names: str) -> bool:
        return tracked.trusted and not self.clearing and tracked.answer in names

    # --- sensors; each returns what the actuator there does ---
    def at_id_camera(self, travel_um: int) -> tuple[int, int]:
        """A document reached the camera: it gets a handle, the camera a burst. Returns (exposure count after it, handle)."""
        self._next_document += 1
        tracked = Tracked(self._next_document, trusted=not self.clearing)
        tracked.shutter_ms = self.now_ms
        self.documents[tracked.handle] = tracked
        self.tracks["insert"].expect(tracked, travel_um + self._geometry.camera_to_gate_um)
        self.exposures[0] += self._frames
        self.counters["documents_fed"] += 1
        self.event("feeder", "document_fed", tracked.handle, self.exposures[0] % 65536)
        return self.exposures[0] % 65536, tracked.handle

    def at_gate(self, travel_um: int) -> tuple[str, int]:
        """D1. Returns ("insert" | "tray", document handle)."""
        seen = self.tracks["insert"].see(travel_um, self._out)
        if seen.tracked is None:
            self.event("insert", "extra")
            return "tray", 0
        tracked = seen.tracked
        tracked.decided = True
        if self._may(tracked, "insert_close", "insert_keep_open") and not seen.flags:
            return "insert", tracked.handle
        if tracked.answer == NO_ANSWER and tracked.trusted and not self.clearing:
            self.late_verdicts += 1
        self.tracks["document_tray"].expect(tracked, travel_um + self._geometry.gate_to_tray_um)
        return "tray", tracked.handle

    def inserted(self, document: int, travel_um: int) -> int:
        """The stroke is done: the envelope gets an item handle, which is returned."""
        tracked = self.documents.pop(document)
        self._next_item += 1
        item = Tracked(self._next_item, trusted=tracked.trusted and not self.clearing)
        self.items[item.handle] = item
        self.tracks["seal"].expect(item, travel_um + self._geometry.insert_to_seal_um)
        self.counters["items_opened"] += 1
        self.event("insert", "inserted", document, item.handle)
        return item.handle

    def in_tray(self, travel_um: int) -> None:
        """The document tray's sensor."""
        seen = self.tracks["document_tray"].see(travel_um, self._out)
        if seen.tracked is None:
            self.event("document_tray", "extra")
            return
        self.documents.pop(seen.tracked.handle, None)
        self.counters["documents_rejected"] += 1
        flags = seen.flags | (0 if seen.tracked.answer == "reject_document" else self._default)
        self.event("document_tray", "document_rejected", seen.tracked.handle, 0, flags)

    def at_seal(self, travel_um: int) -> str:
        """D2. Returns "seal" or "eject"."""
        seen = self.tracks["seal"].see(travel_um, self._out)
        if seen.tracked is None:
            self.event("seal", "extra")
            return "eject"
        if self._may(seen.tracked, "seal") and not seen.flags:
            self.tracks["sealed"].expect(seen.tracked, travel_um + self._geometry.seal_to_sealed_um)
            seen.tracked.answer = NO_ANSWER
            return "seal"
        self.tracks["unsealed_eject"].expect(seen.tracked, travel_um + self._geometry.seal_to_eject_um)
        return "eject"

    def ejected(self, travel_um: int) -> None:
        """The unsealed eject's sensor."""
        seen = self.tracks["unsealed_eject"].see(travel_um, self._out)
        if seen.tracked is None:
            self.event("unsealed_eject", "extra")
            return
        self.items.pop(seen.tracked.handle, None)
        self.counters["items_rejected"] += 1
        flags = seen.flags | (0 if seen.tracked.answer == "eject_unsealed" else self._default)
        self.event("unsealed_eject", "item_ejected", seen.tracked.handle, 0, flags)

    def pass_by(self, sensor: str, kind: str, following: str, *, travel_um: int, distance_um: int, value: int = 0) -> None:
        """A sensor that only reports: an event, and the next expectation."""
        seen = self.tracks[sensor].see(travel_um, self._out)
        station = "seal" if sensor == "sealed" else sensor
        if seen.tracked is None:
            self.event(station, "extra")
            return
        self.tracks[following].expect(seen.tracked, travel_um + distance_um)
        self.event(station, kind, seen.tracked.handle, value, seen.flags)

    def at_label(self, travel_um: int, *, label_on_pad: bool) -> tuple[str, int]:
        """D3. Returns ("apply" | "purge" | "pass", item handle)."""
        seen = self.tracks["label"].see(travel_um, self._out)
        if seen.tracked is None:
            self.event("label", "extra")
            return "pass", 0
        tracked = seen.tracked
        tracked.decided = True
        self.tracks["label_camera"].expect(tracked, travel_um + self._geometry.label_to_camera_um)
        if self._may(tracked, "apply") and not seen.flags and label_on_pad:
            return "apply", tracked.handle
        if tracked.answer in ("apply", "purge_label"):
            self._purge(tracked.handle, tracked.argument)
        elif tracked.answer == NO_ANSWER and label_on_pad:
            # The pad's label can only be this item's: labels come in the order of the items.
            self._purge(tracked.handle, 0)
        return "pass", tracked.handle

    def _purge(self, handle: int, print_id: int) -> None:
        self.purge_debt += 1
        self.event("label", "label_purged", handle, print_id)

    def applied(self, handle: int) -> None:
        """The stroke is done, as far as the PLC can tell."""
        tracked = self.items.get(handle)
        if tracked is not None:
            self.event("label", "label_applied", handle, tracked.argument)

    def at_label_camera(self, travel_um: int) -> int:
        """The label camera's burst. Returns the exposure count after it."""
        self.exposures[1] += self._frames
        self.pass_by(
            "label_camera",
            "label_exposed",
            "hand_over",
            travel_um=travel_um,
            distance_um=self._geometry.camera_to_hand_over_um,
            value=self.exposures[1] % 65536,
        )
        return self.exposures[1] % 65536

    def at_hand_over(self, travel_um: int) -> None:
        """The item leaves the machine."""
        seen = self.tracks["hand_over"].see(travel_um, self._out)
        if seen.tracked is None:
            self.event("hand_over", "extra")
            return
        self.items.pop(seen.tracked.handle, None)
        self.counters["items_handed_over"] += 1
        self.event("hand_over", "handed_over", seen.tracked.handle, 0, seen.flags)

    def overdue(self, travel_um: int) -> None:
        """Report what should have been seen by now."""
        for station, track in self.tracks.items():
            for tracked in track.overdue(travel_um):
                reject = station in ("document_tray", "unsealed_eject")
                self.event(
                    "seal" if station == "sealed" else station, "reject_unconfirmed" if reject else "lost", tracked.handle
                )

    def zones_empty(self) -> int:
        """Zone 0: documents; zone 1: items."""
        return (not self.documents) | (not self.items) << 1
