"""`sealline tokenise` and `sealline account`: what passes between a line and the central systems, seen from outside."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from edge.runtime.account import Account

BAD_INPUT, FAILED = 2, 1
err = Console(stderr=True)


def _refuse(faults: tuple[str, ...]) -> typer.Exit:
    for fault in faults:
        err.print(fault, highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(BAD_INPUT)


def tokenise(  # noqa: PLR0917 - typer's way to name the options of a command
    plain: Annotated[Path, typer.Argument(help="The list: .csv with one document a row, or JSON lines with one order a line")],
    key: Annotated[Path, typer.Option("--key", help="The site key, as the lines have it")],
    lot: Annotated[str, typer.Option(help="Write a manifest of this lot instead of bare orders, one message a line")] = "",
    version: Annotated[int, typer.Option(min=1, help="Version of the manifest")] = 1,
    first_number: Annotated[str, typer.Option(help="Where your range of tracking numbers begins, for orders without one")] = "",
    config: Annotated[
        Path | None, typer.Option(help="The line's TOML file: which forms of tracking numbers it takes; else UPU S10")
    ] = None,
    to: Annotated[Path | None, typer.Option("--output", "-o", help="File to write instead of standard output")] = None,
) -> None:
    """Turn a plain list into orders with keyed tokens: the numbers stay where the list is. Exit 2 with all its faults."""
    from edge.runtime import tokenise as source
    from edge.runtime.look_alikes import account as account_of
    from edge.runtime.look_alikes import listed as look_alikes
    from line_config.document_layout import standard_layouts
    from line_config.loader import ConfigError, load_line
    from line_config.tracking_number import S10
    from vision.tokens import SiteKeyError, load_site_key

    try:
        forms = (S10,) if config is None else load_line(config).tracking_numbers
        entries = source.read_list(plain.read_bytes(), as_csv=plain.suffix.lower() == ".csv")
        orders = source.tokenise(entries, load_site_key(key), standard_layouts(), first_number, forms)
    except OSError as error:
        raise _refuse((f"{plain} cannot be read: {error.strerror}",)) from error
    except (SiteKeyError, ConfigError) as error:
        raise _refuse((str(error),)) from error
    except source.ListRefused as refused:
        raise _refuse(tuple(f"{plain}: {fault}" for fault in refused.faults)) from refused
    lines = (
        [message.decode() for message in source.manifest(orders, lot=lot, version=version, first_number=first_number)]
        if lot
        else []
    )
    text = "".join(f"{line}\n" for line in lines or [json.dumps(order, ensure_ascii=False) for order in orders])
    if to is None:
        sys.stdout.write(text)
    else:
        to.write_text(text, encoding="utf-8")
    err.print(f"{len(orders)} orders" + (f" in {len(lines)} messages" if lot else ""))
    for row in account_of(look_alikes(orders), standard_layouts()):
        said = f"separated by {row['separated_by']}" if row["separated_by"] else f"not separated: {row['remedy']}"
        err.print(f"numbers look alike ({row['kind']}): {', '.join(row['orders'])}: {said}", soft_wrap=True)


account = typer.Typer(help="The account between a line and central: what was told, what is stored, and whether both agree.")
JournalPath = Annotated[Path, typer.Argument(help="A line's journal, e.g. var/demo/journal.db; it may be running")]


def _account(journal: Path) -> "Account":
    from edge.runtime.archive import opened
    from edge.runtime.records import JournalError

    try:
        with opened(journal, b"") as reader:
            return reader.account()
    except JournalError as error:
        raise _refuse((str(error),)) from error


@account.command()
def show(journal: JournalPath) -> None:
    """Print the line's account as JSON: sent, confirmed, and the digest up to each checkpoint."""
    told = _account(journal)
    sys.stdout.write(json.dumps({**told._asdict(), "waiting": told.sent - told.confirmed}) + "\n")


@account.command()
def compare(
    journal: JournalPath,
    stored: Annotated[Path, typer.Argument(help="Events as central has stored them, one JSON object a line")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare both accounts, after any fault; exit 1 where an event is missing, twice, altered, or was never told."""
    from edge.runtime import account as accounts
    from edge.runtime.records import JournalError

    told = _account(journal)
    try:
        compared = accounts.compare(told, accounts.read_central(stored, told.journal_id))
    except OSError as error:
        raise _refuse((f"{stored} cannot be read: {error.strerror}",)) from error
    except JournalError as error:
        raise _refuse((str(error),)) from error
    if as_json:
        sys.stdout.write(json.dumps({**compared._asdict(), "right": compared.right}) + "\n")
    else:
        sys.stdout.write("".join(f"journal {told.journal_id}: {line}\n" for line in compared.lines()))
    raise typer.Exit(0 if compared.right else FAILED)
