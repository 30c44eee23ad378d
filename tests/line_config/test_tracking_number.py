import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from line_config.tracking_number import S10, NumberForm, fits_one

GS1 = NumberForm(name="GS1", pattern="[0-9]{13}", check="mod10")
FREE = NumberForm(name="free", pattern="[1-9][0-9]{12}", check="none")


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("RA473124829CN", True),  # the example of UPU S10
        ("RA473124828CN", False),
        ("ra473124829CN", False),
        ("EA000000005CN", True),  # remainder 0: the check digit is 5
        ("EA000000014CN", True),
        ("EA00000014CN", False),
        ("EA473124829CN\n", False),
        ("EA٤73124829CN", False),
        ("", False),
    ],
)
def test_s10(number, fits):
    assert S10.fits(number) is fits


@given(st.integers(0, 99_999_999))
def test_each_serial_has_exactly_one_check_digit(serial):
    assert sum(S10.fits(f"EA{serial:08d}{digit}CN") for digit in range(10)) == 1


@pytest.mark.parametrize(("number", "fits"), [("4006381333931", True), ("4006381333932", False), ("400638133393", False)])
def test_mod10(number, fits):
    assert GS1.fits(number) is fits


def test_a_check_is_never_passed_by_what_it_cannot_count():
    anything = NumberForm(name="any", pattern=".*", check="mod10")
    assert not anything.fits("²²²")
    assert not NumberForm(name="any", pattern=".*", check="s10").fits("EA4731248CN")


def test_one_form_is_enough():
    assert fits_one("1234567890123", (S10, FREE))
    assert not fits_one("0234567890123", (S10, FREE))


def test_a_broken_pattern_is_refused():
    with pytest.raises(ValidationError, match="no regular expression"):
        NumberForm(name="x", pattern="[A-", check="none")
