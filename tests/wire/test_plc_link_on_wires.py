"""The PLC link with the real drivers on real sockets: what the virtual tests prove holds on both protocols."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from drivers.modbus_plc import ModbusPlc
from drivers.ports import PlcPort
from drivers.s7_plc import S7Plc
from edge.core.commands import InsertClose
from edge.core.events import DocumentFed, Event, LinkDown, LinkUp, PlcRestarted
from edge.core.values import DocumentKey, Plc
from edge.runtime.clock import Clock
from edge.runtime.link import Cursor
from edge.runtime.plc_link import PlcLink
from simulators import modbus_plc as modbus_simulator
from simulators import s7_plc as s7_simulator
from tests.runtime.plc_peer import CODEC, IMAGE, FakeLease, FakePlc, FakePump

GUARD_S = 10.0


class Unit:
    """A PLC's memory, served by a simulator."""

    def __init__(self, moved: asyncio.Event) -> None:
        self.plc = FakePlc()
        self._moved = moved

    def read(self) -> tuple[int, ...]:
        return self.plc.image()

    def write(self, words: Sequence[int]) -> None:
        self.plc.take(words)
        self._moved.set()


Simulator = modbus_simulator.ModbusPlc | s7_simulator.S7Plc


class Wire:
    """A unit, its server, and a link to it."""

    def __init__(self, kind: str) -> None:
        self.moved = asyncio.Event()
        self.unit = Unit(self.moved)
        self.plc = self.unit.plc
        self.pump = FakePump()
        self._kind = kind
        self._port = 0
        self.simulator = self._simulator()
        self.link: PlcLink

    def _simulator(self) -> Simulator:
        if self._kind == "s7":
            return s7_simulator.S7Plc(self.unit, IMAGE)
        return modbus_simulator.ModbusPlc(self.unit, IMAGE, fc23=self._kind == "modbus")

    def _driver(self) -> PlcPort:
        if self._kind == "s7":
            return S7Plc("127.0.0.1", self._port, 0, 1, IMAGE)
        return ModbusPlc("127.0.0.1", self._port, 1, IMAGE)

    async def start(self) -> None:
        self._port = await self.simulator.server.start("127.0.0.1", self._port)

    async def stop(self) -> None:
        await self.simulator.server.close()
        self.simulator = self._simulator()

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
        return [getattr(event, "reason", "up") for event in self.pump.of(LinkUp, LinkDown)]

    def documents(self) -> list[str]:
        return [event.document for event in self.pump.of(DocumentFed)]


@pytest.fixture(params=["modbus", "modbus without fc23", "s7"])
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    made = Wire(request.param)
    await made.start()
    made.link = made.make_link()
    running = asyncio.ensure_future(made.link.run())
    yield made
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled(), "the link ended by itself"
    await made.simulator.server.close()


def command(handle: int, boot: int = 3) -> InsertClose:
    return InsertClose(document=DocumentKey(f"D{boot}-{handle}"))


async def test_events_and_commands_cross_once_and_in_order(wire: Wire) -> None:
    for handle in range(1, 41):
        wire.plc.happen("document_fed", handle)
        wire.link.send(command(handle))
    await wire.until(lambda: not wire.plc.fifo and len(wire.plc.commands) == 40)
    assert wire.documents() == [f"D3-{handle}" for handle in range(1, 41)]
    assert [slot.handle for slot in wire.plc.commands] == list(range(1, 41))
    assert wire.told() == ["up"]


async def test_the_server_goes_and_comes_back(wire: Wire) -> None:
    wire.plc.happen("document_fed", 1)
    await wire.until(wire.documents)
    await wire.stop()
    await wire.until(lambda: wire.told()[-1] == "lost")
    wire.plc.happen("document_fed", 2)
    wire.link.send(command(2))
    await wire.start()
    await wire.until(lambda: wire.plc.commands and not wire.plc.fifo)
    assert wire.told() == ["up", "lost", "up"]
    assert wire.documents() == ["D3-1", "D3-2"]
    assert [slot.reply_to for slot in wire.plc.commands] in ([0], [2])


async def test_the_plc_restarts_behind_its_wire(wire: Wire) -> None:
    wire.plc.happen("document_fed", 1)
    await wire.until(wire.documents)
    wire.plc.restart()
    wire.simulator.server.drop_connections()
    wire.plc.happen("document_fed", 1)
    await wire.until(lambda: len(wire.documents()) == 2)
    assert [event.boot for event in wire.pump.of(PlcRestarted)] == [4]
    assert wire.documents() == ["D3-1", "D4-1"]


async def test_silence_refusal_and_another_layout_are_told_apart(wire: Wire) -> None:
    await wire.until(lambda: wire.told() == ["up"])
    wire.simulator.knobs.silent = True
    await wire.until(lambda: wire.told()[-1] == "lost")
    wire.simulator.knobs.silent = False
    await wire.until(lambda: wire.told()[-1] == "up")
    wire.plc.layout_version = 2
    await wire.until(lambda: wire.told()[-1] == "layout")
    wire.plc.layout_version = 1
    await wire.until(lambda: wire.told()[-1] == "up")
    wire.simulator.knobs.refuse = True
    await wire.until(lambda: wire.told()[5:])
    assert wire.told()[:6] == ["up", "lost", "up", "layout", "up", "refused"]


async def test_a_reply_that_comes_too_late_is_never_taken_for_the_next_one(wire: Wire) -> None:
    await wire.until(lambda: wire.told() == ["up"])
    wire.simulator.knobs.delay_s = 0.15
    await wire.until(lambda: wire.told()[-1] == "lost")
    wire.simulator.knobs.delay_s = 0.0
    for handle in range(1, 21):
        wire.plc.happen("document_fed", handle)
    await wire.until(lambda: len(wire.documents()) == 20)
    assert wire.documents() == [f"D3-{handle}" for handle in range(1, 21)]
