"""A manifest of 50,000 orders from its first message to the acknowledgement of its last, through link, pump, core and journal.

The broker's side is a queue in memory, so that only the line is measured; the journal is a file on this disk.
"""

import asyncio
import gc
import hashlib
import json
import os
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from bench_core import PLAN

from drivers.ports import Delivery, Question
from edge.core.controller import Controller
from edge.core.invariants import Auditor
from edge.core.values import Order
from edge.runtime.central_link import CentralLink, topic_root
from edge.runtime.clock import Clock
from edge.runtime.journal import ThreadStore
from edge.runtime.ledger import Ledger
from edge.runtime.line_now import LineNow
from edge.runtime.pump import Pump
from edge.runtime.spawn import Crew
from simulators.manifests import make_manifest
from simulators.virtual.soak import SETTINGS

ORDERS, URGENT_EVERY = 50_000, 20
ROOT = topic_root("bench", "line-1")
LOOK_S = 0.001
LIMIT_S = 60.0
ROUNDS = 3


class Wire:
    """A broker that delivers what it was given, and notes when the last of it was acknowledged."""

    def __init__(self, messages: list[bytes]) -> None:
        self._messages = deque(enumerate(messages, 1))
        self._left = len(messages)
        self.done = asyncio.Event()
        self._end = asyncio.Event()

    async def connect(self) -> None:
        """At once."""

    async def subscribe(self, topic: str, qos: int) -> None:
        """Always granted."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, question: Question | None = None) -> None:
        """Nobody listens."""

    async def receive(self) -> Delivery:
        """The next message; none after the last."""
        await asyncio.sleep(0)
        if not self._messages:
            await self._end.wait()
        mid, payload = self._messages.popleft()
        return Delivery(ROOT + "manifest", payload, 1, mid, 1)

    def ack(self, delivery: Delivery) -> None:  # noqa: ARG002 - which one does not matter here
        """One message is the line's own now."""
        self._left -= 1
        if not self._left:
            self.done.set()

    def heard_s(self) -> float:
        """Now."""
        return asyncio.get_running_loop().time()

    async def close(self) -> None:
        """At once."""


def _order(n: int) -> dict[str, Any]:
    number = f"{n % 100_000_000:08d}"
    check = 11 - sum(weight * int(digit) for weight, digit in zip((8, 6, 4, 2, 3, 5, 9, 7), number, strict=True)) % 11
    return {
        "order_id": f"O{n:06d}",
        "documents": [
            {
                "kind": "resident_id",
                "token": hashlib.blake2b(b"t%d" % n, digest_size=16).hexdigest(),
                "skeleton": hashlib.blake2b(b"s%d" % n, digest_size=16).hexdigest(),
            }
        ],
        "address": {"county": "440106", "text": "广东省广州市样例区测试路 1 号***", "name": "测*", "phone": "199******00"},
        "tracking_number": f"E{'ABCDEFGHIJ'[n // 100_000_000]}{number}{ {10: 0, 11: 5}.get(check, check) }CN",
        "product": "EMS",
        "client_unit": "DEMO-01",
        "fee_code": "F1",
        "priority": int(n % URGENT_EVERY == 0),
    }


async def _late(late_ms: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + LOOK_S
        await asyncio.sleep(LOOK_S)
        late_ms.append((loop.time() - due_s) * 1000)


async def _run(messages: list[bytes], folder: Path) -> dict[str, float]:
    ledger = Ledger(str(folder / "journal.db"), b"k" * 32)
    ledger.open(lambda: "bench")
    store, clock, crew, wire, late_ms = ThreadStore(ledger), Clock(), Crew(), Wire(messages), list[float]()
    controller = Controller(SETTINGS, PLAN)
    pump = Pump(controller, Auditor(controller), store, lambda _: None, clock, stall_ms=250)
    link = CentralLink(pump.offer, wire, store, clock, crew, root=ROOT, sort_plan=PLAN, line_now=lambda: LineNow(""))
    gc.collect()
    gc.freeze()
    crew.spawn(_late(late_ms), "lateness")
    crew.spawn(pump.run(), "pump")
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    crew.spawn(link.run(), "central")
    async with asyncio.timeout(LIMIT_S):
        await wire.done.wait()
    took_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
    waiting = controller.floor.pool.waiting
    await crew.stop()
    store.close()
    gc.unfreeze()
    if waiting != ORDERS:
        raise RuntimeError(f"{waiting} orders wait, not {ORDERS}")
    return {"durable_s": took_s, "cpu_s": cpu_s, "late_max_ms": max(late_ms), "late_p99_ms": float(np.percentile(late_ms, 99))}


def _plainly(messages: list[bytes]) -> float:
    """How long the same orders take to be decoded and put into plain dicts in one go, in ms."""
    decode = msgspec.json.Decoder(Mapping[str, Any]).decode
    begun_s = time.perf_counter()
    orders = [order for message in messages for order in msgspec.convert(decode(message)["orders"], list[Order])]
    by_id = {order.order_id: order for order in orders}
    by_token = {(document.kind, document.token): order for order in orders for document in order.documents}
    by_skeleton: dict[tuple[str, str], list[Order]] = {}
    for order in orders:
        for document in order.documents:
            by_skeleton.setdefault((document.kind, document.skeleton), []).append(order)
    took_ms = (time.perf_counter() - begun_s) * 1000
    if not len(by_id) == len(by_token) == len(by_skeleton) == ORDERS:
        raise RuntimeError("the orders are not all different")
    return took_ms


def manifest() -> dict[str, Any]:
    """Time until 50,000 orders are durable and how late the loop was; peer: decoded and put into plain dicts in one go."""
    messages = make_manifest([_order(n) for n in range(ORDERS)], "BENCH", 1)
    runs = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir=".") as folder:
            runs.append(asyncio.run(_run(messages, Path(folder))))
    median = {name: round(float(np.median([run[name] for run in runs])), 3) for name in runs[0]}
    return {
        "orders": ORDERS,
        "nice": os.nice(0),
        "chunks": len(messages),
        "bytes": sum(map(len, messages)),
        **median,
        "late_max_ms_of_all_rounds": round(max(run["late_max_ms"] for run in runs), 3),
        "peer": "decoded and put into plain dicts in one go, nothing durable",
        "peer_hold_ms": round(min(_plainly(messages) for _ in range(ROUNDS)), 1),
    }


if __name__ == "__main__":
    print(json.dumps(manifest(), indent=1))
