"""A message broker on loopback for demo and tests: mosquitto as a child, or amqtt in this process where there is none."""

import asyncio
import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

START_S = 10.0
STOP_S = 10.0
LOOK_S = 0.02
SITE_FILES = Path(__file__).parents[1] / "broker"
SBIN = "/usr/sbin:/usr/local/sbin"  # where Debian puts mosquitto, outside most users' PATH

# Without set_tcp_nodelay every acknowledgement waits 40 ms for Nagle's algorithm; without persistence a restart forgets
# the sessions and what is queued in them. Started as root it would otherwise become user mosquitto, who may not write there.
_CONF = """\
listener {port} {host}
allow_anonymous true
set_tcp_nodelay true
persistence true
persistence_location {directory}/
autosave_interval {autosave_s}
max_queued_messages 100000
message_size_limit 2097152
user {user}
log_dest file {directory}/mosquitto.log
log_type error
log_type warning
"""


# Its clients' own port must be open, but nobody has to find it.
_NATS_CONF = """\
server_name: sealline
listen: 127.0.0.1:-1
jetstream {{ store_dir: "{directory}/jetstream" }}
max_payload: 2097152
mqtt {{ listen: "{host}:{port}", ack_wait: "5s", max_ack_pending: 100 }}
log_file: "{directory}/nats.log"
"""


class Broker(Protocol):
    """A broker that can be stopped and started again with its memory."""

    kind: str
    protocol: str
    """highest MQTT version it speaks, as the line's configuration writes it"""
    host: str
    port: int
    note: str

    async def start(self) -> None:
        """Returns once it accepts connections. Raises RuntimeError with the reason."""

    async def stop(self) -> None:
        """Ends it in good order, keeping its sessions where it can."""


class Child:
    """A broker as a child process that ends with this one."""

    kind = ""
    protocol = "5"
    note = ""

    def __init__(self, binary: str, host: str, port: int, directory: Path) -> None:
        self.host = host
        self.port = port
        self._binary = binary
        self._directory = directory.resolve()
        self._child: asyncio.subprocess.Process | None = None

    def _command(self) -> list[str]:
        """Write the configuration; the command that serves with it."""
        raise NotImplementedError

    async def start(self) -> None:
        """Write the configuration, start, wait for the port."""
        require_free(self.host, self.port)
        self._directory.mkdir(parents=True, exist_ok=True)
        setpriv = shutil.which("setpriv")
        guard = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
        command = [*guard, *self._command()]
        quiet = asyncio.subprocess.DEVNULL
        with (self._directory / f"{self.kind}.err").open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *command, stdin=quiet, stdout=quiet, stderr=log, cwd=self._directory, start_new_session=True
            )
        await self._until_open(self._child)

    async def _until_open(self, child: asyncio.subprocess.Process) -> None:
        for _ in range(round(START_S / LOOK_S)):
            if child.returncode is not None:
                break
            try:
                _, writer = await asyncio.open_connection(self.host, self.port)
            except OSError:
                await asyncio.sleep(LOOK_S)
                continue
            writer.close()
            await writer.wait_closed()
            return
        await self.stop()
        raise RuntimeError(f"{self.kind} does not open {self.host}:{self.port}: see {self._directory}/{self.kind}.*")

    async def stop(self) -> None:
        """SIGTERM: it writes its sessions down before it ends."""
        child, self._child = self._child, None
        if child is None or child.returncode is not None:
            return
        child.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await child.wait()
        except TimeoutError:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()

    async def kill(self) -> None:
        """SIGKILL: what was not written down is lost."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()


class Mosquitto(Child):
    """mosquitto, in the clear, for this machine only."""

    kind = "mosquitto"
    note = "MQTT broker: mosquitto"

    def __init__(self, binary: str, host: str, port: int, directory: Path, *, autosave_s: int = 60) -> None:
        """`autosave_s`: so often it writes down its sessions and what waits in them."""
        super().__init__(binary, host, port, directory)
        self._autosave_s = autosave_s

    def _command(self) -> list[str]:
        conf = self._directory / "mosquitto.conf"
        conf.write_text(self._conf(), "utf-8")
        return [self._binary, "-c", str(conf)]

    def _conf(self) -> str:
        fields = {"host": self.host, "port": self.port, "directory": self._directory, "autosave_s": self._autosave_s}
        return _CONF.format_map({**fields, "user": getpass.getuser()})


class SiteMosquitto(Mosquitto):
    """mosquitto as the repository configures it for a site of three lines: TLS, certificates, rights by topic."""

    note = "MQTT broker: mosquitto with TLS and rights by topic, as in broker/"

    def __init__(self, binary: str, host: str, port: int, directory: Path, certificates: Path) -> None:
        """`certificates`: as `make_certificates` has made them."""
        super().__init__(binary, host, port, directory)
        self._certificates = certificates.resolve()

    def _conf(self) -> str:
        """The repository's own files; only the port is another one, and it stays who it is."""
        folder = self._directory / "certificates"
        if not folder.exists():
            shutil.copytree(self._certificates, folder)
        shutil.copy(SITE_FILES / "acl", self._directory / "acl")
        (self._directory / "acl").chmod(0o600)
        conf = (SITE_FILES / "mosquitto.conf").read_text("utf-8")
        return conf.replace("listener 8883", f"listener {self.port} {self.host}") + f"user {getpass.getuser()}\n"


