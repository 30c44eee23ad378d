# TO THE PLANT AND WIRES ENGINEERS: the lead wrote this working version (it was needed); keep its API, test it, improve it in place; do not rewrite. Remove this line when read.
"""The sorter PLC: induction to chutes. Parcels by handle, D4 ahead of the diverters, default is the sealed reject."""

from line_config.process_image import ProcessImage
from simulators.geometry import Geometry
from simulators.image import Command
from simulators.machine_program import NO_ANSWER, Track, Tracked
from simulators.plc_program import PlcProgram


class SorterProgram(PlcProgram):
    """Parcels from the induction scanner to a chute or the sealed reject."""

    def __init__(self, image: ProcessImage, geometry: Geometry, *, boot_id: int = 1) -> None:
        super().__init__(image, boot_id=boot_id)
        self._geometry = geometry
        self._next_parcel = 0
        self.parcels: dict[int, Tracked] = {}
        self.decide = Track(geometry.window_um)
        self.ends = {chute: Track(geometry.window_um) for chute in range(geometry.chutes + 1)}
        self._out = 1 << image.event_flags["out_of_window"]
        self._default = 1 << image.event_flags["default_reject"]
        self.divert_ms: list[int] = []
        self.late_verdicts = 0

    def answer(self, name: str, command: Command) -> str:
        """Answers for D4."""
        row = self.image.opcodes.get(name)
        if row is None or row.plc != "sorter":
            return "mode"
        tracked = self.parcels.get(command.handle)
        if tracked is None or tracked.decided:
            self.late_verdicts += 1
            return "late"
        if tracked.answer == NO_ANSWER:
            self.divert_ms.append(self.now_ms - tracked.shutter_ms)
        tracked.answer, tracked.argument = name, command.chute
        return ""

    def distrust_belt(self) -> None:
        """Another edge: everything here may only be rejected."""
        for tracked in self.parcels.values():
            tracked.trusted = False

    def at_induction(self, travel_um: int) -> None:
        """Something passes the induction scanner."""
        self._next_parcel += 1
        tracked = Tracked(self._next_parcel, trusted=not self.clearing)
        tracked.shutter_ms = self.now_ms
        self.parcels[tracked.handle] = tracked
        self.decide.expect(tracked, travel_um + self._geometry.induction_to_divert_um)
        self.counters["items_handed_over"] += 1
        self.event("induction", "inducted", tracked.handle)

    def at_divert(self, travel_um: int) -> int:
        """D4. Returns the chute, 0 = sealed reject."""
        seen = self.decide.see(travel_um, self._out)
        if seen.tracked is None:
            self.event("divert", "extra")
            return 0
        tracked = seen.tracked
        tracked.decided = True
        good = tracked.trusted and not self.clearing and tracked.answer == "divert" and not seen.flags
        chute = tracked.argument if good and 1 <= tracked.argument <= self._geometry.chutes else 0
        if tracked.answer == NO_ANSWER and tracked.trusted and not self.clearing:
            self.late_verdicts += 1
        self.ends[chute].expect(tracked, travel_um + self._geometry.divert_to_chute_um(chute))
        return chute

    def at_end(self, chute: int, travel_um: int) -> None:
        """A chute's sensor, or the sealed reject's (0)."""
        seen = self.ends[chute].see(travel_um, self._out)
        station = "divert" if chute else "sealed_reject"
        if seen.tracked is None:
            self.event(station, "extra", 0, chute)
            return
        self.parcels.pop(seen.tracked.handle, None)
        if chute:
            self.counters["items_diverted"] += 1
            self.event(station, "diverted", seen.tracked.handle, chute, seen.flags)
            return
        self.counters["items_rejected"] += 1
        flags = seen.flags | (0 if seen.tracked.answer == "reject_item" else self._default)
        self.event(station, "item_rejected", seen.tracked.handle, 0, flags)

    def overdue(self, travel_um: int) -> None:
        """Report what should have been seen by now."""
        for tracked in self.decide.overdue(travel_um):
            self.event("divert", "lost", tracked.handle)
        for chute, track in self.ends.items():
            for tracked in track.overdue(travel_um):
                self.parcels.pop(tracked.handle, None)
                if chute:
                    self.event("divert", "divert_unconfirmed", tracked.handle, chute)
                else:
                    self.event("sealed_reject", "reject_unconfirmed", tracked.handle)

    def zones_empty(self) -> int:
        """Zone 0: the sorter."""
        return int(not self.parcels)
