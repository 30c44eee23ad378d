"""Mutated answers for both PLC drivers; only the three kinds of error may come out. Exit 1 if another one does.

`python scripts/fuzz.py [FRAMES] [JOBS] [SEED]`: a million for each wire, and the figures go to docs/figures.json; another
number of frames is only shown.
"""

import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

from figures import keep
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.wire.fuzz import FUZZERS

FRAMES = 1_000_000
SLICE = 25_000


class Task(NamedTuple):
    """One slice of one wire's frames."""

    wire: str
    frames: int
    seed: int


def run(task: Task) -> tuple[str, Counter[str], list[str], int, int]:
    """Fuzz one slice."""
    found = FUZZERS[task.wire](task.frames, task.seed)
    return task.wire, found.outcomes, found.escaped, found.frames, found.grown_kib


def main() -> int:
    """Fuzz."""
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else FRAMES
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    console = Console(stderr=True)
    size = min(SLICE, frames)
    tasks = [Task(wire, size, 10_000 * seed + n) for wire in FUZZERS for n in range(-(-frames // size))]
    begun_s = time.monotonic()
    rows: dict[str, dict[str, Any]] = {
        wire: {"frames": 0, "outcomes": Counter(), "escaped": [], "grown_kib_max": 0} for wire in FUZZERS
    }
    with ProcessPoolExecutor(jobs) as pool:
        for wire, outcomes, escaped, count, grown_kib in track(
            pool.map(run, tasks), "mutated answers", total=len(tasks), console=console
        ):
            row = rows[wire]
            row["frames"] += count
            row["outcomes"] += outcomes
            row["escaped"] += escaped[:20]
            row["grown_kib_max"] = max(row["grown_kib_max"], grown_kib)
    table = Table("wire", "frames", "outcomes", "escaped", "grown KiB")
    for wire, row in rows.items():
        row["outcomes"] = dict(sorted(row["outcomes"].items()))
        table.add_row(wire, str(row["frames"]), str(row["outcomes"]), str(len(row["escaped"])), str(row["grown_kib_max"]))
    console.print(table)
    for row in rows.values():
        console.print(*row["escaped"], sep="\n")
    if frames == FRAMES:
        keep("fuzz", {"seed": seed, "wires": rows, "wall_s": round(time.monotonic() - begun_s)})
    return 1 if any(row["escaped"] for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
