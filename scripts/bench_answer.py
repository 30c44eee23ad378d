"""From a PLC's request to its answer, over both protocols: the PLC scans every 10 ms in a process of its own, on loopback.

The edge is the real link, driver, pump and journal (a file, synchronous=FULL); the verdict is ready, as it is where the core
only has to look it up. What is measured is what the PLC's program sees: from the scan in which it asks to the scan in which it
has taken the answer. `python scripts/bench_answer.py REQUESTS`: a run that is only shown.
"""

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from timed import as_the_service

from drivers.modbus_plc import ModbusPlc
from drivers.process_image import ImageCodec
from drivers.s7_plc import S7Plc
from edge.core.commands import Command, InsertClose
from edge.core.controller import Controller
from edge.core.event import Event
from edge.core.events import DocumentFed
from edge.core.invariants import Auditor
from edge.core.values import Plc, SortPlan
from edge.runtime.clock import Clock
from edge.runtime.dispatch import Dispatch
from edge.runtime.journal import ThreadStore
from edge.runtime.ledger import Ledger
from edge.runtime.plc_link import PlcLink
from edge.runtime.pump import Pump
from edge.runtime.spawn import Crew
from line_config.process_image import load_process_image
from simulators import modbus_plc as modbus_simulator
from simulators import s7_plc as s7_simulator
from simulators.geometry import Geometry
from simulators.machine_program import MachineProgram
from simulators.plc_rules import SCAN_MS
from simulators.virtual.soak import SETTINGS

REQUESTS = 1000
PAUSE_S = (0.01, 0.05)
"""from an answer to the next request: requests come at any phase of the link's poll"""
KINDS, POLLS_MS = ("modbus", "s7"), (10, 15)
IMAGE = load_process_image()
SERVERS = {"modbus": modbus_simulator.ModbusPlc, "s7": s7_simulator.S7Plc}


# --- the PLC, in its own process ---
async def _plc(kind: str, requests: int) -> None:
    """Say the port, ask so many times, say how long each answer took (ms)."""
    program = MachineProgram(IMAGE, Geometry(2700), frames_per_trigger=2)
    server = SERVERS[kind](program, IMAGE)
    print(await server.server.start("127.0.0.1", 0), flush=True)
    rng, took_ms = random.Random(1), []
    begun_s = due_s = time.perf_counter()
    asked_s, ask_at_s, travel_um = 0.0, begun_s + 1.0, 0
    while len(took_ms) < requests:
        due_s += SCAN_MS / 1000
        await asyncio.sleep(due_s - time.perf_counter())
        program.scan(round((time.perf_counter() - begun_s) * 1000))
        now_s = time.perf_counter()
        if asked_s and len(program.insert_ms) > len(took_ms):
            took_ms.append(round((now_s - asked_s) * 1000, 2))
            asked_s, ask_at_s = 0.0, now_s + rng.uniform(*PAUSE_S)
        if not asked_s and now_s >= ask_at_s and program.edge_boot:
            travel_um += 400_000
            program.at_id_camera(travel_um)
            asked_s = now_s
    print(json.dumps(took_ms), flush=True)
    await server.server.close()


# --- the edge ---
class Ready(Controller):
    """A core whose verdict is ready."""

    def handle(self, event: Event) -> tuple[Command, ...]:
        """Close the envelope over whatever comes."""
        return (InsertClose(document=event.document),) if isinstance(event, DocumentFed) else ()


class Unwatched(Auditor):
    """The promises are about documents that exist."""

    def check(self, commands: tuple[Command, ...]) -> None:
        """Nothing to look at."""


async def _edge(kind: str, poll_ms: int, requests: int, folder: str) -> list[float]:
    argv = [sys.executable, __file__, "plc", kind, str(requests)]
    plc = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE, limit=1 << 22)
    if plc.stdout is None:
        raise RuntimeError("the PLC says nothing")
    port = int(await plc.stdout.readline())
    driver = ModbusPlc("127.0.0.1", port, 1, IMAGE) if kind == "modbus" else S7Plc("127.0.0.1", port, 0, 1, IMAGE)
    ledger = Ledger(f"{folder}/{kind}-{poll_ms}.db", b"k" * 32)
    ledger.open(lambda: "bench")
    store, clock, crew, dispatch = ThreadStore(ledger), Clock(), Crew(), Dispatch()
    core = Ready(SETTINGS, SortPlan(version="v", routes={}, reject_chute=0))
    pump = Pump(core, Unwatched(core), store, dispatch.act, clock, stall_ms=250)
    link = PlcLink(
        Plc.MACHINE,
        driver,
        ImageCodec(IMAGE),
        offer=pump.offer,
        lease=pump,
        clock=clock,
        poll_ms=poll_ms,
        edge_boot=1,
        cursor=None,
    )
    dispatch.register(link)
    crew.spawn(pump.run(), "pump")
    crew.spawn(link.run(), "link")
    took_ms: list[float] = json.loads(await plc.stdout.readline())
    await crew.stop()
    await plc.wait()
    store.close()
    return took_ms


def answer(requests: int = REQUESTS) -> dict[str, Any]:
    """Each protocol at two polls; peer: the promise."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=Path()) as folder, as_the_service() as policy:
        for kind, poll_ms in product(KINDS, POLLS_MS):
            took_ms = asyncio.run(_edge(kind, poll_ms, requests, folder))
            p50, p99 = (round(float(value), 1) for value in np.percentile(took_ms, (50, 99)))
            rows.append(
                {"wire": kind, "poll_ms": poll_ms, "p50_ms": p50, "p99_ms": p99, "max_ms": max(took_ms), "n": len(took_ms)}
            )
    return {"peer": "promised: p99 60 ms at a 10 ms scan", "scan_ms": SCAN_MS, "policy": policy, "runs": rows}


if __name__ == "__main__":
    if sys.argv[1] == "plc":
        asyncio.run(_plc(sys.argv[2], int(sys.argv[3])))
    else:
        print(json.dumps(answer(int(sys.argv[1])), indent=1))
