"""Layout and fields → one bitmap of one bit per dot, so that every brand of printer prints the same dots."""

from PIL import Image, ImageDraw

from edge.labels import privacy
from edge.labels.codes import INK, draw_code128, draw_qr
from edge.labels.fields import LabelError, LabelFields
from edge.labels.typeface import BASELINE, Fitted, typeface
from line_config.label_layout import LabelLayout, TextBox

INSET_DOTS = 3
"""on either side of a text: letters such as j reach a little beyond their own width"""

# Of the free width, how much stands left of a line.
_ALIGN = {"left": 0.0, "center": 0.5, "right": 1.0}


def compose(layout: LabelLayout, fields: LabelFields) -> Image.Image:
    """Draw one label: mode "1", width × height dots of the layout, 255 = burn. Raises LabelError, never clips."""
    privacy.check(fields)
    if not fields.payload_qr.startswith(f"{fields.tracking_number};"):
        raise LabelError("label: QR payload and tracking number differ; the line would refuse its own label, call maintenance")
    bitmap = Image.new("1", layout.size_dots, 0)
    draw_code128(bitmap, layout, fields.tracking_number)
    draw_qr(bitmap, layout, fields.payload_qr)
    draw = ImageDraw.Draw(bitmap)
    texts = fields.texts()
    for element in layout.texts:
        _draw_text(draw, layout, element, texts)
    for rule in layout.rules:
        left, top = layout.dots(rule.x_mm), layout.dots(rule.y_mm)
        right, bottom = left + max(1, layout.dots(rule.width_mm)), top + max(1, layout.dots(rule.height_mm))
        draw.rectangle((left, top, right - 1, bottom - 1), fill=INK)
    return bitmap


def _draw_text(draw: ImageDraw.ImageDraw, layout: LabelLayout, element: TextBox, texts: dict[str, str]) -> None:
    face = typeface(layout.fonts.bold if element.weight == "bold" else layout.fonts.regular, layout.fonts.index)
    text = element.text.format_map(texts)
    face.require(text, element.text)
    width, height = layout.dots(element.width_mm) - 2 * INSET_DOTS, layout.dots(element.height_mm)
    fitted = face.fit(text, width, height, layout.dots(element.size_mm), layout.dots(element.size_min_mm))
    if fitted is None:
        raise LabelError(
            f"label: {element.text} with {len(text)} characters does not fit {element.width_mm:g} × {element.height_mm:g} mm "
            f"even at {element.size_min_mm:g} mm; shorten it in the order or enlarge its box in the label layout"
        )
    font = face.at(fitted.size_dots)
    baseline = layout.dots(element.y_mm) + _baseline_dots(fitted, height)
    for line in fitted.lines:
        free = width - font.getlength(line, mode="1")
        x = layout.dots(element.x_mm) + INSET_DOTS + int(free * _ALIGN[element.align])
        draw.text((x, baseline), line, fill=INK, font=font, anchor="ls")
        baseline += fitted.line_height_dots


def _baseline_dots(fitted: Fitted, height_dots: int) -> int:
    """Of the first line, from the box's top; the block of lines stands in the middle."""
    block = (len(fitted.lines) - 1) * fitted.line_height_dots + fitted.size_dots
    return (height_dots - block) // 2 + round(fitted.size_dots * BASELINE)
