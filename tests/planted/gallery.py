"""Bugs that somebody might write, as patches on a scratch copy of the tree, and the search for the seed that finds each."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGES = ("edge", "drivers", "vision", "line_config", "simulators")
PATCHES = sorted(path.stem for path in HERE.glob("*.patch"))
# What any line of this kind gets wrong sooner or later: these must be among the planted ones.
CLASSICS = (
    "forgotten_fsync",
    "retried_print",
    "order_reused_after_restart",
    "only_the_label_checked",
    "divert_trusted",
    "keep_open_off_by_one",
    "stale_frame",
    "acknowledged_before_commit",
    "label_one_off_after_a_purge",
)
# Bugs about one device that a soak of all faults seldom comes to: the line on which, and the faults by which, they are sought.
SCENES: dict[str, dict[str, Any]] = {
    "test_label_burns_no_print_id": {"faults": {"media_out": 0.05}},
    "other_head_without_a_void": {"faults": {"media_out": 0.1}, "heads": 2},
    "label_named_at_the_wrong_head": {"heads": 2},
}
# Runs seeds in the scratch tree until the alarm rings, each with the faults and power cuts that a soak would draw for it.
RUN = """
import json, sys
from simulators.virtual.campaign import CATALOGUE, plan_of, run_plan, run_scene
first, last, items = map(int, sys.argv[1:4])
scene = json.loads(sys.argv[4])
for seed in range(first, last + 1):
    plan = plan_of(seed, CATALOGUE)._replace(items=items)
    result = run_scene(seed, items, scene) if scene else run_plan(plan)
    findings = [result["error"]] if "error" in result else result["findings"]
    if findings:
        print(json.dumps({"seed": seed, "finding": findings[0]}))
        break
"""


class Caught(NamedTuple):
    """After how many seeds the alarm rang, and what it said; 0 = never."""

    seeds: int
    finding: str


def plant(name: str, into: Path) -> Path:
    """A scratch copy of the tree with this bug in it ("" = none, the control)."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, into / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    if name:
        patch = HERE / f"{name}.patch"
        done = subprocess.run(["git", "apply", str(patch)], cwd=into, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"{patch.name} no longer fits the tree, mend it: {done.stderr}")
    return into


def fits(name: str) -> str:
    """Why this patch no longer fits the tree; "" = it does."""
    argv = ["git", "apply", "--check", str(HERE / f"{name}.patch")]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False).stderr


def search(tree: Path, *, first: int, seeds: int, items: int, name: str = "") -> Caught:
    """Run seeds in this tree until one is found out; `name`: of the bug in it, for its scene."""
    argv = [sys.executable, "-c", RUN, str(first), str(first + seeds - 1), str(items), json.dumps(SCENES.get(name))]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    ran = subprocess.run(argv, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise AssertionError(f"the tree does not even run: {ran.stderr[-600:]}")
    if not ran.stdout.strip():
        return Caught(0, "")
    found = json.loads(ran.stdout)
    return Caught(found["seed"] - first + 1, found["finding"])
