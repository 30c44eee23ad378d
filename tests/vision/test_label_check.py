import cv2
import numpy as np
import pytest

from simulators.documents import render_envelope
from tests.vision.synthetic import label
from vision import barcode
from vision.barcode import read_symbols, second_decoder
from vision.label_check import read_label

NUMBER = "EA123456785CN"


@pytest.mark.parametrize("seed", range(4))
def test_both_symbols_are_read_with_their_places(seed):
    seen = read_label(render_envelope(label(NUMBER, 41), seed)[0])
    assert {(s.symbology, s.text) for s in seen.symbols} == {("code128", NUMBER), ("qr", f"{NUMBER};41")}
    assert all(s.confirmed for s in seen.symbols) == second_decoder()
    assert all(0 < s.centre[0] < 1280 and 0 < s.centre[1] < 1024 for s in seen.symbols)


def test_a_label_that_was_put_on_askew():
    turn = cv2.getRotationMatrix2D((640, 512), 30, 0.9)
    frame = cv2.warpAffine(render_envelope(label(NUMBER, 41), 1)[0], turn, (1280, 1024), borderValue=165)
    assert {s.symbology for s in read_label(frame).symbols} == {"code128", "qr"}


def test_two_labels_are_seen_as_two():
    frames = [render_envelope(label(NUMBER, print_id), 1)[0] for print_id in (41, 42)]
    both = np.hstack(frames)
    texts = {s.text for s in read_label(both).symbols}
    assert {f"{NUMBER};41", f"{NUMBER};42"} <= texts


def test_why_nothing_was_read():
    assert read_label(render_envelope(None, 1)[0]).reason == "no_label"
    assert read_label(render_envelope(label(NUMBER, 41), 1, severity=3)[0]).reason == "unreadable"


def test_without_the_second_decoder_nothing_is_confirmed(monkeypatch):
    monkeypatch.setattr(barcode, "pyzbar", None)
    symbols = read_symbols(render_envelope(label(NUMBER, 41), 1)[0])
    assert len(symbols) == 2
    assert not any(s.confirmed for s in symbols)
