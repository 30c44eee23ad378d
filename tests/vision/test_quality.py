import cv2
import numpy as np
import pytest

from simulators.documents import render_document
from tests.vision.synthetic import LAYOUTS, document
from vision.locate import find_outline, straighten
from vision.quality import assess


@pytest.fixture(scope="module")
def crop():
    frame = render_document(document("resident_id", 1), seed=1)[0]
    return straighten(frame, find_outline(frame), LAYOUTS["resident_id"], 342, 48)


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
