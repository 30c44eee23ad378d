import numpy as np
import pytest

from simulators.documents import render_document
from tests.vision.synthetic import KINDS, LAYOUTS, document
from vision.barcode import SymbolFound
from vision.messages import ACCEPTED, Flag
from vision.mrz import check_digit
from vision.readers import DocumentReader, judge_id_number, judge_mrz, symbols_reading

ALL = ACCEPTED | Flag.CONFIDENT


@pytest.fixture(scope="module")
def reader():
    made = DocumentReader(list(LAYOUTS.values()))
    made.warm_up()
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("severity", [0, 1])
def test_good_frames_are_read_right_and_surely(reader, kind, severity):
    for seed in range(5):
        facts = document(kind, seed)
        for frame in render_document(facts, seed=seed, severity=severity):
            reading = reader.read(frame)
            assert (reading.kind, reading.value, reading.flags) == (kind, facts.number, ALL)


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
    belt[300:800, 400:700] = 220
    assert reader.read(belt).reason == "unknown_outline"


def test_a_card_without_a_number_is_unread(reader):
    belt = np.full((1024, 1280), 45, np.uint8)
    belt[200:686, 200:970] = 225
    reading = reader.read(belt)
    assert (reading.kind, reading.reason) == (None, "no_contrast")


def test_the_value_does_not_show_in_a_repr(reader):
    facts = document("a4", 1)
    assert facts.number not in repr(reader.read(render_document(facts, seed=1)[0]))


def test_flags_of_an_identity_number():
    pattern = LAYOUTS["resident_id"].pattern
    assert judge_id_number("11010519491231002X", pattern) == ("11010519491231002X", ACCEPTED)
    assert judge_id_number("110105194912310021", pattern)[1] == Flag.SYNTAX | Flag.DATES
    assert judge_id_number("110105194913310022", pattern)[1] & Flag.DATES == 0
    assert judge_id_number("0" * 18, pattern) == ("", Flag(0))


def test_flags_of_a_machine_readable_zone():
    pattern = LAYOUTS["passport"].pattern
    body = (
        "E12345678"
        + check_digit("E12345678")
        + "CHN"
        + "900101"
        + check_digit("900101")
        + "F"
        + "300101"
        + check_digit("300101")
    )
    personal = "<" * 15
    line = body + personal + check_digit(body[:10] + body[13:20] + body[21:28] + personal)
    assert judge_mrz(line, pattern) == ("E12345678", ACCEPTED)
    assert judge_mrz(line[:-1] + str((int(line[-1]) + 1) % 10), pattern)[1] == Flag.SYNTAX | Flag.DATES
    assert judge_mrz(line, "^never$")[1] == Flag.CHECK_DIGIT | Flag.DATES
    assert judge_mrz(line[:-1], pattern) == ("", Flag(0))


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
