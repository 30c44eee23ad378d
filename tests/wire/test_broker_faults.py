"""A wire that is dead without saying so, and a broker whose disk is full: real sockets, real mosquitto; nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers import mqtt
from edge.core.events import LinkDown
from edge.runtime import central_link, outbox
from simulators.broker import Mosquitto, free_port, mosquitto_binary, running
from tests.wire.line import Line, assert_whole, central_at, stored, until

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="needs: apt-get install mosquitto")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "TIMEOUT_S", 0.4)
    monkeypatch.setattr(central_link, "LOOK_S", 0.02)
    monkeypatch.setattr(central_link, "RECONNECT_S", (0.0, 0.05))
    monkeypatch.setattr(outbox, "PATIENCE_S", 0.5)


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(str(mosquitto_binary()), "127.0.0.1", free_port("127.0.0.1"), tmp_path / "broker")
    async with running(broker):
        yield broker


class FullMosquitto(Mosquitto):
    """No file of it may grow beyond 2 kB: each of its writes behind that fails, as on a full disk."""

    def _command(self) -> list[str]:
        return ["sh", "-c", "trap '' XFSZ; ulimit -f 4; exec \"$@\"", "sh", *super()._command()]


class DeadWire:
    """A router between the line and its broker; while it is dead it takes everything, passes nothing on and closes nothing."""

    kind = "wire"

    def __init__(self, broker: Mosquitto) -> None:
        self.host, self.port, self.protocol = "127.0.0.1", free_port("127.0.0.1"), broker.protocol
        self._broker = broker
        self.dead = False
        self.swallowed = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "DeadWire":
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, thither = await asyncio.open_connection(self._broker.host, self._broker.port)
        self._writers += [writer, thither]
        loop = asyncio.get_running_loop()
        self._tasks += [loop.create_task(self._pass(reader, thither)), loop.create_task(self._pass(there, writer))]

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        born_dead = self.dead
        while data := await reader.read(65536):
            if self.dead or born_dead:
                born_dead = True
                self.swallowed += len(data)
            else:
                writer.write(data)
        if not born_dead:
            writer.close()

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()


async def test_a_wire_that_is_dead_without_saying_so_is_noticed_and_what_it_swallowed_goes_again(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    async with (
        central_at(mosquitto, items=60) as central,
        DeadWire(mosquitto) as wire,
        Line(wire, tmp_path / "j.db") as line,
    ):
        await line.publish(1, 20)
        await stored(central, line, 20)
        wire.dead = True
        await line.publish(21, 60)
        await until(lambda: line.of(LinkDown))
        assert wire.swallowed > 0
        assert central.report()["stored"] == 20
        wire.dead = False
        assert_whole(await stored(central, line, 60), 60)


async def test_a_broker_whose_disk_is_full_and_that_dies_of_it_loses_nothing_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    broker = FullMosquitto(str(mosquitto_binary()), "127.0.0.1", free_port("127.0.0.1"), folder, autosave_s=1)
    async with running(broker), Line(broker, tmp_path / "j.db") as line:
        async with central_at(broker, items=90, file=tmp_path / "central.jsonl") as central:
            await line.publish(1, 30)
            await stored(central, line, 30)
        # What central does not take waits in the broker's memory, for it cannot be written down.
        await line.publish(31, 60)
        await until(lambda: "File too large" in (folder / "mosquitto.log").read_text("utf-8"))
        await broker.kill()
        await until(lambda: line.of(LinkDown))
        (folder / "mosquitto.db").unlink(missing_ok=True)  # half a file, as its keeper finds it
        await broker.start()
        await line.publish(61, 70)
        async with central_at(broker, items=90, file=tmp_path / "central.jsonl") as again:
            assert_whole(await stored(again, line, 70), 70)
