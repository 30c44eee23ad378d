"""A million mutated pictures for the decoder of picture files; exit 1 if anything but pixels or a typed error comes out.

`python scripts/fuzz_pictures.py [PICTURES] [JOBS] [SEED]`: figures of 50,000 and more go to
docs/figures.json, with how many they are.
"""

import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from figures import keep
from rich.console import Console
from rich.progress import track

from tests.vision.image_fuzz import Found, fuzz

PICTURES, KEPT_MIN, SLICE = 1_000_000, 50_000, 20_000
SLOW_S = 5.0
"""of a thread's own processor time: the largest picture that is let in, in colour, takes about 2"""


def run(seed: int) -> Found:
    """One slice; what the libraries write to stderr about broken pictures is not for a person."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    os.close(quiet)
    return fuzz(SLICE, seed)


def main() -> int:
    """Fuzz."""
    pictures = int(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    console, begun_s = Console(), time.monotonic()
    outcomes: Counter[str] = Counter()
    escaped: list[str] = []
    slowest_s = 0.0
    seeds = [10_000 * seed + n for n in range(-(-pictures // SLICE))]
    with ProcessPoolExecutor(jobs) as pool:
        for found in track(pool.map(run, seeds), "mutated pictures", total=len(seeds), console=console):
            outcomes += found.outcomes
            escaped += found.escaped[:20]
            slowest_s = max(slowest_s, found.slowest_s)
    console.print(dict(outcomes), f"slowest {slowest_s:.2f} s", *escaped, sep="\n")
    if pictures >= KEPT_MIN:
        figures = {
            "pictures": sum(outcomes.values()),
            "asked_for": PICTURES,
            "seed": seed,
            "outcomes": dict(sorted(outcomes.items())),
            "escaped": len(escaped),
            "slowest_s": round(slowest_s, 2),
        }
        keep("fuzz_pictures", {**figures, "wall_s": round(time.monotonic() - begun_s)})
    return 1 if escaped or slowest_s > SLOW_S else 0


if __name__ == "__main__":
    sys.exit(main())
