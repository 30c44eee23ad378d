"""Alarms after ISA-18.2: delay, chatter, load; the first cause of a stop."""

from edge.core.conditions import CHATTER_TIMES, CHATTER_US, CONDITIONS, FLOOD_ALARMS, FLOOD_US, Conditions, Effect

S = 1_000_000


def test_an_alarm_is_made_of_what_lasts() -> None:
    conditions = Conditions()
    delay_us = CONDITIONS["SCANNER_LOST"].delay_ms * 1000
    conditions.set("SCANNER_LOST", on=True, at_us=S)
    assert conditions.having(Effect.STOPS_FEED) == ["SCANNER_LOST"], "its effect does not wait"
    assert conditions.alarms(S + delay_us - 1) == []
    assert [alarm.code for alarm in conditions.alarms(S + delay_us)] == ["SCANNER_LOST"]
    conditions.set("SCANNER_LOST", on=False, at_us=2 * S)
    assert conditions.alarms(2 * S) == []
    assert conditions.alarms_in_10_min(3 * S) == 1
    conditions.set("SCANNER_LOST", on=True, at_us=9 * S)
    conditions.set("SCANNER_LOST", on=False, at_us=9 * S + delay_us - 1)
    assert conditions.alarms_in_10_min(10 * S) == 1, "what was over before its delay is no alarm"


def test_the_most_urgent_first_then_the_oldest() -> None:
    conditions = Conditions()
    for at_s, code in enumerate(("CENTRAL_LOST", "NO_MANIFEST", "JAM", "ITEM_LOST")):
        conditions.set(code, on=True, at_us=at_s * S)
    assert [alarm.code for alarm in conditions.alarms(9 * S)] == ["JAM", "ITEM_LOST", "CENTRAL_LOST", "NO_MANIFEST"]


def test_what_chatters_stays_on_the_list_and_counts_once() -> None:
    conditions = Conditions()
    for n in range(6):
        conditions.set("PRINTER_NOT_READY", on=True, at_us=n * 5 * S)
        conditions.set("PRINTER_NOT_READY", on=False, at_us=n * 5 * S + S)
    (alarm,) = conditions.alarms(30 * S)
    assert (alarm.code, alarm.since_us, alarm.chattering) == ("PRINTER_NOT_READY", 25 * S, True)
    assert conditions.alarms_in_10_min(30 * S) == 3, "those before it was known to chatter"
    assert conditions.alarms(90 * S) == []
    assert conditions.alarms_in_10_min(700 * S) == 0


def test_a_flood_is_counted() -> None:
    conditions = Conditions()
    codes = [code for code, row in CONDITIONS.items() if row.effect is Effect.HOLDS][: FLOOD_ALARMS + 1]
    for code in codes:
        conditions.set(code, on=True, at_us=S)
    assert conditions.alarms_in_10_min(2 * S) == FLOOD_ALARMS + 1
    assert conditions.first_out == codes[0]


def test_three_times_within_a_minute_is_chattering_and_on_its_stroke_no_more() -> None:
    conditions = Conditions()
    for at_us in (0, 1 * S, 59 * S):
        conditions.set("JAM", on=True, at_us=at_us)
        conditions.set("JAM", on=False, at_us=at_us + 1)
    assert [alarm.chattering for alarm in conditions.alarms(60 * S - 1)] == [True]
    assert conditions.alarms(60 * S) == []
    conditions.set("JAM", on=True, at_us=61 * S)
    assert conditions.alarms(61 * S) == [("JAM", 61 * S, False)], "the first of the last three is older than a minute"


def test_twice_is_not_chattering() -> None:
    conditions = Conditions()
    for at_us in (0, 2 * S):
        conditions.set("JAM", on=True, at_us=at_us)
        conditions.set("JAM", on=False, at_us=at_us + 1)
    assert conditions.alarms(3 * S) == []
    assert conditions.alarms_in_10_min(3 * S) == 2


def test_an_alarm_counts_for_ten_minutes_to_the_microsecond() -> None:
    conditions = Conditions()
    conditions.set("JAM", on=True, at_us=5)
    assert [conditions.alarms_in_10_min(now_us) for now_us in (4, 5, 600 * S + 5, 600 * S + 6)] == [0, 1, 1, 0]
    conditions.set("JAM", on=False, at_us=6)
    assert [conditions.alarms_in_10_min(now_us) for now_us in (600 * S + 5, 600 * S + 6)] == [1, 0]


def test_what_did_not_last_its_delay_is_no_alarm_and_what_did_counts_from_its_end() -> None:
    conditions = Conditions()
    conditions.set("ACCOUNTS_OPEN", on=True, at_us=0)
    assert [bool(conditions.alarms(now_us)) for now_us in (0, 2 * S - 1, 2 * S)] == [False, False, True]
    assert [conditions.alarms_in_10_min(now_us) for now_us in (2 * S - 1, 2 * S, 602 * S, 602 * S + 1)] == [0, 1, 1, 0]


def test_equal_alarms_are_listed_by_name_and_the_first_stop_is_first_out() -> None:
    conditions = Conditions()
    for code in ("RECALL", "JAM", "GUARD_OPEN", "ESTOP"):
        assert conditions.set(code, on=True, at_us=S)
    assert [alarm.code for alarm in conditions.alarms(S)] == ["ESTOP", "GUARD_OPEN", "JAM", "RECALL"]
    assert conditions.first_out == "JAM"
    assert conditions.set("JAM", on=False, at_us=2 * S)
    assert not conditions.set("JAM", on=False, at_us=3 * S)
    assert conditions.first_out == "JAM", "until the line runs again"
    assert conditions.set("JAM", on=True, at_us=4 * S)
    assert conditions.raised == {"RECALL": 1, "JAM": 2, "GUARD_OPEN": 1, "ESTOP": 1}
    assert conditions.active["JAM"] == 4 * S


def test_a_long_list_of_past_alarms_is_bounded() -> None:
    conditions = Conditions()
    for n in range(1100):
        conditions.set("JAM", on=True, at_us=n * 61 * S)
        conditions.set("JAM", on=False, at_us=n * 61 * S + 1)
    assert len(conditions._alarms_us) == 1000


def test_the_numbers_of_isa_18_2() -> None:
    assert (CHATTER_TIMES, CHATTER_US, FLOOD_ALARMS, FLOOD_US) == (3, 60 * S, 10, 600 * S)


def test_what_chattered_once_counts_again_later() -> None:
    conditions = Conditions()
    for n in range(5):
        conditions.set("JAM", on=True, at_us=n * S)
        conditions.set("JAM", on=False, at_us=n * S + 1)
    conditions.set("JAM", on=True, at_us=2000 * S)
    assert conditions.alarms_in_10_min(2000 * S) == 1
