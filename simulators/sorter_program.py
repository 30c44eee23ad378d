"""The sorter PLC: induction to chutes. Parcels by handle, D4 ahead of the diverters, default is the sealed reject."""

from collections.abc import Iterable

from line_config.process_image import ProcessImage
from simulators.geometry import Geometry
from simulators.image import Command
from simulators.plc_program import PlcProgram
from simulators.shift_register import NO_ANSWER, Track, Tracked


class SorterProgram(PlcProgram):
    """Parcels from the induction scanner to a chute or the sealed reject."""

    def __init__(self, image: ProcessImage, geometry: Geometry, *, boot_id: int = 1) -> None:
        self._geometry = geometry
        self.divert_ms: list[int] = []
        """latency: induction scan → D4 answer consumed"""
        super().__init__(image, boot_id=boot_id)

    def power_up(self) -> None:
        """Handles and tracks are not retained."""
        super().power_up()
        self._next_parcel = 0
        self.parcels: dict[int, Tracked] = {}
        self.arriving = Track(self._geometry.window_um)
        self.deciding = Track(self._geometry.window_um)
        self.ends = {chute: Track(self._geometry.window_um) for chute in range(self._geometry.chutes + 1)}

    def on_belt(self) -> Iterable[Tracked]:
        """Parcels, and those on their way to induction."""
        return self.parcels.values()

    def answer(self, name: str, command: Command) -> str:
        """Answers for D4."""
        row = self.image.opcodes.get(name)
        if row is None or row.plc != "sorter":
            return "mode"
        tracked = self.parcels.get(command.handle)
        first = tracked is not None and tracked.answer == NO_ANSWER
        issued = 0 < command.handle <= self._next_parcel
        reason = self.take_answer(tracked, issued=issued, name=name, command=command)
        if tracked is not None and first and reason in ("", "late"):
            self.divert_ms.append(self.now_ms - tracked.shutter_ms)
        return reason

    def at_hand_over(self, travel_um: int) -> None:
        """The machine's hand-over sensor, wired to this PLC as well: a parcel is on its way to induction."""
        self._next_parcel += 1
        tracked = Tracked(self._next_parcel, "D4", trusted=not self.clearing)
        self.parcels[tracked.handle] = tracked
        self.arriving.expect(tracked, travel_um + self._geometry.hand_over_to_induction_um)

    def at_induction(self, travel_um: int) -> None:
        """Something passes the induction scanner; a stranger is reported, and may only be rejected."""
        tracked, flags = self.see(self.arriving, "induction", travel_um)
        if tracked is None:
            self._next_parcel += 1
            tracked = self.parcels[self._next_parcel] = Tracked(self._next_parcel, "D4", trusted=False)
            flags = self._out
        tracked.shutter_ms = self.now_ms
        self.deciding.expect(tracked, travel_um + self._geometry.induction_to_divert_um)
        self.counters["items_handed_over"] += 1
        tracked.asked.add(self.event("induction", "inducted", tracked.handle, 0, flags))

    def at_divert(self, travel_um: int) -> int:
        """D4. Returns the chute, 0 = sealed reject."""
        tracked, flags = self.see(self.deciding, "divert", travel_um)
        if tracked is None:
            return 0
        good = self.decide(tracked, flags) == "divert" and 1 <= tracked.chute <= self._geometry.chutes
        if tracked.answer == "divert" and not good:
            tracked.answer = NO_ANSWER
        chute = tracked.chute if good else 0
        self.ends[chute].expect(tracked, travel_um + self._geometry.divert_to_chute_um(chute))
        return chute

    def at_end(self, chute: int, travel_um: int) -> None:
        """A chute's sensor, or the sealed reject's (0)."""
        station = "divert" if chute else "sealed_reject"
        tracked, flags = self.see(self.ends[chute], station, travel_um)
        if tracked is None:
            return
        self.parcels.pop(tracked.handle, None)
        if chute:
            self.counters["items_diverted"] += 1
            self.event(station, "diverted", tracked.handle, chute, flags)
            return
        self.counters["items_rejected"] += 1
        default = self._default if tracked.answer == NO_ANSWER else 0
        self.event(station, "item_rejected", tracked.handle, 0, flags | default)

    def overdue(self, travel_um: int) -> None:
        """Report what should have been seen by now."""
        for station, track in (("induction", self.arriving), ("divert", self.deciding)):
            for tracked in track.overdue(travel_um):
                self.parcels.pop(tracked.handle, None)
                self.event(station, "lost", tracked.handle)
        for chute, track in self.ends.items():
            if not track.waiting:
                continue
            for tracked in track.overdue(travel_um):
                self.parcels.pop(tracked.handle, None)
                if chute:
                    self.event("divert", "divert_unconfirmed", tracked.handle, chute)
                else:
                    self.event("sealed_reject", "reject_unconfirmed", tracked.handle)

    def overdue_um(self) -> int | None:
        """Travel at which something counts as missing."""
        tracks = (self.arriving, self.deciding, *self.ends.values())
        return min((due for track in tracks if (due := track.due_um()) is not None), default=None)

    def zones_empty(self) -> int:
        """Zone 0: the sorter."""
        return int(not self.parcels)
