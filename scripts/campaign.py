"""How many seeds each planted bug needs at default weights. Exit 1 if one is not found, or the control rings.

`python scripts/campaign.py [SEEDS] [JOBS]`; the figures go to docs/figures.json.
"""

import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

from figures import keep
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.planted.gallery import PATCHES, Caught, plant, search

CONTROL = ""


def hunt(task: tuple[str, int]) -> tuple[str, Caught]:
    """Plant one bug ("" = none) and search for it."""
    name, seeds = task
    with tempfile.TemporaryDirectory() as scratch:
        return name, search(plant(name, Path(scratch)), first=1, seeds=seeds, items=100)


def main() -> int:
    """Hunt all of them."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    console = Console(stderr=True)
    tasks = [(name, seeds) for name in (CONTROL, *PATCHES)]
    with ProcessPoolExecutor(jobs) as pool:
        found = dict(track(pool.map(hunt, tasks), "planted bugs", total=len(tasks), console=console))
    control = found.pop(CONTROL)
    table = Table("planted bug", "seeds until found", "the alarm")
    for name, caught in found.items():
        table.add_row(name, str(caught.seeds) if caught.seeds else "[red]not found[/]", caught.finding[:100])
    table.add_row("[bold]none (control)[/]", "[green]silent[/]" if not control.seeds else "[red]rang[/]", control.finding[:100])
    console.print(table)
    needed = [caught.seeds for caught in found.values() if caught.seeds]
    missed = [name for name, caught in found.items() if not caught.seeds]
    figures = {
        "bugs": len(found),
        "seeds_max": seeds,
        "seeds_until_found": {name: caught.seeds for name, caught in found.items()},
        "median": median(needed) if needed else None,
        "worst": max(needed, default=None),
        "missed": missed,
        "control_rang": bool(control.seeds),
    }
    keep("planted", figures)
    console.print(
        f"median {figures['median']} seeds, worst {figures['worst']}, missed {missed}, control {control.finding or 'silent'}"
    )
    return 1 if missed or control.seeds else 0


if __name__ == "__main__":
    sys.exit(main())
