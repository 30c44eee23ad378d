import json
import zlib
from dataclasses import asdict

import cv2
import numpy as np
import pytest
from PIL import Image

from simulators.documents import render_document, render_envelope
from tests.vision.synthetic import KINDS, LAYOUTS, document, label
from vision.files import read_files
from vision.hints import HINTS
from vision.picture_file import UnwritablePicture, check_writable, save_picture

NUMBER = "EA473124829CN"


def saved(tmp_path, pixels, name="picture.png"):
    path = tmp_path / name
    Image.fromarray(pixels).save(path)
    return path


def read(path):
    return list(read_files([path], list(LAYOUTS.values())))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turns", range(4))
def test_documents_on_any_side(tmp_path, kind, turns):
    facts = document(kind, turns)
    frame = render_document(facts, seed=turns)[0]
    (reading,) = read(saved(tmp_path, np.rot90(frame, turns)))
    assert (reading.kind, reading.value, reading.verdict) == (kind, facts.number, "accepted")
    assert len(reading.quad) == 4
    height, width = np.rot90(frame, turns).shape
    assert all(-5 <= x < width + 5 and -5 <= y < height + 5 for x, y in reading.quad)
    json.dumps(asdict(reading))


def test_a_label_gives_each_symbol(tmp_path):
    readings = read(saved(tmp_path, render_envelope(label(NUMBER, 5), 1)[0]))
    assert {(r.kind, r.symbology, r.value) for r in readings} == {("label", "code128", NUMBER), ("label", "qr", f"{NUMBER};5")}
    assert {r.verdict for r in readings} == {"accepted"}


def test_a_label_with_a_wrong_check_digit_is_doubtful(tmp_path):
    readings = read(saved(tmp_path, render_envelope(label("EA473124828CN", 5), 1)[0]))
    assert [r.verdict for r in readings] == ["doubtful", "doubtful"]


def test_a_ruined_document_is_not_accepted(tmp_path):
    readings = read(saved(tmp_path, render_document(document("resident_id", 1), seed=1, severity=3)[0]))
    assert [r.verdict for r in readings] != ["accepted"]


def test_what_a_camera_noted_about_its_position_is_obeyed(tmp_path):
    facts = document("a4", 2)
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(render_document(facts, seed=2)[0])).save(path, exif=exif)
    (reading,) = read(path)
    assert reading.value == facts.number


def test_colour_transparency_and_palettes(tmp_path):
    facts = document("a4", 3)
    grey = Image.fromarray(render_document(facts, seed=3)[0])
    clear = grey.convert("RGBA")
    clear.putalpha(grey.point(lambda level: 0 if level > 200 else 255))
    for name, picture in {"a.png": clear, "b.gif": grey.convert("P"), "c.jpg": grey.convert("CMYK")}.items():
        picture.save(tmp_path / name)
        assert read(tmp_path / name)[0].value == facts.number, name


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty_file"), (b"not a picture", "not_a_picture"), (None, "no_such_file")],
)
def test_files_that_are_no_pictures(tmp_path, content, reason):
    path = tmp_path / "file.png"
    if content is not None:
        path.write_bytes(content)
    (reading,) = read(path)
    assert (reading.value, reading.kind, reading.verdict, reading.reason) == (None, None, "unreadable", reason)
    assert reading.hint == HINTS[reason]


def test_half_a_file_a_folder_and_a_speck(tmp_path):
    whole = saved(tmp_path, render_document(document("a4", 1), seed=1)[0])
    half = tmp_path / "half.png"
    half.write_bytes(whole.read_bytes()[:5000])
    speck = saved(tmp_path, np.zeros((4, 4), np.uint8), "speck.png")
    reasons = [reading.reason for reading in read_files([half, tmp_path, speck], list(LAYOUTS.values()))]
    assert reasons == ["broken_file", "not_a_picture", "too_small"]


def test_a_bomb_is_refused_by_its_header(tmp_path):
    speck = saved(tmp_path, np.zeros((16, 16), np.uint8)).read_bytes()
    for side in (8001, 12_000, 60_000):
        path = tmp_path / f"{side}.png"
        header = b"IHDR" + side.to_bytes(4, "big") * 2 + speck[24:29]
        path.write_bytes(speck[:12] + header + zlib.crc32(header).to_bytes(4, "big") + speck[33:])
        assert read(path)[0].reason == "too_large"


def test_pictures_of_nothing(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (300, 400), np.uint8)
    for name, pixels in {"noise.png": noise, "white.png": np.full((300, 400), 255, np.uint8)}.items():
        (reading,) = read(saved(tmp_path, pixels, name))
        assert (reading.value, reading.verdict) == (None, "unreadable")


@pytest.mark.parametrize(
    ("sigma_px", "light", "reason"), [(0, 0.1, "too_dark"), (9, 1.0, "blurred"), (0, 1.0, "nothing_found")]
)
def test_why_nothing_is_found_and_what_to_do(tmp_path, sigma_px, light, reason):
    page = np.full((600, 800), 230, np.uint8)
    for number in range(8):
        cv2.circle(page, (80 + 90 * number, 60 + 60 * number), 30, 20, -1)
    page = cv2.GaussianBlur(page, (0, 0), sigma_px) if sigma_px else page
    (reading,) = read(saved(tmp_path, (page * light).astype(np.uint8)))
    assert (reading.value, reading.reason, reading.hint) == (None, reason, HINTS[reason])


@pytest.mark.parametrize(("name", "fault"), [("seen.wat", "what kind of picture"), ("none/seen.png", "there is no folder")])
def test_a_picture_that_cannot_be_drawn_is_named_before_anything_is_read(tmp_path, name, fault):
    with pytest.raises(UnwritablePicture, match=fault):
        check_writable(tmp_path / name)
    with pytest.raises(UnwritablePicture, match=fault):
        save_picture(np.full((40, 40), 99, np.uint8), tmp_path / name)


def test_a_drawing_that_fails_in_the_end_says_so(tmp_path):
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(UnwritablePicture, match="name a file"):
        save_picture(np.full((40, 40), 99, np.uint8), tmp_path / "taken.png")
