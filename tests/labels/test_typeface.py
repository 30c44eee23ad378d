from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.labels.fields import LabelError
from edge.labels.typeface import Face, typeface
from tests.labels.sample import LAYOUT

FACE = typeface(LAYOUT.fonts.regular, LAYOUT.fonts.index)


def test_text_stands_at_its_full_size_when_there_is_room():
    assert FACE.fit("样例路8号", 640, 248, 48, 24) == (("样例路8号",), 48)


def test_long_text_wraps_first_and_shrinks_then():
    wrapped = FACE.fit("样例路" * 8, 640, 248, 48, 24)
    shrunk = FACE.fit("样例路" * 25, 640, 248, 48, 24)
    assert wrapped is not None
    assert len(wrapped.lines) == 2
    assert wrapped.size_dots == 48
    assert shrunk is not None
    assert 24 <= shrunk.size_dots < 48
    assert "".join(shrunk.lines) == "样例路" * 25


def test_what_cannot_fit_is_refused():
    assert FACE.fit("样例路" * 200, 640, 248, 48, 24) is None
    assert FACE.fit("A" * 200, 640, 248, 48, 24) is None


def test_a_number_is_never_broken_and_a_full_stop_never_begins_a_line():
    fitted = FACE.fit("样例样例样例样例样例样12345号。", 580, 248, 48, 48)
    assert fitted is not None
    assert fitted.lines == ("样例样例样例样例样例样", "12345号。")
    stop = FACE.fit("样例样例样例样例样例样例。", 580, 248, 48, 48)
    assert stop is not None
    assert stop.lines == ("样例样例样例样例样例样", "例。")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="样例测试路号，。 AB12-", min_size=1, max_size=80))
def test_fitted_text_is_whole_and_inside_its_box(text):
    fitted = FACE.fit(text, 400, 200, 48, 20)
    if fitted is None:
        return
    assert "".join(fitted.lines).replace(" ", "") == text.replace(" ", "")
    assert all(FACE.length(line, fitted.size_dots) <= 400 for line in fitted.lines)
    assert len(fitted.lines) * fitted.line_height_dots <= 200


@pytest.mark.parametrize(("char", "code"), [("\ue863", "U\\+E863"), ("\n", "U\\+000A"), ("\U0002ebf0", "U\\+2EBF0")])
def test_a_character_without_a_glyph_is_named(char, code):
    with pytest.raises(LabelError, match=f"address has the character {code}"):
        FACE.require(f"样{char}例", "address")


def test_rare_characters_that_the_font_has_are_taken():
    FACE.require("㐂𠮷龘〇", "name")


def test_a_missing_font_says_what_to_install():
    with pytest.raises(LabelError, match="fonts-noto-cjk"):
        typeface(Path("/nowhere/font.ttc"), 2)


def test_index_2_is_the_simplified_chinese_face():
    assert Face(LAYOUT.fonts.regular, 2).at(20).getname()[0] == "Noto Sans CJK SC"


RARE = typeface(LAYOUT.fonts.regular, LAYOUT.fonts.index, LAYOUT.fonts.fallback)
needs_hanazono = pytest.mark.skipif(
    not LAYOUT.fonts.fallback[0].is_file(), reason="fonts-hanazono is missing: apt-get install fonts-hanazono"
)
B, C, D, E, F, G = (chr(code) for code in (0x2A6D6, 0x2B730, 0x2B81D, 0x2CEA1, 0x2EBE0, 0x3000A))


@needs_hanazono
@pytest.mark.parametrize("char", [B, C, D, E, F])
def test_a_rare_ideograph_is_drawn_in_the_font_that_has_it(char):
    RARE.require(f"样{char}例", "name")
    runs = list(RARE.runs(f"样{char}例", 40))
    assert [run.text for run in runs] == ["样", char, "例"]
    assert [run.font.getname()[0] for run in runs] == ["Noto Sans CJK SC", "HanaMinB", "Noto Sans CJK SC"]
    assert RARE.length(f"样{char}例", 40) == sum(run.width_dots for run in runs) == 120
    with pytest.raises(LabelError, match=f"U\\+{ord(char):04X}"):
        FACE.require(char, "name")


@pytest.mark.parametrize("char", [G, "\ue863", "\U000f0001", "\u200b", "\ufffd", "😀"])
def test_what_is_no_ideograph_or_in_no_font_is_named_in_spite_of_the_fallback(char):
    with pytest.raises(LabelError, match=f"U\\+{ord(char):04X}"):
        RARE.require(char, "name")


def test_a_fallback_that_is_not_installed_is_passed_over():
    face = typeface(LAYOUT.fonts.regular, 2, (Path("/nowhere/rare.ttf"),))
    face.warm_up()
    with pytest.raises(LabelError, match="U\\+2A6D6"):
        face.require(B, "name")


def test_no_line_ends_with_an_opening_sign():
    fitted = FACE.fit("样例样例样例样例样例（样例）（", 528, 248, 48, 48)
    assert fitted is not None
    assert fitted.lines == ("样例样例样例样例样例", "（样例）（")
