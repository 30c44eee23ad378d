import pytest

from vision.s10 import check_holds, is_item_number


def test_the_standards_own_example():
    assert is_item_number("RB473124829GB")
    assert check_holds("RB473124829GB")


@pytest.mark.parametrize("digits", ["473124828", "473124289", "000000000"])
def test_wrong_check_digits(digits):
    assert not check_holds(f"RB{digits}GB")


@pytest.mark.parametrize(("serial", "check"), [("00000000", 5), ("00000031", 0)])
def test_remainders_without_a_digit_of_their_own(serial, check):
    assert [digit for digit in range(10) if check_holds(f"EA{serial}{digit}CN")] == [check]


@pytest.mark.parametrize("text", ["", "RB473124829G", "rb473124829gb", "RB47312482９GB", "RB473124829GB;1"])
def test_what_is_no_item_number(text):
    assert not is_item_number(text)
