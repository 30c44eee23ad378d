"""`sealline vision …`: how well the eyes see."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

BAD_INPUT, FAILED = 2, 1
err = Console(stderr=True)
app = typer.Typer(help="The eyes: how well they read pictures whose truth is known.", no_args_is_help=True)


@app.callback()
def _options() -> None:
    """Commands of the eyes."""


@app.command("eval")
def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="Pictures and truth.jsonl: one object per picture, file, kind, value, severity")
    ],
    belt: Annotated[bool, typer.Option("--belt", help="Read as the belt's camera does, not as pictures from anywhere")] = False,
    page: Annotated[Path | None, typer.Option("--html", help="Write a page with every failure and its picture")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per row.")] = False,
) -> None:
    """Read rate, wrong reads and times by kind and severity; exit 1 when anything wrong was accepted."""
    from line_config.document_layout import standard_layouts
    from vision import evaluation

    try:
        truths = evaluation.read_truth(folder)
    except evaluation.TruthError as error:
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
    read = evaluation.reader(standard_layouts(), belt=belt)
    outcomes = list(track(evaluation.evaluate(folder, truths, read), "reading", total=len(truths), console=err, transient=True))
    rows = evaluation.summary(outcomes)
    if page is not None:
        try:
            page.write_text(evaluation.report(folder, outcomes), encoding="utf-8")
        except OSError as error:
            err.print(
                f"{page} cannot be written ({error.strerror}); choose a folder that is yours", markup=False, soft_wrap=True
            )
            raise typer.Exit(BAD_INPUT) from error
    if as_json:
        for row in rows:
            sys.stdout.write(json.dumps(row) + "\n")
    else:
        table = Table(*rows[0], title=str(folder))
        for row in rows:
            table.add_row(*map(str, row.values()))
        Console(file=sys.stdout).print(table)
    raise typer.Exit(FAILED if any(outcome.wrong for outcome in outcomes) else 0)


@app.command()
def bench(
    files: Annotated[list[Path] | None, typer.Argument(help="Pictures; without any: 5 MP frames with nothing to read")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each reader looks at each picture")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per row.")] = False,
) -> None:
    """CPU ms and pictures a second of one core, for each camera's reader and beside each decoder alone."""
    from line_config.document_layout import standard_layouts
    from vision import speed
    from vision.errors import VisionError
    from vision.picture_file import UnreadableFile, load_picture

    pictures = {} if files else speed.worst()
    for path in files or ():
        try:
            pictures[str(path)] = load_picture(path)
        except UnreadableFile as fault:
            err.print(f"{path}: {fault}; name pictures only", highlight=False, markup=False, soft_wrap=True)
            raise typer.Exit(BAD_INPUT) from fault
    try:
        readers = speed.eyes(standard_layouts())
    except VisionError as error:
        err.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
    total = len(readers) * len(pictures)
    rows = list(track(speed.measure(pictures, readers, rounds), "measuring", total=total, console=err, transient=True))
    if as_json:
        for row in rows:
            sys.stdout.write(json.dumps(row) + "\n")
        return
    table = Table(*rows[0], title=f"CPU ms of one core, {rounds} rounds")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(file=sys.stdout).print(table)
