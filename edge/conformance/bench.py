"""The kit's end of the wire: an edge whose every word a check can set, and the record of all that the PLC said."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from drivers.ports import DeviceError, LinkLost, PlcPort
from drivers.process_image import CommandSlot, EdgeImage, EventSlot, ImageCodec, next_seq, seq_distance
from edge.conformance.check import Broken, Kind, Skipped, require
from edge.conformance.stimulus import Stimulus

WORD, LONG = 1 << 16, 1 << 32
COUNTERS = (
    "documents_fed",
    "documents_rejected",
    "items_opened",
    "items_rejected",
    "items_handed_over",
    "items_diverted",
)
STOPPED, EXECUTE, ABORTED, HELD = 2, 6, 9, 11
PRODUCTION = 1
CONTACT_MS = 1_000
"""more than any PLC needs from a write to its effect in what it answers"""
SETTLE_MS = 200
FIRST_BOOT = 61_440
"""boot ids of the kit: a line counts its own from 1, and must never come as the edge that the PLC has just spoken to"""
LAST_MS = 50
AWAY_MS = 120_000
RECONNECT_S = 0.2
KNOWN = 32
"""so many events that were taken are still compared with what the window shows under their number"""
STOCK, STOCK_LEAST = 40, 25
"""documents that are put into the feeder, and how many a check may need of them"""


@dataclass
class Says:
    """What the kit writes, beside its commands."""

    boot: int
    state: int = HELD
    beating: bool = True
    permitted: bool = False
    renewing: bool = True
    acknowledging: bool = True
    acknowledged: int | None = None
    """an acknowledgement of the check's own making; None = all that was taken"""
    plc_echo: int | None = None
    """the PLC's boot id that the kit claims to answer; None = the right one"""
    issued: int | None = None
    """last issued seq; None = of the newest command"""
    mangle: Callable[[list[int]], None] | None = None
    """changes the words before they go out"""


