"""The whole line as processes on this machine: simulators, runtime, broker; watched to the end, then judged."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

from rich.progress import Progress, TaskID

from simulators.broker import protocol_here
from simulators.cpu_meter import CpuMeter
from simulators.reads import count_reads
from simulators.scene import Scene
from simulators.shopfloor import control_socket

Json = dict[str, Any]
START_TIMEOUT_S = 60.0
LOOK_S = 0.4
QUIET_LOOKS = 4
DOWN_S = 1.0
"""so long a service manager waits before it starts the runtime again: RestartSec of systemd/sealline@.service"""
STUCK_S = 120.0
OWN_CENTRAL_S = 1800.0
"""so long may it take a person to send the orders"""
PORTS_APART = 10
LEASE_MARGIN_MIN = 1
PORT_SECTIONS = (
    ("machine_plc", "port"),
    ("sorter_plc", "port"),
    ("id_camera", "port"),
    ("label_camera", "port"),
    ("printer", "port"),
    ("central", "port"),
)


def make_site_key(path: Path) -> None:
    """A fresh site key, for its owner's eyes only."""
    path.write_bytes(secrets.token_bytes(32))
    path.chmod(0o600)


class DemoError(Exception):
    """The run could not be carried to its end; the text says where to look."""


def _free_port(host: str, wanted: int) -> int:
    """`wanted` if it is free, else any free one."""
    for port in (wanted, 0):
        try:
            with socket.create_server((host, port)) as found:
                return int(found.getsockname()[1])
        except OSError:
            continue
    raise DemoError(f"no free port on {host}")


def _toml(tables: Json) -> str:
    # Lists of tables stand first: behind a table's head they would be its own.
    lists = [f"{name} = {_toml_value(value)}" for name, value in tables.items() if isinstance(value, list)]
    sections = [
        f"[{name}]\n" + "\n".join(f"{key} = {_toml_value(value)}" for key, value in table.items()) + "\n"
        for name, table in tables.items()
        if isinstance(table, dict)
    ]
    return "\n".join([*lists, *sections])


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value)


class Member(NamedTuple):
    """What a line needs to know as one of several at a site; broker and central are the site's."""

    number: int
    lines: int
    broker_port: int
    certificates: Path
    site_key: Path

    @property
    def name(self) -> str:
        """Its name, which is also the common name of its certificate."""
        return f"line-{self.number}"

    def settle(self, tables: Json) -> None:
        """Make the demonstration line's configuration this line's own."""
        tables["line"]["name"] = self.name
        tables["paths"]["site_key_file"] = str(self.site_key)
        tables["limits"]["lease_margin_min"] = LEASE_MARGIN_MIN
        tables["central"]["public_key_file"] = str(self.site_key.with_name("central.pub"))
        tables["central"] |= {"port": self.broker_port, "protocol": "5", "tls_ca_file": str(self.certificates / "ca.crt")}
        for field in ("cert", "key"):
            suffix = {"cert": "crt", "key": "key"}[field]
            tables["central"][f"tls_{field}_file"] = str(self.certificates / f"{self.name}.{suffix}")


