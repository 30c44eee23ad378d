"""Running a whole journal again for people: what was decided, and what this release would decide otherwise."""

from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import track

from edge.core.commands import Outcome
from edge.runtime.records import JournalError
from edge.runtime.replay import DecisionHash, Step, fresh_controller, steps
from edge.runtime.verify import read_records, verify


class Summary(NamedTuple):
    """What a journal amounts to when this release runs it."""

    events: int
    commands: int
    dispatched: int
    differences: int
    decision_hash: str


def rerun(journal: Path, key: bytes, out: Console | None, *, every: bool) -> Summary:
    """Run a journal again, once its chain is proved. `out` gets what differs, or each event. Raises JournalError."""
    proved = verify(journal, key, [])
    if proved.fault:
        raise JournalError(f"{journal}: {proved.fault}. It is not run again: what it says cannot be trusted.")
    decisions = DecisionHash()
    events = commands = dispatched = differences = 0
    records = track(read_records(journal), "replay", total=proved.records, console=Console(stderr=True), transient=True)
    for step in steps(records, fresh_controller(read_records(journal))):
        decisions.add(step)
        events += 1
        commands += len(step.decided)
        dispatched += sum(isinstance(command, Outcome) and command.table == "dispatched" for command in step.commands)
        differences += not step.same
        if out is not None and (every or not step.same):
            _show(out, step)
    return Summary(events, commands, dispatched, differences, decisions.hexdigest())


def _show(out: Console, step: Step) -> None:
    record = step.record
    head = f"#{record.seq} {record.at_us / 1_000_000:.3f} s boot {record.boot} {record.kind} {record.body.decode()}"
    out.print(head, markup=False, highlight=False, soft_wrap=True)
    if step.broken:
        out.print(f"    breaks a promise: {step.broken}", markup=False, highlight=False, soft_wrap=True)
    if step.recorded == step.decided:
        for body in step.decided:
            out.print(f"    → {body.decode()}", markup=False, highlight=False, soft_wrap=True)
        return
    for name, bodies in (("then", step.recorded), ("now ", step.decided)):
        for body in bodies or (b"nothing",):
            out.print(f"    {name} → {body.decode()}", markup=False, highlight=False, soft_wrap=True)
