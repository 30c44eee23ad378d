import cv2
import numpy as np
import pytest
import segno

from simulators.documents import render_document
from simulators.optics import ground
from tests.vision.synthetic import LAYOUTS, document
from vision.locate import find_outline, straighten
from vision.quality import assess, blank, exposure_fault, fault, steepness


@pytest.fixture(scope="module")
def crop():
    frame = render_document(document("resident_id", 1), seed=1)[0]
    return straighten(frame, find_outline(frame), LAYOUTS["resident_id"], 48)


def noisy(crop):
    return np.clip(crop * 0.4 + np.random.default_rng(1).normal(60, 35, crop.shape), 0, 255).astype(np.uint8)


def glaring(crop):
    lit = crop.copy()
    lit[:, :120] = 255
    return lit


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda crop: crop, ""),
        (lambda crop: cv2.GaussianBlur(crop, (0, 0), 4.0), "blurred"),
        (lambda crop: np.full_like(crop, 200), "no_contrast"),
        (glaring, "glare"),
        (noisy, "noisy"),
    ],
)
def test_reasons(crop, spoil, reason):
    assert assess(spoil(crop)).reason == reason


@pytest.mark.parametrize(("level", "fault"), [(10, "too_dark"), (44, "too_dark"), (60, ""), (150, ""), (250, "too_bright")])
def test_frames_that_show_nothing(level, fault):
    assert exposure_fault(np.full((200, 300), level, np.uint8)) == fault


def test_white_paper_with_print_is_not_too_bright():
    paper = np.full((400, 600), 250, np.uint8)
    paper[40:360:40, 50:550] = 30
    paper[41:361:40, 50:550] = paper[42:362:40, 50:550] = 30
    assert exposure_fault(paper) == ""


def test_sharpness_falls_with_blur_and_not_with_contrast():
    frame = render_document(document("resident_id", 2), seed=2)[0]
    sharp, pale = steepness(frame), steepness((frame * 0.4 + 80).astype(np.uint8))
    soft = [steepness(cv2.GaussianBlur(frame, (0, 0), sigma)) for sigma in (1.0, 2.0, 4.0, 8.0)]
    assert abs(pale / sharp - 1) < 0.15
    assert sharp > soft[0] > soft[1] > soft[2] > soft[3]
    assert fault(frame) == ""
    assert fault(cv2.GaussianBlur(frame, (0, 0), 6.0)) == "blurred"


def test_a_lamp_in_the_picture_is_glare():
    frame = render_document(document("resident_id", 2), seed=2)[0].copy()
    cv2.ellipse(frame, (640, 500), (220, 160), 0, 0, 360, 255, -1)
    assert fault(frame) == "glare"


def test_nothing_is_not_blurred():
    assert steepness(np.full((400, 500), 90, np.uint8)) == 1.0


def matrix(module_px, contrast, paper=200):
    dark = np.array([list(row) for row in segno.make("EA123456785CN", error="m").matrix_iter(border=4)], np.uint8)
    return np.kron(paper - contrast * dark, np.ones((module_px, module_px))).astype(np.uint8)


def placed(symbol, *, sigma, seed):
    rng = np.random.default_rng(seed)
    picture = np.full((1024, 1280), 200.0)
    y, x = rng.integers(0, 1024 - len(symbol)), rng.integers(0, 1280 - len(symbol))
    picture[y : y + len(symbol), x : x + len(symbol)] = symbol
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8) + rng.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("level", [45, 120, 200])
@pytest.mark.parametrize("sigma", [0, 3, 12, 25, 80])
def test_belt_paper_and_noise_are_blank(level, sigma):
    rng = np.random.default_rng(level + sigma)
    assert blank(np.clip(ground(level, rng) + rng.normal(0, sigma, (1024, 1280)), 0, 255).astype(np.uint8))


@pytest.mark.parametrize(("module_px", "contrast", "sigma"), [(2, 30, 2), (3, 30, 3), (2, 60, 6), (2, 150, 20), (8, 40, 6)])
def test_the_smallest_and_palest_symbol_that_can_be_read_is_not_blank(module_px, contrast, sigma):
    symbol = matrix(module_px, contrast)
    assert not any(blank(placed(symbol, sigma=sigma, seed=seed)) for seed in range(4))


@pytest.mark.parametrize("module_px", [2, 3, 12, 40])
def test_a_symbol_that_fills_the_picture_is_not_blank(module_px):
    assert not blank(np.tile(matrix(module_px, 120), (6, 6))[:1200, :1200])


def test_a_small_picture_is_never_blank():
    assert not blank(np.full((255, 2000), 128, np.uint8))
