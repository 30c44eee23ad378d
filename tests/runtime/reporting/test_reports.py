"""From a real journal to each report: what is on the page is what the scripted line did, whatever the core remembers."""

import json
import subprocess
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.core.device_events import LabelPrinted, PrintFailed
from edge.core.events import ClockRead, ConfigLoaded, Diverted
from edge.core.values import PrintId
from edge.reports.sheet import Sheet
from edge.runtime.records import journal_key
from edge.runtime.reporting.facts import Facts, gather
from edge.runtime.reporting.kinds import KINDS, OfThing, draw
from edge.runtime.reporting.proofs import proofs
from edge.runtime.reporting.span import Span
from tests.core.line import PLAN, SETTINGS
from tests.core.test_lots import receive, reject
from tests.runtime.test_replay import Recorder, journal

SITE_KEY = b"k" * 32
ALWAYS = Span(0, 1 << 62)


@pytest.fixture(scope="module")
def story() -> Recorder:
    """Three dispatched, one without an order, one whose label failed; a lot of four documents; bag 2 is closed."""
    line = Recorder()
    receive(line, "R1", "token1", "token2", "token3", "no order")
    for n in (1, 2, 3):
        line.through(n)
    reject(line, 10, token="no order")
    line.to_weighed(4)
    line.say(PrintFailed, print_id=line.print_id(4), sent=False, reason="media_out")
    line.act("close_bag", chute="2", bag="B2")
    line.say(ClockRead, wall_ms=1_790_000_000_000 + line.now_ms)
    return line


@pytest.fixture(scope="module")
def folder(story: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("line")
    (folder / "site.key").write_bytes(SITE_KEY)
    journal(folder / "journal.db", story.entries, journal_key(SITE_KEY))
    return folder


@pytest.fixture(scope="module")
def facts(folder: Path) -> Facts:
    return gather(folder / "journal.db", journal_key(SITE_KEY), lambda records, _: records)


def drawn(facts: Facts, kind: str, thing: str = "") -> Sheet:
    return draw(facts, kind, thing=thing, back=None, site="样例局")


def figures(sheet: Sheet) -> dict[str, str]:
    return {figure.name.en: figure.value for figure in sheet.figures}


def test_the_shift_counts_what_was_done_and_why_not(facts: Facts) -> None:
    sheet = drawn(facts, "shift")
    said = figures(sheet)
    assert (said["dispatched"], said["rejected"], said["documents fed"]) == ("3", "1", "5")
    assert (said["wrong contents or bag"], said["contents missing"]) == ("0", "0")
    rejects = next(table for table in sheet.tables if table.title.en == "Rejects")
    assert [row[1:] for row in rejects.rows] == [("NO_ORDER", "1")]
    assert sheet.curve is not None
    assert sum(sheet.curve.values) == pytest.approx(3 * 60)


def test_a_despatch_list_has_each_item_of_its_bag_and_a_tag(facts: Facts) -> None:
    sheet = drawn(facts, "despatch", "B2")
    assert [row[1:] for row in sheet.tables[0].rows] == [(f"EA{n:09d}CN", "440106", "18", "EMS") for n in (1, 2, 3)]
    assert figures(sheet)["weight of the contents"] == "0.054"
    assert sheet.tag is not None
    assert sheet.tag.bag == "B2"
    assert sheet.tag.modules[:11] == (True, True, False, True, False, False, True, False, False, False, False)
    """start B of ISO/IEC 15417"""


def test_a_lot_is_reconciled_document_by_document(facts: Facts) -> None:
    sheet = drawn(facts, "lot", "R1")
    said = figures(sheet)
    assert (said["dispatched"], said["document without order"], said["missing"]) == ("3", "1", "0")
    assert [row[2] for row in sheet.tables[0].rows] == ["no order"]
    waiting = next(table for table in sheet.tables if table.title.en.startswith("Orders without"))
    assert [row[1] for row in waiting.rows] == [f"O{n}" for n in (5, 6, 7, 8)]


def test_a_hand_over_list_shows_no_number_and_two_lines_to_sign(facts: Facts) -> None:
    sheet = drawn(facts, "handover", "R1")
    assert len(sheet.tables[0].rows) == 4
    assert all(len(row[2]) <= 8 for row in sheet.tables[0].rows)
    assert [one.role.zh for one in sheet.signatures] == ["交件人", "收件人"]


def test_what_was_accepted_printed_voided_and_used(facts: Facts) -> None:
    assert figures(drawn(facts, "acceptance"))["accepted"] == "3"
    voids = drawn(facts, "voids")
    assert [row[2:4] for row in voids.tables[0].rows] == [("EA000000004CN", "media_out")]
    used = figures(drawn(facts, "consumption"))
    assert (used["labels printed"], used["of these void"], used["envelopes sealed"]) == ("4", "1", "4")
    assert drawn(facts, "limits").tables[0].rows[0][:3] == ("EMS", "1440", "3")


def test_the_statement_is_a_bound_and_never_one_hundred_percent(facts: Facts) -> None:
    said = figures(drawn(facts, "integrity"))
    assert (said["dispatched"], said["wrong"], said["bound at 95 %"]) == ("3", "0", "< 1.0e+00")
    assert said["not proved by its records"] == "0"


@pytest.mark.parametrize(
    ("kind", "field", "value", "which"),
    [
        ("label_check", "verdict", "MISMATCH", "unproved"),
        ("accepted", "order_id", "O9", "unproved"),
        ("content_check", "verdict", "UNREADABLE", "incomplete"),
    ],
)
def test_an_order_that_lacks_a_proof_is_named(folder: Path, kind: str, field: str, value: str, which: str) -> None:
    facts = gather(folder / "journal.db", journal_key(SITE_KEY), lambda records, _: records)
    at = next(n for n, message in enumerate(facts.published) if message.kind == kind and message.body["order_id"] == "O2")
    facts.published[at] = msgspec.structs.replace(facts.published[at], body={**facts.published[at].body, field: value})
    assert getattr(proofs(facts, ALWAYS), which) == ("O2",)


def test_a_document_that_was_taken_away_proves_nothing_any_more(folder: Path) -> None:
    facts = gather(folder / "journal.db", journal_key(SITE_KEY), lambda records, _: records)
    at = next(
        n for n, message in enumerate(facts.published) if message.kind == "dispatched" and message.body["order_id"] == "O2"
    )
    gone = msgspec.structs.replace(
        facts.published[at], kind="fed_again", body={"document": "D1-2", "order_id": "O2", "person": "P1"}
    )
    facts.published.insert(at, gone)
    found = proofs(facts, ALWAYS)
    assert found.unproved == found.incomplete == ("O2",)


def test_an_envelope_of_the_manual_desk_has_the_same_proofs(tmp_path: Path) -> None:
    line = Recorder()
    line.say(ConfigLoaded, digest="d", settings=msgspec.structs.replace(SETTINGS, desk_printer=True), sort_plan=PLAN)
    document = {"kind": "resident_id", "token": "token1", "flags": "15"}
    line.act("desk_read", document="", skeleton="skeleton1", masked="44**", **document)
    line.act("desk_cancel")
    line.act("void_label", print_id="1", second="P2")
    line.act("desk_read", document="M1-1", skeleton="skeleton1", masked="44**", **document)
    line.say(LabelPrinted, print_id=PrintId(2))
    line.act("desk_insert", **document)
    line.act("desk_label", texts="EA000000001CN,EA000000001CN;2", weight_g="18")
    line.act("reinduct", label="EA000000001CN;2")
    line.say(Diverted, parcel=line.induct(1, "EA000000001CN;2"), chute=2)
    path = journal(tmp_path / "journal.db", line.entries, journal_key(SITE_KEY))
    facts = gather(path, journal_key(SITE_KEY), lambda records, _: records)
    assert proofs(facts, ALWAYS)[:3] == (1, (), ())
    said = figures(drawn(facts, "consumption"))
    assert (said["labels printed"], said["of these void"], said["envelopes sealed"]) == ("2", "1", "1")
    at = [n for n, message in enumerate(facts.published) if message.kind == "content_check"][-1]
    del facts.published[at]
    assert proofs(facts, ALWAYS).incomplete == ("O1",), "the first reading was of a sitting that was given up"


def test_a_journal_that_was_decided_otherwise_says_so_first(facts: Facts) -> None:
    facts.differences = 7
    try:
        assert "7" in drawn(facts, "voids").remarks[0].en
    finally:
        facts.differences = 0


# --- as a user types it ---
def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["report", *words])
    return result.exit_code, " ".join((result.stdout + result.stderr).split())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_a_page(folder: Path, tmp_path: Path, kind: str) -> None:
    found = KINDS[kind]
    of = ["--of", {"lot": "R1", "bag": "B2"}[found.option]] if isinstance(found, OfThing) else ["--all"]
    code, said = run(kind, str(folder / "journal.db"), *of, "-o", str(tmp_path / "r.pdf"))
    assert code == 0, said
    text = subprocess.run(["pdftotext", str(tmp_path / "r.pdf"), "-"], check=True, capture_output=True, text=True).stdout
    assert found.title.zh in text.replace("\n", "")
    assert "journal" in text


