"""Characters and check digits of machine readable zones."""

import pytest

from vision.mrz import ANY, check_digit, day_exists, mrz_value


def test_blind_pairs_are_exactly_those_equal_modulo_10():
    for one in ANY:
        for other in ANY:
            assert (check_digit(one) == check_digit(other)) == (mrz_value(one) % 10 == mrz_value(other) % 10)


@pytest.mark.parametrize(("field", "digit"), [("520727", "3"), ("AB2134<<<", "5"), ("HA672242<", "6"), ("", "0")])
def test_the_standards_own_examples(field, digit):
    assert check_digit(field) == digit


@pytest.mark.parametrize(
    ("day", "exists"), [("740812", True), ("000229", True), ("740230", False), ("741301", False), ("74081", False)]
)
def test_days_of_either_century(day, exists):
    assert day_exists(day) is exists
