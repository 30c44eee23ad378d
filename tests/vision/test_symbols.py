"""Symbols in photographs as people take them: askew, creased, badly lit, compressed, with other things around."""

import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from barcode import EAN13, Code128

from simulators.photo import SCENES, Shot, expose, ground, photograph
from vision import barcode
from vision.barcode import ANY, LABEL, SURE, SymbolFound
from vision.symbols import all_symbols, distinct, look, whole

DOTS = 4
NUMBER = "EA473124829CN"


def page():
    face = np.full((700, 900), 240, np.uint8)
    for y in (50, 90, 640):
        cv2.putText(face, "PARCEL 12-3 TEST ROAD LIIL 0O8B", (40, y), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 40, 2)
    return face


def put(face, modules, top=220, left=None, height=140):
    """One row of modules, or a square of them."""
    modules = np.atleast_2d(np.asarray(modules, np.uint8))
    rows = height if len(modules) == 1 else len(modules) * DOTS
    dots = cv2.resize(modules, (modules.shape[1] * DOTS, rows), interpolation=cv2.INTER_NEAREST)
    left = (face.shape[1] - dots.shape[1]) // 2 if left is None else left
    face[top - 30 : top + rows + 30, max(0, left - 44) : left + dots.shape[1] + 44] = 240
    face[top : top + rows, left : left + dots.shape[1]] = np.where(dots, 25, 240)
    return face


def bars(code):
    return [int(bit) for bit in code.build()[0].replace("G", "1")]


def square(text):
    return [list(row) for row in segno.make(text, error="m", micro=False).matrix]


FACES = {
    "code128": (NUMBER, bars(Code128(NUMBER))),
    "ean13": ("6901234567892", bars(EAN13("690123456789"))),
    "qr": (f"{NUMBER};77", square(f"{NUMBER};77")),
    "datamatrix": (
        NUMBER,
        (np.asarray(zxingcpp.create_barcode(NUMBER, zxingcpp.BarcodeFormat.DataMatrix).to_image(scale=1)) < 128)[1:-1, 1:-1],
    ),
}
SHOTS = {
    "askew": Shot(module_px=2.6, angle=37, perspective=0.2, noise=4),
    "creased": Shot(module_px=4, angle=-12, crease=1.5, jpeg=70, noise=3),
    "badly lit": Shot(module_px=3.5, angle=200, light=0.8, contrast=0.5, noise=4),
    "soft": Shot(module_px=4, angle=95, defocus=0.4, motion=0.5, jpeg=60),
}


@pytest.mark.parametrize("name", list(SHOTS))
@pytest.mark.parametrize("symbology", list(FACES))
def test_photographs(symbology, name):
    text, modules = FACES[symbology]
    rng = np.random.default_rng(3)
    taken = photograph(put(page(), modules), DOTS, SHOTS[name], ground("wood", (1600, 1200), rng), rng)
    assert {(symbol.symbology, symbol.text) for symbol in all_symbols(taken)} == {(symbology, text)}


def test_several_symbols_in_one_picture_each_with_its_place():
    face = put(put(put(page(), FACES["code128"][1], top=160), FACES["ean13"][1], top=350, height=90), FACES["qr"][1], 490, 100)
    rng = np.random.default_rng(4)
    taken = photograph(face, DOTS, Shot(module_px=3.4, angle=25, perspective=0.1), ground("gravel", (1800, 1500), rng), rng)
    found = all_symbols(taken)
    assert {symbol.text for symbol in found} == {FACES[name][0] for name in ("code128", "ean13", "qr")}
    assert len({symbol.centre for symbol in found}) == 3
    for symbol in found:
        (left, top), (right, bottom) = np.min(symbol.corners, axis=0), np.max(symbol.corners, axis=0)
        assert left < symbol.centre[0] < right
        assert top < symbol.centre[1] < bottom


@pytest.mark.parametrize("gap", [80, 10])
def test_bars_above_each_other_are_read_each_by_itself(gap):
    texts = (NUMBER, "RR123456785CN")
    face = page()
    for row, text in enumerate(texts):
        put(face, bars(Code128(text)), top=190 + row * (100 + gap), height=100)
    rng = np.random.default_rng(8)
    taken = photograph(face, DOTS, Shot(module_px=3.2, angle=41, perspective=0.1), ground("wood", (1500, 1300), rng), rng)
    assert {symbol.text for symbol in all_symbols(taken)} == set(texts)


@pytest.mark.parametrize("symbology", list(FACES))
def test_light_on_dark(symbology):
    text, modules = FACES[symbology]
    rng = np.random.default_rng(9)
    taken = photograph(255 - put(page(), modules), DOTS, Shot(module_px=3.4, angle=28), ground("plain", (1300, 1100), rng), rng)
    assert {symbol.text for symbol in all_symbols(taken)} == {text}


