"""`sealline desk`: the manual desk of a running line."""

import getpass
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

BAD_INPUT, FAILED = 2, 1


def desk(
    config: Annotated[Path, typer.Argument(help="The TOML file of the running line")],
    person: Annotated[str, typer.Option(help="Who sits at the desk; recorded with each act")] = "",
    language: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """Sit at the manual desk 人工台席: read, print, fill, check by hand what the belt cannot take."""
    from edge.desk.panel import HttpLine, PanelAway
    from edge.desk.reader import read_document
    from edge.desk.session import LANGUAGES, Session
    from line_config.loader import ConfigError, load_line

    err, out = Console(stderr=True), Console(file=sys.stdout)
    if language not in LANGUAGES:
        err.print(f"desk: there is no language {language!r}; choose zh or en", markup=False)
        raise typer.Exit(BAD_INPUT)
    try:
        loaded = load_line(config)
    except ConfigError as error:
        for fault in error.faults:
            err.print(f"  {fault.line()}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(BAD_INPUT) from error
    line = HttpLine(loaded.panel.host, loaded.panel.port, person or getpass.getuser())
    layouts = [Path(path) for path in loaded.line.documents]
    read = partial(read_document, layouts, Path(loaded.paths.site_key_file), language)
    try:
        done = Session(line, read, input, out, language).run()
    except PanelAway as error:
        err.print(f"desk: {error}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from error
    raise typer.Exit(0 if done else FAILED)
