"""The printers' languages by name: a bitmap and its layout → the bytes that print it once."""

from collections.abc import Callable

from PIL import Image

from edge.labels.tspl import tspl
from edge.labels.zpl import zpl
from line_config.label_layout import LabelLayout

LANGUAGES: dict[str, Callable[[Image.Image, LabelLayout], bytes]] = {"zpl": zpl, "tspl": tspl}
