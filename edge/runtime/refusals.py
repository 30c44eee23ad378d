"""What was refused of a peer's messages: all of it counted, recorded one by one as long as it is not too much, else summed up.

So a storm costs a bounded number of records, and none of it goes unseen.
"""

from typing import NamedTuple

SINGLE_PER_S = 10.0
SINGLE_BURST = 40.0
SUM_EVERY_S = 1.0


class Allowance:
    """So many a second, and a burst of them after a quiet time."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._left = burst
        self._since_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Take one: 0 where it may go at once, else after how long."""
        self._left = min(self._burst, self._left + (now_s - self._since_s) * self._per_s)
        self._since_s = now_s
        self._left -= 1
        return max(0.0, -self._left / self._per_s)

    def there(self, now_s: float) -> bool:
        """Take one only if it may go at once."""
        if self.wait_s(now_s) > 0:
            self._left += 1
            return False
        return True


class Sum(NamedTuple):
    """What was refused without a record of its own."""

    messages: int
    last: str
    """why the last of them"""


class Refusals:
    """The count, and which of them are recorded."""

    def __init__(self) -> None:
        self.count = 0
        self._single = Allowance(SINGLE_PER_S, SINGLE_BURST)
        self._unrecorded = 0
        self._last = ""
        self._summed_s = 0.0

    def record(self, fault: str, now_s: float) -> bool:
        """One more; whether it gets a record of its own."""
        self.count += 1
        if self._single.there(now_s):
            return True
        self._unrecorded += 1
        self._last = fault
        return False

    def sum(self, now_s: float) -> Sum | None:
        """What has come together since the last sum, once a second at most."""
        if not self._unrecorded or now_s - self._summed_s < SUM_EVERY_S:
            return None
        self._summed_s = now_s
        found, self._unrecorded = Sum(self._unrecorded, self._last), 0
        return found
