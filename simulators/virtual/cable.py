"""A cable to the PLCs is pulled at full pace and put in again: what the panel says, how the line comes back, what it cost."""

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple

from edge.core.values import Plc, SortPlan, State
from edge.runtime.app import Runtime
from simulators.scene import Scene, load_routes
from simulators.virtual.loop import run_virtual
from simulators.virtual.soak import SETTINGS
from simulators.virtual.world import World

RATE_PER_H = 10_800
ITEMS = 120
PULLED_AT_S = 20.0
LOOK_S = 0.01
SHORT_S = 10.0
BACK_MAX_S = 60.0
SETTLE_S = 5.0


class Pulled(NamedTuple):
    """What a pulled cable came to. Times in virtual seconds."""

    cable_s: float
    named_s: float
    """from the pull to the panel's naming each PLC that was cut off, and why"""
    back_s: float
    """from the return to Execute, or to Held with everything on the belt quarantined"""
    state: str
    on_belt: int
    """documents and items that the edge believed on the belt then"""
    quarantined: int
    dispatched: int
    rejected: int
    """for whatever reason; those on the belt of a long outage among them"""
    cleared: int
    """how often a person had the belt cleared"""
    wrong: tuple[str, ...]
    unaccounted: tuple[str, ...]


def pull(cable_s: float, *, plcs: Iterable[Plc] = tuple(Plc), seed: int = 4) -> Pulled:
    """Run the story in virtual time. Raises whatever killed a task of the runtime."""
    return run_virtual(_story(cable_s, tuple(plc.value for plc in plcs), seed))


async def _story(cable_s: float, plcs: tuple[str, ...], seed: int) -> Pulled:
    plan = SortPlan(version="v", routes=dict(load_routes()), reject_chute=0)
    world = World(Scene(seed, ITEMS, 0.0, families=0.0), SETTINGS, plan, rate_per_h=RATE_PER_H)
    world.begin()
    try:
        await asyncio.sleep(PULLED_AT_S)
        begun_s = _now_s()
        _turn(world, plcs, "cut")
        named_s = await _until_named(world, plcs, cable_s)
        await asyncio.sleep(max(0.0, begun_s + cable_s - _now_s()))
        _turn(world, plcs, "")
        back_s, on_belt, quarantined = await _until_back(world, long=cable_s > SHORT_S)
        state = _state(world).name
        await _until_idle(world)
        judgement, accounts = world.judge(), world.accounts()
        return Pulled(
            cable_s,
            round(named_s, 2),
            round(back_s, 2),
            state,
            on_belt,
            quarantined,
            judgement.dispatched,
            sum(bool(row["reason"]) for row in accounts),
            world.operator.acts["clear_belt"],
            judgement.wrong,
            judgement.unaccounted,
        )
    finally:
        await world.end()


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _turn(world: World, plcs: Iterable[str], trouble: str) -> None:
    for plc in plcs:
        world.turn_wire(plc, trouble)


def _runtime(world: World) -> Runtime:
    if world.boot is None:
        raise RuntimeError("the runtime has died")
    return world.boot.runtime


def _state(world: World) -> State:
    return _runtime(world).controller.floor.machine.state


def _named(world: World, plcs: Iterable[str]) -> bool:
    """Whether the panel shows the alarm of each of these PLCs, and the reason at its light."""
    shown: dict[str, Any] = _runtime(world).snapshot(site="virtual", sim=True, central=dict)
    alarms = {row["code"] for row in shown["conditions"] if row["zh"] and row["en"]}
    reasons = {row["id"]: (row["reason"], bool(row["detail"])) for row in shown["links"] if not row["up"]}
    return all(f"{plc.upper()}_LOST" in alarms and reasons.get(plc) == ("lost", True) for plc in plcs)


def _on_belt(world: World) -> list[bool]:
    """For each document and item that the edge believes on the belt, whether it is quarantined."""
    controller = _runtime(world).controller
    documents = [document.quarantined for document in controller.documents.on_belt.values()]
    return documents + [item.quarantined for item in controller.items.on_belt.values()]


async def _until_named(world: World, plcs: tuple[str, ...], limit_s: float) -> float:
    begun_s = _now_s()
    while not _named(world, plcs):
        if _now_s() - begun_s > limit_s:
            return float("inf")
        await asyncio.sleep(LOOK_S)
    return _now_s() - begun_s


async def _until_back(world: World, *, long: bool) -> tuple[float, int, int]:
    """Seconds until the line is back; how much lay on the belt then, and how much of that is quarantined."""
    begun_s = _now_s()
    while _now_s() - begun_s < BACK_MAX_S:
        on_belt = _on_belt(world)
        whole = all(world.links()[plc.value] for plc in Plc)
        if whole and _state(world) is (State.HELD if long else State.EXECUTE) and (all(on_belt) or not long):
            return _now_s() - begun_s, len(on_belt), sum(on_belt)
        world.require_alive()
        await asyncio.sleep(LOOK_S)
    return float("inf"), 0, 0


async def _until_idle(world: World) -> None:
    while not world.idle:
        await asyncio.sleep(1)
        world.require_alive()
    await asyncio.sleep(SETTLE_S)
