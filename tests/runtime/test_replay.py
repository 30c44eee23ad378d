"""A journal runs again to the same decisions; what this release would decide otherwise is listed; a breach is passed over."""

from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from edge.core.events import ConfigLoaded, DocumentFed
from edge.core.values import Order, SortPlan
from edge.runtime import replay as module
from edge.runtime.ledger import Ledger
from edge.runtime.pump import entries_of
from edge.runtime.records import Batch, Entry, JournalError, Record
from edge.runtime.replay import COMMAND_TYPES, event_of, fresh_controller, leaving, steps
from edge.runtime.rerun import Summary, rerun
from tests.core.line import Line

KEY = b"k" * 32


class Recorder(Line):
    """A scripted line that keeps its records as the pump would write them."""

    def __init__(self, orders: list[Order] | None = None) -> None:
        self.entries: list[Entry] = []
        super().__init__(orders)

    def say(self, kind, after_ms=1, /, **fields):  # type: ignore[no-untyped-def]
        out = super().say(kind, after_ms, **fields)
        self.entries += entries_of(self.log[-1], out)
        return out


def journal(path: Path, entries: list[Entry], key: bytes = KEY) -> Path:
    ledger = Ledger(str(path), key)
    ledger.open(lambda: "j1")
    ledger.write(Batch(entries))
    ledger.close()
    return path


def run(path: Path, *, every: bool = False) -> tuple[Summary, str]:
    console = Console(record=True, width=500, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123 - closed with the console
    summary = rerun(path, KEY, console, every=every)
    console.file.close()
    return summary, console.export_text()


@pytest.fixture
def story() -> Recorder:
    line = Recorder()
    for n in (1, 2, 3):
        line.through(n)
    return line


def test_the_same_decisions(tmp_path: Path, story: Recorder) -> None:
    path = journal(tmp_path / "j.db", story.entries)
    first, text = run(path)
    assert (first.events, first.dispatched, first.differences) == (len(story.log), 3, 0)
    assert first.commands == len(leaving(story.commands))
    assert not text
    again, trace = run(path, every=True)
    assert again.decision_hash == first.decision_hash
    assert trace.count("#") >= len(story.log)
    assert "InsertClose" in trace


def test_each_decision_that_would_be_made_otherwise_is_listed(tmp_path: Path, story: Recorder) -> None:
    loaded = next(n for n, entry in enumerate(story.entries) if entry.kind == "ConfigLoaded")
    config = msgspec.json.decode(story.entries[loaded].body, type=ConfigLoaded)
    other = msgspec.structs.replace(config, sort_plan=SortPlan(version="v2", routes={"44": 1}, reject_chute=0))
    story.entries[loaded] = story.entries[loaded]._replace(body=msgspec.json.encode(other))
    summary, text = run(journal(tmp_path / "j.db", story.entries))
    assert summary.differences >= 3
    assert '"chute":2' in text
    assert '"chute":1' in text


def test_a_promise_that_this_release_would_break_is_a_difference(
    tmp_path: Path, story: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.core.invariants.route", lambda *_: 9)
    summary, text = run(journal(tmp_path / "j.db", story.entries))
    assert summary.differences == 3
    assert text.count("breaks a promise: I8") == 3


def test_it_goes_on_behind_a_breach(tmp_path: Path, story: Recorder) -> None:
    breach = Entry(9, "Breach", 1, b'"I3: something"')
    half = len(story.entries) // 2
    while story.entries[half].kind in COMMAND_TYPES:
        half += 1
    summary, _ = run(journal(tmp_path / "j.db", [*story.entries[:half], breach, *story.entries[half:]]))
    assert (summary.events, summary.differences) == (len(story.log), 0)


def test_a_damaged_journal_is_not_run(tmp_path: Path, story: Recorder) -> None:
    path = journal(tmp_path / "j.db", story.entries)
    with pytest.raises(JournalError, match="cannot be trusted"):
        rerun(path, b"x" * 32, None, every=False)


def test_a_journal_without_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no configuration"):
        rerun(journal(tmp_path / "j.db", [Entry(1, "Breach", 1, b'""')]), KEY, None, every=False)


def record(kind: str, body: bytes, version: int = 1) -> Record:
    return Record(1, "j", 1, 1, kind, version, body, b"")


def test_an_older_version_is_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    old = b'{"type":"DocumentFed","at_us":1,"handle":7,"trigger":2}'
    monkeypatch.setattr(module, "EVENT_VERSION", 2)
    with pytest.raises(JournalError, match="not understood"):
        event_of(record("DocumentFed", old))
    monkeypatch.setitem(
        module.UPCASTERS,
        ("DocumentFed", 1),
        lambda fields: {**{k: v for k, v in fields.items() if k != "handle"}, "document": f"D1-{fields['handle']}"},
    )
    assert event_of(record("DocumentFed", old)) == DocumentFed(at_us=1, document="D1-7", trigger=2)


def test_what_this_release_does_not_know() -> None:
    with pytest.raises(JournalError, match="not understood"):
        event_of(record("DocumentFed", b"{"))
    assert event_of(record("Seal", b"{}")) is None
    line = Recorder()
    records = [record(entry.kind, entry.body) for entry in line.entries]
    with pytest.raises(JournalError, match="does not know"):
        list(steps([*records, record("FromTheFuture", b"{}"), records[0]], fresh_controller(records)))
