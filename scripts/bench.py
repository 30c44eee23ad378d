"""Speed of the parts, medians and p99, each beside a named peer measured in the same run.

`python scripts/bench.py [PART …]`: all parts, and the figures go to docs/figures.json; or only the named ones, which are shown.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench_core import core, start
from bench_line import line
from bench_manifest import manifest
from bench_plc import plc
from figures import keep
from pymodbus.client import AsyncModbusTcpClient
from rich.console import Console
from rich.table import Table

from drivers.modbus_plc import ModbusPlc
from drivers.process_image import EdgeImage, ImageCodec
from edge.labels.compose import compose
from edge.labels.fields import LabelFields
from edge.labels.zpl import zpl
from edge.runtime.ledger import Ledger
from edge.runtime.records import Batch, Entry
from line_config.document_layout import standard_layouts
from line_config.label_layout import load_label_layout
from line_config.process_image import load_process_image
from simulators import modbus_plc as simulator
from simulators.documents import render_document
from simulators.people import make_population
from simulators.virtual.soak import shift
from vision.readers import DocumentReader

DATA = Path(__file__).parents[1] / "line_config"


def timed_ms(call: Callable[[], object], times: int) -> list[float]:
    """Duration of each of `times` calls, in ms."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        took.append((time.perf_counter() - begun) * 1000)
    return took


def row(took_ms: list[float], **peer: Any) -> dict[str, Any]:
    """Median and p99, and what it is compared with."""
    return {
        "p50_ms": round(float(np.median(took_ms)), 3),
        "p99_ms": round(float(np.percentile(took_ms, 99)), 3),
        "n": len(took_ms),
        **peer,
    }


def journal() -> dict[str, Any]:
    """A durable group of 10 records; peer: ten commits of one record each."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        ledger = Ledger(f"{folder}/j.db", b"k" * 32)
        ledger.open(lambda: "bench")
        entry = Entry(1, "Bench", 1, b"x" * 300)
        group = timed_ms(lambda: ledger.write(Batch([entry] * 10)), 200)
        single = timed_ms(lambda: [ledger.write(Batch([entry])) for _ in range(10)], 40)
        ledger.close()
    return row(group, peer="ten commits of one record", peer_p50_ms=round(float(np.median(single)), 3))


async def modbus() -> dict[str, Any]:
    """One cycle of both images over loopback; peer: bare pymodbus, FC3 + FC16 of the same words."""
    image = load_process_image()

    class Idle:
        """A PLC's memory in which nothing happens."""

        def read(self) -> tuple[int, ...]:
            return (image.layout_version, *(0,) * (image.words("plc_to_edge") - 1))

        def write(self, words: Sequence[int]) -> None:
            """Nobody looks at it."""

    unit = Idle()
    server = simulator.ModbusPlc(unit, image)
    port = await server.server.start("127.0.0.1", 0)
    words = list(ImageCodec(image).encode_edge(EdgeImage({"boot_id": 1})))
    ours, bare = ModbusPlc("127.0.0.1", port, 1, image), AsyncModbusTcpClient("127.0.0.1", port=port, retries=0, timeout=1)
    await ours.connect()
    await bare.connect()
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(1000):
        begun = time.perf_counter()
        await ours.exchange(words, None, 0)
        between = time.perf_counter()
        await bare.write_registers(image.modbus.write_register, words, device_id=1)
        await bare.read_holding_registers(image.modbus.read_register, count=image.words("plc_to_edge"), device_id=1)
        took["ours"].append((between - begun) * 1000)
        took["bare"].append((time.perf_counter() - between) * 1000)
    await ours.close()
    bare.close()
    await server.server.close()
    return row(took["ours"], peer="pymodbus 3.16.1, FC16 + FC3", peer_p50_ms=round(float(np.median(took["bare"])), 3))


def label() -> dict[str, Any]:
    """Compose a label and encode it as Z64; peer: the same with the graphic in hex, which is 20 times as long on the wire."""
    layout = load_label_layout(DATA / "labels" / "ems_100x150_203.toml")
    fields = LabelFields(
        "EA473124829CN", "EA473124829CN;7", "测*", "199******00", "广东省广州市样例区测试路***", "440106", "EMS", 2
    )
    return row(
        timed_ms(lambda: zpl(compose(layout, fields), layout.printer), 100),
        bytes=len(zpl(compose(layout, fields), layout.printer)),
    )


def reading() -> dict[str, Any]:
    """One frame of 1.3 megapixels by kind of document, wall time on one core."""
    reader = DocumentReader(standard_layouts())
    reader.warm_up()
    rows: dict[str, Any] = {}
    for document in make_population(7, 30).documents:
        frame = render_document(document, seed=7, severity=0, frames=1)[0]
        rows.setdefault(document.kind, []).extend(timed_ms(lambda frame=frame: reader.read(frame), 3))
    return {kind: row(took) for kind, took in rows.items()}


def virtual() -> dict[str, Any]:
    """The whole runtime in virtual time; peer: the wall clock of the line itself."""
    begun = time.perf_counter()
    result = shift(seed=1, items=900, rate_per_h=2700, faults=0.02)
    took_s = time.perf_counter() - begun
    return {"items_per_s": round(900 / took_s, 1), "peer": "real time", "ratio": round(result["simulated_s"] / took_s, 1)}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "journal": journal,
    "label": label,
    "reading": reading,
    "virtual": virtual,
    "modbus": lambda: asyncio.run(modbus()),
    "plc": plc,
    "core": core,
    "start": start,
    "line": line,
    "manifest": manifest,
}


def main() -> None:
    """Measure, show, and keep what is complete."""
    console = Console(stderr=True)
    wanted = sys.argv[1:] or list(PARTS)
    figures: dict[str, Any] = {}
    for name in wanted:
        with console.status(name):
            figures[name] = PARTS[name]()
    if wanted == list(PARTS):
        keep("bench", figures)
    table = Table("part", "figures", title="bench")
    for name, found in figures.items():
        table.add_row(name, str(found))
    console.print(table)


if __name__ == "__main__":
    main()
