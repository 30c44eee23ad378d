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
from simulators.broker import make_certificates, mosquitto_binary
from simulators.central import Wire, one_line
from simulators.people import make_population
from tests.wire.secure import client, secured, tls
from tests.wire.test_mqtt import CLASSES, KEY, Line, until

pytestmark = pytest.mark.skipif(
    mosquitto_binary() is None or shutil.which("openssl") is None, reason="needs: apt-get install mosquitto openssl"
)
SITE = "sealline/v1/demo/"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "TIMEOUT_S", 0.4)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def port(tmp_path: Path, made: Path) -> AsyncIterator[int]:
    async with secured(tmp_path / "broker", made) as port:
        yield port


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


async def test_nobody_comes_in_without_a_certificate_of_this_authority(port: int, made: Path, tmp_path: Path) -> None:
    other = make_certificates(tmp_path / "other")
    assert await refused(client(port, "plain", None))
    assert await refused(client(port, "stranger", tls(other, "line-1", authority=made)))
    assert await refused(client(port, "wrong broker", tls(made, "line-1", authority=other)))
    assert not await refused(client(port, "line-1", tls(made, "line-1")))


@pytest.mark.parametrize("spoil", [{"ca": "none.crt"}, {"cert": "none.crt"}, {"key": "none.key"}])
async def test_files_that_are_not_there_are_named(made: Path, spoil: dict[str, str]) -> None:
    files = TlsFiles(**{**tls(made, "line-1")._asdict(), **spoil})
    with pytest.raises(DeviceRefused, match="tls_"):
        await client(1, "line-1", files).connect()


async def hears(who: MqttClient) -> str:
    """Topic of the next message; "" = none comes."""
    try:
        async with asyncio.timeout(0.3):
            return (await who.receive()).topic
    except TimeoutError:
        return ""


async def test_a_line_reaches_its_own_topics_only(port: int, made: Path) -> None:
    one, two, central = (client(port, name, tls(made, name)) for name in ("line-1", "line-2", "central"))
    for who, topics in (
        (one, ("manifest", "confirm", "events")),
        (two, ("manifest", "events")),
        (central, ("events", "request", "manifest")),
    ):
        await who.connect()
        for topic in topics:
            await who.subscribe(SITE + ("+/" if who is central else "line-1/") + topic, 1)
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
    port: int, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(central_link, "LOOK_S", 0.02)
    files = (made / "ca.crt", made / "central.crt", made / "central.key")
    central = one_line(
        make_population(1, 1200, (), CLASSES), KEY, Wire("127.0.0.1", port, "demo", tls=files), "line-1", CLASSES
    )
    central.start()
    line = Line(port, tmp_path / "j.db", files=tls(made, "line-1"))
    async with line:
        await until(lambda: line.of(ManifestSealed))
        await line.publish(1, 60)
        await until(lambda: line.link.counters()["agreed"] == 60)
    central.stop()
    assert central.report()["gaps"] == []
