"""Layout and fields → one bitmap of one bit per dot, so that every brand of printer prints the same dots."""

from string import Formatter

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from edge.labels import privacy
from edge.labels.codes import INK, draw_code128, draw_qr
from edge.labels.fields import LabelError, LabelFields
from edge.labels.typeface import BASELINE, Fitted, Typeface, typeface
from line_config.label_layout import LabelLayout, TextBox

INSET_DOTS = 3
"""on either side of a text: letters such as j reach a little beyond their own width"""

# Of the free width, how much stands left of a line.
_ALIGN = {"left": 0.0, "center": 0.5, "right": 1.0}


def compose(layout: LabelLayout, fields: LabelFields) -> Image.Image:
    """Draw one label: mode "1", width × height dots of the layout, 255 = burn. Raises LabelError, never clips."""
    drawn = text_model(layout, fields)
    fixed = [element.text for element, _ in drawn if "{" not in element.text]
    privacy.check(fields, fixed, layout.privacy)
    if not fields.payload_qr.startswith(f"{fields.tracking_number};"):
        raise LabelError("label: QR payload and tracking number differ; the line would refuse its own label, call maintenance")
    bitmap = Image.new("1", layout.size_dots, 0)
    draw_code128(bitmap, layout, fields.tracking_number)
    draw_qr(bitmap, layout, fields.payload_qr)
    # A byte per dot while it is drawn: Pillow packs and unpacks bits one by one, which took a fifth of the time.
    texts = Image.new("L", layout.size_dots, 0)
    draw = ImageDraw.Draw(texts)
    draw.fontmode = "1"
    for element, text in drawn:
        _draw_text(draw, layout, element, text)
    for rule in layout.rules:
        left, top = layout.dots(rule.x_mm), layout.dots(rule.y_mm)
        right, bottom = left + max(1, layout.dots(rule.width_mm)), top + max(1, layout.dots(rule.height_mm))
        draw.rectangle((left, top, right - 1, bottom - 1), fill=INK)
    rows = _in_rows(texts, layout.text_row_dots).convert("1", dither=Image.Dither.NONE)
    return ImageChops.logical_or(bitmap, rows)


def _in_rows(drawn: Image.Image, dots: int) -> Image.Image:
    """The same in rows `dots` high: a row burns where any of its dots burnt, so that no thin stroke is lost."""
    width, height = drawn.size
    inked = np.asarray(drawn)
    padded = np.vstack([inked, np.zeros((-height % dots, width), np.uint8)])
    rows = np.bitwise_or.reduce(padded.reshape(-1, dots, width), axis=1)
    return Image.fromarray(np.repeat(rows, dots, axis=0)[:height])


def text_model(layout: LabelLayout, fields: LabelFields) -> list[tuple[TextBox, str]]:
    """Every text that will stand on the label, beside its place; an element whose fields are all empty is left out."""
    texts = fields.texts()
    model = []
    for element in layout.texts:
        named = [field for _, field, _, _ in Formatter().parse(element.text) if field is not None]
        if not named or any(texts[field] for field in named):
            model.append((element, element.text.format_map(texts)))
    return model


def face_of(layout: LabelLayout, weight: str) -> Typeface:
    """The layout's typeface in this weight. Raises LabelError when its font is not there."""
    fonts = layout.fonts
    return typeface(fonts.bold if weight == "bold" else fonts.regular, fonts.index, fonts.fallback)


def _draw_text(draw: ImageDraw.ImageDraw, layout: LabelLayout, element: TextBox, text: str) -> None:
    face = face_of(layout, element.weight)
    face.require(text, element.text)
    width, height = layout.dots(element.width_mm) - 2 * INSET_DOTS, layout.dots(element.height_mm)
    fitted = face.fit(text, width, height, layout.dots(element.size_mm), layout.dots(element.size_min_mm))
    if fitted is None:
        raise LabelError(
            f"label: {element.text} with {len(text)} characters does not fit {element.width_mm:g} × {element.height_mm:g} mm "
            f"even at {element.size_min_mm:g} mm; shorten it in the order or enlarge its box in the label layout"
        )
    baseline = layout.dots(element.y_mm) + _baseline_dots(fitted, height)
    for line in fitted.lines:
        runs = list(face.runs(line, fitted.size_dots))
        free = width - sum(run.width_dots for run in runs)
        x = layout.dots(element.x_mm) + INSET_DOTS + int(free * _ALIGN[element.align])
        for run in runs:
            draw.text((x, baseline), run.text, fill=INK, font=run.font, anchor="ls")
            x += round(run.width_dots)
        baseline += fitted.line_height_dots


def _baseline_dots(fitted: Fitted, height_dots: int) -> int:
    """Of the first line, from the box's top; the block of lines stands in the middle."""
    block = len(fitted.lines) * fitted.line_height_dots
    return (height_dots - block) // 2 + round(fitted.size_dots * BASELINE)
