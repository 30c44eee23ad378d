"""A bitmap as one ZPL II format (Zebra programming guide: ^GF with Z64 or hex data, ^MM, ^PW, ^LL, ^JZ, ^PQ)."""

import base64
import binascii
import zlib

from PIL import Image

from edge.labels.packing import packed
from line_config.label_layout import LabelLayout

# ^MM: print mode. With "applicator" the printer waits for the applicator's signal before each label.
_MODES = {"tear": "T", "peel": "P", "cut": "C", "applicator": "A"}


def z64(data: bytes) -> str:
    """Zebra's Z64: zlib, then base64, then CRC-16/XMODEM of the base64 text in four hex digits."""
    text = base64.b64encode(zlib.compress(data, 6))
    return f":Z64:{text.decode('ascii')}:{binascii.crc_hqx(text, 0):04X}"


def zpl(bitmap: Image.Image, layout: LabelLayout) -> bytes:
    """One format that prints `bitmap` (mode "1", 255 = burn) once.

    The image has the full height of the label: a shorter one may be lost silently. ^JZN: after media out the printer must
    not reprint by itself, the line decides (I5).
    """
    settings = layout.printer
    width, height = bitmap.size
    row_bytes = (width + 7) // 8
    total = row_bytes * height
    dots = packed(bitmap)
    data = z64(dots) if settings.graphic == "z64" else dots.hex().upper()
    return (
        f"~SD{settings.darkness:02d}^XA^PR{settings.speed_in_s}^MM{_MODES[settings.mode]},N^JZN^PW{width}^LL{height}^LH0,0"
        f"^FO0,0^GFA,{total},{total},{row_bytes},{data}^FS^PQ1,0,1,N^XZ\r\n"
    ).encode("ascii")
