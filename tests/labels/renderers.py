"""Two programs that nobody here has written draw our ZPL: zplkit (Rust) and zpl-renderer-js (zebrash, Go in WebAssembly)."""

import base64
import io
import json
import re
import subprocess
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import zplkit
import zxingcpp
from PIL import Image
from pyzbar import pyzbar
from zplkit.rendering import Limits

from line_config.label_layout import DOTS_PER_MM, LabelLayout
from tests.wire.peer import HERE

Dots = npt.NDArray[np.bool_]
GUARD_S = 900
# What sets the printer and draws nothing: zplkit refuses it.
_SETS = re.compile(rb"~SD\d\d|\^PR\d+|\^MM\w,N|\^JZN|\^PQ1,0,1,N")


def _dots(png: bytes) -> Dots:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("L")) < 128


def symbols(dots: Dots) -> dict[str, set[tuple[str, str]]]:
    """Reader → {(symbology, text)}, of a label as it lies before a camera without any fault."""
    image = np.pad(np.where(dots, 0, 255).astype(np.uint8), 20, constant_values=255)
    zxing = {(str(found.format).replace(" ", "").lower(), found.text) for found in zxingcpp.read_barcodes(image)}
    zbar = {(found.type.lower(), found.data.decode()) for found in pyzbar.decode(image)}
    names = {"code128": "code128", "qrcode": "qr"}
    return {
        reader: {(names.get(kind, kind), text) for kind, text in found}
        for reader, found in (("zxing-cpp", zxing), ("pyzbar", zbar))
    }


def by_zplkit(fmt: bytes, layout: LabelLayout) -> Dots:
    """One label as zplkit burns it."""
    width, height = layout.size_dots
    limits = Limits().replace(graphic_bytes=1_000_000)
    scene = zplkit.render(_SETS.sub(b"", fmt), zplkit.Options(width=width, height=height), limits=limits)
    return _dots(scene.labels[0].png())


def by_zebrash(formats: Sequence[tuple[bytes, LabelLayout]]) -> list[Dots]:
    """Labels as zpl-renderer-js burns them, in one process."""
    jobs = [
        {
            "zpl": fmt.decode("ascii"),
            "width_mm": layout.width_mm,
            "height_mm": layout.height_mm,
            "dots_per_mm": DOTS_PER_MM[layout.dpi],
        }
        for fmt, layout in formats
    ]
    text = "".join(json.dumps(job) + "\n" for job in jobs)
    ran = subprocess.run(
        ["node", str(HERE / "zpl_renderer.js")], input=text, capture_output=True, text=True, check=True, timeout=GUARD_S
    )
    return [_dots(base64.b64decode(line)) for line in ran.stdout.split()]
