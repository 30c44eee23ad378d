"""Photographs from outside, as somebody takes them with a telephone: parcels, tickets, codes on things, cards, passports.

No picture is anybody's: what lies there is invented, and how it lies, is lit and is compressed follows from a seed of its own.
Labels are not the product's own, so nothing here is fitted to how the product prints.
"""

import random
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
import segno
import zxingcpp
from barcode import EAN13, Code128  # type: ignore[import-untyped]
from numpy.typing import NDArray

from simulators.bent_paper import Posture, lay_bent
from simulators.documents import face_of
from simulators.people import s10
from simulators.photo import SCENES, Shot, expose, ground
from simulators.specimens import make_specimen

Image = NDArray[np.uint8]

SIZE = (2016, 1512)
SEVERITIES = (0, 1, 2, 3)
_DOTS = 6
"""of a face's module"""
_TILT_DEG, _BEND_DEG = (8.0, 18.0, 27.0, 35.0), (0.0, 15.0, 35.0, 60.0)
_FOLDS, _RIDGE = (0, 1, 2, 4), (0.0, 0.012, 0.022, 0.034)
_MODULE_PX = ((3.6, 5.0), (3.3, 4.7), (3.0, 4.4), (2.8, 4.0))
_LINE_PX_PER_DOT = ((0.55, 0.75), (0.5, 0.7), (0.45, 0.65), (0.42, 0.6))
_JPEG = ((85, 95), (65, 90), (45, 80), (35, 70))


class Photo(NamedTuple):
    """One photograph and its truth; `kind` as the eyes name it."""

    subject: str
    kind: str
    value: str
    severity: int
    picture: Image


class Sheet(NamedTuple):
    """What lies there: how the eyes should name it, its text, its face, and dots of its finest detail (0: a printed line)."""

    kind: str
    value: str
    face: Image
    module_dots: int


def _paper(height: int, width: int, rng: np.random.Generator, lines: int) -> Image:
    """A page with print that is no symbol."""
    page = np.full((height, width), int(rng.integers(205, 250)), np.uint8)
    letters = list(string.ascii_letters + string.digits + " ,.-/")
    for _ in range(lines):
        text, at = (
            "".join(rng.choice(letters, int(rng.integers(8, 30)))),
            (int(rng.integers(20, 90)), int(rng.integers(40, height))),
        )
        cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, float(rng.uniform(0.7, 1.5)), int(rng.integers(20, 70)), 2)
    cv2.rectangle(page, (8, 8), (width - 9, height - 9), 60, 3)
    return page


def _stamped(page: Image, dots: Image, top: int, left: int, quiet: int) -> Image:
    """The dots (255 = ink) on the page, with bare paper around."""
    paper = int(page[20, 20])
    height, width = dots.shape
    page[max(0, top - quiet) : top + height + quiet, max(0, left - quiet) : left + width + quiet] = paper
    page[top : top + height, left : left + width] = np.where(dots > 0, 28, paper)
    return page


def _bars(code: str, height: int) -> Image:
    row = np.repeat(np.array([char != "0" for char in code], np.uint8), _DOTS) * 255
    return np.repeat(row[None], height, axis=0)


def _square(matrix: object) -> Image:
    modules = np.array(matrix, np.uint8) * 255
    return np.repeat(np.repeat(modules, _DOTS, axis=0), _DOTS, axis=1)


def _parcel(rng: np.random.Generator, luck: random.Random) -> Sheet:
    number = s10(luck.choice(("EA", "LX", "RR", "CP")), luck.randrange(10**8), luck.choice(("CN", "DE", "US")))
    dots = _bars(Code128(number).build()[0], 190)
    page = _paper(1300, dots.shape[1] + 260, rng, 14)
    page = _stamped(page, dots, int(rng.integers(250, 800)), 130, 10 * _DOTS)
    return Sheet("label", number, page, _DOTS)


def _product(rng: np.random.Generator, luck: random.Random) -> Sheet:
    code = EAN13("".join(luck.choices(string.digits, k=12)))
    dots = _bars(code.build()[0].replace("G", "1"), 300)
    page = _paper(760, dots.shape[1] + 300, rng, 6)
    return Sheet("symbol", code.get_fullcode(), _stamped(page, dots, 240, 150, 11 * _DOTS), _DOTS)


