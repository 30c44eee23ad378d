import pytest

from vision.hints import HINTS, hint
from vision.picture_file import FORMATS, PIXELS_MAX, SIDE_MIN_PX


@pytest.mark.parametrize("reason", HINTS)
def test_each_says_what_is_wrong_and_what_to_do(reason):
    wrong, _, what_to_do = hint(reason).partition(": ")
    assert wrong
    assert what_to_do


def test_a_reason_may_carry_more_or_ask_for_nothing():
    assert hint("reader_failed:error") == HINTS["reader_failed"]
    assert hint("") == hint("kind_unknown") == ""


def test_the_figures_are_those_that_hold():
    assert f"{PIXELS_MAX // 10**6} megapixels" in HINTS["too_large"]
    assert f"{SIDE_MIN_PX} px" in HINTS["too_small"]
    assert all(name in HINTS["not_a_picture"].upper() for name in FORMATS)
