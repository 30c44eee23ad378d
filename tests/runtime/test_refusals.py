"""A storm costs a bounded number of records, and none of it goes unseen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.runtime.refusals import SINGLE_BURST, SINGLE_PER_S, SUM_EVERY_S, Allowance, Refusals


def test_an_allowance_has_a_burst_and_then_a_pace() -> None:
    allowance = Allowance(10.0, 3.0)
    assert [round(allowance.wait_s(100.0), 3) for _ in range(5)] == [0, 0, 0, 0.1, 0.2]
    assert allowance.wait_s(100.31) == 0, "who waited as told finds room"


def test_what_is_not_there_is_not_taken() -> None:
    allowance = Allowance(10.0, 1.0)
    assert [allowance.there(100.0) for _ in range(4)] == [True, False, False, False]
    assert [allowance.there(100.11), allowance.there(100.11)] == [True, False]


@pytest.mark.parametrize("storm", [1, 10_000])
def test_single_records_are_bounded_and_the_rest_is_summed_up_once_a_second(storm: int) -> None:
    refusals, recorded, summed, sums = Refusals(), 0, 0, 0
    for n in range(storm):
        now_s = 50.0 + n / 1000
        recorded += refusals.record(f"fault {n}", now_s)
        found = refusals.sum(now_s)
        if found is not None:
            summed, sums = summed + found.messages, sums + 1
            assert found.last == f"fault {n}"
    last = refusals.sum(99.0)
    summed += 0 if last is None else last.messages
    assert (refusals.count, recorded + summed) == (storm, storm), "each is in a record or in a sum"
    seconds = storm / 1000
    assert recorded <= SINGLE_BURST + SINGLE_PER_S * seconds + 1
    assert sums <= seconds / SUM_EVERY_S + 1


@given(st.lists(st.floats(0, 10), max_size=50))
def test_no_more_than_the_pace_allows_ever_passes(gaps_s: list[float]) -> None:
    allowance, now_s, passed, begun_s = Allowance(2.0, 5.0), 1000.0, 0, 1000.0
    for gap_s in gaps_s:
        now_s += gap_s / 10
        passed += allowance.there(now_s)
        assert passed <= 5 + 2.0 * (now_s - begun_s) + 1e-6
