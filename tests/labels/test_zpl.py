import base64
import io
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
import zplkit
from PIL import Image, ImageChops
from zplkit.rendering import Limits

from edge.labels.compose import compose
from edge.labels.zpl import z64, zpl
from tests.labels.sample import FIELDS, LAYOUT

GOLDEN = Path(__file__).parent / "golden" / "pattern.zpl"
GRAPHIC = re.compile(rb"\^GFA,(\d+),(\d+),(\d+),:Z64:([^:]*):([0-9A-F]{4})\^FS")


def pattern(width: int, height: int) -> Image.Image:
    bits = np.add.outer(np.arange(height) * 3, np.arange(width)) % 7 == 0
    return Image.fromarray(bits)


def test_the_format_is_stable_byte_by_byte():
    assert zpl(pattern(40, 16), LAYOUT) == GOLDEN.read_bytes()


@pytest.mark.parametrize("width", [40, 41, 47])
def test_the_graphic_holds_every_dot(width):
    bitmap = pattern(width, 16)
    found = GRAPHIC.search(zpl(bitmap, LAYOUT))
    assert found is not None
    data = zlib.decompress(base64.b64decode(found[4]))
    row_bytes = (width + 7) // 8
    assert [int(found[group]) for group in (1, 2, 3)] == [row_bytes * 16, row_bytes * 16, row_bytes]
    rows = np.unpackbits(np.frombuffer(data, dtype=np.uint8).reshape(16, row_bytes), axis=1)
    assert (rows[:, :width] == np.asarray(bitmap, dtype=bool)).all()
    assert not rows[:, width:].any()


def test_crc_is_xmodem():
    assert z64(b"")[-5:] == ":" + f"{xmodem(base64.b64encode(zlib.compress(b'', 6))):04X}"


def xmodem(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def test_an_independent_renderer_burns_the_same_dots():
    bitmap = compose(LAYOUT, FIELDS)
    fmt = zpl(bitmap, LAYOUT)
    # The renderer draws, and refuses what only sets the printer.
    drawing = fmt.replace(b"~SD18", b"").replace(b"^PR6^MMP,N^JZN", b"").replace(b"^PQ1,0,1,N", b"")
    limits = Limits().replace(graphic_bytes=200_000)
    scene = zplkit.render(drawing, zplkit.Options(width=800, height=1200), limits=limits)
    with Image.open(io.BytesIO(scene.labels[0].png())) as rendered:
        assert rendered.size == bitmap.size
        assert (
            ImageChops.difference(rendered.convert("1", dither=Image.Dither.NONE), ImageChops.invert(bitmap)).getbbox() is None
        )


def test_the_printer_must_not_reprint_and_prints_once():
    fmt = zpl(pattern(40, 16), LAYOUT)
    assert fmt.count(b"^XA") == fmt.count(b"^XZ") == fmt.count(b"^PQ1,") == fmt.count(b"^JZN") == 1
