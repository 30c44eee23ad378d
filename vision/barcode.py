"""Symbols in a picture: zxing-cpp reads, pyzbar gives a second opinion on the place found. The only file that knows either.

Formats are always asked for by name: every further one costs time and invents texts, most of all on an empty belt.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from vision.grade import Grade

try:
    from pyzbar import pyzbar  # type: ignore[import-untyped]
except ImportError:  # libzbar is not installed: one opinion only
    pyzbar = None

Image = NDArray[np.uint8]
Corners = tuple[tuple[int, int], ...]

_ZXING = {
    "code128": zxingcpp.BarcodeFormat.Code128,
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "ean13": zxingcpp.BarcodeFormat.EAN13,
    "code39": zxingcpp.BarcodeFormat.Code39,
    "itf": zxingcpp.BarcodeFormat.ITF,
    "pdf417": zxingcpp.BarcodeFormat.PDF417,
    "aztec": zxingcpp.BarcodeFormat.Aztec,
    "ean8": zxingcpp.BarcodeFormat.EAN8,
    "upce": zxingcpp.BarcodeFormat.UPCE,
    "code93": zxingcpp.BarcodeFormat.Code93,
    "codabar": zxingcpp.BarcodeFormat.Codabar,
    "databar": zxingcpp.BarcodeFormat.DataBar,
    "maxicode": zxingcpp.BarcodeFormat.MaxiCode,
    "microqr": zxingcpp.BarcodeFormat.MicroQRCode,
    "rmqr": zxingcpp.BarcodeFormat.RMQRCode,
}
_ZBAR = {
    "code128": ("CODE128",),
    "qr": ("QRCODE",),
    "ean13": ("EAN13",),
    "code39": ("CODE39",),
    "itf": ("I25",),
    "ean8": ("EAN8",),
    "upce": ("EAN13",),  # it says the long form too, unless asked for the short one
    "code93": ("CODE93",),
    "codabar": ("CODABAR",),
}
LABEL = frozenset({"code128", "qr"})
"""what a label of the line bears"""
WEAK = frozenset({"ean8", "upce", "codabar"})
"""so short, or with so little in them that proves itself, that both decoders must say the same"""
LINEAR = WEAK | {"code128", "ean13", "code39", "itf", "code93", "databar"}
SURE = frozenset({"qr", "datamatrix"})
"""error correction that has never been seen to invent a text; all others must be read twice to count"""
PARTLY_READ = frozenset({"itf"})
"""start and stop look like any digits: what a slanting scan sees of it is a whole symbol to both decoders"""
ANY = frozenset(_ZXING)
_MARGIN_PX = 24
_ITF_MIN = 8
"""a shorter one may be a part of a longer one"""
_PREBLUR_SIGMA = 0.7
"""zbar fails on sharp pixels that zxing reads; a slight blur makes the two comparable."""
_ZBAR_SIDE_MAX_PX = 400


@dataclass(frozen=True)
class SymbolFound:
    """One symbol: symbology (a key of the formats), text, corners clockwise in px, whether pyzbar read the same text there.

    `grade`: how well it is printed and seen; None where it was not measured.
    """

    symbology: str
    text: str
    corners: Corners
    confirmed: bool = False
    grade: Grade | None = None

    @property
    def centre(self) -> tuple[int, int]:
        """Mean of the corners."""
        return sum(x for x, _ in self.corners) // 4, sum(y for _, y in self.corners) // 4

    @property
    def side(self) -> float:
        """Longest side in px."""
        return float(self._sides().max())

    @property
    def thickness(self) -> float:
        """Shortest side as a share of the longest: of bars, how far up and down scans say the same."""
        sides = self._sides()
        return float(sides.min() / max(sides.max(), 1.0))

    def _sides(self) -> NDArray[np.float64]:
        sides = np.diff(np.array([*self.corners, self.corners[0]], np.float64), axis=0)
        return np.asarray(np.hypot(sides[:, 0], sides[:, 1]))


def second_decoder() -> bool:
    """Whether pyzbar and its library are installed."""
    return pyzbar is not None


def decode(
    image: Image,
    formats: Iterable[str],
    *,
    rotate: bool = True,
    downscale: bool = False,
    invert: bool = False,
    one_threshold: bool = False,
) -> tuple[SymbolFound, ...]:
    """All symbols of these formats in a grey image, one opinion each.

    `rotate`: in four directions, not one; `one_threshold`: between dark and light for the whole image, not by neighbourhood.
    """
    asked = [_ZXING[name] for name in sorted(formats)]
    if not asked:  # to the library no format means every format
        return ()
    found = zxingcpp.read_barcodes(
        image,
        formats=zxingcpp.BarcodeFormats(asked),
        try_rotate=rotate,
        try_downscale=downscale,
        try_invert=invert,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=zxingcpp.Binarizer.GlobalHistogram if one_threshold else zxingcpp.Binarizer.LocalAverage,
    )
    symbols = (_symbol(barcode) for barcode in found if barcode.valid and barcode.text)
    return tuple(symbol for symbol in symbols if symbol.symbology != "itf" or len(symbol.text) >= _ITF_MIN)


def second_opinion(image: Image, symbol: SymbolFound) -> SymbolFound:
    """`symbol` with `confirmed` set if pyzbar reads the same text at its place."""
    xs, ys = [x for x, _ in symbol.corners], [y for _, y in symbol.corners]
    region = image[max(0, min(ys) - _MARGIN_PX) : max(ys) + _MARGIN_PX, max(0, min(xs) - _MARGIN_PX) : max(xs) + _MARGIN_PX]
    return replace(symbol, confirmed=agrees(region, symbol))


def agrees(region: Image, symbol: SymbolFound) -> bool:
    """Whether pyzbar reads the symbol's text in this picture of it; False also where pyzbar does not know the symbology."""
    if pyzbar is None or symbol.symbology not in _ZBAR or not region.size:
        return False
    factor = _ZBAR_SIDE_MAX_PX / max(region.shape)
    if factor < 1 and symbol.symbology == "qr":
        region = np.asarray(cv2.resize(region, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    kinds = [getattr(pyzbar.ZBarSymbol, name) for name in _ZBAR[symbol.symbology]]
    seen = pyzbar.decode(cv2.GaussianBlur(region, (0, 0), _PREBLUR_SIGMA), symbols=kinds)
    return any(other.data == symbol.text.encode() for other in seen)


def alone(image: Image, formats: Iterable[str]) -> tuple[str, ...]:
    """What pyzbar reads in the whole picture by itself, to compare with; nothing where it is not installed."""
    if pyzbar is None:
        return ()
    kinds = [getattr(pyzbar.ZBarSymbol, kind) for name in sorted(formats) for kind in _ZBAR.get(name, ())]
    return tuple(seen.data.decode("utf-8", "replace") for seen in pyzbar.decode(image, symbols=kinds))


def _symbol(barcode: zxingcpp.Barcode) -> SymbolFound:
    place = barcode.position
    corners = tuple((int(p.x), int(p.y)) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left))
    return SymbolFound(_name(barcode), barcode.text, corners)


def _name(barcode: zxingcpp.Barcode) -> str:
    """Of the format, or else of the family it belongs to: several are one symbology in different shapes."""
    named = (name for found in (barcode.format, barcode.symbology) for name, asked in _ZXING.items() if asked == found)
    return next(named, str(barcode.format).lower())
