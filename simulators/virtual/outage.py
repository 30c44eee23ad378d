"""The network to central fails for hours at full rate, in every way that it can; then both accounts are laid beside each other.

While it is away it comes back now and then for moments: a flap, a wire that is dead without saying so, a broker whose disk is
full, a broker that restarts and has forgotten what it had acknowledged.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from edge.core.values import Settings, SortPlan, State
from edge.runtime.account import BEGINNING, Central, compare, next_digest
from simulators.scene import Scene, load_routes
from simulators.virtual.broker import TROUBLES, VirtualBroker
from simulators.virtual.loop import run_virtual
from simulators.virtual.soak import SETTINGS
from simulators.virtual.world import WALL_START_MS, World

HOUR_S = 3600.0
LOOK_S = 1.0
HOP_S = 0.2
SETTLE_S = 2.0
DRAIN_LIMIT_S = 6 * HOUR_S
# What may happen while the network is away: name → shortest and longest time, s, that one of them lasts.
VISITS: dict[str, tuple[float, float]] = {
    "flap": (0.3, 20.0),
    "half_open": (5.0, 120.0),
    "full": (5.0, 300.0),
    "forgets": (2.0, 20.0),
}
WELL_S = (1.0, 5.0)
AWAY_MEAN_S = 900.0
ON_WAY_LOOKS = 600
Progress = Callable[[float, float], None]


class Passed(NamedTuple):
    """What an outage came to."""

    hours: float
    items: int
    dispatched: int
    during: int
    """items dispatched while central was away"""
    rate_before_h: int
    rate_during_h: int
    rate_draining_h: int
    """items an hour that left the line while the backlog was told"""
    events: int
    waiting_max: int
    """events that waited to be told, at most"""
    waiting_back: int
    """events that waited when central was back for good"""
    drain_s: float
    """from the return until nothing waited but what had just happened"""
    drained_per_s: int
    """events a second that central got meanwhile, old and new"""
    suspended: int
    """how often the line stood for want of central"""
    visits: dict[str, int]
    lost: dict[str, int]
    """messages that were acknowledged, or seemed to be, and never arrived"""
    repeated: int
    """events that central got more than once"""
    accounts: str
    wrong: tuple[str, ...]
    unaccounted: tuple[str, ...]


def outage(
    hours: float,
    *,
    around_h: float = 0.5,
    rate_per_h: int = 2700,
    seed: int = 1,
    away_mean_s: float = AWAY_MEAN_S,
    progress: Progress = lambda *_: None,
) -> Passed:
    """Run the story in virtual time: `around_h` with central, `hours` without, then with it again until all is told.

    `away_mean_s`: how long it is away on average between two visits.
    """
    return run_virtual(_story(hours, around_h, rate_per_h, seed, away_mean_s, progress))


def _world(seed: int, items: int, rate_per_h: int, lease_h: float) -> World:
    plan = SortPlan(version="v", routes=dict(load_routes()), reject_chute=0)
    settings: Settings = msgspec.structs.replace(SETTINGS, target_rate_per_h=rate_per_h, central_away_max_min=0)
    end_ms = WALL_START_MS + round(lease_h * HOUR_S * 1000)
    world = World(Scene(seed, items, 0.0), settings, plan, rate_per_h=rate_per_h, doors=True)
    world.lease((1, end_ms))
    world.broker.hop_s = HOP_S
    return world


async def _story(  # noqa: PLR0917 - the arguments of outage
    hours: float, around_h: float, rate_per_h: int, seed: int, away_mean_s: float, progress: Progress
) -> Passed:
    items = round((hours + 2 * around_h) * rate_per_h)
    world = _world(seed, items, rate_per_h, lease_h=24.0 if hours < 24 else hours + 24)
    watch = _Watch(world)
    world.begin()
    try:
        end_s = (hours + around_h) * HOUR_S
        await watch.until(lambda: _now_s() >= around_h * HOUR_S, progress, end_s)
        before = watch.mark()
        visits = await _away(world, watch, end_s, away_mean_s, progress)
        during, back_s, waiting_max = watch.mark(), _now_s(), watch.waiting_max
        waiting_back, stored_back = watch.waiting(), _stored(world)
        await watch.until(lambda: watch.waiting() <= 2 * SETTLED_ROWS, progress, end_s, DRAIN_LIMIT_S)
        drain_s, draining, drained = _now_s() - back_s, watch.mark(), _stored(world) - stored_back
        await watch.until(lambda: world.idle and world.told, progress, end_s, DRAIN_LIMIT_S)
        await asyncio.sleep(SETTLE_S)
        judgement, broker = world.judge(), world.broker
        return Passed(
            hours,
            items,
            judgement.dispatched,
            during.dispatched - before.dispatched,
            before.rate_h(None),
            during.rate_h(before),
            draining.rate_h(during),
            _stored(world),
            waiting_max,
            waiting_back,
            round(drain_s, 1),
            round(drained / max(1.0, drain_s)),
            watch.suspended,
            dict(sorted(visits.items())),
            dict(sorted(broker.lost.items())),
            broker.duplicates,
            accounts(world),
            judgement.wrong,
            judgement.unaccounted,
        )
    finally:
        await world.end()


SETTLED_ROWS = 20
"""what waits at any moment of a quiet day"""


class _Mark(NamedTuple):
    at_s: float
    dispatched: int

    def rate_h(self, since: "_Mark | None") -> int:
        """Items an hour since another mark."""
        at_s, dispatched = (0.0, 0) if since is None else since
        return round((self.dispatched - dispatched) * HOUR_S / max(1.0, self.at_s - at_s))


class _Watch:
    """Looks at the line once a second."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.waiting_max = 0
        self.suspended = 0
        self._stood = False

    def waiting(self) -> int:
        """Events that central has not confirmed."""
        return 0 if self._world.boot is None else self._world.boot.central.counters()["waiting"]

    def look(self) -> None:
        """Once a second."""
        self._world.require_alive()
        self.waiting_max = max(self.waiting_max, self.waiting())
        stands = state(self._world) is State.SUSPENDED and self._world.plant.feeding
        self.suspended += stands and not self._stood
        self._stood = stands

    def mark(self) -> _Mark:
        """Where the line is now."""
        return _Mark(_now_s(), sum(map(len, self._world.plant.chutes.values())))

    async def until(self, done: Callable[[], bool], progress: Progress, of_s: float, limit_s: float = 0.0) -> None:
        """Look until something is so. Raises RuntimeError when that takes longer than `limit_s`, 0 = however long."""
        begun_s = _now_s()
        while not done():
            await asyncio.sleep(LOOK_S)
            self.look()
            progress(min(_now_s(), of_s), of_s)
            if limit_s and _now_s() - begun_s > limit_s:
                raise RuntimeError(f"after {limit_s:.0f} s {self.waiting()} events wait; line {state(self._world)}")


