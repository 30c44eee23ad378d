"""`sealline …`: the composition root. Commands of other packages come in through the entry points `sealline.commands`."""

import dataclasses
import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from edge import (
    __version__,
    camera_commands,
    central_commands,
    desk_commands,
    label_commands,
    lot_commands,
    plc_commands,
    report_commands,
    vision_commands,
)

if TYPE_CHECKING:
    from line_config.model import LineConfig

BAD_INPUT, FAILED = 2, 1
app = typer.Typer(
    name="sealline",
    help="Edge controller of a line that seals government documents for the post.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out = Console()
err = Console(stderr=True)

app.add_typer(plc_commands.app, name="plc")
app.add_typer(camera_commands.app, name="camera")
app.add_typer(vision_commands.app, name="vision")
app.add_typer(central_commands.account, name="account")
app.add_typer(lot_commands.app, name="lot")
app.command(name="report")(report_commands.report)
app.command(name="tokenise")(central_commands.tokenise)
app.command(name="desk")(desk_commands.desk)
label_commands.register(app)

ConfigPath = Annotated[Path, typer.Argument(help="The line's TOML file, e.g. line_config/lines/demo.toml")]


def _load(path: Path) -> "LineConfig":
    """The configuration, or all its faults on stderr and exit 2."""
    from line_config.loader import ConfigError, load_line

    try:
        return load_line(path)
    except ConfigError as error:
        err.print(f"[bold]{len(error.faults)} fault(s) in the configuration; nothing was started:[/bold]")
        for fault in error.faults:
            err.print(f"  {fault.line()}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"sealline {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Options before the command."""


@app.command()
def run(config: ConfigPath) -> None:
    """Run a line until it is told to end (SIGTERM or Ctrl-C; a second one does not wait for an empty belt)."""
    loaded = _load(config)
    from edge.hmi.app import create_app
    from edge.hmi.server import PanelError, address, listen, serve
    from edge.runtime import service
    from edge.runtime.records import JournalError
    from edge.runtime.signing import SignatureError
    from vision.tokens import SiteKeyError

    try:
        listening = listen(loaded.panel.host, loaded.panel.port)
        err.print(f"panel: {address(listening)}")
        code = service.run(loaded, lambda desk: serve(create_app(desk), listening))
    except (PanelError, JournalError, SignatureError, SiteKeyError) as error:
        err.print(f"cannot run: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from error
    raise typer.Exit(code)


@app.command()
def check(config: ConfigPath) -> None:
    """Check a line's configuration and all files that it names; exit 2 when something is wrong."""
    loaded = _load(config)
    plan = loaded.sort_plan
    out.print(
        f"{config}: good. Line {loaded.line.site}/{loaded.line.name}, sort plan {plan.version}, {len(plan.routes)} routes."
    )


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Pictures of documents, labels or parcels")],
    kind: Annotated[
        str, typer.Option(help="auto, label, symbol, one symbology (qr, code128 …), document, or one layout")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
    picture: Annotated[Path | None, typer.Option("--draw", help="Draw what was read; of several files, name-1.png …")] = None,
) -> None:
    """Read pictures: what is on them, and whether the reading would be accepted by its flags alone.

    One line for each thing read, and one with the value null for a picture in which nothing was.
    """
    from line_config.document_layout import standard_layouts
    from vision.files import draw_files, read_files
    from vision.picture_file import check_writable

    try:
        readings = read_files(files, standard_layouts(), kind)
        if picture is not None:
            check_writable(picture)
            readings = draw_files(files, readings, picture)
        for reading in readings:
            _tell_reading(dataclasses.asdict(reading), as_json=as_json)
    except ValueError as error:
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error


def _tell_reading(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({**row, "file": str(row["file"])}, ensure_ascii=False) + "\n")
        sys.stdout.flush()  # one by one, for whoever waits behind a pipe
        return
    said = row["value"] or f"nothing read: {row['reason']}" + (f" – {row['hint']}" if row["hint"] else "")
    out.print(f"{row['file']}: {row['kind'] or '–'} {said} [{row['verdict']}] {row['ms']} ms", markup=False, soft_wrap=True)


JournalPath = Annotated[Path, typer.Argument(help="A line's journal, e.g. var/demo/journal.db; it may be running")]
KeyFile = Annotated[Path | None, typer.Option("--key", help="The site key; by default site.key beside the journal")]


def _site_key(journal: Path, key_file: Path | None) -> bytes:
    from edge.runtime.records import journal_key
    from vision.tokens import SiteKeyError, load_site_key

    try:
        return journal_key(load_site_key(key_file or journal.parent / "site.key"))
    except SiteKeyError as error:
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error


@app.command()
def verify(
    journal: JournalPath,
    key: KeyFile = None,
    anchors: Annotated[Path | None, typer.Option(help="Anchors as central or the second store kept them")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Prove a journal: its chain record by record, and its head against the anchors. Exit 1 at the first fault."""
    from edge.runtime import verify as proof
    from edge.runtime.records import JournalError

    anchor_file = anchors or journal.parent / "anchors.jsonl"
    try:
        rows = proof.read_anchors(anchor_file) if anchor_file.exists() else []
        proved = proof.verify(journal, _site_key(journal, key), rows)
    except JournalError as error:
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
    if as_json:
        sys.stdout.write(json.dumps({**proved._asdict(), "unanchored": proved.unanchored}) + "\n")
    out.print(
        f"{journal}: journal {proved.journal_id}, {proved.records} records of {proved.boots} boots, {proved.anchors} anchors; "
        f"proved up to record {proved.anchored_seq}, {proved.unanchored} records not anchored yet",
        soft_wrap=True,
    )
    out.print(
        f"[red]FAULT[/red] {proved.fault}. Keep the file as it is and call maintenance." if proved.fault else "no fault found"
    )
    raise typer.Exit(FAILED if proved.fault else 0)


@app.command()
def replay(
    journal: JournalPath,
    key: KeyFile = None,
    diff: Annotated[bool, typer.Option("--diff", help="List each decision that this release would make otherwise")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="One line per record")] = False,
) -> None:
    """Run a journal again and print its decision hash; exit 1 where this release decides otherwise than the journal says."""
    from edge.runtime import rerun
    from edge.runtime.records import JournalError

    try:
        summary = rerun.rerun(journal, _site_key(journal, key), out if diff or trace else None, every=trace)
    except JournalError as error:
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
    out.print(
        f"{journal}: {summary.events} events, {summary.commands} commands, {summary.dispatched} dispatched, "
        f"{summary.differences} decided otherwise\ndecision hash {summary.decision_hash}",
        soft_wrap=True,
    )
    raise typer.Exit(FAILED if summary.differences else 0)


@app.command()
def doctor(config: Annotated[Path | None, typer.Argument(help="Also look at what this line needs")] = None) -> None:
    """Look at this machine: what the line needs, what is missing, and what to do about it; exit 1 when something fails."""
    from edge.doctor import examine

    loaded = _load(config) if config is not None else None
    raise typer.Exit(FAILED if examine(out, loaded) else 0)


def main() -> None:
    """Entry point of the command."""
    for entry in entry_points(group="sealline.commands"):
        entry.load()(app)
    app()


if __name__ == "__main__":
    main()
