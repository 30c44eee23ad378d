import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edge.cli import app
from simulators.photo import Shot
from tests.vision.synthetic import label
from tests.vision.test_label_check import NUMBER, frame
from vision.hints import HINTS
from vision.set_up import look_at, overlay


def seen_at(**how):
    return look_at(frame(label(NUMBER, 41), Shot(**{"module_px": 2.7, "angle": 90, "contrast": 0.8, **how})))


def test_figures_of_a_good_picture():
    seen = seen_at()
    assert abs(seen.module_px - 2.7) < 0.1
    assert seen.sharpness > 0.6
    assert seen.dark < 80
    assert seen.light > 150
    assert len(seen.symbols) == 2
    assert seen.hints == ()


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ({"defocus": 2.0}, "blurred"),
        ({"module_px": 1.9, "noise": 0.5}, "coarse"),
        ({"light": 0.99, "contrast": 0.12}, None),
    ],
)
def test_hints(how, cause):
    hints = seen_at(**how).hints
    assert cause is None or HINTS[cause] in hints


@pytest.mark.parametrize(("level", "cause"), [(15, "too_dark"), (254, "too_bright")])
def test_exposure(level, cause):
    assert look_at(np.full((500, 600), level, np.uint8)).hints[0] == HINTS[cause]


def test_the_overlay_shows_what_was_found_and_what_is_burnt():
    pixels = frame(label(NUMBER, 41)).copy()
    pixels[:100, :100] = 255
    picture = overlay(pixels, look_at(pixels))
    assert picture.shape == (*pixels.shape, 3)
    burnt = picture[60:100, :100].reshape(-1, 3)
    assert (burnt == [220, 0, 0]).all(axis=1).mean() > 0.5
    drawn = (picture == (0, 160, 60)).all(axis=-1)
    assert drawn.sum() > 1000


def test_command(tmp_path):
    path, out = tmp_path / "label.png", tmp_path / "out.png"
    Image.fromarray(frame(label(NUMBER, 41))).save(path)
    ran = CliRunner().invoke(app, ["camera", "setup", str(path), "--json", "--draw", str(out)])
    assert ran.exit_code == 0, ran.output
    row = json.loads(ran.output)
    assert {symbol["value"] for symbol in row["symbols"]} == {NUMBER, f"{NUMBER};41"}
    with Image.open(out) as drawn:
        assert drawn.size == (1280, 1024)
    shown = CliRunner().invoke(app, ["camera", "setup", f"folder://{tmp_path}", "--frames", "1"])
    assert "module_px" in shown.output


@pytest.mark.parametrize(
    ("source", "code", "said"), [("nowhere://x", 2, "no camera"), ("folder:///nonexistent", 2, "create it")]
)
def test_command_says_what_is_wrong(source, code, said):
    ran = CliRunner().invoke(app, ["camera", "setup", source])
    assert ran.exit_code == code
    assert said in ran.output


def test_a_camera_that_nothing_triggers(tmp_path):
    ran = CliRunner().invoke(app, ["camera", "setup", f"folder://{tmp_path}", "--wait-s", "0.1"])
    assert ran.exit_code == 1
    assert "is it triggered" in ran.output
