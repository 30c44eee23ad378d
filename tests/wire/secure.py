"""The broker as the repository configures it for a site of three lines: TLS, a certificate for everybody, rights by topic."""

import asyncio
import contextlib
import getpass
import shutil
import subprocess
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path

from drivers.mqtt import MqttClient, TlsFiles
from simulators.broker import free_port, mosquitto_binary

BROKER = Path(__file__).parents[2] / "broker"
READY_S = 10.0


def certificates(folder: Path, *, days: int = 365) -> Path:
    """A fresh authority with certificates for broker, central and three lines."""
    command = [str(BROKER / "certificates.sh"), str(folder)]
    subprocess.run(command, check=True, env={"PATH": "/usr/bin:/bin", "DAYS": str(days)})
    return folder


def tls(folder: Path, name: str, authority: Path | None = None) -> TlsFiles:
    return TlsFiles(str((authority or folder) / "ca.crt"), str(folder / f"{name}.crt"), str(folder / f"{name}.key"))


def client(port: int, name: str, files: TlsFiles | None) -> MqttClient:
    return MqttClient("127.0.0.1", port, client_id=f"test-{name}", tls=files)


@contextlib.asynccontextmanager
async def secured(folder: Path, made: Path) -> AsyncIterator[int]:
    """mosquitto with the repository's own files; only the port is another one, and it stays who it is. Yields the port."""
    port, binary = free_port("127.0.0.1"), mosquitto_binary()
    shutil.copytree(made, folder / "certificates")
    shutil.copy(BROKER / "acl", folder / "acl")
    (folder / "acl").chmod(0o600)
    conf = (BROKER / "mosquitto.conf").read_text("utf-8").replace("listener 8883", f"listener {port} 127.0.0.1")
    (folder / "mosquitto.conf").write_text(f"{conf}user {getpass.getuser()}\n", "utf-8")
    command = [str(binary), "-c", "mosquitto.conf"]
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    try:
        async with asyncio.timeout(READY_S):
            while not await _open(port):
                assert process.returncode is None, "mosquitto does not take the repository's configuration"
                await asyncio.sleep(0.02)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
