import re

import pytest
from pydantic import ValidationError

from line_config.document_layout import DocumentLayout, load_document_layout, standard_layouts

GOOD = standard_layouts()[1].model_dump()


def test_the_layouts_that_come_with_the_product():
    assert [layout.kind for layout in standard_layouts()] == ["a4", "resident_id", "passport"]


@pytest.mark.parametrize(
    ("kind", "number"), [("a4", "A40000012345"), ("resident_id", "11010519491231002X"), ("passport", "E12345678")]
)
def test_patterns_know_their_numbers(kind, number):
    layout = next(layout for layout in standard_layouts() if layout.kind == kind)
    assert re.fullmatch(layout.pattern, number)
    assert set(number) <= set(layout.alphabet)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"colour": "red"}, "Extra inputs"),
        ({"kind": "Resident ID"}, "kind"),
        ({"reader": "guess"}, "number_line"),
        ({"pattern": "("}, "is not a regular expression"),
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
