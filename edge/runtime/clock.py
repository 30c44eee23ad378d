"""The Clock port. Monotonic time is the loop's own, so a virtual loop makes the whole runtime virtual (decision 0003)."""

import asyncio
import time
from collections.abc import Callable


class Clock:
    """Monotonic µs from the running loop; wall time from a source that a test or the virtual world may replace."""

    def __init__(self, wall_ms: Callable[[], int] | None = None) -> None:
        self._wall_ms = wall_ms or (lambda: time.time_ns() // 1_000_000)
        self._loop: asyncio.AbstractEventLoop | None = None

    def now_us(self) -> int:
        """Monotonic time in µs; only differences mean anything."""
        loop = self._loop
        if loop is None:  # the first time that it is asked, inside the loop that it belongs to
            loop = self._loop = asyncio.get_running_loop()
        return round(loop.time() * 1_000_000)

    def wall_ms(self) -> int:
        """Wall clock in ms since 1970 UTC; enters the core only as ClockRead."""
        return self._wall_ms()