async def _away(world: World, watch: _Watch, end_s: float, mean_s: float, progress: Progress) -> Counter[str]:
    """The outage: away, with visits in between, each kind as often as the others."""
    rng = random.Random(f"outage {world.scene.seed}")
    visits: Counter[str] = Counter()
    broker = world.broker
    while _now_s() < end_s:
        broker.away(gone=True)
        next_s = min(end_s, _now_s() + rng.expovariate(1 / mean_s))
        await watch.until(lambda until_s=next_s: _now_s() >= until_s, progress, end_s)  # type: ignore[misc]
        if _now_s() >= end_s:
            break
        name = min(VISITS, key=lambda kind: (visits[kind], rng.random()))
        visits[name] += 1
        broker.away(gone=False)
        if name in TROUBLES:
            # All is well for a moment, so that there is something to go wrong.
            await asyncio.sleep(rng.uniform(*WELL_S))
            broker.turn(name)
        await asyncio.sleep(rng.uniform(*VISITS[name]))
        if name in TROUBLES:
            broker.turn("")
        if name == "forgets":
            await _until_on_way(broker)
        if name != "flap":
            broker.forget()  # a broker whose disk was full has written nothing down either
    broker.away(gone=False)
    return visits


async def _until_on_way(broker: VirtualBroker) -> None:
    """Something is on its way, or nothing is to be said at all."""
    for _ in range(ON_WAY_LOOKS):
        if broker.on_way:
            return
        await asyncio.sleep(HOP_S / 2)


def state(world: World) -> State | None:
    """The line's state; None while it is dead."""
    return None if world.boot is None else world.boot.runtime.controller.floor.machine.state


def accounts(world: World) -> str:
    """Both journals beside each other, as `sealline account compare` says it."""
    line = world.books.account()
    stored = world.broker.stored.get(line.journal_id, [])
    digests, digest, seqs = {}, BEGINNING, []
    for event in stored:
        kind, at_ms, seq = str(event["kind"]), int(str(event["at_ms"])), int(str(event["seq"]))
        digest = next_digest(digest, line.journal_id, seq, (kind, at_ms, msgspec.json.encode(event["body"])))
        digests[seq] = digest.hex()
        seqs.append(seq)
    twice = tuple(seq for seq, times in Counter(seqs).items() if times > 1)
    return "; ".join(compare(line, Central(digests, frozenset(seqs), twice)).lines())


def _stored(world: World) -> int:
    """Events that central has stored."""
    return sum(map(len, world.broker.stored.values()))


def _now_s() -> float:
    return asyncio.get_running_loop().time()
