"""The plant on a test stand: one PLC under test, the other one kept going, and hands that do what a tester would do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from line_config.process_image import ProcessImage, load_process_image
from simulators import plc_rules as rules
from simulators.bodies import Envelope, PhysicalDocument, PhysicalLabel
from simulators.faults import FaultBook
from simulators.geometry import Geometry
from simulators.modbus_plc import ModbusPlc
from simulators.plant import Plant
from simulators.plc_program import PlcProgram
from simulators.s7_plc import S7Plc

RATE_PER_H = 13_500
"""a short belt, so that nobody waits long: a fifth of all distances"""
MAINTENANCE = 2


class StandPlant(Plant):
    """The plant with hands on its bodies and sensors."""

    def __init__(self, image: ProcessImage, geometry: Geometry, kind: str) -> None:
        super().__init__(image, geometry, [], FaultBook({}, [], {}), seed=1)
        self._kind = kind
        self._snatching = False
        self._covered: set[str] = set()
        self._neighbour = _Neighbour(self.sorter if kind == "machine" else self.machine)

    @property
    def under_test(self) -> PlcProgram:
        """The PLC that is tested."""
        return self.machine if self._kind == "machine" else self.sorter

    def tick(self, now_ms: int) -> None:
        """One scan of everything."""
        self._neighbour.beat()
        self.advance(now_ms)

    # --- what hands do; each takes the act's number ---
    def load(self, number: int) -> None:
        """Fill the feeder up."""
        while len(self._to_feed) < number:
            self._to_feed.append(self._document())

    def _document(self) -> PhysicalDocument:
        document = PhysicalDocument(len(self.documents), "a4", f"A4{len(self.documents):010d}", None, 5000)
        self.documents.append(document)
        return document

    def print_label(self, number: int) -> None:
        """Print one."""
        self.printers[0].begin_print(PhysicalLabel("", f";{number}"), self.now_ms)

    def place(self, number: int) -> None:
        """Put an envelope on the sorter."""
        del number
        envelope = Envelope([self._document()], 0, sealed=True)
        self.envelopes.append(envelope)
        self.reinduct(envelope)

    def snatch(self, number: int) -> None:
        """Take the next one off before its decision point."""
        del number
        self._snatching = True

    def ghost(self, number: int) -> None:
        """Cover the decision point's sensor."""
        del number
        if self._kind == "machine":
            self.machine.at_gate(self.machine_belt.travel_um)
        else:
            self.sorter.at_divert(self.sorter_belt.travel_um)

    def show_label(self, number: int) -> None:
        """Hold a label before the label camera."""
        del number
        self.machine.at_label_camera(self.machine_belt.travel_um, in_hand=True)

    def cover(self, place: str) -> None:
        """A sensor does not see any more."""
        self._covered.add(place)

    def uncover(self) -> None:
        """All sensors see again."""
        self._covered.clear()

    # --- the sensors under those hands ---
    def _at_gate(self, document: PhysicalDocument, travel_um: int) -> None:
        if self._snatching:
            self._snatching = False
            self._take_out(document, self.in_hand)
            return
        super()._at_gate(document, travel_um)

    def _at_divert(self, envelope: Envelope, travel_um: int) -> None:
        if self._snatching and self._kind == "sorter":
            self._snatching = False
            self._take_out(envelope, self.in_hand)
            return
        super()._at_divert(envelope, travel_um)

    def _in_tray(self, document: PhysicalDocument, travel_um: int) -> None:
        self.machine.edges.blind = "tray" in self._covered
        super()._in_tray(document, travel_um)
        self.machine.edges.blind = False

    def _ejected(self, body: list[Envelope], travel_um: int) -> None:
        self.machine.edges.blind = "eject" in self._covered
        super()._ejected(body, travel_um)
        self.machine.edges.blind = False

    def _at_end(self, parcel: tuple[Envelope, int], travel_um: int) -> None:
        self.sorter.edges.blind = f"chute {parcel[1]}" in self._covered
        super()._at_end(parcel, travel_um)
        self.sorter.edges.blind = False


