"""The real runtime inside the virtual plant, in virtual time: the same pump, journal SQL, links and core as on a line PC."""

import asyncio
import contextlib
import random
from collections.abc import Coroutine
from functools import partial
from typing import Any

from drivers.process_image import ImageCodec
from edge.core.values import Camera, Plc, Settings, SortPlan, State
from edge.runtime.anchor import Anchors
from edge.runtime.app import Runtime
from edge.runtime.asking import needs_of
from edge.runtime.bell import Bell
from edge.runtime.central_link import CentralLink
from edge.runtime.clock import Clock
from edge.runtime.journal import InlineStore, ThreadStore
from edge.runtime.ledger import Ledger
from edge.runtime.line_now import line_now
from edge.runtime.plc_link import PlcLink
from edge.runtime.scanner_link import ScannerLink
from edge.runtime.snapshot import proved_seq
from edge.runtime.spawn import Crew
from edge.runtime.view import accounts
from line_config.process_image import load_process_image
from simulators.clerk import Clerk
from simulators.faults import FaultBook
from simulators.geometry import Geometry
from simulators.operator import Operator, PanelAway
from simulators.oracle import Judgement, judge
from simulators.plant import Plant
from simulators.plc_program import PlcProgram
from simulators.plc_rules import SCAN_MS
from simulators.scene import Scene
from simulators.virtual.books import JOURNAL_KEY, Books
from simulators.virtual.boot import Boot
from simulators.virtual.broker import VirtualBroker
from simulators.virtual.desk import add_printers, desk_reader
from simulators.virtual.disk import VirtualDisk
from simulators.virtual.eyes import Sight, VirtualEyes
from simulators.virtual.head_office import HeadOffice
from simulators.virtual.lot_files import file_lots
from simulators.virtual.panel import RuntimePanel
from simulators.virtual.ports import VirtualPlc, VirtualPrinter, VirtualScanner
from simulators.virtual.printery import Printery
from simulators.virtual.wires import PlcWire, PrinterWire

SITE_KEY = b"virtual world site key, 32 bytes"
SNAPSHOTS = 0.7
"""share of lives that end just behind a snapshot; the others replay from an older one, or from the beginning"""
WALL_START_MS = 1_790_000_000_000
LEASE = (1, WALL_START_MS + 7 * 86_400_000)  # epoch and end: longer than any run, so that only a restart asks for it
OPERATOR_LOOKS_MS = 1000
PLC_WAIT_MS = 1000
"""an idle PLC link exchanges so often: without a heartbeat for 1,500 ms a PLC stops its belt"""
LATE_S = (3.0, 25.0)
"""so long after its document an order comes that comes late"""


