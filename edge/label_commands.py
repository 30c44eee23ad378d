"""`sealline label` and `sealline printer …`: a label drawn from a file, and a printer asked or tried by hand."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from drivers.label_printer import LabelPrinter
    from edge.order_file import OrderFile
    from line_config.label_layout import LabelLayout
    from line_config.tracking_number import NumberForm

BAD_INPUT, FAILED = 2, 1
LAYOUT = Path(__file__).parents[1] / "line_config" / "labels" / "ems_100x150_203.toml"
out = Console()
err = Console(stderr=True)
printer_app = typer.Typer(help="A label printer: how it is, and a test label.", no_args_is_help=True)


class Language(StrEnum):
    """What a label is written as."""

    ZPL = "zpl"
    TSPL = "tspl"
    PNG = "png"


class Dialect(StrEnum):
    """What a printer speaks."""

    ZPL = "zpl"
    TSPL = "tspl"


def _refuse(text: str, code: int = BAD_INPUT) -> typer.Exit:
    err.print(text, highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(code)


LayoutPath = Annotated[Path | None, typer.Option("--layout", help="Label layout; by default 100x150 mm at 203 dpi")]


def _layout(path: Path) -> "LabelLayout":
    import tomllib

    from pydantic import ValidationError

    from line_config.label_layout import load_label_layout

    try:
        return load_label_layout(path)
    except OSError as error:
        raise _refuse(f"{error.filename or path} cannot be read ({error.strerror}); check its name and your rights") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refuse(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _refuse(f"{path} is no label layout: {where}: {first['msg']}") from error


def _of_the_line(line: Path | None, layout: Path | None) -> tuple[Path, "tuple[NumberForm, ...]", dict[str, int]]:
    """Layout, forms of tracking numbers and routes: the line's, or without one the default layout, S10 and no route."""
    from line_config.loader import ConfigError, load_line
    from line_config.tracking_number import S10

    if line is None:
        return layout or LAYOUT, (S10,), {}
    try:
        config = load_line(line)
    except ConfigError as error:
        raise _refuse(f"{line}: {len(error.faults)} fault(s), see `sealline check`") from error
    return layout or Path(config.line.label_layout), config.tracking_numbers, dict(config.sort_plan.routes)


def _chute(order: "OrderFile", routes: dict[str, int]) -> int:
    if order.chute is not None:
        return order.chute
    county = order.address.county
    return next((routes[county[:length]] for length in (6, 4, 2) if county[:length] in routes), 0)


