"""Who writes the accounts of lots in the virtual world: lays nothing down, and tells of each what the real one tells."""

import asyncio

from edge.core.events import LotFiled
from edge.runtime.app import Runtime
from edge.runtime.clock import Clock

LOOK_S = 1.0


async def file_lots(runtime: Runtime, clock: Clock) -> None:
    """For ever; a queue without room takes it at the next look."""
    while True:
        for lot, account in tuple(runtime.controller.lots.unfiled.items()):
            runtime.pump.offer(LotFiled(at_us=clock.now_us(), lot=lot, account=account, file=f"{lot}-{account}.json"))
        await asyncio.sleep(LOOK_S)
