"""Thirteen hours without central at full rate, in virtual time: both accounts beside each other. Exit 1 if they differ.

`python scripts/outage.py [HOURS] [SEED]`; figures to docs/figures.json.
"""

import sys
import time

from figures import keep
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from simulators.virtual.outage import VISITS, outage

WHOLE = "nothing missing, nothing twice"


def main() -> int:
    """Run it and print what it came to."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 13.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    console = Console(stderr=True)
    begun_s = time.monotonic()
    with Progress(console=console) as bar:
        task = bar.add_task("hours without central", total=None)
        passed = outage(hours, seed=seed, progress=lambda done, of: bar.update(task, completed=done, total=of))
    wall_s = round(time.monotonic() - begun_s, 1)
    table = Table("what", "figure", title=f"central away for {hours} h, seed {seed}, {wall_s} s of computing")
    for name, figure in passed._asdict().items():
        table.add_row(name.replace("_", " "), str(figure))
    console.print(table)
    keep("outage", {**passed._asdict(), "seed": seed, "wall_s": wall_s})
    struck = passed.visits.keys() == VISITS.keys()
    if not struck:
        console.print("not every kind of trouble has struck: nothing is proved about the others", style="red")
    whole = passed.accounts.startswith(WHOLE) and not passed.wrong and not passed.unaccounted
    return 0 if whole and struck else 1


if __name__ == "__main__":
    sys.exit(main())
