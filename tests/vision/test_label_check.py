import cv2
import numpy as np
import pytest

from simulators.documents import render_envelope
from simulators.photo import Shot, ground, photograph
from tests.vision.synthetic import label
from vision import barcode
from vision.barcode import LABEL, second_decoder
from vision.label_check import SYMBOLS_MAX, read_label
from vision.symbols import whole

NUMBER = "EA123456785CN"
BOTH = {("code128", NUMBER), ("qr", f"{NUMBER};41")}


def pairs(seen):
    return {(symbol.symbology, symbol.text) for symbol in seen.symbols}


def frame(dots, shot=None, seed=1, size=(1280, 1024)):
    """A printed label on an envelope, by its dots."""
    rng = np.random.default_rng(seed)
    face = np.where(dots, 30, 235).astype(np.uint8)
    return photograph(face, 3, shot or Shot(module_px=2.6, angle=90, contrast=0.8), ground("plain", size, rng), rng)


@pytest.mark.parametrize("seed", range(4))
def test_both_symbols_are_read_with_their_places(seed):
    seen = read_label(render_envelope(label(NUMBER, 41), seed)[0])
    assert pairs(seen) == BOTH
    assert seen.reason == ""
    assert all(s.confirmed for s in seen.symbols) == second_decoder()
    assert all(0 < s.centre[0] < 1280 and 0 < s.centre[1] < 1024 for s in seen.symbols)


@pytest.mark.parametrize("angle", [0, 17, 30, 45, 133, 250])
def test_a_label_at_any_angle(angle):
    seen = read_label(frame(label(NUMBER, 41), Shot(module_px=2.5, angle=angle, perspective=0.15, contrast=0.3)))
    assert pairs(seen) == BOTH
    grade = next(symbol.grade for symbol in seen.symbols if symbol.symbology == "code128")
    assert abs(grade.module_px - 2.4) < 0.3
    assert 0.15 < grade.contrast < 0.6


def test_two_labels_are_seen_as_two():
    """Side by side, of two prints; and the same print twice."""
    for other in (42, 41):
        both = np.hstack([render_envelope(label(NUMBER, print_id), 1)[0] for print_id in (41, other)])
        seen = read_label(both)
        assert seen.reason == "two_labels"
        assert len(seen.symbols) >= 3


@pytest.mark.parametrize("part", [slice(0, 400), slice(240, 800)])
def test_the_rest_of_a_torn_label_beside_a_whole_one(part):
    """Its bars tell nobody what it was; that they are there is enough."""
    torn = label("EA999999999CN", 7)
    rest = np.zeros_like(torn)
    rest[:400, part] = torn[:400, part]
    both = np.hstack([render_envelope(dots, 1)[0] for dots in (label(NUMBER, 41), rest)])
    seen = read_label(both)
    assert pairs(seen) == BOTH
    assert seen.reason == "torn_beside"


def test_a_stranger_between_the_labels_own():
    dots = label(NUMBER, 41)
    dots[:400] = label("EA999999999CN", 7)[:400]
    seen = read_label(frame(dots))
    assert seen.reason == "stranger"
    assert ("code128", "EA999999999CN") in pairs(seen)


@pytest.mark.parametrize("tear", ["qr gone", "bars gone", "bars torn", "folded over"])
def test_torn_or_folded(tear):
    dots = label(NUMBER, 41)
    match tear:
        case "qr gone":
            dots[880:1080, 560:] = 0
        case "bars gone":
            dots[60:220] = 0
        case "bars torn":
            dots[60:220, 200:260] = 1
        case "folded over":
            dots[:, :300] = 0
    seen = read_label(frame(dots))
    assert seen.reason == "torn"
    assert len(seen.symbols) < 2


def test_why_nothing_was_read():
    assert read_label(render_envelope(None, 1)[0]).reason == "no_label"
    assert read_label(np.full((1024, 1280), 8, np.uint8)).reason == "too_dark"
    assert read_label(np.full((1024, 1280), 253, np.uint8)).reason == "too_bright"


@pytest.mark.parametrize(
    ("shot", "reasons"),
    [
        (Shot(module_px=2.6, angle=90, defocus=2.5), {"blurred"}),
        (Shot(module_px=2.6, angle=90, glare=1.3), {"glare", "too_bright"}),
    ],
)
def test_a_picture_that_is_to_blame_says_so(shot, reasons):
    seen = read_label(frame(label(NUMBER, 41), shot))
    assert seen.symbols == ()
    assert seen.reason in reasons


def test_light_and_dark_frames_that_can_be_read_are_read():
    sharp = frame(label(NUMBER, 41))
    for gain, offset in ((0.28, 2), (0.5, 125)):
        assert pairs(read_label(np.clip(sharp * gain + offset, 0, 255).astype(np.uint8))) == BOTH


def test_more_symbols_than_a_label_has_are_bounded():
    dots = np.zeros((1200, 1200), np.uint8)
    one = label(NUMBER, 41)[890:1010, 590:720]
    for row in range(7):
        for column in range(7):
            dots[20 + 165 * row : 20 + 165 * row + one.shape[0], 20 + 165 * column : 20 + 165 * column + one.shape[1]] = one
    seen = read_label(
        cv2.copyMakeBorder(np.where(dots, 30, 235).astype(np.uint8), 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=235)
    )
    assert 2 <= len(seen.symbols) <= SYMBOLS_MAX
    assert seen.reason == "two_labels"


def test_without_the_second_decoder_only_our_own_confirms(monkeypatch):
    monkeypatch.setattr(barcode, "pyzbar", None)
    envelope = render_envelope(label(NUMBER, 41), 1)[0]
    assert not any(symbol.confirmed for symbol in whole(envelope, LABEL))
    seen = read_label(envelope)
    assert {symbol.symbology for symbol in seen.symbols if symbol.confirmed} == {"code128"}
    assert pairs(seen) == BOTH
