import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.documents import mrz_td3
from tests.vision.synthetic import document
from vision.mrz import SLOTS, check_digit, mrz_value, parse_line

SPECIMEN = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"  # ICAO 9303 part 4, appendix A


def test_the_standards_own_specimen():
    line = parse_line(SPECIMEN)
    assert line is not None
    assert (line.number, line.nationality, line.birth, line.sex, line.expiry) == ("L898902C3", "UTO", "740812", "F", "120415")
    assert line.checked
    assert line.dated


def test_an_unused_personal_number_may_have_filler_or_zero_as_check_digit():
    body = "E12345678" + check_digit("E12345678") + "CHN" + "9001011" + "F" + "3001019"
    body = body[:19] + check_digit("900101") + body[20:27] + check_digit("300101")
    for filler in ("<", "0"):
        personal = "<" * 14 + filler
        line = parse_line(body + personal + check_digit(body[:10] + body[13:20] + body[21:28] + personal))
        assert line is not None
        assert line.checked


@pytest.mark.parametrize("place", [0, 9, 13, 19, 21, 27, 28, 42, 43])
def test_a_wrong_character_in_a_checked_field_is_seen(place):
    wrong = "4" if mrz_value(SPECIMEN[place]) % 10 != 4 else "5"  # Z for 5, say, no check digit can see
    line = parse_line(SPECIMEN[:place] + wrong + SPECIMEN[place + 1 :])
    assert line is not None
    assert not line.checked


def test_a_day_that_does_not_exist_is_seen():
    birth = "740230"
    line = parse_line(SPECIMEN[:13] + birth + check_digit(birth) + SPECIMEN[20:])
    assert line is not None
    assert not line.dated


@pytest.mark.parametrize("text", ["", SPECIMEN[:-1], SPECIMEN + "0", SPECIMEN.lower(), SPECIMEN[:13] + "A" + SPECIMEN[14:]])
def test_what_is_no_second_line(text):
    assert parse_line(text) is None


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<", max_size=46))
def test_any_text_is_parsed_or_refused(text):
    line = parse_line(text)
    assert line is None or len(text) == len(SLOTS)


def test_blind_pairs_are_exactly_those_equal_modulo_10():
    for one in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<":
        for other in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<":
            assert (check_digit(one) == check_digit(other)) == (mrz_value(one) % 10 == mrz_value(other) % 10)


def test_the_renderers_own_zone_is_right():
    facts = document("passport", 1)
    first, second = mrz_td3(facts)
    line = parse_line(second)
    assert len(first) == 44
    assert line is not None
    assert (line.number, line.checked, line.dated) == (facts.number, True, True)
