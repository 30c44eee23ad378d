"""Documents that reach beyond the frame: read by the size of their kind, or said to be cut off."""

import numpy as np
import pytest

from line_config.document_layout import standard_layouts
from simulators.documents import render_document
from simulators.specimens import make_specimen
from vision.cut_off import completed, cut_edges
from vision.locate import Outline, find_outline
from vision.readers import DocumentReader

KINDS = ("resident_id", "passport", "household_register")
LAYOUTS = {layout.kind: layout for layout in standard_layouts()}
SHAPE = (1024, 1280)


@pytest.fixture(scope="module")
def reader():
    return DocumentReader(list(LAYOUTS.values()))


def cut(frame, share, side):
    """The frame without its part at this side, so that the document loses this share of its extent."""
    outline = find_outline(frame)
    assert outline is not None
    low, high = outline.quad.min(axis=0), outline.quad.max(axis=0)
    x, y = share * (high - low)
    parts = (frame[:, int(low[0] + x) :], frame[:, : int(high[0] - x)], frame[int(low[1] + y) :], frame[: int(high[1] - y)])
    return np.ascontiguousarray(parts[side])


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_that_is_cut_beside_its_line_is_read(reader, kind):
    specimen = make_specimen(kind, 3)
    frame = cut(render_document(specimen, seed=3, frames=1)[0], 0.06, 2)
    reading = reader.read(frame)
    assert (reading.kind, reading.value, reading.accepted) == (kind, specimen.number, True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", range(4))
def test_a_document_of_which_half_is_missing_is_cut_off(reader, kind, side):
    reading = reader.read(cut(render_document(make_specimen(kind, 4), seed=4, frames=1)[0], 0.5, side))
    assert (reading.kind, reading.reason) == (None, "cut_off")


def quad(left, top, right, bottom):
    return Outline(np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64), whole=False)


@pytest.mark.parametrize(
    ("outline", "edges"),
    [
        (quad(100, 100, 900, 600), []),
        (quad(100, 3, 900, 600), [0]),
        (quad(100, 100, 1277, 600), [1]),
        (quad(100, 100, 900, 1021), [2]),
        (quad(2, 100, 900, 600), [3]),
        (quad(2, 2, 900, 600), [0, 3]),
    ],
)
def test_edges_of_the_frame(outline, edges):
    assert cut_edges(outline, SHAPE) == edges


def test_the_missing_edge_is_where_the_size_wants_it():
    layout = LAYOUTS["resident_id"]
    height = 856 * 54.0 / 85.6
    seen = quad(200, 0, 1056, height - 40)
    (whole,) = [one for one in completed(seen, layout, SHAPE) if abs(one.quad[0][1] + 40) < 1]
    assert np.allclose(whole.quad, [(200, -40), (1056, -40), (1056, height - 40), (200, height - 40)])


@pytest.mark.parametrize(
    "seen",
    [
        quad(200, 0, 1056, 200),  # far less than the kind is high
        quad(200, 0, 1056, 700),  # more than it is high
        quad(2, 2, 900, 600),  # two edges
        quad(200, 600, 1056, 1023),  # its number is beyond the frame, and from the other side there is none
    ],
)
def test_what_is_no_part_of_it(seen):
    layout = LAYOUTS["resident_id"]
    assert [one for one in completed(seen, layout, SHAPE) if one.quad[0][1] < one.quad[3][1]] == []
