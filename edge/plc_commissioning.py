"""`sealline plc conform | watch | force`: commissioning a PLC."""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from edge import __version__

if TYPE_CHECKING:
    from edge.commissioning.target import Target
    from edge.conformance.check import Check
    from edge.conformance.report import Run
    from edge.conformance.stimulus import Stand, Stimulus

BAD_INPUT, FAILED = 2, 1
SIM_BELT_MS = 4_000
"""the simulated stand has a short belt"""
out = Console()
err = Console(stderr=True)

TargetText = Annotated[
    str, typer.Argument(help="LINE.toml:machine_plc, modbus://HOST:PORT/UNIT, s7://HOST:PORT/RACK/SLOT; conform: sim:machine")
]
PlcKind = Annotated[Literal["machine", "sorter"] | None, typer.Option(help="Which PLC an address belongs to")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(plc_app: typer.Typer) -> None:
    """Add the commands to `sealline plc`."""
    plc_app.command()(conform)


def fail(text: str, code: int = BAD_INPUT) -> typer.Exit:
    """Say what is wrong on stderr; the exit to raise."""
    err.print(text, highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(code)


def target_of(text: str, kind: Literal["machine", "sorter"] | None) -> "Target":
    """The PLC, or what is wrong with the target and exit 2."""
    from edge.commissioning.target import TargetError, parse_target

    try:
        return parse_target(text, kind)
    except TargetError as error:
        raise fail(str(error)) from error


def conform(
    target: TargetText,
    kind: PlcKind = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this check, or those whose names begin so; may be repeated")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the checks and what a tester must do for them.")] = False,
    assume_done: Annotated[
        float, typer.Option(min=0, max=600, help="Wait so many s instead of asking the tester; 0 = ask")
    ] = 0.0,
    belt_s: Annotated[
        float, typer.Option(min=1, max=300, help="The longest way between two sensors of the machine, in s")
    ] = 30.0,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write the report as PDF (needs Chromium)")] = None,
    as_json: AsJson = False,
) -> None:
    """Prove a PLC against the interface over its wire; exit 1 if a check failed. It moves the machine: never with originals."""
    from edge.conformance.kit import FAILED as BROKEN
    from edge.conformance.kit import checks_for
    from edge.conformance.report import as_json as report
    from edge.conformance.report import page, show

    simulated = target.startswith("sim:")
    which = _simulated_kind(target) if simulated else target_of(target, kind).kind
    checks = checks_for(which, only or ())
    if not checks:
        raise fail(f"no check is called {', '.join(only or ())}: see --list")
    if list_:
        _list(checks)
        return
    run = asyncio.run(_conform(target, which, checks, assume_done, round(belt_s * 1000)))
    if not as_json:
        show(run, out)
    if html is not None:
        html.write_text(page(run), encoding="utf-8")
        err.print(f"report: {html}")
    if pdf is not None:
        _print(page(run), pdf)
    if as_json:
        sys.stdout.write(json.dumps(report(run), ensure_ascii=False) + "\n")
    raise typer.Exit(FAILED if run.count(BROKEN) else 0)


def _simulated_kind(target: str) -> Literal["machine", "sorter"]:
    name = target.removeprefix("sim:").partition("/")[0]
    kinds: dict[str, Literal["machine", "sorter"]] = {"machine": "machine", "sorter": "sorter"}
    if name not in kinds:
        raise fail(f"{target}: not a simulated PLC; there are sim:machine and sim:sorter, each with /modbus or /s7")
    return kinds[name]


def _list(checks: "list[Check]") -> None:
    from edge.conformance.stimulus import ACTS

    for check in checks:
        acts = "".join(f"\n{'':31}► {ACTS[act].zh.format(n='…')} / {ACTS[act].en.format(n='…')}" for act in check.acts)
        out.print(
            f"{check.name:26} {check.clause:4} {check.zh} / {check.en}{acts}", markup=False, highlight=False, soft_wrap=True
        )


def _print(page: str, pdf: Path) -> None:
    from edge.commissioning.printing import CannotPrint, print_page

    try:
        print_page(page, pdf)
    except CannotPrint as error:
        raise fail(str(error), FAILED) from error
    err.print(f"report: {pdf} (printed by Chromium)")


async def _conform(
    text: str, kind: Literal["machine", "sorter"], checks: "list[Check]", assume_done_s: float, belt_ms: int
) -> "Run":
    from drivers.process_image import ImageCodec
    from edge.conformance import report
    from edge.conformance.bench import Bench
    from edge.conformance.kit import run
    from edge.conformance.person import Person
    from line_config.process_image import load_process_image

    image = load_process_image()
    began = datetime.now().astimezone().isoformat(timespec="seconds")
    async with AsyncExitStack() as stack:
        hands: Stimulus = Person(lambda said: err.print(said, markup=False), sys.stdin.readline, assume_done_s=assume_done_s)
        address = text
        if text.startswith("sim:"):
            stand = _stand(kind)
            address = await stack.enter_async_context(
                stand.serve(text.partition("/")[2] or {"machine": "modbus"}.get(kind, "s7"))
            )
            hands, belt_ms = stand, SIM_BELT_MS
        target = target_of(address, kind)
        bench = Bench(target.port(image), ImageCodec(image), hands, kind, poll_ms=target.plc.poll_ms, belt_ms=belt_ms)
        findings = await run(bench, checks, lambda finding: err.print(report.line(finding), soft_wrap=True, highlight=False))
    return report.Run(text, target.where, kind, began, __version__, image.layout_version, findings)


def _stand(kind: Literal["machine", "sorter"]) -> "Stand":
    found = entry_points(group="sealline.stimuli", name="sim")
    if not found:
        raise fail("no simulated PLC is installed: the entry point sim of sealline.stimuli is missing; run make setup")
    stand: Stand = next(iter(found)).load()(kind)
    return stand
