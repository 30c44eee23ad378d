"""A power cut behind every write of 500 transactions of the journal, and the two weaker modes as controls. Exit 1 if it fails.

`python scripts/powercut.py [TRANSACTIONS] [SEED]`; the figures go to docs/figures.json.
"""

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from figures import keep
from rich.console import Console
from rich.table import Table

from simulators.commands import bars
from tests.powercut.disk import Operation, after_cuts, build_recorder, recorded
from tests.powercut.judge import Verdict, judge

SLICES = 40
CONTROLS_EVERY = 40
"""of the states of a control only each so manieth is judged: one that fails is enough"""


def judge_slice(operations: list[Operation], seed: int, number: int, every: int) -> Verdict:
    """Judge one slice of the states that the disk may hold."""
    with tempfile.TemporaryDirectory() as scratch:
        return judge(after_cuts(operations, seed, number * every, SLICES * every), Path(scratch))


def main() -> int:
    """Cut everywhere."""
    transactions = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    console = Console(stderr=True)
    sums: dict[str, list[Verdict]] = {}
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor() as pool, bars() as progress:
        recorder = build_recorder(Path(scratch))
        for level, every in (("FULL", 1), ("NORMAL", CONTROLS_EVERY), ("OFF", CONTROLS_EVERY)):
            operations = recorded(recorder, Path(scratch), transactions, level)
            work = [pool.submit(judge_slice, operations, seed, number, every) for number in range(SLICES)]
            sums[level] = [future.result() for future in progress.track(work, description=f"synchronous={level}")]
    table = Table("synchronous", "states of the disk", "corrupt", "acknowledged and lost", "for example")
    figures: dict[str, object] = {"transactions": transactions, "seed": seed}
    for level, verdicts in sums.items():
        states, corrupt, lost = (sum(getattr(one, name) for one in verdicts) for name in ("states", "corrupt", "lost"))
        example = next((one.examples[0] for one in verdicts if one.examples), "")
        table.add_row(level, f"{states:,}", str(corrupt), str(lost), example[:90])
        figures[level.lower()] = {"states": states, "corrupt": corrupt, "lost": lost}
    console.print(table)
    keep("powercut", figures)
    full, normal, off = (sums[level] for level in ("FULL", "NORMAL", "OFF"))
    whole = not any(one.corrupt or one.lost for one in full)
    return 0 if whole and any(one.lost for one in normal) and any(one.corrupt for one in off) else 1


if __name__ == "__main__":
    sys.exit(main())
