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
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from line_config.loader import load_line
from line_config.model import FramesCameraSection, LineConfig
from line_config.process_image import load_process_image
from simulators.bodies import Envelope, PhysicalDocument
from simulators.broker import Broker, make_broker, running
from simulators.camera import FramesServer
from simulators.central import Wire, one_line
from simulators.documents import render_envelope
from simulators.faults import FaultBook
from simulators.frame_store import FrameStore
from simulators.geometry import Geometry
from simulators.label_printer import LabelPrinter, SerialPort
from simulators.manifests import plain_list
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

    def __init__(
        self, config: LineConfig, scene: Scene, rate_per_h: int, documents: Sequence[PhysicalDocument] | None = None
    ) -> None:
        """`documents`: those in the feeder of this line, by default all of the scene."""
        self._config = config
        self._scene = scene
        documents = scene.documents if documents is None else documents
        image = load_process_image()
        book = FaultBook(scene.faults, scene.documents, scene.index_of_number)
        frames = config.id_camera.frames_per_trigger
        sections = [section for section in (config.printer, config.printer_2) if section is not None]
        self.plant = Plant(
            image, Geometry(rate_per_h), documents, book, seed=scene.seed, frames_per_trigger=frames, heads=len(sections)
        )
        self._machine = ModbusPlc(self.plant.machine, image)
        self._sorter = S7Plc(self.plant.sorter, image)
        self._cameras = {"id_camera": FramesServer(boot=1), "label_camera": FramesServer(boot=1)}
        self._scanner = Scanner(Path(config.scanner.device))
        self._printers = [
            (section, LabelPrinter(body, self.now_ms, dialect=section.dialect))
            for section, body in zip(sections, self.plant.printers, strict=True)
        ]
        self.operator = Operator(self.plant, seed=scene.seed, reaction_s=max(0.3, self.plant.geometry.scale))
        self._answers: dict[str, Callable[[Json], Json]] = {
            "status": lambda _: self.status(),
            "report": lambda asked: self.report(asked["accounts"]),
            "holdings": lambda _: self.holdings(),
            "take": lambda _: {"documents": [document.index for document in self.plant.take_from_feeder()]},
            "bring": lambda _: self.status(),
        }
        self._started_s = 0.0
        self._frames: dict[int, tuple[FrameStore, int]] = {}
        """index of a document → where its pictures are"""
        self._painter = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=os.nice, initargs=(5,))
        self._painting: dict[asyncio.Task[None], None] = {}
        self.exposures: dict[str, dict[int, Any]] = {"id_camera": {}, "label_camera": {}}
        self.scans_late = 0

    def now_ms(self) -> int:
        """Plant time: ms since the start."""
        return round((asyncio.get_running_loop().time() - self._started_s) * 1000)

    def render(self, documents: Sequence[PhysicalDocument], progress: Callable[[int, int], None]) -> None:
        """Render what the ID camera will see of these documents; blocks."""
        people = [self._scene.population.documents[document.index] for document in documents]
        severities = [UNREADABLE_SEVERITY if document.fault == "unreadable" else 0 for document in documents]
        store = FrameStore(people, severities, seed=self._scene.seed)
        store.wait(progress)
        self._frames |= {document.index: (store, at) for at, document in enumerate(documents)}

    async def start(self) -> None:
        """Open all wires."""
        config = self._config
        await self._machine.server.start(config.machine_plc.host, config.machine_plc.port)
        await self._sorter.server.start(config.sorter_plc.host, config.sorter_plc.port)
        for name, section in (("id_camera", config.id_camera), ("label_camera", config.label_camera)):
            if isinstance(section, FramesCameraSection):  # another kind is a real one
                await self._cameras[name].start(section.host, section.port)
        for place, printer in self._printers:
            if place.kind == "serial":
                SerialPort(Path(place.device), printer).plug_in()
            else:
                await printer.start(place.host, place.port)
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
            store, at = self._frames[subject.index]
            self._cameras[camera].fire(trigger, store.frames(at))
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
        """One JSON object a line: {"do": "status"}, {"do": "report", "accounts": […]}, and what is carried between lines."""
        path.unlink(missing_ok=True)
        return await asyncio.start_unix_server(self._control, str(path), limit=64 * 1024 * 1024)

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                asked = json.loads(line)
                if asked["do"] == "bring":
                    await self._bring(asked["documents"])
                answer = self._answers[asked["do"]](asked)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    async def _bring(self, indexes: list[int]) -> None:
        """Documents from another line's feeder; their pictures are rendered before they lie in this one's."""
        documents = [self._scene.documents[index] for index in indexes]
        await asyncio.get_running_loop().run_in_executor(None, self.render, documents, lambda *_: None)
        self.plant.bring(documents)

    def holdings(self) -> Json:
        """What there is at this line: all its documents, and which numbers lie in its bags."""
        bagged = [envelope for envelopes in self.plant.chutes.values() for envelope in envelopes]
        return {
            "documents": [document.index for document in self.plant.documents],
            "bagged": [sorted({label.code128 for label in envelope.labels}) for envelope in bagged],
        }

    def status(self) -> Json:
        """How far the run is."""
        plant = self.plant
        return {
            "fed": plant.fed,
            "documents": len(self.plant.documents),
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
                "frames_rendered_late": sum(store.rendered_late for store in self._stores()),
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
        for _, printer in self._printers:
            await printer.close()
        self._scanner.unplug()
        self._painter.shutdown(cancel_futures=True)
        for store in self._stores():
            store.close()

    def _stores(self) -> Iterable[FrameStore]:
        return dict.fromkeys(store for store, _ in self._frames.values())


@contextlib.asynccontextmanager
async def _central_side(
    config: LineConfig, scene: Scene, *, prefer: str, central_of_its_own: bool
) -> AsyncIterator[tuple[Broker, Callable[[], Json]]]:
    """A broker for one line and the central systems behind it; gives the broker, and what central has to report.

    `central_of_its_own`: somebody else is the central system; the orders are laid down for him as a plain list.
    """
    data_dir, section = Path(config.paths.data_dir), config.central
    broker = make_broker(section.host, section.port, data_dir / "broker", prefer=prefer)
    wire = Wire(section.host, section.port, config.line.site, section.protocol)
    site_key = Path(config.paths.site_key_file).read_bytes()
    central = one_line(scene.population, site_key, wire, config.line.name, file=data_dir / "central.jsonl")
    async with running(broker):
        if central_of_its_own:
            (data_dir / "orders.jsonl").write_text(plain_list(scene.population.orders), encoding="utf-8")
        else:
            central.start()
        yield broker, central.report
        if not central_of_its_own:
            central.stop()


async def serve(
    config: LineConfig,
    scene: Scene,
    rate_per_h: int,
    say: Callable[[Json], None],
    *,
    prefer: str = "mosquitto",
    central: str = "simulated",
    part: tuple[int, int] = (1, 1),
) -> None:
    """Serve all peers of a line until SIGTERM or SIGINT; `say` is told {"rendered": …}, then {"ready": true, …}.

    `central`: simulated, own = the user is the central system, none = broker and central are somebody else's here.
    `part`: this line's number, and of how many.
    """
    number, lines = part
    documents = scene.parts(lines)[number - 1]
    floor = Shopfloor(config, scene, rate_per_h, documents)
    floor.render(documents, lambda done, of: say({"rendered": done, "of": of}))
    data_dir = Path(config.paths.data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    ended = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, ended.set)
    async with contextlib.AsyncExitStack() as stack:
        note: Json = {}
        tell_central = None
        if central != "none":
            side = _central_side(config, scene, prefer=prefer, central_of_its_own=central == "own")
            broker, tell_central = await stack.enter_async_context(side)
            note = {"broker": broker.kind, "note": broker.note}
        await floor.start()
        control = await floor.serve_control(control_socket(data_dir))
        panel = HttpPanel(f"http://{config.panel.host}:{config.panel.port}")
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(floor.run(), name="plant"), loop.create_task(floor.operator.run(panel), name="operator")]
        for task in tasks:
            task.add_done_callback(lambda _: ended.set())
        say({"ready": True, "note": "", **note})
        await ended.wait()
        control.close()
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if tell_central is not None:
            say({"central": tell_central()})
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
    parser.add_argument("--central", default="simulated", choices=("simulated", "own", "none"))
    parser.add_argument("--part", default="1/1", help="NUMBER/LINES: which pile of the documents lies in this line's feeder")
    options = parser.parse_args()

    def say(words: Json) -> None:
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()

    scene = Scene(options.seed, options.items, options.faults)
    number, _, lines = options.part.partition("/")
    config, more = load_line(options.config), {"prefer": options.broker, "central": options.central}
    asyncio.run(serve(config, scene, options.rate, say, **more, part=(int(number), int(lines))))


if __name__ == "__main__":
    main()
