"""`sealline plc …`: for those who program and commission the PLCs."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge import plc_commissioning

BAD_INPUT = 2
err = Console(stderr=True)
app = typer.Typer(
    help="The PLCs: files for those who program them, proof of a program, a look at it, commissioning.", no_args_is_help=True
)
plc_commissioning.register(app)


def _refuse(text: str) -> typer.Exit:
    err.print(text, highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(BAD_INPUT)


@app.command()
def export(
    kind: Annotated[str, typer.Option("--format", help="md: document; csv: registers; scl: TIA Portal; st: reference program")],
    to: Annotated[Path, typer.Option("--output", "-o", help="File to write; - writes to standard output")],
    language: Annotated[str, typer.Option(help="Language of the document (md): en or zh")] = "en",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists")] = False,
) -> None:
    """Write the PLC interface as a document, a register table, SCL sources, or a whole reference program."""
    from line_config.plc.export import UnknownChoice, exported
    from line_config.process_image import load_process_image

    image = load_process_image()
    try:
        text = exported(image, kind, language)
    except UnknownChoice as error:
        raise _refuse(str(error)) from error
    if str(to) == "-":
        sys.stdout.write(text)
        return
    try:
        with to.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise _refuse(f"{to} exists: choose another name, or overwrite it with --force") from error
    except OSError as error:
        raise _refuse(f"{to} cannot be written ({error.strerror}): choose a folder that exists and is yours") from error
    lines = text.count("\n")
    err.print(f"{to}: {lines} lines, layout version {image.layout_version}", highlight=False, soft_wrap=True)
