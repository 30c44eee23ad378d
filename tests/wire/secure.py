"""Brokers as the repository configures them for a site of three lines: TLS, a certificate for everybody, rights by topic."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from drivers.mqtt import MqttClient, TlsFiles
from simulators.broker import Child, SiteMosquitto, SiteNats, free_port, mosquitto_binary, nats_binary, running

# make → (class, where it is)
MAKES = {"mosquitto": (SiteMosquitto, mosquitto_binary()), "nats": (SiteNats, nats_binary())}


def tls(folder: Path, name: str, authority: Path | None = None) -> TlsFiles:
    return TlsFiles(str((authority or folder) / "ca.crt"), str(folder / f"{name}.crt"), str(folder / f"{name}.key"))


def client(broker: Child, name: str, files: TlsFiles | None) -> MqttClient:
    return MqttClient(broker.host, broker.port, client_id=f"test-{name}", protocol=broker.protocol, tls=files)


@contextlib.asynccontextmanager
async def secured(folder: Path, made: Path, make: str = "mosquitto") -> AsyncIterator[Child]:
    """A broker with the repository's own files."""
    kind, binary = MAKES[make]
    broker = kind(str(binary), "127.0.0.1", free_port("127.0.0.1"), folder, made)
    async with running(broker):
        yield broker
