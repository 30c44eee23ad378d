"""Labels: CPU time to compose one, its size on the wire, and the way from the fields to the printer's answer over TCP.

The peer of each layout is the same graphic in hex, which a clone that cannot unpack needs; of the way, the helper alone.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from drivers.label_printer import tcp_printer
from edge.labels.fields import LabelFields
from edge.runtime.helper import Helper, LabelJob
from edge.runtime.helper_main import label as job
from simulators.bodies import PhysicalLabel
from simulators.label_printer import LabelPrinter

LAYOUTS = Path(__file__).parents[1] / "line_config" / "labels"
TIMES, TRIPS = 100, 60
FIELDS = LabelFields(
    tracking_number="EA473124829CN",
    payload_qr="EA473124829CN;1234567",
    name="测**",
    phone="199******01",
    address="广东省广州市越秀区样例路8号测试大厦12栋*单元***室（近样例地铁站C出口，请放前台）",
    county="440104",
    product="EMS 政务专递",
    chute=12,
    sender_unit="广州市公安局样例分局出入境管理大队",
    sender_address="广东省广州市越秀区样例中路100号",
)


class Body:
    """Mechanics that print at once and never wait to be emptied."""

    media, head_open, busy, label_waiting = True, False, False, False

    def begin_print(self, label: PhysicalLabel, now_ms: int) -> bool:
        """Done."""
        del label, now_ms
        return True


def _cpu_ms(call: Callable[[], object], times: int) -> float:
    """Median CPU time of a call, as the helper process spends it."""
    took = []
    for _ in range(times):
        begun = time.process_time()
        call()
        took.append((time.process_time() - begun) * 1000)
    return round(float(np.median(took)), 2)


def _layout(path: Path) -> dict[str, Any]:
    body = msgspec.msgpack.encode(LabelJob(str(path), FIELDS))
    return {"cpu_p50_ms": _cpu_ms(lambda: job(body), TIMES), "z64_bytes": len(job(body)), "n": TIMES}


async def _trips(path: Path) -> dict[str, Any]:
    """Fields → helper process → TCP → virtual printer, which burns and reads it → its status."""
    helper, printer = Helper(), LabelPrinter(Body(), lambda: 0)
    await helper.prepare(path)
    port = await printer.start("127.0.0.1", 0)
    driver = tcp_printer("zpl", "127.0.0.1", port, port, 1000, more=True)
    built, whole = [], []
    for n in range(TRIPS):
        fields = msgspec.structs.replace(FIELDS, payload_qr=f"{FIELDS.tracking_number};{1000000 + n}")
        begun = time.perf_counter()
        fmt = await helper.label(path, fields)
        built.append((time.perf_counter() - begun) * 1000)
        await driver.send(fmt)
        while printer.formats_received <= n:  # noqa: ASYNC110 - the printer rings no bell
            await asyncio.sleep(0)
        state = await driver.status()
        whole.append((time.perf_counter() - begun) * 1000)
        if state != "ready":
            raise RuntimeError(f"the virtual printer is {state}")
    for part in (driver, printer, helper):
        await part.close()
    return {
        "p50_ms": round(float(np.median(whole)), 2),
        "p99_ms": round(float(np.percentile(whole, 99)), 2),
        "helper_p50_ms": round(float(np.median(built)), 2),
        "n": TRIPS,
    }


def label() -> dict[str, Any]:
    """All shipped layouts, and the way of the first."""
    paths = sorted(LAYOUTS.glob("ems_*.toml"))
    rows = {path.stem: _layout(path) for path in paths}
    return {"layouts": rows, "build_send_status": asyncio.run(_trips(paths[0]))}
