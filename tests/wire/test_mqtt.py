"""Line and central through real brokers: what is granted arrives, what happened is stored, whatever breaks in between.

The same tests on brokers of two makes: a site chooses its own.
"""

import asyncio

import pytest

from drivers import mqtt
from drivers.mqtt import MqttClient
from edge.core.events import LeaseTold, LinkDown, LinkUp, ManifestGranted, ManifestRefused, ManifestSealed
from edge.runtime import central_link, outbox
from edge.runtime.central_link import OFFLINE
from edge.runtime.contract.outward import CONTRACT
from simulators.broker import Mosquitto, Nats, free_port, make_broker, mosquitto_binary, nats_binary, running
from simulators.manifests import BAD_MANIFESTS
from simulators.receipts import make_receipts
from simulators.scene import Scene
from tests.wire.line import KEY, ROOT, CoreLine, Line, assert_whole, central_at, stored, until

# make → (class, where it is, the command that brings it)
MAKES = {
    "mosquitto": (Mosquitto, mosquitto_binary(), "apt-get install mosquitto"),
    "nats": (Nats, nats_binary(), "apt-get install nats-server"),
}


pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(central_link, "LOOK_S", 0.02)
    monkeypatch.setattr(central_link, "RECONNECT_S", (0.0, 0.05))
    monkeypatch.setattr(outbox, "PATIENCE_S", 0.3)


@pytest.fixture(params=MAKES)
async def broker(request, tmp_path):
    kind, binary, command = MAKES[request.param]
    if binary is None:
        pytest.skip(f"{request.param} is missing: {command}")
    one = kind(binary, "127.0.0.1", free_port("127.0.0.1"), tmp_path / "broker")
    async with running(one):
        yield one


@pytest.fixture
async def mosquitto(tmp_path):
    broker = make_broker("127.0.0.1", 0, tmp_path / "broker")
    if not isinstance(broker, Mosquitto):
        pytest.skip("mosquitto is not installed")
    async with running(broker):
        yield broker


async def test_the_whole_loop(broker, tmp_path, monkeypatch):
    # Nothing breaks here, so nothing is to be sent twice: however slow the machine, nobody gives up waiting.
    monkeypatch.setattr(outbox, "PATIENCE_S", float("inf"))
    monkeypatch.setattr(mqtt, "TIMEOUT_S", 600)
    monkeypatch.setattr(mqtt, "KEEPALIVE_S", 600)
    async with central_at(broker, items=1200) as central:
        async with Line(broker, tmp_path / "j.db") as line:
            await until(lambda: line.of(ManifestSealed))
            assert [len(chunk.orders) for chunk in line.of(ManifestGranted)] == [500, 500, 200]
            await line.publish(1, 150)
            report = await stored(central, line, 150)
            assert_whole(report, 150)
            now = {"online": True, "state": "EXECUTE", "journal_id": "J1", "contract": CONTRACT}
            assert now.items() <= report["line_state"].items()
            assert len(report["missing"]) == 1050
            assert (report["duplicates"], line.link.outbox.repeated) == (0, 0)
            assert await line.store.outbox_after(0, 10) == []
            health = line.link.health()
            assert (health.up, health.detail) == (True, "0 waiting")
        await until(lambda: not central.books.line_state["online"])


async def test_words_about_orders_are_answered_as_central_expects(broker, tmp_path):
    receipts = make_receipts(Scene(1, 60, 0.0), KEY, 1_790_000_000_000)
    async with central_at(broker, items=60) as central, CoreLine(broker, tmp_path / "j.db") as line:
        await until(lambda: central.report()["events"].get("manifest_accepted"))
        first, second, *_ = central.with_granting(lambda granting: list(granting.lots["L0001"].orders))
        # One by one: a broker need not keep the order of messages on two topics, and the versions decide then.
        for n, word in enumerate(
            (
                lambda words: words.amend(first, "510107"),
                lambda words: words.amend(first, "110105"),
                lambda words: words.amend(first, "310115", 1),
                lambda words: words.cancel(second),
                lambda words: words.amend(second, "310115"),
                lambda words: words.cancel(first, 2),
            ),
            1,
        ):
            central.say(word)
            await until(lambda n=n: sum(central.answers()["codes"].values()) >= n)
        central.hand_over([*receipts, receipts[0]])
        await until(lambda: central.report()["events"].get("lot_refused"))
        assert central.answers() == {
            "codes": {
                "amend AMENDED": 2, "amend OLD_VERSION": 1, "amend TOO_LATE": 1,
                "cancel CANCELLED": 1, "cancel OLD_VERSION": 1,
            },
            "findings": [],
        }  # fmt: skip
        assert central.report()["events"]["lot_received"] == len(receipts)
        assert line.controller.floor.pool.orders[first].address.county == "110105"
        await until(lambda: line.link.counters()["waiting"] == 0 and line.link.counters()["agreed"])
        assert line.link.counters()["differs"] == 0


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_broker_restart_in_mid_run_loses_nothing(broker, tmp_path, how):
    async with central_at(broker, items=80) as central, Line(broker, tmp_path / "j.db") as line:
        await line.publish(1, 20)
        await until(lambda: central.report()["stored"] > 5)
        ending = asyncio.ensure_future(getattr(broker, how)())
        await line.publish(21, 50)
        await ending
        await until(lambda: line.of(LinkDown))
        await line.publish(51, 60)
        assert line.link.counters()["waiting"] > 0
        await broker.start()
        await line.publish(61, 80)
        assert_whole(await stored(central, line, 80), 80)
        assert [type(event) for event in line.events if isinstance(event, LinkUp | LinkDown)] == [LinkUp, LinkDown, LinkUp]


