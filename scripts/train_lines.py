"""Synthetic number lines to train a recogniser on: one cut of OCR-B, deformed, printed, worn, lit and seen in many ways.

What a training line looks like follows from its own seed alone. Sizes are in px of the recogniser's input: 32 px high, about
16 px for each character, capitals about 18 px high.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

Image = NDArray[np.uint8]
Alpha = NDArray[np.float32]

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
HEIGHT_PX, PITCH_PX = 32, 16
FONT = Path("/usr/share/fonts/opentype/ocr-b/OCRB.otf")
_FINE = 3
"""glyphs are drawn so many times larger than they are seen"""
_CAPITAL_PX = 17.8


class Pen:
    """Draws lines in one font at the fine size: alpha of the ink, 0 … 1."""

    def __init__(self, font: Path) -> None:
        size = 10
        while self._capital(font, size + 1) <= _CAPITAL_PX * _FINE:
            size += 1
        self._font = ImageFont.truetype(str(font), size)
        self._ascent = self._font.getmetrics()[0]
        self._glyphs = {char: self._draw(char) for char in ALPHABET}

    @staticmethod
    def _capital(font: Path, size: int) -> int:
        box = ImageFont.truetype(str(font), size).getbbox("H")
        return int(box[3] - box[1])

    def _draw(self, char: str) -> Alpha:
        width, height = PITCH_PX * _FINE * 2, HEIGHT_PX * _FINE * 2
        canvas = Picture.new("L", (width, height))
        ImageDraw.Draw(canvas).text((width / 2, height / 2 + _CAPITAL_PX * _FINE / 2), char, 255, self._font, anchor="ms")
        return np.asarray(canvas, np.float32) / 255

    def line(self, text: str, starts: Sequence[float], width_px: int) -> Alpha:
        """The text with its characters centred at `starts` (px), as fine alpha of shape (64, width) × fine."""
        glyph_width = PITCH_PX * _FINE * 2
        canvas = np.zeros((HEIGHT_PX * _FINE * 2, width_px * _FINE + 2 * glyph_width), np.float32)
        for char, start in zip(text, starts, strict=True):
            at = round(start * _FINE) + glyph_width // 2
            if 0 <= at <= canvas.shape[1] - glyph_width:
                part = canvas[:, at : at + glyph_width]
                np.maximum(part, self._glyphs[char], out=part)
        return canvas[:, glyph_width : glyph_width + width_px * _FINE]


def random_text(rng: np.random.Generator, characters: int) -> str:
    """Text of the shapes that documents have: digits, permits, machine readable lines, and anything at all."""
    digits, letters = "0123456789", ALPHABET[10:36]

    def some(pool: str, n: int) -> str:
        return "".join(rng.choice(list(pool), n))

    form = rng.integers(5)
    if form == 0:
        return some(digits, characters - 1) + str(rng.choice(list("0123456789X")))
    if form == 1:
        return some(ALPHABET, characters)
    if form == 2:
        return some(letters, min(12, characters)).ljust(characters, "<")
    head = some(letters, 1 + int(rng.integers(2))) + some(digits, 7) + "<"
    text = head + some(digits, 1) + some(letters, 3) + some(digits, 7) + some("MF<", 1) + some(digits, 7)
    return (text + "<" * int(rng.integers(characters)) + some(ALPHABET, characters))[:characters]


def random_line(pen: Pen, rng: np.random.Generator, characters: int, hardship: float) -> tuple[Image, str]:
    """One seen line and its text. `hardship` 0 … 1: how worn and how badly seen it may be."""
    text = random_text(rng, characters)
    width = PITCH_PX * (characters + 1)
    pitch = PITCH_PX * rng.uniform(0.88, 1.03)
    first = pitch / 2 + rng.uniform(0, max(0.1, width - pitch * characters))
    jitter = rng.normal(0, 0.25, characters)
    ink = pen.line(text, [first + n * pitch + jitter[n] for n in range(characters)], width)
    ink = _deform(_weigh(ink, rng), rng, width, hardship)
    return _seen(ink, rng, hardship), text


def _weigh(ink: Alpha, rng: np.random.Generator) -> Alpha:
    """Other cuts have other strokes: thicker, thinner, square or round at their ends."""
    size = int(rng.integers(1, 5))
    shape = cv2.MORPH_ELLIPSE if rng.random() < 0.5 else cv2.MORPH_RECT
    kernel = cv2.getStructuringElement(shape, (size, size))
    change = rng.integers(3)
    if change == 0:
        return np.asarray(cv2.dilate(ink, kernel), np.float32)
    return np.asarray(cv2.erode(ink, kernel), np.float32) if change == 1 and size < 4 else ink


def _deform(ink: Alpha, rng: np.random.Generator, width: int, hardship: float) -> Alpha:
    """Slant, turn, stretch and perspective, down to the seen size."""
    height = ink.shape[0]
    tall = 1 / _FINE * rng.uniform(0.78, 1.22)
    slant, turn = rng.normal(0, 0.07), rng.normal(0, 0.008 + 0.012 * hardship)
    shift = rng.uniform(-4.5, 4.5)
    middle_x, middle_y = ink.shape[1] / 2, height / 2
    centre = np.array([[1, 0, -middle_x], [0, 1, -middle_y], [0, 0, 1]])
    shape = np.array([[1 / _FINE, -slant * tall, 0], [turn / _FINE, tall, 0], [rng.normal(0, 4e-5), rng.normal(0, 4e-4), 1]])
    back = np.array([[1, 0, width / 2], [0, 1, HEIGHT_PX / 2 + shift], [0, 0, 1]])
    whole = (back @ shape @ centre).astype(np.float32)
    small = cv2.GaussianBlur(ink, (0, 0), _FINE * 0.35)
    return np.asarray(cv2.warpPerspective(small, whole, (width, HEIGHT_PX), flags=cv2.INTER_LINEAR), np.float32)


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> Alpha:
    small = rng.normal(0, 1, (max(2, round(shape[0] / cell)), max(2, round(shape[1] / cell)))).astype(np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _seen(ink: Alpha, rng: np.random.Generator, hardship: float) -> Image:
    """Ink on paper, worn, under a lamp, through a lens, on a sensor."""
    shape = (ink.shape[0], ink.shape[1])
    if rng.random() < 0.5:  # print that did not take everywhere
        ink = ink * np.clip(1 - 0.5 * hardship * np.abs(_smooth_noise(rng, shape, 2.5)), 0, 1)
    paper = rng.uniform(150, 245)
    contrast = rng.uniform(0.9 - 0.65 * hardship, 1.0)
    picture = paper + _ground(rng, shape) * rng.uniform(0, 14) - ink * paper * contrast * rng.uniform(0.75, 1.0)
    if rng.random() < 0.35:
        _neighbours(picture, rng, paper * contrast)
    if rng.random() < 0.5 * hardship:
        _scratches(picture, rng)
    picture = _light(picture, rng, hardship)
    picture = _lens(picture, rng, hardship)
    noise = rng.uniform(0.5, 3 + 14 * hardship)
    picture = picture + rng.normal(0, noise, shape)
    seen = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.25:
        _, coded = cv2.imencode(".jpg", seen, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))))
        seen = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return seen


def _ground(rng: np.random.Generator, shape: tuple[int, int]) -> Alpha:
    """Guilloche or blotches behind the print, about -1 … 1."""
    if rng.random() < 0.5:
        return _smooth_noise(rng, shape, rng.uniform(3, 30)) * 0.6
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    angle, length = rng.uniform(0, np.pi), rng.uniform(4, 26)
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length + 3 * np.sin(x / rng.uniform(15, 60)))
    return wave.astype(np.float32)


def _neighbours(picture: NDArray[np.float32], rng: np.random.Generator, depth: float) -> None:
    """Feet or heads of the lines above and below, edges of frames."""
    height, width = picture.shape
    rows = int(rng.integers(1, 5))
    where = slice(0, rows) if rng.random() < 0.5 else slice(height - rows, height)
    cells = rng.random(max(2, width // 6)) < 0.6
    mask = cv2.resize(cells.astype(np.float32)[None], (width, 1), interpolation=cv2.INTER_LINEAR)[0]
    picture[where] -= mask * depth * rng.uniform(0.4, 1.0)


def _scratches(picture: NDArray[np.float32], rng: np.random.Generator) -> None:
    height, width = picture.shape
    for _ in range(int(rng.integers(1, 4))):
        start = (int(rng.integers(width)), int(rng.integers(height)))
        end = (int(start[0] + rng.normal(0, 60)), int(start[1] + rng.normal(0, 12)))
        cv2.line(picture, start, end, float(rng.choice([40, 235])), int(rng.integers(1, 3)), cv2.LINE_AA)


def _light(picture: NDArray[np.float32], rng: np.random.Generator, hardship: float) -> NDArray[np.float32]:
    """A lamp that is nearer to one side, and sometimes its reflection."""
    height, width = picture.shape
    slope = np.linspace(-1, 1, width, dtype=np.float32) * rng.normal(0, 0.12 + 0.15 * hardship)
    picture = picture * (1 + slope)
    if rng.random() < 0.35 * hardship:
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        across, down = rng.uniform(8, 45), rng.uniform(6, 25)
        columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
        glare = np.exp(-(((columns - x) / across) ** 2) - ((rows - y) / down) ** 2)
        picture = picture + glare * rng.uniform(40, 160)
    return picture


def _lens(picture: NDArray[np.float32], rng: np.random.Generator, hardship: float) -> NDArray[np.float32]:
    """Defocus, motion, and fewer pixels than we show."""
    blur = rng.uniform(0.2, 0.6 + 1.7 * hardship)
    picture = cv2.GaussianBlur(picture, (0, 0), blur * rng.uniform(0.8, 1.25), sigmaY=blur)
    if rng.random() < 0.4 * hardship:
        length = int(rng.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi)
        middle = (length - 1) / 2
        reach = np.array([np.cos(angle), np.sin(angle)]) * middle
        ends = [tuple(round(float(middle + sign * part)) for part in reach) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    if rng.random() < 0.4:
        height, width = picture.shape
        share = rng.uniform(0.45, 0.95)
        small = cv2.resize(picture, (round(width * share), round(height * share)), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(picture, np.float32)


def batch(pen: Pen, seed: int, lines: int, characters: int, hardship_max: float = 1.0) -> tuple[Image, list[str]]:
    """`lines` lines of equal length: pictures of shape (lines, 32, 16 × (characters + 1)) and their texts."""
    rng = np.random.default_rng(seed)
    made = [random_line(pen, rng, characters, rng.uniform(0, hardship_max)) for _ in range(lines)]
    return np.stack([picture for picture, _ in made]), [text for _, text in made]
