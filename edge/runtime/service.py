"""One line as a service: everything put together from the configuration, run until a signal, and ended in order.

The panel stands above the runtime, so the caller hands it in as a function of the desk.
"""

import asyncio
import gc
import hashlib
import shutil
import signal
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from drivers.certificate import not_after
from drivers.document_printer import IppPrinter
from drivers.file_source import HttpFiles
from drivers.mqtt import MqttClient, TlsFiles
from drivers.plc import plc_port
from drivers.ports import DeviceRefused
from drivers.process_image import ImageCodec
from drivers.scale import SerialScale
from drivers.scanner import SerialScanner
from edge.core.events import HostRead
from edge.core.heads import HEAD_LINKS
from edge.core.invariants import InvariantError
from edge.core.manual import DESK_PRINTER
from edge.core.values import DAY_MS, Camera, Plc
from edge.labels.fields import LabelError
from edge.runtime.anchor import Anchors
from edge.runtime.app import Runtime, new_journal_id
from edge.runtime.archive import WholeJournal
from edge.runtime.asking import needs_of
from edge.runtime.camera_link import CameraLink, worker_argv
from edge.runtime.central_link import OFFLINE, CentralLink, topic_root
from edge.runtime.clock import Clock
from edge.runtime.desk_reading import DeskReader
from edge.runtime.exposure_count import exposures_at_rest
from edge.runtime.helper import Helper
from edge.runtime.journal import ThreadStore
from edge.runtime.keeper import Keeper, KeepJob, archive_folder, snapshot_path
from edge.runtime.label_link import LabelLink, renderer
from edge.runtime.lag import LoopLag
from edge.runtime.ledger import Ledger
from edge.runtime.line_desk import Desk
from edge.runtime.line_now import line_now
from edge.runtime.lot_files import LOT_LIMIT_MS, LotFiles, LotJob
from edge.runtime.page_link import HelperChecker, PageLink
from edge.runtime.papers import PaperJob, Papers
from edge.runtime.plc_link import PlcLink
from edge.runtime.records import JournalError, journal_key
from edge.runtime.scale_link import ScaleLink
from edge.runtime.scanner_link import HandScannerLink, ScannerLink
from edge.runtime.settings import abilities_of, printer_of, settings_of, sort_plan_of
from edge.runtime.signing import public_key
from edge.runtime.snapshot import proved_seq, read_snapshot
from edge.runtime.spawn import Crew
from line_config.model import LineConfig
from line_config.printers import PrinterSection
from line_config.process_image import load_process_image
from line_config.scale_format import load_scale_format
from vision.tokens import load_site_key

log = structlog.get_logger("sealline")
EMPTY_BELT_WAIT_S = 20.0
LAST_IMAGE_S = 0.1
FAILED, ENDED = 1, 0
DISK_LOOK_S = 10.0
MB = 1_000_000
PAPER_LIMIT_MS = 120_000
KEEP_LIMIT_MS = 600_000
"""for the first snapshot of a long journal, in a niced process"""


Panel = Callable[[Desk], Coroutine[Any, Any, None]]


