"""The commands that this package adds to `sealline`: demo, simulate, soak, specimens."""

import json
import secrets
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

out = Console()
err = Console(stderr=True)
UNCLEAN = 1

Items = Annotated[int, typer.Option(min=1, max=100_000, help="Documents in the feeder")]
Rate = Annotated[int, typer.Option(min=60, max=36_000, help="Target pace, items per hour; above 2700 the plant is scaled")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same people, faults and plant")]
Faults = Annotated[float, typer.Option(min=0.0, max=1.0, help="Probability that an item gets a fault")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object, last.")]


def bars() -> Progress:
    """Progress bars on stderr, so that the result on stdout stays clean."""
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err)


def unclean(result: dict[str, Any]) -> bool:
    """Whether the oracle found something."""
    return bool(result["wrong_dispatches"] or result["unaccounted"] or result["findings"])


def demo(
    items: Items = 100,
    rate: Rate = 2700,
    seed: Seed = 1,
    faults: Faults = 0.0,
    kills: Annotated[int, typer.Option(min=0, max=20, help="kill -9 of the runtime, so many times")] = 0,
    headless: Annotated[bool, typer.Option(help="End when the belt is empty, without waiting for Ctrl-C.")] = False,
    data_dir: Annotated[Path, typer.Option(help="Where the run keeps its files; emptied first")] = Path("var/demo"),
    broker: Annotated[str, typer.Option(help="mosquitto where installed, or amqtt (embedded, MQTT 3.1.1)")] = "mosquitto",
    central: Annotated[
        str, typer.Option(help="simulated, or own: you are the central system, see docs/connect.md")
    ] = "simulated",
    lines: Annotated[int, typer.Option(min=1, max=3, help="Lines of one site, with one broker (TLS) and one central")] = 1,
    heads: Annotated[int, typer.Option(min=1, max=2, help="Applicator heads of a single line, which take turns")] = 1,
    regrant: Annotated[
        str,
        typer.Option(help="with LINES: when a dead line's lot goes to another; person = one has seen it stand, or lease"),
    ] = "person",
    as_json: AsJson = False,
) -> None:
    """Run the whole line on real wires: runtime, simulators, broker, panel. Exit 1 if one item was wrong or lost."""
    from simulators.demo import Demo, DemoError
    from simulators.site_demo import SiteDemo

    # Told to end by another program it ends its processes, as on Ctrl-C: a line that is left over holds its ports.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run: Demo | SiteDemo | None = None
    shared: dict[str, Any] = {"items": items, "rate": rate, "seed": seed, "faults": faults, "kills": kills}
    try:
        if lines > 1:
            run = SiteDemo(data_dir, lines=lines, regrant=regrant, **shared)
        else:
            run = Demo(data_dir, broker=broker, central=central, heads=heads, **shared)
        with bars() as progress:
            result = run.to_the_end(progress, err.print)
        if lines > 1:
            show_site(result)
        else:
            show(result, "demo")
        if not headless:
            err.print("The belts are empty. The panels stay – Ctrl-C ends.")
            run.wait_for_ctrl_c()
    except DemoError as error:
        err.print(f"demo: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(UNCLEAN) from error
    finally:
        if run is not None:
            run.end()
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    raise typer.Exit(UNCLEAN if unclean(result) else 0)


def simulate(
    config: Annotated[Path, typer.Argument(help="The line's TOML file: the simulators serve its addresses")],
    items: Items = 100,
    rate: Rate = 2700,
    seed: Seed = 1,
    faults: Faults = 0.0,
) -> None:
    """Run the simulators alone, for a line that is started with `sealline run CONFIG`."""
    import asyncio

    from line_config.loader import ConfigError, load_line
    from simulators.scene import Scene
    from simulators.shopfloor import serve

    try:
        loaded = load_line(config)
    except ConfigError as error:
        err.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error

    key = Path(loaded.paths.site_key_file)
    if not key.exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(32))
        err.print(f"made a site key for this simulated line: {key}")

    def say(words: dict[str, Any]) -> None:
        if "rendered" not in words:
            err.print(words)

    asyncio.run(serve(loaded, Scene(seed, items, faults), rate, say))


def soak(
    hours: Annotated[float, typer.Option(min=0.01, max=10_000, help="Line hours at 2,700 items/h, over all seeds")] = 1.0,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Processes; the result does not depend on it")] = 2,
    seed: Seed = 1,
    faults: Annotated[str, typer.Option(help="catalogue, none, NAME[,NAME], or one probability per item")] = "catalogue",
    replay: Annotated[int, typer.Option(help="Run this one seed of a soak again, step by step")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run the line in virtual time over many seeds. Exit 1 if one item was wrong or lost, or a promise was broken."""
    from simulators.virtual import campaign, disturbances
    from simulators.weights import UnknownFaultError, parse

    try:
        wanted = parse(faults, disturbances.NAMES)
    except UnknownFaultError as error:
        err.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    if replay:
        result = campaign.run_plan(campaign.plan_of(replay, wanted), out_line)
        if "error" in result:
            err.print(f"seed {replay} ended with {result['error']}", markup=False, soft_wrap=True)
            raise typer.Exit(UNCLEAN)
        show(result, "replay")
        raise typer.Exit(UNCLEAN if result["findings"] else 0)
    with bars() as progress:
        task = progress.add_task("line hours", total=hours)
        told: list[tuple[int, str]] = []

        def tell(done: int, _: int, sums: campaign.Campaign) -> None:
            for bad_seed, finding in sums.bad[len(told) :]:
                text = f"seed {bad_seed}: {finding}; step by step: sealline soak --faults {faults} --replay {bad_seed}"
                progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
                told.append((bad_seed, finding))
            text = f"line hours, {sums.sums['seeds']} seeds, {sums.sums['power_cuts']} power cuts, findings {len(told)}"
            progress.update(task, completed=done / campaign.RATE_PER_H, description=text)

        result = campaign.soak(hours=hours, jobs=jobs, seed=seed, faults=wanted, progress=tell)
    show_soak(result, faults)
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    if result["never"]:
        err.print(f"never happened, so nothing is proved about it: {', '.join(result['never'])}", markup=False, soft_wrap=True)
    raise typer.Exit(UNCLEAN if result["findings"] or result["never"] else 0)


def specimens(
    folder: Annotated[Path, typer.Argument(help="Where to put the pictures and truth.jsonl")],
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Documents of each kind in each severity")] = 5,
    seed: Seed = 1,
    severity: Annotated[
        list[int] | None, typer.Option(min=0, max=3, help="How badly seen: 0 to 3; several may be given")
    ] = None,
) -> None:
    """Make synthetic pictures of every kind of document with their truth, for `sealline vision eval`."""
    from simulators.specimen_folder import files, write_folder
    from simulators.specimens import KINDS

    severities = tuple(severity or (0, 1, 2))
    with bars() as progress:
        task = progress.add_task("drawing", total=files(count, len(KINDS), len(severities)))
        try:
            for _ in write_folder(folder, count, seed, severities):
                progress.advance(task)
        except OSError as error:
            err.print(f"{folder} cannot be written ({error.strerror}); choose a folder that is yours", markup=False)
            raise typer.Exit(2) from error
    err.print(f"{folder}: read them with  sealline vision eval {folder} --belt --html {folder}/report.html", soft_wrap=True)


def out_line(line: str) -> None:
    """One line of a trace, as it is."""
    sys.stdout.write(line + "\n")


def show_soak(result: dict[str, Any], faults: str) -> None:
    """The sums of a soak as a table, and the command that repeats the first bad seed."""
    table = Table("what", "figure", title=f"soak: seed {result['seed']}, faults {faults}, commit {result['commit']}")
    untouched, clean = result["untouched"], not result["findings"]
    bound = f"wrong rate < {result['bound_95']:.1e} at 95 %" if result["bound_95"] is not None else ""
    rows = (
        ("items fed", f"{result['items']:,} in {result['seeds']} seeds = {result['line_hours']} line hours"),
        ("simulated", f"{result['simulated_hours']} h in {result['wall_s']} s, {result['speedup']} times real time"),
        ("dispatched", f"{result['dispatched']:,}"),
        ("untouched", f"{untouched['dispatched']:,} of {untouched['fed']:,} dispatched"),
        (
            "wrong dispatches",
            f"[{'green' if not result['wrong_dispatches'] else 'red'}]{result['wrong_dispatches']}[/]  {bound}",
        ),
        ("unaccounted", f"[{'green' if not result['unaccounted'] else 'red'}]{result['unaccounted']}[/]"),
        ("broken promises, died", f"{result['invariant_breaches']}, {result['died']}"),
        ("power cuts", f"{result['power_cuts']}"),
        ("stops that ended", f"alone {result['recovered']['alone']}, by a person {result['recovered']['by_person']}"),
        ("events per item", f"{result['events_per_item']}"),
        ("trace hash", result["trace_hash"]),
        *((f"fault {name}", f"fired {fired}") for name, fired in result["faults"].items()),
        *((f"reached: {name}", f"{hits}") for name, hits in result["sometimes"].items()),
        *(("[red]finding[/]", finding) for finding in result["findings"]),
    )
    for row in rows:
        table.add_row(*row)
    out.print(table)
    if not clean:
        bad = result["findings"][0].split()[1].rstrip(":")
        err.print(f"to see it step by step: sealline soak --faults {faults} --replay {bad}", markup=False, soft_wrap=True)


def show(result: dict[str, Any], title: str) -> None:
    """The result as a table."""
    dispatched, wrong = result["dispatched"], result["wrong_dispatches"]
    table = Table("what", "figure", title=f"{title}: seed {result['seed']}, {result['rate']}/h, commit {result['commit']}")
    bound = f"wrong rate < {3 / dispatched:.2%} at 95 %" if dispatched and not wrong else ""
    rows = (
        ("items fed", f"{result['items_fed']}"),
        ("dispatched", f"{dispatched}  ({result['items_per_hour']} items/h)"),
        ("rejected", ", ".join(f"{reason} {n}" for reason, n in result["rejected"].items()) or "none"),
        ("quarantined", f"{result['quarantined']}"),
        ("wrong dispatches", f"[{'red' if wrong else 'green'}]{wrong}[/]  {bound}"),
        ("unaccounted", f"[{'red' if result['unaccounted'] else 'green'}]{result['unaccounted']}[/]"),
        ("late verdicts", f"{result['late_verdicts']}"),
        ("untouched", f"{result['untouched']['dispatched']} of {result['untouched']['fed']} dispatched"),
        *(
            (f"verdict at {s}", f"p50 {v['p50']} ms, p99 {v['p99']} ms, max {v['max']} ms")
            for s, v in result["verdict_ms"].items()
        ),
        *(
            (f"reads {k}", f"ok {v['ok']}, unreadable {v['unreadable']}, wrong {v['wrong']}")
            for k, v in result["reads"].items()
        ),
        *((f"fault {name}", _fault(row)) for name, row in result["faults"].items() if row["planned"]),
    )
    for row in rows:
        table.add_row(*row)
    for finding in result["findings"]:
        table.add_row("[red]finding[/]", finding)
    out.print(table)


def show_site(result: dict[str, Any]) -> None:
    """The result of several lines as a table."""
    title = f"site: seed {result['seed']}, {result['rate']}/h each, commit {result['commit']}"
    table = Table("what", *result["lines"], title=title)
    lines = result["lines"].values()
    for name in ("documents_fed", "dispatched", "quarantined", "boots", "wrong_dispatches", "unaccounted"):
        table.add_row(name.replace("_", " "), *(str(found[name]) for found in lines))
    table.add_row("accounts", *result["accounts"].values())
    out.print(table)
    regranted = ", ".join(f"{lot} to {line} under epoch {epoch}" for lot, line, epoch in result["central"]["regranted"])
    said = f"central: {result['central']['outcomes']}; granted again: {regranted or 'nothing'}"
    out.print(said, markup=False, soft_wrap=True)
    for finding in result["findings"]:
        out.print(f"finding: {finding}", style="red", markup=False, soft_wrap=True)


def _fault(row: dict[str, Any]) -> str:
    became = ", ".join(f"{what} {n}" for what, n in row["outcome"].items())
    return f"planned {row['planned']}, fired {row['fired']}: {became or '–'}"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (demo, simulate, soak, specimens):
        app.command()(command)
