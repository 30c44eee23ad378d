"""The kit against a simulated PLC in virtual time, without a socket."""

import asyncio
from collections.abc import Callable, Sequence

from drivers.process_image import ImageCodec
from edge.conformance.bench import Bench
from edge.conformance.check import Check, Kind
from edge.conformance.kit import Finding, checks_for, run
from line_config.process_image import load_process_image
from simulators.bench_stand import BenchStand, MemoryPort
from simulators.virtual.loop import run_virtual

IMAGE = load_process_image()
BELT_MS = 4_000


def examine(kind: Kind, only: Sequence[str] = (), spoil: Callable[[BenchStand], None] = lambda _: None) -> list[Finding]:
    """Run checks of this kind (all by default) against the plant, after `spoil` has made its program worse."""
    stand = BenchStand(kind, IMAGE)
    spoil(stand)
    checks: list[Check] = checks_for(kind, only)

    async def play() -> list[Finding]:
        scanning = asyncio.ensure_future(stand.run())
        bench = Bench(MemoryPort(stand.plant.under_test), ImageCodec(IMAGE), stand, kind, poll_ms=8, belt_ms=BELT_MS)
        found = await run(bench, checks, lambda _: None)
        scanning.cancel()
        await asyncio.wait({scanning})
        return found

    return run_virtual(play())
