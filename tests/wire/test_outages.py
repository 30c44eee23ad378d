"""Outages that made names for other projects, each on real sockets with our links: it is told, nothing is lost, it comes back.

The numbers are those of the public issues. Back-off is cut to nothing where only the number of attempts matters.
"""

import asyncio
import gc
import sys
import threading
from pathlib import Path

import pytest

from edge.runtime import plc_link
from tests.wire.bad_wire import Act
from tests.wire.scene import KINDS, Wire, command, keys, linked

every_wire = pytest.mark.parametrize("kind", KINDS)
modbus_only = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "s7"])


@pytest.fixture
def no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plc_link, "RECONNECT_MIN_S", 0.0)
    monkeypatch.setattr(plc_link, "RECONNECT_MAX_S", 0.0)


async def one_document(wire: Wire, handle: int) -> None:
    """The wire works both ways: an event arrives and is let go, a command arrives."""
    wire.plc.happen("document_fed", handle)
    wire.link.send(command(handle))
    await wire.until(lambda: not wire.plc.fifo and wire.plc.commands and wire.plc.commands[-1].handle == handle)


@every_wire
@pytest.mark.usefixtures("no_back_off")
async def test_thingsboard_2132_polling_dies_after_a_long_outage(kind: str) -> None:
    async with linked(Wire(kind)) as wire:
        await one_document(wire, 1)
        await wire.stop()
        await wire.until(lambda: wire.connects > 500)
        assert wire.told() == ["up", "lost"]
        assert not wire.link.health().up
        await wire.start()
        await one_document(wire, 2)
        assert wire.told() == ["up", "lost", "up"]
        assert wire.documents() == keys(1, 2)
        wire.assert_no_write_was_repeated()


@every_wire
async def test_thingsboard_2157_values_of_the_first_seconds_of_an_outage_are_lost(kind: str) -> None:
    async with linked(Wire(kind, eager=False), through_bad_wire=True) as wire:
        wire.plc.happen("document_fed", 1)
        await wire.until(wire.documents)
        # From here on nothing comes through, and nobody has noticed yet.
        wire.bad.rows.append(lambda frame, _: [Act.MUTE])
        for handle in range(2, 6):
            wire.plc.happen("document_fed", handle)
        await wire.until(lambda: wire.told()[-1] == "lost")
        for handle in range(6, 9):
            wire.plc.happen("document_fed", handle)
        await wire.until(lambda: len(wire.documents()) == 8)
        assert len(wire.plc.fifo) == 8, "acknowledged before it was durable"
        wire.pump.eager = True
        wire.pump.commit()
        wire.plc.happen("document_fed", 9)
        await wire.until(lambda: not wire.plc.fifo)
        assert wire.told() == ["up", "lost", "up"]
        assert wire.documents() == keys(1, 9)


@every_wire
async def test_thingsboard_1841_writes_collide_with_polling(kind: str) -> None:
    async with linked(Wire(kind), through_bad_wire=True) as wire:
        await wire.until(wire.told)

        async def caller(first: int) -> None:
            for handle in range(first, 200, 4):
                wire.link.send(command(handle + 1))
                await asyncio.sleep(0)

        callers = [asyncio.ensure_future(caller(first)) for first in range(4)]
        for handle in range(1, 101):
            wire.plc.happen("document_fed", handle)
        await wire.until(lambda: len(wire.plc.commands) == 200 and not wire.plc.fifo)
        assert all(done.done() for done in callers)
        assert sorted(slot.handle for slot in wire.plc.commands) == list(range(1, 201))
        assert wire.documents() == keys(1, 100)
        assert wire.bad.outstanding_max == 1, "a request went out before the answer to the one before"
        assert wire.told() == ["up"]


@every_wire
@pytest.mark.usefixtures("no_back_off")
async def test_plc4x_2644_each_failed_connect_leaks(kind: str) -> None:
    def held() -> tuple[int, int, int]:
        gc.collect()
        return threading.active_count(), sum(1 for _ in Path("/proc/self/fd").iterdir()), len(gc.get_objects())

    async with linked(Wire(kind), serving=False) as wire:
        await wire.until(lambda: wire.connects > 300)
        threads, files, objects = held()
        await wire.until(lambda: wire.connects > 10_800)  # three hours at one attempt a second
        threads_after, files_after, objects_after = held()
        # An S7 attempt's own thread may be alive at either look.
        assert abs(threads_after - threads) <= 2
        assert abs(files_after - files) <= 2
        if sys.gettrace() is None:  # one who measures coverage keeps objects of his own for each thread
            assert objects_after - objects < 200, "more than one object for each fifty attempts"
        assert wire.told() == ["lost"]
        await wire.start()
        await one_document(wire, 1)
        assert wire.told() == ["lost", "up"]


