"""Synthetic documents and envelopes as the line's cameras see them. Everything here looks, and is, invented."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import segno
from barcode import EAN13, Code128  # type: ignore[import-untyped]
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from line_config.document_layout import DocumentLayout, load_document_layout
from simulators.optics import FRAME_HEIGHT, FRAME_WIDTH, SEVERITIES, Image, Matrix, expose, ground, lay, pose
from simulators.zones import READ_LINE, ZONES, Holder

FACE_PX_PER_MM = 12
ID_CAMERA_PX_PER_MM = 9.0
LABEL_CAMERA_PX_PER_MM = 8.0
SHEET_IN_VIEW_MM = (160, 134)
"""Upper left part of an A4 sheet that the ID camera sees, its other edges lying outside the frame."""

_FONTS = Path("/usr/share/fonts/opentype")
_BELT, _ENVELOPE, _PAPER, _INK = 45, 165, 228, 35
_MRZ_LINE_STEP_MM = 6.35


class DocumentFacts(Holder, Protocol):
    """What is printed on one synthetic document."""

    @property
    def kind(self) -> str:
        """A kind of line_config/documents."""


def render_document(
    document: DocumentFacts,
    *,
    seed: int,
    severity: int = 0,
    frames: int = 2,
    quarters: int = 0,
    skew_deg: float = 0.0,
    back: bool = False,
) -> list[Image]:
    """`frames` exposures of one document on the belt, 1024 × 1280 Mono8; same pose, differing noise and small shift.

    It lies turned by `quarters` × 90° and `skew_deg` more; `back`: nothing is printed on the side that the camera sees.
    """
    rng = np.random.default_rng([seed, zlib.crc32(document.number.encode())])
    layout, strength = _layout(document.kind), SEVERITIES[severity]
    face = face_of(document)
    if back:
        face = np.full_like(face, _PAPER)
    px_per_mm = _fitting(face, quarters, skew_deg) if not layout.beyond_frame else ID_CAMERA_PX_PER_MM
    scale = px_per_mm / FACE_PX_PER_MM
    centre = (FRAME_WIDTH / 2 + rng.uniform(-12, 12), FRAME_HEIGHT / 2 + rng.uniform(-25, 25))
    if layout.beyond_frame:  # guided by its left and upper edge; the rest lies outside the frame
        centre = (face.shape[1] * scale / 2 + 60, face.shape[0] * scale / 2 + 60)
    transform = pose(face, scale, centre, strength, rng, turned_deg=90.0 * quarters + skew_deg)
    scene = lay(face, transform, ground(_BELT, rng))
    area = layout.line_mm
    number_px = _project(transform, (area.x + area.width / 2) * FACE_PX_PER_MM, (area.y + area.height / 2) * FACE_PX_PER_MM)
    beside = (0.0, 0.0) if rng.random() < strength.glare_on_number else _across(transform, face, number_px)
    return [expose(scene, strength, number_px, px_per_mm, rng, beside=beside) for _ in range(frames)]


def face_of(document: DocumentFacts) -> Image:
    """What is printed on it, upright, FACE_PX_PER_MM."""
    return _FACES.get(document.kind, _printed)(document, _layout(document.kind))


def _across(transform: Matrix, face: Image, number_px: Matrix) -> tuple[float, float]:
    """40 mm from the number, through the middle of the document."""
    towards = _project(transform, face.shape[1] / 2, face.shape[0] / 2) - number_px
    away = 40 * towards / max(1.0, float(np.linalg.norm(towards)))
    return float(away[0]), float(away[1])


def _fitting(face: Image, quarters: int, skew_deg: float) -> float:
    """Px per mm at which the whole document lies in the frame; that of the ID camera where it does."""
    turn = np.deg2rad(90.0 * quarters + abs(skew_deg))
    across, down = np.abs([np.cos(turn), np.sin(turn)]) @ np.array([face.shape, face.shape[::-1]])[:, ::-1] / FACE_PX_PER_MM
    return float(min(ID_CAMERA_PX_PER_MM, (FRAME_WIDTH - 170) / across, (FRAME_HEIGHT - 190) / down))


def render_envelope(bitmap: Image | Picture.Image | None, seed: int, severity: int = 0, frames: int = 2) -> list[Image]:
    """`frames` exposures of an envelope, with the label that is really on it: 800 × 1200 dots of 1/8 mm, or None.

    An array's non-zero elements are printed dots; a picture's dark pixels are. The label lies along the belt, turned by 90°.
    """
    rng = np.random.default_rng(seed)
    strength = SEVERITIES[severity]
    scene = ground(_ENVELOPE, rng)
    number_px: Matrix = np.array([FRAME_WIDTH / 2, FRAME_HEIGHT / 2])
    if bitmap is not None:
        face = _label_face(bitmap)
        centre = (FRAME_WIDTH / 2 + rng.uniform(-12, 12), FRAME_HEIGHT / 2 + rng.uniform(-12, 12))
        scene = lay(face, pose(face, LABEL_CAMERA_PX_PER_MM / 8, centre, strength, rng), scene)
    return [expose(scene, strength, number_px, LABEL_CAMERA_PX_PER_MM, rng) for _ in range(frames)]


# --- faces: one function per kind, upright, FACE_PX_PER_MM ---
def _card(document: DocumentFacts, layout: DocumentLayout) -> Image:
    face = _blank_card().copy()
    draw = ImageDraw.Draw(face)
    cjk = _font("noto/NotoSansCJK-Regular.ttc", 3.0)
    birth = document.birth
    for y, text in (
        (5, "样例测试"),
        (13, "男" if document.sex == "M" else "女"),
        (21, f"{birth.year} 年 {birth.month} 月 {birth.day} 日"),
    ):
        draw.text((_px(17), _px(y)), text, _INK, cjk)
    _lines(draw, document, layout)
    return np.asarray(face)


def _printed(document: DocumentFacts, layout: DocumentLayout) -> Image:
    """Any other card or booklet page: a title, a portrait or a seal, and its number where the layout has it."""
    size = layout.size_mm
    face = Picture.new("L", _face_px(size.width, size.height), _PAPER)
    draw = ImageDraw.Draw(face)
    for wave in range(0, round(size.height), 4):
        points = [(_px(x), _px(wave + 1.4 * np.cos(x / 7 + wave))) for x in range(round(size.width) + 2)]
        draw.line(points, _PAPER - 12, 2)
    draw.text((_px(4), _px(2)), f"样本 SPECIMEN {document.kind}", 80, _font("noto/NotoSansCJK-Regular.ttc", 3.2))
    draw.ellipse((_px(size.width * 0.1), _px(size.height * 0.2), _px(size.width * 0.28), _px(size.height * 0.52)), 150)
    _lines(draw, document, layout)
    return np.asarray(face)


def _lines(draw: ImageDraw.ImageDraw, document: DocumentFacts, layout: DocumentLayout) -> None:
    """All lines of the document's zone, the one that is read first at the layout's place."""
    area, lines = layout.line_mm, ZONES[layout.reader](document)
    printed, inset_mm = (_NUMBER_TYPE, 1.6) if layout.reader == "number_line" else (_MRZ_TYPE, 1.3)
    for number, text in enumerate(lines, -READ_LINE.get(layout.reader, 0)):
        middle_mm = area.y + area.height / 2 + number * _MRZ_LINE_STEP_MM
        _fixed_pitch(draw, text, area.x + inset_mm, middle_mm, printed)


@cache
def _blank_card() -> Picture.Image:
    face = Picture.new("L", _face_px(85.6, 54), _PAPER)
    draw = ImageDraw.Draw(face)
    for wave in range(0, 54, 3):  # a guilloche of its own, unlike any real card's
        points = [(_px(x), _px(wave + 1.2 * np.sin(x / 5 + wave))) for x in range(87)]
        draw.line(points, _PAPER - 14, 2)
    cjk, small = _font("noto/NotoSansCJK-Regular.ttc", 2.4), _font("noto/NotoSansCJK-Regular.ttc", 2.2)
    for y, text in ((5.4, "姓名"), (13.4, "性别"), (21.4, "出生"), (29.4, "住址"), (44.4, "公民身份号码")):
        draw.text((_px(5), _px(y)), text, 90, cjk)
    draw.text((_px(17), _px(29)), "样例省测试市虚构路 1 号", _INK, _font("noto/NotoSansCJK-Regular.ttc", 3.0))
    draw.ellipse((_px(66), _px(9), _px(74), _px(19)), 150)
    draw.pieslice((_px(60), _px(20), _px(80), _px(46)), 180, 360, 150)
    draw.text((_px(28), _px(36)), "样本 SPECIMEN 样本", 150, small)
    return face


def _passport(document: DocumentFacts, layout: DocumentLayout) -> Image:
    face = _blank_passport().copy()
    draw = ImageDraw.Draw(face)
    text = _font("noto/NotoSansCJK-Regular.ttc", 3.0)
    fields = (
        (16, document.name_latin),
        (26, document.number),
        (36, document.birth.isoformat()),
        (46, document.sex),
        (56, document.expiry.isoformat()),
    )
    for y, value in fields:
        draw.text((_px(45), _px(y)), value, _INK, text)
    _lines(draw, document, layout)
    return np.asarray(face)


@cache
def _blank_passport() -> Picture.Image:
    face = Picture.new("L", _face_px(125, 88), _PAPER)
    draw = ImageDraw.Draw(face)
    title, small = _font("noto/NotoSansCJK-Regular.ttc", 3.6), _font("noto/NotoSansCJK-Regular.ttc", 1.8)
    draw.text((_px(40), _px(4)), "护照样本 SPECIMEN PASSPORT", 70, title)
    for y, text in (
        (14, "姓名/Name"),
        (24, "护照号/Passport No."),
        (34, "出生/Date of birth"),
        (44, "性别/Sex"),
        (54, "有效期/Expiry"),
    ):
        draw.text((_px(45), _px(y)), text, 110, small)
    draw.rectangle((_px(7), _px(14), _px(38), _px(58)), 195)
    draw.ellipse((_px(16), _px(20), _px(29), _px(37)), 140)
    draw.pieslice((_px(9), _px(38), _px(36), _px(78)), 180, 360, 140)
    draw.rectangle((_px(7), _px(58), _px(38), _px(66)), _PAPER)
    return face


def _sheet(document: DocumentFacts, layout: DocumentLayout) -> Image:
    face = _blank_sheet().copy()
    draw = ImageDraw.Draw(face)
    area = layout.line_mm
    matrix = [bytes(row) for row in segno.make(document.number, error="m", micro=False).matrix]
    face.paste(_modules(matrix, 0.6, None), (_px(area.x + 4), _px(area.y + 6)))
    bars = [bytes(int(bit) for bit in Code128(document.number).build()[0])]
    face.paste(_modules(bars, 0.42, 12), (_px(area.x + 34), _px(area.y + 6)))
    draw.text((_px(area.x + 34), _px(area.y + 20)), document.number, _INK, _font("noto/NotoSansCJK-Regular.ttc", 4.0))
    return np.asarray(face)


@cache
def _blank_sheet() -> Picture.Image:
    face = Picture.new("L", _face_px(*SHEET_IN_VIEW_MM), _PAPER)
    draw = ImageDraw.Draw(face)
    draw.text((_px(40), _px(50)), "测试证明书（样本）", _INK, _font("noto/NotoSerifCJK-Bold.ttc", 9.0))
    body = _font("noto/NotoSerifCJK-Regular.ttc", 5.0)
    for line in range(5):
        draw.text((_px(16), _px(66 + 10 * line)), "兹证明本文件为虚构样例，仅供系统测试使用，", 60, body)
    return face


def _label_face(bitmap: Image | Picture.Image) -> Image:
    dots = np.asarray(bitmap.convert("L")) < 128 if isinstance(bitmap, Picture.Image) else np.asarray(bitmap) != 0
    paper = np.where(dots, _INK, 235).astype(np.uint8)
    return np.ascontiguousarray(np.rot90(cv2.copyMakeBorder(paper, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=235)))


def _marked(document: DocumentFacts, layout: DocumentLayout) -> Image:
    """A plate or a book: the corner that the camera sees, with its symbol."""
    face = Picture.new("L", _face_px(*SHEET_IN_VIEW_MM), _PAPER)
    draw = ImageDraw.Draw(face)
    draw.text((_px(16), _px(8)), f"样本 SPECIMEN {document.kind}", _INK, _font("noto/NotoSansCJK-Regular.ttc", 6.0))
    place = (_px(layout.line_mm.x + 4), _px(layout.line_mm.y + 4))
    if "qr" in layout.symbologies:
        matrix = [bytes(row) for row in segno.make(document.number, error="m", micro=False).matrix]
        face.paste(_modules(matrix, 0.6, None), place)
    else:
        bars = [bytes(int(bit == "1") for bit in EAN13(document.number).build()[0])]
        face.paste(_modules(bars, 0.42, 20), place)
    return np.asarray(face)


_FACES: dict[str, Callable[[DocumentFacts, DocumentLayout], Image]] = {
    "resident_id": _card,
    "passport": _passport,
    "a4": _sheet,
    "vehicle_plate": _marked,
    "book": _marked,
}
"""kind → its face; any other is `_printed`"""


# --- drawing in millimetres ---
@cache
def _layout(kind: str) -> DocumentLayout:
    return load_document_layout(Path(__file__).parents[1] / "line_config" / "documents" / f"{kind}.toml")


def _px(mm: float) -> int:
    return round(mm * FACE_PX_PER_MM)


def _face_px(width_mm: float, height_mm: float) -> tuple[int, int]:
    return _px(width_mm), _px(height_mm)


@cache
def _font(name: str, size_mm: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / name, size_mm * FACE_PX_PER_MM)


@cache
def _ocr_b(capital_mm: float) -> ImageFont.FreeTypeFont:
    """OCR-B whose capitals are `capital_mm` high, in a cut that the product's recogniser was not trained on."""
    probe = ImageFont.truetype(_FONTS / "ocr-b/OCRBS.otf", 1000)
    _, top, _, bottom = probe.getbbox("H")
    return ImageFont.truetype(_FONTS / "ocr-b/OCRBS.otf", 1000 * capital_mm * FACE_PX_PER_MM / (bottom - top))


