"""Speed of the parts, medians and p99, each beside a named peer measured in the same run.

`python scripts/bench.py [PART …]`: all parts, or the named ones; each part's figures go to docs/figures.json with its commit.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench_answer import answer
from bench_cable import cable
from bench_central import central
from bench_core import core, start
from bench_decision import decision
from bench_label import label
from bench_line import line
from bench_manifest import manifest
from bench_plc import plc
from bench_reports import reports
from bench_vision import vision
from figures import keep
from pymodbus.client import AsyncModbusTcpClient
from rich.console import Console
from rich.table import Table
from timed import row, timed_ms

from drivers.modbus_plc import ModbusPlc
from drivers.process_image import EdgeImage, ImageCodec
from edge.runtime.ledger import Ledger
from edge.runtime.records import Batch, Entry
from line_config.document_layout import standard_layouts
from line_config.process_image import load_process_image
from simulators import modbus_plc as simulator
from simulators.documents import render_document
from simulators.people import make_population
from simulators.virtual.soak import shift
from vision.readers import DocumentReader

DATA = Path(__file__).parents[1] / "line_config"


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
    "vision": vision,
    "virtual": virtual,
    "modbus": lambda: asyncio.run(modbus()),
    "plc": plc,
    "answer": answer,
    "cable": cable,
    "core": core,
    "start": start,
    "line": line,
    "decision": decision,
    "reports": reports,
    "manifest": manifest,
    "central": central,
}


def lines(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Figures as rows of a table: what they are of, and the figures; a run of several combinations has a row for each."""
    runs = figures.get("runs")
    if isinstance(runs, list):
        rest = {name: value for name, value in figures.items() if name != "runs"}
        return [("", _said(rest)), *((_said(_plain(run)), _said(_nested(run))) for run in runs)]
    if any(isinstance(value, dict) for value in figures.values()):
        return [("", _said(_plain(figures))), *((name, _said(value)) for name, value in _nested(figures).items())]
    return [("", _said(figures))]


def _plain(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if not isinstance(value, dict)}


def _nested(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if isinstance(value, dict)}


def _said(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    inner = (f"{name} ({_said(one)})" if isinstance(one, dict) else f"{name} {one}" for name, one in value.items())
    return ", ".join(inner)


def main() -> None:
    """Measure, show and keep."""
    console = Console(stderr=True)
    table = Table("part", "of", "figures", title="bench")
    for name in sys.argv[1:] or list(PARTS):
        with console.status(name):
            figures = PARTS[name]()
        keep("bench", figures, part=name)
        for n, (of, said) in enumerate(lines(figures)):
            table.add_row("" if n else name, of, said)
    console.print(table)


if __name__ == "__main__":
    main()
