"""The plant behind real wires: PLC servers, printer, scanner, cameras, the operator, and a control socket for the run.

`python -m simulators.shopfloor CONFIG --items …` serves the peers of one line; the runtime connects to them as to real ones.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from line_config.loader import load_line
from line_config.model import FramesCameraSection, LineConfig
from line_config.process_image import load_process_image
from simulators.bodies import Envelope, PhysicalDocument
from simulators.broker import make_broker, running
from simulators.camera import FramesServer
from simulators.central import Central, plain_list
from simulators.documents import render_envelope
from simulators.faults import FaultBook
from simulators.frame_store import FrameStore
from simulators.geometry import Geometry
from simulators.label_printer import LabelPrinter, SerialPort
from simulators.modbus_plc import ModbusPlc
from simulators.operator import HttpPanel, Operator
from simulators.oracle import judge
from simulators.plant import Plant
from simulators.plc_rules import SCAN_MS
from simulators.report import report
from simulators.s7_plc import S7Plc
from simulators.scanner import Scanner
from simulators.scene import Scene

UNREADABLE_SEVERITY = 3
Json = dict[str, Any]


def control_socket(data_dir: Path) -> Path:
    """Where a run asks the shop floor how it is."""
    return data_dir / "shopfloor.sock"


def _render_label(dots: Any, seed: int) -> list[Any]:
    return list(render_envelope(dots, seed=seed))


class Shopfloor:
    """Everything on the other end of a line's wires."""

    def __init__(self, config: LineConfig, scene: Scene, rate_per_h: int) -> None:
        self._config = config
        self._scene = scene
        image = load_process_image()
        book = FaultBook(scene.faults, scene.documents, scene.index_of_number)
        frames = config.id_camera.frames_per_trigger
        self.plant = Plant(image, Geometry(rate_per_h), scene.documents, book, seed=scene.seed, frames_per_trigger=frames)
        self._machine = ModbusPlc(self.plant.machine, image)
        self._sorter = S7Plc(self.plant.sorter, image)
        self._cameras = {"id_camera": FramesServer(boot=1), "label_camera": FramesServer(boot=1)}
        self._scanner = Scanner(Path(config.scanner.device))
        self._printer = LabelPrinter(self.plant.printer, self.now_ms, dialect=config.printer.dialect)
        self.operator = Operator(self.plant, seed=scene.seed, reaction_s=max(0.3, self.plant.geometry.scale))
        self._started_s = 0.0
        self._store: FrameStore | None = None
        self._painter = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=os.nice, initargs=(5,))
        self._painting: dict[asyncio.Task[None], None] = {}
        self.exposures: dict[str, dict[int, Any]] = {"id_camera": {}, "label_camera": {}}
        self.scans_late = 0

    def now_ms(self) -> int:
        """Plant time: ms since the start."""
        return round((asyncio.get_running_loop().time() - self._started_s) * 1000)

    def render(self, progress: Callable[[int, int], None]) -> None:
        """Render the ID camera's frames; blocks, before anything runs."""
        severities = [UNREADABLE_SEVERITY if d.fault == "unreadable" else 0 for d in self._scene.documents]
        self._store = FrameStore(self._scene.population.documents, severities, seed=self._scene.seed)
        self._store.wait(progress)

    async def start(self) -> None:
        """Open all wires."""
        config = self._config
        await self._machine.server.start(config.machine_plc.host, config.machine_plc.port)
        await self._sorter.server.start(config.sorter_plc.host, config.sorter_plc.port)
        for name, section in (("id_camera", config.id_camera), ("label_camera", config.label_camera)):
            if isinstance(section, FramesCameraSection):  # another kind is a real one
                await self._cameras[name].start(section.host, section.port)
        if config.printer.kind == "serial":
            SerialPort(Path(config.printer.device), self._printer).plug_in()
        else:
            await self._printer.start(config.printer.host, config.printer.port)
        self._scanner.plug_in()
        # The painter's first picture loads its fonts and libraries: not while the line runs.
        await asyncio.get_running_loop().run_in_executor(self._painter, _render_label, None, 0)
        self._started_s = asyncio.get_running_loop().time()
        self.plant.on_expose = self._expose
        self.plant.on_scan = self._scanner.emit

    async def run(self) -> None:
        """Scan every 10 ms, for ever."""
        while True:
            now_ms = self.now_ms()
            next_ms = now_ms // SCAN_MS * SCAN_MS + SCAN_MS
            await asyncio.sleep((next_ms - now_ms) / 1000)
            self.scans_late += self.now_ms() - next_ms > SCAN_MS
            self.plant.advance(self.now_ms() // SCAN_MS * SCAN_MS)

    # --- cameras ---
    def _expose(self, camera: str, trigger: int, subject: PhysicalDocument | Envelope) -> None:
        if isinstance(subject, PhysicalDocument):
            self.exposures[camera][trigger] = subject.index
            if self._store is not None:
                self._cameras[camera].fire(trigger, self._store.frames(subject.index))
            return
        self.exposures[camera][trigger] = [[label.code128, label.qr] for label in subject.labels]
        task = asyncio.get_running_loop().create_task(self._paint(camera, trigger, subject))
        self._painting[task] = None
        task.add_done_callback(self._painted)

    async def _paint(self, camera: str, trigger: int, envelope: Envelope) -> None:
        label = envelope.labels[-1] if envelope.labels else None
        dots = None if label is None or label.bitmap is None else np.asarray(label.bitmap.dots())
        seed = self._scene.seed * 1_000_003 + trigger
        frames = await asyncio.get_running_loop().run_in_executor(self._painter, _render_label, dots, seed)
        self._cameras[camera].fire(trigger, frames)

    def _painted(self, task: asyncio.Task[None]) -> None:
        del self._painting[task]
        if not task.cancelled():
            task.result()

    # --- control ---
    async def serve_control(self, path: Path) -> asyncio.Server:
        """One JSON object a line: {"do": "status"} or {"do": "report", "accounts": […]}."""
        path.unlink(missing_ok=True)
        return await asyncio.start_unix_server(self._control, str(path), limit=64 * 1024 * 1024)

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                asked = json.loads(line)
                answer = self.status() if asked["do"] == "status" else self.report(asked["accounts"])
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    def status(self) -> Json:
        """How far the run is."""
        plant = self.plant
        return {
            "fed": plant.fed,
            "items": self._scene.items,
            "idle": plant.idle,
            "on_belt": plant.on_belt,
            "dispatched": sum(len(envelopes) for envelopes in plant.chutes.values()),
        }

    def report(self, accounts: list[Json]) -> Json:
        """The plant's part of the report, and what its cameras were shown."""
        judgement = judge(self.plant, self._scene.ordered(), accounts)
        return {
            **report(self.plant, accounts, judgement, seed=self._scene.seed),
            "operator": dict(sorted(self.operator.acts.items())),
            "refused": dict(sorted(self.operator.refused.items())),
            "wires": {
                "scans_late": self.scans_late,
                "frames_dropped": sum(camera.dropped for camera in self._cameras.values()),
                "frames_rendered_late": self._store.rendered_late if self._store is not None else 0,
                "plc_refusals": {**self.plant.machine.refused, **self.plant.sorter.refused},
            },
            "exposures": self.exposures,
        }

    async def close(self) -> None:
        """Close all wires and end the children."""
        for task in list(self._painting):
            task.cancel()
        await self._machine.server.close()
        await self._sorter.server.close()
        for camera in self._cameras.values():
            await camera.stop()
        await self._printer.close()
        self._scanner.unplug()
        self._painter.shutdown(cancel_futures=True)
        if self._store is not None:
            self._store.close()


async def serve(
    config: LineConfig,
    scene: Scene,
    rate_per_h: int,
    say: Callable[[Json], None],
    *,
    prefer: str = "mosquitto",
    central_of_its_own: bool = False,
) -> None:
    """Serve all peers of a line until SIGTERM or SIGINT; `say` is told {"rendered": …}, then {"ready": true, …}.

    `central_of_its_own`: somebody else is the central system; the orders are laid down for him as a plain list.
    """
    floor = Shopfloor(config, scene, rate_per_h)
    floor.render(lambda done, of: say({"rendered": done, "of": of}))
    data_dir = Path(config.paths.data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    broker = make_broker(config.central.host, config.central.port, data_dir / "broker", prefer=prefer)
    site_key = Path(config.paths.site_key_file).read_bytes()
    async with running(broker):
        central = Central(
            scene.population,
            site_key,
            host=config.central.host,
            port=config.central.port,
            site=config.line.site,
            line=config.line.name,
            protocol=config.central.protocol,
            file=data_dir / "central.jsonl",
        )
        if central_of_its_own:
            (data_dir / "orders.jsonl").write_text(plain_list(scene.population.orders), encoding="utf-8")
        else:
            central.start()
        await floor.start()
        control = await floor.serve_control(control_socket(data_dir))
        panel = HttpPanel(f"http://{config.panel.host}:{config.panel.port}")
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(floor.run(), name="plant"), loop.create_task(floor.operator.run(panel), name="operator")]
        for task in tasks:
            task.add_done_callback(lambda _: ended.set())
        say({"ready": True, "broker": broker.kind, "note": broker.note})
        await ended.wait()
        control.close()
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        say({"central": central.report()})
        if not central_of_its_own:
            central.stop()
        await floor.close()


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="simulators.shopfloor")
    parser.add_argument("config", type=Path)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--rate", type=int, default=2700)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--broker", default="mosquitto")
    parser.add_argument("--central", default="simulated", choices=("simulated", "own"))
    options = parser.parse_args()

    def say(words: Json) -> None:
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()

    scene = Scene(options.seed, options.items, options.faults)
    own = options.central == "own"
    asyncio.run(serve(load_line(options.config), scene, options.rate, say, prefer=options.broker, central_of_its_own=own))


if __name__ == "__main__":
    main()
