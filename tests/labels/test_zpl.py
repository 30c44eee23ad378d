import base64
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.labels.zpl import z64, zpl
from tests.labels.sample import LAYOUT

GOLDEN = Path(__file__).parent / "golden" / "pattern.zpl"
GRAPHIC = re.compile(rb"\^GFA,(\d+),(\d+),(\d+),:Z64:([^:]*):([0-9A-F]{4})\^FS")


def with_printer(**change):
    return LAYOUT.model_copy(update={"printer": LAYOUT.printer.model_copy(update=change)})


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


def test_hex_holds_the_same_dots():
    bitmap = pattern(41, 16)
    found = re.search(rb"\^GFA,96,96,6,([0-9A-F]+)\^FS", zpl(bitmap, with_printer(graphic="hex")))
    assert found is not None
    assert bytes.fromhex(found[1].decode()) == bitmap.tobytes()


@pytest.mark.parametrize(("mode", "told"), [("tear", b"^MMT"), ("peel", b"^MMP"), ("cut", b"^MMC"), ("applicator", b"^MMA")])
def test_what_becomes_of_a_label_is_said(mode, told):
    fmt = zpl(pattern(40, 16), with_printer(mode=mode, darkness=7, speed_in_s=4))
    assert fmt.count(b"^MM") == fmt.count(told + b",N^") == 1
    assert fmt.startswith(b"~SD07^XA^PR4^")


def test_the_printer_must_not_reprint_and_prints_once():
    fmt = zpl(pattern(40, 16), LAYOUT)
    assert fmt.count(b"^XA") == fmt.count(b"^XZ") == fmt.count(b"^PQ1,") == fmt.count(b"^JZN") == 1
