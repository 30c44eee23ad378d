"""The soak's sums and hash depend on the seeds alone; disturbances are survived; what a run finds can be repeated."""

import json
import os
import subprocess
import sys

import pytest

from simulators.faults import VIRTUAL_KINDS
from simulators.virtual import campaign, disturbances, power_cuts
from simulators.virtual.soak import shift
from simulators.weights import UnknownFaultError, draw, parse

HOURS = 0.15
CATALOGUE = parse("catalogue", disturbances.NAMES)


def in_another_process(*, jobs: int, seed: int, hash_seed: str) -> dict:
    """The same soak with another hash seed and another heap."""
    code = f"""
import json, sys
from simulators.virtual import campaign, disturbances
from simulators.weights import parse
ballast = [object() for _ in range({len(hash_seed)} * 1000)]
if __name__ == "__main__":
    print(json.dumps(campaign.soak(hours={HOURS}, jobs={jobs}, seed={seed}, faults=parse("catalogue", disturbances.NAMES))))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def test_the_hash_depends_on_the_seed_alone() -> None:
    here = campaign.soak(hours=HOURS, jobs=1, seed=1, faults=CATALOGUE)
    there = in_another_process(jobs=1, seed=1, hash_seed="777")
    other = in_another_process(jobs=1, seed=2, hash_seed="0")
    varying = {"wall_s", "speedup"}
    assert {k: v for k, v in here.items() if k not in varying} == {k: v for k, v in there.items() if k not in varying}
    assert other["trace_hash"] != here["trace_hash"]
    assert here["findings"] == other["findings"] == []
    assert here["untouched"]["dispatched"] == here["untouched"]["fed"]


def test_the_hash_does_not_depend_on_the_number_of_processes() -> None:
    plans = campaign.plans(5, HOURS, CATALOGUE)
    plans = [plan._replace(items=40) for plan in (*plans, campaign.plan_of(5_000_777, CATALOGUE))]
    traces = [[result["trace"] for _, result in campaign.run_all(plans, jobs)] for jobs in (1, 2)]
    assert traces[0] == traces[1]


@pytest.mark.parametrize("kind", disturbances.KINDS, ids=lambda kind: kind.name)
def test_each_disturbance_fires_and_is_survived(kind: disturbances.Kind) -> None:
    # One that costs everything on the belt leaves time to bring that back.
    result = shift(seed=21, items=60, disturbances={kind.name: 30.0 if kind.stops else 120.0})
    assert result["disturbances"][kind.name] >= 1
    assert result["findings"] == []
    assert result["dispatched"] >= 54
    assert result["untouched"]["dispatched"] == result["untouched"]["fed"]


@pytest.mark.parametrize("kind", VIRTUAL_KINDS)
def test_each_fault_of_an_item_fires_and_is_survived(kind: str) -> None:
    result = shift(seed=21, items=40, faults={kind: 0.08})
    assert result["faults"][kind]["fired"] >= 1
    assert result["findings"] == []
    assert result["dispatched"] >= 32, "what was fed in vain too often goes back to its issuer"
    assert result["untouched"]["dispatched"] == result["untouched"]["fed"]


@pytest.mark.parametrize("name", power_cuts.AWAY)
def test_what_happens_while_the_line_pc_is_away_is_survived(name: str) -> None:
    result = shift(seed=1, items=60, kills=4, away=(name,))
    assert result["disturbances"][name] >= 1
    assert result["findings"] == []
    assert result["untouched"]["dispatched"] == result["untouched"]["fed"]


def test_small_bags_are_closed_and_changed() -> None:
    result = shift(seed=1, items=80, disturbances={disturbances.CHUTE_FULL: 1.0})
    assert result["disturbances"][disturbances.CHUTE_FULL] >= 2
    assert result["operator"]["close_bag"] >= 2
    assert result["findings"] == []
    assert result["dispatched"] == 80


def test_plans_are_drawn_from_their_seed_alone() -> None:
    plans = campaign.plans(3, 1.0, CATALOGUE)
    assert sum(plan.items for plan in plans) == pytest.approx(2700, abs=20)
    assert campaign.plan_of(plans[2].seed, CATALOGUE) == plans[2]
    assert len({plan.seed for plan in plans}) == len(plans)


def test_what_ends_a_run_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("this seed breaks")

    monkeypatch.setattr(campaign, "shift", broken)
    report = campaign.soak(hours=0.01, jobs=1, seed=9, faults=())
    assert (report["died"], report["invariant_breaches"]) == (1, 0)
    assert report["findings"] == ["seed 9000000: ValueError: this seed breaks"]


def test_a_long_campaign_says_what_it_never_met() -> None:
    short, long = (campaign.Campaign(["unreadable", "no_order"]) for _ in range(2))
    for sums in (short, long):
        sums.fired["unreadable"] = 3
    long.sums["items_fed"] = campaign.LONG_H * campaign.RATE_PER_H
    assert (short.never(), long.never()) == ([], ["no_order"])
    whole = campaign.Campaign(campaign.CATALOGUE)
    whole.sums["items_fed"] = campaign.LONG_H * campaign.RATE_PER_H
    whole.fired.update(campaign.CATALOGUE)
    whole.sometimes.update({"bag recounted": 1, "order broken up": 0})
    assert whole.never() == ["order broken up"]


def test_a_trace_has_every_record() -> None:
    lines: list[str] = []
    result = campaign.run_plan(campaign.plan_of(4, ())._replace(items=10, cuts=1), lines.append)
    assert len(lines) == result["events"]
    assert any("boot 2" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [("none", 0), ("unreadable,guard_opened", 2), ("0.25", None)],
)
def test_which_faults(text: str, kinds: int | None) -> None:
    wanted = parse(text, disturbances.NAMES)
    if kinds is None:
        assert sum(draw(1, wanted).values()) == pytest.approx(0.25)
    else:
        assert len(wanted) == kinds
    assert all(campaign.wanted(name, CATALOGUE) for name in disturbances.NAMES)


@pytest.mark.parametrize("text", ["earthquake", "1.5", "unreadable,earthquake"])
def test_unknown_faults_are_refused(text: str) -> None:
    with pytest.raises(UnknownFaultError):
        parse(text, disturbances.NAMES)
