"""A person stops the line in mid-run and starts it again: places are kept, nothing is rejected for it, nothing is lost."""

import asyncio

from edge.core.values import SortPlan
from simulators.scene import Scene, load_routes
from simulators.virtual.loop import run_virtual
from simulators.virtual.soak import SETTINGS
from simulators.virtual.world import World


async def ask(world: World, *acts: str) -> None:
    assert world.boot is not None
    for act in acts:
        answer = await world.boot.runtime.request(act, "P1", {})
        assert answer.accepted, (act, answer.code)
        await asyncio.sleep(1)


async def story() -> None:
    world = World(
        Scene(4, 40, 0.0), SETTINGS, SortPlan(version="v", routes=dict(load_routes()), reject_chute=0), rate_per_h=2700
    )
    world.begin()
    try:
        await asyncio.sleep(35)
        assert world.plant.on_belt > 5
        await ask(world, "stop")
        travelled_um = world.plant.machine_belt.travel_um
        await asyncio.sleep(60)
        assert world.plant.machine_belt.travel_um == travelled_um, "the belt stands"
        await ask(world, "reset", "start", "pause_feed")
        fed = world.plant.fed
        await asyncio.sleep(40)
        assert world.plant.fed == fed
        assert world.plant.on_belt == 0, "what was on the belt has gone on"
        await ask(world, "resume_feed")
        while not world.plant.idle:
            await asyncio.sleep(1)
            world.require_alive()
        await asyncio.sleep(5)
        judgement = world.judge()
        assert judgement.clean, judgement
        assert judgement.dispatched == 40
    finally:
        await world.end()


def test_stop_start_pause_resume() -> None:
    run_virtual(story())
