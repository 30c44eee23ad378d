"""Many seeds of the virtual world over all cores, summed up: the same seeds give the same sums and the same hash."""

import gc
import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, NamedTuple

from simulators.faults import ALL_KINDS
from simulators.report import commit
from simulators.virtual import disturbances, power_cuts
from simulators.virtual.soak import shift
from simulators.weights import draw

Json = dict[str, Any]
RATE_PER_H = 2700
ITEMS_MIN, ITEMS_MAX = 250, 550
CUTS = (0, 2, 3, 4, 6)
"""power cuts of one seed: three on average"""
HEADS = ("one", "one", "alternating", "standby")
CATALOGUE = (*ALL_KINDS, *disturbances.NAMES)
LONG_H = 20
"""from so many line hours on, every fault and every situation must have happened"""
AHEAD = 4
"""seeds in work or waiting per process"""


class Plan(NamedTuple):
    """One seed: everything that its run depends on."""

    seed: int
    items: int
    cuts: int
    faults: Collection[str] | float
    heads: str = "one"
    """of the applicator: one, or two that are alternating, or of which one is on standby"""


def wanted(name: str, faults: Collection[str] | float) -> bool:
    """Whether a disturbance belongs to this choice of faults; a mere probability is about items only."""
    return not isinstance(faults, (int, float)) and name in faults


def plan_of(seed: int, faults: Collection[str] | float) -> Plan:
    """The plan of one seed, drawn from it alone, so that it can be repeated without the others."""
    rng = random.Random(f"plan {seed}")
    return Plan(seed, rng.randint(ITEMS_MIN, ITEMS_MAX), rng.choice(CUTS), faults, rng.choice(HEADS))


def plans(first_seed: int, hours: float, faults: Collection[str] | float) -> list[Plan]:
    """Plans for so many simulated hours at the nominal rate; seed n of base seed s is s * 1,000,000 + n."""
    left = round(hours * RATE_PER_H)
    found: list[Plan] = []
    while left > 0:
        plan = plan_of(first_seed * 1_000_000 + len(found), faults)
        # The last one is cut to what is left, but not to a handful.
        plan = plan._replace(items=min(plan.items, max(left, 20)))
        found.append(plan)
        left -= plan.items
    return found


def run_plan(plan: Plan, trace: Callable[[str], None] | None = None) -> Json:
    """Run one seed; what ended it before its time is in "error", and whether that was a broken promise."""
    scene = {
        "faults": draw(plan.seed, plan.faults),
        "disturbances": {name: rate for name, rate in disturbances.draw(plan.seed).items() if wanted(name, plan.faults)},
        "kills": plan.cuts,
        "away": [name for name in power_cuts.AWAY if wanted(name, plan.faults)],
        "heads": 1 if plan.heads == "one" else 2,
        "standby": plan.heads == "standby",
        "trace": trace,
    }
    return run_scene(plan.seed, plan.items, scene)


def run_scene(seed: int, items: int, scene: Mapping[str, Any]) -> Json:
    """The same of a scene: what `shift` is told besides."""
    try:
        result = shift(seed=seed, items=items, rate_per_h=RATE_PER_H, **scene)
    except Exception as error:  # noqa: BLE001 - whatever ends a run is what the campaign looks for
        return {
            "seed": seed,
            "error": f"{type(error).__name__}: {error}",
            "breach": type(error).__name__ == "InvariantError",
        }
    finally:
        gc.collect()
    return result


def _prepare() -> None:
    # What is here now lives as long as the process; the rest is collected between seeds.
    gc.collect()
    gc.freeze()
    gc.disable()


