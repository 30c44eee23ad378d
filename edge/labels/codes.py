"""The two symbols of a label as rows of modules, drawn by whole dots per module."""

from collections.abc import Sequence
from math import ceil

import segno
from PIL import Image

from edge.labels import code128
from edge.labels.fields import LabelError
from line_config.label_layout import DOTS_PER_MM, Box, LabelLayout

INK = 255
"""of a burnt dot in mode "1"; tobytes() packs it as 1"""
MODULE_MM_MIN = 0.375
"""what the label camera still reads when the label lies askew: 3 dots at 203 dpi, 5 at 300"""
QUIET_CODE128 = 10
"""modules on either side (ISO/IEC 15417, 4.5)"""
QUIET_QR = 4
"""modules all around (ISO/IEC 18004, 6.3.8)"""


def code128_modules(text: str) -> list[bool]:
    """Bars (True) and spaces of Code 128 without quiet zones. Raises LabelError when the text is not printable ASCII."""
    if not (text and text.isascii() and text.isprintable()):
        raise LabelError("label: the tracking number is not printable ASCII; correct it in the order")
    return code128.modules_of(text)


def qr_modules(text: str, error_level: str) -> list[list[bool]]:
    """Dark (True) and light modules of the QR, rows from the top, without quiet zone."""
    if not (text and text.isascii() and text.isprintable()):
        raise LabelError("label: the QR payload is not printable ASCII; it must be tracking number, ';' and print id")
    try:
        symbol = segno.make(text, error=error_level, micro=False, boost_error=False)
    except segno.DataOverflowError as error:
        raise LabelError(f"label: the QR cannot hold {len(text)} characters; shorten the tracking number") from error
    return [[bool(module) for module in row] for row in symbol.matrix]


def module_dots_min(layout: LabelLayout) -> int:
    """The smallest module in whole dots."""
    return ceil(MODULE_MM_MIN * DOTS_PER_MM[layout.dpi])


def _module_dots(layout: LabelLayout, space_dots: int, modules: int, what: str) -> int:
    module_dots, least = space_dots // modules, module_dots_min(layout)
    if module_dots < least:
        raise LabelError(
            f"label: {what} needs {modules} modules with quiet zone, so {modules * least} dots; "
            f"its box has {space_dots}: widen it in the label layout"
        )
    return module_dots


def _paste(bitmap: Image.Image, rows: Sequence[Sequence[bool]], module_dots: tuple[int, int], centre: tuple[int, int]) -> None:
    symbol = Image.new("1", (len(rows[0]), len(rows)))
    symbol.putdata([INK * module for row in rows for module in row])
    symbol = symbol.resize((symbol.width * module_dots[0], symbol.height * module_dots[1]), Image.Resampling.NEAREST)
    bitmap.paste(symbol, (centre[0] - symbol.width // 2, centre[1] - symbol.height // 2))


def _centre(layout: LabelLayout, box: Box) -> tuple[int, int]:
    return layout.dots(box.x_mm + box.width_mm / 2), layout.dots(box.y_mm + box.height_mm / 2)


def draw_code128(bitmap: Image.Image, layout: LabelLayout, text: str) -> None:
    """Bars over the whole height of their box, centred."""
    box = layout.code128
    modules = code128_modules(text)
    module_dots = _module_dots(layout, layout.dots(box.width_mm), len(modules) + 2 * QUIET_CODE128, "Code 128")
    _paste(bitmap, [modules], (module_dots, layout.dots(box.height_mm)), _centre(layout, box))


def draw_qr(bitmap: Image.Image, layout: LabelLayout, text: str) -> None:
    """The QR, centred in its box."""
    box = layout.qr
    rows = qr_modules(text, box.error_level)
    space_dots = min(layout.dots(box.width_mm), layout.dots(box.height_mm))
    module_dots = _module_dots(layout, space_dots, len(rows) + 2 * QUIET_QR, "the QR")
    _paste(bitmap, rows, (module_dots, module_dots), _centre(layout, box))
