"""The clock of an order: from its signed receipt to the closing of its bag, once."""

import msgspec

from edge.core.clocks import MINUTE_MS, Attainment, Clocks
from edge.core.grants import Cohort
from edge.core.values import OrderId, Settings
from tests.core.line import SETTINGS

O1, O2 = OrderId("O1"), OrderId("O2")
LIMIT_MIN = SETTINGS.limit_min("EMS")


class Pool:
    """Who was granted with whom."""

    def __init__(self) -> None:
        self.cohorts: dict[OrderId, Cohort] = {}
        self.clocks = Clocks(self.cohorts.get)

    def grant(
        self, now_ms: int, *numbers: int, product: str = "EMS", limit_min: int = 0, settings: Settings = SETTINGS
    ) -> Clocks:
        cohort = Cohort(product, limit_min)
        for n in numbers:
            cohort.orders[OrderId(f"O{n}")] = None
        self.cohorts.update(dict.fromkeys(cohort.orders, cohort))
        self.clocks.granted([cohort], now_ms, settings)
        return self.clocks


def test_a_clock_stops_once() -> None:
    clocks = Pool().grant(0, 1)
    clocks.bag_closed(O1, 7 * MINUTE_MS)
    clocks.bag_closed(O1, 900 * MINUTE_MS)
    assert clocks.attainment(SETTINGS) == [Attainment("EMS", LIMIT_MIN, 1, 7, 7, 1000)]


def test_a_signature_moves_a_clock_back_and_starts_none() -> None:
    clocks = Pool().grant(100 * MINUTE_MS, 1, 2)
    clocks.ended(O2)
    clocks.signed([O1, O2, OrderId("never granted")], 40 * MINUTE_MS, SETTINGS)
    clocks.signed([O1], 70 * MINUTE_MS, SETTINGS)
    for n in (1, 2):
        clocks.bag_closed(OrderId(f"O{n}"), 100 * MINUTE_MS)
    assert clocks.attainment(SETTINGS) == [Attainment("EMS", LIMIT_MIN, 1, 60, 60, 1000)]


def test_a_warning_comes_so_long_before_the_limit_and_goes_with_the_order() -> None:
    pool = Pool()
    pool.grant(0, 1)
    clocks = pool.grant(MINUTE_MS, 2)
    due_ms = (LIMIT_MIN - SETTINGS.time_warning_min) * MINUTE_MS
    assert not clocks.warn(due_ms - 1)
    assert clocks.warn(due_ms)
    assert list(clocks.near) == [O1]
    assert clocks.warn(due_ms + MINUTE_MS)
    assert list(clocks.near) == [O1, O2]
    clocks.ended(O1)
    clocks.bag_closed(O2, due_ms + 2 * MINUTE_MS)
    assert not clocks.warn(due_ms + 3 * MINUTE_MS)


def test_an_order_that_ended_before_its_warning_is_not_warned_of() -> None:
    clocks = Pool().grant(0, 1)
    clocks.ended(O1)
    assert not clocks.warn(10 * LIMIT_MIN * MINUTE_MS)


def test_of_those_granted_together_the_signed_ones_are_warned_of_first_and_the_rest_in_its_order() -> None:
    clocks = Pool().grant(100 * MINUTE_MS, 3, 1, 2, 4)
    clocks.signed([O2], 40 * MINUTE_MS, SETTINGS)
    clocks.ended(OrderId("O4"))
    due_ms = (LIMIT_MIN - SETTINGS.time_warning_min) * MINUTE_MS
    assert clocks.warn(due_ms + 40 * MINUTE_MS)
    assert list(clocks.near) == [O2]
    clocks.ended(O2)
    assert not clocks.warn(due_ms + 100 * MINUTE_MS - 1)
    assert clocks.warn(due_ms + 100 * MINUTE_MS)
    assert list(clocks.near) == ["O3", "O1"]
    clocks.ended(O1)
    clocks.ended(OrderId("O3"))
    assert not clocks.warn(due_ms + 200 * MINUTE_MS), "each is warned of once"


def test_attainment_of_two_products_with_limits_of_their_own() -> None:
    fast = msgspec.structs.replace(SETTINGS, time_limit_min={"EMS": 1440, "SAME_DAY": 100})
    pool = Pool()
    pool.grant(0, 1, settings=fast)
    clocks = pool.grant(0, *range(2, 12), product="SAME_DAY", settings=fast)
    for n in range(1, 12):
        clocks.bag_closed(OrderId(f"O{n}"), 20 * (12 - n) * MINUTE_MS)
    # Ten of the same day took 20, 40 … 200 minutes; those of 100 and less kept the limit, also the one on the stroke.
    assert clocks.attainment(fast) == [
        Attainment("EMS", 1440, 1, 220, 220, 1000),
        Attainment("SAME_DAY", 100, 10, 100, 180, 500),
    ]


def test_an_order_may_have_a_limit_of_its_own() -> None:
    pool = Pool()
    pool.grant(0, 1)
    clocks = pool.grant(0, 2, 3, limit_min=SETTINGS.time_warning_min + 50)
    clocks.signed([O2], 10 * MINUTE_MS, SETTINGS)
    assert not clocks.warn(50 * MINUTE_MS - 1)
    assert clocks.warn(50 * MINUTE_MS)
    assert set(clocks.near) == {"O2", "O3"}
    for n in (1, 2, 3):
        clocks.bag_closed(OrderId(f"O{n}"), (SETTINGS.time_warning_min + 48 + n) * MINUTE_MS)
    own, plain = SETTINGS.time_warning_min + 50, SETTINGS.time_warning_min + 49
    assert clocks.attainment(SETTINGS) == [
        Attainment("EMS", LIMIT_MIN, 1, plain, plain, 1000),
        Attainment("EMS", own, 2, own, own + 1, 500),
    ]


def test_a_clock_set_back_gives_no_negative_duration() -> None:
    clocks = Pool().grant(50 * MINUTE_MS, 1)
    clocks.bag_closed(O1, 40 * MINUTE_MS)
    assert clocks.attainment(SETTINGS)[0].median_min == 0
