from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.id_number import SLOTS, birth_date, check_character, check_holds, real_date

SAMPLE = "11010519491231002X"  # the specimen of GB 11643-1999


def test_the_standards_own_specimen_holds():
    assert check_holds(SAMPLE)
    assert birth_date(SAMPLE) == date(1949, 12, 31)


@pytest.mark.parametrize("bad", ["", SAMPLE[:-1], SAMPLE[:-1] + "x", SAMPLE + "0", "A" + SAMPLE[1:], "１" + SAMPLE[1:]])
def test_anything_else_does_not(bad):
    assert not check_holds(bad)


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(body, place, step):
    number = body + check_character(body)
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert check_holds(number)
    assert not check_holds(wrong)


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 15))
def test_every_swap_of_neighbours_is_found(body, place):
    number = body + check_character(body)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert check_holds(swapped) == (swapped == number)


@pytest.mark.parametrize("text", ["20230229", "19000001", "20231301", "18991231", "21000101", "2023010", "2023-1-1", ""])
def test_days_that_do_not_exist(text):
    assert real_date(text) is None


def test_leap_day():
    assert real_date("20240229") == date(2024, 2, 29)


def test_only_the_last_place_may_be_x():
    assert [place for place, slot in enumerate(SLOTS) if "X" in slot] == [17]
