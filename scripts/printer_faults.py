"""A line at 10,800 items/h whose printers and applicator fail in every way that they know; exit 1 when anything is wrong.

`python scripts/printer_faults.py [one|alternating|standby] [SEEDS] [ITEMS]`: 4 seeds of 5,000 items at one head, at two that
alternate, or at two of which one stands by; a smaller run is only shown. Faults strike either head. No print id may be sent
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
    "applicator_fault": 6.0,
}
# Heads → what `shift` and the figures are told.
HEADS: dict[str, tuple[dict[str, Any], str]] = {
    "one": ({}, "printer_faults"),
    "alternating": ({"heads": 2}, "printer_faults_two_heads"),
    "standby": ({"heads": 2, "standby": True}, "printer_faults_standby"),
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


def run(seed: int, items: int, heads: dict[str, Any]) -> dict[str, Any]:
    """One seed."""
    prints = Prints()
    result = shift(
        seed=seed, items=items, rate_per_h=RATE_PER_H, faults=STRIKES, disturbances=PER_H, trace=prints.record, **heads
    )
    fault = {code: result["conditions"].get(code, 0) for code in ("HEAD_OUT", "HEAD_STANDBY", "HEAD_TEST", "ROLL_TEST")}
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
        **{code.lower(): times for code, times in fault.items() if heads or times},
        "wrong_labels_twice": result["conditions"].get("LABEL_MISMATCH_TWICE", 0),
        "fired": Counter(fired) + Counter({name: result["disturbances"][name] for name in PER_H}),
        "findings": [f"seed {seed}: {text}" for text in (*result["findings"], *prints.findings())],
    }


def main() -> int:
    """Run all seeds and sum them up."""
    asked = sys.argv[1:]
    name = asked.pop(0) if asked and asked[0] in HEADS else "one"
    seeds, items = (int(asked[n]) if len(asked) > n else usual for n, usual in enumerate((SEEDS, ITEMS)))
    heads, kept_as = HEADS[name]
    console, sums, fired, findings = Console(stderr=True), Counter(), Counter(), []
    for seed in track(range(FIRST_SEED, FIRST_SEED + seeds), "printer faults", console=console):
        row = run(seed, items, heads)
        fired += row.pop("fired")
        findings += row.pop("findings")
        sums.update(row)
    findings += [f"{kind} never happened" for kind in (*STRIKES, *PER_H) if not fired[kind]]
    if sums["untouched_dispatched"] < UNTOUCHED_MIN * sums["untouched"] or sums["wrong"] or sums["unaccounted"]:
        findings.append("wrong, unaccounted or left behind")
    figures = {**sums, "rate_per_h": RATE_PER_H, "seed": FIRST_SEED, "fired": dict(sorted(fired.items())), "findings": findings}
    table = Table(f"printer faults, heads: {name}", "")
    for figure, value in figures.items():
        table.add_row(figure, str(value))
    console.print(table)
    if seeds * items >= SEEDS * ITEMS:
        keep(kept_as, figures)
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
