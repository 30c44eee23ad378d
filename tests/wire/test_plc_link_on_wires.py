"""The PLC link with the real drivers on real sockets: what the virtual tests prove holds on both protocols."""

from collections.abc import AsyncIterator

import pytest

from edge.core.events import PlcRestarted
from tests.wire.scene import KINDS, Wire, command, linked


@pytest.fixture(params=KINDS)
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    async with linked(Wire(request.param)) as made:
        yield made


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
