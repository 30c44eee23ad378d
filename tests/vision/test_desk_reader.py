"""The desk's reader: what an entry, a scan or a picture proves, and that no number comes out of it."""

import json
from collections.abc import Iterator

import pytest
from PIL import Image

from line_config.document_layout import standard_layouts
from simulators import tokens as central
from simulators.documents import render_document
from simulators.specimens import make_specimen
from simulators.zones import mrz_td3
from tests.vision.synthetic import KINDS, LAYOUTS, SITE_KEY, document
from vision.desk_reader import entered, main
from vision.messages import Flag

ALL = Flag.SYNTAX | Flag.CHECK_DIGIT | Flag.DATES | Flag.CONFIDENT
FILES = [f"line_config/documents/{kind}.toml" for kind in KINDS]


def twice(text: str, second: str | None = None):
    return entered([text, text if second is None else second], [LAYOUTS[kind] for kind in KINDS])


def test_a_resident_number_proves_itself():
    number = document("resident_id", 1).number
    assert (twice(number).kind, twice(number).value, twice(number).flags) == ("resident_id", number, ALL)
    assert twice(f"  {number.lower()}\n").flags == ALL
    last = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert Flag.CHECK_DIGIT not in twice(last).flags


def test_a_passport_needs_its_whole_line():
    facts = document("passport", 1)
    line = mrz_td3(facts)[1]
    assert (twice(line).kind, twice(line).value, twice(line).flags) == ("passport", facts.number, ALL)
    assert twice(facts.number).reason == "no_number"


@pytest.mark.parametrize("kind", ["passport", "travel_document_td3"])
def test_a_line_that_is_keyed_in_is_of_the_kind_that_it_proves(kind):
    facts = make_specimen(kind, 1)
    reading = entered([mrz_td3(facts)[1]] * 2, standard_layouts())
    assert (reading.kind, reading.value, reading.flags) == (kind, facts.number, ALL)


def test_a_code_counts_only_when_a_scanner_says_that_it_was_one():
    number = document("a4", 1).number
    assert twice("]Q1" + number).flags == ALL
    assert twice("]C0" + number, "]C0" + number).value == number
    assert Flag.CHECK_DIGIT not in twice(number).flags


@pytest.mark.parametrize(("first", "second", "reason"), [
    ("A40000000001", "A40000000002", "entries_differ"),
    ("]Q1A40000000001", "A40000000001", "entries_differ"),
    ("", "", "no_number"),
    ("nonsense", "nonsense", "no_number"),
    ("A4０000000001", "A4０000000001", "no_number"),
])  # fmt: skip
def test_what_proves_nothing(first, second, reason):
    reading = twice(first, second)
    assert (reading.kind, reading.reason) == (None, reason)


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "site.key"
    path.write_bytes(SITE_KEY)
    return path


def run(capsys, key, *more, answers: Iterator[str] | None = None):
    code = main(["--layouts", *FILES, "--site-key", str(key), *more], ask=lambda _: next(answers or iter(())))
    return code, capsys.readouterr().out


def test_only_tokens_come_out(capsys, key):
    number = document("resident_id", 3).number
    code, out = run(capsys, key, answers=iter([number, number]))
    told = json.loads(out)
    assert code == 0
    assert told["token"] == central.token(SITE_KEY, "resident_id", number)
    assert told["skeleton"] == central.skeleton(SITE_KEY, "resident_id", number, central.load_classes())
    assert number not in out
    assert told["masked"] == number[:4] + "*" * 12 + number[-2:]
    assert told["flags"] == ALL


def test_a_zone_that_is_scanned_has_its_second_field(capsys, key):
    facts = document("passport", 3)
    line = mrz_td3(facts)[1]
    told = json.loads(run(capsys, key, answers=iter([line, line]))[1])
    beside = f"{facts.birth:%y%m%d}"
    assert told["second_field"] == central.second_field(SITE_KEY, "passport", facts.number, beside, central.load_classes())


def test_a_picture(capsys, key, tmp_path):
    facts = document("a4", 5)
    path = tmp_path / "sheet.png"
    Image.fromarray(render_document(facts, seed=1)[0]).save(path)
    _, out = run(capsys, key, "--picture", str(path))
    assert json.loads(out)["token"] == central.token(SITE_KEY, "a4", facts.number)
    assert json.loads(out)["flags"] == ALL
    path.write_bytes(b"no picture")
    assert json.loads(run(capsys, key, "--picture", str(path))[1])["reason"] == "not_a_picture"
    Image.new("L", (400, 300), 255).save(path)
    assert json.loads(run(capsys, key, "--picture", str(path))[1])["kind"] is None


def test_it_cannot_start_without_a_key(capsys, tmp_path):
    assert run(capsys, tmp_path / "none.key")[0] == 2


def test_the_end_of_input_is_no_number(capsys, key):
    def ended(_: str) -> str:
        raise EOFError

    assert main(["--layouts", *FILES, "--site-key", str(key)], ask=ended) == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "no_number"