class _Neighbour:
    """Enough of an edge for the PLC that is not under test to let its belt run."""

    def __init__(self, program: PlcProgram) -> None:
        self._program = program
        self._beat = 0

    def beat(self) -> None:
        """One image."""
        self._beat = self._beat % 65_535 + 1
        words = [0] * self._program.image.words("edge_to_plc")
        said = {
            "layout_version": self._program.image.layout_version,
            "heartbeat": self._beat,
            "boot_id": 1,
            "state": rules.EXECUTE,
            "plc_boot_echo": self._program.boot_id,
            "last_consumed_seq": self._program.last_seq,
        }
        for name, value in said.items():
            words[self._program.image.edge_to_plc.offsets[name]] = value
        self._program.write(words)


class BenchStand:
    """Implements the kit's Stimulus on a plant in this process, and serves it on a socket."""

    def __init__(self, kind: str, image: ProcessImage | None = None, rate_per_h: int = RATE_PER_H) -> None:
        self.image = image or load_process_image()
        self.plant = StandPlant(self.image, Geometry(rate_per_h), kind)
        self._acts = _acts(self.plant)

    async def do(self, act: str, number: int = 0) -> bool:
        """Do it; False = this plant cannot."""
        if act not in self._acts:
            return False
        self._acts[act](number)
        await asyncio.sleep(0)
        return True

    async def run(self) -> None:
        """Scan every 10 ms, for ever."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while True:
            now_ms = round((loop.time() - began_s) * 1000) // rules.SCAN_MS * rules.SCAN_MS
            if now_ms > self.plant.now_ms or not now_ms:
                self.plant.tick(now_ms)
            await asyncio.sleep((now_ms + rules.SCAN_MS) / 1000 - (loop.time() - began_s))

    @contextlib.asynccontextmanager
    async def serve(self, wire: str) -> AsyncIterator[str]:
        """Run the plant and its wire ("modbus" or "s7"); yields the target."""
        program = self.plant.under_test
        server = (ModbusPlc if wire == "modbus" else S7Plc)(program, self.image).server
        port = await server.start("127.0.0.1", 0)
        running = asyncio.ensure_future(self.run())
        try:
            yield f"modbus://127.0.0.1:{port}/1" if wire == "modbus" else f"s7://127.0.0.1:{port}/0/1"
        finally:
            running.cancel()
            await asyncio.wait({running})
            await server.close()
            if not running.cancelled():
                running.result()


def _acts(plant: StandPlant) -> dict[str, Callable[[int], object]]:
    program = plant.under_test
    return {
        "load": plant.load,
        "print_label": plant.print_label,
        "take_off": plant.snatch,
        "put_on": plant.ghost,
        "cover_tray": lambda _: plant.cover("tray"),
        "cover_eject": lambda _: plant.cover("eject"),
        "cover_reject": lambda _: plant.cover("chute 0"),
        "place": plant.place,
        "show_label": plant.show_label,
        "take_parcel": plant.snatch,
        "put_parcel": plant.ghost,
        "cover_chute": lambda number: plant.cover(f"chute {number}"),
        "uncover": lambda _: plant.uncover(),
        "estop": lambda _: program.wire("estop", 1),
        "estop_reset": lambda _: program.wire("estop", 0),
        "guard_open": lambda _: program.wire("guard_zones", 2),
        "guard_close": lambda _: program.wire("guard_zones", 0),
        "key_maintenance": lambda _: program.wire("mode", MAINTENANCE),
        "key_production": lambda _: program.wire("mode", rules.PRODUCTION),
        "power_cycle": lambda _: program.restart(),
        "near_wrap": program.number_from,
    }


class MemoryPort:
    """The same PLC without a socket: a write counts at the next scan, a read is of the last one."""

    def __init__(self, program: PlcProgram, exchange_s: float = 0.002) -> None:
        self._program = program
        self._exchange_s = exchange_s

    async def connect(self) -> None:
        """Always possible."""
        await asyncio.sleep(0)

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        """One cycle."""
        del seen, max_wait_ms
        await asyncio.sleep(self._exchange_s)
        self._program.write(write)
        return self._program.read()

    async def close(self) -> None:
        """Nothing to close."""
        await asyncio.sleep(0)
