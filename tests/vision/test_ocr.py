import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.errors import RecogniserFailed
from vision.ocr import OWN, SECOND, SEEN_MIN, LineReader, decode

ALPHABET = "0123456789<"
DIGITS, ANY = "0123456789", ALPHABET


def posterior(text, *, pitch=3, strength=0.9):
    """What a recogniser gives for `text`; a blank in it is a character that melted into its neighbour."""
    steps = np.full((pitch * len(text) + 2, len(ALPHABET) + 1), 0.001, np.float32)
    steps[:, 0] = 0.9
    for place, character in enumerate(text):
        if character != " ":
            step = 1 + pitch * place
            steps[step, 0], steps[step, ALPHABET.index(character) + 1] = 0.05, strength
    return steps


@given(st.text(DIGITS, min_size=3, max_size=44), st.floats(0.55, 1.0))
def test_a_clean_line_is_read_with_the_confidence_of_its_weakest_character(text, strength):
    line = decode(posterior(text, strength=strength), ALPHABET, [DIGITS] * len(text))
    assert line.text == text
    assert line.confidence == pytest.approx(strength, abs=1e-6)


def test_a_melted_filler_is_found_again_by_the_pitch():
    steps = posterior("12<<<<<<34")
    steps[1 + 3 * 3 : 2 + 3 * 4] = steps[1 + 3 * 3]  # no blank between the fourth and the fifth
    line = decode(steps, ALPHABET, [ANY] * 10)
    assert line.text == "12<<<<<<34"
    assert line.confidence == pytest.approx(0.9)


def test_a_character_that_nobody_saw_is_not_made_up():
    assert decode(posterior("1 345"), ALPHABET, [DIGITS] * 5).text == ""


def test_too_many_characters_are_refused_unless_other_print_may_stand_before():
    steps = posterior("7712345")
    assert decode(steps, ALPHABET, [DIGITS] * 5).text == ""
    assert decode(steps, ALPHABET, [DIGITS] * 5, at_end=True).text == "12345"


def test_a_character_that_was_hardly_seen_is_not_taken():
    steps = posterior("12345")
    steps[7, ALPHABET.index("3") + 1] = SEEN_MIN - 0.01
    assert decode(steps, ALPHABET, [DIGITS] * 5).text == ""


def test_a_character_that_may_not_stand_there_is_not_forced():
    assert decode(posterior("12<45"), ALPHABET, [DIGITS] * 5).text == ""


def test_irregular_gaps_are_refused():
    steps = posterior("1 2345678")
    steps[3] = steps[1]  # a second 1 at a wrong place
    assert decode(steps, ALPHABET, [DIGITS] * 11).text == ""


@given(st.integers(1, 60), st.integers(1, 44), st.integers(0, 2**32 - 1))
def test_noise_never_breaks_it(steps, places, seed):
    noise = np.random.default_rng(seed).random((steps, len(ALPHABET) + 1), np.float32)
    line = decode(noise, ALPHABET, [ANY] * places)
    assert len(line.text) in (0, places)
    assert not line.text or line.confidence >= SEEN_MIN


@pytest.mark.parametrize("engine", [OWN, SECOND])
def test_blank_paper_has_no_text(engine):
    assert LineReader(engine).read(np.full((48, 400), 220, np.uint8), [DIGITS] * 18).text == ""


@pytest.mark.parametrize("engine", [OWN, SECOND])
def test_a_missing_model_is_named(engine, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RecogniserFailed, match="install"):
        LineReader(engine).warm_up()


TWINS = "0O12"


def twin_posterior(zero, letter):
    """One character that is a nought with this probability and the letter with that."""
    steps = np.full((5, len(TWINS) + 1), 0.001, np.float32)
    steps[:, 0] = 0.9
    steps[2] = [0.02, zero, letter, 0.001, 0.001]
    return steps


def test_twins_are_told_apart_by_their_place_where_only_one_can_stand():
    assert decode(twin_posterior(0.4, 0.55), TWINS, ["012"]).text == "0"
    assert decode(twin_posterior(0.4, 0.55), TWINS, ["012"]).confidence == pytest.approx(0.95)
    assert decode(twin_posterior(0.55, 0.4), TWINS, ["O"]).text == "O"


def test_where_both_can_stand_the_recogniser_alone_decides_and_is_less_sure():
    line = decode(twin_posterior(0.3, 0.65), TWINS, ["0O"])
    assert (line.text, line.confidence) == ("O", pytest.approx(0.65))
    assert decode(twin_posterior(0.48, 0.47), TWINS, ["0O"]).text == ""


def test_what_is_no_twin_is_not_taken_for_one():
    assert decode(twin_posterior(0.4, 0.55), TWINS, ["12"]).text == ""


def test_the_weights_are_those_that_were_measured():
    facts = json.loads(OWN.path().with_suffix(".json").read_text("utf-8"))
    assert facts["bytes"] == OWN.path().stat().st_size < 1_000_000
    assert facts["calibration_error"] < 0.02
