"""Faults that strike the line as a whole, at a rate per hour: wires, devices, people, central systems, the line PC.

What was on the belt meanwhile counts as touched. The faults that strike one item are in simulators/faults.py.
"""

import asyncio
import random
from collections.abc import Mapping

from simulators.virtual import line_kinds, wire_kinds
from simulators.virtual.kind import RARE_PER_H, Kind
from simulators.virtual.power_cuts import AWAY
from simulators.virtual.world import World

OFF = 0.65
"""share of seeds in which a kind does not happen at all"""
TOUCHES_EVERY_S = 2.0
CHUTE_FULL = "chute_full"
"""bags so small that they are full now and then: a matter of settings, struck by nothing"""
KINDS: tuple[Kind, ...] = (*wire_kinds.KINDS, *line_kinds.KINDS)
NAMES = (*(kind.name for kind in KINDS), CHUTE_FULL, *AWAY)


def draw(seed: int) -> Mapping[str, float]:
    """Name → rate per hour in this seed."""
    rng = random.Random(f"disturbances {seed}")
    rates = {kind.name: kind.often_per_h for kind in KINDS} | {CHUTE_FULL: RARE_PER_H}
    drawn = {name: (rng.random() >= OFF, RARE_PER_H * (often / RARE_PER_H) ** rng.random()) for name, often in rates.items()}
    return {name: rate for name, (on, rate) in drawn.items() if on}


class Disturbances:
    """Strikes at random times until everything was fed; then it is quiet, and the line must come back (I19)."""

    def __init__(self, world: World, rates_per_h: Mapping[str, float]) -> None:
        self._world = world
        self._rates_per_h = dict(rates_per_h)
        self._rng = random.Random(f"strikes {world.scene.seed}")
        self.fired: dict[str, int] = dict.fromkeys(self._rates_per_h, 0)

    async def run(self) -> None:
        """One at a time, each to its end."""
        total_per_h = sum(self._rates_per_h.values())
        kinds = [kind for kind in KINDS if kind.name in self._rates_per_h]
        while kinds and total_per_h:
            await asyncio.sleep(self._rng.expovariate(total_per_h / 3600))
            if not self._world.plant.feeding:
                return
            kind = self._rng.choices(kinds, [self._rates_per_h[kind.name] for kind in kinds])[0]
            await self._strike(kind)

    async def _strike(self, kind: Kind) -> None:
        world = self._world
        self.fired[kind.name] += 1
        self._touch(kind)
        kind.switch(world, True, self._rng)
        left_s = self._rng.choice(kind.lasts_s)
        try:
            while kind.touches and left_s > TOUCHES_EVERY_S:
                await asyncio.sleep(TOUCHES_EVERY_S)
                left_s -= TOUCHES_EVERY_S
                self._touch(kind)
            await asyncio.sleep(left_s)
        finally:
            self._touch(kind)
            kind.switch(world, False, self._rng)

    def _touch(self, kind: Kind) -> None:
        if kind.touches:
            self._world.plant.touch_belt()
        if kind.stops:
            self._world.book.expect_stop()
