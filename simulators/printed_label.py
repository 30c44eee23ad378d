"""What comes out of a label printer, in whichever language it was told: dots, and what a reader makes of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import zxingcpp

Dots = npt.NDArray[np.bool_]

_SYMBOLS = zxingcpp.barcode_formats_from_str("Code128,QRCode")
SIDE_DOTS_MAX = 4096


@dataclass(frozen=True)
class PrintedLabel:
    """What came out of the printer: packed rows (1 = black, first dot in the highest bit), and what a reader makes of them."""

    width_dots: int
    height_dots: int
    bitmap: bytes
    code128: str
    """ "" when there is none that reads"""
    qr: str
    reprint_after_error: bool
    """^JZ, SET REPRINT: whether the printer itself prints it again after media out"""

    def dots(self) -> Dots:
        """The label as an array of height × width, True = black."""
        rows = np.frombuffer(self.bitmap, dtype=np.uint8).reshape(self.height_dots, -1)
        return np.unpackbits(rows, axis=1, count=self.width_dots).astype(bool)


def printed_label(canvas: Dots, *, reprint_after_error: bool) -> PrintedLabel:
    """The canvas of height × width as a label."""
    height, width = canvas.shape
    code128, qr = _read(canvas)
    return PrintedLabel(width, height, np.packbits(canvas, axis=1).tobytes(), code128, qr, reprint_after_error)


def _read(canvas: Dots) -> tuple[str, str]:
    image = np.where(canvas, 0, 255).astype(np.uint8)
    # What a printer burns is upright and pure black and white.
    symbols = zxingcpp.read_barcodes(
        image,
        formats=_SYMBOLS,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        binarizer=zxingcpp.Binarizer.BoolCast,
    )
    found = {symbol.format: symbol.text for symbol in symbols}
    return found.get(zxingcpp.BarcodeFormat.Code128, ""), found.get(zxingcpp.BarcodeFormat.QRCode, "")
