"""Our ZPL, drawn by two programs that nobody here has written, is the composed bitmap dot by dot, and its symbols read."""

import numpy as np
import pytest

from edge.labels.compose import compose
from edge.labels.zpl import zpl
from line_config.label_layout import load_label_layout
from tests.labels.renderers import by_zebrash, by_zplkit, symbols
from tests.labels.sample import FIELDS, LAYOUTS
from tests.labels.test_zpl import with_printer
from tests.wire.peer import needs

EXPECTED = {("code128", FIELDS.tracking_number), ("qr", FIELDS.payload_qr)}
KINDS = [load_label_layout(path) for path in LAYOUTS] + [with_printer(graphic="hex")]


@pytest.mark.parametrize("layout", KINDS, ids=lambda layout: f"{layout.name} {layout.printer.graphic}")
def test_zplkit_burns_the_same_dots_and_both_readers_read_them(layout):
    bitmap = compose(layout, FIELDS)
    dots = by_zplkit(zpl(bitmap, layout), layout)
    assert np.array_equal(dots, np.asarray(bitmap, dtype=bool))
    assert symbols(dots) == {"zxing-cpp": EXPECTED, "pyzbar": EXPECTED}


@needs("zpl-renderer-js")
def test_zebrash_burns_the_same_dots():
    layouts = [layout for layout in KINDS if layout.dpi == 203]
    bitmaps = [compose(layout, FIELDS) for layout in layouts]
    drawn = by_zebrash([(zpl(bitmap, layout), layout) for bitmap, layout in zip(bitmaps, layouts, strict=True)])
    assert len(drawn) == len(bitmaps)
    for dots, bitmap in zip(drawn, bitmaps, strict=True):
        assert np.array_equal(dots, np.asarray(bitmap, dtype=bool))
