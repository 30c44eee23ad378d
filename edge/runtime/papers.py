"""Reports for the panel: drawn in a helper process from the journal on disk, archived, and handed out by name."""

from pathlib import Path
from typing import cast

import msgspec

from edge.reports.archive import ReportArchive
from edge.reports.errors import ReportError
from edge.reports.press import Press
from edge.reports.sheet import Language
from edge.runtime.helper import Helper, HelperLost
from edge.runtime.reporting.facts import gather
from edge.runtime.reporting.kinds import draw

LANGUAGES = ("zh", "en")


class PaperJob(msgspec.Struct):
    """Argument of the helper's job `paper`. `thing`: lot or bag; `back`: so many shifts before the last one."""

    journal: str
    key: bytes
    folder: str
    site: str
    kind: str
    thing: str = ""
    back: int = 0
    language: str = "zh"


def make(job: PaperJob) -> str:
    """In the helper: draw and archive; returns the file's name. Raises ReportError or JournalError."""
    facts = gather(Path(job.journal), job.key, lambda records, _: records)
    sheet = draw(facts, job.kind, thing=job.thing, back=job.back, site=job.site)
    press = Press()
    archive = ReportArchive(Path(job.folder))
    language = cast(Language, job.language)
    return archive.keep(sheet, language, lambda one, said, n: press.pdf(one, said, reprint=n)).path.name


class Papers:
    """The panel's side. A report of a long journal takes seconds, so it has a helper process of its own."""

    def __init__(self, helper: Helper, job: PaperJob) -> None:
        self._helper = helper
        self._job = job

    async def make(self, kind: str, thing: str, back: int, language: str) -> str:
        """Have a report drawn and archived; returns its name for `file`. Raises ReportError."""
        if language not in LANGUAGES or back < 0:
            raise ReportError("report: language must be zh or en, and shifts are counted back from 0")
        job = msgspec.structs.replace(self._job, kind=kind, thing=thing, back=back, language=language)
        try:
            reply = await self._helper.call("paper", msgspec.msgpack.encode(job))
        except HelperLost as error:
            raise ReportError(f"report: {error}; see the service's log and call maintenance") from error
        if reply.refusal:
            raise ReportError(reply.refusal)
        return reply.body.decode()

    def file(self, name: str) -> bytes | None:
        """An archived page by its name; None where there is none. No path of a request reaches the disk."""
        folder = Path(self._job.folder)
        found = {path.name: path for path in folder.glob("*.pdf")} if folder.is_dir() else {}
        return found[name].read_bytes() if name in found else None
