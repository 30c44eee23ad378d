"""The tutorial for central systems, command by command as it stands in the documentation."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.broker import mosquitto_binary
from tests.wire.peer import HERE, needs

ROOT = Path(__file__).parents[2]
PORTS = (18830, 8080)
"""of the broker, which the page names, and of the panel"""
LIMIT_S, GRACE_S = 200, 10
"""it takes half a minute alone, and several times that beside others"""
pytestmark = [pytest.mark.system, needs("mqtt"), pytest.mark.skipif(mosquitto_binary() is None, reason="needs mosquitto")]


def script() -> str:
    """All commands of the page; only what comes from the network is there already."""
    text = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 6
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith("npm install")]
    return "set -em\n" + "\n".join(lines) + "\n"


def end_session(process: "subprocess.Popen[bytes]") -> None:
    """End all that the page has started and that still runs: asked first, made to after a while, and reaped."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        left = subprocess.run(["ps", "-o", "pid=", "--sid", str(process.pid)], capture_output=True, text=True, check=False)
        for pid in map(int, left.stdout.split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE_S)


def test_the_page_stops_waiting_when_its_line_has_died(tmp_path: Path) -> None:
    """As it does where the port is taken; a stand-in dies at once, and every command behind it is the page's own."""
    (tmp_path / "sealline").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sealline").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ended = subprocess.run(
        ["bash", "-c", script()], cwd=tmp_path, env=environment, capture_output=True, timeout=LIMIT_S, check=False
    )
    assert ended.returncode != 0


@pytest.mark.timeout(LIMIT_S + 3 * GRACE_S)
def test_the_tutorial_leads_where_it_says(tmp_path: Path) -> None:
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"somebody serves port {port}, which the line of the page needs")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    log = tmp_path / "said.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            ["bash", "-c", script()], cwd=tmp_path, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        process.wait(timeout=LIMIT_S)
    finally:
        end_session(process)
    said = log.read_text("utf-8")
    assert process.returncode == 0, said
    assert re.search(r"^[1-6]$", said, re.MULTILINE)
    assert "nothing missing, nothing twice: the same up to event" in said
    assert (tmp_path / "LOT-1.content.json").stat().st_size > 100
