"""The whole runtime at ten times the nominal pace, in real time, with a real journal.

The plant, the peers and the operator are those of the virtual world and live in the same process; its ports are virtual, so no
wire is measured. What is real: time (a loop of the operating system's, no jumps), the journal (the file ledger with
synchronous=FULL behind its writer thread, fsync by fsync on this disk), and therefore every answer that comes too late. The
plant is scaled as simulators/geometry.py says. See docs/decisions/0009-real-time-for-the-pace.md.
"""

import asyncio
import gc
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from edge.core.values import SortPlan
from edge.runtime.journal import ThreadStore
from edge.runtime.lag import LoopLag
from edge.runtime.ledger import Ledger
from edge.runtime.records import Batch
from simulators.report import report
from simulators.scene import Scene, load_routes
from simulators.virtual.books import JOURNAL_KEY
from simulators.virtual.soak import SETTINGS
from simulators.virtual.world import World

ITEMS, RATE_PER_H, NOMINAL_PER_H, SEED = 300, 27_000, 2_700, 1
LOOK_S = 0.2
LIMIT_S = 180.0


class FromZero(asyncio.SelectorEventLoop):
    """The usual loop, whose time begins at 0 s as the plant's does."""

    def __init__(self) -> None:
        self._zero_s = time.monotonic()
        super().__init__()

    def time(self) -> float:
        """Real seconds since the beginning."""
        return super().time() - self._zero_s


class TimedStore(ThreadStore):
    """The writer thread, and how long the pump waited for each commit."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.took_ms: list[float] = []

    async def commit(self, batch: Batch) -> None:
        """Durable when it returns."""
        begun_s = time.perf_counter()
        await super().commit(batch)
        self.took_ms.append((time.perf_counter() - begun_s) * 1000)


class DiskWorld(World):
    """The world with its journal in a file."""

    def __init__(self, path: Path, scene: Scene, *, rate_per_h: int) -> None:
        plan = SortPlan(version="bench", routes=dict(load_routes()), reject_chute=0)
        super().__init__(scene, SETTINGS, plan, rate_per_h=rate_per_h)
        self._path = path
        self.store: TimedStore

    def make_ledger(self) -> Ledger:
        """The journal's SQL, in a file."""
        return Ledger(str(self._path), JOURNAL_KEY)

    def make_store(self, ledger: Ledger) -> ThreadStore:
        """The one writer thread."""
        self.store = TimedStore(ledger)
        return self.store


async def _run(folder: Path) -> dict[str, Any]:
    world, lag = DiskWorld(folder / "journal.db", Scene(SEED, ITEMS, 0.0, families=0.0), rate_per_h=RATE_PER_H), LoopLag()
    gc.collect()
    gc.freeze()
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    try:
        world.begin(lag.run())
        async with asyncio.timeout(LIMIT_S):
            while not (world.idle and world.told):
                await world.hit.wait(LOOK_S)
                world.require_alive()
        wall_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
        result = report(world.plant, world.accounts(), world.judge(), seed=SEED)
        records = world.books.events()
    finally:
        await world.end()
        gc.unfreeze()
    took_ms = world.store.took_ms
    return {
        "items": ITEMS,
        "rate_per_h": RATE_PER_H,
        **{name: result[name] for name in ("dispatched", "late_verdicts", "wrong_dispatches", "unaccounted", "verdict_ms")},
        "default_rejects": world.plant.machine.default_rejects + world.plant.sorter.default_rejects,
        "commit_p50_ms": round(float(np.median(took_ms)), 2),
        "commit_p99_ms": round(float(np.percentile(took_ms, 99)), 2),
        "commit_max_ms": round(max(took_ms), 2),
        "commits": len(took_ms),
        "records_per_commit": round(records / len(took_ms), 1),
        "loop_lag_ms": lag.figures(),
        "wall_s": round(wall_s, 1),
        "items_per_s": round(result["items_per_hour"] / 3600, 2),
        "cpu_share": round(cpu_s / wall_s, 2),
        "peer": f"nominal pace, {NOMINAL_PER_H} items/h",
        "ratio": round(result["items_per_hour"] / NOMINAL_PER_H, 1),
        "seed": SEED,
    }


def line() -> dict[str, Any]:
    """Feed at 27,000 items/h: how many answers came late, and how long commits took; peer: the nominal pace."""
    with tempfile.TemporaryDirectory(dir=".") as folder, asyncio.Runner(loop_factory=FromZero) as runner:
        return runner.run(_run(Path(folder)))
