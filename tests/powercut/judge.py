"""Opens the journal on what a power cut left: is it whole, and does it hold everything that was acknowledged?"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from edge.runtime.ledger import Ledger
from edge.runtime.records import JournalError
from tests.powercut.disk import State
from tests.powercut.writer import KEY


class Verdict(NamedTuple):
    """Of so many states, how many were corrupt and how many had lost what was acknowledged; with the first of each."""

    states: int
    corrupt: int
    lost: int
    examples: tuple[str, ...]


class _Body(msgspec.Struct):
    transaction: int
    of: int


def judge(states: Iterable[State], scratch: Path) -> Verdict:
    """Judge all states, each in a fresh folder."""
    seen: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for state in states:
        found, text = _judge(state, scratch / "cut")
        seen["states"] += 1
        seen[found] += 1
        examples.setdefault(found, f"{found}: {state.what}: {text}")
    examples.pop("", None)
    return Verdict(seen["states"], seen["corrupt"], seen["lost"], tuple(examples.values()))


def _judge(state: State, folder: Path) -> tuple[str, str]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in state.files.items():
        (folder / name).write_bytes(content)
    ledger = Ledger(str(folder / "journal.db"), KEY)
    try:
        ledger.open(lambda: "journal-1")
    except JournalError as error:
        return "corrupt", str(error)
    try:
        return _contents(ledger, folder, state.acknowledged)
    except (JournalError, sqlite3.Error) as error:
        return "corrupt", str(error)
    finally:
        ledger.close()


def _contents(ledger: Ledger, folder: Path, acknowledged: int) -> tuple[str, str]:
    with sqlite3.connect(folder / "journal.db") as reader:
        (whole,) = reader.execute("PRAGMA integrity_check").fetchone()
    reader.close()
    if whole != "ok":
        return "corrupt", str(whole)
    bodies = [msgspec.json.decode(record.body, type=_Body) for record in ledger.records()]
    sizes = Counter(body.transaction for body in bodies)
    if any(sizes[body.transaction] != body.of for body in bodies):
        return "corrupt", "a transaction is there in part"
    if {str(number): str(size) for number, size in sizes.items()} != ledger.outcomes("dispatched"):
        return "corrupt", "records and outcome rows differ"
    last = max(sizes, default=0)
    return ("lost", f"{acknowledged} acknowledged, {last} there") if last < acknowledged else ("", "")
