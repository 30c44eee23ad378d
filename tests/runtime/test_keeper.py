"""The keeper's job on real files: snapshots, archives, retention; and the whole journal read as one afterwards."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from edge.core.events import ClockRead
from edge.runtime import archive, keeper
from edge.runtime.clock import Clock
from edge.runtime.helper import Helper, HelperLost, Reply
from edge.runtime.helper_main import JOBS
from edge.runtime.keeper import Keeper, KeepJob, Kept, archive_folder, keep, snapshot_path
from edge.runtime.ledger import Head, Ledger
from edge.runtime.records import Batch, Entry, JournalError
from edge.runtime.replay import replay
from edge.runtime.snapshot import proved_seq, read_snapshot, state_digest
from edge.runtime.verify import read_anchors, verify
from simulators.virtual.loop import run_virtual
from tests.core.line import PLAN, SETTINGS
from tests.runtime.test_snapshot import KEY, Written

DAY_MS = 86_400_000
WALL_MS = 1_790_000_000_000


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    for name in ("edge.runtime.snapshot", "edge.runtime.keeper"):
        monkeypatch.setattr(f"{name}.core_digest", lambda: "")
    written = Written(tmp_path / "journal.db")
    yield written
    written.ledger.close()


def job(path: Path, **fields: object) -> KeepJob:
    plain = KeepJob(str(path / "journal.db"), str(path / "anchors.jsonl"), KEY, SETTINGS, PLAN, WALL_MS, 30, prove=True)
    return msgspec.structs.replace(plain, **fields)


def test_a_snapshot_is_made_and_the_next_one_builds_on_it(there: Written, tmp_path: Path) -> None:
    there.line.through(1)
    there.catch_up()
    first = keep(job(tmp_path))
    assert first == Kept(snapshot_seq=there.ledger.head().seq)
    there.line.through(2)
    there.catch_up()
    second = keep(job(tmp_path))
    assert second.snapshot_seq > first.snapshot_seq
    stored = read_snapshot(snapshot_path(tmp_path / "journal.db"), KEY)
    assert stored is not None
    assert proved_seq(stored, there.ledger) == second.snapshot_seq
    assert state_digest(there.replay(stored)) == state_digest(there.line.controller)


def test_old_records_move_to_archives_and_all_is_read_as_one(there: Written, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for n in (1, 2, 3):
        there.line.through(n)
        there.catch_up()
        kept = keep(job(tmp_path, cut_records=1))
        assert kept.archived_seq == kept.snapshot_seq == there.ledger.head().seq
        while there.ledger.drop(kept.archived_seq, 7):
            pass
    assert there.ledger.base() == there.ledger.head()
    assert not list(there.ledger.records())
    there.line.through(4)
    there.catch_up()
    whole = archive.WholeJournal(there.ledger, archive_folder(path))
    assert len(archive.archives(archive_folder(path))) == 3
    assert whole.base() == Head(0, b"\0" * 16)
    assert [record.seq for record in whole.records()] == list(range(1, there.ledger.head().seq + 1))
    replayed = replay(whole, "", SETTINGS, PLAN)
    assert state_digest(replayed.controller) == state_digest(there.line.controller)
    # Read from any place behind an archive, and proved from outside.
    middle = archive.archives(archive_folder(path))[1]
    assert next(whole.records(Head(middle.last_seq, _chain(middle)))).seq == middle.last_seq + 1
    proved = verify(path, KEY, [])
    assert (proved.first_seq, proved.records, proved.fault) == (1, there.ledger.head().seq, "")


def _chain(one: archive.Archive) -> bytes:
    with archive.opened(one.path, KEY) as reader:
        return reader.last().chain


def test_a_cut_that_died_halfway_is_made_again(there: Written, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    there.line.through(1)
    there.catch_up()
    kept = keep(job(tmp_path, cut_records=1))
    there.ledger.drop(kept.archived_seq, 5)
    (archive_folder(path) / "6-99.new").write_bytes(b"half")
    there.line.through(2)
    there.catch_up()
    # The archive holds more than the journal has forgotten so far: nothing is there twice, nothing is missing.
    whole = archive.WholeJournal(there.ledger, archive_folder(path))
    assert [record.seq for record in whole.records()] == list(range(1, there.ledger.head().seq + 1))
    assert not verify(path, KEY, []).fault
    assert keep(job(tmp_path, cut_records=1)).archived_seq == there.ledger.head().seq
    assert not verify(path, KEY, []).fault


def test_archives_go_when_their_time_has_passed_and_their_end_is_anchored(there: Written, tmp_path: Path) -> None:
    path, folder = tmp_path / "journal.db", archive_folder(tmp_path / "journal.db")
    for n in (1, 2):
        there.line.through(n)
        there.line.say(ClockRead, wall_ms=WALL_MS + n * DAY_MS)
        there.catch_up()
        there.ledger.drop(keep(job(tmp_path, cut_records=1)).archived_seq, 10**6)
    first, second = archive.archives(folder)
    late = {"now_ms": WALL_MS + 31 * DAY_MS + 1, "keep_days": 30}
    assert not archive.expire(folder, KEY, **late, anchored_seq=0), "not anchored"
    assert archive.expire(folder, KEY, **late, anchored_seq=10**6) == [first]
    assert archive.archives(folder) == [second]
    proved = verify(path, KEY, [])
    assert (proved.first_seq, proved.fault) == (first.last_seq + 1, "")
    (tmp_path / "anchors.jsonl").write_text(
        f'{{"journal_id": "j1", "seq": {second.last_seq}, "chain": "{_chain(second).hex()}", "at_ms": 1}}\n'
    )
    assert len(read_anchors(tmp_path / "anchors.jsonl")) == 1
    assert keep(job(tmp_path, now_ms=WALL_MS + 40 * DAY_MS)).fault == ""
    assert not archive.archives(folder)


def test_an_archive_without_a_clock_stays(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path / "journal.db"), KEY)
    ledger.open(lambda: "j1")
    ledger.write(Batch([Entry(1, "Other", 1, b"{}")]))
    archive.cut(ledger, tmp_path / "journal.archive")
    ledger.close()
    assert not archive.expire(tmp_path / "journal.archive", KEY, now_ms=2**61, keep_days=1, anchored_seq=9)


@pytest.mark.parametrize("where", ["journal.db", "archive"])
def test_a_flipped_record_anywhere_is_a_fault(there: Written, tmp_path: Path, where: str) -> None:
    there.line.through(1)
    there.catch_up()
    there.ledger.drop(keep(job(tmp_path, cut_records=1)).archived_seq, 10**6)
    there.line.through(2)
    there.catch_up()
    import sqlite3

    target = tmp_path / "journal.db" if where == "journal.db" else archive.archives(tmp_path / "journal.archive")[0].path
    sql = sqlite3.connect(target)
    sql.execute("UPDATE record SET at_us = at_us + 1 WHERE seq = (SELECT MAX(seq) FROM record)")
    sql.commit()
    sql.close()
    assert "does not fit the chain" in keep(job(tmp_path)).fault
    assert "does not fit the chain" in verify(tmp_path / "journal.db", KEY, []).fault


def test_what_is_no_journal_is_a_fault(tmp_path: Path) -> None:
    assert "no such journal" in keep(job(tmp_path)).fault
    (tmp_path / "journal.db").write_bytes(b"rubbish" * 100)
    assert "Is this a line's journal" in keep(job(tmp_path)).fault


def test_what_another_core_wrote_is_not_kept_before_it_is_carried_over(
    there: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.line.through(1)
    there.catch_up()
    for name in ("edge.runtime.snapshot", "edge.runtime.keeper"):
        monkeypatch.setattr(f"{name}.core_digest", lambda: "a new release")
    assert keep(job(tmp_path, prove=False)) == Kept()
    assert not snapshot_path(tmp_path / "journal.db").exists()


def test_the_helper_process_has_the_job(there: Written, tmp_path: Path) -> None:
    there.line.through(1)
    there.catch_up()
    assert msgspec.msgpack.decode(JOBS["keep"](msgspec.msgpack.encode(job(tmp_path))), type=Kept).snapshot_seq > 0


# --- the task ---
class Answers(Helper):
    """A helper that answers from a list, and then is lost."""

    def __init__(self, *kept: Kept | None) -> None:
        super().__init__()
        self.kept, self.asked = list(kept), []

    async def call(self, name: str, body: bytes) -> Reply:
        await asyncio.sleep(0)
        self.asked.append(msgspec.msgpack.decode(body, type=KeepJob).prove)
        kept = self.kept.pop(0) if self.kept else None
        if kept is None:
            raise HelperLost("gone")
        return Reply(msgspec.msgpack.encode(kept))


class Forgets:
    def __init__(self) -> None:
        self.dropped: list[int] = []

    async def drop(self, until_seq: int) -> None:
        await asyncio.sleep(0)
        self.dropped.append(until_seq)


def run_keeper(tmp_path: Path, helper: Answers, seconds: float, grow: int = 0) -> tuple[Keeper, Forgets]:
    ledger = Ledger(":memory:", KEY)
    ledger.open(lambda: "j1")
    store = Forgets()

    async def story() -> Keeper:
        one = Keeper(helper, ledger, store, Clock(lambda: WALL_MS), job(tmp_path))
        task = asyncio.ensure_future(one.run())
        await asyncio.sleep(seconds / 2)
        ledger.write(Batch([Entry(1, "K", 1, b"")] * grow))
        await asyncio.sleep(seconds / 2)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            return one
        raise AssertionError("it ended by itself")

    try:
        return run_virtual(story()), store
    finally:
        ledger.close()


def test_it_proves_once_and_then_keeps_as_the_journal_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "EVERY_RECORDS", 10)
    helper = Answers(Kept(), Kept(snapshot_seq=20, archived_seq=15))
    one, store = run_keeper(tmp_path, helper, 60.0, grow=20)
    assert helper.asked == [True, False]
    assert store.dropped == [15]
    assert (one.snapshot_seq, one.faults) == (20, 0)


def test_a_helper_that_is_lost_is_asked_again(tmp_path: Path) -> None:
    helper = Answers(None, Kept(snapshot_seq=1))
    one, _ = run_keeper(tmp_path, helper, 12.0)
    assert helper.asked == [True, True]
    assert (one.snapshot_seq, one.faults) == (1, 1)


def test_a_journal_that_cannot_be_trusted_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="record 3"):
        run_keeper(tmp_path, Answers(Kept(fault="record 3 does not fit")), 12.0)
