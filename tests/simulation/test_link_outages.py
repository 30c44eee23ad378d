"""The two-stage watchdog with the whole runtime: a hiccup never stops the belt, a longer loss does and keeps every place."""

import asyncio
from typing import NamedTuple

import pytest

from edge.core.values import SortPlan
from simulators.scene import Scene, load_routes
from simulators.virtual.loop import run_virtual
from simulators.virtual.soak import SETTINGS
from simulators.virtual.world import World

ITEMS = 40
BEGIN_S = 35.0
STAGE_2_S = 1.5
LOOK_S = 0.01


class Seen(NamedTuple):
    """What an outage came to."""

    trips: int
    """how often a PLC's watchdog reached stage 2"""
    stood_s: float
    """how long the machine's belt stood"""
    kept: bool
    """whether as much was tracked all the time that the belt stood; a stroke that was begun ends"""
    cleared: int
    """how often a person had the belt cleared"""
    reasons: frozenset[str]
    """of rejected items"""
    dispatched: int


async def story(trouble: str, length_s: float, plcs: tuple[str, ...]) -> Seen:
    world = World(
        Scene(4, ITEMS, 0.0), SETTINGS, SortPlan(version="v", routes=dict(load_routes()), reject_chute=0), rate_per_h=2700
    )
    world.begin()
    try:
        await asyncio.sleep(BEGIN_S)
        plant = world.plant
        assert plant.on_belt > 5
        for plc in plcs:
            world.turn_wire(plc, trouble)
        if trouble == "slow disk":
            world.fsync_ms = (500, 500)
        begun = end = asyncio.get_running_loop().time()
        stood_s, kept, places = 0.0, True, 0
        while end - begun < length_s + STAGE_2_S + 1.0:
            await asyncio.sleep(LOOK_S)
            end = asyncio.get_running_loop().time()
            if end - begun >= length_s:
                for plc in plcs:
                    world.turn_wire(plc, "")
                world.fsync_ms = (2, 9)
            if not plant.machine_belt.running:
                before, places = places, len(list(plant.machine.on_belt()))
                kept &= not stood_s or places == before
                stood_s += LOOK_S
        while not world.idle:
            await asyncio.sleep(1)
            world.require_alive()
        await asyncio.sleep(5)
        judgement = world.judge()
        assert judgement.clean, judgement
        reasons = {row["reason"] for row in world.accounts() if row["reason"]}
        trips = plant.machine.stage_2_trips + plant.sorter.stage_2_trips
        return Seen(trips, stood_s, kept, world.operator.acts["clear_belt"], frozenset(reasons), judgement.dispatched)
    finally:
        await world.end()


BOTH = ("machine_plc", "sorter_plc")


@pytest.mark.parametrize(
    ("trouble", "length_s", "plcs"),
    [
        ("mute", 0.13, ("machine_plc",)),
        ("mute", 0.13, ("sorter_plc",)),
        ("cut", 0.13, BOTH),
        ("stalled", 0.5, BOTH),
        ("slow disk", 0.6, ()),
    ],
)
def test_a_lost_reply_or_half_a_second_never_stops_the_belt(trouble: str, length_s: float, plcs: tuple[str, ...]) -> None:
    assert run_virtual(story(trouble, length_s, plcs)) == Seen(0, 0.0, True, 0, frozenset(), ITEMS)


@pytest.mark.parametrize("length_s", [2.5, 5.0, 8.0])
def test_a_longer_loss_stops_the_belt_keeps_all_places_and_resumes(length_s: float) -> None:
    seen = run_virtual(story("cut", length_s, BOTH))
    assert seen.trips == 2
    assert length_s - STAGE_2_S <= seen.stood_s <= length_s + 1.0, "back to work within the longest pause between two attempts"
    assert seen.kept
    assert seen.cleared == 0
    # What passed a decision point before stage 2 without an answer is rejected as always; nothing is quarantined.
    assert "LINK_OUTAGE" not in seen.reasons
    assert seen.dispatched >= ITEMS - 2


@pytest.mark.parametrize("length_s", [2.5, 5.0, 9.0])
@pytest.mark.parametrize("plc", BOTH)
def test_a_plc_that_does_not_hear_us_stands_and_resumes(length_s: float, plc: str) -> None:
    """What it says arrives all the time, and its echo of ours stands still: that is an outage like any other."""
    seen = run_virtual(story("deaf", length_s, (plc,)))
    assert (seen.trips, seen.kept, seen.cleared) == (1, True, 0)
    assert seen.stood_s <= length_s
    assert "LINK_OUTAGE" not in seen.reasons
    assert seen.dispatched >= ITEMS - 2


@pytest.mark.parametrize("length_s", [2.5, 8.0])
@pytest.mark.parametrize("plcs", [("machine_plc",), ("sorter_plc",), BOTH])
def test_a_plc_that_is_not_heard_runs_on_and_nothing_is_lost(length_s: float, plcs: tuple[str, ...]) -> None:
    """What we write arrives, so no watchdog trips; what passes its decision point unanswered meanwhile is rejected there."""
    seen = run_virtual(story("mute", length_s, plcs))
    assert (seen.trips, seen.cleared) == (0, 0)
    assert not seen.reasons & {"LINK_OUTAGE", "ITEM_LOST"}
    assert seen.dispatched >= ITEMS - 2 - 2 * length_s


@pytest.mark.parametrize("trouble", ["deaf", "mute"])
def test_one_direction_is_enough_for_a_long_outage(trouble: str) -> None:
    seen = run_virtual(story(trouble, 12.0, ("machine_plc",)))
    assert seen.cleared == 1
    assert "LINK_OUTAGE" in seen.reasons


def test_beyond_ten_seconds_everything_on_the_belt_is_quarantined() -> None:
    seen = run_virtual(story("cut", 12.0, BOTH))
    assert (seen.trips, seen.kept, seen.cleared) == (2, True, 1)
    assert "LINK_OUTAGE" in seen.reasons
    assert seen.dispatched < ITEMS - 5
