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
    from drivers.ports import PlcReader
    from drivers.process_image import ImageCodec
    from edge.commissioning.force import Order
    from edge.commissioning.target import Target
    from edge.conformance.check import Check
    from edge.conformance.report import Run
    from edge.conformance.stimulus import Stand, Stimulus
    from line_config.model import LineConfig

BAD_INPUT, FAILED = 2, 1
SIM_BELT_MS = 4_000
"""the simulated stand has a short belt"""
LOOKS, LOOK_S = 5, 0.1
"""so often, and at such a distance, a PLC is looked at to see what moves"""
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
    plc_app.command()(watch)
    plc_app.command()(force)


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
    unknown = [name for name in only or () if not checks_for(which, [name])]
    if unknown:
        raise fail(f"no check of the {which} PLC is called {', '.join(unknown)}: see --list")
    checks = checks_for(which, only or ())
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
        port = target.port(image)
        await _require_free(port, ImageCodec(image))
        bench = Bench(port, ImageCodec(image), hands, kind, poll_ms=target.plc.poll_ms, belt_ms=belt_ms)
        findings = await run(bench, checks, lambda finding: err.print(report.line(finding), soft_wrap=True, highlight=False))
    return report.Run(text, target.where, kind, began, __version__, image.layout_version, findings)


async def _require_free(port: "PlcReader", codec: "ImageCodec") -> None:
    """Two masters at one PLC are worse than none: exit 2 where an edge is at work."""
    from edge.commissioning.watch import Watch

    look = Watch(port, codec)
    for _ in range(LOOKS):
        await look.look()
        await asyncio.sleep(LOOK_S)
    await look.close()
    if look.edge_alive(round(asyncio.get_running_loop().time() * 1000)):
        raise fail("an edge is writing to this PLC: stop the line first (sealline plc watch shows it)")


def _stand(kind: Literal["machine", "sorter"]) -> "Stand":
    found = entry_points(group="sealline.stimuli", name="sim")
    if not found:
        raise fail("no simulated PLC is installed: the entry point sim of sealline.stimuli is missing; run make setup")
    stand: Stand = next(iter(found)).load()(kind)
    return stand


def watch(
    target: TargetText,
    kind: PlcKind = None,
    once: Annotated[bool, typer.Option(help="Look for a moment, print, and end; exit 1 when the values are not good.")] = False,
    as_json: AsJson = False,
    every_ms: Annotated[int, typer.Option(min=20, max=5000, help="Pause between two looks")] = 100,
) -> None:
    """Show what a PLC says by names, live. It only reads, over a connection of its own, so it may run beside the line."""
    aim = target_of(target, kind)
    try:
        good = asyncio.run(_watch(aim, once=once or as_json, as_json=as_json, every_s=every_ms / 1000))
    except KeyboardInterrupt:
        return
    raise typer.Exit(0 if good else FAILED)


async def _watch(target: "Target", *, once: bool, as_json: bool, every_s: float) -> bool:
    from rich.live import Live

    from drivers.process_image import ImageCodec
    from edge.commissioning.watch import GOOD, Watch
    from edge.commissioning.watch_view import picture
    from line_config.process_image import load_process_image

    image = load_process_image()
    looked = Watch(target.port(image), ImageCodec(image))
    loop = asyncio.get_running_loop()
    try:
        if once:
            for _ in range(LOOKS):
                await looked.look()
                await asyncio.sleep(min(every_s, LOOK_S))
            now_ms = round(loop.time() * 1000)
            if as_json:
                sys.stdout.write(json.dumps({"where": target.where, **looked.as_json(now_ms)}) + "\n")
            else:
                out.print(picture(looked, target.where, now_ms))
            return looked.quality(now_ms) == GOOD
        with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
            while True:
                await looked.look()
                live.update(picture(looked, target.where, round(loop.time() * 1000)), refresh=True)
                await asyncio.sleep(every_s)
    finally:
        await looked.close()


def _name(person: str) -> str:
    if not person.strip():
        raise typer.BadParameter("say who does this")
    return person.strip()


def force(
    target: Annotated[str, typer.Argument(help="LINE.toml:machine_plc or LINE.toml:sorter_plc")],
    person: Annotated[str, typer.Option(help="Who does this; it is in the journal", callback=_name)],
    command: Annotated[str, typer.Option(help="A command of this PLC, e.g. clear_belt, reject_document")] = "",
    handle: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = 0,
    argument: Annotated[int, typer.Option(min=0, max=2**32 - 1)] = 0,
    chute: Annotated[int, typer.Option(min=0, max=65_535)] = 0,
    field: Annotated[str, typer.Option(help="The line's state word, e.g. state=EXECUTE")] = "",
    hold_ms: Annotated[
        int, typer.Option(min=100, max=60_000, help="How long the state is held, or the command waited for")
    ] = 1_000,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Force one thing at a PLC: only in Maintenance (key switch), only while the line is stopped, and journalled."""
    from edge.commissioning.force import Refused, order_of
    from line_config.process_image import load_process_image

    aim = target_of(target, None) if "://" not in target else None
    if aim is None or aim.line is None:
        raise fail(f"{target}: forcing is journalled, so it needs the line's file: LINE.toml:machine_plc")
    values = {"handle": handle, "argument": argument, "chute": chute, "hold_ms": hold_ms}
    try:
        order = order_of(load_process_image(), aim.kind, command, field, values)
        if not yes and not typer.confirm(f"{aim.where}: {order.words()}. Is everybody clear of the machine?"):
            raise fail("not forced: not confirmed", FAILED)
        ended = _force(aim, aim.line, order, person)
    except Refused as refused:
        raise fail(f"not forced: {refused}", FAILED) from refused
    out.print(f"{aim.where}: {order.words()} – {ended}", markup=False, soft_wrap=True)


def _force(target: "Target", line: "LineConfig", order: "Order", person: str) -> str:
    """Look, open the journal, force. Raises Refused."""
    from drivers.ports import DeviceError
    from drivers.process_image import ImageCodec
    from edge.commissioning.force import Refused, force, require_maintenance
    from edge.commissioning.ledger import line_ledger
    from edge.conformance.bench import Bench
    from edge.conformance.person import Person
    from edge.runtime.records import JournalError
    from line_config.process_image import load_process_image
    from vision.tokens import SiteKeyError

    image = load_process_image()
    port = target.port(image)
    hands = Person(lambda said: err.print(said, markup=False), sys.stdin.readline)
    bench = Bench(port, ImageCodec(image), hands, target.kind, poll_ms=target.plc.poll_ms)

    async def run() -> str:
        await require_maintenance(bench, port)
        with line_ledger(line) as ledger:
            return await force(bench, order, person, ledger.write)

    try:
        return asyncio.run(run())
    except (DeviceError, JournalError, SiteKeyError) as error:
        raise Refused(str(error)) from error
