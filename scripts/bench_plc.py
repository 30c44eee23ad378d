"""The PLC's cycle over Modbus/TCP beside a client of libmodbus in C, at the same servers and under the same load.

A cycle is one FC23 of both images: our driver in asyncio (all PLCs in one loop, as in the runtime) against one C process for
each PLC. `python scripts/bench_plc.py SECONDS`: a short run that is only shown.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from timed import FIFO_PRIORITY

from drivers.modbus_plc import ModbusPlc
from drivers.process_image import EdgeImage, ImageCodec
from line_config.process_image import load_process_image

PEERS = Path(__file__).parents[1] / "tests" / "wire" / "peers"
IMAGE = load_process_image()
RUN_S = 20.0
BUSY = 2
NICE = 10
POLLS_MS, PLCS, LOADS, POLICIES = (10, 20), (1, 3), (False, True), ("other", "fifo")


def _compile(folder: str, name: str) -> str:
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libmodbus"], check=True, capture_output=True, text=True)  # noqa: S607
    binary = f"{folder}/{name}"
    subprocess.run(["gcc", "-O2", "-o", binary, f"{PEERS}/{name}.c", *flags.stdout.split()], check=True)  # noqa: S607
    return binary


@contextmanager
def _server(binary: str, *, real_time: bool) -> Iterator[int]:
    """One C server; yields its port. It stands for a PLC, which our load does not touch: in real time where permitted."""
    process = subprocess.Popen([binary, f"{IMAGE.modbus.read_register}=1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if real_time:
        _real_time(process)
    try:
        yield int(process.stdout.readline())  # type: ignore[union-attr]
    finally:
        process.communicate()


@contextmanager
def _busy() -> Iterator[None]:
    """Two processes that do nothing but count, niced like the vision workers."""
    command = [sys.executable, "-c", f"import os\nos.nice({NICE})\nwhile True: pass"]
    counting = [subprocess.Popen(command) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in counting:
            process.kill()
            process.wait()


def _real_time(process: subprocess.Popen[Any]) -> None:
    os.sched_setscheduler(process.pid, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))


def _fifo_permitted() -> bool:
    probe = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True)
    try:
        _real_time(probe)
    except PermissionError:
        return False
    finally:
        probe.communicate("\n")
    return True


def _measure(commands: list[list[str]], policy: str) -> dict[str, float]:
    """Run the clients beside each other; cycle times and lateness in µs, and CPU of the clients for each cycle of one PLC."""
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    if policy == "fifo":
        for process in running:
            _real_time(process)
    lines = [line for process in running for line in process.communicate()[0].split("\n") if line]
    if any(process.returncode for process in running):
        raise RuntimeError(f"a client failed: {commands[0][0]}")
    cpu_ns = sum(int(line.split()[1]) for line in lines if line.startswith("cpu"))
    took_us = np.array([int(line) for line in lines if line.isdigit()]) / 1000
    late_us = [int(line.split()[1]) / 1000 for line in lines if line.startswith("late")]
    p50, p99, p999 = (round(float(value), 1) for value in np.percentile(took_us, (50, 99, 99.9)))
    return {
        "p50_us": p50, "p99_us": p99, "p999_us": p999, "max_us": round(float(took_us.max()), 1),
        "cpu_us_per_cycle": round(cpu_ns / 1000 / len(took_us), 1), "cycles": len(took_us),
        **({"late_p99_us": round(float(np.percentile(late_us, 99)), 1)} if late_us else {}),
    }  # fmt: skip


def plc(run_s: float = RUN_S) -> dict[str, Any]:
    """Every combination of poll, number of PLCs, load and scheduling policy; ours and the peer one after the other."""
    rows: list[dict[str, Any]] = []
    policies = POLICIES if _fifo_permitted() else POLICIES[:1]
    with tempfile.TemporaryDirectory() as folder:
        server, client = _compile(folder, "modbus_server"), _compile(folder, "modbus_client")
        for poll_ms, plcs, load, policy in product(POLLS_MS, PLCS, LOADS, policies):
            cycles = str(max(10, int(run_s * 1000 / poll_ms)))
            with ExitStack() as stack:
                ports = [str(stack.enter_context(_server(server, real_time=len(policies) > 1))) for _ in range(plcs)]
                if load:
                    stack.enter_context(_busy())
                ours = _measure([[sys.executable, __file__, "client", str(poll_ms), cycles, *ports]], policy)
                at = IMAGE.modbus
                blocks = (at.read_register, IMAGE.words("plc_to_edge"), at.write_register, IMAGE.words("edge_to_plc"))
                peer = _measure(
                    [[client, port, *map(str, blocks), str(1000 * poll_ms), cycles] for port in ports], policy
                )  # fmt: skip
            rows.append({"poll_ms": poll_ms, "plcs": plcs, "busy": load, "policy": policy, "ours": ours, "libmodbus_c": peer})
    return {"peer": "libmodbus 3.1.6 in C, FC23 of the same words", "runs": rows, "fifo": len(policies) > 1}


# --- our client, in a process of its own ---
async def _cycles(port: int, poll_s: float, cycles: int, took_ns: list[int], late_ns: list[int]) -> None:
    driver, codec = ModbusPlc("127.0.0.1", port, 1, IMAGE), ImageCodec(IMAGE)
    await driver.connect()
    due = time.perf_counter()
    for n in range(cycles):
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        words = codec.encode_edge(EdgeImage({"heartbeat": n % 65536, "boot_id": 1}))
        begun = time.perf_counter_ns()
        late_ns.append(begun - round(due * 1e9))
        await driver.exchange(words, None, 0)
        took_ns.append(time.perf_counter_ns() - begun)
        due += poll_s
    await driver.close()


async def _client(poll_ms: int, cycles: int, ports: list[int]) -> None:
    took_ns: list[int] = []
    late_ns: list[int] = []
    cpu_ns = time.process_time_ns()
    running = [asyncio.ensure_future(_cycles(port, poll_ms / 1000, cycles, took_ns, late_ns)) for port in ports]
    for task in running:
        await task
    cpu_ns = time.process_time_ns() - cpu_ns
    print(*took_ns, f"cpu {cpu_ns}", *(f"late {late}" for late in late_ns), sep="\n")


if __name__ == "__main__":
    if sys.argv[1] == "client":
        asyncio.run(_client(int(sys.argv[2]), int(sys.argv[3]), [int(port) for port in sys.argv[4:]]))
    else:
        print(json.dumps(plc(float(sys.argv[1])), indent=1))