async def test_a_manifest_that_was_not_durable_is_delivered_again(broker, tmp_path):
    async with central_at(broker, items=600), Line(broker, tmp_path / "j.db", durable=False) as line:
        await until(lambda: line.of(ManifestSealed))
    # Central is gone by now: what comes is the broker's redelivery to the session, not another answer.
    async with Line(broker, tmp_path / "j.db") as again:
        await until(lambda: again.of(ManifestSealed))
        assert again.of(ManifestGranted)[0].orders == line.of(ManifestGranted)[0].orders
    async with Line(broker, tmp_path / "j.db") as third:
        await until(lambda: third.of(LinkUp))
        await third.port.publish(ROOT + "confirm", b"{}")
        await until(lambda: third.link.stray_confirms)
        assert third.of(ManifestSealed) == []


async def test_rows_wait_for_an_absent_central_and_a_restarted_line(broker, tmp_path):
    async with Line(broker, tmp_path / "j.db") as line:
        await line.publish(1, 50)
        await until(lambda: line.link.counters()["sent"] >= 20)
    async with Line(broker, tmp_path / "j.db") as line:
        await line.publish(51, 60)
        async with central_at(broker, items=60, file=tmp_path / "central.jsonl") as central:
            assert_whole(await stored(central, line, 60), 60)
        await line.publish(61, 65)
        async with central_at(broker, items=60, file=tmp_path / "central.jsonl") as central:
            assert_whole(await stored(central, line, 65), 65)


async def test_bad_manifests_are_refused_and_the_line_goes_on(broker, tmp_path):
    async with central_at(broker) as central, Line(broker, tmp_path / "j.db") as line:
        await until(lambda: line.of(ManifestSealed))
        for n, kind in enumerate(BAD_MANIFESTS, 1):
            central.send_bad_manifest(kind)
            await until(lambda n=n: len(line.of(ManifestRefused)) == n)
        central.send_manifests()
        await until(lambda: len(line.of(ManifestSealed)) == 2)
        codes = [event.faults[0].split(" ")[0].rstrip(":") for event in line.of(ManifestRefused)]
        assert codes == ["NOT_JSON", "NOT_UTF8", "DUPLICATE_ORDER", "PLAIN_NUMBER", "DIGEST_MISMATCH"]
        assert "E12345678" not in str(line.events)


async def test_leases_are_granted_confirmed_for_this_boot_and_ended(broker, tmp_path):
    async with central_at(broker, lease_ms=3_600_000) as central, Line(broker, tmp_path / "j.db") as line:
        await until(lambda: line.of(ManifestSealed))
        sealed = line.of(ManifestSealed)[0]
        line.unconfirmed = True
        line.link._asking.connected()
        await until(lambda: line.of(LeaseTold))
        line.unconfirmed = False
        told = line.of(LeaseTold)[0]
        assert (told.lot, told.epoch, told.journal_id, told.boot) == (sealed.lot, sealed.epoch, "J1", 7)
        assert told.end_ms >= sealed.lease_end_ms
        central.end_leases()
        await until(lambda: line.of(LeaseTold)[-1].end_ms == 0)
        assert (line.of(LeaseTold)[-1].epoch, line.of(LeaseTold)[-1].boot) == (2, 0)


async def test_the_will_tells_that_the_line_is_gone(broker):
    async with central_at(broker) as central:
        port = MqttClient(
            broker.host, broker.port, client_id="line-1", protocol=broker.protocol, will=(ROOT + "state", OFFLINE)
        )
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
