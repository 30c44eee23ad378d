"""An encoded picture to grey pixels, in bounded time and memory: its header is judged before anything is decoded."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageOps, UnidentifiedImageError

Image = NDArray[np.uint8]

PIXELS_MAX = 64_000_000
SIDE_MIN_PX = 16
BYTES_MAX = 256_000_000
_SAMPLE_PX = 1_000_000
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""what cameras, scanners and telephones write; others are not opened, some of them start foreign programs"""
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm"})
WRITTEN = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
"""what pictures for people are written as"""
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    KeyError,
    IndexError,
    OverflowError,
    NotImplementedError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""what Pillow raises for half a picture, or for one that lies"""


class UnreadableFile(Exception):
    """The file is no picture that can be read; the text is a reason code.

    One of no_such_file, empty_file, not_a_picture, broken_file, too_large, too_small.
    """


class UnwritablePicture(ValueError):
    """A picture cannot be written there; the text says why and what to name instead."""


def save_picture(pixels: Image, path: Path) -> None:
    """Write grey or colour pixels in the format that the name asks for. Raises UnwritablePicture."""
    check_writable(path)
    try:
        Picture.fromarray(pixels).save(path)
    except (OSError, ValueError) as error:
        raise UnwritablePicture(f"{path} cannot be written ({error}); name a file in a folder that is yours") from error


def check_writable(path: Path) -> None:
    """Before long work: whether a picture could be written there. Raises UnwritablePicture."""
    if path.suffix.lower() not in WRITTEN:
        raise UnwritablePicture(f"{path}: what kind of picture is that? End its name with one of {', '.join(WRITTEN)}")
    if not path.parent.is_dir():
        raise UnwritablePicture(f"{path}: there is no folder {path.parent}; make it, or name another")


def load_picture(path: Path) -> Image:
    """The file's first picture in grey, the right way up as its camera noted. Raises UnreadableFile."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise UnreadableFile("not_a_picture")
        if size > BYTES_MAX:
            raise UnreadableFile("too_large")
        data = path.read_bytes()
    except OSError:
        raise UnreadableFile("no_such_file") from None
    return decode_picture(data)


def decode_picture(data: bytes) -> Image:
    """Like load_picture, of a file's bytes. Raises UnreadableFile."""
    if not data:
        raise UnreadableFile("empty_file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what is out of order in a file that can be read all the same
            with Picture.open(io.BytesIO(data), formats=FORMATS) as picture:
                _check_size(*picture.size)
                return _grey(picture)
    except UnidentifiedImageError:
        raise UnreadableFile("not_a_picture") from None
    except Picture.DecompressionBombError:
        raise UnreadableFile("too_large") from None
    except _BROKEN as error:
        raise UnreadableFile("broken_file") from error


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS_MAX:
        raise UnreadableFile("too_large")
    if min(width, height) < SIDE_MIN_PX:
        raise UnreadableFile("too_small")


def _grey(picture: Picture.Image) -> Image:
    if picture.format == "JPEG":
        picture.draft("L", picture.size)  # luminance is all that is decoded
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith(("I", "F")):
        return _in_eight_bits(np.asarray(upright, np.float32))
    if upright.has_transparency_data:
        paper = Picture.new("RGBA", upright.size, "white")
        upright = Picture.alpha_composite(paper, upright.convert("RGBA"))
    return np.asarray(upright.convert("L"), np.uint8)


def _in_eight_bits(levels: NDArray[np.float32]) -> Image:
    """Deep pictures by what they show: scanners fill 16 bits, cameras of 10 or 12 bits do not."""
    finite = np.nan_to_num(levels, nan=0.0, posinf=0.0, neginf=0.0)
    step = max(1, round((finite.size / _SAMPLE_PX) ** 0.5))
    dark, light = (float(level) for level in np.percentile(finite[::step, ::step], (0.5, 99.5)))
    scale = np.float32(255 / max(light - dark, 1e-9))
    return np.asarray(np.clip((finite - np.float32(dark)) * scale, 0, 255), np.uint8)
