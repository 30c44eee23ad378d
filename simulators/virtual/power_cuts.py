"""Power cuts, aimed where they hurt: between a write and its fsync, between print and reply, in the middle of a recovery."""

import asyncio
import random

from simulators.virtual.world import World

POINTS = ("before_write", "after_write", "print_sent", "")
"""where a cut is aimed; "" = wherever the line is"""
NAMES = (*(f"cut {point}" for point in POINTS if point), "cut in recovery")
"""as they are counted"""
DOWN_S = (1.2, 1.2, 4.0, 30.0)
"""the runtime is away for one of these times: a transport deadline may pass meanwhile, and a PLC stops its belt after 1.5 s"""
AGAIN = 0.25
"""share of cuts that are followed by another one before the line has recovered"""
AGAIN_WITHIN_S = 4.0


class PowerCuts:
    """So many cuts, spread over the items of one seed."""

    def __init__(self, world: World, items: int, cuts: int) -> None:
        self._world = world
        self._rng = random.Random(f"cuts {world.scene.seed}")
        self._due = [items * (n + 1) // (cuts + 1) for n in range(cuts)]
        self._aimed = False
        self.done = 0

    async def look(self) -> None:
        """Aim the next cut when its time has come, and cut when the aim was hit."""
        world = self._world
        if not self._aimed and self._due and world.plant.fed >= self._due[0]:
            self._due.pop(0)
            point = self._rng.choice(POINTS)
            self._aimed = True
            if point:
                world.aim(point)
            else:
                world.hit.set()
        if self._aimed and await world.hit.wait(0):
            world.hit.clear()
            self._aimed = False
            await self._cut()

    async def _cut(self) -> None:
        world = self._world
        await world.kill()
        await asyncio.sleep(self._rng.choice(DOWN_S))
        world.start()
        self.done += 1
        if self._rng.random() < AGAIN:
            await asyncio.sleep(self._rng.uniform(0.0, AGAIN_WITHIN_S))
            world.require_alive()
            world.sometimes["cut in recovery"] = world.sometimes.get("cut in recovery", 0) + 1
            await world.kill()
            await asyncio.sleep(self._rng.choice(DOWN_S))
            world.start()
            self.done += 1
