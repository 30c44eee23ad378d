from itertools import groupby

import numpy as np
import pytest
from barcode import Code128
from hypothesis import given
from hypothesis import strategies as st

from vision.code128 import margin, text_of
from vision.grade import element_edges, grade


def widths_of(text):
    """Element widths in modules, as another library builds them."""
    return np.array([len(list(run)) for _, run in groupby(Code128(text).build()[0])], np.float64)


def picture_of(text, module=6, quiet=60, rows=60):
    row = np.pad(np.repeat([int(bit) for bit in Code128(text).build()[0]], module), quiet)
    return np.repeat(np.where(row, 40, 220).astype(np.uint8)[None], rows, axis=0)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=2, max_size=20))
def test_what_another_library_encodes_is_read(text):
    if text.startswith("99"):  # python-barcode leaves such a pair out at the beginning
        return
    assert text_of(widths_of(text)) == text


@pytest.mark.parametrize("text", ["EA473124829CN", "12345678", "ab\x01c", "A1b2C3"])
@pytest.mark.parametrize("error", [0.0, 0.3])
def test_ink_spread_and_noise_up_to_the_margin_change_nothing(text, error):
    widths = widths_of(text)
    spread = widths + np.where(np.arange(len(widths)) % 2 == 0, error, -error)  # edge-to-similar-edge distances do not see it
    assert text_of(spread * 4.7) == text
    assert margin(spread) > 0.8


def test_every_single_wrong_width_is_refused_or_changes_nothing():
    widths = widths_of("EA473124829CN")
    for place in range(len(widths)):
        for by in (-1, 1, 2):
            spoiled = widths.copy()
            spoiled[place] = max(1, spoiled[place] + by)
            assert text_of(spoiled) in (None, "EA473124829CN")


def test_grades_of_a_perfect_symbol():
    found = grade(picture_of("EA473124829CN"), scale=2.0)
    assert found.texts == ("EA473124829CN",) * 10
    assert abs(found.module_px - 3) < 0.02
    assert found.margin > 0.95
    assert found.modulation > 0.95
    assert abs(found.contrast - 180 / 255) < 0.01
    assert found.sharpness > 2


@pytest.mark.parametrize(
    ("spoil", "figure"),
    [
        (lambda picture: picture // 2 + 60, "contrast"),
        (lambda picture: blurred(picture, 4.0), "modulation"),
        (lambda picture: blurred(picture, 4.0), "sharpness"),
        (lambda picture: grown(picture), "margin"),  # noqa: PLW0108 - defined below
    ],
)
def test_each_figure_falls_with_its_fault(spoil, figure):
    picture = picture_of("EA473124829CN")
    whole, spoiled = grade(picture, 1.0), grade(spoil(picture), 1.0)
    assert getattr(spoiled, figure) < 0.8 * getattr(whole, figure)
    assert spoiled.texts.count("EA473124829CN") == len(spoiled.texts)


def blurred(picture, sigma):
    import cv2

    return cv2.GaussianBlur(picture, (0, 0), sigma)


def grown(picture):
    """One bar's edge is three px off."""
    copy = picture.copy()
    edges = np.flatnonzero(np.diff(copy[0].astype(int)))
    copy[:, edges[10] + 1 : edges[10] + 3] = copy[0, edges[10]]
    return copy


def test_what_is_no_code_128_has_no_grade():
    noise = np.random.default_rng(1).integers(0, 255, (60, 900), np.uint8)
    stripes = np.repeat((np.arange(900) // 9 % 2 * 200 + 20).astype(np.uint8)[None], 40, axis=0)
    for picture in (noise, stripes, np.full((40, 900), 200, np.uint8), np.zeros((3, 30), np.uint8)):
        found = grade(picture, 1.0)
        assert found is None or found.texts == ()
    assert element_edges(np.linspace(0, 255, 700).astype(np.float32)) is None