class Demo:
    """One run. `end` may be called at any time and leaves no process behind."""

    def __init__(
        self,
        data_dir: Path,
        *,
        items: int,
        rate: int,
        seed: int,
        faults: float,
        kills: int,
        broker: str,
        central: str = "simulated",
        member: Member | None = None,
        heads: int = 1,
    ) -> None:
        """`central`: simulated, or own = somebody else is it and has his time; `member`: one of several lines."""
        self._heads = heads
        self._stuck_s = STUCK_S if central == "simulated" else OWN_CENTRAL_S
        self._data_dir = data_dir.resolve()
        self._rate = rate
        self._kill_at = [items * (n + 1) // (kills + 1) for n in range(kills)]
        self._options = ["--items", str(items), "--rate", str(rate), "--seed", str(seed), "--faults", str(faults)]
        self._options += ["--broker", broker, "--central", central]
        self._broker = broker
        self._member = member
        self._scene = Scene(seed, items, faults)
        self._documents = len(self._scene.documents)
        if member is not None:
            self._options += ["--part", f"{member.number}/{member.lines}"]
            self._documents = len(self._scene.parts(member.lines)[member.number - 1])
        self._meter = CpuMeter()
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._control: socket.socket | None = None
        self.config_path = self._data_dir / "line.toml"
        self._site_key = ""
        self.panel_url = ""
        self.boots = 0

    # --- setting the stage ---
    def _prepare(self) -> None:
        shutil.rmtree(self._data_dir, ignore_errors=True)
        self._data_dir.mkdir(parents=True)
        key = self._data_dir / "site.key"
        if self._member is None:
            make_site_key(key)
        lines = files("line_config") / "lines"
        tables = tomllib.loads((lines / "demo.toml").read_text(encoding="utf-8"))
        folder = Path(str(lines))
        line = tables["line"]
        line["target_rate_per_h"] = self._rate
        for name in ("sort_plan", "label_layout"):
            line[name] = str((folder / line[name]).resolve())
        line["documents"] = [str((folder / name).resolve()) for name in line["documents"]]
        tables["paths"] = {"data_dir": str(self._data_dir), "site_key_file": str(key)}
        tables["scanner"]["device"] = str(self._data_dir / "scanner.tty")
        # Ports of a later line are other ones than those that an earlier line will open when it starts.
        apart = 0 if self._member is None else PORTS_APART * (self._member.number - 1)
        for section, field in PORT_SECTIONS:
            tables[section][field] = _free_port(tables[section]["host"], tables[section][field] + apart)
        # The embedded broker, for machines without mosquitto, speaks MQTT 3.1.1 only.
        tables["central"]["protocol"] = protocol_here(self._broker)
        if self._member is not None:
            self._member.settle(tables)
        tables["printer"]["status_port"] = tables["printer"]["port"]
        if self._heads > 1:
            first = {name: value for name, value in tables["printer"].items() if name != "roll"}
            port = _free_port(first["host"], first["port"] + apart + PORTS_APART * 5)
            tables["applicator"]["heads"] = self._heads
            tables["printer_2"] = {**first, "port": port, "status_port": port}
        panel = tables["panel"]
        panel["port"] = _free_port(panel["host"], panel["port"] + apart)
        self.panel_url = f"http://{panel['host']}:{panel['port']}/"
        self._site_key = tables["paths"]["site_key_file"]
        self.config_path.write_text(_toml(tables), encoding="utf-8")

    def _spawn(self, name: str, command: list[str]) -> subprocess.Popen[str]:
        log = (self._data_dir / f"{name}.log").open("a")
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE if name == "simulators" else log, stderr=log, text=True)  # noqa: S603
        finally:
            log.close()
        self._processes[name] = process
        self._meter.watch(process.pid, name)
        return process

    def _start_simulators(self, progress: Progress, say: Callable[[str], None]) -> None:
        process = self._spawn(
            "simulators", [sys.executable, "-m", "simulators.shopfloor", str(self.config_path), *self._options]
        )
        task = progress.add_task("rendering documents", total=self._documents)
        while process.stdout is not None and (line := process.stdout.readline()):
            words = json.loads(line)
            if "rendered" in words:
                progress.update(task, completed=words["rendered"], total=words["of"])
            elif "ready" in words:
                if words["note"]:
                    say(words["note"])
                break
        else:
            raise DemoError(f"the simulators did not start: see {self._data_dir / 'simulators.log'}")
        self._control = socket.socket(socket.AF_UNIX)
        self._control.connect(str(control_socket(self._data_dir)))

    def start_runtime(self) -> None:
        """Start the runtime and wait until its panel answers."""
        self.launch_runtime()
        self.wait_until(lambda: self._get("api/health") is not None, "start")

    def sees(self) -> bool:
        """Whether both cameras' eyes are open."""
        up = {row["id"]: row["up"] for row in self.snapshot().get("links", [])}
        return bool(up.get("id_camera") and up.get("label_camera"))

    def launch_runtime(self) -> None:
        """Start the runtime, and do not wait for it."""
        self._spawn("runtime", [str(Path(sys.executable).parent / "sealline"), "run", str(self.config_path)])
        self.boots += 1

    def wait_until(self, seen: Callable[[], bool], what: str, every_s: float = 0.1) -> None:
        """Look again and again until the runtime shows what is waited for. Raises DemoError when it ends before, or hangs."""
        process, deadline_s = self._processes["runtime"], time.monotonic() + START_TIMEOUT_S
        while not seen():
            if process.poll() is not None or time.monotonic() > deadline_s:
                raise DemoError(f"the runtime did not {what} (exit {process.poll()}): see {self._data_dir / 'runtime.log'}")
            time.sleep(every_s)

    def kill_runtime(self) -> None:
        """Kill -9, as a power cut would."""
        process = self._processes["runtime"]
        self._meter.sample()
        process.send_signal(signal.SIGKILL)
        process.wait()

    # --- looking ---
    def _get(self, path: str) -> Any:
        try:
            with urlopen(self.panel_url + path, timeout=5) as answer:  # noqa: S310 - our own http address
                return json.load(answer)
        except (URLError, OSError, ValueError):
            return None

    def ask(self, **words: Any) -> Json:
        """Ask the shop floor."""
        if self._control is None:
            raise DemoError("the simulators are not running")
        return ask(self._control, words, self._data_dir / "simulators.log")

    def snapshot(self) -> Json:
        """What the panel shows; {} while it is away."""
        return self._get("api/snapshot") or {}

    def accounts(self) -> list[Json]:
        """Where the line says that everything is. Raises DemoError while the panel is away."""
        rows = self._get("api/accounts")
        if rows is None:
            raise DemoError(f"the panel does not answer: see {self._data_dir / 'runtime.log'}")
        return list(rows)

    def require_runtime(self) -> None:
        """Raise DemoError when the runtime has ended."""
        code = self._processes["runtime"].poll()
        if code is not None:
            raise DemoError(f"the runtime ended by itself (exit {code}): see {self._data_dir / 'runtime.log'}")

    # --- the run ---
    def to_the_end(self, progress: Progress, say: Callable[[str], None]) -> Json:
        """Run until the belt is empty and central has everything; returns the report."""
        self.begin(progress, say)
        self.watch(progress, self._kill_when_due)
        return self.report()

    def begin(self, progress: Progress, say: Callable[[str], None]) -> None:
        """Start everything."""
        self.set_up(progress, say)
        self.start_runtime()
        say(f"panel: {self.panel_url}")

    def set_up(self, progress: Progress, say: Callable[[str], None]) -> None:
        """Start everything but the runtime."""
        self._prepare()
        self._start_simulators(progress, say)

    def watch(self, progress: Progress, on_look: Callable[[Json, Json], None]) -> None:
        """Look until all is quiet; `on_look` is told the shop floor's status and the panel's snapshot, and may interfere."""
        items = self._scene.items
        fed = progress.add_task("fed", total=items)
        done = progress.add_task("dispatched", total=items)
        quiet, moved_s, last = 0, time.monotonic(), (0, 0, 0)
        while quiet < QUIET_LOOKS:
            time.sleep(LOOK_S)
            self.require_runtime()
            self._meter.sample()
            status, shown = self.ask(do="status"), self.snapshot()
            progress.update(fed, completed=status["fed"])
            progress.update(done, completed=status["dispatched"])
            on_look(status, shown)
            quiet = quiet + 1 if told(status, shown) and not shown["counts"]["waiting"] else 0
            now = (status["fed"], status["on_belt"], self.boots)
            if now != last:
                last, moved_s = now, time.monotonic()
            elif time.monotonic() - moved_s > self._stuck_s:
                stuck = ", ".join(row["code"] for row in shown.get("conditions", []))
                raise DemoError(
                    f"nothing has moved for {self._stuck_s:.0f} s; state {shown.get('state')}, conditions: {stuck or 'none'}"
                )
        self._finish_bars(progress, fed, done)

    def _kill_when_due(self, status: Json, _: Json) -> None:
        if self._kill_at and status["fed"] >= self._kill_at[0]:
            self._kill_at.pop(0)
            self.kill_runtime()
            time.sleep(DOWN_S)
            self.start_runtime()

    def _finish_bars(self, progress: Progress, *tasks: TaskID) -> None:
        for task in tasks:
            progress.stop_task(task)

    def report(self) -> Json:
        """The object that a run ends with."""
        accounts = self.accounts()
        self._meter.sample()
        shown = self.snapshot()
        found = self.ask(do="report", accounts=accounts)
        exposures = found.pop("exposures")
        key = Path(self._site_key).read_bytes()
        fed = max(1, found["items_fed"])
        cpu_s = self._meter.cpu_s()
        return {
            **found,
            "cpu_s_per_item": {name: round(cpu_s.get(name, 0.0) / fed, 4) for name in ("runtime", "vision", "simulators")},
            "reads": count_reads(self._data_dir / "journal.db", self._scene, exposures, key),
            "links": {row["id"]: {"up": row["up"], "age_ms": row["age_ms"]} for row in shown["links"]},
            "central": shown["central"],
            "loop_lag_ms": shown.get("loop_lag_ms", {}),
            "boots": self.boots,
        }

    def wait_for_ctrl_c(self) -> None:
        """Serve the panel until Ctrl-C."""
        try:
            while self._processes["runtime"].poll() is None:
                time.sleep(0.2)
        except KeyboardInterrupt:
            return

    def end(self) -> None:
        """End all processes that this run started, the runtime first."""
        for name in ("runtime", "simulators"):
            process = self._processes.get(name)
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        if self._control is not None:
            self._control.close()
            self._control = None
        stdout = self._processes["simulators"].stdout if "simulators" in self._processes else None
        if stdout is not None:
            stdout.close()


def ask(control: socket.socket, words: Json, log: Path) -> Json:
    """One question to a process of this run, and its answer. Raises DemoError where it has ended."""
    control.sendall(json.dumps(words).encode() + b"\n")
    answer = b""
    while not answer.endswith(b"\n"):
        part = control.recv(1 << 20)
        if not part:
            raise DemoError(f"a process of the simulation has ended: see {log}")
        answer += part
    found: Json = json.loads(answer)
    return found


def told(status: Json, shown: Json) -> bool:
    """Whether nothing is left to be done at a line, and central knows all that was."""
    waiting = shown.get("central", {}).get("waiting", 1)
    return bool(status["idle"] and shown and not waiting and not any(bag["locked"] for bag in shown["bags"]))
