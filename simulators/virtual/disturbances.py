"""Faults that strike the line as a whole, at a rate per hour: wires, devices, people, central systems, the line PC.

Each is one row: what it is called, how long it lasts, what begins it and what ends it. What was on the belt meanwhile counts as
touched. The faults that strike one item are in simulators/faults.py.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from simulators.virtual.world import World

OFF = 0.4
"""share of seeds in which a kind does not happen at all"""
RARE_PER_H, OFTEN_PER_H = 0.5, 12.0
"""rate of the others, log-uniform between these"""
QUIET_S = 0.05


class Kind(NamedTuple):
    """One kind of disturbance."""

    name: str
    lasts_s: Sequence[float]
    """it lasts one of these times"""
    switch: Callable[[World, bool, random.Random], None]
    """begins (True) or ends (False) it"""
    touches: bool = True
    """what is on the belt may suffer from it"""


def _cut(plc: str) -> Callable[[World, bool, random.Random], None]:
    def switch(world: World, on: bool, _: random.Random) -> None:
        world.cut(plc, whole=not on)

    return switch


def _blind(camera: str) -> Callable[[World, bool, random.Random], None]:
    def switch(world: World, on: bool, _: random.Random) -> None:
        world.blind[camera] = on

    return switch


def _wire(plc: str, name: str, value: int, rest: int) -> Callable[[World, bool, random.Random], None]:
    def switch(world: World, on: bool, _: random.Random) -> None:
        program = world.plant.machine if plc == "machine_plc" else world.plant.sorter
        program.wire(name, value if on else rest)
        world.wake_plant()

    return switch


def _guard(world: World, on: bool, rng: random.Random) -> None:
    machine = rng.random() < 0.6
    program = world.plant.machine if machine else world.plant.sorter
    program.wire("guard_zones", 1 << rng.randrange(4 if machine else 2) if on else 0)
    if not on:
        world.plant.machine.wire("guard_zones", 0)
        world.plant.sorter.wire("guard_zones", 0)
    world.wake_plant()


def _slow_disk(world: World, on: bool, _: random.Random) -> None:
    world.fsync_ms = (450, 550) if on else (2, 9)


def _clock(world: World, on: bool, rng: random.Random) -> None:
    if on:
        world.wall_step_ms += rng.choice((-4000, 3000, 3_600_000))


def _head_open(world: World, on: bool, _: random.Random) -> None:
    if on:
        world.plant.printer.head_open = True


def _central_away(world: World, on: bool, _: random.Random) -> None:
    world.broker.away(gone=on)


def _manifest_again(world: World, on: bool, _: random.Random) -> None:
    if on:
        world.broker.send_manifest_again()


def _nonsense(world: World, on: bool, rng: random.Random) -> None:
    if on:
        world.broker.send(*rng.choice(NONSENSE))


NONSENSE = (
    ("manifest", b"{"),
    ("manifest", b"\xff\xfe"),
    ("manifest", b'{"lot": "X", "version": 1, "chunk": 3, "chunks": 2, "digest": "", "orders": []}'),
    ("cancel", b'{"order_id": 7}'),
    ("cancel", b'{"order_id": "nobody\'s", "version": 1}'),
    ("lot", b'{"lot": "R"}'),
    ("confirm", b'{"journal_id": "another", "seq": 9}'),
    ("weather", b"fine"),
)
KINDS: tuple[Kind, ...] = (
    Kind("machine_plc_link_cut", (0.15, 0.4, 1.0, 3.0, 8.0, 12.0), _cut("machine_plc")),
    Kind("sorter_plc_link_cut", (0.15, 0.4, 1.0, 3.0, 8.0, 12.0), _cut("sorter_plc")),
    Kind("id_camera_blind", (0.2, 1.0, 4.0), _blind("id_camera")),
    Kind("label_camera_blind", (0.2, 1.0, 4.0), _blind("label_camera")),
    Kind("guard_opened", (2.0, 8.0), _guard),
    Kind("mode_changed", (3.0, 10.0), _wire("machine_plc", "mode", 2, 1)),
    Kind("head_opened", (1.0,), _head_open),
    Kind("slow_disk", (5.0, 30.0), _slow_disk),
    Kind("clock_stepped", (1.0,), _clock),
    Kind("central_away", (5.0, 60.0, 600.0), _central_away, touches=False),
    Kind("manifest_again", (1.0,), _manifest_again, touches=False),
    Kind("nonsense_from_central", (1.0,), _nonsense, touches=False),
)
NAMES = tuple(kind.name for kind in KINDS)


def draw(seed: int) -> Mapping[str, float]:
    """Name → rate per hour in this seed."""
    rng = random.Random(f"disturbances {seed}")
    drawn = {name: (rng.random() >= OFF, RARE_PER_H * (OFTEN_PER_H / RARE_PER_H) ** rng.random()) for name in NAMES}
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
        if kind.touches:
            world.plant.touch_belt()
        kind.switch(world, True, self._rng)
        try:
            await asyncio.sleep(self._rng.choice(kind.lasts_s))
        finally:
            if kind.touches:
                world.plant.touch_belt()
            kind.switch(world, False, self._rng)