def test_csv_json_and_the_terminal(folder: Path, tmp_path: Path) -> None:
    book = str(folder / "journal.db")
    assert run("despatch", book, "--of", "B2", "-o", str(tmp_path / "r.csv"))[0] == 0
    rows = (tmp_path / "r.csv").read_text("utf-8-sig").splitlines()
    assert rows[1].split(",")[1:] == ["1", "EA000000001CN", "440106", "18", "EMS"]
    assert run("despatch", book, "--of", "B2", "-o", str(tmp_path / "r.json"))[0] == 0
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["key"] == "B2"
    code, said = run("shift", book, "--lang", "en")
    assert code == 0
    assert "dispatched 3" in said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nothing"], "there is no kind 'nothing'; kinds: shift,"),
        (["despatch", "--of", "B9"], "no bag 'B9' was closed here; closed bags: B2"),
        (["lot", "--of", "R9"], "lot 'R9' was never received here; received lots: R1"),
        (["shift", "--lang", "fr"], "choose zh or en"),
        (["shift", "-o", "r.docx"], "should end in .pdf, .csv or .json"),
        (["shift", "-o", "/nowhere/r.pdf"], "choose a folder that is yours"),
        (["shift", "--key", "/nowhere"], "/nowhere"),
    ],
)
def test_bad_wishes_are_refused_with_the_next_step(folder: Path, words: list[str], expected: str) -> None:
    code, said = run(words[0], str(folder / "journal.db"), *words[1:])
    assert code == 2
    assert expected in said


def test_a_journal_that_is_not_there_is_named_before_its_key_is_looked_for() -> None:
    code, said = run("shift", "none.db")
    assert code == 2
    assert "'none.db' does not exist" in said
    assert "site key" not in said


def test_a_forged_journal_gives_no_page(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "site.key").write_bytes(b"x" * 32)
    code, said = run("shift", str(folder / "journal.db"), "--key", str(tmp_path / "site.key"), "-o", str(tmp_path / "r.pdf"))
    assert code == 2
    assert "does not fit the chain" in said
    assert not (tmp_path / "r.pdf").exists()
