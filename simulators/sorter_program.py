"""The sorter PLC: induction to chutes. Parcels by handle, D4 ahead of the diverters, default is the sealed reject."""

from collections.abc import Iterable

from line_config.process_image import ProcessImage
from simulators.geometry import Geometry
from simulators.image import Command
from simulators.plc_program import PlcProgram
from simulators.shift_register import NO_ANSWER, Tracked


def _end(chute: int) -> str:
    """The sensor at the end of a parcel's way; 0 = the sealed reject's."""
    return f"end {chute}"


class SorterProgram(PlcProgram):
    """Parcels from the induction scanner to a chute or the sealed reject."""

    def __init__(self, image: ProcessImage, geometry: Geometry, *, boot_id: int = 1) -> None:
        self._geometry = geometry
        self.divert_ms: list[int] = []
        """latency: induction scan → D4 answer consumed"""
        self.sensors = {
            "induction": ("induction", "lost"),
            "divert": ("divert", "lost"),
            _end(0): ("sealed_reject", "reject_unconfirmed"),
            **{_end(chute): ("divert", "divert_unconfirmed") for chute in range(1, geometry.chutes + 1)},
        }
        super().__init__(image, geometry.window_um, geometry.debounce_um, boot_id=boot_id)

    def power_up(self) -> None:
        """Handles and tracks are not retained."""
        super().power_up()
        self._next_parcel = 0
        self.parcels: dict[int, Tracked] = {}

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
        if self.edges.is_none("hand_over", travel_um):
            return
        self._next_parcel += 1
        tracked = Tracked(self._next_parcel, "D4", trusted=not self.clearing)
        self.parcels[tracked.handle] = tracked
        # Its zone is not empty any more, which the edge is told with the next image, but not woken for.
        self._stale = True
        self.register.expect("induction", tracked, travel_um + self._geometry.hand_over_to_induction_um)

    def at_induction(self, travel_um: int) -> None:
        """Something passes the induction scanner; a stranger is reported, and may only be rejected."""
        if self.edges.is_none("induction", travel_um):
            return
        tracked = self.see_edge("induction", travel_um)
        if tracked is None:
            self._next_parcel += 1
            tracked = self.parcels[self._next_parcel] = Tracked(self._next_parcel, "D4", trusted=False)
            tracked.flags = self._out
        tracked.shutter_ms = self.now_ms
        self.register.expect("divert", tracked, travel_um + self._geometry.induction_to_divert_um)
        self.counters["items_handed_over"] += 1
        self.report("induction", "inducted", tracked)

    def at_divert(self, travel_um: int) -> int:
        """D4. Returns the chute, 0 = sealed reject."""
        tracked = self.see("divert", travel_um)
        if tracked is None:
            return 0
        if not 1 <= tracked.chute <= self._geometry.chutes and tracked.answer == "divert":
            tracked.answer = NO_ANSWER
        good = self.decide(tracked) == "divert"
        chute = tracked.chute if good else 0
        self.register.expect(_end(chute), tracked, travel_um + self._geometry.divert_to_chute_um(chute))
        return chute

    def at_end(self, chute: int, travel_um: int) -> None:
        """A chute's sensor, or the sealed reject's (0)."""
        tracked = self.see(_end(chute), travel_um, chute)
        if tracked is None:
            return
        self.parcels.pop(tracked.handle, None)
        if chute:
            self.counters["items_diverted"] += 1
            self.report(_end(chute), "diverted", tracked, chute)
            return
        self.counters["items_rejected"] += 1
        self.report(_end(chute), "item_rejected", tracked)

    def forget(self, tracked: Tracked) -> None:
        """It went missing."""
        self.parcels.pop(tracked.handle, None)

    def zones_empty(self) -> int:
        """Zone 0: the sorter."""
        return int(not self.parcels)
