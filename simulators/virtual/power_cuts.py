"""Power cuts, aimed where they hurt: between a write and its fsync, between print and reply, in the middle of a recovery."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence

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


def _counters_moved(world: World, rng: random.Random) -> None:
    """Somebody has run the machine, or the journal is an older copy: the counters are not where we left them."""
    if rng.random() < 0.5:
        world.plant.machine.count("documents_fed", rng.randint(1, 3))
    else:
        world.plant.sorter.count("items_diverted", rng.randint(1, 3))


def _plc_restarted(world: World, rng: random.Random) -> None:
    rng.choice((world.plant.machine, world.plant.sorter)).restart()


def _sort_plan_changed(world: World, rng: random.Random) -> None:
    world.change_sort_plan(rng)


# What happens to the line while its PC has no power.
AWAY: Mapping[str, Callable[[World, random.Random], None]] = {
    "counters_moved_while_away": _counters_moved,
    "plc_restarted_while_away": _plc_restarted,
    "sort_plan_changed": _sort_plan_changed,
}
AWAY_SHARE = 0.4
"""share of cuts during which something of that happens"""


class PowerCuts:
    """So many cuts, spread over the items of one seed."""

    def __init__(self, world: World, items: int, cuts: int, away: Sequence[str]) -> None:
        """`away`: which of AWAY may happen."""
        self._world = world
        self._away = list(away)
        self.fired: dict[str, int] = dict.fromkeys(self._away, 0)
        self._rng = random.Random(f"cuts {world.scene.seed}")
        self.planned = cuts
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
        if self._away and self._rng.random() < AWAY_SHARE:
            name = self._rng.choice(self._away)
            self.fired[name] += 1
            AWAY[name](world, self._rng)
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
