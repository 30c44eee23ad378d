"""The core alone: a recorded shift through controller and auditor, a hash over every command; with few and with many orders.

And the start on that shift's journal: the chain is proved and the events replayed, which takes as long as the journal is long.
"""

import gc
import hashlib
import time
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec

from edge.core.controller import Controller
from edge.core.event import Event
from edge.core.events import ClockRead, ManifestGranted, ManifestSealed
from edge.core.invariants import Auditor
from edge.core.values import Address, LotId, Order, OrderDocument, OrderId, SortPlan
from edge.runtime.replay import event_of, replay
from edge.runtime.snapshot import core_digest
from simulators.scene import Scene, load_routes
from simulators.virtual.loop import run_virtual
from simulators.virtual.soak import SETTINGS
from simulators.virtual.world import World

ITEMS, RATE_PER_H, SEED = 1000, 2700, 1
OPEN_ORDERS, CHUNK = 50_000, 500
ROUNDS = 5
LEFT_S = 3.0
"""of the 5 s from a kill to Held: the rest is the service manager's pause and a start with an empty journal"""
PLAN = SortPlan(version="bench", routes=dict(load_routes()), reject_chute=0)


class Run(NamedTuple):
    """One replay: how long it took a processor, and the hash over its commands."""

    took_s: float
    trace: str


class Recorded(NamedTuple):
    """A shift: its events, and what a start on its journal takes a processor."""

    events: list[Event]
    records: int
    start_s: float


async def _run() -> Recorded:
    world = World(Scene(SEED, ITEMS, 0.02), SETTINGS, PLAN, rate_per_h=RATE_PER_H, doors=True)
    try:
        world.begin()
        while not world.idle:
            await world.hit.wait(1.0)
            world.require_alive()
        await world.kill()
        begun_s, ledger = time.process_time(), world.make_ledger()
        ledger.open(lambda: "bench")
        replay(ledger, core_digest(), SETTINGS, PLAN)
        start_s = time.process_time() - begun_s
        records = list(ledger.records())
        ledger.close()
    finally:
        await world.end()
    return Recorded([event for event in map(event_of, records) if event is not None], len(records), start_s)


@cache
def recorded() -> Recorded:
    """The shift that both parts look at."""
    return run_virtual(_run())


def other_lot(orders: int) -> list[Event]:
    """A manifest of another lot whose documents will not come in this shift, in chunks as they come from central."""
    address = Address(name="测试", phone="13800000000", text="广东省广州市样例区测试路 1 号", county="440106")
    made = [
        Order(
            order_id=OrderId(f"other-{n}"),
            tracking_number=f"OT{n:09}CN",
            documents=(OrderDocument(kind="resident_id", token=f"token {n}", skeleton=f"skeleton {n}"),),
            address=address,
        )
        for n in range(orders)
    ]
    chunks = [tuple(made[at : at + CHUNK]) for at in range(0, orders, CHUNK)]
    lot, count = LotId("OTHER"), len(chunks)
    return [
        *(ManifestGranted(at_us=0, lot=lot, version=1, chunk=n, orders=chunk) for n, chunk in enumerate(chunks)),
        ManifestSealed(at_us=0, lot=lot, version=1, chunks=count, digest=""),
    ]


def replayed(before: Sequence[Event], events: Sequence[Event]) -> Run:
    """Run `before` untimed, then `events` timed."""
    controller = Controller(SETTINGS, PLAN)
    auditor, trace, encode = Auditor(controller), hashlib.blake2b(digest_size=8), msgspec.json.Encoder().encode
    for event in before:
        auditor.check(controller.handle(event))
    gc.collect()
    gc.freeze()
    begun_s = time.process_time()
    for event in events:
        commands = controller.handle(event)
        auditor.check(commands)
        trace.update(encode(commands))
    took_s = time.process_time() - begun_s
    gc.unfreeze()
    return Run(took_s, trace.hexdigest())


def core() -> dict[str, Any]:
    """Items a second with invariants and hash on; peer: the same with 50,000 more orders open, which must cost nothing."""
    events = recorded().events
    # The other lot comes when the clock is known, so that its orders' own clocks run as they would.
    at = next(n for n, event in enumerate(events) if isinstance(event, ClockRead)) + 1
    first, rest = events[:at], events[at:]
    many = other_lot(OPEN_ORDERS)
    few_runs, many_runs = [], []
    for _ in range(ROUNDS):
        few_runs.append(replayed(first, rest))
        many_runs.append(replayed([*first, *many], rest))
    few_s, many_s = min(run.took_s for run in few_runs), min(run.took_s for run in many_runs)
    return {
        "items": ITEMS,
        "events": len(rest),
        "items_per_s": round(ITEMS / few_s),
        "us_per_event": round(few_s / len(rest) * 1e6, 1),
        "peer": f"{OPEN_ORDERS} more open orders",
        "peer_us_per_event": round(many_s / len(rest) * 1e6, 1),
        "ratio": round(many_s / few_s, 2),
        "trace": few_runs[0].trace,
        "seed": SEED,
    }


def start() -> dict[str, Any]:
    """Opening and replaying a journal of 1,000 items; peer: what the goal of 5 s from a kill to Held leaves for it."""
    shift = recorded()
    return {
        "items": ITEMS,
        "records": shift.records,
        "cpu_s": round(shift.start_s, 3),
        "peer": f"{LEFT_S} s, which the goal leaves for it",
        "items_within": int(LEFT_S / shift.start_s * ITEMS),
        "seed": SEED,
    }
