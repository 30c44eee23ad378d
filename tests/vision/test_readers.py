from dataclasses import replace

import numpy as np
import pytest

from simulators import specimens
from simulators.documents import render_document
from simulators.specimen_folder import GUIDED
from simulators.specimens import make_specimen
from simulators.zones import mrz_td3
from tests.vision.synthetic import KINDS, LAYOUTS, document
from vision.barcode import SymbolFound
from vision.locate import Outline
from vision.messages import ACCEPTED, Flag
from vision.mrz import mrz_value
from vision.ocr import Line
from vision.readers import BLIND_CHANCE_MAX, DocumentReader, best, blind_chance, judge_line, slots_of, symbols_reading

ALL = ACCEPTED | Flag.CONFIDENT


@pytest.fixture(scope="module")
def reader():
    made = DocumentReader(list(LAYOUTS.values()))
    made.warm_up()
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("severity", [0, 1])
def test_good_frames_are_read_right(reader, kind, severity):
    for seed in range(5):
        facts = document(kind, seed)
        for frame in render_document(facts, seed=seed, severity=severity):
            reading = reader.read(frame)
            assert (reading.kind, reading.value, reading.accepted) == (kind, facts.number, True)


@pytest.mark.parametrize("kind", KINDS)
def test_ruined_frames_are_never_accepted(reader, kind):
    for seed in range(5):
        for frame in render_document(document(kind, seed), seed=seed, severity=3):
            reading = reader.read(frame)
            assert not reading.accepted
            assert reading.kind or reading.reason


@pytest.mark.parametrize("kind", KINDS)
def test_doubtful_frames_are_never_accepted_wrong(reader, kind):
    for seed in range(4):
        facts = document(kind, seed)
        for frame in render_document(facts, seed=seed, severity=2):
            reading = reader.read(frame)
            assert not reading.accepted or reading.value == facts.number


def test_an_empty_belt_and_a_foreign_shape(reader):
    belt = np.full((1024, 1280), 45, np.uint8)
    assert reader.read(belt).reason == "empty_belt"
    belt[300:800, 400:900] = 220
    assert reader.read(belt).reason == "unknown_outline"


@pytest.mark.parametrize("kind", ["resident_id", "passport", "hk_macau_permit"])
@pytest.mark.parametrize("quarters", [0, 1])
def test_a_back_without_print_is_named(reader, kind, quarters):
    frame = render_document(make_specimen(kind, 1), seed=1, frames=1, quarters=quarters, back=True)[0]
    reading = reader.read(frame)
    assert (reading.kind, reading.reason) == (None, "wrong_side")


@pytest.mark.parametrize("kind", sorted(set(specimens.KINDS) - GUIDED))
def test_every_kind_is_read_whichever_way_it_lies(reader, kind):
    for quarters in range(4):
        specimen = make_specimen(kind, quarters)
        skew_deg = (-15.0, 7.0, 15.0, 0.0)[quarters]
        frame = render_document(specimen, seed=2, severity=1, frames=1, quarters=quarters, skew_deg=skew_deg)[0]
        reading = reader.read(frame)
        assert (reading.kind, reading.value, reading.accepted) == (kind, specimen.number, True)
        assert reading.second in ("", f"{specimen.birth:%y%m%d}", f"{specimen.birth:%Y%m%d}")
        assert bool(reading.second) == bool(LAYOUTS[kind].second_field)


@pytest.mark.parametrize("kind", sorted(GUIDED))
def test_what_reaches_beyond_the_frame_is_read_by_its_symbol(reader, kind):
    specimen = make_specimen(kind, 4)
    reading = reader.read(render_document(specimen, seed=4, severity=1, frames=1)[0])
    assert (reading.kind, reading.value, reading.accepted) == (kind, specimen.number, True)


def test_two_kinds_that_are_both_proved_prove_nothing():
    twin = LAYOUTS["resident_id"].model_copy(update={"kind": "twin"})
    frame = render_document(document("resident_id", 1), seed=1, frames=1)[0]
    reading = DocumentReader([LAYOUTS["resident_id"], twin]).read(frame)
    assert (reading.kind, reading.reason) == (None, "ambiguous_kind")


def test_the_value_does_not_show_in_a_repr(reader):
    facts = document("a4", 1)
    assert facts.number not in repr(reader.read(render_document(facts, seed=1)[0]))


PLACE = Outline(np.array([(0, 0), (9, 0), (9, 9), (0, 9)], np.float64), whole=True)
TD3 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"  # ICAO 9303 part 4, appendix A


@pytest.mark.parametrize(
    ("kind", "text", "confidence", "flags"),
    [
        ("resident_id", "11010519491231002X", 0.99, ALL),
        ("resident_id", "11010519491231002X", 0.94, ACCEPTED),
        ("resident_id", "110105194912310021", 0.94, Flag.SYNTAX | Flag.DATES),
        ("resident_id", "110105194913310022", 0.94, Flag.SYNTAX),
        ("resident_id", "810000199408230021", 0.94, Flag.CHECK_DIGIT | Flag.DATES),
        ("passport", TD3, 0.94, Flag.CHECK_DIGIT | Flag.DATES),
        ("travel_document_td2", "D231458907UTO7408122F1204159<<<<<<<6", 0.99, ALL),
        ("travel_document_td2", "D231458907UTO7408122F1204159<<<<<<<7", 0.99, ALL & ~Flag.CHECK_DIGIT),
        ("travel_document_td2", "D231458907UTO7402302F1204159<<<<<<<6", 0.99, Flag.SYNTAX | Flag.CONFIDENT),
    ],
)
def test_flags_are_what_the_text_proves(kind, text, confidence, flags):
    assert judge_line(Line(text, confidence), PLACE, LAYOUTS[kind]).flags == flags


