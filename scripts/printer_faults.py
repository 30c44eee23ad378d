"""A line at 10,800 items/h whose printer and applicator fail in every way that they know; exit 1 when anything is wrong.

`python scripts/printer_faults.py [SEEDS] [ITEMS]`: 4 seeds of 5,000 items; a smaller run is only shown. No print id may be sent
twice, and each must be told how it ended: printed, failed, or both. That no number has two live prints, so that each earlier
print of an order that was dispatched is on the list of voids, the line's own auditor sees to at every step (I5).
"""

import json
import re
import sys
from collections import Counter, defaultdict
from typing import Any

from figures import keep
from rich.console import Console
from rich.progress import track
from rich.table import Table

from simulators.virtual.soak import shift

SEEDS, ITEMS, FIRST_SEED = 4, 5000, 11
RATE_PER_H = 10_800
OFTEN, SELDOM = 0.002, 0.0004
"""probability per item; a label that is printed twice costs everything that is on the belt"""
STRIKES = {
    "media_out": OFTEN,
    "neighbour_label": OFTEN,
    "two_labels": OFTEN,
    "print_reply_lost": OFTEN,
    "smeared": OFTEN,
    "label_repeated": SELDOM,
}
PER_H = {
    "head_opened": 6.0,
    "printer_rebooted": 6.0,
    "printer_kept_queue": 6.0,
    "printer_status_garbage": 6.0,
    "printer_silent": 10.0,
}
UNTOUCHED_MIN = 0.99
_BODY = re.compile(r"(PrintLabel|PrintFailed|LabelPrinted|LabelPurged|LabelInDoubt) +(\{.*\})")


class Prints:
    """What became of each print id, by the records of the run."""

    def __init__(self) -> None:
        self.told: dict[str, Counter[int]] = defaultdict(Counter)
        """kind of record → print id → how often"""

    def record(self, line: str) -> None:
        """One record as a readable line."""
        found = _BODY.search(line)
        if found is not None:
            self.told[found[1]][json.loads(found[2])["print_id"]] += 1

    def findings(self) -> list[str]:
        """What must not be."""
        told = self.told
        twice = [print_id for print_id, times in told["PrintLabel"].items() if times > 1]
        endless = set(told["PrintLabel"]) - set(told["LabelPrinted"]) - set(told["PrintFailed"])
        found = [f"print ids sent twice: {twice}"] if twice else []
        return [*found, *([f"print ids of which nothing was told: {sorted(endless)}"] if endless else [])]


def run(seed: int, items: int) -> dict[str, Any]:
    """One seed."""
    prints = Prints()
    result = shift(seed=seed, items=items, rate_per_h=RATE_PER_H, faults=STRIKES, disturbances=PER_H, trace=prints.record)
    fired = {name: row["fired"] for name, row in result["faults"].items() if name in STRIKES}
    return {
        "items": result["items_fed"],
        "dispatched": result["dispatched"],
        "wrong": result["wrong_dispatches"],
        "unaccounted": result["unaccounted"],
        "untouched": result["untouched"]["fed"],
        "untouched_dispatched": result["untouched"]["dispatched"],
        "prints": len(prints.told["PrintLabel"]),
        "failed_prints": len(prints.told["PrintFailed"]),
        "in_doubt": len(prints.told["LabelInDoubt"]),
        "purged": len(prints.told["LabelPurged"]),
        "wrong_labels_twice": result["conditions"].get("LABEL_MISMATCH_TWICE", 0),
        "fired": Counter(fired) + Counter({name: result["disturbances"][name] for name in PER_H}),
        "findings": [f"seed {seed}: {text}" for text in (*result["findings"], *prints.findings())],
    }


def main() -> int:
    """Run all seeds and sum them up."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    items = int(sys.argv[2]) if len(sys.argv) > 2 else ITEMS
    console, sums, fired, findings = Console(stderr=True), Counter(), Counter(), []
    for seed in track(range(FIRST_SEED, FIRST_SEED + seeds), "printer faults", console=console):
        row = run(seed, items)
        fired += row.pop("fired")
        findings += row.pop("findings")
        sums.update(row)
    findings += [f"{name} never happened" for name in (*STRIKES, *PER_H) if not fired[name]]
    if sums["untouched_dispatched"] < UNTOUCHED_MIN * sums["untouched"] or sums["wrong"] or sums["unaccounted"]:
        findings.append("wrong, unaccounted or left behind")
    figures = {**sums, "rate_per_h": RATE_PER_H, "seed": FIRST_SEED, "fired": dict(sorted(fired.items())), "findings": findings}
    table = Table("printer faults", "")
    for name, value in figures.items():
        table.add_row(name, str(value))
    console.print(table)
    if seeds * items >= SEEDS * ITEMS:
        keep("printer_faults", figures)
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
