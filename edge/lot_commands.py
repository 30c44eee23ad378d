"""`sealline lot …`: what became of a lot, for people and, signed, for central; look-alikes; and the closing of a lot."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

if TYPE_CHECKING:
    from edge.runtime.reporting.facts import Facts

BAD_INPUT, FAILED = 2, 1
ASK_S = 10.0
app = typer.Typer(
    help="What became of a lot: show it, export it signed, check an export, close it at the line.", no_args_is_help=True
)
out, err = Console(), Console(stderr=True)
JournalPath = Annotated[Path, typer.Argument(help="A line's journal, e.g. var/demo/journal.db; it may be running")]
LotName = Annotated[str, typer.Argument(help="The lot: of a manifest, or of documents handed over together")]
KeyFile = Annotated[Path | None, typer.Option("--key", help="The site key; by default site.key beside the journal")]


def _refuse(text: object, code: int = BAD_INPUT) -> typer.Exit:
    err.print(str(text), highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(code)


def _facts(journal: Path, key: Path | None) -> "Facts":
    from edge.runtime.records import JournalError, journal_key
    from edge.runtime.reporting.facts import gather
    from vision.tokens import SiteKeyError, load_site_key

    try:
        site_key = journal_key(load_site_key(key or journal.parent / "site.key"))
        return gather(journal, site_key, lambda rows, total: track(rows, "reading", total=total, console=err, transient=True))
    except (JournalError, SiteKeyError) as error:
        raise _refuse(error) from error


def _reconciled(journal: Path, lot: str, key: Path | None) -> dict[str, Any]:
    from edge.runtime.reconcile import reconciliation
    from edge.runtime.records import JournalError

    try:
        return reconciliation(_facts(journal, key), lot)
    except JournalError as error:
        raise _refuse(error) from error


@app.command()
def show(
    journal: JournalPath,
    lot: LotName,
    key: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show what became of each document and each order of a lot."""
    found = _reconciled(journal, lot, key)
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    table = Table("what", "outcome", "number", title=f"lot {lot}, {'closed' if found['closed'] else 'open'}")
    for what, counts in found["counts"].items():
        for outcome, number in counts.items():
            table.add_row(what, outcome, str(number))
    table.add_row("documents", "surplus", str(len(found["surplus"])))
    out.print(table)


@app.command()
def alike(
    journal: JournalPath,
    key: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each group, a line.")] = False,
) -> None:
    """List the open orders whose numbers look alike, and what tells them apart; exit 1 where some stay undecided."""
    from edge.runtime.look_alikes import account
    from line_config.document_layout import standard_layouts

    rows = account(_facts(journal, key).core().floor.pool.alike(), standard_layouts())
    if as_json:
        sys.stdout.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    else:
        table = Table("kind", "orders", "separated by", "else", title=f"{len(rows)} groups of look-alike numbers")
        for row in rows:
            table.add_row(row["kind"], ", ".join(row["orders"]), row["separated_by"] or "[red]nothing[/]", row["remedy"])
        out.print(table)
    raise typer.Exit(0 if all(row["separated_by"] for row in rows) else FAILED)


@app.command()
def export(
    journal: JournalPath,
    lot: LotName,
    to: Annotated[Path, typer.Option("--output", "-o", help="File to write")],
    sign_key: Annotated[
        Path | None, typer.Option(help="The line's signing key; by default line.key beside the journal")
    ] = None,
    key: KeyFile = None,
) -> None:
    """Write a lot's account, signed: every document and every order once. The key's public half lies beside it as .pub."""
    from edge.runtime.signing import SignatureError, load_or_make, sign

    found = _reconciled(journal, lot, key)
    try:
        secret = sign_key or journal.parent / "line.key"
        to.write_bytes(sign(found, load_or_make(secret)))
    except SignatureError as error:
        raise _refuse(error) from error
    except OSError as error:
        raise _refuse(f"{to} cannot be written: {error.strerror}") from error
    err.print(
        f"{to}: {len(found['documents'])} documents, {len(found['orders'])} orders; public key {secret.with_suffix('.pub')}",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


@app.command()
def check(
    exported: Annotated[Path, typer.Argument(help="What `sealline lot export` has written")],
    public: Annotated[Path, typer.Option("--public", help="The line's public key (.pub), as you got it from a person")],
) -> None:
    """Check the signature of an exported lot and print its content as JSON; exit 1 when it must not be believed."""
    from edge.runtime.signing import SignatureError, believed, read_public

    try:
        content = believed(exported.read_bytes(), read_public(public.read_text("ascii", errors="replace")))
    except OSError as error:
        raise _refuse(f"{error.filename} cannot be read: {error.strerror}") from error
    except SignatureError as error:
        raise _refuse(f"{exported}: {error}", FAILED) from error
    sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")


@app.command()
def close(
    lot: LotName,
    config: Annotated[Path, typer.Option(help="The line's TOML file: where its panel is")],
    person: Annotated[str, typer.Option(help="Who closes it")],
    lead: Annotated[str, typer.Option(help="The shift lead who signs for differences")] = "",
) -> None:
    """Close a receipt lot at the running line: what is still open is missing. Exit 1 with what stands against it."""
    from line_config.loader import ConfigError, load_line

    try:
        panel = load_line(config).panel
    except ConfigError as error:
        raise _refuse(error) from error
    code = _ask(f"http://{panel.host}:{panel.port}/api/acts", "close_lot", person, {"lot": lot, "lead": lead})
    if code != "OK":
        raise _refuse(f"lot {lot} is not closed: {code}", FAILED)
    out.print(f"lot {lot} is closed", highlight=False)


def _ask(url: str, act: str, person: str, argument: dict[str, str]) -> str:
    """The line's answer to an act."""
    import uuid
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    body = json.dumps({"act": act, "person": person, "request_id": uuid.uuid4().hex, "argument": argument}).encode()
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - made from the line's own file
    try:
        with urlopen(request, timeout=ASK_S) as answer:  # noqa: S310
            return str(json.loads(answer.read())["code"])
    except HTTPError as error:
        text = error.read().decode(errors="replace")
        return str(json.loads(text)["code"]) if text.startswith("{") else f"the line answered {error.code}"
    except URLError as error:
        raise _refuse(f"{url} does not answer ({error.reason}): is the line running?") from error
