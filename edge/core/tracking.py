"""Joins: bursts to handles by trigger count, scanner texts to inductions by order and time; deadlines; who is next to whom."""

import heapq
from collections import OrderedDict, deque
from typing import Generic, NamedTuple, TypeVar

from edge.core.values import ItemId, ParcelKey

F = TypeVar("F")
BURSTS_KEPT = 64
TRIGGER_MODULUS = 65536


class Burst(Generic[F]):
    """The frames of one trigger that have arrived, by their number in the burst, and whose they are."""

    def __init__(self) -> None:
        self.frames: dict[int, F] = {}
        self.owner: str | None = None
        self.closed = False


class Bursts(Generic[F]):
    """Joins frames and exposures of one camera in either order; a bounded number of bursts is kept."""

    def __init__(self) -> None:
        self._bursts: OrderedDict[tuple[int, int], Burst[F]] = OrderedDict()
        self._epoch = 0
        self.ownerless = 0

    def exposed(self, trigger: int, owner: str) -> Burst[F]:
        """The PLC triggered the camera for `owner`. A trigger with two owners belongs to nobody: both are in doubt."""
        burst = self._get(trigger)
        if burst.owner is not None:
            burst.closed = True
        burst.owner = owner
        return burst

    def frame(self, trigger: int, k: int, frame: F) -> Burst[F]:
        """A frame arrived. One that comes twice, or after its burst was judged, changes nothing."""
        burst = self._get(trigger)
        if not burst.closed:
            burst.frames.setdefault(k, frame)
        return burst

    def restart(self) -> None:
        """Counters may have been reset: nothing from before joins with anything from now on."""
        self._epoch += 1
        self._bursts.clear()

    def _get(self, trigger: int) -> Burst[F]:
        key = (self._epoch, trigger % TRIGGER_MODULUS)
        burst = self._bursts.get(key)
        if burst is None:
            burst = self._bursts[key] = Burst()
            while len(self._bursts) > BURSTS_KEPT:
                _, dropped = self._bursts.popitem(last=False)
                self.ownerless += dropped.owner is None
        return burst


class Scan(NamedTuple):
    """A parcel and the text that was read as it passed; "" = no read, or none came."""

    parcel: ParcelKey
    text: str


class Inductions:
    """Joins induction events and scanner texts, first with first, when they lie within a window of time.

    A text that is missing would shift all later ones by one; the window and the order of the hand-over turn that into
    rejects, never into a wrong join.
    """

    def __init__(self, window_us: int) -> None:
        self.window_us = window_us
        self._parcels: deque[tuple[int, ParcelKey]] = deque()
        self._texts: deque[tuple[int, str]] = deque()
        self.orphans = 0

    def parcel(self, at_us: int, parcel: ParcelKey) -> list[Scan]:
        """A parcel was inducted; returns what can be joined now."""
        self._parcels.append((at_us, parcel))
        return self.join(at_us)

    def text(self, at_us: int, text: str) -> list[Scan]:
        """The scanner sent a text; returns what can be joined now."""
        self._texts.append((at_us, text))
        return self.join(at_us)

    def join(self, now_us: int) -> list[Scan]:
        """Join what fits; a parcel whose window has passed is joined with no text, a text without a parcel is an orphan."""
        joined = []
        while self._parcels and self._texts:
            parcel_us, text_us = self._parcels[0][0], self._texts[0][0]
            if text_us < parcel_us - self.window_us:
                self._texts.popleft()
                self.orphans += 1
            elif text_us > parcel_us + self.window_us:
                joined.append(Scan(self._parcels.popleft()[1], ""))
            else:
                joined.append(Scan(self._parcels.popleft()[1], self._texts.popleft()[1]))
        while self._parcels and self._parcels[0][0] + self.window_us <= now_us:
            joined.append(Scan(self._parcels.popleft()[1], ""))
        while self._texts and self._texts[0][0] + self.window_us < now_us:
            self._texts.popleft()
            self.orphans += 1
        return joined

    def restart(self) -> list[Scan]:
        """Stamps from before mean nothing any more: what waits for a text gets none, what waits for a parcel is an orphan."""
        joined = [Scan(parcel, "") for _, parcel in self._parcels]
        self.orphans += len(self._texts)
        self._parcels.clear()
        self._texts.clear()
        return joined

    def next_due_us(self) -> int | None:
        """When the oldest waiting parcel's window ends."""
        return self._parcels[0][0] + self.window_us if self._parcels else None


class Deadlines:
    """Deadlines by key, one each; a new one replaces the old one, and one that is set to None is forgotten."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str]] = []
        self._due: dict[str, tuple[int, int]] = {}
        self._count = 0

    def set(self, key: str, due_us: int | None) -> None:
        """Set, replace or forget the deadline of `key`."""
        if due_us is None:
            self._due.pop(key, None)
            return
        self._count += 1
        self._due[key] = (due_us, self._count)
        heapq.heappush(self._heap, (due_us, self._count, key))

    def next_us(self) -> int | None:
        """The earliest deadline."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now_us: int) -> list[str]:
        """Keys whose deadline has passed, earliest first; they are forgotten."""
        due: list[str] = []
        if not self._heap or self._heap[0][0] > now_us:
            return due
        while (first := self.next_us()) is not None and first <= now_us:
            key = heapq.heappop(self._heap)[2]
            del self._due[key]
            due.append(key)
        return due


class HandOver:
    """The order in which items left the machine: the cross-check of the induction scan, and who is next to whom (I20)."""

    def __init__(self) -> None:
        self.expected: deque[ItemId] = deque()
        self._recent: deque[ItemId] = deque(maxlen=64)

    def handed_over(self, item: ItemId) -> None:
        """The item is on its way to induction."""
        self.expected.append(item)
        self._recent.append(item)

    def take(self, item: ItemId) -> bool:
        """The item was inducted; True when it was the one expected next."""
        first = bool(self.expected) and self.expected[0] == item
        if item in self.expected:
            self.expected.remove(item)
        return first

    def neighbours(self, item: ItemId) -> list[ItemId]:
        """The items handed over directly before and after this one."""
        recent = list(self._recent)
        if item not in recent:
            return []
        at = recent.index(item)
        return recent[max(0, at - 1) : at] + recent[at + 1 : at + 2]
