import cv2
import numpy as np
import pytest

from line_config.document_layout import standard_layouts
from simulators.documents import render_document, render_envelope
from simulators.specimens import make_specimen
from tests.vision.synthetic import LAYOUTS, document, label
from vision.bars import find_bars
from vision.locate import find_outline
from vision.pictures import PictureReader
from vision.symbols import all_symbols

NUMBER = "EA473124829CN"


@pytest.fixture(scope="module")
def reader():
    return PictureReader(list(LAYOUTS.values()))


def turned(image, degrees, scale=1.0, border=120):
    height, width = image.shape
    side = int(np.hypot(height, width) * scale) + 20
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    turn[:, 2] += side / 2 - width / 2, side / 2 - height / 2
    return cv2.warpAffine(image, turn, (side, side), flags=cv2.INTER_CUBIC, borderValue=border)


@pytest.mark.parametrize("degrees", [0, 25, 45, 68, 115])
def test_bars_are_read_at_any_angle(degrees):
    picture = turned(render_envelope(label(NUMBER, 7), 2)[0], degrees, border=165)
    assert {(s.symbology, s.text) for s in all_symbols(picture)} == {("code128", NUMBER), ("qr", f"{NUMBER};7")}


def test_bars_are_found_where_they_are():
    picture = np.full((600, 800), 200, np.uint8)
    picture[200:280, 300:500] = np.where(np.arange(200) // 3 % 2, 30, 220)
    strip = next(find_bars(picture))
    assert np.abs(np.array(strip.centre) - (400, 240)).max() < 6
    assert np.abs(np.sin(strip.angle)) < 0.03
    assert strip.length > 2 * strip.height


def test_nothing_is_found_in_noise_or_on_plain_paper():
    noise = np.random.default_rng(3).integers(0, 255, (500, 700), np.uint8)
    for picture in (noise, np.full((500, 700), 230, np.uint8)):
        assert list(find_bars(picture)) == []
        assert all_symbols(picture) == ()


def test_small_symbols_are_enlarged():
    picture = cv2.resize(label(NUMBER, 7)[880:1060, 580:760] * 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert [s.text for s in all_symbols(np.asarray(255 - picture, np.uint8))] == [f"{NUMBER};7"]


@pytest.mark.parametrize("kind", ["resident_id", "passport"])
@pytest.mark.parametrize("degrees", [12, 100, 200])
def test_documents_lying_askew(reader, kind, degrees):
    facts = document(kind, degrees)
    picture = turned(render_document(facts, seed=degrees)[0], degrees, border=45)
    (reading,) = reader.read(picture)
    assert (reading.kind, reading.value, reading.accepted) == (kind, facts.number, True)


@pytest.mark.parametrize("kind", ["resident_id", "passport"])
def test_a_number_line_without_its_document_around_it(reader, kind):
    facts = document(kind, 9)
    frame = render_document(facts, seed=9)[0]
    outline = find_outline(frame)
    assert outline is not None
    bottom = int(outline.quad[:, 1].max()) - 25
    part = frame[bottom - 230 : bottom, int(outline.quad[0, 0]) + 30 : int(outline.quad[1, 0]) - 10]
    (reading,) = reader.read(np.ascontiguousarray(part))
    # The 18 digits are on several kinds of document, a passport's line on passports only.
    read_as = "number" if kind == "resident_id" else kind
    assert (reading.kind, reading.value, reading.accepted) == (read_as, facts.number, True)


def test_a_bare_number_that_is_on_several_kinds_is_of_none_of_them():
    specimen = make_specimen("driving_licence", 9)
    frame = render_document(specimen, seed=9)[0]
    outline = find_outline(frame)
    assert outline is not None
    top, left = int(outline.quad[:, 1].min()), int(outline.quad[:, 0].min())
    part = np.ascontiguousarray(frame[top + 60 : top + 260, left + 250 :])
    (reading,) = PictureReader(standard_layouts()).read(part)
    assert (reading.kind, reading.value, reading.accepted, reading.reason) == ("number", specimen.number, True, "kind_unknown")
    (asked,) = PictureReader(standard_layouts(), "driving_licence").read(part)
    assert (asked.kind, asked.value) == ("driving_licence", specimen.number)


@pytest.mark.parametrize("degrees", [33, 140])
def test_a_document_that_is_askew_and_cut_off(reader, degrees):
    facts = document("passport", degrees)
    picture = turned(render_document(facts, seed=degrees)[0], degrees, border=45)
    corner = np.ascontiguousarray(picture[: round(0.97 * len(picture))])
    corner[:, : corner.shape[1] // 8] = 225  # a second sheet at the edge: no outline of the document's own is left
    (reading,) = reader.read(corner)
    assert (reading.value, reading.accepted) == (facts.number, True)


def test_a_zone_that_proves_nothing_is_refused_with_a_reason(reader):
    facts = document("passport", 9)
    frame = render_document(facts, seed=9)[0]
    outline = find_outline(frame)
    assert outline is not None
    (left, _), (right, bottom) = outline.quad.min(axis=0).astype(int), outline.quad.max(axis=0).astype(int)
    spoiled = frame.copy()
    spoiled[bottom - 120 : bottom - 10, (left + right) // 2 : (left + right) // 2 + 130] = 225
    readings = reader.read(spoiled)
    assert [(one.kind, one.reason) for one in readings] == [(None, "no_number")]


def test_symbols_and_a_zone_in_one_picture_are_both_read(reader):
    facts = document("passport", 11)
    passport, envelope = render_document(facts, seed=11)[0], render_envelope(label(NUMBER, 7), 2)[0]
    values = {reading.value for reading in reader.read(np.ascontiguousarray(np.vstack([passport, envelope])))}
    assert values == {facts.number, NUMBER, f"{NUMBER};7"}
