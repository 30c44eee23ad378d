"""Production figures: counts by outcome, rate, last rejects."""

from collections import deque
from typing import NamedTuple

RATE_WINDOW_US = 60_000_000
REJECTS_SHOWN = 8


class Reject(NamedTuple):
    """One line of the list of last rejects."""

    at_ms: int
    key: str
    reason: str
    masked: str
    place: str


class Production:
    """Counts of this journal since its beginning; the rate is of the last minute."""

    def __init__(self) -> None:
        self.documents_fed = 0
        self.sealed = 0
        self.recalled = 0
        self.outcomes: dict[str, int] = {}
        self.rejects: deque[Reject] = deque(maxlen=REJECTS_SHOWN)
        self._ended_us: deque[int] = deque()

    def ended(self, outcome: str, now_us: int) -> None:
        """One item or lone document has its outcome: "dispatched" or a reason code."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if outcome == "dispatched":
            self._ended_us.append(now_us)
            self._forget(now_us)

    def _forget(self, now_us: int) -> None:
        while self._ended_us and self._ended_us[0] < now_us - RATE_WINDOW_US:
            self._ended_us.popleft()

    def rate_per_h(self, now_us: int) -> int:
        """Dispatched items per hour over the last minute (or since the first, when that is younger)."""
        self._forget(now_us)
        if len(self._ended_us) < 2:
            return 0
        span_us = max(1, self._ended_us[-1] - self._ended_us[0])
        return round((len(self._ended_us) - 1) * 3_600_000_000 / span_us)

    def rejected(self) -> int:
        """Number of items and lone documents with a reject reason."""
        return sum(count for outcome, count in self.outcomes.items() if outcome != "dispatched")
