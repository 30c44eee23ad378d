"""Counts and the rate of the last minute."""

from edge.core.production import REJECTS_SHOWN, Production, Reject


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