@pytest.mark.parametrize("angle", [0, 180, 15])
def test_corners_run_from_the_beginning_of_the_text(angle):
    rng = np.random.default_rng(5)
    shot = Shot(module_px=3, angle=angle)
    taken = photograph(put(page(), FACES["code128"][1]), DOTS, shot, ground("plain", (900, 800), rng), rng)
    (symbol,) = look(taken).symbols
    along = np.subtract(symbol.corners[1], symbol.corners[0])
    off = (np.rad2deg(np.arctan2(along[1], along[0])) - angle + 180) % 360 - 180
    assert abs(off) < 3
    assert symbol.grade.texts.count(NUMBER) >= 3


def test_the_same_symbol_twice_is_two_and_the_same_place_is_one():
    square_at = lambda x: ((x, 0), (x + 50, 0), (x + 50, 50), (x, 50))  # noqa: E731
    one, again, other = (SymbolFound("qr", "A", square_at(x)) for x in (0, 8, 90))
    sure = SymbolFound("qr", "A", square_at(4), confirmed=True)
    assert distinct([one, again, sure]) == (SymbolFound("qr", "A", square_at(0), confirmed=True),)
    assert distinct([one, other]) == (one, other)
    assert len(distinct([one, SymbolFound("qr", "B", square_at(0))])) == 2


@pytest.mark.parametrize("scene", SCENES)
def test_no_value_from_a_picture_without_a_symbol(scene):
    rng = np.random.default_rng(6)
    for size in ((640, 480), (1300, 1000)):
        empty = expose(ground(scene, size, rng), Shot(noise=5, light=0.3, jpeg=50), rng)
        assert all_symbols(empty) == ()


def test_a_text_that_only_one_look_gives_does_not_count(monkeypatch):
    """A decoder that invents texts: what a second look does not give is left out."""
    invented = iter(range(1000))

    def decode(image, formats, **how):
        weak = sorted(set(formats) - SURE)
        side = len(image) - 1
        return tuple(
            SymbolFound(kind, f"{next(invented):012}", ((0, 0), (side, 0), (side, side), (0, side)))
            for kind in weak
            if side > 8
        )

    monkeypatch.setattr("vision.symbols.decode", decode)
    monkeypatch.setattr("vision.straight.decode", decode)
    rng = np.random.default_rng(7)
    taken = photograph(put(page(), FACES["code128"][1]), DOTS, Shot(), ground("plain", (900, 800), rng), rng)
    assert all_symbols(taken, ANY) == ()


def test_formats_are_those_that_were_asked_for():
    face = put(put(page(), FACES["code128"][1], top=160), FACES["qr"][1], 400)
    assert {symbol.symbology for symbol in all_symbols(face, frozenset({"qr"}))} == {"qr"}
    assert {symbol.symbology for symbol in whole(face, LABEL)} == {"code128", "qr"}
    assert {symbol.symbology for symbol in barcode.decode(face, {"code128"})} == {"code128"}


@pytest.mark.parametrize(
    ("symbology", "text", "form"),
    [
        ("ean8", "96385074", "EAN8"),
        ("upce", "0012345000065", "UPCE"),
        ("code93", "CODE93X", "Code93"),
        ("codabar", "A1234567B", "Codabar"),
        ("databar", "0101234567890128", "DataBarOmni"),
        ("databar", "01900123456789083103001750", "DataBarExp"),
        ("microqr", "12345", "MicroQRCode"),
        ("rmqr", "RMQR", "RMQRCode"),
    ],
)
@pytest.mark.parametrize("quarters", [0, 1])
def test_symbologies_of_shops_and_parcels(symbology, text, form, quarters):
    asked = {"UPCE": "01234565", "DataBarOmni": "01234567890128", "DataBarExp": "[01]90012345678908[3103]001750"}
    drawn = np.asarray(
        zxingcpp.create_barcode(asked.get(form, text), getattr(zxingcpp.BarcodeFormat, form)).to_image(scale=4), np.uint8
    )
    picture = np.ascontiguousarray(np.rot90(np.pad(drawn, 90, constant_values=255), quarters))
    assert [(symbol.symbology, symbol.text) for symbol in all_symbols(picture)] == [(symbology, text)]


def test_maxicode_upright():
    drawn = np.asarray(zxingcpp.create_barcode("MAXI 12", zxingcpp.BarcodeFormat.MaxiCode).to_image(scale=4), np.uint8)
    found = all_symbols(np.pad(drawn, 90, constant_values=255))
    assert [(symbol.symbology, symbol.text) for symbol in found] == [("maxicode", "MAXI 12")]


def test_a_weak_symbol_needs_both_decoders(monkeypatch):
    drawn = np.asarray(zxingcpp.create_barcode("96385074", zxingcpp.BarcodeFormat.EAN8).to_image(scale=4), np.uint8)
    monkeypatch.setattr(barcode, "pyzbar", None)
    assert all_symbols(np.pad(drawn, 90, constant_values=255)) == ()


@pytest.mark.parametrize("form", ["Aztec", "DataMatrix", "QRCode"])
def test_light_symbols_on_dark_ground(form):
    drawn = np.asarray(
        zxingcpp.create_barcode("TICKET 0042", getattr(zxingcpp.BarcodeFormat, form)).to_image(scale=5), np.uint8
    )
    assert [symbol.text for symbol in all_symbols(255 - np.pad(drawn, 90, constant_values=255))] == ["TICKET 0042"]
