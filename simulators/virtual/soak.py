"""A simulated shift: the real runtime inside the virtual plant, as long as asked, deterministic by seed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from edge.core.values import Settings, SortPlan
from simulators.report import report
from simulators.scene import Scene, load_routes
from simulators.virtual import verdict
from simulators.virtual.closing import close_lots
from simulators.virtual.disturbances import CHUTE_FULL, Disturbances
from simulators.virtual.loop import run_virtual
from simulators.virtual.power_cuts import PowerCuts
from simulators.virtual.world import World

Progress = Callable[[int, int], None]
Trace = Callable[[str], None] | None
"""takes each record of the run as a readable line, at its end"""
Faults = float | Mapping[str, float]
"""one probability per item for all kinds, or one for each"""
LOOK_S = 1.0
SETTLE_S = 5.0
COMMIT_S = 0.01
GRACE_MS = 600_000
FILES = 0.3
"""of the orders of one A4 document, the share that comes as a file"""
BAG_ITEMS = 12
"""that a bag holds where bags are to be full now and then"""

SETTINGS = Settings(
    test_label=True,
    line="line-1",
    target_rate_per_h=2700,
    frames_per_trigger=2,
    read_deadline_ms=1200,
    transit_deadline_ms=20000,
    print_deadline_ms=2500,
    label_read_deadline_ms=1200,
    induction_deadline_ms=20000,
    scan_window_ms=400,
    operator_code="OP01",
    weight_min_g=5,
    weight_max_g=900,
    desk_printer=True,
    files_ahead_max=4,
    sheets_ahead_max=12,
)


async def _shift(
    *,
    seed: int,
    items: int,
    rate_per_h: int,
    faults: Faults,
    disturbances: Mapping[str, float],
    kills: int,
    away: Sequence[str],
    doors: bool,
    heads: int,
    standby: bool,
    progress: Progress,
    trace: Trace,
) -> dict[str, Any]:
    scene = Scene(seed, items, faults, files=FILES)
    plan = SortPlan(version="virtual", routes=dict(load_routes()), reject_chute=0)
    full = CHUTE_FULL in disturbances
    settings = msgspec.structs.replace(
        SETTINGS, bag_items_max=BAG_ITEMS if full else 0, heads=heads, standby=standby, target_rate_per_h=rate_per_h
    )
    world = World(scene, settings, plan, rate_per_h=rate_per_h, doors=doors, lots=True)
    try:
        return await _run(world, items, PowerCuts(world, items, kills, away), disturbances, progress)
    finally:
        if trace is not None:
            for line in world.books.trace():
                trace(line)
        await world.end()


async def _run(
    world: World, items: int, cuts: PowerCuts, rates_per_h: Mapping[str, float], progress: Progress
) -> dict[str, Any]:
    disturbances = Disturbances(world, rates_per_h)
    world.begin(disturbances.run())
    limit_ms = items * 3_600_000 // world.plant.geometry.rate_per_h * 2 + GRACE_MS * (1 + cuts.planned + len(rates_per_h))
    while not world.idle and world.now_ms() < limit_ms:
        await world.hit.wait(LOOK_S)
        world.require_alive()
        progress(world.plant.fed, items)
        await cuts.look()
    # Central may still be away: it must hear everything, whenever it comes back.
    while not world.told and world.now_ms() < limit_ms + GRACE_MS:  # noqa: ASYNC110 - the outbox tells nobody that it is empty
        await asyncio.sleep(LOOK_S)
    await asyncio.sleep(SETTLE_S)
    await _until_committed(world)
    world.require_alive()
    lots = await close_lots(world, files=world.scene.seed % verdict.REPLAYED == 0)
    await _until_committed(world)
    result = report(world.plant, world.accounts(), world.judge(), seed=world.scene.seed)
    return {
        **result,
        "findings": [*result["findings"], *verdict.shortcomings(world), *lots],
        "reads": world.reads,
        "links": world.links(),
        "central": world.central(),
        "operator": dict(sorted(world.operator.acts.items())),
        "clerk": {} if world.clerk is None else dict(sorted(world.clerk.acts.items())),
        "conditions": world.conditions(),
        "simulated_s": world.now_ms() // 1000,
        "boots": world.boots,
        "disturbances": {**disturbances.fired, **cuts.fired, CHUTE_FULL: world.conditions().get(CHUTE_FULL.upper(), 0)},
        "power_cuts": cuts.done,
        "sometimes": {**verdict.reached(world), **dict(sorted(world.sometimes.items()))},
        "recovered": verdict.recovered(world),
        "events": world.books.events(),
        "trace": world.books.trace_hash(),
    }


async def _until_committed(world: World) -> None:
    while not world.committed:  # noqa: ASYNC110 - the pump rings no bell for this
        await asyncio.sleep(COMMIT_S)


def shift(
    *,
    seed: int,
    items: int,
    rate_per_h: int = 2700,
    faults: Faults = 0.0,
    disturbances: Mapping[str, float] | None = None,
    kills: int = 0,
    away: Sequence[str] = (),
    doors: bool = True,
    heads: int = 1,
    standby: bool = False,
    progress: Progress = lambda *_: None,
    trace: Trace = None,
) -> dict[str, Any]:
    """Run `items` items; `away`: what may happen during a power cut; `doors`: a clerk brings back what was rejected.

    Raises whatever killed a task of the runtime.
    """
    return run_virtual(
        _shift(
            seed=seed,
            items=items,
            rate_per_h=rate_per_h,
            faults=faults,
            disturbances=disturbances or {},
            kills=kills,
            away=away,
            doors=doors,
            heads=heads,
            standby=standby,
            progress=progress,
            trace=trace,
        )
    )
