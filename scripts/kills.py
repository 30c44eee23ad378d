"""kill -9 of the running line, again and again: how long until it stands Held with everything on the belt quarantined.

`python scripts/kills.py [KILLS] [SEED]`: the service and the wire simulators as processes at 10,800 items/h. Each moment is
drawn from the seed, counted from when the line executes again. The pause of the service manager before a restart is part of the
time from the kill. Exit 1 if the oracle finds something or the 95th percentile is above 5 s; figures go to docs/figures.json.
"""

import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from figures import keep
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from simulators.commands import bars, unclean
from simulators.demo import DOWN_S, Demo

RATE_PER_H = 10_800
FAULTS = 0.02
ITEMS_PER_KILL = 20
"""what the line feeds until the longest wait is over"""
RUNS_S = (0.5, 6.0)
"""the line executes so long before it is killed"""
LOOK_S = 0.02
GOAL_S = 5.0
OF_THE_RUN = ("items_fed", "dispatched", "wrong_dispatches", "unaccounted", "findings", "boots", "seed", "rate")
Json = dict[str, Any]


class Killer:
    """Kills the runtime at its moments, starts it again as a service manager does, and times it."""

    def __init__(self, run: Demo, kills: int, seed: int, progress: Progress) -> None:
        self._run = run
        self._rng = random.Random(f"kills {seed}")
        self._left = kills
        self._due_s: float | None = None
        self._progress = progress
        self._task = progress.add_task("kill -9", total=kills)
        self.from_kill_s: list[float] = []
        self.from_start_s: list[float] = []
        self.on_belt: list[int] = []
        """things on the belts at each kill"""

    def look(self, status: Json, shown: Json) -> None:
        """Told at each look: draw the next moment when the line executes, and kill when it is there."""
        if self._due_s is None and self._left and shown.get("state") == "EXECUTE":
            self._due_s = time.monotonic() + self._rng.uniform(*RUNS_S)
        if self._due_s is not None and time.monotonic() >= self._due_s:
            self._due_s = None
            self._left -= 1
            self.on_belt.append(status["on_belt"])
            self._strike()
            self._progress.advance(self._task)

    def _strike(self) -> None:
        killed_s = time.monotonic()
        self._run.kill_runtime()
        time.sleep(DOWN_S)
        started_s = time.monotonic()
        self._run.launch_runtime()
        self._run.wait_until(self._held, "come back Held", LOOK_S)
        now_s = time.monotonic()
        self.from_kill_s.append(now_s - killed_s)
        self.from_start_s.append(now_s - started_s)

    def _held(self) -> bool:
        """Held because of the restart, and nothing on the belt that is not quarantined."""
        shown = self._run.snapshot()
        if shown.get("state") != "HELD" or all(row["code"] != "BELT_NOT_CLEARED" for row in shown["conditions"]):
            return False
        return all(row["quarantined"] for row in self._run.accounts() if row["place"] == "belt")


def spread(seconds: list[float]) -> Json:
    """Median, 95th percentile, and the longest."""
    p50, p95 = (float(np.percentile(seconds, share)) for share in (50, 95))
    return {"p50_s": round(p50, 2), "p95_s": round(p95, 2), "max_s": round(max(seconds), 2)}


def main() -> int:
    """Kill and look."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    console = Console(stderr=True)
    begun_s = time.monotonic()
    items = kills * ITEMS_PER_KILL
    run = Demo(Path("var/kills"), items=items, rate=RATE_PER_H, seed=seed, faults=FAULTS, kills=0, broker="mosquitto")
    try:
        with bars() as progress:
            run.begin(progress, console.print)
            killer = Killer(run, kills, seed, progress)
            run.watch(progress, killer.look)
        result = run.report()
    finally:
        run.end()
    figures = {
        "kills": len(killer.from_kill_s),
        "from_kill": spread(killer.from_kill_s),
        "from_start": spread(killer.from_start_s),
        "restart_pause_s": DOWN_S,
        "on_belt_at_kill": {"median": int(np.median(killer.on_belt)), "max": max(killer.on_belt)},
        **{name: result[name] for name in OF_THE_RUN},
        "wall_s": round(time.monotonic() - begun_s),
    }
    keep("kills", figures)
    table = Table("what", "figure", title=f"kill -9, seed {seed}, {RATE_PER_H} items/h")
    for name, value in figures.items():
        table.add_row(name, str(value))
    console.print(table)
    good = len(killer.from_kill_s) == kills and not unclean(result) and figures["from_kill"]["p95_s"] <= GOAL_S
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
