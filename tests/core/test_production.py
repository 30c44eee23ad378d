"""Counts and the rate of the last minute."""

from edge.core.production import REJECTS_SHOWN, Production, Reject
from edge.core.values import State


def test_rate_is_of_the_last_minute() -> None:
    production = Production()
    assert production.rate_per_h(0) == 0
    for n in range(200):
        production.ended("dispatched", n * 1_333_333)
    assert 2690 <= production.rate_per_h(200 * 1_333_333) <= 2710
    assert production.rate_per_h(10**12) == 0, "nothing in the last minute"


def test_counts_and_rejects() -> None:
    production = Production()
    for n in range(12):
        production.ended("NO_ORDER", n)
        production.rejects.append(Reject(n, f"D1-{n}", "NO_ORDER", "", "document_tray"))
    production.ended("dispatched", 13)
    assert production.rejected() == 12
    assert len(production.rejects) == REJECTS_SHOWN


S, H = 1_000_000, 3_600_000_000


def test_effectiveness_after_iso_22400() -> None:
    production = Production()
    production.changed(State.EXECUTE, "", 0)
    for n in range(900):
        production.ended("dispatched" if n % 10 else "UNREADABLE", n * S)
    production.changed(State.HOLDING, "JAM", H // 2)
    production.changed(State.HELD, "JAM", H // 2 + S)
    production.changed(State.UNHOLDING, "", H - S)
    production.changed(State.EXECUTE, "", H)
    production.changed(State.STOPPING, "", 2 * H)
    production.changed(State.STOPPED, "", 2 * H)
    production.account(5 * H)
    # Planned two hours, produced for one and a half; 900 items where 2,700 an hour would have made 4,050; 810 of them good.
    oee = production.shift.oee(2700)
    assert (oee.availability, oee.effectiveness, oee.quality) == (750, 222, 900)
    assert oee.oee == 150
    assert production.shift.pareto() == [("JAM", 1, 1800), ("BY_HAND", 1, 0)]


def test_an_empty_shift_has_no_figures() -> None:
    assert set(Production().shift.oee(2700)) == {0}


def test_no_time_is_booked_across_a_restart() -> None:
    production = Production()
    production.changed(State.EXECUTE, "", 900 * S)
    production.restarted(S)
    production.account(3 * S)
    assert production.shift.state_us == {State.STOPPED: 900 * S, State.EXECUTE: 2 * S}


def test_the_next_shift_begins_at_zero() -> None:
    production = Production()
    production.fed()
    production.ended("dispatched", S)
    ended = production.next_shift(2 * S, 5)
    assert (ended.documents_fed, ended.outcomes) == (1, {"dispatched": 1})
    assert (production.shift.documents_fed, production.documents_fed, production.shift.since_ms) == (0, 1, 5)
