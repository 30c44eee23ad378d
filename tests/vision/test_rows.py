"""Rows of print at an even pitch: found at any angle, in perspective, bent; other print is no row."""

import cv2
import numpy as np
import pytest

from vision.rows import find_rows, zones

PITCH, PLACES = 24, 30
SIZE = (1400, 1400)


def page(rows=1, places=PLACES, missing=()):
    """Marks on paper, each place with another one, `rows` below each other at 2.5 pitches."""
    paper = np.full(SIZE, 235, np.uint8)
    for row in range(rows):
        for place in set(range(places)) - set(missing):
            at = (340 + place * PITCH, 680 + row * 60)
            cv2.putText(paper, "AEHKMNX5"[place % 8], at, cv2.FONT_HERSHEY_SIMPLEX, 0.75, 30, 2)
    return paper


def seen(picture, degrees=0.0, shorter=0.0, bent=0.0):
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix = np.vstack([turn, [shorter / width, 0, 1 - shorter / 2]])
    y, x = np.mgrid[:height, :width].astype(np.float32)
    curved = cv2.remap(picture, x, y + bent * PITCH * np.sin(np.pi * x / width).astype(np.float32), cv2.INTER_LINEAR)
    return cv2.warpPerspective(curved, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("degrees", [0, 7, 45, 90, 133, 180, 300])
@pytest.mark.parametrize("how", [{}, {"shorter": 0.25}, {"bent": 2.0}])
def test_a_row_at_any_angle(degrees, how):
    rows = find_rows(seen(page(), degrees, **how))
    assert [row.places for row in rows] == [PLACES]


def test_places_that_were_not_found_are_counted():
    (row,) = find_rows(page(missing=(9, 10, 20)))
    assert row.places == PLACES
    assert row.pitch == pytest.approx(PITCH, rel=0.02)


def test_a_row_cut_out_is_upright_and_turned_it_is_upside_down():
    picture = page()
    (row,) = find_rows(picture)
    (askew,) = find_rows(seen(picture, 20, 0.15))
    first, last = -0.75, PLACES - 0.25
    straight = row.cut(picture, first, last, PITCH)
    again = askew.cut(seen(picture, 20, 0.15), first, last, PITCH)
    size = (straight.shape[1] // 4, straight.shape[0] // 4)
    small = [cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(float).ravel() for crop in (straight, again)]
    assert np.corrcoef(small)[0, 1] > 0.8
    assert np.abs(row.turned().cut(picture, first, last, PITCH)[::-1, ::-1].astype(int) - straight).mean() < 3
    assert np.abs(row.turned().turned().at(5.0) - row.at(5.0)).max() < 1e-6


def test_corners_run_clockwise_around_the_row():
    (row,) = find_rows(page())
    left, top, right, bottom = 340, 664, 340 + PLACES * PITCH, 680
    quad = row.quad(-0.5, PLACES - 0.5)
    assert np.abs(quad.mean(axis=0) - ((left + right) / 2, (top + bottom) / 2)).max() < PITCH
    assert quad[1][0] > quad[0][0]
    assert quad[2][1] > quad[1][1]


@pytest.mark.parametrize("shape", [(30, 30), (600, 800)])
def test_nothing_on_plain_paper_and_in_noise(shape):
    noise = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    assert find_rows(np.full(shape, 200, np.uint8)) == []
    assert all(row.places < 20 for row in find_rows(noise))


def test_a_form_of_several_lines_needs_them_below_each_other():
    rows = find_rows(page(rows=3))
    assert [row.places for row in rows] == [PLACES] * 3
    upper, middle, lower = sorted(rows, key=lambda row: float(row.at(0.0)[1]))
    two = [["A"] * PLACES] * 2
    below = [[float(zone[1].row.at(0.0)[1]) for zone in zones(one, rows, two)] for one in (upper, middle, lower)]
    assert below == [[pytest.approx(float(row.at(0.0)[1]))] for row in (middle, lower)] + [[]]
    turned = [zone[1].row for zone in zones(lower.turned(), rows, two)]
    assert len(turned) == 1  # the other way up the middle one is the next


def test_a_longer_row_ends_with_the_number_and_a_shorter_one_may_lack_either_end():
    (row,) = find_rows(page())
    (part,) = (part for (part,) in zones(row, [row], [["0"] * 18]))
    assert (part.first, part.last) == (PLACES - 18 - 0.75, PLACES - 0.25)
    parts = [part for (part,) in zones(row, [row], [["0"] * 36])]
    assert [(part.first, part.last) for part in parts] == [(-0.75, 35.75), (-6.75, PLACES - 0.25)]
    assert list(zones(row, [row], [["0"] * 44])) == []
