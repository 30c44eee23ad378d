"""The broker's own commands as central: whoever has a shell can take events, confirm them and grant a manifest."""

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.core.events import ManifestRefused, ManifestSealed
from edge.runtime import central_link
from edge.runtime.contract.outward import CONTRACT
from simulators.broker import Child, Mosquitto, make_broker, running
from simulators.manifests import make_manifest, wire_order
from simulators.people import make_population
from tests.wire.line import CLASSES, KEY, ROOT, Line, until
from tests.wire.peer import needs

pytestmark = needs("mosquitto_pub")
SESSION = ("-c", "-i", "shell", "-q", "1", "-t", ROOT + "events")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(central_link, "LOOK_S", 0.02)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Child]:
    broker = make_broker("127.0.0.1", 0, tmp_path / "broker")
    if not isinstance(broker, Mosquitto):
        pytest.skip("mosquitto is missing: apt-get install mosquitto")
    async with running(broker):
        yield broker


async def shell(broker: Child, command: str, *arguments: str, said: bytes = b"") -> list[str]:
    """Run mosquitto_pub or mosquitto_sub to its end; returns the lines that it printed."""
    process = await asyncio.create_subprocess_exec(
        command, "-h", "127.0.0.1", "-p", str(broker.port), *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    printed, complaint = await process.communicate(said)
    assert process.returncode == 0, complaint.decode()
    return printed.decode().splitlines()


async def publish(broker: Child, topic: str, *messages: bytes) -> None:
    await shell(broker, "mosquitto_pub", "-q", "1", "-t", ROOT + topic, "-l", said=b"".join(m + b"\n" for m in messages))


async def test_events_are_taken_by_a_lasting_session_and_confirmed(broker: Child, tmp_path: Path) -> None:
    await shell(broker, "mosquitto_sub", *SESSION, "-E")
    async with Line(broker, tmp_path / "j.db") as line:
        await line.publish(1, 12)
        taken = [json.loads(text) for text in await shell(broker, "mosquitto_sub", *SESSION, "-C", "12")]
        assert [(event["seq"], event["key"], event["body"]["order_id"]) for event in taken] == [
            (n, f"J1:{n}", f"O{n:06d}") for n in range(1, 13)
        ]
        assert line.link.counters()["waiting"] == 12
        await publish(broker, "confirm", json.dumps({"journal_id": "J1", "seq": 12}).encode())
        await until(lambda: line.link.counters()["waiting"] == 0)
        (state,) = await shell(broker, "mosquitto_sub", "-t", ROOT + "state", "-C", "1", "--retained-only")
        now = {"online": True, "state": "EXECUTE", "journal_id": "J1", "contract": CONTRACT}
        assert now.items() <= json.loads(state).items()


async def test_a_manifest_is_granted_and_a_wrong_one_refused_whole(broker: Child, tmp_path: Path) -> None:
    people = make_population(1, 20, (), CLASSES)
    manifest = make_manifest([wire_order(order, KEY, CLASSES) for order in people.orders], "L9", 1, chunk_orders=8)
    async with Line(broker, tmp_path / "j.db") as line:
        await publish(broker, "manifest", manifest[0].replace(b'"county"', b'"country"'), *manifest[1:])
        await until(lambda: line.of(ManifestRefused))
        await publish(broker, "manifest", *manifest)
        await until(lambda: line.of(ManifestSealed))
        assert line.of(ManifestSealed)[0].digest == json.loads(manifest[0])["digest"]
