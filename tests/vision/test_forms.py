"""The table of forms against the standard's own specimens, and against zones that the simulators make by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.specimens import make_specimen
from simulators.zones import READ_LINE, ZONES
from vision.forms import FORMS, Form, parse
from vision.mrz import ANY, check_digit, mrz_value

# ICAO 9303 parts 4, 6 and 5, appendices: the specimens.
TD3 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD2 = "D231458907UTO7408122F1204159<<<<<<<6"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<" + "7408122F1204159UTO<<<<<<<<<<<6"
ID = "11010519491231002X"
SPECIMENS = {
    "mrz_td3": (TD3, "L898902C3"), "mrz_td2": (TD2, "D23145890"), "mrz_td1": (TD1, "D23145890"), "number_line": (ID, ID),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIMENS)
def test_specimens_prove_themselves(name):
    text, number = SPECIMENS[name]
    parsed = parse(FORMS[name], text)
    assert parsed is not None
    assert (parsed.number, parsed.checked, parsed.dated) == (number, True, True)
    assert parsed.birth == ("" if name == "number_line" else "740812")
    assert parsed.expiry == ("" if name == "number_line" else "120415")


KIND = {
    "number_line": "resident_id", "permit_line": "hk_macau_permit", "mrz_td1": "travel_document_td1",
    "mrz_td2": "travel_document_td2", "mrz_td3": "passport",
}  # fmt: skip


def zone(name: str, seed: int) -> tuple[str, str]:
    """The lines that are read of a specimen's zone, and its number."""
    specimen = make_specimen(KIND[name], seed)
    first = READ_LINE.get(name, 0)
    lines = ZONES[name](specimen)[first : first + len(FORMS[name].lines)]
    return "".join(lines), specimen.number


@pytest.mark.parametrize("name", KIND)
@pytest.mark.parametrize("seed", range(30))
def test_zones_of_the_simulators_are_right(name, seed):
    text, number = zone(name, seed)
    parsed = parse(FORMS[name], text)
    assert parsed is not None
    assert (parsed.number, parsed.checked, parsed.dated) == (number, True, True)


@pytest.mark.parametrize("name", KIND)
def test_a_wrong_character_under_a_check_digit_is_always_seen(name):
    text, _ = zone(name, 3)
    form = FORMS[name]
    for at, slot in enumerate(slot for line in form.lines for slot in line):
        others = [char for char in slot if mrz_value(char) % 10 != mrz_value(text[at]) % 10]
        for char in others[:3]:
            parsed = parse(form, text[:at] + char + text[at + 1 :])
            assert parsed is not None
            assert not parsed.checked or not _covered(name, at), (name, at, char)


def _covered(name: str, at: int) -> bool:
    """Nationality, sex, document type and issuer have no check digit (ICAO 9303 part 3, 4.9)."""
    free = {
        "mrz_td3": {*range(10, 13), 20}, "mrz_td2": {*range(10, 13), 20}, "mrz_td1": {*range(5), 37, *range(45, 48)},
        "permit_line": {0, 1},
    }  # fmt: skip
    return at not in free.get(name, set())


def test_an_unused_personal_number_may_have_filler_or_nought_as_check_digit():
    for filler in "<0":
        body = TD3[:28] + "<" * 14 + filler
        text = body + check_digit(body[:10] + body[13:20] + body[21:43])
        parsed = parse(FORMS["mrz_td3"], text)
        assert parsed is not None
        assert parsed.checked


@pytest.mark.parametrize("name", SPECIMENS)
def test_what_has_another_length_or_an_impossible_character_is_none_of_it(name):
    text, _ = SPECIMENS[name]
    for other in ("", text[:-1], text + "0", text.lower() if name != "number_line" else "A" * 18, "#" * len(text)):
        assert parse(FORMS[name], other) is None


@given(st.sampled_from(sorted(FORMS)), st.text(ANY, max_size=61))
def test_any_text_is_parsed_or_refused(name, text):
    form: Form = FORMS[name]
    parsed = parse(form, text)
    assert parsed is None or len(text) == sum(map(len, form.lines))
