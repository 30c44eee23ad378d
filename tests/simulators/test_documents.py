import numpy as np
import pytest
from PIL import Image

from simulators.documents import mrz_td3, render_document, render_envelope
from simulators.optics import FRAME_HEIGHT, FRAME_WIDTH
from tests.vision.synthetic import KINDS, document, label


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_mono8_seeded_and_differ_within_a_burst(kind):
    facts = document(kind, 1)
    first, again = (render_document(facts, seed=5) for _ in range(2))
    assert [(frame.shape, frame.dtype) for frame in first] == [((FRAME_HEIGHT, FRAME_WIDTH), np.uint8)] * 2
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert not np.array_equal(*first)
    assert not np.array_equal(first[0], render_document(facts, seed=6)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_higher_severity_leaves_less_detail(kind):
    def detail(severity):
        frame = render_document(document(kind, 2), seed=2, severity=severity)[0].astype(float)
        smooth = frame.reshape(FRAME_HEIGHT // 4, 4, FRAME_WIDTH // 4, 4).mean((1, 3))
        return np.abs(np.diff(smooth, axis=1)).max()

    assert detail(0) > detail(2) > detail(3)


def test_zone_lines_are_full_and_name_the_holder():
    first, second = mrz_td3(document("passport", 3))
    assert (len(first), len(second)) == (44, 44)
    assert first.startswith("P<CHNCESHI<<YANGLI<")


def test_printed_dots_and_dark_pixels_are_the_same_label():
    dots = label("EA473124829CN", 1)
    picture = Image.fromarray(np.where(dots > 0, 0, 255).astype(np.uint8)).convert("1")
    assert np.array_equal(render_envelope(dots, 1)[0], render_envelope(picture, 1)[0])
    assert not np.array_equal(render_envelope(dots, 1)[0], render_envelope(None, 1)[0])


def test_a_bare_envelope_has_no_ink():
    assert render_envelope(None, 1)[0].min() > 100