def label(
    order_file: Annotated[Path, typer.Argument(metavar="ORDER.json", help="One order; see docs/examples/order.json")],
    to: Annotated[Path, typer.Option("--output", "-o", help="File to write; - writes to standard output")],
    language: Annotated[Language, typer.Option(help="zpl, tspl: what a printer prints; png: how it will look")] = Language.PNG,
    layout: LayoutPath = None,
    line: Annotated[Path | None, typer.Option(help="A line's file: its layout, number forms and sort plan")] = None,
    print_id: Annotated[int, typer.Option(help="In the QR; 0 is a specimen that no line ever takes", min=0)] = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists")] = False,
) -> None:
    """Draw the label of one order, masked by the privacy rule. Nothing is printed, and no print id is used up."""
    from edge.labels.compose import compose
    from edge.labels.fields import LabelError
    from edge.labels.languages import LANGUAGES, png
    from edge.labels.privacy import masked
    from edge.order_file import OrderFileError, read_order

    path, forms, routes = _of_the_line(line, layout)
    shape = _layout(path)
    try:
        order = read_order(order_file, forms)
        bitmap = compose(shape, masked(order.fields(print_id, _chute(order, routes)), shape.privacy))
    except (OrderFileError, LabelError) as error:
        raise _refuse(f"{error}. Nothing was written.") from error
    data = png(bitmap, shape) if language is Language.PNG else LANGUAGES[language.value](bitmap, shape)
    if str(to) == "-":
        sys.stdout.buffer.write(data)
        return
    try:
        with to.open("wb" if force else "xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise _refuse(f"{to} exists: choose another name, or overwrite it with --force") from error
    except OSError as error:
        raise _refuse(f"{to} cannot be written ({error.strerror}): choose a folder that exists and is yours") from error
    width, height = shape.size_dots
    err.print(f"{to}: {width} × {height} dots, {len(data)} bytes of {language.value}", highlight=False, soft_wrap=True)


Target = Annotated[str, typer.Argument(help="HOST, HOST:PORT or a serial device such as /dev/ttyS0")]
DialectOption = Annotated[Dialect, typer.Option("--dialect", help="What the printer speaks")]
Baud = Annotated[int, typer.Option(help="Of a serial device")]
StatusPort = Annotated[int | None, typer.Option(help="Where it answers questions, if not on the data port (Zebra: 9200)")]
TimeoutMs = Annotated[int, typer.Option(help="How long to wait for an answer", min=20, max=10_000)]


@printer_app.command("status")
def printer_status(
    target: Target,
    dialect: DialectOption = Dialect.ZPL,
    baud: Baud = 115200,
    status_port: StatusPort = None,
    timeout_ms: TimeoutMs = 500,
) -> None:
    """Ask a printer how it is, by each of its questions; exit 1 when it is not fit to print."""
    import asyncio

    from edge import printer_trial

    printer = _printer(target, dialect, baud, status_port, timeout_ms)
    answers = asyncio.run(printer_trial.examine(printer, dialect.value))
    for question, word in answers.items():
        out.print(f"  {question:8} {word}: {printer_trial.MEANING[word]}", highlight=False, markup=False, soft_wrap=True)
    state = printer_trial.verdict(answers)
    out.print(f"{target} ({dialect.value}): {state}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(0 if state in printer_trial.FIT else FAILED)


@printer_app.command("test")
def printer_test(
    target: Target,
    dialect: DialectOption = Dialect.ZPL,
    layout: LayoutPath = None,
    baud: Baud = 115200,
    status_port: StatusPort = None,
    timeout_ms: TimeoutMs = 500,
) -> None:
    """Print one test label, which no line takes for its own. Stop the line first; only a ready printer is sent one."""
    import asyncio

    from edge import printer_trial
    from edge.labels.fields import LabelError

    shape = _layout(layout or LAYOUT)
    try:
        fmt = printer_trial.test_label(shape, dialect.value)
    except LabelError as error:
        raise _refuse(f"{error}. Nothing was printed.") from error
    printer = _printer(target, dialect, baud, status_port, timeout_ms)
    try:
        took_ms = asyncio.run(printer_trial.print_one(printer, fmt))
    except printer_trial.NotPrintedError as error:
        raise _refuse(f"{target}: {error}", FAILED) from error
    out.print(f"{target}: the test label was printed, {took_ms} ms", highlight=False, markup=False, soft_wrap=True)


def _printer(target: str, dialect: Dialect, baud: int, status_port: int | None, timeout_ms: int) -> "LabelPrinter":
    from drivers.label_printer import serial_printer, tcp_printer
    from edge.printer_trial import PORT

    if target.startswith("/"):
        return serial_printer(dialect.value, target, baud, timeout_ms)
    host, _, port_text = target.rpartition(":") if ":" in target else (target, "", str(PORT))
    if not host or not port_text.isdecimal() or not 1 <= int(port_text) <= 65535:
        raise _refuse(f"{target!r} is neither HOST, HOST:PORT nor a device such as /dev/ttyS0")
    port = int(port_text)
    return tcp_printer(dialect.value, host, port, status_port or port, timeout_ms)


def register(app: typer.Typer) -> None:
    """Add both to the command."""
    app.command()(label)
    app.add_typer(printer_app, name="printer")
