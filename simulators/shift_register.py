"""A PLC's tracking: which handle is expected at which sensor, by travel of the belt in µm, so that a stop moves no window."""

import heapq
from collections import OrderedDict
from collections.abc import Iterable

NO_ANSWER = ""


class Tracked:
    """One document, item or parcel in the PLC's shift register."""

    __slots__ = (
        "answer",
        "argument",
        "asked",
        "chute",
        "decided",
        "expected_um",
        "flags",
        "handle",
        "point",
        "shutter_ms",
        "trusted",
    )

    def __init__(self, handle: int, point: str, *, trusted: bool) -> None:
        self.handle = handle
        self.point = point
        """the decision point that it is on its way to"""
        self.trusted = trusted
        """False: it may only be rejected"""
        self.expected_um = 0
        self.flags = 0
        """event flags gathered since its last event"""
        self.answer = NO_ANSWER
        self.argument = 0
        self.chute = 0
        self.decided = False
        """it has passed its present decision point"""
        self.asked: set[int] = set()
        """sequence numbers of its events: what an answer may refer to"""
        self.shutter_ms = 0
        """when its question was put: first frame's shutter, or induction scan"""


class ShiftRegister:
    """Expected arrivals at each sensor, in order of the belt. `missing` after twice the window."""

    def __init__(self, sensors: Iterable[str], window_um: int) -> None:
        self._window_um = window_um
        self.waiting: dict[str, OrderedDict[int, Tracked]] = {sensor: OrderedDict() for sensor in sensors}
        self._dues: list[tuple[int, str, int]] = []
        """(travel, sensor, handle), a heap; those that were seen are left in it until they come to its top"""

    def expect(self, sensor: str, tracked: Tracked, at_um: int) -> None:
        """It should be seen at this travel."""
        tracked.expected_um = at_um
        self.waiting[sensor][tracked.handle] = tracked
        heapq.heappush(self._dues, (at_um + 2 * self._window_um + 1, sensor, tracked.handle))

    def see(self, sensor: str, travel_um: int) -> tuple[Tracked | None, bool]:
        """Who is at the sensor, and whether inside its window: the oldest expected within twice the window, else a stranger."""
        waiting = self.waiting[sensor]
        if not waiting:
            return None, True
        handle, tracked = next(iter(waiting.items()))
        off_um = abs(travel_um - tracked.expected_um)
        if off_um > 2 * self._window_um:
            return None, True
        del waiting[handle]
        return tracked, off_um <= self._window_um

    def missing(self, travel_um: int) -> list[tuple[str, Tracked]]:
        """Those that should have been seen by now, with their sensors; they are forgotten."""
        gone = []
        while (due_um := self.due_um()) is not None and due_um <= travel_um:
            _, sensor, handle = heapq.heappop(self._dues)
            gone.append((sensor, self.waiting[sensor].pop(handle)))
        return gone

    def due_um(self) -> int | None:
        """Travel at which the next one counts as missing."""
        while self._dues and self._dues[0][2] not in self.waiting[self._dues[0][1]]:
            heapq.heappop(self._dues)
        return self._dues[0][0] if self._dues else None
