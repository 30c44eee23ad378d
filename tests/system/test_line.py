"""The whole line as real processes on real wires: the demo's contract, and kill -9 in mid-run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.progress import Progress

SEALLINE = Path(sys.executable).parent / "sealline"
pytestmark = pytest.mark.system

CONTRACT = {
    "items_fed", "documents_fed", "dispatched", "rejected", "quarantined", "on_belt", "wrong_dispatches", "unaccounted",
    "late_verdicts", "untouched", "verdict_ms", "items_per_hour", "cpu_s_per_item", "reads", "faults", "links", "seed", "rate",
    "commit", "version",
}  # fmt: skip
LINKS = {"machine_plc", "sorter_plc", "id_camera", "label_camera", "printer", "scanner", "central"}
FAULTS = {"unreadable", "no_order", "swapped_neighbours", "neighbour_label", "media_out", "divert_unconfirmed", "second_copy"}


def test_the_demo_prints_its_contract_last(tmp_path: Path) -> None:
    ran = subprocess.run(
        [SEALLINE, "demo", "--items", "30", "--rate", "10800", "--headless", "--json", "--data-dir", tmp_path / "demo"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    result = json.loads(ran.stdout.strip().rpartition("\n")[2])
    assert set(result) >= CONTRACT
    assert (result["items_fed"], result["wrong_dispatches"], result["unaccounted"], result["on_belt"]) == (30, 0, 0, 0)
    assert result["dispatched"] >= 0.9 * 30, result["rejected"]
    assert set(result["untouched"]) == {"fed", "dispatched"}
    assert set(result["verdict_ms"]) == {"insert", "divert"}
    assert all(set(row) == {"p50", "p99", "max"} for row in result["verdict_ms"].values())
    assert set(result["cpu_s_per_item"]) == {"runtime", "vision", "simulators"}
    assert set(result["reads"]) == {"resident_id", "passport", "a4", "label"}
    assert all(row["wrong"] == 0 for row in result["reads"].values())
    assert set(result["links"]) == LINKS
    assert set(result["faults"]) == FAULTS
    assert all({"fired", "outcome"} <= set(row) for row in result["faults"].values())
    assert "panel: http://127.0.0.1:" in ran.stderr


def test_killed_in_mid_run_nothing_is_lost_and_nothing_goes_twice(make_demo, quiet: Progress) -> None:
    run = make_demo(items=40, faults=0.1, kills=1)
    result = run.to_the_end(quiet, lambda _: None)
    assert result["findings"] == []
    assert (result["wrong_dispatches"], result["unaccounted"], result["on_belt"]) == (0, 0, 0)
    assert result["boots"] == 2
    assert result["rejected"].get("RESTART", 0) > 0, "what was on the belt was quarantined"
    assert result["operator"]["clear_belt"] >= 1
    assert result["dispatched"] > 0
    assert result["central"]["waiting"] == 0


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_demo_that_is_told_to_end_leaves_nobody_behind(tmp_path: Path) -> None:
    command = [SEALLINE, "demo", "--items", "5", "--headless", "--data-dir", tmp_path / "demo"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr is not None
        shown = next((line for line in demo.stderr if "panel: " in line), "")
        started = children(demo.pid)
        demo.terminate()
        rest = demo.stderr.read()
    assert shown, rest
    assert len(started) >= 2
    assert demo.returncode != 0
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
