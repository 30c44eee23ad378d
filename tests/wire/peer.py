"""Programs that nobody here has written, each in a process of its own: servers for our drivers, clients for our simulators."""

import asyncio
import contextlib
import shutil
import subprocess
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

HERE = Path(__file__).parent / "peers"
VENV = HERE / "venv" / "bin" / "python"
GUARD_S = 20.0
_binaries = TemporaryDirectory(prefix="sealline-peers-")


def _libmodbus() -> bool:
    tools = shutil.which("gcc") and shutil.which("pkg-config")
    return bool(tools) and subprocess.run(["pkg-config", "--exists", "libmodbus"], check=False).returncode == 0


def _node(package: str) -> bool:
    return shutil.which("node") is not None and (HERE / "node_modules" / package).is_dir()


def _pip(module: str) -> bool:
    return any((HERE / "venv").glob(f"lib/python3*/site-packages/{module}"))


NPM = "apt-get install nodejs npm; cd tests/wire/peers && npm ci --omit=optional --ignore-scripts"
PIP = (
    "cd tests/wire/peers && python3 -m venv venv && "
    "venv/bin/python -m pip install --no-deps --require-hashes -r ../../../requirements-peers.lock"
)
# What a peer needs → (whether it is there, the command that brings it).
NEEDS: dict[str, tuple[bool, str]] = {
    "libmodbus": (_libmodbus(), "apt-get install gcc libc6-dev pkg-config libmodbus-dev"),
    "mbpoll": (shutil.which("mbpoll") is not None, "apt-get install mbpoll"),
    "jsmodbus": (_node("jsmodbus"), NPM),
    "modbus-serial": (_node("modbus-serial"), NPM),
    "nodes7": (_node("nodes7"), NPM),
    "zpl-renderer-js": (_node("zpl-renderer-js"), NPM),
    "mqtt": (_node("mqtt"), NPM),
    "mosquitto_pub": (shutil.which("mosquitto_pub") is not None, "apt-get install mosquitto-clients"),
    "libsnap7": (_pip("snap7"), PIP),
    "pyS7": (_pip("pyS7"), PIP),
}


def needs(name: str) -> pytest.MarkDecorator:
    """Skip, with the command that brings what is missing."""
    there, command = NEEDS[name]
    return pytest.mark.skipif(not there, reason=f"{name} is missing: {command}")


@cache
def modbus_server() -> str:
    """The libmodbus server, compiled once a run."""
    binary = Path(_binaries.name) / "modbus_server"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libmodbus"], check=True, capture_output=True, text=True
    ).stdout.split()
    subprocess.run(["gcc", "-O1", "-o", binary, HERE / "modbus_server.c", *flags], check=True, capture_output=True)
    return str(binary)


class Peer:
    """A server: prints its port, serves until its standard input ends."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    async def end(self) -> None:
        """Let it end by itself."""
        if self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._process.wait()


async def start(command: Sequence[object]) -> Peer:
    """Start a server and wait until it listens."""
    process = await asyncio.create_subprocess_exec(*map(str, command), stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(GUARD_S):
        return Peer(process, int(await process.stdout.readline()))


@contextlib.asynccontextmanager
async def serving(command: Sequence[object]) -> AsyncIterator[Peer]:
    """A server for the length of a test."""
    peer = await start(command)
    try:
        yield peer
    finally:
        await peer.end()


async def ask(*command: object) -> tuple[int, str]:
    """Run a client to its end: exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(*map(str, command), stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(GUARD_S):
        out, err = await process.communicate()
    return process.returncode or 0, (out + err).decode()
