"""Packed rows are what Pillow makes of them, for every width."""

import numpy as np
import pytest
from PIL import Image

from edge.labels.packing import packed


@pytest.mark.parametrize("width", [1, 7, 8, 9, 812])
def test_packed_rows_are_those_of_pillow(width: int) -> None:
    dots = np.random.default_rng(width).random((5, width)) > 0.5
    bitmap = Image.fromarray(dots)
    assert bitmap.mode == "1"
    assert packed(bitmap) == bitmap.tobytes()
    drawn = Image.new("1", (width, 5), 0)
    drawn.putpixel((width - 1, 4), 255)
    assert packed(drawn) == drawn.tobytes()
