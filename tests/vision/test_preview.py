import cv2
import numpy as np
import pytest

from simulators.documents import render_document, render_envelope
from tests.vision.synthetic import KINDS, LAYOUTS, document, label
from vision.pictures import PictureReader
from vision.preview import BYTES_MAX, masked_preview
from vision.symbols import all_symbols


def opened(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize("shape", [(1024, 1280), (2048, 2448), (8192, 64), (64, 8192)])
def test_however_large_the_frame_it_is_small(shape):
    noise = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    jpeg = masked_preview(noise)
    assert len(jpeg) <= BYTES_MAX
    assert opened(jpeg).shape[1] == 160


@pytest.mark.parametrize("kind", KINDS)
def test_no_number_can_be_read_from_it(kind):
    frame = render_document(document(kind, 3), seed=3)[0]
    enlarged = cv2.resize(opened(masked_preview(frame)), (1280, 1024), interpolation=cv2.INTER_CUBIC)
    assert PictureReader(list(LAYOUTS.values())).read(enlarged) == []


def test_no_symbol_can_be_read_from_it():
    frame = render_envelope(label("EA473124829CN", 5), 1)[0]
    assert all_symbols(cv2.resize(opened(masked_preview(frame)), (1280, 1024))) == ()
    assert np.corrcoef(opened(masked_preview(frame)).ravel(), cv2.resize(frame, (160, 128)).ravel())[0, 1] > 0.7, "but seen"