class Campaign:
    """The sums over all seeds."""

    def __init__(self, faults: Sequence[str] = ()) -> None:
        """`faults`: those that a long campaign must meet."""
        self._faults = list(faults)
        self.sums: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.sometimes: Counter[str] = Counter()
        self.recovered: Counter[str] = Counter()
        self.bad: list[tuple[int, str]] = []
        """(seed, what was found)"""
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, plan: Plan, result: Json) -> None:
        """One seed more; in the order of the seeds."""
        self.sums["seeds"] += 1
        if "error" in result:
            self.sums["invariant_breaches"] += result["breach"]
            self.sums["died"] += not result["breach"]
            self.bad.append((plan.seed, result["error"]))
            self._hash.update(f"{plan.seed} {result['error']}".encode())
            return
        for name in ("items_fed", "dispatched", "wrong_dispatches", "unaccounted", "power_cuts", "events", "simulated_s"):
            self.sums[name] += result[name]
        self.sums["untouched_fed"] += result["untouched"]["fed"]
        self.sums["untouched_dispatched"] += result["untouched"]["dispatched"]
        self.fired.update({name: row["fired"] for name, row in result["faults"].items()})
        self.fired.update(result["disturbances"])
        self.sometimes.update(result["sometimes"])
        self.recovered.update(result["recovered"])
        self.bad += [(plan.seed, finding) for finding in result["findings"][:1]]
        self._hash.update(f"{plan.seed} {result['trace']}".encode())

    def never(self) -> list[str]:
        """What a long campaign should have met and did not: it proves nothing about that. A short one need not meet all."""
        if self.sums["items_fed"] < LONG_H * RATE_PER_H:
            return []
        # What follows from faults can be missed only where they all may happen.
        situations = self.sometimes if set(self._faults) == set(CATALOGUE) else {}
        return [*(name for name in self._faults if not self.fired[name]), *(n for n, times in situations.items() if not times)]

    def report(self, *, seed: int, wall_s: float) -> Json:
        """The JSON object of a soak: a contract, extended later, never renamed."""
        sums, dispatched = self.sums, self.sums["dispatched"]
        return {
            "items": sums["items_fed"],
            "dispatched": dispatched,
            "untouched": {"fed": sums["untouched_fed"], "dispatched": sums["untouched_dispatched"]},
            "seeds": sums["seeds"],
            "simulated_hours": round(sums["simulated_s"] / 3600, 2),
            "line_hours": round(sums["items_fed"] / RATE_PER_H, 2),
            "wall_s": round(wall_s, 1),
            "speedup": round(sums["simulated_s"] / max(0.001, wall_s), 1),
            "power_cuts": sums["power_cuts"],
            "wrong_dispatches": sums["wrong_dispatches"],
            "unaccounted": sums["unaccounted"],
            "invariant_breaches": sums["invariant_breaches"],
            "died": sums["died"],
            "faults": dict(sorted((dict.fromkeys(self._faults, 0) | self.fired).items())),
            "never": self.never(),
            "sometimes": dict(sorted(self.sometimes.items())),
            "recovered": {"alone": self.recovered["alone"], "by_person": self.recovered["by_person"]},
            "events_per_item": round(sums["events"] / max(1, sums["items_fed"]), 1),
            "trace_hash": self._hash.hexdigest(),
            "bound_95": 3 / dispatched if dispatched and not sums["wrong_dispatches"] else None,
            "findings": [f"seed {bad_seed}: {finding}" for bad_seed, finding in self.bad[:20]],
            "seed": seed,
        }


def run_all(todo: list[Plan], jobs: int) -> Iterator[tuple[Plan, Json]]:
    """Run all plans in `jobs` processes; results come in the order of the plans, whatever finishes first."""
    if jobs == 1:
        for plan in todo:
            yield plan, run_plan(plan)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_prepare) as pool:
        waiting: list[tuple[Plan, Future[Json]]] = []
        left = iter(todo)
        for plan in left:
            waiting.append((plan, pool.submit(run_plan, plan)))
            if len(waiting) >= AHEAD * jobs:
                first, future = waiting.pop(0)
                yield first, future.result()
        for plan, future in waiting:
            yield plan, future.result()


def soak(
    *,
    hours: float,
    jobs: int,
    seed: int,
    faults: Collection[str] | float,
    progress: Callable[[int, int, Campaign], None] = lambda *_: None,
) -> Json:
    """Run the campaign; see Campaign.report."""
    begun_s, begun_at = time.monotonic(), commit()
    todo = plans(seed, hours, faults)
    total = sum(plan.items for plan in todo)
    campaign, done = Campaign([name for name in CATALOGUE if wanted(name, faults)]), 0
    for plan, result in run_all(todo, jobs):
        campaign.add(plan, result)
        done += plan.items
        progress(done, total, campaign)
    return {**campaign.report(seed=seed, wall_s=time.monotonic() - begun_s), "commit": begun_at}
