"""From the shutter to the decision in the running line: `sealline demo` at the nominal pace, with real workers and wires.

What the PLC's programs saw: at the inserter from the ID camera's pulse to the answer to its request, at the sorter from the
scanner's. Two bursts of two frames lie within the first, one after the other where the first was not enough.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ITEMS, RATE_PER_H, SEED = 200, 2700, 1
ASKED_P99_MS = 150
SEALLINE = Path(sys.executable).with_name("sealline")
OF_THE_RUN = ("items_fed", "dispatched", "wrong_dispatches", "unaccounted", "late_verdicts", "verdict_ms", "items_per_hour")


def decision() -> dict[str, Any]:
    """The demo's own report; raises CalledProcessError where it was not clean."""
    with tempfile.TemporaryDirectory(prefix="sealline-bench-") as folder:
        argv = [SEALLINE, "demo", "--items", str(ITEMS), "--rate", str(RATE_PER_H), "--seed", str(SEED), "--headless", "--json"]
        done = subprocess.run([*argv, "--data-dir", folder], stdout=subprocess.PIPE, check=True, text=True)
    result = json.loads(done.stdout.splitlines()[-1])  # the tables stand before it
    seen = {name: result[name] for name in OF_THE_RUN}
    return {"asked": f"insert p99 ≤ {ASKED_P99_MS} ms", "rate": RATE_PER_H, "seed": SEED, **seen}
