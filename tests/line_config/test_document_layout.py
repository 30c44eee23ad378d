import re

import pytest
from pydantic import ValidationError

from line_config.document_layout import DocumentLayout, load_document_layout, standard_layouts

GOOD = next(layout for layout in standard_layouts() if layout.kind == "resident_id").model_dump()


NUMBERS = [
    ("a4", "A40000012345"),
    ("book", "9781234567897"),
    ("driving_licence", "11010519491231002X"),
    ("hk_macau_permit", "C12345678"),
    ("hk_macau_permit", "CA1234567"),
    ("hmt_residence_permit", "810000199408230021"),
    ("household_register", "11010519491231002X"),
    ("passport", "E12345678"),
    ("passport", "EL1234567"),
    ("residence_permit", "11010519491231002X"),
    ("resident_id", "11010519491231002X"),
    ("taiwan_permit", "L12345678"),
    ("travel_document_td1", "D23145890"),
    ("travel_document_td2", "D23145890"),
    ("travel_document_td3", "L898902C3"),
    ("travel_document_td3", "340020013"),
    ("vehicle_plate", "P000000012345"),
]


def test_the_layouts_that_come_with_the_product():
    assert [layout.kind for layout in standard_layouts()] == sorted({kind for kind, _ in NUMBERS})


@pytest.mark.parametrize(("kind", "number"), NUMBERS)
def test_patterns_know_their_numbers(kind, number):
    layout = next(layout for layout in standard_layouts() if layout.kind == kind)
    assert re.fullmatch(layout.pattern, number)
    assert set(number) <= set(layout.alphabet)
    assert all(char in slot for char, slot in zip(number, layout.number_slots, strict=False))


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("resident_id", "810000199408230021"),
        ("hk_macau_permit", "CI1234567"),
        ("taiwan_permit", "C12345678"),
        ("passport", "L898902C3"),
    ],
)
def test_patterns_do_not_know_the_numbers_of_others(kind, number):
    layout = next(layout for layout in standard_layouts() if layout.kind == kind)
    assert not re.fullmatch(layout.pattern, number)


def test_the_next_line_lies_a_step_lower():
    layout = next(layout for layout in standard_layouts() if layout.kind == "travel_document_td1")
    assert layout.line(0) == layout
    assert layout.line(1).line_mm.y == pytest.approx(layout.line_mm.y + 6.35)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"colour": "red"}, "Extra inputs"),
        ({"kind": "Resident ID"}, "kind"),
        ({"reader": "guess"}, "number_line"),
        ({"pattern": "("}, "is not a regular expression"),
        ({"places": "dz"}, "String should match pattern"),
        ({"symbologies": ["qr"]}, "only for it"),
        ({"reader": "symbols"}, "symbologies: name them"),
        ({"confidence_min_permille": 1001}, "less than or equal to 1000"),
        ({"confidence_min_permille": "700"}, "valid integer"),
        ({"skeleton_classes": ["0O", "OQ"]}, "stands in two classes"),
        ({"line_mm": {"x": 40.0, "y": 43.0, "width": 50.0, "height": 5.0}}, "beyond size_mm"),
        ({"size_mm": {"width": -1.0, "height": 54.0}}, "greater than 0"),
    ],
)
def test_faults_are_named(change, fault):
    with pytest.raises(ValidationError, match=re.escape(fault)):
        DocumentLayout.model_validate(GOOD | change)


def test_a_file_that_is_no_toml(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("kind = ")
    with pytest.raises(ValueError, match="Invalid value"):
        load_document_layout(path)
