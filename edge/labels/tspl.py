"""A bitmap as one TSPL2 job (TSC programming manual: SIZE, GAP, SET PEEL/CUTTER/REPRINT, BITMAP, PRINT)."""

from PIL import Image

from edge.labels.packing import packed
from line_config.label_layout import LabelLayout

OVERWRITE = 0
_INVERTED = bytes(range(255, -1, -1))
# What becomes of a printed label. A TSPL printer knows no applicator of its own: it is one that peels.
_MODES = {
    "tear": ("SET TEAR ON", "SET PEEL OFF", "SET CUTTER OFF"),
    "peel": ("SET TEAR OFF", "SET PEEL ON", "SET CUTTER OFF"),
    "cut": ("SET TEAR OFF", "SET PEEL OFF", "SET CUTTER 1"),
    "applicator": ("SET TEAR OFF", "SET PEEL ON", "SET CUTTER OFF"),
}


def tspl(bitmap: Image.Image, layout: LabelLayout) -> bytes:
    """One job that prints `bitmap` (mode "1", 255 = burn) once; in BITMAP a 0 burns.

    SET REPRINT OFF: after media out the printer must not reprint by itself, the line decides (I5).
    """
    settings = layout.printer
    width, height = bitmap.size
    row_bytes = (width + 7) // 8
    head = (
        f"SIZE {layout.width_mm:g} mm,{layout.height_mm:g} mm",
        f"GAP {settings.gap_mm:g} mm,0 mm",
        f"DENSITY {settings.darkness // 2}",
        f"SPEED {settings.speed_in_s}",
        *_MODES[settings.mode],
        "SET REPRINT OFF",
        "DIRECTION 0,0",
        "REFERENCE 0,0",
        "CLS",
    )
    lines = "".join(f"{line}\r\n" for line in head)
    # The dots that fill the last byte of a row become 1 as well: they must not burn.
    dots = packed(bitmap).translate(_INVERTED)
    return f"{lines}BITMAP 0,0,{row_bytes},{height},{OVERWRITE},".encode("ascii") + dots + b"\r\nPRINT 1,1\r\n"
