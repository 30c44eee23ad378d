import numpy as np
import pytest
from PIL import Image

from simulators import specimens
from simulators.documents import render_document, render_envelope
from simulators.optics import FRAME_HEIGHT, FRAME_WIDTH
from simulators.specimen_folder import GUIDED
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


@pytest.mark.parametrize("kind", sorted(set(specimens.KINDS) - GUIDED))
@pytest.mark.parametrize("quarters", range(4))
def test_a_document_lies_whole_in_the_frame_whichever_way_it_is_turned(kind, quarters):
    specimen = specimens.make_specimen(kind, 1)
    frame = render_document(specimen, seed=1, frames=1, quarters=quarters, skew_deg=15)[0]
    edges = np.concatenate([frame[:6].ravel(), frame[-6:].ravel(), frame[:, :6].ravel(), frame[:, -6:].ravel()])
    assert edges.max() < 110
    assert frame.max() > 190


def test_the_back_bears_no_print():
    specimen = specimens.make_specimen("passport", 1)
    assert render_document(specimen, seed=1, frames=1, back=True)[0].min() < 60
    inside = render_document(specimen, seed=1, frames=1, back=True)[0][300:700, 400:900]
    assert inside.min() > 180


def test_printed_dots_and_dark_pixels_are_the_same_label():
    dots = label("EA473124829CN", 1)
    picture = Image.fromarray(np.where(dots > 0, 0, 255).astype(np.uint8)).convert("1")
    assert np.array_equal(render_envelope(dots, 1)[0], render_envelope(picture, 1)[0])
    assert not np.array_equal(render_envelope(dots, 1)[0], render_envelope(None, 1)[0])


def test_a_bare_envelope_has_no_ink():
    assert render_envelope(None, 1)[0].min() > 100
