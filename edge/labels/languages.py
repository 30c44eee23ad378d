"""The printers' languages by name: a bitmap and its layout → the bytes that print it once."""

import io
from collections.abc import Callable

from PIL import Image, ImageChops

from edge.labels.tspl import tspl
from edge.labels.zpl import zpl
from line_config.label_layout import LabelLayout

LANGUAGES: dict[str, Callable[[Image.Image, LabelLayout], bytes]] = {"zpl": zpl, "tspl": tspl}


def png(bitmap: Image.Image, layout: LabelLayout) -> bytes:
    """The label as a picture, black on white, in its true size."""
    file = io.BytesIO()
    ImageChops.invert(bitmap).save(file, "PNG", dpi=(layout.dpi, layout.dpi), optimize=True)
    return file.getvalue()
