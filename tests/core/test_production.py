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
    assert len(production.rejects) == REJECTS_SHOWN == 8


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


def test_the_rate_counts_the_gaps_between_the_first_and_the_last_of_the_minute() -> None:
    production = Production()
    production.ended("dispatched", 0)
    assert production.rate_per_h(S) == 0, "one item is no pace"
    production.ended("dispatched", 4 * S)
    assert production.rate_per_h(4 * S) == 900
    production.ended("NO_ORDER", 5 * S)
    assert production.rate_per_h(5 * S) == 900, "a reject is no pace"
    production.ended("dispatched", 60 * S)
    assert production.rate_per_h(60 * S) == 120, "a minute ago is within the minute"
    assert production.rate_per_h(60 * S + 1) == round(3600 / 56)
    production.ended("dispatched", 60 * S)
    assert production.rate_per_h(121 * S) == 0
    both = Production()
    for _ in range(2):
        both.ended("dispatched", 7)
    assert both.rate_per_h(7) == 3_600_000_000, "never divided by nothing"


def test_what_is_over_a_minute_old_is_forgotten() -> None:
    production = Production()
    for at_s in (0, 1, 60, 61):
        production.ended("dispatched", at_s * S)
    assert list(production._ended_us) == [1 * S, 60 * S, 61 * S]


def test_a_stop_is_counted_once_and_its_time_booked_to_its_cause() -> None:
    production = Production()
    steps = [
        (State.EXECUTE, "", 0), (State.HOLDING, "JAM", 10), (State.HELD, "GUARD_OPEN", 11), (State.UNHOLDING, "", 30),
        (State.EXECUTE, "", 31), (State.HOLDING, "JAM", 40), (State.HELD, "JAM", 41), (State.STOPPING, "", 45),
        (State.STOPPED, "", 46), (State.EXECUTE, "", 100), (State.SUSPENDING, "STARVED", 110), (State.EXECUTE, "", 140),
        (State.ABORTING, "", 141), (State.ABORTED, "", 142),
    ]  # fmt: skip
    for state, cause, at_s in steps:
        production.changed(state, cause, at_s * S)
    production.account(150 * S)
    assert production.shift.pareto() == [("STARVED", 1, 30), ("JAM", 2, 27), ("BY_HAND", 1, 9)]
    assert production.shift.stops["BY_HAND"] == [1, 9 * S]
    assert sum(production.shift.state_us.values()) == 150 * S
    assert production.shift.state_us[State.EXECUTE] == (10 + 9 + 10 + 1) * S


def test_equal_stops_are_listed_by_name() -> None:
    shift = Production().shift
    shift.stops = {"JAM": [1, 5 * S], "ESTOP": [3, 5 * S + 9], "STARVED": [1, 6 * S]}
    assert shift.pareto() == [("STARVED", 1, 6), ("ESTOP", 3, 5), ("JAM", 1, 5)]


def test_completing_the_work_is_not_planned_time() -> None:
    production = Production()
    production.changed(State.EXECUTE, "", 0)
    production.changed(State.COMPLETING, "", 10 * S)
    production.changed(State.COMPLETE, "", 20 * S)
    production.account(90 * S)
    production.ended("dispatched", S)
    assert production.shift.oee(360) == (1000, 1000, 1000, 1000)
    assert production.shift.stops == {}


def test_time_that_seems_to_run_backwards_books_nothing() -> None:
    production = Production()
    production.changed(State.EXECUTE, "", 10 * S)
    production.account(4 * S)
    production.account(6 * S)
    assert production.shift.state_us == {State.STOPPED: 10 * S, State.EXECUTE: 2 * S}


def test_a_shift_knows_the_one_before_and_its_own_beginning() -> None:
    production = Production()
    production.changed(State.EXECUTE, "", 0)
    ended = production.next_shift(5 * S, 77)
    assert production.last_shift is ended
    assert ended.state_us == {State.STOPPED: 0, State.EXECUTE: 5 * S}
    assert (production.shift.since_us, production.shift.since_ms) == (5 * S, 77)
    production.account(6 * S)
    assert production.shift.state_us == {State.EXECUTE: 1 * S}
    production.fed()
    assert (production.documents_fed, production.shift.documents_fed, ended.documents_fed) == (1, 1, 0)


def test_nothing_good_and_nothing_run_are_nought_not_almost_nought() -> None:
    production = Production()
    production.changed(State.HELD, "", 0)
    production.account(10)
    production.ended("NO_ORDER", 5)
    assert production.shift.oee(2700) == (0, 0, 0, 0)


def test_the_pace_is_that_of_the_settings() -> None:
    production = Production()
    production.changed(State.EXECUTE, "", 0)
    for _ in range(900):
        production.ended("dispatched", S)
    production.account(H)
    assert [production.shift.oee(rate).effectiveness for rate in (900, 1000, 450)] == [1000, 900, 2000]
