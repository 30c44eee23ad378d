"""A sheet as a page: every word is on it, a missing character is named, a reprint is marked and says what was said first."""

import hashlib
import re
import subprocess
from pathlib import Path

import msgspec
import pytest

from edge.reports.archive import ReportArchive
from edge.reports.errors import ReportError
from edge.reports.formats import as_csv
from edge.reports.glyphs import drawable, named
from edge.reports.press import Press
from edge.reports.sheet import BagTag, Column, Curve, Figure, Sheet, Signature, Table, Text

NAME = Text("姓名", "name")
ROWS = 120
PRESS = Press()


def _rows(name: str, rows: int) -> tuple[tuple[str, str], ...]:
    return tuple((f"No{n}.", name) for n in range(rows))


def sheet(name: str = "测试甲", rows: int = ROWS) -> Sheet:
    return Sheet(
        kind="despatch", key="B-17", title=Text("封发清单", "Despatch list"), site="样例局", line="line-1", period="",
        source="journal j, record 1",
        figures=(Figure(Text("件数", "items"), str(rows), Text("件", "items"), alarming=True),),
        curve=Curve(Text("产量", "rate"), Text("件/小时", "items/h"), (0.0, 5.0, 10.0), ("08:00",), 8.0),
        tables=(
            Table(Text("清单", "List"), (Column(Text("序号", "no."), 0.4, "right"), Column(NAME)), _rows(name, rows)),
            Table(Text("空", "Empty"), (Column(NAME),), ()),
        ),
        remarks=(Text("备注", "remark"),),
        signatures=(Signature(Text("交件人", "handed over by")),),
        tag=BagTag("B-17", (True, False, True), (Text("格口 2", "chute 2"),)),
    )  # fmt: skip


def text_of(pdf: bytes) -> str:
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, check=True, capture_output=True).stdout.decode()


def test_every_row_is_on_the_pages_in_both_languages() -> None:
    for language, words in (
        ("zh", ("封发清单", "姓名", "交件人", "备注", "无")),
        ("en", ("Despatch list", "name", "handed over by", "remark", "none")),
    ):
        text = text_of(PRESS.pdf(sheet(), language))
        assert all(f"No{n}." in text for n in range(ROWS))
        assert all(word in text for word in words)
        assert re.search(r"3 ?/ ?3", text)
        assert "REPRINT" not in text


def test_the_same_sheet_gives_the_same_bytes_and_is_an_archive_format() -> None:
    first = PRESS.pdf(sheet(), "zh")
    assert first == Press().pdf(sheet(), "zh")
    assert b"pdfaid" in first


def test_a_character_without_a_glyph_is_named_never_boxed() -> None:
    rare = "\U00020bb7\U0002a6d6\ue863"
    missing = [char for char in rare if ord(char) not in drawable()]
    assert "\ue863" in missing
    text = text_of(PRESS.pdf(sheet(rare, 1), "zh"))
    for char in missing:
        assert f"U+{ord(char):04X}" in text
        assert char not in text
    assert "字库缺字" in text
    assert named(sheet()) == sheet()


def test_a_long_name_is_on_the_page_to_its_last_character() -> None:
    name = "测" * 200 + "末"
    assert text_of(PRESS.pdf(sheet(name, 1), "zh")).count("末") == 1


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "sheet.typ"
    broken.write_text("#nonsense(", encoding="utf-8")
    with pytest.raises(ReportError, match=r"sheet\.typ could not be set"):
        Press(broken).pdf(sheet(), "zh")


def test_a_reprint_is_marked_and_says_what_was_said_first(tmp_path: Path) -> None:
    archive = ReportArchive(tmp_path / "reports")

    def setting(one: Sheet, language: str, reprint: int) -> bytes:
        return PRESS.pdf(one, "zh", reprint=reprint)

    first = archive.keep(sheet(), "zh", setting)
    again = archive.keep(sheet("另一人"), "zh", setting)
    third = archive.keep(sheet(), "zh", setting)
    assert [kept.reprint for kept in (first, again, third)] == [0, 1, 2]
    assert len({kept.path for kept in (first, again, third)}) == 3
    assert "补打" not in text_of(first.path.read_bytes())
    text = text_of(again.path.read_bytes())
    assert "补打 1" in text
    assert "测试甲" in text
    assert "另一人" not in text
    assert first.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()


def test_a_key_cannot_leave_the_folder(tmp_path: Path) -> None:
    archive = ReportArchive(tmp_path / "reports")
    kept = archive.keep(msgspec.structs.replace(sheet(), key="../../etc/B 1"), "zh", lambda *_: b"pdf")
    assert kept.path.parent == tmp_path / "reports"


def test_what_cannot_be_kept_is_not_printed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="nothing is printed"):
        ReportArchive(tmp_path / "file" / "reports").keep(sheet(), "zh", lambda *_: b"pdf")
    folder = tmp_path / "reports"
    ReportArchive(folder).keep(sheet(), "zh", lambda *_: b"pdf")
    next(folder.glob("*.json")).write_bytes(b"{")
    with pytest.raises(ReportError, match="cannot keep it"):
        ReportArchive(folder).keep(sheet(), "zh", lambda *_: b"pdf")


def test_no_cell_of_the_csv_is_a_formula() -> None:
    lines = as_csv(sheet("=HYPERLINK()", 1), "en").split("\r\n")
    assert lines[0] == "table,no.,name"
    assert lines[1] == "List,No0.,'=HYPERLINK()"


def pages_of(pdf: bytes) -> list[str]:
    return text_of(pdf).split("\f")[:-1]


def test_a_row_is_never_divided_between_two_pages() -> None:
    pages = pages_of(PRESS.pdf(sheet("测" * 150 + "末", 60), "zh"))
    assert len(pages) > 2
    assert all(len(re.findall(r"No\d+\.", page)) == page.count("末") for page in pages)
    assert sum(page.count("末") for page in pages) == 60


def test_nobody_signs_an_empty_page() -> None:
    counts = set()
    for rows in range(5, 40):
        pages = pages_of(PRESS.pdf(sheet(rows=rows), "zh"))
        counts.add(len(pages))
        (signed,) = (page for page in pages if "交件人" in page)
        assert "备注" in signed, rows
    assert len(counts) > 1, "the signature has met the end of a page"


def test_the_axis_ends_at_twice_a_round_number() -> None:
    for most, end in ((2700.0, "3000"), (0.0, "2"), (8.0, "10"), (10_800.0, "12000"), (199.0, "300")):
        curve = Curve(Text("产量", "rate"), Text("件/小时", "items/h"), (most,), ("08:00",), most)
        text = text_of(PRESS.pdf(msgspec.structs.replace(sheet(rows=1), curve=curve, tables=()), "zh"))
        assert re.search(rf"^\s*{end}\b", text, re.MULTILINE), (most, text)
