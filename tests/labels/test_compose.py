import zlib
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageChops

from edge.labels.codes import QUIET_CODE128, QUIET_QR, code128_modules, module_dots_min, qr_modules
from edge.labels.compose import compose
from edge.labels.fields import LabelError
from line_config.label_layout import load_label_layout
from tests.labels.sample import FIELDS, LAYOUT, LAYOUTS

GOLDEN = Path(__file__).parent / "golden" / "ems_100x150_203.png"


def read(bitmap: Image.Image) -> set[tuple[str, str]]:
    return {(str(symbol.format), symbol.text) for symbol in zxingcpp.read_barcodes(ImageChops.invert(bitmap).convert("L"))}


def dots(bitmap: Image.Image) -> np.ndarray:
    return np.array(bitmap, dtype=bool)


def test_the_label_is_the_golden_one_dot_by_dot(tmp_path):
    bitmap = compose(LAYOUT, FIELDS)
    seen = tmp_path / GOLDEN.name
    ImageChops.invert(bitmap).save(seen)
    with Image.open(GOLDEN) as golden:
        difference = ImageChops.difference(golden.convert("1"), ImageChops.invert(bitmap)).getbbox()
    assert difference is None, (
        f"the label changed within {difference}; look at {seen} and make it the golden one if it is right"
    )


def test_both_symbols_read_and_carry_number_and_print_id():
    assert read(compose(LAYOUT, FIELDS)) == {("Code 128", FIELDS.tracking_number), ("QR Code", FIELDS.payload_qr)}


@pytest.mark.parametrize("print_id", [1, 9_999_999, 4_294_967_295])
def test_every_print_id_makes_its_own_label(print_id):
    payload = f"{FIELDS.tracking_number};{print_id}"
    assert ("QR Code", payload) in read(compose(LAYOUT, msgspec.structs.replace(FIELDS, payload_qr=payload)))


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.stem)
def test_symbols_stand_in_whole_modules_within_their_quiet_zones(path):
    layout = load_label_layout(path)
    bitmap = dots(compose(layout, FIELDS))
    box = layout.code128
    top, left, right = (layout.dots(mm) for mm in (box.y_mm, box.x_mm, box.x_mm + box.width_mm))
    row = bitmap[top + 5, left:right]
    black = np.flatnonzero(row)
    modules = code128_modules(FIELDS.tracking_number)
    module_dots, rest = divmod(int(black[-1] - black[0] + 1), len(modules))
    assert (rest, module_dots >= module_dots_min(layout)) == (0, True)
    assert black[0] >= QUIET_CODE128 * module_dots
    assert len(row) - 1 - black[-1] >= QUIET_CODE128 * module_dots
    assert row[black[0] : black[-1] + 1].reshape(len(modules), module_dots).all(axis=1).tolist() == modules

    box = layout.qr
    top, left = layout.dots(box.y_mm), layout.dots(box.x_mm)
    area = bitmap[top : top + layout.dots(box.height_mm), left : left + layout.dots(box.width_mm)]
    rows, columns = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    side = len(qr_modules(FIELDS.payload_qr, box.error_level))
    module_dots = int(columns[-1] - columns[0] + 1) // side
    assert module_dots >= module_dots_min(layout)
    assert min(rows[0], columns[0], area.shape[0] - 1 - rows[-1], area.shape[1] - 1 - columns[-1]) >= QUIET_QR * module_dots


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("address", ["样例路g8号，jqy（测试）" * 5, "Ångström Éléphant Road jqygp " * 3, "一"])
def test_no_text_leaves_its_box_and_every_symbol_reads(path, address):
    layout = load_label_layout(path)
    name = "\U0002ebe0*" if layout.fonts.fallback[0].is_file() else "测*"
    bitmap = compose(layout, msgspec.structs.replace(FIELDS, address=address, name=name, product="EMS gjqy Å"))
    assert read(bitmap) == {("Code 128", FIELDS.tracking_number), ("QR Code", FIELDS.payload_qr)}
    left_over = dots(bitmap)
    for box in (*layout.texts, *layout.rules, layout.code128, layout.qr):
        left, top = layout.dots(box.x_mm), layout.dots(box.y_mm)
        left_over[top : top + layout.dots(box.height_mm), left : left + layout.dots(box.width_mm)] = False
    assert not left_over.any()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"address": "样例路" * 200}, "does not fit"),
        ({"address": "样例\ue000路"}, "U\\+E000"),
        ({"name": "测试"}, "GB/T 41833"),
        ({"address": "样例路8号405室"}, "unit or room"),
        ({"sender_unit": "样例局 13900001234"}, "a phone number"),
        ({"payload_qr": "EA987654321CN;7"}, "differ"),
        ({"tracking_number": "号1", "payload_qr": "号1;7"}, "not printable ASCII"),
        ({"tracking_number": "", "payload_qr": ";7"}, "not printable ASCII"),
        ({"tracking_number": "E" * 40, "payload_qr": "E" * 40 + ";7"}, "Code 128 needs"),
        ({"payload_qr": "EA123456785CN;" + "7" * 1000}, "the QR needs"),
        ({"payload_qr": "EA123456785CN;" + "7" * 9000}, "the QR"),
    ],
)
def test_what_cannot_be_printed_right_is_refused(change, says):
    with pytest.raises(LabelError, match=says):
        compose(LAYOUT, msgspec.structs.replace(FIELDS, **change))


def test_texts_in_rows_of_two_dots_lose_no_dot_and_leave_the_symbols_as_they_are():
    layout = load_label_layout(LAYOUTS[0].parent / "ems_100x150_300.toml")
    fine, rows = (dots(compose(layout.model_copy(update={"text_row_dots": height}), FIELDS)) for height in (1, 2))
    assert layout.text_row_dots == 2
    assert not (fine & ~rows).any()
    for box in (layout.code128, layout.qr):
        left, top = layout.dots(box.x_mm), layout.dots(box.y_mm)
        place = np.s_[top : top + layout.dots(box.height_mm), left : left + layout.dots(box.width_mm)]
        assert (fine[place] == rows[place]).all()
    assert len(zlib.compress(np.packbits(rows, axis=1))) < 0.75 * len(zlib.compress(np.packbits(fine, axis=1)))
