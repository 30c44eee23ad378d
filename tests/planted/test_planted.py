"""The alarm rings: each planted bug is found by the oracle or an invariant in the virtual world; the control is clean."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.patches import PLANTED, Planted

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "drivers", "vision", "line_config", "simulators")
RUN = """
import json, sys
from simulators.virtual.soak import shift
print(json.dumps(shift(seed=3, items=100, rate_per_h=10800, faults={faults}, kills={kills})))
"""


def run_in(tree: Path, faults: float, kills: int) -> tuple[str, list[str]]:
    """(what ended the run, "" = nothing; findings of the oracle) in this tree."""
    ran = subprocess.run(
        [sys.executable, "-c", RUN.format(faults=faults, kills=kills)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if ran.returncode:
        return ran.stderr[-400:], []
    return "", json.loads(ran.stdout)["findings"]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    return tmp_path


def test_the_control_is_clean(scratch: Path) -> None:
    assert run_in(scratch, 0.2, 0) == ("", [])


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_the_alarm_rings(scratch: Path, bug: Planted) -> None:
    path = scratch / bug.file
    text = path.read_text()
    assert text.count(bug.right) == 1, "the planted bug no longer fits the tree: mend it"
    path.write_text(text.replace(bug.right, bug.wrong))
    ended, findings = run_in(scratch, bug.faults, bug.kills)
    assert ended or findings
    assert re.search(bug.finding, ended + " ".join(findings))
