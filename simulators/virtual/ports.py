"""The runtime's ports inside the virtual plant: nothing here blocks, nothing here touches a socket."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from drivers.ports import LinkLost
from edge.runtime.bell import Bell
from simulators.bodies import PhysicalLabel
from simulators.faults import FaultBook
from simulators.plc_program import PlcProgram
from simulators.plc_rules import SCAN_MS
from simulators.printer_body import PrinterBody
from simulators.virtual.wires import PlcWire, PrinterWire

PRINTER_REPLY_MS = 2
LEASE_MS = 200
"""the permit is renewed so often where nothing else happens: the lease lasts 250 ms"""
DOUBLED_S = 0.012
"""so much later a telegram that was doubled comes again: the PLC has scanned meanwhile"""


class VirtualPlc:
    """A PLC connection: writes count at the next scan; a read waits for a change."""

    def __init__(self, program: PlcProgram, now_ms: Callable[[], int], written: Callable[[], None], wire: PlcWire) -> None:
        self._program = program
        self._now_ms = now_ms
        self._written = written
        self._changed = Bell()
        self._wire = wire
        self._permit_at = program.image.edge_to_plc.offsets["permit"]

    def notify(self) -> None:
        """The image changed, or the wire was cut."""
        self._changed.set()

    def wake(self) -> None:
        """The link has something new to write."""
        self._changed.set()

    async def connect(self) -> None:
        """Always possible, unless the wire is cut."""
        await asyncio.sleep(0)
        if self._wire.trouble == "cut":
            raise LinkLost("the virtual wire is cut")

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        """Write now, read when something changed or `max_wait_ms` have passed; sooner where a permit must be kept young."""
        wire, program = self._wire, self._program
        if wire.trouble:
            await wire.begin()
        self._changed.clear()
        if wire.carries and not program.renew(write, self._now_ms() // SCAN_MS * SCAN_MS + SCAN_MS):
            self._write(write)
        again = wire.again(write)
        if again:
            asyncio.get_running_loop().call_later(DOUBLED_S, self._write, again)
        if seen is not None:
            leased = write[self._permit_at] and program.feeds and not program.feeder_empty
            await self._changed.wait((min(max_wait_ms, LEASE_MS) if leased else max_wait_ms) / 1000)
        read = program.read(self._now_ms() // SCAN_MS * SCAN_MS)
        return await wire.end(read) if wire.trouble else read

    def _write(self, write: Sequence[int]) -> None:
        self._program.write(write)
        self._written()

    async def close(self) -> None:
        """Nothing to close."""


class VirtualPrinter:
    """A printer without pixels: a format is the label's text as JSON."""

    def __init__(  # noqa: PLR0917 - a printer is all of this
        self,
        body: PrinterBody,
        book: FaultBook,
        now_ms: Callable[[], int],
        begun: Callable[[], None],
        sent: Callable[[], None],
        wire: PrinterWire,
    ) -> None:
        self._body = body
        self._book = book
        self._wire = wire
        self._sent = sent
        self._now_ms = now_ms
        self._begun = begun
        self._waiting: deque[PhysicalLabel] = deque()

    async def status(self) -> str:
        """As a Zebra: silent when it is out of media or open."""
        if self._wire.off or self._wire.garbage:
            await asyncio.sleep(0.12)
            return "lost" if self._wire.off else "unknown"
        if self._wire.silent or not self._body.media or self._body.head_open:
            await asyncio.sleep(0.12)
            return "silent"
        await asyncio.sleep(PRINTER_REPLY_MS / 1000)
        self._start()
        if self._body.label_waiting:  # said first, as by the driver of a real one: what is queued behind it cannot begin
            return "label_waiting"
        return "busy" if self._waiting or self._body.busy else "ready"

    async def send(self, fmt: bytes) -> None:
        """Take one format. Raises LinkLost, which leaves open whether it was taken."""
        await asyncio.sleep(PRINTER_REPLY_MS / 1000)
        if self._wire.off:
            raise LinkLost("the printer is off")
        self._sent()
        label = read_text(fmt)
        self._waiting.append(label)
        self._start()
        if self._book.at_label("print_reply_lost", label):
            raise LinkLost("no answer from the printer")

    def switched_off(self, torn: PhysicalLabel | None, *, keeps_queue: bool) -> None:
        """The formats that it held are gone; or they are kept, and what was torn is begun again as well."""
        if not keeps_queue:
            self._waiting.clear()
        elif torn is not None:
            self._waiting.appendleft(torn)

    def _start(self) -> None:
        if self._waiting and self._body.begin_print(self._waiting[0], self._now_ms()):
            label = self._waiting.popleft()
            if self._book.at_label("label_repeated", label):
                self._waiting.appendleft(PhysicalLabel(label.code128, label.qr, county=label.county))
            self._begun()

    async def close(self) -> None:
        """Nothing to close."""


async def render_text(label: msgspec.Struct) -> bytes:
    """The virtual format: the label's text itself."""
    await asyncio.sleep(0)
    return msgspec.json.encode(label)


def read_text(fmt: bytes) -> PhysicalLabel:
    """The label that a virtual format makes."""
    text = msgspec.json.decode(fmt)
    return PhysicalLabel(text["tracking_number"], text["payload_qr"], county=text["county"])


class VirtualScanner:
    """The induction scanner: texts arrive a few ms after the parcel."""

    def __init__(self) -> None:
        self._texts: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, text: str) -> None:
        """A parcel passed."""
        self._texts.put_nowait(text)

    async def connect(self) -> None:
        """Always there."""
        await asyncio.sleep(0)

    async def read(self) -> str:
        """The next text."""
        return await self._texts.get()

    async def close(self) -> None:
        """Nothing to close."""
