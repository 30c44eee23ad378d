"""The broker as the repository configures it for a site of three lines: TLS, a certificate for everybody, rights by topic."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from drivers.mqtt import MqttClient, TlsFiles
from simulators.broker import SiteMosquitto, free_port, mosquitto_binary, running


def tls(folder: Path, name: str, authority: Path | None = None) -> TlsFiles:
    return TlsFiles(str((authority or folder) / "ca.crt"), str(folder / f"{name}.crt"), str(folder / f"{name}.key"))


def client(port: int, name: str, files: TlsFiles | None) -> MqttClient:
    return MqttClient("127.0.0.1", port, client_id=f"test-{name}", tls=files)


@contextlib.asynccontextmanager
async def secured(folder: Path, made: Path) -> AsyncIterator[int]:
    """mosquitto with the repository's own files. Yields the port."""
    broker = SiteMosquitto(str(mosquitto_binary()), "127.0.0.1", free_port("127.0.0.1"), folder, made)
    async with running(broker):
        yield broker.port