def _qr(rng: np.random.Generator, luck: random.Random) -> Sheet:
    text = "https://example.invalid/" + "".join(luck.choices(string.ascii_letters + string.digits, k=luck.randint(6, 40)))
    dots = _square(segno.make(text, error=luck.choice("lmqh"), micro=False).matrix)
    page = _paper(len(dots) + 420, len(dots) + 380, rng, 7)
    return Sheet("symbol", text, _stamped(page, dots, 210, 190, 4 * _DOTS), _DOTS)


def _ticket(rng: np.random.Generator, luck: random.Random) -> Sheet:
    text = "".join(luck.choices(string.ascii_uppercase + string.digits, k=luck.randint(12, 40)))
    form = luck.choice((zxingcpp.BarcodeFormat.Aztec, zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode))
    drawn = np.asarray(zxingcpp.create_barcode(text, form).to_image(scale=1))
    dots = _square(np.asarray(drawn < 128, np.uint8))
    page = _paper(len(dots) + 300, dots.shape[1] + 900, rng, 16)
    return Sheet("symbol", text, _stamped(page, dots, 150, 60, 3 * _DOTS), _DOTS)


def _document(kind: str) -> Callable[[np.random.Generator, random.Random], Sheet]:
    def drawn(_: np.random.Generator, luck: random.Random) -> Sheet:
        specimen = make_specimen(kind, luck.randrange(10**9))
        return Sheet(kind, specimen.number, face_of(specimen), 0)

    return drawn


SUBJECTS: dict[str, Callable[[np.random.Generator, random.Random], Sheet]] = {
    "parcel": _parcel,
    "product": _product,
    "qr": _qr,
    "ticket": _ticket,
    "passport": _document("passport"),
    "card": _document("resident_id"),
    "permit": _document("hk_macau_permit"),
    "licence": _document("driving_licence"),
    "identity card": _document("travel_document_td1"),
    "large card": _document("travel_document_td2"),
    "foreign passport": _document("travel_document_td3"),
}
STIFF = frozenset({"passport", "card", "permit", "licence", "identity card", "large card", "foreign passport"})
"""neither bent nor folded"""


def photograph(subject: str, severity: int, seed: int) -> Photo:
    """The same arguments give the same photograph."""
    rng, luck = np.random.default_rng([seed, severity, sorted(SUBJECTS).index(subject)]), random.Random(f"{subject} {seed}")
    sheet = SUBJECTS[subject](rng, luck)
    stiff = subject in STIFF
    posture = Posture(
        roll=float(rng.uniform(0, 360)) if not stiff else float(rng.choice([0, 90, 180, 270]) + rng.uniform(-25, 25)),
        tilt=float(rng.uniform(0.4, 1)) * _TILT_DEG[severity],
        tilt_towards=float(rng.uniform(0, 360)),
        bend=0.0 if stiff else float(rng.uniform(0, 1)) * _BEND_DEG[severity],
        bend_along=float(rng.uniform(0, 180)),
        folds=0 if stiff else _FOLDS[severity],
        ridge=_RIDGE[severity] * float(rng.uniform(0.4, 1)),
    )
    low, high = (_LINE_PX_PER_DOT if stiff else _MODULE_PX)[severity]
    size = float(rng.uniform(low, high))
    diagonal = float(np.hypot(*sheet.face.shape))
    px_per_dot = min(size if stiff else size / sheet.module_dots, 0.95 * SIZE[1] / diagonal * (1.3 if stiff else 1.15))
    hard = severity / 3
    shot = Shot(
        module_px=3.0, defocus=float(rng.uniform(0.05, 0.12 + 0.2 * hard)), motion=float(rng.uniform(0, 0.5 * hard)),
        contrast=float(rng.uniform(1 - 0.4 * hard, 1)), noise=float(rng.uniform(1, 3 + 6 * hard)),
        light=float(rng.uniform(0, 0.2 + 0.5 * hard)), jpeg=int(rng.integers(*_JPEG[severity])),
    )  # fmt: skip
    under = ground(SCENES[int(rng.integers(len(SCENES)))], SIZE, rng)
    under = under if not stiff else np.asarray(under * 0.55, np.uint8)
    scene = lay_bent(sheet.face, px_per_dot, posture, under, rng)
    return Photo(subject, sheet.kind, sheet.value, severity, expose(scene, shot, rng))


def photographs(count: int, seed: int, severities: tuple[int, ...] = SEVERITIES) -> Iterator[Photo]:
    """`count` of each subject and severity."""
    for severity in severities:
        for subject in SUBJECTS:
            for n in range(count):
                yield photograph(subject, severity, seed + n)
