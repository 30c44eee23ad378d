"""Alarms after ISA-18.2: delay, chatter, load; the first cause of a stop."""

from edge.core.conditions import CONDITIONS, FLOOD_ALARMS, Conditions, Effect

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
