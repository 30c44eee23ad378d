"""Central is away: the line runs on its lease and no longer, and afterwards both accounts are the same to the last event."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from edge.core.values import SortPlan, State
from simulators.scene import LOT, Scene, load_routes
from simulators.virtual.loop import run_virtual
from simulators.virtual.outage import VISITS, accounts, outage, state
from simulators.virtual.soak import SETTINGS
from simulators.virtual.world import WALL_START_MS, World

LONG_MS = 86_400_000
SHORT_MS = 120_000
ITEMS = 160
LONGER = msgspec.json.encode({"lot": LOT, "epoch": 1, "end_ms": WALL_START_MS + LONG_MS})
OUTAGE_S, LATER_S = 30.0, 400.0


def test_whatever_the_network_does_nothing_is_missing_and_nothing_is_twice() -> None:
    passed = outage(0.12, around_h=0.03, away_mean_s=45.0, seed=1)
    assert passed.visits.keys() == VISITS.keys(), "each kind of trouble has struck"
    assert {"forgotten", "full", "half_open", "to the line"} == passed.lost.keys(), "and has cost messages"
    assert passed.repeated > 0
    assert passed.accounts == f"nothing missing, nothing twice: the same up to event {passed.events}; 0 wait to be told"
    assert (passed.wrong, passed.unaccounted, passed.suspended) == ((), (), 0)
    assert passed.dispatched == passed.items
    assert passed.waiting_max > 500
    assert passed.rate_during_h > 0.85 * 2700


class Story:
    """A line whose central goes away at OUTAGE_S, under a lease of its own."""

    def __init__(self, lease_ms: int) -> None:
        plan = SortPlan(version="v", routes=dict(load_routes()), reject_chute=0)
        settings = msgspec.structs.replace(SETTINGS, central_away_max_min=0)
        self.world = World(Scene(3, ITEMS, 0.0), settings, plan, rate_per_h=2700, doors=True)
        self.world.lease((1, WALL_START_MS + lease_ms))

    async def run(self, tale: Callable[["Story"], Awaitable[None]]) -> None:
        self.world.begin()
        try:
            await self.wait(OUTAGE_S)
            self.world.broker.away(gone=True)
            await tale(self)
            self.world.require_alive()
            judgement = self.world.judge()
            assert (judgement.wrong, judgement.unaccounted) == ((), ())
        finally:
            await self.world.end()

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.world.require_alive()

    async def until_done(self) -> None:
        async with asyncio.timeout(3600):
            while not (self.world.idle and self.world.told):
                await self.wait(1)
        await self.wait(2)
        assert accounts(self.world).startswith("nothing missing, nothing twice")

    @property
    def dispatched(self) -> int:
        return sum(map(len, self.world.plant.chutes.values()))

    def active(self) -> set[str]:
        assert self.world.boot is not None
        return set(self.world.boot.runtime.controller.floor.conditions.active)

    async def act(self, act: str, **argument: str) -> str:
        assert self.world.boot is not None
        answer = await self.world.boot.runtime.request(act, "P01", argument)
        return answer.code


def tell(lease_ms: int, tale: Callable[[Story], Awaitable[None]]) -> None:
    story = Story(lease_ms)
    run_virtual(story.run(tale))


async def _ends(story: Story) -> None:
    await story.wait(SHORT_MS / 1000 + 120)
    assert state(story.world) is State.SUSPENDED
    assert "LEASES_ENDED" in story.active()
    fed, dispatched = story.world.plant.fed, story.dispatched
    assert story.world.plant.feeding, "there was more to feed"
    assert story.world.plant.on_belt == 0, "what was on the belts went on"
    await story.wait(LATER_S)
    assert (story.world.plant.fed, story.dispatched) == (fed, dispatched)
    story.world.broker.away(gone=False)
    story.world.broker.send("lease", LONGER)
    await story.until_done()
    assert story.dispatched == ITEMS


def test_at_its_leases_end_the_line_suspends_and_goes_on_when_central_renews() -> None:
    tell(SHORT_MS, _ends)


async def _bags(story: Story) -> None:
    """Central takes back what lies in an open bag, and the line cannot hear it."""
    await story.wait(30)
    assert story.world.boot is not None
    dispatched = story.world.boot.runtime.controller.sorting.dispatched
    order_id = next(iter(dispatched))
    story.world.office.cancel(order_id)
    await story.wait(60)
    assert "RECALL" not in story.active()
    story.world.broker.away(gone=False)
    await story.until_done()
    told = [event for events in story.world.broker.stored.values() for event in events if event["kind"] == "cancellation"]
    (first, *again) = [(event["body"]["order_id"], event["body"]["code"]) for event in told]
    assert first == (order_id, "RECALLED")
    assert set(again) <= {(order_id, "OLD_VERSION")}, "central had said it again"
    taken = [event for events in story.world.broker.stored.values() for event in events if event["kind"] == "recalled"]
    assert len(taken) == 1
    assert story.dispatched == ITEMS - 1


def test_open_bags_are_asked_about_after_the_outage() -> None:
    tell(LONG_MS, _bags)


async def _restarts(story: Story) -> None:
    await story.wait(60)
    await story.world.kill()
    story.world.start()
    dispatched = story.dispatched
    await story.wait(LATER_S)
    # Held, or stopped: the belts were cleared meanwhile. And whoever wants to start it all the same cannot.
    assert state(story.world) in (State.HELD, State.STOPPED)
    assert "LEASES_UNCONFIRMED" in story.active()
    await story.act("reset")
    await story.wait(5)
    await story.act("start")
    await story.wait(60)
    assert state(story.world) is not State.EXECUTE
    assert story.dispatched == dispatched


async def _central_confirms(story: Story) -> None:
    await _restarts(story)
    story.world.broker.away(gone=False)
    await story.until_done()
    assert story.dispatched == ITEMS


async def _persons_confirm(story: Story) -> None:
    await _restarts(story)
    before = story.dispatched
    assert await story.act("confirm_leases", second="P01") == "SECOND_PERSON"
    assert await story.act("confirm_leases", second="P02") == "OK"
    await story.wait(LATER_S)
    assert story.dispatched > before, "it runs, and central is away still"
    assert not story.world.told
    story.world.broker.away(gone=False)
    await story.until_done()
    assert story.dispatched == ITEMS


@pytest.mark.parametrize("tale", [_central_confirms, _persons_confirm])
def test_after_a_restart_during_the_outage_it_stays_held_until_somebody_confirms(
    tale: Callable[[Story], Awaitable[None]],
) -> None:
    tell(LONG_MS, tale)
