import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import tokens as central
from tests.vision.synthetic import KINDS, LAYOUTS, SITE_KEY, document
from vision.tokens import SiteKeyError, fold, load_site_key, second_token, skeleton_token, token

CLASSES = central.load_classes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_line_and_central_make_the_same_tokens(kind):
    for seed in range(20):
        number = document(kind, seed).number
        assert token(SITE_KEY, kind, number) == central.token(SITE_KEY, kind, number)
        assert skeleton_token(SITE_KEY, LAYOUTS[kind], number) == central.skeleton(SITE_KEY, kind, number, CLASSES)
        beside = central.date_beside(document(kind, seed))
        assert bool(beside) == (kind == "passport")
        assert second_token(SITE_KEY, LAYOUTS[kind], number, beside) == central.second_field(
            SITE_KEY, kind, number, beside, CLASSES
        )


def test_a_second_field_is_told_to_look_alikes_only():
    layout = LAYOUTS["passport"]
    mine = second_token(SITE_KEY, layout, "E12345678", "740812")
    assert mine == second_token(SITE_KEY, layout, "EL2345678", "740812")
    assert mine != second_token(SITE_KEY, layout, "E12345678", "740813")
    assert mine != second_token(SITE_KEY, layout, "E12345679", "740812")


def test_a_token_is_128_bits_and_does_not_show_its_number():
    assert re.fullmatch("[0-9a-f]{32}", token(SITE_KEY, "passport", "E12345678"))


def test_kind_and_key_are_part_of_it():
    made = {token(key, kind, "A40000000001") for key in (SITE_KEY, SITE_KEY[::-1]) for kind in KINDS}
    assert len(made) == 2 * len(KINDS)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<", min_size=1, max_size=12))
def test_folding_an_mrz_number_twice_changes_nothing(number):
    folded = fold(LAYOUTS["passport"], number)
    assert folded.isdecimal()
    assert fold(LAYOUTS["passport"], folded) == folded


def test_look_alikes_of_a_passport_fold_together_and_others_do_not():
    layout = LAYOUTS["passport"]
    assert fold(layout, "G12345678") == fold(layout, "612345678") == fold(layout, "Q12345678")
    assert fold(layout, "E12345678") != fold(layout, "E12345679")


def test_a_site_key_must_be_there_and_long_enough(tmp_path):
    path = tmp_path / "site.key"
    with pytest.raises(SiteKeyError, match="cannot be read"):
        load_site_key(path)
    path.write_bytes(b"short")
    with pytest.raises(SiteKeyError, match="5 bytes, at least 32"):
        load_site_key(path)
    path.write_bytes(SITE_KEY)
    assert load_site_key(path) == SITE_KEY
