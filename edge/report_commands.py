"""`sealline report …`: the pages that people sign, drawn from a line's journal."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.progress import track

from edge.reports.errors import ReportError
from edge.reports.sheet import Language, Sheet
from edge.runtime.records import JournalError, Record

BAD_INPUT = 2
err = Console(stderr=True)


def _refuse(text: object) -> typer.Exit:
    err.print(str(text), highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(BAD_INPUT)


def _watch(records: Iterable[Record], total: int) -> Iterable[Record]:
    return track(records, "reading the journal", total=total, console=err, transient=True)


def report(
    kind: Annotated[
        str, typer.Argument(help="shift, acceptance, voids, consumption, limits, integrity, handover, lot, despatch")
    ],
    journal: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A line's journal, e.g. var/demo/journal.db; it may be running")
    ],
    to: Annotated[Path | None, typer.Option("--output", "-o", help="File to write: .pdf, .csv or .json; by its ending")] = None,
    thing: Annotated[str, typer.Option("--of", help="The lot (handover, lot) or the bag (despatch) that it is about")] = "",
    back: Annotated[int, typer.Option("--shift", min=0, help="So many shifts before the journal's last one")] = 0,
    whole: Annotated[bool, typer.Option("--all", help="All that the journal holds instead of one shift")] = False,
    language: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
    site: Annotated[str, typer.Option(help="Name of the site, for the head of the page")] = "",
    keep: Annotated[Path | None, typer.Option("--archive", help="Folder that keeps each print; repeated: 补打 n")] = None,
    printer: Annotated[str, typer.Option("--print", help="Archive it, then print it: ipp://host/printers/queue")] = "",
    key: Annotated[Path | None, typer.Option("--key", help="The site key; by default site.key beside the journal")] = None,
) -> None:
    """Draw a report from a journal, as PDF, CSV or JSON; keep and print it."""
    from edge.runtime.records import journal_key
    from edge.runtime.reporting.facts import gather
    from edge.runtime.reporting.kinds import KINDS, draw
    from vision.tokens import SiteKeyError, load_site_key

    if language not in get_args(Language):
        raise _refuse(f"report: there is no language {language!r}; choose zh or en")
    if kind not in KINDS:
        raise _refuse(f"report: there is no kind {kind!r}; kinds: {', '.join(KINDS)}")
    try:
        facts = gather(journal, journal_key(load_site_key(key or journal.parent / "site.key")), _watch)
        sheet = draw(facts, kind, thing=thing, back=None if whole else back, site=site)
        said: Language = "zh" if language == "zh" else "en"
        if to is not None:
            _write(sheet, said, to)
        if keep is not None or printer:
            _keep(sheet, said, keep or journal.parent / "reports", printer)
    except (JournalError, ReportError, SiteKeyError) as error:
        raise _refuse(error) from error
    if to is None and keep is None and not printer:
        _show(sheet, said)


def _write(sheet: Sheet, language: Language, to: Path) -> None:
    from edge.reports.formats import as_csv, as_json
    from edge.reports.press import Press

    formats = {
        ".pdf": lambda: Press().pdf(sheet, language),
        ".csv": lambda: as_csv(sheet, language).encode("utf-8-sig"),
        ".json": lambda: as_json(sheet).encode(),
    }
    made = formats.get(to.suffix)
    if made is None:
        raise ReportError(f"report: {to.name} should end in .pdf, .csv or .json")
    data = made()
    try:
        to.write_bytes(data)
    except OSError as error:
        raise ReportError(f"report: {to} cannot be written ({error.strerror}); choose a folder that is yours") from error
    err.print(f"{to}: {len(data)} bytes", highlight=False, soft_wrap=True)


def _keep(sheet: Sheet, language: Language, folder: Path, printer: str) -> None:
    """The PDF is kept first; only what is kept is printed."""
    import asyncio

    from drivers.document_printer import IppPrinter
    from drivers.ports import DeviceError
    from edge.reports.archive import ReportArchive
    from edge.reports.press import Press

    press = Press()
    kept = ReportArchive(folder).keep(sheet, language, lambda one, said, n: press.pdf(one, said, reprint=n))
    mark = f", 补打 {kept.reprint}" if kept.reprint else ""
    err.print(f"{kept.path}: kept{mark}, sha256 {kept.sha256}", highlight=False, markup=False, soft_wrap=True)
    if not printer:
        return
    try:
        job = asyncio.run(IppPrinter(printer).print_document(kept.path, f"{sheet.kind} {sheet.key}"))
    except DeviceError as error:
        raise ReportError(f"{error}. The page is kept: {kept.path}") from error
    err.print(f"{printer}: job {job} accepted", highlight=False, markup=False, soft_wrap=True)


def _show(sheet: Sheet, language: Language) -> None:
    """On the terminal, when nobody asked for a file."""
    from rich.table import Table

    out = Console(file=sys.stdout)
    out.print(f"[bold]{sheet.title.said(language)}[/bold] {sheet.line} {sheet.key} {sheet.period}")
    out.print("   ".join(f"{f.name.said(language)} [bold]{f.value}[/bold] {f.unit.said(language)}" for f in sheet.figures))
    for one in sheet.tables:
        table = Table(title=one.title.said(language), title_justify="left")
        for column in one.columns:
            table.add_column(column.name.said(language), justify=column.align)
        for row in one.rows:
            table.add_row(*row)
        out.print(table if one.rows else f"{one.title.said(language)}: {one.none.said(language)}")
    for remark in sheet.remarks:
        out.print(f"· {remark.said(language)}")
