"""OpenPrinting's own virtual printer, which nobody here has written, on loopback with a private bus and responder."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

BUS = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/><allow user="*"/></policy></busconfig>"""
AVAHI = "[server]\nuse-ipv4=yes\nuse-ipv6=no\nallow-interfaces=lo\nenable-dbus=yes\n"
NEEDED = ("ippeveprinter", "ipptool", "dbus-daemon", "avahi-daemon")
MISSING = "apt-get install cups-ipp-utils avahi-daemon dbus"
START_S = 10.0
# What stands in for paper: it runs the script `next` where there is one, once; otherwise it counts a side for each page.
PAPER = """#!/bin/sh
if [ -e {folder}/next ]; then mv {folder}/next {folder}/now; exec sh {folder}/now "$1" >&2; fi
n=$(grep -ac '/Type */Page *$' "$1")
echo "$IPP_SIDES $IPP_JOB_NAME" >> {folder}/jobs
echo "ATTR: job-impressions-completed=$n" >&2
"""


class Printer(NamedTuple):
    """Where it is reached, where it spools, and how the next job goes wrong."""

    uri: str
    spool: Path
    folder: Path

    def next_job(self, script: str) -> None:
        """Lines of sh that stand for the next job; what they write is what the printer learns (`ATTR: …`, `STATE: …`)."""
        (self.folder / "next").write_text(script, encoding="utf-8")

    def jobs(self) -> list[str]:
        """`sides name` of each job that went well."""
        path = self.folder / "jobs"
        return path.read_text("utf-8").splitlines() if path.exists() else []


def available() -> bool:
    return all(map(shutil.which, NEEDED))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + START_S
    while not true():
        assert time.monotonic() < until, f"{what} did not start"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


@contextlib.contextmanager
def printer(folder: Path) -> Iterator[Printer]:
    """One printer that prints both sides and takes PDF only."""
    (folder / "bus.conf").write_text(BUS.format(socket=folder / "bus"), encoding="utf-8")
    (folder / "avahi.conf").write_text(AVAHI, encoding="utf-8")
    (folder / "spool").mkdir()
    paper = folder / "paper.sh"
    paper.write_text(PAPER.format(folder=folder), encoding="utf-8")
    paper.chmod(0o755)
    port = free_port()
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder / 'bus'}"}
    log = (folder / "log").open("w+", encoding="utf-8")
    with contextlib.ExitStack() as running:

        def start(*command: str) -> None:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            running.callback(process.wait)
            running.callback(process.terminate)

        running.callback(log.close)
        start("dbus-daemon", f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile")
        wait_for((folder / "bus").exists, "the bus")
        start("avahi-daemon", "--no-rlimits", "--no-drop-root", "--no-chroot", "-f", str(folder / "avahi.conf"))
        wait_for(lambda: "startup complete" in (folder / "log").read_text("utf-8"), "the responder")
        start(
            "ippeveprinter", "-p", str(port), "-d", str(folder / "spool"), "-k", "-2", "-s", "600", "-f", "application/pdf",
            "-c", str(paper), "-n", "localhost", "Sealline",
        )  # fmt: skip
        wait_for(lambda: listens(port), "the printer")
        yield Printer(f"ipp://localhost:{port}/ipp/print", folder / "spool", folder)
