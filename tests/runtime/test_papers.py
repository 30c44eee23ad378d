"""The panel's reports: drawn in another process from the journal on disk, archived, and handed out by name only."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from edge.reports.errors import ReportError
from edge.runtime.helper import Helper
from edge.runtime.papers import PaperJob, Papers
from tests.runtime.test_replay import KEY, Recorder, journal


@pytest_asyncio.fixture
async def papers(tmp_path: Path) -> AsyncIterator[Papers]:
    line = Recorder()
    line.through(1)
    line.act("close_bag", chute="2", bag="B2")
    book = journal(tmp_path / "journal.db", line.entries)
    helper = Helper(limit_ms=60_000)
    yield Papers(helper, PaperJob(str(book), KEY, str(tmp_path / "reports"), "样例局", ""))
    await helper.close()


async def test_drawn_archived_and_marked_when_drawn_again(papers: Papers) -> None:
    first = await papers.make("despatch", "B2", 0, "zh")
    again = await papers.make("despatch", "B2", 0, "zh")
    assert (first, again) == ("despatch_B2_zh.pdf", "despatch_B2_zh_r1.pdf")
    page = papers.file(first)
    assert page is not None
    assert page.startswith(b"%PDF")
    assert papers.file(again) != page


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (("despatch", "B9", 0, "zh"), "no bag 'B9' was closed here"),
        (("none", "", 0, "zh"), "there is no kind 'none'"),
        (("shift", "", 0, "fr"), "zh or en"),
        (("shift", "", -1, "zh"), "counted back from 0"),
    ],
)
async def test_what_cannot_be_drawn_says_why(papers: Papers, wish: tuple[str, str, int, str], expected: str) -> None:
    with pytest.raises(ReportError, match=expected):
        await papers.make(*wish)


async def test_only_pages_of_the_archive_are_handed_out(papers: Papers, tmp_path: Path) -> None:
    assert papers.file("despatch_B2_zh.pdf") is None
    await papers.make("shift", "", 0, "zh")
    for name in ("../journal.db", str(tmp_path / "journal.db"), "shift.json", ""):
        assert papers.file(name) is None


async def test_a_journal_that_is_not_whole_gives_no_page(papers: Papers, tmp_path: Path) -> None:
    papers._job.key = b"x" * 32
    with pytest.raises(ReportError, match="does not fit the chain"):
        await papers.make("shift", "", 0, "zh")
    assert not (tmp_path / "reports").exists()
