"""A PLC's tracking: which handle is expected at which sensor, by travel of the belt in µm, so that a stop moves no window."""

from collections import OrderedDict

NO_ANSWER = ""


class Tracked:
    """One document, item or parcel in the PLC's shift register."""

    __slots__ = ("answer", "argument", "asked", "chute", "decided", "expected_um", "handle", "point", "shutter_ms", "trusted")

    def __init__(self, handle: int, point: str, *, trusted: bool) -> None:
        self.handle = handle
        self.point = point
        """the decision point that it is on its way to"""
        self.trusted = trusted
        """False: it may only be rejected"""
        self.expected_um = 0
        self.answer = NO_ANSWER
        self.argument = 0
        self.chute = 0
        self.decided = False
        """it has passed its present decision point"""
        self.asked: set[int] = set()
        """sequence numbers of its events: what an answer may refer to"""
        self.shutter_ms = 0
        """when its question was put: first frame's shutter, or induction scan"""


class Track:
    """Expected arrivals at one sensor, in order of the belt."""

    def __init__(self, window_um: int) -> None:
        self._window_um = window_um
        self.waiting: OrderedDict[int, Tracked] = OrderedDict()

    def expect(self, tracked: Tracked, at_um: int) -> None:
        """It should be seen at this travel."""
        tracked.expected_um = at_um
        self.waiting[tracked.handle] = tracked

    def see(self, travel_um: int) -> tuple[Tracked | None, bool]:
        """Who is at the sensor, and whether inside its window: the oldest expected within twice the window, else a stranger."""
        if not self.waiting:
            return None, True
        handle, tracked = next(iter(self.waiting.items()))
        off_um = abs(travel_um - tracked.expected_um)
        if off_um > 2 * self._window_um:
            return None, True
        del self.waiting[handle]
        return tracked, off_um <= self._window_um

    def overdue(self, travel_um: int) -> list[Tracked]:
        """Those that should have been seen by now; they are forgotten."""
        late = []
        while self.waiting:
            handle, tracked = next(iter(self.waiting.items()))
            if travel_um - tracked.expected_um <= 2 * self._window_um:
                break
            del self.waiting[handle]
            late.append(tracked)
        return late

    def due_um(self) -> int | None:
        """Travel at which the oldest one counts as missing."""
        if not self.waiting:
            return None
        return next(iter(self.waiting.values())).expected_um + 2 * self._window_um + 1