@pytest.mark.parametrize("text", ["", "0" * 18, "11010519491231002"])
def test_a_text_that_proves_nothing_is_not_read(text):
    assert judge_line(Line(text, 0.99), PLACE, LAYOUTS["passport"]).reason == "no_number"


@pytest.mark.parametrize(
    ("number", "nationality", "kind"),
    [
        ("E12345678", "CHN", "passport"),
        ("E12345678", "UTO", "travel_document_td3"),
        ("EA1234567", "D", "travel_document_td3"),
        ("K12345678", "CHN", "travel_document_td3"),
        ("MA1234567", "CHN", "travel_document_td3"),
        ("L898902C3", "UTO", "travel_document_td3"),
    ],
)
def test_a_passport_is_of_one_kind_by_number_and_state(number, nationality, kind):
    facts = replace(make_specimen("travel_document_td3", 1), number=number, nationality=nationality)
    line = Line(mrz_td3(facts)[1], 0.99)
    readings = [judge_line(line, PLACE, LAYOUTS[one]) for one in ("passport", "travel_document_td3")]
    assert [reading.kind for reading in readings if reading.accepted] == [kind]
    assert best(readings).value == number


@pytest.mark.parametrize("nationality", ["CHM", "CMN", "OHN", "CHE"])
def test_a_number_of_the_chinese_form_and_nearly_the_state_are_of_neither_kind(nationality):
    """No check digit covers the state."""
    facts = replace(make_specimen("travel_document_td3", 1), number="GN9009704", nationality=nationality)
    readings = [judge_line(Line(mrz_td3(facts)[1], 0.99), PLACE, LAYOUTS[one]) for one in ("passport", "travel_document_td3")]
    assert not any(reading.accepted for reading in readings)


def symbol(symbology, text, *, confirmed=False):
    return SymbolFound(symbology, text, ((0, 0), (9, 0), (9, 9), (0, 9)), confirmed)


@pytest.mark.parametrize(
    ("symbols", "flags"),
    [
        ([symbol("qr", "A40000000001"), symbol("code128", "A40000000001")], ALL),
        ([symbol("qr", "A40000000001", confirmed=True)], ALL),
        ([symbol("qr", "A40000000001")], ACCEPTED),
        ([symbol("qr", "A40000000001"), symbol("code128", "https://example")], ACCEPTED),
    ],
)
def test_symbols_of_a_sheet(symbols, flags):
    reading = symbols_reading(symbols, LAYOUTS["a4"])
    assert reading is not None
    assert (reading.value, reading.flags) == ("A40000000001", flags)


@pytest.mark.parametrize("texts", [[], ["A4000000001"], ["A40000000001", "A40000000002"], ["A40000000001\n"]])
def test_no_number_strange_numbers_or_two_numbers(texts):
    assert symbols_reading([symbol("qr", text) for text in texts], LAYOUTS["a4"]) is None


def seen(text, layout, **doubts):
    """A line of which each character was surely seen, but for `doubts`: at a place (as "n5"), another and its chance."""
    slots = [slot for line in slots_of(layout) for slot in line]
    chances = [np.array([float(other == char) for other in slot], np.float32) for char, slot in zip(text, slots, strict=True)]
    for at, (other, chance) in doubts.items():
        chances[int(at[1:])][slots[int(at[1:])].index(other)] = chance
    return Line(text, 0.96, tuple(chances))


def test_what_no_check_digit_sees_must_have_been_seen_clearly():
    layout, specimen = LAYOUTS["passport"], replace(make_specimen("passport", 3), number="EG1234567")
    line, outline = mrz_td3(specimen)[1], Outline(np.zeros((4, 2)), whole=True)
    reading = judge_line(seen(line, layout, n1=("6", 0.4)), outline, layout)
    assert (reading.value, Flag.CHECK_DIGIT in reading.flags) == ("EG1234567", False)
    for others in ({}, {"n1": ("6", BLIND_CHANCE_MAX / 2)}, {"n1": ("C", 0.4)}, {"n15": ("9", 0.4)}):
        assert judge_line(seen(line, layout, **others), outline, layout).flags == ALL
    assert blind_chance(Line(line, 1.0), layout) == 0.0, "who keys it in is not asked"
    number = LAYOUTS["resident_id"]
    assert blind_chance(seen("11010519491231002X", number, n0=("7", 0.4)), number) == 0.0, "MOD 11-2 sees every character"


def test_first_letters_of_passports_all_differ_for_the_check_digit():
    letters = slots_of(LAYOUTS["passport"])[0][0]
    assert len({mrz_value(letter) % 10 for letter in letters}) == len(letters)
