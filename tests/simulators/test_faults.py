"""The fault plan: seeded, complete, and honest about what never fired."""

import pytest

from simulators.bodies import Envelope, PhysicalDocument, PhysicalLabel
from simulators.faults import KINDS, FaultBook, plan_faults


def _book(plan: dict[int, str], items: int = 10) -> FaultBook:
    documents = [PhysicalDocument(n, "a4", f"A4{n:010d}", f"O{n}", 5000) for n in range(items)]
    return FaultBook(plan, documents, {f"EA{n:09d}CN": n for n in range(items)})


def test_every_kind_comes_once_before_any_comes_twice() -> None:
    plan = plan_faults(1, 300, 0.05)
    assert [plan[index] for index in sorted(plan)][: len(KINDS)] == list(KINDS)
    assert set(plan.values()) == set(KINDS)


@pytest.mark.parametrize("probability", [0.0, 0.05, 1.0])
def test_each_item_is_hit_with_the_probability(probability: float) -> None:
    plan = plan_faults(3, 4_000, probability)
    assert len(plan) / 4_000 == pytest.approx(probability, abs=0.012)


def test_the_same_seed_gives_the_same_plan() -> None:
    assert plan_faults(7, 500, 0.05) == plan_faults(7, 500, 0.05)
    assert plan_faults(7, 500, 0.05) != plan_faults(8, 500, 0.05)


def test_a_fault_fires_once_and_touches_as_far_as_its_doubt_reaches() -> None:
    book = _book({3: "media_out", 6: "swapped_neighbours"})
    label = PhysicalLabel("EA000000003CN", "EA000000003CN;1")
    assert book.roll_ends(label)
    assert not book.roll_ends(label), "the next roll does not end in the same label"
    assert not book.roll_ends(PhysicalLabel("EA000000004CN", ""))
    assert book.touched == {3}
    assert not book.fired["swapped_neighbours"]


def _envelope(index: int) -> Envelope:
    return Envelope([PhysicalDocument(index, "a4", f"A4{index:010d}", f"O{index}", 5000)], index)


def test_the_doubt_reaches_those_who_followed_each_other_behind_the_sealer() -> None:
    book = _book({4: "swapped_neighbours", 5: "no_order"})
    assert not book.overtakes(_envelope(4), []), "nobody is there to overtake it"
    assert book.overtakes(_envelope(4), [[_envelope(6)], [_envelope(7)]])
    assert book.touched_in([0, 1, 3, 4, 6, 7, 8]) == {3, 4, 6, 7}
    assert book.touched_in([4, 6]) == {4, 6}


def test_the_report_tells_what_was_planned_what_fired_and_what_became_of_it() -> None:
    book = _book({1: "unreadable", 2: "unreadable", 5: "no_order"})
    for index in (1, 2):
        book.fire_at_camera(PhysicalDocument(index, "a4", "A40000000001", None, 5000))
    report = book.report({1: "rejected:UNREADABLE"})
    assert report["unreadable"] == {"planned": 2, "fired": 2, "outcome": {"rejected:UNREADABLE": 1, "unknown": 1}}
    assert report["no_order"] == {"planned": 1, "fired": 0, "outcome": {}}
    assert set(report) == set(KINDS)
    assert set(_book({3: "jammed"}).report({})) == {*KINDS, "jammed"}
