"""A belt: it carries bodies past sensors while it runs. Time is ms, travel is µm of belt."""

import heapq
from collections.abc import Callable
from typing import Any

Cross = Callable[[Any, int], None]


class Belt:
    """Bodies move with the belt; crossing a sensor calls its handler with (body, travel)."""

    def __init__(self, um_per_ms: int) -> None:
        self._um_per_ms = um_per_ms
        self.travel_um = 0
        self.running = False
        self._heap: list[tuple[int, int, Cross, Any]] = []
        self._count = 0
        self.jammed: dict[Cross, list[Any]] = {}
        """sensor that nothing reaches any more → what piles up before it"""

    def at(self, travel_um: int, cross: Cross, body: Any) -> None:
        """Call `cross(body, travel)` when the belt has travelled that far."""
        self._count += 1
        heapq.heappush(self._heap, (travel_um, self._count, cross, body))

    def after(self, distance_um: int, cross: Cross, body: Any) -> None:
        """The same, measured from here."""
        self.at(self.travel_um + distance_um, cross, body)

    def advance(self, elapsed_ms: int) -> None:
        """Let time pass; crossings happen in order, each at its own travel."""
        if not self.running:
            return
        end_um = self.travel_um + elapsed_ms * self._um_per_ms
        while self._heap and self._heap[0][0] <= end_um:
            travel_um, _, cross, body = heapq.heappop(self._heap)
            self.travel_um = max(self.travel_um, travel_um)
            if self.jammed and cross in self.jammed:
                self.jammed[cross].append(body)
            else:
                cross(body, self.travel_um)
        self.travel_um = end_um

    def slip(self, distance_um: int) -> None:
        """The encoder counts this much while nothing on the belt moves: everything comes so much later than expected."""
        self.travel_um += distance_um
        self._heap = [(travel_um + distance_um, count, cross, body) for travel_um, count, cross, body in self._heap]

    def skip(self, distance_um: int) -> None:
        """The encoder stands still for a moment while the belt moves: everything comes so much earlier than expected."""
        self._heap = [(travel_um - distance_um, count, cross, body) for travel_um, count, cross, body in self._heap]

    def due_ms(self, now_ms: int) -> int | None:
        """When the next crossing happens, if the belt keeps running."""
        if not self.running or not self._heap:
            return None
        return now_ms + max(0, -((self.travel_um - self._heap[0][0]) // self._um_per_ms))
