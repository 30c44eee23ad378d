"""The object that a run ends with: a contract, extended later, never renamed."""

import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from simulators.oracle import Judgement
from simulators.plant import Plant

Json = dict[str, Any]
REJECT_PLACES = frozenset({"document_tray", "unsealed_eject", "sealed_reject"})


def percentiles(values_ms: Sequence[int]) -> Json:
    """{p50, p99, max} of some durations; zeros when there are none."""
    ordered = sorted(values_ms) or [0]
    last = len(ordered) - 1
    return {"p50": ordered[round(last * 0.5)], "p99": ordered[round(last * 0.99)], "max": ordered[last]}


def commit() -> str:
    """Short name of the commit that this runs from, "unknown" outside a checkout; "+" = changed since."""
    root = Path(__file__).parents[1]
    try:
        found = subprocess.run(  # noqa: S603 - no outside word in it
            ["/usr/bin/env", "git", "-C", str(root), "describe", "--always", "--dirty=+"],
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()


def product_version() -> str:
    """The installed version."""
    try:
        return version("sealline")
    except PackageNotFoundError:
        return "not installed"


def physical(plant: Plant) -> Json:
    """What the plant itself can say of a run."""
    fed, dispatched = plant.untouched()
    return {
        "items_fed": plant.items_fed,
        "documents_fed": plant.fed,
        "dispatched": sum(len(envelopes) for envelopes in plant.chutes.values()),
        "on_belt": plant.on_belt,
        "late_verdicts": plant.machine.late_verdicts + plant.sorter.late_verdicts,
        "untouched": {"fed": fed, "dispatched": dispatched},
        "verdict_ms": {"insert": percentiles(plant.machine.insert_ms), "divert": percentiles(plant.sorter.divert_ms)},
        "items_per_hour": items_per_hour(plant.ended_ms),
    }


def items_per_hour(ended_ms: Sequence[int]) -> int:
    """Pace at the line's end, from the first thing that left the belts to the last."""
    if len(ended_ms) < 2:
        return 0
    return round((len(ended_ms) - 1) * 3_600_000 / max(1, ended_ms[-1] - ended_ms[0]))


def accounted(accounts: Sequence[Mapping[str, Any]]) -> Json:
    """What the edge says of a run."""
    rejected: dict[str, int] = {}
    for row in accounts:
        if row["place"] in REJECT_PLACES:
            rejected[row["reason"]] = rejected.get(row["reason"], 0) + 1
    return {"rejected": dict(sorted(rejected.items())), "quarantined": sum(bool(row["quarantined"]) for row in accounts)}


def outcomes(plant: Plant, accounts: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Index of a document → "dispatched", or the reason for which it was not, as the edge says."""
    by_key = {row["document"]: row for row in accounts}
    found = {}
    for document in plant.documents:
        # What became of it at its first passage: the faults fire there.
        row = by_key.get([*document.past_keys, document.key][0])
        if row is not None:
            found[document.index] = "dispatched" if row["place"].startswith("chute:") else row["reason"] or row["place"]
    return found


def report(plant: Plant, accounts: Sequence[Mapping[str, Any]], judgement: Judgement, *, seed: int) -> Json:
    """The whole object but for what only a run on real wires knows (cpu_s_per_item, links)."""
    seen = physical(plant)
    return {
        "items_fed": seen["items_fed"],
        "documents_fed": seen["documents_fed"],
        "dispatched": seen["dispatched"],
        **accounted(accounts),
        "on_belt": seen["on_belt"],
        "wrong_dispatches": len(judgement.wrong),
        "unaccounted": len(judgement.unaccounted),
        "findings": [*judgement.wrong, *judgement.unaccounted][:20],
        "late_verdicts": seen["late_verdicts"],
        "untouched": seen["untouched"],
        "verdict_ms": seen["verdict_ms"],
        "items_per_hour": seen["items_per_hour"],
        "faults": plant.faults.report(outcomes(plant, accounts)),
        "seed": seed,
        "rate": plant.geometry.rate_per_h,
        "commit": commit(),
        "version": product_version(),
    }
