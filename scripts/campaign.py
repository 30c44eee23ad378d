"""How many seeds each planted bug needs at default weights. Exit 1 if one is not found, or the control rings.

`python scripts/campaign.py [SEEDS] [JOBS] [NAME …]`: all of them, and the figures go to docs/figures.json; or only the named
ones, which are shown.
"""

import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import NamedTuple

from figures import keep
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.planted.gallery import PATCHES, Caught, plant, search

CONTROL = ""
SLICE = 25
"""the control runs all seeds: so many at a time"""
ITEMS = 100


class Task(NamedTuple):
    """One bug ("" = none) and the seeds to search."""

    name: str
    first: int
    seeds: int


def hunt(task: Task) -> tuple[str, Caught]:
    """Plant the bug and search for it."""
    with tempfile.TemporaryDirectory() as scratch:
        return task.name, search(
            plant(task.name, Path(scratch)), first=task.first, seeds=task.seeds, items=ITEMS, name=task.name
        )


def main() -> int:
    """Hunt."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    names = sys.argv[3:] or PATCHES
    console = Console(stderr=True)
    tasks = [Task(name, 1, seeds) for name in names]
    tasks += [Task(CONTROL, first, min(SLICE, seeds + 1 - first)) for first in range(1, seeds + 1, SLICE)]
    begun_s = time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        hunted = list(track(pool.map(hunt, tasks), "planted bugs", total=len(tasks), console=console))
    found = {name: caught for name, caught in hunted if name != CONTROL}
    rang = [caught.finding for name, caught in hunted if name == CONTROL and caught.seeds]
    table = Table("planted bug", "seeds until found", "the alarm")
    for name, caught in found.items():
        table.add_row(name, str(caught.seeds) if caught.seeds else "[red]not found[/]", caught.finding[:100])
    table.add_row("[bold]none (control)[/]", "[red]rang[/]" if rang else "[green]silent[/]", "; ".join(rang)[:100])
    console.print(table)
    needed = [caught.seeds for caught in found.values() if caught.seeds]
    missed = [name for name, caught in found.items() if not caught.seeds]
    figures = {
        "bugs": len(found),
        "seeds_max": seeds,
        "items_per_seed": ITEMS,
        "seeds_until_found": {name: caught.seeds for name, caught in found.items()},
        "median": median(needed) if needed else None,
        "worst": max(needed, default=None),
        "missed": missed,
        "control_rang": bool(rang),
        "wall_s": round(time.monotonic() - begun_s),
    }
    if names is PATCHES:
        keep("planted", figures)
    console.print(f"median {figures['median']} seeds, worst {figures['worst']}, missed {missed}, control {rang or 'silent'}")
    return 1 if missed or rang else 0


if __name__ == "__main__":
    sys.exit(main())
