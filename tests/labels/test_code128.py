"""Code 128 by its own plan of code sets: every text comes back whole, also where it begins with the digits 99."""

import random
from itertools import groupby

import numpy as np
import pytest
import zxingcpp
from barcode import Code128
from hypothesis import given
from hypothesis import strategies as st

from edge.labels.code128 import modules_of, plan
from vision.code128 import text_of

NUMBERS = 10_000


def decoded(text: str) -> str | None:
    """By the second decoder, from the widths of bars and spaces."""
    return text_of(np.array([len(list(run)) for _, run in groupby(modules_of(text))], np.float64))


def test_ten_thousand_random_numbers_come_back():
    rng = random.Random(1)
    digits = "0123456789" * 4 + "9" * 12
    for _ in range(NUMBERS):
        text = "".join(rng.choice(digits + "ACENZ-") for _ in range(rng.randint(1, 20)))
        assert decoded(text) == text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30))
def test_every_printable_text_comes_back(text):
    assert decoded(text) == text


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("EA473124829CN", [104, 37, 33, 99, 47, 31, 24, 82, 100, 25, 35, 46]),
        ("991234567890", [105, 99, 12, 34, 56, 78, 90]),  # the library's plan has no 99
        ("99", [105, 99]),
        ("12345", [105, 12, 34, 100, 21]),
        ("AB12345", [104, 33, 34, 17, 99, 23, 45]),
        ("AB12345C", [104, 33, 34, 17, 18, 19, 20, 21, 35]),
        ("A1", [104, 33, 17]),
    ],
)
def test_plans(text, values):
    assert list(plan(text)) == values


def test_postal_numbers_look_as_the_library_draws_them():
    rng = random.Random(2)
    for _ in range(200):
        number = f"EA{rng.randrange(10**9):09}CN"
        assert "".join("01"[module] for module in modules_of(number)) == Code128(number).build()[0]


def test_a_stranger_reads_them():
    rng = random.Random(3)
    for _ in range(200):
        text = f"99{rng.randrange(10**10):010}"[: rng.randint(2, 12)]
        row = np.where(np.pad(np.repeat(modules_of(text), 3), 40), 0, 255).astype(np.uint8)
        found = zxingcpp.read_barcodes(np.tile(row, (40, 1)), formats=zxingcpp.BarcodeFormat.Code128)
        assert [symbol.text for symbol in found] == [text]