class Line:
    """The running line: built once, then run."""

    def __init__(self, config: LineConfig, site_key: bytes) -> None:
        self._config = config
        self._data_dir = Path(config.paths.data_dir)
        self._data_dir.mkdir(parents=True, exist_ok=True)
        anchor_file = Path(config.paths.anchor_file) if config.paths.anchor_file else self._data_dir / "anchors.jsonl"
        journal, key = self._data_dir / "journal.db", journal_key(site_key)
        self._ledger = Ledger(str(journal), key, anchor_file)
        snapshot = read_snapshot(snapshot_path(journal), key)
        self._ledger.open(new_journal_id, partial(proved_seq, snapshot))
        self._store = ThreadStore(self._ledger)
        self._clock = Clock()
        self._anchors = Anchors(self._store, self._clock)
        self._crew = Crew()
        self._helper = Helper()
        self._lag = LoopLag()
        settings, sort_plan = settings_of(config), sort_plan_of(config)
        self.runtime = Runtime(
            self._ledger,
            self._store,
            self._clock,
            settings,
            sort_plan,
            snapshot=snapshot if proved_seq(snapshot, self._ledger) else None,
            history=WholeJournal(self._ledger, archive_folder(journal)),
        )
        job = KeepJob(str(journal), str(anchor_file), key, settings, sort_plan, 0, config.paths.journal_keep_days)
        self._keeping = Helper(limit_ms=KEEP_LIMIT_MS)
        self._keeper = Keeper(self._keeping, self._ledger, self._store, self._clock, job)
        self._cameras: dict[str, CameraLink] = {}
        self._hand: HandScannerLink | None = None
        self._add_plcs()
        self._add_cameras()
        self._add_devices()
        self._pages = Helper()
        self._add_document_printer()
        self._central = self._add_central()
        self._drawing = Helper(limit_ms=PAPER_LIMIT_MS)
        papers = Papers(self._drawing, PaperJob(str(journal), key, str(self._data_dir / "reports"), config.line.site, ""))
        site = config.line.site
        self._filing = Helper(limit_ms=LOT_LIMIT_MS)
        lot_job = LotJob(str(journal), key, str(self._data_dir / "line.key"), str(self._data_dir / "lots"))
        lots = self.runtime.controller.lots
        self._lot_files = LotFiles(self._filing, lambda: lots.unfiled, self.runtime.pump.offer, self._clock, lot_job)
        folder = "" if config.desk_reader is None else config.desk_reader.folder
        reader = DeskReader(folder, config.line.documents, config.paths.site_key_file)
        self.desk = Desk(
            self.runtime, self._central, self._lag, papers, self._cameras,
            lot_files=self._lot_files, hand=self._hand, reader=reader, site=site, sim=config.id_camera.kind == "frames",
        )  # fmt: skip

    def _add_plcs(self) -> None:
        image = load_process_image()
        for plc, section in ((Plc.MACHINE, self._config.machine_plc), (Plc.SORTER, self._config.sorter_plc)):
            self.runtime.add(
                PlcLink(
                    plc,
                    plc_port(section, image),
                    ImageCodec(image),
                    offer=self.runtime.pump.offer,
                    lease=self.runtime.pump,
                    clock=self._clock,
                    poll_ms=section.poll_ms,
                    edge_boot=self.runtime.boot,
                    cursor=self.runtime.cursors.get(plc.value),
                )
            )

    def _add_cameras(self) -> None:
        config, line = self._config, self._config.line
        layouts = {Camera.ID: tuple(Path(path) for path in line.documents), Camera.LABEL: ()}
        for camera, section in ((Camera.ID, config.id_camera), (Camera.LABEL, config.label_camera)):
            socket = self._data_dir / f"{camera.value}.sock"
            argv = worker_argv(
                camera,
                section.address,
                socket,
                frames_per_trigger=section.frames_per_trigger,
                layouts=layouts[camera],
                site_key=Path(config.paths.site_key_file),
                evidence=self._data_dir / "evidence" / camera.value,
                evidence_max=section.evidence_frames_max,
            )
            link = self._cameras[camera.value] = CameraLink(
                camera,
                self.runtime.pump.offer,
                self._crew,
                self._clock,
                socket=socket,
                argv=argv,
                plc_exposures=partial(exposures_at_rest, self.runtime.controller, camera),
            )
            self.runtime.add(link)

    def _add_devices(self) -> None:
        config, offer = self._config, self.runtime.pump.offer
        for section, name in zip((config.printer, config.printer_2), HEAD_LINKS, strict=True):
            if section is not None:
                self._add_printer(section, config.line.label_layout, name)
        if config.desk_printer is not None:
            self._add_printer(config.desk_printer, config.desk_printer.label_layout, DESK_PRINTER)
        self.runtime.add(ScannerLink(SerialScanner(config.scanner.device, config.scanner.baud), offer, self._clock))
        if config.hand_scanner is not None:
            hand = SerialScanner(config.hand_scanner.device, config.hand_scanner.baud)
            self._hand = HandScannerLink(hand, offer, self._clock)
            self.runtime.add(self._hand)
        if config.scale is not None:
            fmt = load_scale_format(Path(config.scale.format))
            scale = SerialScale(config.scale.device, config.scale.baud, fmt)
            self.runtime.add(ScaleLink(scale, offer, self._clock, continuous=fmt.continuous))

    def _add_printer(self, section: PrinterSection, layout: str, name: str) -> None:
        self.runtime.add(
            LabelLink(
                printer_of(section),
                self.runtime.pump.offer,
                self._clock,
                renderer(self._helper, Path(layout), section.dialect),
                poll_ms=section.poll_ms,
                print_deadline_ms=self._config.deadlines.print_ms,
                name=name,
                tests=name in HEAD_LINKS and self._config.printer.roll.test_label,
            )
        )

    def _add_document_printer(self) -> None:
        section = self._config.document_printer
        if section is None:
            return
        bytes_max = section.file_max_mb * MB
        self.runtime.add(
            PageLink(
                IppPrinter(section.uri),
                HttpFiles(section.origins, ca_file=section.ca_file, bytes_max=bytes_max, limit_s=section.fetch_limit_s),
                HelperChecker(self._pages, bytes_max),
                self.runtime.pump.offer,
                self._clock,
                crew=self._crew,
                folder=Path(section.folder) if section.folder else self._data_dir / "files",
                poll_ms=section.poll_ms,
                counts_sides=section.counts == "sides",
            )
        )

    def _add_central(self) -> CentralLink:
        section, line = self._config.central, self._config.line
        root = topic_root(line.site, line.name)
        client = MqttClient(
            section.host,
            section.port,
            client_id=f"sealline-{line.site}-{line.name}",
            protocol=section.protocol,
            will=(root + "state", OFFLINE),
            tls=TlsFiles(section.tls_ca_file, section.tls_cert_file, section.tls_key_file) if section.tls_ca_file else None,
        )
        link = CentralLink(
            self.runtime.pump.offer,
            client,
            self._store,
            self._clock,
            self._crew,
            root=root,
            sort_plan=sort_plan_of(self._config),
            line_now=lambda: line_now(self.runtime.controller),
            boot=self.runtime.boot,
            needs=needs_of(self.runtime.controller),
            abilities=abilities_of(self._config),
            forms=self._config.tracking_numbers,
            public=public_key(section.public_key_file),
            prints=self._config.document_printer is not None,
        )
        self.runtime.add(link)
        return link

    async def run(self, panel: Panel) -> int:
        """Run until a signal or a failure; returns the exit code."""
        digest = hashlib.sha256(self._config.model_dump_json().encode()).hexdigest()
        self.runtime.begin(digest)
        pump_task = self._crew.spawn(self.runtime.pump.run(), "pump")
        for link in self.runtime.links:
            self._crew.spawn(link.run(), link.name)
        # Held comes first: a start must not wait for fonts, nor for the eyes.
        self._crew.spawn(self._helper.prepare(Path(self._config.line.label_layout)), "helper")
        self._crew.spawn(self._lag.run(), "loop lag")
        self._crew.spawn(self._watch_disk(), "disk")
        self._crew.spawn(self._anchors.run(), "anchors")
        self._crew.spawn(self._keeper.run(), "keeper")
        self._crew.spawn(self._lot_files.run(), "lot files")
        self._crew.spawn(panel(self.desk), "panel")
        # What is here now lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        log.info("running", boot=self.runtime.boot, journal=self.runtime.journal_id, replayed=self.runtime.replayed)
        await self._until_told()
        pump_task.cancel()
        await self.runtime.pump.drain()
        await self._store.anchor(self._clock.wall_ms())
        # The permit is withdrawn with the pump: the PLC links carry that over before they close.
        await asyncio.sleep(LAST_IMAGE_S)
        return await self._end()

    async def _watch_disk(self) -> None:
        """Tell the core how much room the journal has left."""
        while True:
            disk = shutil.disk_usage(self._data_dir)
            mb = {"disk_free_mb": disk.free, "disk_mb": disk.total, "outbox_mb": self._ledger.outbox_bytes}
            sizes = {name: size // MB for name, size in mb.items()}
            self.runtime.pump.offer(HostRead(at_us=self._clock.now_us(), certificate_days=self._certificate_days(), **sizes))
            await asyncio.sleep(DISK_LOOK_S)

    def _certificate_days(self) -> int | None:
        files = self._config.central
        if not files.tls_cert_file:
            return None
        try:
            ends = min(not_after(Path(path)) for path in (files.tls_cert_file, files.tls_ca_file))
        except DeviceRefused as error:
            log.warning("certificate", error=str(error))
            return 0
        return int((ends.timestamp() * 1000 - self._clock.wall_ms()) // DAY_MS)

    async def _until_told(self) -> None:
        """Wait for the first signal or failure; after a signal, until the belt is empty or a second one comes."""
        loop = asyncio.get_running_loop()
        told = asyncio.Event()
        failure = loop.create_task(self._crew.failure(), name="failure")
        failure.add_done_callback(lambda _: told.set())
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        await told.wait()
        told.clear()
        if not failure.done():
            await self.runtime.request("pause_feed", "system", {})
            try:
                async with asyncio.timeout(EMPTY_BELT_WAIT_S):
                    await self._until_empty(told)
            except TimeoutError:
                log.warning("the belt is not empty: ending all the same, what lies there will be quarantined")
        failure.cancel()

    async def _until_empty(self, told: asyncio.Event) -> None:
        controller = self.runtime.controller
        while (controller.documents.on_belt or controller.items.on_belt) and not told.is_set():  # noqa: ASYNC110 - the core tells nobody
            await asyncio.sleep(0.1)

    async def _end(self) -> int:
        code = ENDED
        try:
            await self._crew.stop()
        except (InvariantError, JournalError, LabelError) as error:
            log.error("stopped: the line must not go on", error=str(error))  # noqa: TRY400 - the text says it all
            code = FAILED
        await self._helper.close()
        await self._keeping.close()
        await self._drawing.close()
        await self._filing.close()
        await self._pages.close()
        self._store.close()
        log.info("ended", handled=self.runtime.pump.handled, commits=self.runtime.pump.commits, lag_ms=self._lag.figures())
        return code


def run(config: LineConfig, panel: Panel) -> int:
    """Run a line until it is told to end; returns the exit code. Raises JournalError or SiteKeyError before it begins."""

    async def main() -> int:
        return await Line(config, load_site_key(Path(config.paths.site_key_file))).run(panel)

    return asyncio.run(main())
