import cv2
import numpy as np
import pytest

from simulators.documents import render_document
from tests.vision.synthetic import LAYOUTS, document
from vision.locate import Outline, find_outline, straighten


def sheet(corners, *, ground=45, paper=220, size=(600, 800)):
    frame = np.full(size, ground, np.uint8)
    cv2.fillConvexPoly(frame, np.array(corners, np.int32), paper)
    return frame


@pytest.mark.parametrize(
    "corners",
    [
        [(100, 100), (600, 100), (600, 400), (100, 400)],
        [(120, 90), (610, 130), (590, 430), (90, 400)],
        [(200, 60), (660, 240), (560, 480), (110, 300)],
    ],
)
def test_corners_are_found_to_a_pixel_or_two(corners):
    outline = find_outline(sheet(corners))
    assert outline is not None
    assert outline.whole
    assert np.abs(outline.quad - corners).max() < 3


def test_a_sheet_beyond_the_frame_is_not_whole():
    outline = find_outline(sheet([(100, 100), (900, 100), (900, 700), (100, 700)]))
    assert outline is not None
    assert not outline.whole


def test_an_empty_belt_has_none():
    belt = np.random.default_rng(1).normal(45, 4, (600, 800)).clip(0, 255).astype(np.uint8)
    assert find_outline(belt) is None
    assert find_outline(np.zeros((600, 800), np.uint8)) is None
    assert find_outline(np.full((600, 800), 255, np.uint8)) is None


def test_a_crumb_is_no_document():
    assert find_outline(sheet([(100, 100), (160, 100), (160, 140), (100, 140)])) is None


@pytest.mark.parametrize("kind", ["resident_id", "passport"])
def test_proportions_of_a_rendered_document(kind):
    outline = find_outline(render_document(document(kind, 3), seed=3, severity=1)[0])
    assert outline is not None
    assert outline.aspect == pytest.approx(LAYOUTS[kind].size_mm.aspect, rel=0.04)


def test_straighten_puts_the_number_line_level():
    layout = LAYOUTS["passport"]
    size, area = layout.size_mm, layout.line_mm
    frame = np.full((900, 1300), 230, np.uint8)
    top = round(area.y * 8)
    frame[top + 10 : top + 20, :] = 30
    quad = np.array([(0, 0), (size.width, 0), (size.width, size.height), (0, size.height)]) * 8
    turn = cv2.getRotationMatrix2D((500, 350), 4, 1.0)
    turned = cv2.warpAffine(frame, turn, (1300, 900), borderValue=230)
    outline = Outline(quad @ turn[:, :2].T + turn[:, 2], whole=True)
    crop = straighten(turned, outline, layout, 48)
    dark = crop < 128
    assert crop.shape == (48, round(48 * area.width / area.height))
    assert dark.any(axis=1).sum() < 20
    assert dark.any(axis=0).all()
