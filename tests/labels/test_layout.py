import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from edge.labels.fields import LabelFields
from line_config.label_layout import TEXT_FIELDS, LabelLayout, load_label_layout
from tests.labels.sample import FIELDS, LAYOUT, LAYOUT_FILE


def layout_data() -> dict[str, Any]:
    return tomllib.loads(LAYOUT_FILE.read_text(encoding="utf-8"))


def test_the_shipped_layout_is_100_by_150_mm_at_8_dots_per_mm():
    assert LAYOUT.size_dots == (800, 1200)
    assert LAYOUT.fonts.index == 2  # Simplified Chinese, not Japanese shapes


def test_a_layout_can_name_exactly_the_fields_of_a_label():
    assert set(FIELDS.texts()) == TEXT_FIELDS
    assert set(LabelFields.__struct_fields__) - {"payload_qr"} == TEXT_FIELDS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: data.update(colour="red"), "colour"),
        (lambda data: data.update(dpi=204), "dpi"),
        (lambda data: data["texts"][0].update(text="{phone_full}"), "phone_full"),
        (lambda data: data["texts"][0].update(text="{chute:>9}"), "written bare"),
        (lambda data: data["texts"][0].update(size_min_mm=8), "size_min_mm ≤ size_mm"),
        (lambda data: data["qr"].update(x_mm=90), "qr reaches beyond the label"),
        (lambda data: data["texts"][2].update(height_mm=30), "code128 and texts.2 overlap"),
        (lambda data: data["rules"][0].update(y_mm=30), "code128 and rules.0 overlap"),
        (lambda data: data["printer"].update(darkness=31), "darkness"),
        (lambda data: data.pop("qr"), "qr"),
    ],
)
def test_a_wrong_layout_is_refused_and_the_fault_named(change, says):
    data = layout_data()
    change(data)
    with pytest.raises(ValidationError, match=says):
        LabelLayout.model_validate(data)


def test_broken_toml_is_not_swallowed(tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text("name = ", encoding="utf-8")
    with pytest.raises(tomllib.TOMLDecodeError):
        load_label_layout(file)