@dataclass(frozen=True)
class _Type:
    """OCR-B on a fixed pitch."""

    pitch_mm: float
    capital_mm: float


_NUMBER_TYPE, _MRZ_TYPE = _Type(2.6, 2.9), _Type(2.54, 2.4)  # the latter: ICAO 9303 part 3, 4.1, OCR-B size 1


def _fixed_pitch(draw: ImageDraw.ImageDraw, text: str, x_mm: float, middle_mm: float, printed: _Type) -> None:
    font = _ocr_b(printed.capital_mm)
    _, top, _, bottom = font.getbbox("H")
    y = middle_mm * FACE_PX_PER_MM - (top + bottom) / 2
    for index, character in enumerate(text):
        centre = (x_mm + (index + 0.5) * printed.pitch_mm) * FACE_PX_PER_MM
        draw.text((centre - font.getlength(character) / 2, y), character, _INK, font)


def _modules(rows: list[bytes], module_mm: float, bar_mm: float | None) -> Picture.Image:
    """Dark and light modules as a picture; `bar_mm` is the height of a one-row symbol."""
    dark = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
    picture = Picture.fromarray(np.where(dark > 0, _INK, _PAPER).astype(np.uint8))
    height = _px(bar_mm) if bar_mm else _px(len(rows) * module_mm)
    return picture.resize((_px(dark.shape[1] * module_mm), height), Picture.Resampling.BOX)


def _project(transform: Matrix, x: float, y: float) -> Matrix:
    point = transform @ np.array([x, y, 1.0])
    return np.asarray(point[:2] / point[2], np.float64)
