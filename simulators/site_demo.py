"""Several whole lines of one site on this machine: one broker with TLS and rights by topic, one central, a lot for each line.

A line that dies loses its lot to another one, under a new epoch: when its lease has ended and the margin has passed, or when a
person has seen that it stands. People carry its documents over; later it is repaired and tells what it still had to tell.
"""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.progress import Progress

from simulators.broker import free_port, make_certificates, mosquitto_binary
from simulators.demo import LEASE_MARGIN_MIN, LOOK_S, QUIET_LOOKS, Demo, DemoError, Member, ask, make_site_key, told
from simulators.oracle import judge_across
from simulators.scene import Scene
from simulators.site_office import lot_of

Json = dict[str, Any]
STUCK_S = 300.0
WALK_S = 3.0
"""so long it takes a person to see that a line stands"""
START_S = 30.0
LINES_MAX = 3
"""as many as broker/ has certificates for"""
WHOLE = "nothing missing, nothing twice"
SUMMED = ("items_fed", "documents_fed", "dispatched", "quarantined", "on_belt", "wrong_dispatches", "unaccounted")


class SiteDemo:
    """One run. `end` may be called at any time and leaves no process behind."""

    def __init__(
        self,
        data_dir: Path,
        *,
        lines: int,
        items: int,
        rate: int,
        seed: int,
        faults: float,
        kills: int,
        regrant: str = "person",
        lease_s: float = 60.0,
    ) -> None:
        """`items`: of all lines together; `rate`: of each. `kills`: so many lines die; `regrant`: person, or lease."""
        if not 2 <= lines <= LINES_MAX or kills >= lines:
            raise DemoError(f"LINES must be 2 to {LINES_MAX}, and at least one of them must live: KILLS below LINES")
        if mosquitto_binary() is None:
            raise DemoError("several lines need a broker with TLS: apt-get install mosquitto openssl")
        self._folder = data_dir.resolve()
        self._lines, self._by_person = lines, regrant == "person"
        self._scene = Scene(seed, items, faults)
        self._shared: dict[str, Any] = {"items": items, "seed": seed, "faults": faults}
        self._rate, self._lease_s = rate, lease_s
        # The last lines die, one after the other; each has worked off a part of its lot by then.
        self._doomed = {lines - n: (n + 2) / (kills + 3) for n in range(kills)}
        self._died_s: dict[int, float] = {}
        self._repaired: dict[int, None] = {}
        self.members: dict[int, Demo] = {}
        self._office: subprocess.Popen[str] | None = None
        self._control: socket.socket | None = None

    # --- setting the stage ---
    def begin(self, progress: Progress, say: Callable[[str], None]) -> None:
        """Start broker and central, then line after line."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        make_site_key(self._folder / "site.key")
        certificates = make_certificates(self._folder / "certificates")
        port = free_port("127.0.0.1")
        say(self._start_office(port))
        for number in range(1, self._lines + 1):
            member = Member(number, self._lines, port, certificates, self._folder / "site.key")
            run = Demo(
                self._folder / member.name, rate=self._rate, kills=0, broker="mosquitto", central="none", member=member,
                **self._shared,
            )  # fmt: skip
            self.members[number] = run
            run.set_up(progress, say)
        # Rendering and starting eyes take all cores: no line runs while another one does that.
        for number, run in self.members.items():
            run.start_runtime()
            run.wait_until(run.sees, "see with both cameras")
            say(f"line-{number}: panel {run.panel_url}")

    def _start_office(self, port: int) -> str:
        options = {**self._shared, "port": port, "lines": self._lines, "lease-s": self._lease_s, "margin-min": LEASE_MARGIN_MIN}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        log = (self._folder / "office.log").open("a")
        try:
            self._office = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "simulators.site_office", str(self._folder), *words],
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        finally:
            log.close()
        line = self._office.stdout.readline() if self._office.stdout else ""
        if not line:
            raise DemoError(f"broker and central did not start: see {self._folder / 'office.log'}")
        self._control = socket.socket(socket.AF_UNIX)
        self._control.connect(str(self._folder / "office.sock"))
        return str(json.loads(line)["note"])

    def ask(self, **words: Any) -> Json:
        """Ask central."""
        if self._control is None:
            raise DemoError("central is not running")
        return ask(self._control, words, self._folder / "office.log")

    # --- the run ---
    def to_the_end(self, progress: Progress, say: Callable[[str], None]) -> Json:
        """Run until all feeders and belts are empty and central has everything; returns the report."""
        self.begin(progress, say)
        self.watch(progress, say)
        return self.report()

    def watch(self, progress: Progress, say: Callable[[str], None]) -> None:
        """Look until all is quiet."""
        documents = {number: len(part) for number, part in enumerate(self._scene.parts(self._lines), 1)}
        bars = {number: progress.add_task(f"line-{number} dispatched", total=documents[number]) for number in self.members}
        quiet, moved_s, last = 0, time.monotonic(), ""
        while quiet < QUIET_LOOKS:
            time.sleep(LOOK_S)
            status = {number: run.ask(do="status") for number, run in self.members.items()}
            for number, seen in status.items():
                progress.update(bars[number], completed=seen["dispatched"], total=max(1, seen["documents"]))
            self._kill_when_due(status, say)
            self._look_after_the_dead(say)
            quiet = quiet + 1 if self._all_quiet(status) else 0
            now = repr((status, list(self._repaired)))
            if now != last:
                last, moved_s = now, time.monotonic()
            elif time.monotonic() - moved_s > STUCK_S:
                raise DemoError(f"nothing has moved for {STUCK_S:.0f} s: see {self._folder}/line-*/runtime.log")
        for bar in bars.values():
            progress.stop_task(bar)

    def _all_quiet(self, status: dict[int, Json]) -> bool:
        if self._doomed or self._died_s.keys() != self._repaired.keys():
            return False
        return all(told(status[number], run.snapshot()) for number, run in self.members.items())

    def _kill_when_due(self, status: dict[int, Json], say: Callable[[str], None]) -> None:
        for number, share in list(self._doomed.items()):
            if status[number]["fed"] >= share * status[number]["documents"]:
                del self._doomed[number]
                self.members[number].kill_runtime()
                self._died_s[number] = time.monotonic()
                say(f"line-{number}: kill -9, and nobody starts it again")

    def _look_after_the_dead(self, say: Callable[[str], None]) -> None:
        for number, died_s in self._died_s.items():
            if number not in self._repaired and self._by_person and time.monotonic() - died_s > WALK_S:
                self.ask(do="stands", line=f"line-{number}")
            if number not in self._repaired and lot_of(number) in self.ask(do="status")["free"]:
                self._hand_over(number, say)
        for number, run in self.members.items():
            if number not in self._died_s or number in self._repaired:
                run.require_runtime()

    def _hand_over(self, dead: int, say: Callable[[str], None]) -> None:
        """Its lot is nobody's: another line gets it with the documents in its feeder; then it is repaired."""
        heir = next(number for number in self.members if number not in self._died_s)
        carried = self.members[dead].ask(do="take")["documents"]
        self.ask(do="grant", lot=lot_of(dead), line=f"line-{heir}")
        self.members[heir].ask(do="bring", documents=carried)
        how = "a person has seen that it stands" if self._by_person else "lease and margin are over"
        say(f"line-{dead}: {how}; {lot_of(dead)} and {len(carried)} documents go to line-{heir} under a new epoch")
        self.members[dead].start_runtime()
        self._repaired[dead] = None
        say(f"line-{dead}: repaired, and on again: it tells what it still had to tell, and gets none of the lot")

    # --- the verdict ---
    def report(self) -> Json:
        """The object that a run ends with: each line's, central's, and what an oracle over all lines says."""
        lines = {f"line-{number}": run.report() for number, run in self.members.items()}
        held = {f"line-{number}": run.ask(do="holdings") for number, run in self.members.items()}
        central = self.ask(do="report")
        findings = [f"{line}: {finding}" for line, found in lines.items() for finding in found["findings"]]
        across = judge_across(held, self._scene.ordered(), [document.index for document in self._scene.documents])
        findings += across
        accounts = {f"line-{number}": self._compare(number) for number in self.members}
        findings += [f"{line}: {verdict}" for line, verdict in accounts.items() if WHOLE not in verdict]
        findings += [f"central knows {order} to be dispatched twice" for order in central["dispatched_twice"]]
        sums: Counter[str] = Counter()
        for found in lines.values():
            sums.update({name: found[name] for name in SUMMED})
        sums["wrong_dispatches"] += len(across)
        first = next(iter(lines.values()))
        return {
            **{name: sums[name] for name in SUMMED},
            **{name: first[name] for name in ("seed", "rate", "commit", "version")},
            "lines": lines,
            "central": {name: central[name] for name in ("outcomes", "dispatched_twice", "regranted", "duplicates", "gaps")},
            "accounts": accounts,
            "findings": findings,
        }

    def _compare(self, number: int) -> str:
        """What the product's own command says of this line's account and central's."""
        command = [str(Path(sys.executable).parent / "sealline"), "account", "compare"]
        journal = self._folder / f"line-{number}" / "journal.db"
        ran = subprocess.run(  # noqa: S603 - our own program
            [*command, str(journal), str(self._folder / "central.jsonl")], capture_output=True, text=True, check=False
        )
        return " ".join((ran.stdout or ran.stderr).split())

    def wait_for_ctrl_c(self) -> None:
        """Serve the panels until Ctrl-C."""
        try:
            while self._office is not None and self._office.poll() is None:
                time.sleep(LOOK_S)
        except KeyboardInterrupt:
            return

    def end(self) -> None:
        """End all processes that this run started, the lines first."""
        for run in self.members.values():
            run.end()
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._office is None:
            return
        if self._office.poll() is None:
            self._office.send_signal(signal.SIGTERM)
            self._office.wait(START_S)
        if self._office.stdout is not None:
            self._office.stdout.close()
