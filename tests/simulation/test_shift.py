"""The whole runtime in virtual time: no wrong envelope, nothing lost, the same run from the same seed."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from simulators.faults import KINDS
from simulators.manual_desk import SLIPS
from simulators.virtual.soak import shift


def require_clean(result: dict[str, Any]) -> None:
    assert result["findings"] == []
    assert (result["wrong_dispatches"], result["unaccounted"], result["on_belt"]) == (0, 0, 0)
    assert result["central"]["gaps"] == result["central"]["duplicates"] == 0


@pytest.mark.parametrize("rate_per_h", [2700, 10800])
def test_without_faults_everything_is_dispatched(rate_per_h: int) -> None:
    result = shift(seed=1, items=150, rate_per_h=rate_per_h)
    require_clean(result)
    assert result["dispatched"] >= 149
    assert result["late_verdicts"] == 0
    # The feeder's pace is in documents; some items take two or three of them.
    assert result["documents_fed"] > result["items_fed"] == 150
    documents_per_h = result["items_per_hour"] * result["documents_fed"] / 150
    assert rate_per_h * 0.96 <= documents_per_h <= rate_per_h * 1.04


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_faults_nothing_wrong_leaves_and_the_untouched_go_through(seed: int) -> None:
    result = shift(seed=seed, items=150, rate_per_h=10800, faults=0.12, doors=False)
    require_clean(result)
    untouched = result["untouched"]
    assert untouched["fed"] > 60
    assert untouched["dispatched"] >= 0.99 * untouched["fed"]
    assert {name for name, row in result["faults"].items() if row["fired"]} == set(KINDS)
    outcome = {name: set(row["outcome"]) for name, row in result["faults"].items()}
    assert outcome["no_order"] == {"NO_ORDER"}
    assert outcome["media_out"] == {"PRINT_FAILED"}
    never = ("unreadable", "swapped_neighbours", "neighbour_label", "second_copy")
    assert all("dispatched" not in outcome[name] for name in never)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_in_mid_run_nothing_is_lost_and_nothing_goes_twice(seed: int) -> None:
    result = shift(seed=seed, items=120, rate_per_h=2700, faults=0.05, kills=2, doors=False)
    require_clean(result)
    assert result["boots"] == 1 + result["power_cuts"] >= 3
    assert result["rejected"]["RESTART"] > 0, "what was on the belt did not pass"
    assert result["untouched"]["dispatched"] >= 0.99 * result["untouched"]["fed"]
    assert result["operator"]["clear_belt"] >= 2


def test_the_three_doors_bring_nearly_everything_back() -> None:
    result = shift(seed=3, items=120, faults=0.08, kills=2)
    require_clean(result)
    clerk = result["clerk"]
    assert min(clerk["feed_again"], clerk["open_envelope"], clerk["reinduct"]) >= 5
    # What is left went back to its issuer: nobody ordered it, or it stayed unreadable.
    assert result["dispatched"] >= 112
    assert result["rejected"] == {}
    assert result["untouched"]["dispatched"] == result["untouched"]["fed"]


def test_the_same_seed_gives_the_same_trace_in_another_process() -> None:
    options = {"seed": 5, "items": 60, "faults": 0.1, "kills": 1}
    here = shift(**options)
    # Another hash seed and another heap: neither may show in the trace.
    code = f"""
import json
from simulators.virtual.soak import shift
heap = [{{}} for _ in range(9999)]
print(json.dumps(shift(**{options})))
"""
    there = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": "777"}, capture_output=True, text=True, check=True
    )
    assert json.loads(there.stdout)["trace"] == here["trace"]
    assert shift(**{**options, "seed": 6})["trace"] != here["trace"]


def test_what_the_belt_cannot_take_is_made_at_the_desk() -> None:
    result = shift(seed=4, items=60, faults={"oversize": 0.15, "rare_name": 0.15})
    require_clean(result)
    fired = sum(result["faults"][kind]["fired"] for kind in ("oversize", "rare_name"))
    sometimes = result["sometimes"]
    assert fired > 10
    assert sometimes["desk: envelope dispatched"] >= fired * 0.7, "what failed twice went back to its issuer"
    assert result["dispatched"] >= 56
    assert sum(times for name, times in sometimes.items() if name in {f"desk: {slip}" for slip in SLIPS}) > 3, "people slip"
    assert "ACCOUNTS_DIFFER" not in result["conditions"], "no PLC counts what was made there"


def test_power_cuts_at_the_desk_lose_nothing() -> None:
    result = shift(seed=7, items=50, faults={"oversize": 0.4}, kills=4)
    require_clean(result)
    assert result["sometimes"]["desk: ended by a restart"] > 0
    assert result["dispatched"] >= 45


def test_after_each_roll_one_test_label_is_read_and_no_blank_reaches_an_envelope() -> None:
    result = shift(seed=2, items=120, rate_per_h=10_800, faults={"media_out": 0.03}, disturbances={"head_opened": 20.0})
    assert result["findings"] == []
    assert result["faults"]["media_out"]["fired"] >= 1
    assert result["conditions"]["ROLL_TEST"] >= result["faults"]["media_out"]["fired"]
    assert result["operator"]["show_test_label"] >= result["conditions"]["ROLL_TEST"]
    assert "LABEL_MISSING" not in result["faults"]["media_out"]["outcome"]


@pytest.mark.parametrize("standby", [False, True])
def test_of_two_heads_one_may_fail_and_nothing_is_wrong(standby: bool) -> None:
    result = shift(
        seed=3,
        items=150,
        rate_per_h=10_800,
        faults={"media_out": 0.02, "neighbour_label": 0.01},
        disturbances={"applicator_fault": 60.0, "printer_rebooted": 30.0, "printer_silent": 30.0},
        heads=2,
        standby=standby,
    )
    assert result["findings"] == []
    assert result["wrong_dispatches"] == result["unaccounted"] == 0
    out = "HEAD_STANDBY" if standby else "HEAD_OUT"
    assert result["conditions"][out] >= result["faults"]["media_out"]["fired"] > 0
    assert result["disturbances"]["applicator_fault"] > 0
    assert result["conditions"]["ROLL_TEST"] > 0
