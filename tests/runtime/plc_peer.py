"""The other ends of a PLC link: a PLC that yields, fails and lies, a pump that commits when told, a lease."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.ports import DeviceError, LinkLost
from drivers.process_image import CommandSlot, EventSlot, ImageCodec, PlcImage, next_seq, seq_distance
from edge.core.event import Event
from edge.core.values import Plc
from edge.runtime.clock import Clock
from edge.runtime.link import Cursor
from edge.runtime.plc_link import PlcLink
from line_config.process_image import load_process_image
from simulators.virtual.loop import run_virtual

IMAGE = load_process_image()
CODEC = ImageCodec(IMAGE)
EXCHANGE_S = 0.001
HEARTBEAT_AT = IMAGE.plc_to_edge.offsets["heartbeat"]


@dataclass
class FakePlc:
    """A PLC's memory behind a port; `faults` are raised by the next exchanges, before or after the write has arrived."""

    boot: int = 3
    fifo: list[EventSlot] = field(default_factory=list)
    issued: int = 0
    header: dict[str, int] = field(default_factory=dict)
    faults: list[tuple[DeviceError, bool]] = field(default_factory=list)
    layout_version: int = 1
    frozen: bool = False
    consuming: bool = True
    reachable: bool = True
    deaf: bool = False
    pause_s: float = 0.0
    """so much longer an exchange takes before the write arrives"""
    torn: set[int] = field(default_factory=set)
    commands: list[CommandSlot] = field(default_factory=list)
    edge: dict[str, int] = field(default_factory=dict)
    consumed: int = 0
    exchanges: int = 0
    connects: list[float] = field(default_factory=list)
    closes: int = 0
    _beat: int = 0

    def happen(self, kind: str, handle: int = 0, value: int = 0, *, station: str = "feeder", flags: int = 0) -> int:
        """A sensor's edge: one event into the FIFO."""
        self.issued = next_seq(self.issued, IMAGE.seq_max)
        self.fifo.append(EventSlot(self.issued, station, kind, handle, 0, value, flags))
        return self.issued

    def restart(self) -> None:
        """Power off and on."""
        self.boot += 1
        self.fifo.clear()
        self.issued = self.consumed = 0
        self.edge = {}

    @property
    def acknowledged(self) -> int:
        """Newest event that the edge let go."""
        return self.fifo[0].seq - 1 if self.fifo else self.issued

    # --- PlcPort ---
    async def connect(self) -> None:
        self.connects.append(asyncio.get_running_loop().time())
        await asyncio.sleep(EXCHANGE_S)
        if not self.reachable:
            raise LinkLost("nobody there")

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        await asyncio.sleep(EXCHANGE_S + self.pause_s)
        self.exchanges += 1
        fault = self.faults.pop(0) if self.faults else None
        # What is read is of the last scan; what is written counts from the next one on.
        words = self.image()
        if (fault is None or fault[1]) and not self.deaf:
            self.take(write)
        if fault is not None:
            raise fault[0]
        return words

    async def close(self) -> None:
        self.closes += 1
        await asyncio.sleep(0)

    # --- one scan ---
    def take(self, write: Sequence[int]) -> None:
        image = CODEC.decode_edge(write)
        if image.header["boot_id"] != self.edge.get("boot_id"):
            self.consumed = 0
        self.edge = image.header
        if self.edge["plc_boot_echo"] != self.boot:
            return
        while self.fifo and seq_distance(self.fifo[0].seq, self.edge["last_consumed_seq"], IMAGE.seq_max) < IMAGE.window:
            self.fifo.pop(0)
        by_seq = {slot.seq: slot for slot in image.commands}
        while self.consuming and (slot := by_seq.get(next_seq(self.consumed, IMAGE.seq_max))) is not None:
            if self.consumed == self.edge["last_issued_seq"]:
                break
            self.consumed = slot.seq
            self.commands.append(slot)

    def image(self) -> tuple[int, ...]:
        self._beat += not self.frozen
        header = {
            "heartbeat": self._beat % 65536,
            "boot_id": self.boot,
            "edge_boot_echo": self.edge.get("boot_id", 0),
            "echo": self.edge.get("heartbeat", 0),
            "state": 6,
            "mode": 1,
            "last_issued_seq": self.issued,
            "last_consumed_seq": self.consumed,
            **self.header,
        }
        words = list(CODEC.encode_plc(PlcImage(header, tuple(self.fifo[: IMAGE.window]), 0)))
        words[0] = self.layout_version
        for seq in self.torn:
            words[IMAGE.plc_to_edge.header_words + ((seq - 1) % IMAGE.window + 1) * IMAGE.plc_to_edge.slot_words - 1] ^= 0x55
        return tuple(words)


@dataclass
class FakePump:
    """Takes events unless full, and makes them durable when `commit` is called, or at once with `eager`."""

    eager: bool = True
    full: bool = False
    refused: int = 0
    events: list[Event] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)
    _waiting: list[Callable[[], None]] = field(default_factory=list)

    def offer(self, event: Event, *, cursor: Cursor | None = None, on_durable: Callable[[], None] | None = None) -> bool:
        if self.full:
            self.refused += 1
            return False
        self.events.append(event)
        if cursor is not None:
            self.cursors.append(cursor)
        if on_durable is not None:
            self._waiting.append(on_durable)
        if self.eager:
            asyncio.get_running_loop().call_soon(self.commit)
        return True

    def commit(self, count: int | None = None) -> None:
        """Make all events durable, or the first `count` of them."""
        waiting, self._waiting = self._waiting[:count], self._waiting[len(self._waiting[:count]) :]
        for durable in waiting:
            durable()

    def of(self, *kinds: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kinds)]


@dataclass
class FakeLease:
    permit: int = 1
    alive: bool = True

    def permit_word(self) -> int:
        return self.permit

    def beating(self) -> bool:
        return self.alive


@dataclass
class Scene:
    """A link with all that it speaks to."""

    plc: FakePlc
    pump: FakePump
    lease: FakeLease
    link: PlcLink

    async def sleep(self, ms: int) -> None:
        await asyncio.sleep(ms / 1000)


Story = Callable[[Scene], Coroutine[Any, Any, None]]


def play(
    story: Story,
    *,
    plc: FakePlc | None = None,
    pump: FakePump | None = None,
    name: Plc = Plc.MACHINE,
    poll_ms: int = 15,
    wait_ms: int = 0,
    edge_boot: int = 5,
    cursor: Cursor | None = None,
) -> Scene:
    """Run a story beside a link in virtual time; the link is cancelled at its end."""
    plc, pump, lease = plc or FakePlc(), pump or FakePump(), FakeLease()

    async def run() -> Scene:
        link = PlcLink(
            name,
            plc,
            CODEC,
            offer=pump.offer,
            lease=lease,
            clock=Clock(),
            poll_ms=poll_ms,
            edge_boot=edge_boot,
            cursor=cursor,
            wait_ms=wait_ms,
        )
        scene = Scene(plc, pump, lease, link)
        running = asyncio.ensure_future(link.run())
        telling = asyncio.ensure_future(story(scene))
        done, _ = await asyncio.wait({running, telling}, return_when=asyncio.FIRST_COMPLETED)
        if running in done:
            telling.cancel()
            running.result()
            raise AssertionError("the link ended by itself")
        running.cancel()
        await asyncio.wait({running})
        telling.result()
        return scene

    return run_virtual(run())
