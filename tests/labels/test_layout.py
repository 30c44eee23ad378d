import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from edge.labels.fields import LabelFields
from line_config.label_layout import DOTS_PER_MM, TEXT_FIELDS, LabelLayout, load_label_layout
from tests.labels.sample import FIELDS, LAYOUT, LAYOUT_FILE, LAYOUTS


def layout_data() -> dict[str, Any]:
    data = tomllib.loads(LAYOUT_FILE.read_text(encoding="utf-8"))
    data["privacy"] = tomllib.loads((LAYOUT_FILE.parent / data["privacy"]).read_text(encoding="utf-8"))
    return data


def test_the_shipped_layout_is_100_by_150_mm_at_8_dots_per_mm():
    assert LAYOUT.size_dots == (800, 1200)
    assert LAYOUT.fonts.index == 2  # Simplified Chinese, not Japanese shapes


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.stem)
def test_every_shipped_layout_is_what_its_name_says(path):
    layout = load_label_layout(path)
    _, size, dpi = path.stem.split("_")
    assert f"{layout.width_mm:g}x{layout.height_mm:g} {layout.dpi}" == f"{size} {dpi}"
    assert layout.size_dots == tuple(int(side) * DOTS_PER_MM[int(dpi)] for side in size.split("x"))


def test_three_sizes_at_two_resolutions_are_shipped():
    assert len(LAYOUTS) == 6


def test_a_layout_that_extends_another_takes_all_that_it_does_not_say(tmp_path):
    (tmp_path / "mine.toml").write_text(f'extends = "{LAYOUT_FILE}"\nname = "mine"\n', encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="gbt_41833"):  # what it names lies beside it
        load_label_layout(tmp_path / "mine.toml")
    (tmp_path / "gbt_41833.toml").write_bytes((LAYOUT_FILE.parent / "gbt_41833.toml").read_bytes())
    assert load_label_layout(tmp_path / "mine.toml") == LAYOUT.model_copy(update={"name": "mine"})


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
        (lambda data: data["printer"].update(mode="fold"), "mode"),
        (lambda data: data["privacy"]["names"].update(hidden_min=0), "hidden_min"),
        (lambda data: data["privacy"]["addresses"].update(hide=["(室"]), "no regular expression"),
        (lambda data: data["privacy"]["never"].update(plate="[A-"), "no regular expression"),
        (lambda data: data.pop("privacy"), "privacy"),
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
