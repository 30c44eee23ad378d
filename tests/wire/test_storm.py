"""Everything that must be refused, thousands a second through a real broker: counted, recorded, and the line goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.core.events import LeaseTold, ManifestGranted, ManifestRefused, MessageRefused, OrderCancelled
from edge.runtime import central_link, refusals
from edge.runtime.contract.inward import MESSAGE_MAX_BYTES
from simulators.broker import Mosquitto, free_port, mosquitto_binary, running
from simulators.storm import HOSTILE, connect, flood, packet
from tests.wire.line import ROOT, Line, central_at, stored, until

pytestmark = pytest.mark.skipif(mosquitto_binary() is None, reason="needs: apt-get install mosquitto")
PER_S, FOR_S = 10_000, 2.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(central_link, "LOOK_S", 0.02)


@pytest.fixture
async def mosquitto(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(str(mosquitto_binary()), "127.0.0.1", free_port("127.0.0.1"), tmp_path / "broker")
    async with running(broker):
        yield broker


# Others are settled elsewhere: by the core, which knows the epoch, by the outbox, and when the other half has not come.
LATER = ("replayed grant", "confirmation of what never was", "half a manifest")
REFUSED = {name: message for name, message in HOSTILE.items() if name not in LATER}


@pytest.mark.parametrize("name", REFUSED)
async def test_each_kind_is_refused_and_recorded(mosquitto: Mosquitto, tmp_path: Path, name: str) -> None:
    topic, payload, flags = REFUSED[name]
    with connect(mosquitto.port) as wire:
        if flags:  # what the broker retains is told as retained to those who come later
            wire.sendall(packet(ROOT + topic, payload, flags))
        async with Line(mosquitto, tmp_path / "j.db") as line:
            await until(lambda: line.link.health().up)
            if not flags:
                wire.sendall(packet(ROOT + topic, payload))
            await until(lambda: line.of(MessageRefused) or line.of(ManifestRefused))
            assert line.link.counters()["refused"] >= 1
            assert not line.of(ManifestGranted)
            assert not line.of(OrderCancelled)


async def test_a_message_that_is_too_large_is_refused_unread(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with Line(mosquitto, tmp_path / "j.db") as line:
        await until(lambda: line.link.health().up)
        with connect(mosquitto.port) as wire:
            wire.sendall(packet(ROOT + "lot", b" " * (MESSAGE_MAX_BYTES + 1)))
            await until(lambda: line.of(MessageRefused))
        assert f"larger than {MESSAGE_MAX_BYTES} bytes" in line.of(MessageRefused)[0].fault


async def test_a_storm_costs_a_bounded_number_of_records_and_the_line_tells_on(mosquitto: Mosquitto, tmp_path: Path) -> None:
    async with central_at(mosquitto, items=400) as central, Line(mosquitto, tmp_path / "j.db") as line:
        await line.publish(1, 10)
        await stored(central, line, 10)
        storm = flood(mosquitto.port, ROOT, PER_S, FOR_S)
        await until(lambda: line.link.counters()["refused"] > 500)
        for n in range(11, 111):
            await line.publish(n, n)
        await until(lambda: storm.over)
        sent = storm.ended()
        assert sent > PER_S * FOR_S / 2, "it was a storm"
        await until(lambda: line.link.counters()["waiting"] == 0)
        assert central.report()["journals"] == {"J1": 110}
        single = [event for event in line.of(MessageRefused) if event.topic] + line.of(ManifestRefused)
        sums = [event for event in line.of(MessageRefused) if not event.topic]
        assert sums, "the rest is summed up"
        assert all("more messages refused" in event.fault for event in sums)
        assert len(single) <= refusals.SINGLE_BURST + refusals.SINGLE_PER_S * (FOR_S + 30)
        assert not line.of(ManifestGranted)[4:], "nothing but central's own manifest"
        # Replays are for the core, which knows their epoch; they come no faster than commands may.
        assert len(line.of(LeaseTold)) < central_link.COMMANDS_BURST + central_link.COMMANDS_PER_S * (FOR_S + 30)
