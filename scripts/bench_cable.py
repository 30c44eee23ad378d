"""The cable to the PLCs pulled at 10,800 items/h in virtual time: how soon it is named, and how soon the line is back."""

import time
from typing import Any

from edge.core.values import Plc
from simulators.virtual.cable import ITEMS, RATE_PER_H, pull

CABLES_S = (1.0, 9.0, 60.0, 3600.0)
AT = {"both": tuple(Plc), "machine": (Plc.MACHINE,), "sorter": (Plc.SORTER,)}


def cable() -> dict[str, Any]:
    """Every length at both PLCs and at each; peer: the promises (named within 1 s, back within 5 s)."""
    rows: list[dict[str, Any]] = []
    for cable_s in CABLES_S:
        for name, plcs in AT.items():
            begun_s = time.perf_counter()
            pulled = pull(cable_s, plcs=plcs)
            wall_s = round(time.perf_counter() - begun_s, 2)
            faults = {"wrong": len(pulled.wrong), "unaccounted": len(pulled.unaccounted)}
            rows.append({**pulled._asdict(), **faults, "at": name, "wall_s": wall_s})
    return {"items": ITEMS, "rate_per_h": RATE_PER_H, "peer": "promised: named 1 s, back 5 s", "runs": rows}