class Bench:
    """One PLC under test. Nothing goes over the wire unless a check (or what waits for hands) makes a cycle."""

    def __init__(
        self, port: PlcPort, codec: ImageCodec, stimulus: Stimulus, kind: Kind, *, poll_ms: int = 10, belt_ms: int = 30_000
    ) -> None:
        self.port, self.codec, self.kind = port, codec, kind
        self.image = codec.image
        self.belt_ms = belt_ms
        """the longest way from one sensor to the next"""
        self._stimulus = stimulus
        self._poll_s = poll_ms / 1000
        self._beat = self._permit = 0
        self._ring: dict[int, CommandSlot] = {}
        self._queue: list[CommandSlot] = []
        self.issued = self.consumed = self.taken = 0
        self.says = Says(boot=0)
        self.header: dict[str, int] = {}
        self.words: tuple[int, ...] = ()
        self.window: dict[int, EventSlot] = {}
        self.events: list[EventSlot] = []
        self._known: dict[int, EventSlot] = {}
        self.torn = self.mixed = self.backwards = 0
        self.plc_boot: int | None = None
        self.wrote: tuple[int, ...] = ()
        self.connected = self.spoke = False
        self._stocked_at = 0

    # --- time ---
    @staticmethod
    def now_ms() -> int:
        """Monotonic ms."""
        return round(asyncio.get_running_loop().time() * 1000)

    async def cycle(self, more_ms: int = 0) -> None:
        """One exchange, and the pause after it, longer by `more_ms`. Raises DeviceError."""
        self.wrote = self._compose()
        self._take(await self.port.exchange(self.wrote, None, 0))
        await asyncio.sleep(self._poll_s + more_ms / 1000)

    async def hold(self, ms: int) -> None:
        """Go on exchanging for so long."""
        end_ms = self.now_ms() + ms
        while self.now_ms() < end_ms:
            await self.cycle()

    @staticmethod
    async def wait(ms: int) -> None:
        """Let time pass without the wire."""
        await asyncio.sleep(ms / 1000)

    async def silence(self, ms: int) -> None:
        """Exchange nothing for so long, then twice: the first image is of a scan before that."""
        await self.wait(ms)
        for _ in range(2):
            await self.cycle()

    async def reached(self, seen: Callable[[], object], within_ms: int) -> int | None:
        """Exchange until it is seen; ms that it took, None = not within the time."""
        begin_ms = self.now_ms()
        while not seen():
            if self.now_ms() - begin_ms > within_ms:
                return None
            await self.cycle()
        return self.now_ms() - begin_ms

    async def until(self, seen: Callable[[], object], what: str, within_ms: int = CONTACT_MS) -> int:
        """The same; raises Broken with `what` did not come."""
        took_ms = await self.reached(seen, within_ms)
        if took_ms is None:
            raise Broken(f"{what}: not within {within_ms} ms")
        return took_ms

    async def ask(self, act: str, number: int = 0) -> bool:
        """Have hands do something while the exchange goes on; whether it was done."""
        hands = asyncio.ensure_future(self._stimulus.do(act, number))
        try:
            while not hands.done():
                await self._cycle_through()
        finally:
            hands.cancel()
        return hands.result()

    async def _cycle_through(self) -> None:
        """One exchange; where the PLC is away (hands may have switched it off) another try to reach it."""
        try:
            if not self.connected:
                await self.port.connect()
                self.connected = True
            await self.cycle()
        except LinkLost:
            await self.disconnect()
            await asyncio.sleep(RECONNECT_S)

    async def provoke(self, act: str, number: int = 0) -> None:
        """The same; raises Skipped when it cannot be done."""
        done = await self.ask(act, number)
        await self.back()
        if not done:
            raise Skipped(f"nobody could do it: {act}")

    async def back(self) -> None:
        """Wait until the PLC is there again. Raises Broken when it stays away."""
        begin_ms = self.now_ms()
        while not self.connected:
            require(self.now_ms() - begin_ms < AWAY_MS, f"the PLC did not come back within {AWAY_MS} ms")
            await self._cycle_through()

    # --- what we write ---
    def say(self, opcode: str, handle: int = 0, *, reply_to: int = 0, argument: int = 0, chute: int = 0) -> int:
        """Queue a command; returns its sequence number."""
        return self.say_code(self.image.opcodes[opcode].code, handle, reply_to=reply_to, argument=argument, chute=chute)

    def say_code(self, code: int, handle: int = 0, *, reply_to: int = 0, argument: int = 0, chute: int = 0) -> int:
        """The same with any number for an opcode."""
        last = self._queue[-1].seq if self._queue else self.issued
        seq = next_seq(last, self.image.seq_max)
        self._queue.append(CommandSlot(seq, reply_to, handle, code, argument, chute))
        return seq

    def refill(self) -> None:
        """Move what waits into the free places of the ring."""
        while self._queue and seq_distance(self.consumed, self.issued, self.image.seq_max) < self.image.window:
            slot = self._queue.pop(0)
            self.issued = slot.seq
            self._ring[slot.seq % self.image.window] = slot

    def number_from(self, seq: int) -> None:
        """Go on with the numbers behind `seq` on both sides, as the PLC does."""
        self.issued = self.consumed = self.taken = seq
        self._ring.clear()
        self._known.clear()

    def _compose(self) -> tuple[int, ...]:
        says = self.says
        self._beat = (self._beat + says.beating) % WORD
        self._permit = self._permit % 65535 + 1 if says.renewing else self._permit
        self.refill()
        header = {
            "heartbeat": self._beat,
            "boot_id": says.boot,
            "plc_boot_echo": (self.plc_boot or 0) if says.plc_echo is None else says.plc_echo,
            "state": says.state,
            "permit": self._permit if says.permitted else 0,
            "echo": self.header.get("heartbeat", 0),
            "last_consumed_seq": self.taken if says.acknowledged is None else says.acknowledged,
            "last_issued_seq": self.issued if says.issued is None else says.issued,
        }
        words = list(self.codec.encode_edge(EdgeImage(header, tuple(self._ring.values()))))
        if says.mangle is not None:
            says.mangle(words)
        return tuple(words)

    @property
    def drained(self) -> bool:
        """Whether every command that was queued is consumed."""
        return not self._queue and self.consumed == self.issued

    @property
    def beat(self) -> int:
        """The heartbeat as it was written last."""
        return self._beat

    # --- what we read ---
    def _take(self, words: tuple[int, ...]) -> None:
        image = self.codec.decode_plc(words)
        before = self.header
        self.backwards += any((image.header[name] - before[name]) % LONG > LONG // 2 for name in COUNTERS if before)
        self.words, self.header, self.window = words, image.header, {slot.seq: slot for slot in image.events}
        self.torn += image.torn
        if image.header["boot_id"] != self.plc_boot:
            self.number_from(0)
            self.taken = self._before_window() if self.plc_boot is None else 0
            self.plc_boot = image.header["boot_id"]
        for seq, slot in self.window.items():
            self.mixed += self._known.setdefault(seq, slot) != slot
        if image.header["edge_boot_echo"] == self.says.boot:
            self.consumed = image.header["last_consumed_seq"]
        while self.says.acknowledging and (event := self.window.get(next_seq(self.taken, self.image.seq_max))) is not None:
            self.taken = event.seq
            self.events.append(event)
            self._known.pop((event.seq - KNOWN) % self.image.seq_max, None)

    def _before_window(self) -> int:
        """The number before the oldest event that the PLC keeps."""
        issued = self.header["last_issued_seq"]
        seen = ((seq - 2) % self.image.seq_max + 1 for seq in self.window)
        return max(seen, key=lambda seq: seq_distance(seq, issued, self.image.seq_max), default=issued)

    def of(self, kind: str, handle: int | None = None) -> list[EventSlot]:
        """The events of a kind since the check began, all or of one handle."""
        return [event for event in self.events if event.kind == kind and handle in (None, event.handle)]

    def refusals(self) -> list[tuple[int, str]]:
        """(seq of the command, reason) of each refusal, in order."""
        names = self.image.refusal_names
        return [(event.value >> 8, names.get(event.value & 255, "?")) for event in self.of("command_refused")]

    def fault(self, name: str) -> bool:
        """Whether a fault bit stands."""
        return bool(self.header["faults"] >> self.image.faults[name] & 1)

    def flagged(self, event: EventSlot, name: str) -> bool:
        """Whether an event bears a flag."""
        return bool(event.flags >> self.image.event_flags[name] & 1)

    # --- beginnings ---
    async def connect(self) -> None:
        """Open the wire and look at the PLC once. Raises DeviceError."""
        await self.port.connect()
        self.connected = True
        self.plc_boot = None
        await self.cycle()
        self.spoke = True
        self.says.boot = max(self.header["edge_boot_echo"], FIRST_BOOT - 1)

    async def disconnect(self) -> None:
        """Drop the wire; never raises."""
        self.connected = False
        await self.port.close()

    async def leave(self) -> None:
        """The last images: the line is Stopped, nothing is permitted; then the wire goes. Never raises."""
        self.says = Says(boot=self.says.boot, state=STOPPED)
        try:
            if self.connected:
                await self.hold(LAST_MS)
        except DeviceError:
            return
        finally:
            await self.disconnect()

    async def new_edge(self, state: int = HELD) -> None:
        """Come as another edge: a new boot id, commands from 1; what the PLC keeps unacknowledged stays to be taken."""
        self.says = Says(boot=FIRST_BOOT if self.says.boot >= WORD - 1 else self.says.boot + 1, state=state)
        self._ring.clear()
        self._queue.clear()
        self.issued = self.consumed = 0
        self.torn = self.mixed = self.backwards = 0
        await self.until(lambda: self.header["edge_boot_echo"] == self.says.boot, "the new boot id of the edge is answered")
        known = {self.taken, next_seq(self.taken, self.image.seq_max)} & self.window.keys()
        if not known and self.header["last_issued_seq"] != self.taken:
            # The check before acknowledged what it never took.
            self.taken = self._before_window()

    async def begin(self) -> None:
        """The beginning of a check: another edge, an empty belt, Execute, nothing fed."""
        await self.new_edge()
        self.say("clear_belt")
        asked = len(self.events)
        await self.until(
            lambda: any(event.kind == "belt_empty" for event in self.events[asked:]),
            "belt_empty after clear_belt",
            2 * self.belt_ms,
        )
        self.says.state = EXECUTE
        await self.until(lambda: self.header["state"] == EXECUTE, "the unit is in Execute after the line")
        await self.hold(30)
        self.events.clear()

    async def stock(self) -> None:
        """Have the feeder filled before it runs empty."""
        empty = self.header["alarms"] >> self.image.alarms["feeder_empty"] & 1
        fed = self.header["documents_fed"]
        if empty or fed - self._stocked_at >= STOCK - STOCK_LEAST:
            await self.provoke("load", STOCK)
            self._stocked_at = self.header["documents_fed"]

    async def document(self) -> EventSlot:
        """Feed until a document reaches the camera; its event. Others may follow it, unanswered."""
        await self.stock()
        known = len(self.of("document_fed"))
        self.says.permitted = True
        await self.until(lambda: len(self.of("document_fed")) > known, "a document is fed", self.belt_ms)
        self.says.permitted = False
        return self.of("document_fed")[known]

    async def item(self, opcode: str = "insert_close") -> EventSlot:
        """Feed and insert one; its event `inserted` (value = item handle)."""
        fed = await self.document()
        self.say(opcode, fed.handle, reply_to=fed.seq)
        await self.until(lambda: self.of("inserted", fed.handle), f"inserted after {opcode}", self.belt_ms)
        return self.of("inserted", fed.handle)[0]

    async def sealed(self) -> EventSlot:
        """Feed, insert and seal one; its event `weighed`."""
        inserted = await self.item()
        self.say("seal", inserted.value, reply_to=inserted.seq)
        await self.until(lambda: self.of("weighed", inserted.value), "weighed after seal", 2 * self.belt_ms)
        return self.of("weighed", inserted.value)[0]

    async def parcel(self) -> EventSlot:
        """Place one; its event `inducted`."""
        known = len(self.of("inducted"))
        await self.provoke("place")
        await self.until(lambda: len(self.of("inducted")) > known, "inducted", self.belt_ms)
        return self.of("inducted")[known]

    async def came(self, kind: str, handle: int, what: str = "") -> EventSlot:
        """Wait for an event about something on the belt."""
        await self.until(lambda: self.of(kind, handle), what or f"event {kind} of {handle}", self.belt_ms)
        return self.of(kind, handle)[0]

    async def refused(self, seq: int, reason: str) -> None:
        """The command must be refused for this reason. Raises Broken."""
        await self.until(lambda: any(one == seq for one, _ in self.refusals()), f"command {seq} is refused as {reason}")
        got = [why for one, why in self.refusals() if one == seq]
        require(got == [reason], f"command {seq} was refused as {', '.join(got)}, not {reason}")
