"""Code 128 (ISO/IEC 15417) and QR (ISO/IEC 18004): zxing-cpp reads, pyzbar gives a second opinion on the place found.

Only these two symbologies are asked for: every further one costs time and invents texts.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

try:
    from pyzbar import pyzbar  # type: ignore[import-untyped]
except ImportError:  # libzbar is not installed: one opinion only
    pyzbar = None

Image = NDArray[np.uint8]
Corners = tuple[tuple[int, int], ...]

_FORMATS = {zxingcpp.BarcodeFormat.Code128: "code128", zxingcpp.BarcodeFormat.QRCode: "qr"}
_ASKED = zxingcpp.BarcodeFormats(tuple(_FORMATS))
_MARGIN_PX = 24
_PREBLUR_SIGMA = 0.7
"""zbar fails on sharp pixels that zxing reads; a slight blur makes the two comparable."""


@dataclass(frozen=True)
class SymbolFound:
    """One symbol: symbology ("code128", "qr"), text, corners clockwise in px, whether pyzbar read the same text there."""

    symbology: str
    text: str
    corners: Corners
    confirmed: bool = False

    @property
    def centre(self) -> tuple[int, int]:
        """Mean of the corners."""
        return sum(x for x, _ in self.corners) // 4, sum(y for _, y in self.corners) // 4


def second_decoder() -> bool:
    """Whether pyzbar and its library are installed."""
    return pyzbar is not None


def read_symbols(image: Image, *, thorough: bool = False) -> tuple[SymbolFound, ...]:
    """All symbols in a grey image, each with the second opinion; `thorough`: shrunk and inverted ones too, half as fast."""
    found = zxingcpp.read_barcodes(
        image, formats=_ASKED, try_rotate=True, try_downscale=thorough, try_invert=thorough, text_mode=zxingcpp.TextMode.Plain
    )
    return tuple(second_opinion(image, _symbol(barcode)) for barcode in found if barcode.valid and barcode.text)


def second_opinion(image: Image, symbol: SymbolFound) -> SymbolFound:
    """`symbol` with `confirmed` set if pyzbar reads the same text at its place."""
    if pyzbar is None:
        return symbol
    xs, ys = [x for x, _ in symbol.corners], [y for _, y in symbol.corners]
    region = image[max(0, min(ys) - _MARGIN_PX) : max(ys) + _MARGIN_PX, max(0, min(xs) - _MARGIN_PX) : max(xs) + _MARGIN_PX]
    kind = pyzbar.ZBarSymbol.CODE128 if symbol.symbology == "code128" else pyzbar.ZBarSymbol.QRCODE
    seen = pyzbar.decode(cv2.GaussianBlur(region, (0, 0), _PREBLUR_SIGMA), symbols=[kind])
    return replace(symbol, confirmed=any(other.data == symbol.text.encode() for other in seen))


def _symbol(barcode: zxingcpp.Barcode) -> SymbolFound:
    place = barcode.position
    corners = tuple((int(p.x), int(p.y)) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left))
    return SymbolFound(_FORMATS.get(barcode.format, str(barcode.format).lower()), barcode.text, corners)
