import cv2
import numpy as np
import pytest

from simulators.photo import SCENES, Shot, ground, photograph
from vision.bars import BLOCKS_MAX, Bars, find_bars, find_blocks, texture


def bars_face(height=120):
    """Fifty bars of two dots with paper around them."""
    face = np.full((height + 120, 400), 235, np.uint8)
    face[60:-60, 100:300:4] = 30
    face[60:-60, 101:301:4] = 30
    return face


def taken(angle, shot=None, size=(900, 800), face=None):
    rng = np.random.default_rng(7)
    shot = shot or Shot(module_px=3, angle=angle)
    return photograph(bars_face() if face is None else face, 2, shot, ground("plain", size, rng), rng)


@pytest.mark.parametrize("angle", range(0, 360, 24))
def test_bars_are_found_where_they_are_and_as_they_lie(angle):
    first = next(find_bars(taken(angle)))
    assert np.abs(np.array(first.centre) - (450, 400)).max() < 15
    off = (np.rad2deg(first.angle) - angle) % 180
    assert min(off, 180 - off) < 2
    assert abs(first.length / 300 - 1) < 0.15
    assert abs(first.height / 180 - 1) < 0.25


def test_the_ends_follow_bars_that_turn_under_perspective():
    """Averaged over their height, straightened bars keep more of their contrast than with square ends."""
    contrasts = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        shot = Shot(module_px=3, angle=rng.uniform(0, 360), perspective=0.3, noise=1)
        picture = photograph(bars_face(200), 2, shot, ground("plain", (900, 900), rng), rng)
        found = next(find_bars(picture))
        corners = cv2.boxPoints(cv2.minAreaRect(found.quad.astype(np.float32)))
        start = int(np.argmin(np.hypot(*(corners - found.quad[0]).T)))
        square = Bars(np.roll(corners, -start, axis=0).astype(np.float64), found.length, found.height)
        contrasts.append([bars.cut(picture, 900, 90).mean(axis=0)[90:-90].std() for bars in (found, square)])
    followed, squared = np.mean(contrasts, axis=0)
    assert followed > 1.05 * squared


@pytest.mark.parametrize("contrast", [1.0, 0.15])
@pytest.mark.parametrize("module_px", [2.5, 12.0])
def test_fine_coarse_and_pale_bars(contrast, module_px):
    size = (900, 800) if module_px < 10 else (2600, 2000)
    assert any(find_bars(taken(30, Shot(module_px=module_px, angle=30, contrast=contrast, noise=3), size)))


def test_rules_and_the_edge_of_a_sheet_are_no_bars():
    face = np.full((500, 700), 240, np.uint8)
    face[100:104, 50:650] = face[300:303, 50:650] = 20
    assert list(find_bars(taken(20, face=face))) == []


def test_noise_and_plain_paper_hold_nothing():
    noise = np.random.default_rng(3).integers(0, 255, (500, 700), np.uint8)
    for picture in (noise, np.full((500, 700), 230, np.uint8)):
        assert list(find_bars(picture)) == []


def test_a_block_is_lively_in_two_directions_and_comes_with_paper_around_it():
    face = np.full((400, 400), 235, np.uint8)
    face[100:300, 100:300] = np.kron(np.random.default_rng(1).integers(0, 2, (25, 25)), np.ones((8, 8))) * 205 + 30
    (box, *_) = find_blocks(texture(taken(35, Shot(module_px=2, angle=35), face=face)))
    x, y, width, height = box
    assert max(x - 450, y - 400) < -130
    assert min(x + width - 450, y + height - 400) > 130
    assert width < 480


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (7, 7), (40, 2), (64, 80)])
def test_any_shape_of_picture_is_taken(shape):
    picture = np.random.default_rng(2).integers(0, 255, shape, np.uint8)
    assert all(bars.length > 0 for bars in find_bars(picture))
    assert len(find_blocks(texture(picture))) <= BLOCKS_MAX


@pytest.mark.parametrize("scene", SCENES)
def test_the_empty_grounds_are_what_they_say(scene):
    picture = ground(scene, (320, 240), np.random.default_rng(5))
    assert picture.shape == (240, 320)
    assert picture.dtype == np.uint8
