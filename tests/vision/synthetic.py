"""Invented documents and labels, for the tests of the eyes."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import segno
from barcode import Code128
from numpy.typing import NDArray

from line_config.document_layout import standard_layouts
from vision.id_number import check_character

LAYOUTS = {layout.kind: layout for layout in standard_layouts()}
KINDS = ("a4", "resident_id", "passport")
"""what the demo's people have"""
SITE_KEY = bytes(range(32))


@dataclass(frozen=True)
class Facts:
    kind: str
    number: str
    birth: date
    expiry: date
    sex: str = "F"
    name_latin: str = "CESHI YANGLI"
    nationality: str = "CHN"


def document(kind: str, seed: int) -> Facts:
    rng = random.Random(f"{kind} {seed}")
    birth = date(1950, 1, 1) + timedelta(days=rng.randrange(20000))
    body = f"99{rng.randrange(10000):04}{birth:%Y%m%d}{rng.randrange(1000):03}"
    numbers = {
        "resident_id": body + check_character(body),
        "passport": f"E{rng.randrange(10**8):08}",
        "a4": f"A4{rng.randrange(10**10):010}",
    }
    return Facts(kind, numbers[kind], birth, date(2028, 1, 1) + timedelta(days=rng.randrange(3000)))


def label(number: str, print_id: int) -> NDArray[np.uint8]:
    """800 × 1200 printed dots with Code 128 (number) and QR (number;print_id)."""
    dots = np.zeros((1200, 800), np.uint8)
    bars = np.repeat(np.array([int(bit) for bit in Code128(number).build()[0]], np.uint8), 3)
    dots[80:200, 60 : 60 + bars.size] = bars
    matrix = np.array([list(row) for row in segno.make(f"{number};{print_id}", error="m", micro=False).matrix], np.uint8)
    qr = np.kron(matrix, np.ones((4, 4), np.uint8))
    dots[900 : 900 + len(qr), 600 : 600 + len(qr)] = qr
    return dots