@every_wire
async def test_plc4x_2045_no_new_connection_after_a_timeout(kind: str) -> None:
    async with linked(Wire(kind), through_bad_wire=True) as wire:
        for handle in range(1, 6):
            await one_document(wire, handle)
            wire.bad.rows.append(lambda frame, _: [Act.MUTE])
            await wire.until(lambda n=handle: wire.told().count("lost") == n)
        await one_document(wire, 6)
        assert wire.told() == ["up", *["lost", "up"] * 5]
        assert wire.bad.connections == 6
        assert wire.documents() == keys(1, 6)
        wire.assert_no_write_was_repeated()


@every_wire
@pytest.mark.usefixtures("no_back_off")
async def test_plc4x_1994_connects_and_is_cut_for_ever(kind: str) -> None:
    async with linked(Wire(kind), through_bad_wire=True) as wire:
        await one_document(wire, 1)
        threads = threading.active_count()
        wire.bad.refusing = True
        wire.bad.rows.append(lambda frame, _: [Act.RST])
        await wire.until(lambda: wire.connects > 25)
        # Many connections that were taken and cut are one outage, told once.
        assert wire.told() == ["up", "lost"]
        assert threading.active_count() <= threads + 2
        wire.bad.refusing = False
        await one_document(wire, 2)
        assert wire.told() == ["up", "lost", "up"]
        assert wire.documents() == keys(1, 2)


async def test_plc4x_1994_attempts_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def noted(pause_s: float) -> None:
        pauses.append(pause_s)
        await sleep(0)

    monkeypatch.setattr(plc_link.asyncio, "sleep", noted)
    async with linked(Wire("s7"), serving=False) as wire:
        await wire.until(lambda: wire.connects > 12)
    waits = [pause for pause in pauses if pause]
    assert waits[:5] == [0.1, 0.2, 0.4, 0.8, 1.0]
    assert set(waits[5:]) == {1.0}


async def test_fuxa_1671_a_dead_s7_plc_is_shown_as_well() -> None:
    async with linked(Wire("s7")) as wire:
        await one_document(wire, 1)
        assert wire.link.health().up
        # Its program stands still, its network processor goes on answering with the last values.
        wire.plc.frozen = True
        await wire.until(lambda: wire.told()[-1] == "stale")
        assert not wire.link.health().up
        assert "stands still" in wire.link.health().detail
        wire.plc.frozen = False
        await wire.until(lambda: wire.told()[-1] == "up")
        # It is dead altogether: the connection is there, and nothing comes.
        wire.simulator.knobs.silent = True
        await wire.until(lambda: wire.told()[-1] == "lost")
        assert not wire.link.health().up
        wire.simulator.knobs.silent = False
        await one_document(wire, 2)
        assert wire.told() == ["up", "stale", "up", "lost", "up"]
        assert wire.link.health().up


@modbus_only
async def test_fuxa_532_the_device_is_back_before_its_going_was_noticed(kind: str) -> None:
    async with linked(Wire(kind), through_bad_wire=True) as wire:
        for handle in range(1, 21):
            wire.bad.rows.append(lambda frame, _: [frame[:40], Act.RST])
            await one_document(wire, handle)
        assert wire.documents() == keys(1, 20)
        assert [slot.handle for slot in wire.plc.commands] == list(range(1, 21))
        assert set(wire.told()) == {"up", "lost"}
        assert wire.told()[-1] == "up"
        wire.assert_no_write_was_repeated()


@modbus_only
async def test_home_assistant_68161_modbus_never_recovers(kind: str) -> None:
    async with linked(Wire(kind), serving=False) as wire:
        await wire.until(lambda: wire.connects > 2)
        assert wire.told() == ["lost"]
        await wire.start()
        await one_document(wire, 1)
        for handle in (2, 3):
            await wire.stop()
            await wire.until(lambda: wire.told()[-1] == "lost")
            await wire.start()
            await one_document(wire, handle)
        assert wire.told() == ["lost", "up", "lost", "up", "lost", "up"]
        assert wire.documents() == keys(1, 3)
