"""A PLC link with a real driver on a real socket, and at its other end a PLC's memory behind one of our simulators."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise

from drivers.modbus_plc import ModbusPlc
from drivers.ports import PlcPort
from drivers.s7_plc import S7Plc
from edge.core.commands import InsertClose
from edge.core.event import Event
from edge.core.events import DocumentFed, LinkDown, LinkUp
from edge.core.values import DocumentKey, Plc
from edge.runtime.clock import Clock
from edge.runtime.link import Cursor
from edge.runtime.plc_link import PlcLink
from simulators import modbus_plc as modbus_simulator
from simulators import s7_plc as s7_simulator
from tests.runtime.plc_peer import CODEC, IMAGE, FakeLease, FakePlc, FakePump
from tests.wire.bad_wire import BadWire

GUARD_S = 20.0
KINDS = ("modbus", "modbus without fc23", "s7")
HEARTBEAT_AT = IMAGE.edge_to_plc.offsets["heartbeat"]

Simulator = modbus_simulator.ModbusPlc | s7_simulator.S7Plc


class Unit:
    """A PLC's memory, served by a simulator."""

    def __init__(self, moved: asyncio.Event) -> None:
        self.plc = FakePlc()
        self.heartbeats: list[int] = []
        self._moved = moved

    def read(self) -> tuple[int, ...]:
        return self.plc.image()

    def write(self, words: Sequence[int]) -> None:
        self.heartbeats.append(words[HEARTBEAT_AT])
        self.plc.take(words)
        self._moved.set()


class Wire:
    """A unit, its server, perhaps a bad wire in between, and a link to it."""

    def __init__(self, kind: str, *, timeout_ms: int = 120, eager: bool = True) -> None:
        self.kind = kind
        self.moved = asyncio.Event()
        self.unit = Unit(self.moved)
        self.plc = self.unit.plc
        self.pump = FakePump(eager=eager)
        self.connects = 0
        self.bad = BadWire("s7" if kind == "s7" else "modbus")
        self.simulator = self._simulator()
        self.link: PlcLink
        self._timeout_ms = timeout_ms
        self._port = 0
        self._link_port = 0

    def _simulator(self) -> Simulator:
        if self.kind == "s7":
            return s7_simulator.S7Plc(self.unit, IMAGE)
        return modbus_simulator.ModbusPlc(self.unit, IMAGE, fc23=self.kind == "modbus")

    def _driver(self) -> PlcPort:
        driver: PlcPort
        if self.kind == "s7":
            driver = S7Plc("127.0.0.1", self._link_port, 0, 1, IMAGE, timeout_ms=self._timeout_ms)
        else:
            driver = ModbusPlc("127.0.0.1", self._link_port, 1, IMAGE, timeout_ms=self._timeout_ms)
        connect = driver.connect

        async def counted() -> None:
            self.connects += 1
            self.moved.set()
            await connect()

        driver.connect = counted  # type: ignore[method-assign]
        return driver

    async def start(self, *, through_bad_wire: bool = False) -> None:
        """Serve, at the same port as before if there was one."""
        self._port = self._link_port = await self.simulator.server.start("127.0.0.1", self._port)
        if through_bad_wire:
            self._link_port = await self.bad.start(self._port)

    async def stop(self) -> None:
        """The PLC's server goes, its memory stays."""
        await self.simulator.server.close()
        self.simulator = self._simulator()

    async def close(self) -> None:
        await self.bad.close()
        await self.simulator.server.close()

    def make_link(self) -> PlcLink:
        return PlcLink(
            Plc.MACHINE,
            self._driver(),
            CODEC,
            offer=self._offer,
            lease=FakeLease(),
            clock=Clock(),
            poll_ms=5,
            edge_boot=5,
            cursor=None,
        )

    def _offer(self, event: Event, *, cursor: Cursor | None = None, on_durable: Callable[[], None] | None = None) -> bool:
        self.moved.set()
        return self.pump.offer(event, cursor=cursor, on_durable=on_durable)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(GUARD_S):
            while not condition():
                self.moved.clear()
                await self.moved.wait()

    def told(self) -> list[str]:
        """LinkUp and the reasons of LinkDown, in their order."""
        return [getattr(event, "reason", "up") for event in self.pump.of(LinkUp, LinkDown)]

    def documents(self) -> list[str]:
        return [event.document for event in self.pump.of(DocumentFed)]

    def assert_no_write_was_repeated(self) -> None:
        """Each write carries a heartbeat of its own: none went out twice."""
        beats = self.unit.heartbeats
        assert all(later != earlier for earlier, later in pairwise(beats))


@contextlib.asynccontextmanager
async def linked(wire: Wire, *, through_bad_wire: bool = False, serving: bool = True) -> AsyncIterator[Wire]:
    """The link runs; `serving` False: nobody is there yet, though the port is known."""
    await wire.start(through_bad_wire=through_bad_wire)
    if not serving:
        await wire.stop()
    wire.link = wire.make_link()
    running = asyncio.ensure_future(wire.link.run())
    try:
        yield wire
    finally:
        ended = running.done()
        running.cancel()
        await asyncio.wait({running})
        await wire.close()
    assert not ended, f"the link ended by itself: {running}"


def command(handle: int, boot: int = 3) -> InsertClose:
    return InsertClose(document=DocumentKey(f"D{boot}-{handle}"))


def keys(first: int, last: int, boot: int = 3) -> list[str]:
    return [f"D{boot}-{handle}" for handle in range(first, last + 1)]
