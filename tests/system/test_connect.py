"""The tutorial for central systems, command by command as it stands in the documentation."""

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
PORT = "18830"
pytestmark = [pytest.mark.system, needs("mqtt"), pytest.mark.skipif(mosquitto_binary() is None, reason="needs mosquitto")]


def script() -> str:
    """All commands of the page; only what comes from the network is there already."""
    text = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 6
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith("npm install")]
    return "set -em\n" + "\n".join(lines) + "\n"


def test_the_tutorial_leads_where_it_says(tmp_path: Path) -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", int(PORT))) == 0:
            pytest.skip(f"somebody serves port {PORT}, which the page names")
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
        process.wait(timeout=100)
    finally:
        left = subprocess.run(["ps", "-o", "pid=", "--sid", str(process.pid)], capture_output=True, text=True, check=False)
        for pid in map(int, left.stdout.split()):
            os.kill(pid, signal.SIGTERM)
    said = log.read_text("utf-8")
    assert process.returncode == 0, said
    assert re.search(r"^[1-6]$", said, re.MULTILINE)
    assert "nothing missing, nothing twice: the same up to event" in said
    assert (tmp_path / "LOT-1.content.json").stat().st_size > 100