def make_certificates(folder: Path, *, days: int = 365) -> Path:
    """A fresh authority with certificates for broker, central and three lines. Raises RuntimeError without openssl."""
    if shutil.which("openssl") is None:
        raise RuntimeError("certificates need openssl: apt-get install openssl")
    subprocess.run([str(SITE_FILES / "certificates.sh"), str(folder)], check=True, env={**os.environ, "DAYS": str(days)})  # noqa: S603 - our own script
    return folder


class Nats(Child):
    """NATS with JetStream and its MQTT 3.1.1: the broker of a site that is a cluster."""

    kind = "nats"
    protocol = "3.1.1"
    note = "MQTT broker: nats-server, MQTT 3.1.1 only"

    def _command(self) -> list[str]:
        conf = self._directory / "nats.conf"
        fields = {"host": self.host, "port": self.port, "directory": self._directory}
        conf.write_text(_NATS_CONF.format_map(fields), "utf-8")
        return [self._binary, "-c", str(conf)]


class SiteNats(Nats):
    """NATS as the repository configures it for a site of three lines: TLS, certificates, rights by topic."""

    note = "MQTT broker: nats-server with TLS and rights by topic, as in broker/"

    def __init__(self, binary: str, host: str, port: int, directory: Path, certificates: Path) -> None:
        """`certificates`: as `make_certificates` has made them."""
        super().__init__(binary, host, port, directory)
        self._certificates = certificates.resolve()

    def _command(self) -> list[str]:
        """The repository's own file; only the ports are other ones."""
        folder = self._directory / "certificates"
        if not folder.exists():
            shutil.copytree(self._certificates, folder)
        conf = (SITE_FILES / "nats.conf").read_text("utf-8")
        conf = conf.replace("0.0.0.0:8883", f"{self.host}:{self.port}").replace("127.0.0.1:4222", "127.0.0.1:-1")
        (self._directory / "nats.conf").write_text(conf, "utf-8")
        return [self._binary, "-c", "nats.conf"]


class Amqtt:
    """amqtt in this process: MQTT 3.1.1 only, and no memory over a restart."""

    kind = "amqtt"
    protocol = "3.1.1"
    note = "MQTT broker: amqtt in this process, MQTT 3.1.1 only, for want of mosquitto (apt-get install mosquitto)"

    def __init__(self, host: str, port: int) -> None:
        from amqtt.broker import Broker as AmqttBroker  # type: ignore[import-untyped]  # noqa: PLC0415 - slow, rarely needed

        self.host = host
        self.port = port
        self._broker = AmqttBroker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        self._writers: list[asyncio.StreamWriter] = []
        self._serve = self._broker.stream_connected
        self._broker.stream_connected = self._serve_and_note

    async def _serve_and_note(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str) -> None:
        self._writers.append(writer)
        await self._serve(reader, writer, listener_name)

    async def start(self) -> None:
        """Open the port."""
        require_free(self.host, self.port)
        await self._broker.start()

    async def stop(self) -> None:
        """Close all connections and the port."""
        await self._broker.shutdown()
        # amqtt forgets sockets that were reset while it wrote to them.
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def mosquitto_binary(prefer: str = "mosquitto") -> str | None:
    """Where mosquitto is; None = it is not installed, or not wanted."""
    return (shutil.which("mosquitto") or shutil.which("mosquitto", path=SBIN)) if prefer == "mosquitto" else None


def nats_binary() -> str | None:
    """Where nats-server is; None = it is not installed."""
    return shutil.which("nats-server") or shutil.which("nats-server", path=SBIN)


def protocol_here(prefer: str = "mosquitto") -> str:
    """Highest MQTT version that `make_broker` will offer on this machine."""
    return Amqtt.protocol if mosquitto_binary(prefer) is None else Mosquitto.protocol


def make_broker(host: str, port: int, directory: Path, *, prefer: str = "mosquitto") -> Broker:
    """The best broker that this machine has; its `note` says which and why. Port 0 = any free one."""
    binary = mosquitto_binary(prefer)
    port = port or free_port(host)
    return Amqtt(host, port) if binary is None else Mosquitto(binary, host, port, directory)


@contextlib.asynccontextmanager
async def running(broker: Broker) -> AsyncIterator[Broker]:
    """A broker from start to stop."""
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


def free_port(host: str) -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def require_free(host: str, port: int) -> None:
    """Raise RuntimeError where somebody serves the port: the broker would fail, and we would talk to a stranger."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RuntimeError(f"MQTT broker: {host}:{port} is in use: end what serves it, or choose another port.") from error
