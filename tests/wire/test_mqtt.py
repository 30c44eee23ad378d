"""Line and central through a real broker: what is granted arrives, what happened is stored, whatever breaks in between."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from drivers.mqtt import MqttClient
from edge.core.events import LeaseTold, LinkDown, LinkUp, ManifestGranted, ManifestRefused, ManifestSealed
from edge.core.values import SortPlan
from edge.runtime import central_link, outbox
from edge.runtime.central_link import OFFLINE, CentralLink, topic_root
from edge.runtime.clock import Clock
from edge.runtime.contract.outward import CONTRACT
from edge.runtime.journal import ThreadStore
from edge.runtime.ledger import Ledger
from edge.runtime.records import Batch
from edge.runtime.spawn import Crew
from simulators.broker import Mosquitto, make_broker, running
from simulators.central import Wire, one_line
from simulators.manifests import BAD_MANIFESTS
from simulators.people import make_population

KEY = b"k" * 32
PLAN = SortPlan("t", {"44": 1, "11": 2, "31": 3, "51": 4}, 0)
ROOT = topic_root("demo", "line-1")
CLASSES = {"resident_id": (), "passport": (), "a4": ()}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(central_link, "LOOK_S", 0.02)
    monkeypatch.setattr(central_link, "RECONNECT_S", (0.0, 0.05))
    monkeypatch.setattr(outbox, "PATIENCE_S", 0.3)


@pytest.fixture
async def mosquitto(tmp_path):
    broker = make_broker("127.0.0.1", 0, tmp_path / "broker")
    if not isinstance(broker, Mosquitto):
        pytest.skip("mosquitto is not installed")
    async with running(broker):
        yield broker


@asynccontextmanager
async def central_at(broker, items=10, file=None, lease_ms=0):
    wire = Wire(broker.host, broker.port, "demo", broker.protocol)
    central = one_line(make_population(1, items, (), CLASSES), KEY, wire, "line-1", CLASSES, file, lease_ms)
    central.start()
    try:
        yield central
    finally:
        central.stop()


class Line:
    """A link with a real journal, and a pump that keeps what it is offered."""

    def __init__(self, broker, path, durable=True, files=None):
        """`broker`: one of ours, or with `files` the port of one that wants TLS."""
        self.ledger = Ledger(str(path), KEY)
        self.ledger.open(lambda: "J1")
        self.store = ThreadStore(self.ledger)
        self.events, self.durable, self.unconfirmed = [], durable, False
        self.crew = Crew()
        host, port, protocol = ("127.0.0.1", broker, "5") if files else (broker.host, broker.port, broker.protocol)
        self.port = MqttClient(host, port, client_id="line-1", protocol=protocol, will=(ROOT + "state", OFFLINE), tls=files)
        self.link = CentralLink(
            self.offer, self.port, self.store, Clock(), self.crew,
            root=ROOT, sort_plan=PLAN, line_state=lambda: "EXECUTE", boot=7, unconfirmed=lambda: self.unconfirmed,
        )  # fmt: skip

    def offer(self, event, *, cursor=None, on_durable=None):
        self.events.append(event)
        if on_durable is not None and self.durable:
            asyncio.get_running_loop().call_soon(on_durable)
        return True

    async def publish(self, first, last):
        for n in range(first, last + 1):
            body = json.dumps({"order_id": f"O{n:06d}"}).encode()
            await self.store.commit(Batch([], [("dispatched", n, body)]))

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    async def __aenter__(self):
        self.crew.spawn(self.link.run(), "central")
        return self

    async def __aexit__(self, *_):
        await self.crew.stop()
        self.store.close()


async def until(condition):
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - central runs in a thread of its own
            await asyncio.sleep(0.005)


async def stored(central, line, n):
    await until(lambda: central.report()["stored"] >= n and line.link.counters()["waiting"] == 0)
    # Whatever broke in between: both accounts have the same digest over all events.
    await until(lambda: line.link.counters()["agreed"] == n)
    assert line.link.counters()["differs"] == 0
    return central.report()


def assert_whole(report, n):
    assert report["stored"] == n
    assert report["journals"] == {"J1": n}
    assert (report["gaps"], report["contradictions"], report["nonsense"]) == ([], [], [])
    assert report["dispatched_twice"] == []


async def test_the_whole_loop(mosquitto, tmp_path):
    async with central_at(mosquitto, items=1200) as central, Line(mosquitto, tmp_path / "j.db") as line:
        await until(lambda: line.of(ManifestSealed))
        assert [len(chunk.orders) for chunk in line.of(ManifestGranted)] == [500, 500, 200]
        await line.publish(1, 150)
        report = await stored(central, line, 150)
        assert_whole(report, 150)
        assert report["line_state"] == {"online": True, "state": "EXECUTE", "journal_id": "J1", "contract": CONTRACT}
        assert len(report["missing"]) == 1050
        assert report["duplicates"] == 0
        assert await line.store.outbox_after(0, 10) == []
        health = line.link.health()
        assert (health.up, health.detail) == (True, "0 waiting")
    await until(lambda: not central.books.line_state["online"])


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_broker_restart_in_mid_run_loses_nothing(mosquitto, tmp_path, how):
    async with central_at(mosquitto, items=80) as central, Line(mosquitto, tmp_path / "j.db") as line:
        await line.publish(1, 20)
        await until(lambda: central.report()["stored"] > 5)
        ending = asyncio.ensure_future(getattr(mosquitto, how)())
        await line.publish(21, 50)
        await ending
        await until(lambda: line.of(LinkDown))
        await line.publish(51, 60)
        assert line.link.counters()["waiting"] > 0
        await mosquitto.start()
        await line.publish(61, 80)
        assert_whole(await stored(central, line, 80), 80)
        assert [type(event) for event in line.events if isinstance(event, LinkUp | LinkDown)] == [LinkUp, LinkDown, LinkUp]


async def test_a_manifest_that_was_not_durable_is_delivered_again(mosquitto, tmp_path):
    async with central_at(mosquitto, items=600), Line(mosquitto, tmp_path / "j.db", durable=False) as line:
        await until(lambda: line.of(ManifestSealed))
    # Central is gone by now: what comes is the broker's redelivery to the session, not another answer.
    async with Line(mosquitto, tmp_path / "j.db") as again:
        await until(lambda: again.of(ManifestSealed))
        assert again.of(ManifestGranted)[0].orders == line.of(ManifestGranted)[0].orders
    async with Line(mosquitto, tmp_path / "j.db") as third:
        await until(lambda: third.of(LinkUp))
        await third.port.publish(ROOT + "confirm", b"{}")
        await until(lambda: third.link.stray_confirms)
        assert third.of(ManifestSealed) == []


async def test_rows_wait_for_an_absent_central_and_a_restarted_line(mosquitto, tmp_path):
    async with Line(mosquitto, tmp_path / "j.db") as line:
        await line.publish(1, 50)
        await until(lambda: line.link.counters()["sent"] == 20)
    async with Line(mosquitto, tmp_path / "j.db") as line:
        await line.publish(51, 60)
        async with central_at(mosquitto, items=60, file=tmp_path / "central.jsonl") as central:
            assert_whole(await stored(central, line, 60), 60)
        await line.publish(61, 65)
        async with central_at(mosquitto, items=60, file=tmp_path / "central.jsonl") as central:
            assert_whole(await stored(central, line, 65), 65)


async def test_bad_manifests_are_refused_and_the_line_goes_on(mosquitto, tmp_path):
    async with central_at(mosquitto) as central, Line(mosquitto, tmp_path / "j.db") as line:
        await until(lambda: line.of(ManifestSealed))
        for n, kind in enumerate(BAD_MANIFESTS, 1):
            central.send_bad_manifest(kind)
            await until(lambda n=n: len(line.of(ManifestRefused)) == n)
        central.send_manifests()
        await until(lambda: len(line.of(ManifestSealed)) == 2)
        codes = [event.faults[0].split(" ")[0].rstrip(":") for event in line.of(ManifestRefused)]
        assert codes == ["NOT_JSON", "NOT_UTF8", "DUPLICATE_ORDER", "PLAIN_NUMBER", "DIGEST_MISMATCH"]
        assert "E12345678" not in str(line.events)


async def test_leases_are_granted_confirmed_for_this_boot_and_ended(mosquitto, tmp_path):
    async with central_at(mosquitto, lease_ms=3_600_000) as central, Line(mosquitto, tmp_path / "j.db") as line:
        await until(lambda: line.of(ManifestSealed))
        sealed = line.of(ManifestSealed)[0]
        line.unconfirmed = True
        line.link._asked_s["leases"] = float("-inf")
        await until(lambda: line.of(LeaseTold))
        line.unconfirmed = False
        told = line.of(LeaseTold)[0]
        assert (told.lot, told.epoch, told.journal_id, told.boot) == (sealed.lot, sealed.epoch, "J1", 7)
        assert told.end_ms >= sealed.lease_end_ms
        central.end_leases()
        await until(lambda: line.of(LeaseTold)[-1].end_ms == 0)
        assert (line.of(LeaseTold)[-1].epoch, line.of(LeaseTold)[-1].boot) == (2, 0)


async def test_the_will_tells_that_the_line_is_gone(mosquitto):
    async with central_at(mosquitto) as central:
        port = MqttClient(mosquitto.host, mosquitto.port, client_id="line-1", will=(ROOT + "state", OFFLINE))
        await port.connect()
        await port.publish(ROOT + "state", b'{"online": true}', retain=True)
        await until(lambda: central.report()["line_state"] == {"online": True})
        port._connection.drop()
        await until(lambda: central.report()["line_state"].get("online") is False)


async def test_amqtt_stands_in_where_mosquitto_is_not_installed(tmp_path):
    broker = make_broker("127.0.0.1", 0, tmp_path, prefer="amqtt")
    assert (broker.kind, broker.protocol) == ("amqtt", "3.1.1")
    assert "apt-get install mosquitto" in broker.note
    async with running(broker), central_at(broker) as central, Line(broker, tmp_path / "j.db") as line:
        await until(lambda: line.of(ManifestSealed))
        await line.publish(1, 30)
        assert_whole(await stored(central, line, 30), 30)


async def test_a_port_in_use_is_said_so(mosquitto, tmp_path):
    second = Mosquitto(mosquitto._binary, mosquitto.host, mosquitto.port, tmp_path / "second")
    with pytest.raises(RuntimeError, match="is in use"):
        await second.start()
