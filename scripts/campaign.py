"""Many seeds in virtual time: pace, fault probability and kills drawn per seed. Exit 1 if one item was wrong or lost.

`python scripts/campaign.py [SEEDS] [FIRST_SEED]`; the sums go to docs/figures.json. One failing seed is repeated with
`sealline soak --seed N` and the options that are printed with it.
"""

import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from figures import keep
from rich.console import Console
from rich.progress import track

from simulators.virtual.soak import shift

ITEMS = 300
RATES = (2700, 5400, 10800)


def options_of(seed: int) -> dict[str, Any]:
    """What this seed runs: faults log-uniform between 0.2 % and 20 %, so that rare and crowded ones are both seen."""
    rng = random.Random(f"campaign {seed}")
    return {
        "seed": seed,
        "items": ITEMS,
        "rate_per_h": rng.choice(RATES),
        "faults": round(0.002 * 100 ** rng.random(), 4),
        "kills": rng.choice((0, 0, 1, 2, 3)),
    }


def run(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """One seed: its options and its report."""
    options = options_of(seed)
    return options, shift(**options)


def main() -> int:
    """Run all seeds on all cores."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    sums: dict[str, int] = dict.fromkeys(
        (
            "items_fed",
            "dispatched",
            "wrong_dispatches",
            "unaccounted",
            "kills",
            "simulated_s",
            "untouched_fed",
            "untouched_dispatched",
        ),
        0,
    )
    fired: dict[str, int] = {}
    bad: list[dict[str, Any]] = []
    console = Console(stderr=True)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(run, seed) for seed in range(first, first + seeds)]
        for job in track(as_completed(jobs), "seeds", total=seeds, console=console):
            options, result = job.result()
            for name in ("items_fed", "dispatched", "wrong_dispatches", "unaccounted", "simulated_s"):
                sums[name] += result[name]
            sums["kills"] += result["boots"] - 1
            sums["untouched_fed"] += result["untouched"]["fed"]
            sums["untouched_dispatched"] += result["untouched"]["dispatched"]
            for name, row in result["faults"].items():
                fired[name] = fired.get(name, 0) + row["fired"]
            if result["findings"]:
                bad.append({**options, "findings": result["findings"]})
                console.print(f"[red]{options}[/]: {result['findings']}")
    bound = f"< {3 / max(1, sums['dispatched']):.2e} wrong at 95 %" if not sums["wrong_dispatches"] else "see findings"
    figures = {
        "seeds": f"{first}..{first + seeds - 1}",
        **sums,
        "faults_fired": dict(sorted(fired.items())),
        "bound": bound,
        "bad": bad,
    }
    keep("campaign", figures)
    console.print_json(data=figures)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
