"""The repository's broker configuration for three lines: who is let in, who may say what, and that a line works behind it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers import mqtt
from drivers.mqtt import MqttClient, TlsFiles
from drivers.ports import DeviceRefused, LinkLost
from edge.core.events import ManifestSealed
from edge.runtime import central_link
from edge.runtime.signing import public_key
from simulators.broker import Child, SiteMosquitto, make_certificates, mosquitto_binary
from simulators.central import Wire, one_line
from simulators.people import make_population
from simulators.signature import make_key
from tests.wire.line import CLASSES, KEY, Line, until
from tests.wire.secure import MAKES, client, secured, tls

pytestmark = pytest.mark.skipif(
    mosquitto_binary() is None or shutil.which("openssl") is None, reason="needs: apt-get install mosquitto openssl"
)
SITE = "sealline/v1/demo/"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=MAKES)
async def broker(request: pytest.FixtureRequest, tmp_path: Path, made: Path) -> AsyncIterator[Child]:
    if MAKES[request.param][1] is None:
        pytest.skip(f"needs: apt-get install {request.param}-server")
    async with secured(tmp_path / "broker", made, request.param) as broker:
        yield broker


async def refused(who: MqttClient) -> bool:
    """A stranger is turned away in the handshake, or as soon as he says something."""
    try:
        await who.connect()
        await who.subscribe(SITE + "line-1/confirm", 1)
    except (LinkLost, DeviceRefused):
        return True
    finally:
        await who.close()
    return False


async def test_nobody_comes_in_without_a_certificate_of_this_authority(
    broker: Child, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_certificates(tmp_path / "other")
    with monkeypatch.context() as impatient:
        impatient.setattr(mqtt, "TIMEOUT_S", 0.4)
        assert await refused(client(broker, "plain", None))
        assert await refused(client(broker, "stranger", tls(other, "line-1", authority=made)))
        assert await refused(client(broker, "wrong broker", tls(made, "line-1", authority=other)))
    assert not await refused(client(broker, "line-1", tls(made, "line-1")))


@pytest.mark.parametrize("spoil", [{"ca": "none.crt"}, {"cert": "none.crt"}, {"key": "none.key"}])
async def test_files_that_are_not_there_are_named(made: Path, spoil: dict[str, str]) -> None:
    files = TlsFiles(**{**tls(made, "line-1")._asdict(), **spoil})
    nowhere = SiteMosquitto("", "127.0.0.1", 1, made, made)
    with pytest.raises(DeviceRefused, match="tls_"):
        await client(nowhere, "line-1", files).connect()


async def hears(who: MqttClient) -> str:
    """Topic of the next message; "" = none comes."""
    try:
        async with asyncio.timeout(0.3):
            return (await who.receive()).topic
    except TimeoutError:
        return ""


async def listens(who: MqttClient, topic: str) -> None:
    """Some brokers let anybody subscribe to anything and never deliver; others refuse at once."""
    try:
        await who.subscribe(topic, 1)
    except DeviceRefused:
        await who.connect()


async def test_a_line_reaches_its_own_topics_only(broker: Child, made: Path) -> None:
    one, two, central = (client(broker, name, tls(made, name)) for name in ("line-1", "line-2", "central"))
    for who, topics in (
        (one, ("manifest", "confirm", "events")),
        (two, ("manifest", "events")),
        (central, ("events", "request", "manifest")),
    ):
        await who.connect()
        for topic in topics:
            await listens(who, SITE + ("+/" if who is central else "line-1/") + topic)
    # The broker takes what must not be said and passes it on to nobody; so each is followed by something that may be.
    await two.publish(SITE + "line-1/events", b"{}")
    await two.publish(SITE + "line-2/manifest", b"{}")
    await two.publish(SITE + "line-2/events", b"{}")
    assert await hears(central) == SITE + "line-2/events"
    await one.publish(SITE + "line-1/manifest", b"{}")
    await central.publish(SITE + "line-1/events", b"{}")
    await central.publish(SITE + "line-1/manifest", b"{}")
    assert [await hears(one), await hears(one)] == [SITE + "line-1/manifest", ""]
    assert await hears(two) == "", "another line's orders are none of its business"
    for who in (one, two, central):
        await who.close()


async def test_a_whole_manifest_and_its_events_pass(
    broker: Child, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(central_link, "LOOK_S", 0.02)
    files = (made / "ca.crt", made / "central.crt", made / "central.key")
    central = one_line(
        make_population(1, 1200, (), CLASSES),
        KEY,
        Wire(broker.host, broker.port, "demo", broker.protocol, files, make_key(tmp_path / "central.pub")),
        "line-1",
        CLASSES,
    )
    central.start()
    line = Line(broker, tmp_path / "j.db", files=tls(made, "line-1"), public=public_key(str(tmp_path / "central.pub")))
    async with line:
        await until(lambda: line.of(ManifestSealed))
        await line.publish(1, 60)
        await until(lambda: line.link.counters()["agreed"] == 60)
    central.stop()
    assert central.report()["gaps"] == []
