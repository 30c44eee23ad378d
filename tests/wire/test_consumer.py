"""The example consumer of the documentation (MQTT.js), as it stands there: it stores every event once, whatever breaks."""

import asyncio
import contextlib
import json
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.core.events import ManifestSealed
from edge.runtime import central_link, outbox
from edge.runtime.account import compare, read_central
from simulators.broker import Mosquitto, make_broker, make_certificates, running
from simulators.manifests import make_manifest, wire_order
from simulators.people import make_population
from tests.wire.line import CLASSES, KEY, ROOT, Line, until
from tests.wire.peer import HERE, needs
from tests.wire.secure import secured, tls

pytestmark = needs("mqtt")
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "consumer.mjs"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(central_link, "LOOK_S", 0.02)
    monkeypatch.setattr(outbox, "PATIENCE_S", 0.3)


@contextlib.asynccontextmanager
async def consumer(folder: Path, url: str, **files: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The example, in a folder with the library that its first lines install."""
    with contextlib.suppress(FileExistsError):
        (folder / "node_modules").symlink_to(HERE / "node_modules")
    (folder / EXAMPLE.name).write_bytes(EXAMPLE.read_bytes())
    command = ["node", EXAMPLE.name, url, "demo", "line-1", "events.jsonl"]
    environment = {"PATH": os.environ["PATH"], **files}
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdin=DEVNULL, stdout=PIPE)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def agreed(line: Line, n: int) -> None:
    await until(lambda: line.link.counters()["agreed"] == n)
    assert line.link.counters()["differs"] == 0


async def test_every_event_is_stored_once_although_the_consumer_is_killed(tmp_path: Path) -> None:
    broker = make_broker("127.0.0.1", 0, tmp_path / "broker")
    if not isinstance(broker, Mosquitto):
        pytest.skip("mosquitto is not installed")
    url = f"mqtt://127.0.0.1:{broker.port}"
    async with running(broker), Line(broker, tmp_path / "j.db") as line:
        async with consumer(tmp_path, url) as node:
            await line.publish(1, 30)
            await agreed(line, 30)
            assert node.stdout is not None
            assert b'"want":"manifest"' in await node.stdout.readline() + await node.stdout.readline()
            await line.publish(31, 40)
        await line.publish(41, 60)
        async with consumer(tmp_path, url):
            await agreed(line, 60)
        told = line.ledger.account()
    found = list(compare(told, read_central(tmp_path / "events.jsonl", "J1")).lines())
    assert found == ["nothing missing, nothing twice: the same up to event 60; 0 wait to be told"]


async def test_it_works_behind_the_site_s_broker_and_its_command_grants_a_manifest(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "made")
    files = tls(made, "central")
    people = make_population(1, 20, (), CLASSES)
    manifest = make_manifest([wire_order(order, KEY, CLASSES) for order in people.orders], "L9", 1, chunk_orders=8)
    async with secured(tmp_path / "broker", made) as broker, Line(broker, tmp_path / "j.db", files=tls(made, "line-1")) as line:
        async with consumer(tmp_path, f"mqtts://127.0.0.1:{broker.port}", CA=files.ca, CERT=files.cert, KEY=files.key):
            await line.publish(1, 5)
            await agreed(line, 5)
        pub = ["node", HERE / "node_modules" / "mqtt" / "build" / "bin" / "mqtt.js", "publish"]
        where = [
            "-h",
            "127.0.0.1",
            "-p",
            str(broker.port),
            "-C",
            "mqtts",
            "--ca",
            files.ca,
            "--cert",
            files.cert,
            "--key",
            files.key,
        ]
        what = ["-q", "1", "-t", ROOT + "manifest", "-s", "-M"]
        process = await asyncio.create_subprocess_exec(*pub, *where, *what, stdin=PIPE, stdout=DEVNULL)
        await process.communicate(b"".join(message + b"\n" for message in manifest))
        await until(lambda: line.of(ManifestSealed))
        assert line.of(ManifestSealed)[0].digest == json.loads(manifest[0])["digest"]
