"""How late the loop is: a timer every 50 ms, and by how much each came too late."""

import asyncio
from collections import deque

PERIOD_S = 0.05
KEPT = 1200


class LoopLag:
    """Lateness of the last minute, in ms."""

    def __init__(self) -> None:
        self._late_ms: deque[float] = deque(maxlen=KEPT)

    async def run(self) -> None:
        """Measure for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + PERIOD_S
            await asyncio.sleep(PERIOD_S)
            self._late_ms.append((loop.time() - due_s) * 1000)

    def figures(self) -> dict[str, float]:
        """Median, 99th percentile and maximum; empty before the first measurement."""
        if not self._late_ms:
            return {}
        ordered = sorted(self._late_ms)
        last = len(ordered) - 1
        return {name: round(ordered[round(last * part)], 2) for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))}