class World:
    """Plant, peers, operator and the runtime in one virtual loop."""

    def __init__(
        self, scene: Scene, settings: Settings, sort_plan: SortPlan, *, rate_per_h: int, doors: bool = False, lots: bool = False
    ) -> None:
        """`doors`: a clerk brings back what was rejected; `lots`: the documents were handed over with lists."""
        self.scene = scene
        self._settings = settings
        self._sort_plan = sort_plan
        image = load_process_image()
        self._image = image
        self.book = FaultBook(scene.faults, scene.documents, scene.index_of_number)
        self.paper = Printery(scene, self.book, self.now_ms)
        heads = settings.heads
        self.plant = Plant(image, Geometry(rate_per_h), scene.documents, self.book, seed=scene.seed, heads=heads)
        self.operator = Operator(self.plant, seed=scene.seed)
        self.clerk = Clerk(self.plant, desk_reader(SITE_KEY), seed=scene.seed) if doors else None
        self._rng = random.Random(f"world {scene.seed}")
        self.broker = VirtualBroker("sealline/v1/virtual/line-1/")
        self.office = HeadOffice(scene, self.broker, self.book, SITE_KEY, WALL_START_MS if lots else 0)
        self.lease(LEASE)
        self.clock = Clock(lambda: WALL_START_MS + self.wall_step_ms + self.now_ms())
        # What disturbances turn.
        self.wires: dict[str, PlcWire] = {plc.value: PlcWire() for plc in Plc}
        self.sights: dict[str, Sight] = {camera.value: Sight() for camera in Camera}
        self.printer_wires = tuple(PrinterWire() for _ in range(heads))
        self.struck_head = 0
        self.desk_wire = PrinterWire()
        self.book.on_late = self._grant_later
        self.fsync_ms = (2, 9)
        self.wall_step_ms = 0
        self._later_routes: list[dict[str, int]] = []
        self._name = f"file:world{id(self)}?mode=memory&cache=shared"
        self._disk = VirtualDisk(self._name, self.now_ms)
        self.books = Books(self._disk, self._name, settings, sort_plan)
        self._planned: asyncio.TimerHandle | None = None
        self._planned_ms = 0
        self._plant_error: Exception | None = None
        self._aimed = ""
        self.hit = Bell()
        """rings when an aimed power cut is due"""
        self.sometimes: dict[str, int] = {}
        """situations that must be reached now and then → how often they were"""
        self.boot: Boot | None = None
        self.boots = 0
        self._green = False
        """so it was when it was last looked at: a change is seen once"""
        self.reads: dict[str, dict[str, int]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def now_ms(self) -> int:
        """Virtual ms since the beginning."""
        return round(asyncio.get_running_loop().time() * 1000)

    # --- a run ---
    def begin(self, *more: Coroutine[Any, Any, None]) -> None:
        """Start the plant, the operator and the runtime, and whatever else belongs to this run."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(work) for work in (self.run_operator(), self.office.run(), *more)]
        self._plan(0)
        self.start()

    def require_alive(self) -> None:
        """Raise what killed a task, ours or the runtime's: no error is ever swallowed."""
        if self._plant_error is not None:
            raise self._plant_error
        # The runtime first: what people meet at a panel whose runtime has died only follows from that.
        failure = None if self.boot is None else self.boot.crew.failed()
        if failure is not None:
            raise failure
        for task in self._tasks:
            if task.done():
                task.result()  # one that came to its end has none

    async def end(self) -> None:
        """End everything."""
        if self._planned is not None:
            self._planned.cancel()
        for task in reversed(self._tasks):
            if task.done():
                continue  # `require_alive` has said how it ended
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self.boot is not None:
            await self.kill()
        self._disk.close()
        self.paper.close()

    # --- the plant's time: callbacks, no task, because it is woken some sixty times an item ---
    def wake_plant(self) -> None:
        """A hard-wired input was changed."""
        self._written()

    def turn_wire(self, plc: str, trouble: str) -> None:
        """Something is wrong with the wire to a PLC from now on; "" = no longer."""
        self.wires[plc].turn(trouble)
        if self.boot is not None:
            self.boot.plc_ports[plc].notify()

    def turn_sight(self, camera: str) -> None:
        """Something about a camera has changed."""
        if self.boot is not None:
            self.boot.eyes[camera].tell()

    def printer_off(self, head: int, *, off: bool, keeps_queue: bool) -> None:
        """A head's printer loses its power, or has it again; heads from 0."""
        self.printer_wires[head].off = off
        torn = self.plant.printers[head].power_off() if off else None
        if off and self.boot is not None:
            self.boot.printers[head].switched_off(torn, keeps_queue=keeps_queue)

    def lease(self, lease: tuple[int, int]) -> None:
        """Central grants all orders but the late ones under this lease (epoch and end); before the run begins."""
        self.broker.grants = self.office.manifest(lease=lease)

    def _grant_later(self, index: int) -> None:
        """Central grants this document's order only after it has been before the camera."""
        order_id = self.scene.documents[index].order_id
        parts = self.scene.late_manifest(SITE_KEY, order_id)
        asyncio.get_running_loop().call_later(self._rng.uniform(*LATE_S), self.broker.grant, parts)

    def _written(self) -> None:
        """Somebody wrote to the plant: it counts from the next scan on."""
        self._plan(self.now_ms() // SCAN_MS * SCAN_MS + SCAN_MS)

    def _plan(self, due_ms: int) -> None:
        """Advance the plant at this moment, or earlier where that was planned already."""
        if self._planned is not None:
            if self._planned_ms <= due_ms:
                return
            self._planned.cancel()
        self._planned_ms = due_ms
        self._planned = asyncio.get_running_loop().call_at(due_ms / 1000, self._advance)

    def _advance(self) -> None:
        self._planned = None
        try:
            changed = self.plant.advance(self.now_ms() // SCAN_MS * SCAN_MS)
            self._plan(self.plant.next_due_ms())
        except Exception as error:  # noqa: BLE001 - a callback's error would only be logged: it must end the run
            self._plant_error = error
            return
        if self.boot is not None:
            for plc in changed:
                self.boot.plc_ports[plc].notify()

    # --- the runtime's lives ---
    def make_ledger(self) -> Ledger:
        """The journal's SQL, in memory."""
        return Ledger(self._name, JOURNAL_KEY)

    def make_store(self, ledger: Ledger) -> InlineStore | ThreadStore:
        """The journal as the runtime sees it, with a simulated fsync."""
        return InlineStore(ledger, lambda: self._rng.randint(*self.fsync_ms), self._at)

    def start(self) -> Boot:
        """Boot the runtime on the journal as it is."""
        if self.boots and self._rng.random() < SNAPSHOTS:
            self.books.keep()
        ledger = self.make_ledger()
        self.boots += 1
        ledger.open(lambda: f"virtual{self.scene.seed}", partial(proved_seq, self.books.snapshot))
        crew = Crew()
        store = self.make_store(ledger)
        snapshot = self.books.snapshot if proved_seq(self.books.snapshot, ledger) else None
        runtime = Runtime(ledger, store, self.clock, self._settings, self._sort_plan, snapshot=snapshot)
        pump = runtime.pump
        eyes = {
            camera.value: VirtualEyes(
                camera,
                pump.offer,
                self.clock.now_us,
                SITE_KEY,
                self.scene.seed * 100 + self.boots,
                self.sights[camera.value],
                self.book,
            )
            for camera in Camera
        }
        for one in eyes.values():
            one.reads = self.reads
            runtime.add(one)
        ports = {plc.value: VirtualPlc(self._program(plc), self.now_ms, self._written, self.wires[plc.value]) for plc in Plc}
        for plc in Plc:
            runtime.add(
                PlcLink(
                    plc,
                    ports[plc.value],
                    ImageCodec(self._image),
                    offer=pump.offer,
                    lease=pump,
                    clock=self.clock,
                    poll_ms=20,
                    wait_ms=PLC_WAIT_MS,
                    edge_boot=runtime.boot,
                    cursor=runtime.cursors.get(plc.value),
                )
            )
        printers = self._add_printers(runtime)
        scanner = VirtualScanner()
        runtime.add(ScannerLink(scanner, pump.offer, self.clock))
        central = CentralLink(
            pump.offer,
            self.broker,
            store,
            self.clock,
            crew,
            root="sealline/v1/virtual/line-1/",
            sort_plan=self._sort_plan,
            line_now=lambda: line_now(runtime.controller),
            boot=runtime.boot,
            prints=self.paper.there,
            needs=needs_of(runtime.controller),
        )
        runtime.add(central)
        self.paper.add_to(runtime, self.clock, crew)
        self.plant.watch(lambda camera, trigger, subject: eyes[camera].exposed(trigger, subject), scanner.emit)
        runtime.begin(self.scene.digest())
        crew.spawn(pump.run(), "pump")
        crew.spawn(Anchors(store, self.clock).run(), "anchors")
        crew.spawn(file_lots(runtime, self.clock), "lot files")
        for link in runtime.links:
            crew.spawn(link.run(), link.name)
        self.boot = Boot(ledger, store, crew, runtime, eyes, central, ports, printers)
        return self.boot

    def _add_printers(self, runtime: Runtime) -> list[VirtualPrinter]:
        wires, sent = (*self.printer_wires, self.desk_wire), partial(self._at, "print_sent")
        tests = self._settings.test_label
        return add_printers(runtime, self.plant, self.clock, self.now_ms, self._written, sent, wires, tests=tests)

    def _program(self, plc: Plc) -> PlcProgram:
        return self.plant.machine if plc is Plc.MACHINE else self.plant.sorter

    async def kill(self) -> None:
        """The runtime dies at once: nothing is drained, what was not committed never happened."""
        boot = self.boot
        if boot is None:
            return
        self.plant.touch_belt()
        self.plant.watch(lambda *_: None, lambda _: None)
        await boot.crew.stop()
        boot.store.close()
        self._disk.cut()
        self.boot = None

    def change_sort_plan(self, rng: random.Random) -> None:
        """From the next boot on, two destinations have changed their chutes."""
        routes = dict(self._sort_plan.routes)
        one, two = rng.sample(sorted(routes), 2)
        routes[one], routes[two] = routes[two], routes[one]
        self._later_routes.append(routes)
        self.plant.sort_plans += 1
        version = f"{self._sort_plan.version}+"
        self._sort_plan = SortPlan(version=version, routes=routes, reject_chute=self._sort_plan.reject_chute)

    # --- power cuts ---
    def aim(self, point: str) -> None:
        """The power goes the next time that the runtime is at this point: before_write, after_write, print_sent."""
        self._aimed = point

    def _at(self, point: str) -> None:
        if point == "after_write" and self.boot is not None:
            self._disk.written(self.boot.ledger.sync_level())
        if self._aimed == point:
            self._aimed = ""
            self.hit.set()
            self.sometimes[f"cut {point}"] = self.sometimes.get(f"cut {point}", 0) + 1

    # --- the operator ---
    async def run_operator(self) -> None:
        """The operator looks at the panel once a second and acts, with hands and through the panel's acts."""
        while True:
            await asyncio.sleep(OPERATOR_LOOKS_MS / 1000)
            boot = self.boot
            if boot is None or self._all_green(boot):
                continue
            panel = RuntimePanel(boot.runtime)
            try:
                await self.operator.look(panel, self.now_ms())
                await self.paper.look(boot.runtime, panel, self.plant, self.office.cancel)
                if self.clerk is not None:
                    await self.clerk.look(panel)
            except PanelAway:
                self.operator.refused["panel away"] += 1

    def _all_green(self, boot: Boot) -> bool:
        """The lamp over the line is green, and nothing lies on the desk: nobody looks at the panel."""
        floor = boot.runtime.controller.floor
        bound = len(floor.bags.by_chute) == len(self.plant.chutes)
        running = floor.machine.state is State.EXECUTE and not floor.conditions.active and bound
        green, self._green = running and self._green, running
        return green and not self.paper.room.in_tray and (self.clerk is None or self.clerk.idle)

    @property
    def told(self) -> bool:
        """Central has confirmed everything."""
        return self.boot is not None and not self.boot.central.counters()["waiting"]

    @property
    def idle(self) -> bool:
        """Everything was fed, nothing is on a belt, and nothing is left to be done at the desk or in the print room."""
        printed = self.boot is None or not self.paper.waits(self.boot.runtime)
        return printed and self.plant.idle and (self.clerk is None or self.clerk.idle)

    # --- judging ---
    @property
    def committed(self) -> bool:
        """No commit is under way."""
        return self.boot is None or self.books.hold_all_of(self.boot.runtime)

    def replays_alike(self) -> bool:
        """Whether a replay from the beginning gives the state of the running core (I13)."""
        return self.boot is None or self.books.agree_with(self.boot.runtime)

    def links(self) -> dict[str, bool]:
        """Which links are up."""
        return {} if self.boot is None else {name: health.up for name, health in self.boot.runtime.health().items()}

    def central(self) -> dict[str, int]:
        """What central has stored, by its own books."""
        stored = sum(len(events) for events in self.broker.stored.values())
        return {"stored": stored, "duplicates": self.broker.duplicates, "gaps": self.broker.gaps}

    def conditions(self) -> dict[str, int]:
        """How often each was raised since the last boot."""
        return {} if self.boot is None else dict(sorted(self.boot.runtime.controller.floor.conditions.raised.items()))

    def accounts(self) -> list[dict[str, Any]]:
        """The edge's own accounts."""
        return [] if self.boot is None else accounts(self.boot.runtime.controller)

    def judge(self) -> Judgement:
        """The oracle's verdict on the present state of the plant."""
        return judge(self.plant, self.scene.ordered(self._later_routes, self.office.words.counties()), self.accounts())
