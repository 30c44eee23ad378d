import numpy as np

from line_config.document_layout import standard_layouts
from simulators.documents import render_envelope
from tests.vision.synthetic import label
from vision import barcode
from vision.barcode import LABEL, alone
from vision.speed import WORST_SIZE, eyes, measure, worst

NUMBER = "EA473124829CN"


def test_every_reader_looks_at_every_picture_as_often_as_asked():
    looks = []
    rows = list(measure({"a": np.zeros((2, 2), np.uint8), "b": np.ones((2, 2), np.uint8)}, {"x": looks.append}, 3))
    assert [(row["reader"], row["picture"]) for row in rows] == [("x", "a"), ("x", "b")]
    assert [int(picture[0, 0]) for picture in looks] == [0] * 4 + [1] * 4
    assert all(0 <= row["ms_p50"] <= row["ms_p99"] and row["per_s"] > 0 for row in rows)


def test_the_worst_frames_are_the_same_each_time_and_hold_nothing():
    frames = worst()
    assert all(np.array_equal(frame, again) for frame, again in zip(frames.values(), worst().values(), strict=True))
    assert {frame.shape for frame in frames.values()} == {WORST_SIZE}
    assert all(not eyes(standard_layouts())["label camera"](frame).symbols for frame in frames.values())


def test_pyzbar_alone(monkeypatch):
    frame = render_envelope(label(NUMBER, 5).T, 1)[0]
    assert NUMBER in alone(frame, LABEL)
    monkeypatch.setattr(barcode, "pyzbar", None)
    assert alone(frame, LABEL) == ()
