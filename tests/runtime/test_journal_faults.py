"""The journal on a disk that fails: full, broken, read-only. What was acknowledged stays, and nothing else."""

import asyncio
import errno
import json
import os
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.runtime.journal import InlineStore, ThreadStore
from edge.runtime.ledger import Ledger
from edge.runtime.records import Batch, JournalError, journal_key
from tests.runtime.test_journal import KEY, entry, opened

BIG = entry(0)._replace(body=b"x" * 200_000)


def bodies(path: Path) -> list[bytes]:
    """What a new start finds, the chain verified."""
    ledger = opened(path)
    found = [record.body for record in ledger.records()]
    ledger.close()
    return found


@contextmanager
def disk_full(ledger: Ledger, _: Path) -> Iterator[None]:
    """SQLite may not take another page: SQLITE_FULL, as with ENOSPC."""
    (pages,) = ledger.sql.execute("PRAGMA page_count").fetchone()
    ledger.sql.execute(f"PRAGMA max_page_count = {pages + 2}")
    yield


@contextmanager
def write_fails(_: Ledger, path: Path) -> Iterator[None]:
    """The system refuses to make a file longer: the write of the WAL fails with SQLITE_IOERR, as with EIO."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{path}-wal").stat().st_size + 4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(ledger: Ledger, _: Path) -> Iterator[None]:
    """The file system was mounted read-only after an error."""
    ledger.sql.execute("PRAGMA query_only = 1")
    yield


@contextmanager
def locked(_: Ledger, path: Path) -> Iterator[None]:
    """Somebody has the file open in another tool and writes."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (disk_full, "database or disk is full"),
        (write_fails, "disk I/O error"),
        (read_only, "readonly database"),
        (locked, "database is locked"),
    ],
)
async def test_a_failed_commit_is_told_and_leaves_what_was_acknowledged(
    fault: Callable[..., Any], says: str, tmp_path: Path
) -> None:
    path = tmp_path / "j.db"
    ledger = opened(path)
    ledger.sql.execute("PRAGMA busy_timeout = 0")
    store = ThreadStore(ledger)
    await store.commit(Batch([entry(1)], [("k", 1, b"{}")]))
    head = ledger.head()
    store.outbox_changed.clear()
    with fault(ledger, path), pytest.raises(JournalError, match=says) as raised:
        await store.commit(Batch([entry(2), BIG, entry(3)], [("k", 2, b"{}")]))
    assert isinstance(raised.value.__cause__, sqlite3.Error)
    assert ledger.head() == head, "the head is that of the last whole transaction"
    assert store.outbox_last_seq() == 1
    assert not store.outbox_changed.is_set(), "nobody is sent to look for a message that is not durable"
    store.close()
    assert bodies(path) == [entry(1).body]


async def test_reading_and_confirming_fail_as_loudly_as_writing(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "j.db")
    store = ThreadStore(ledger)
    ledger.sql.execute("DROP TABLE outbox")
    with pytest.raises(JournalError, match="no such table"):
        await store.outbox_after(0, 5)
    with pytest.raises(JournalError, match="no such table"):
        await store.outbox_confirm(1)
    store.close()


# --- opening ---
def no_folder(path: Path) -> Path:
    return path.parent / "not there" / "j.db"


def folder_in_its_place(path: Path) -> Path:
    path.mkdir()
    return path


def folder_in_the_place_of_its_lock(path: Path) -> Path:
    Path(f"{path}.lock").mkdir()
    return path


@pytest.mark.parametrize("place", [no_folder, folder_in_its_place, folder_in_the_place_of_its_lock])
def test_what_cannot_be_opened_says_what_to_do(place: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="Check the disk and its rights; call maintenance"):
        opened(place(tmp_path / "j.db"))


def test_a_connection_that_does_not_sync_fully_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            return super().execute(sql.replace("synchronous=FULL", "synchronous=NORMAL"), *arguments)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Deaf))
    with pytest.raises(JournalError, match=r"synchronous=1, need 2 \(FULL\)"):
        opened(tmp_path / "j.db")
    monkeypatch.undo()
    assert bodies(tmp_path / "j.db") == [], "the lock was given up, nothing stays open"


def test_a_locked_journal_stays_usable_for_the_one_that_has_it(tmp_path: Path) -> None:
    first = opened(tmp_path / "j.db")
    for _ in range(3):
        with pytest.raises(JournalError, match="in use by another runtime"):
            opened(tmp_path / "j.db")
    first.write(Batch([entry(1)]))
    first.close()
    assert bodies(tmp_path / "j.db") == [entry(1).body]


def test_the_chains_key_is_made_of_the_site_key_and_is_not_it() -> None:
    keys = {journal_key(site) for site in (b"a" * 32, b"b" * 32, KEY)}
    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)
    assert journal_key(KEY) == journal_key(KEY) != KEY


# --- anchors ---
def anchored(tmp_path: Path, anchor_file: Path) -> Ledger:
    ledger = Ledger(str(tmp_path / "j.db"), KEY, anchor_file)
    ledger.open(lambda: "journal-1")
    ledger.write(Batch([entry(1)]))
    return ledger


async def test_an_anchor_is_the_head_at_central_and_in_the_second_store(tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    ledger = anchored(tmp_path, anchors)
    store = ThreadStore(ledger)
    for at_ms in (7, 8):
        seq, chain = await store.anchor(at_ms)
    rows = await store.outbox_after(0, 9)
    lines = [json.loads(line) for line in anchors.read_text().splitlines()]
    assert lines == [json.loads(row.body) for row in rows]
    assert lines[-1] == {"journal_id": "journal-1", "seq": seq, "chain": chain.hex(), "at_ms": 8}
    assert [(row.kind, row.at_ms) for row in rows] == [("anchor", 7), ("anchor", 8)]
    assert (seq, store.outbox_last_seq()) == (1, 2)
    assert store.outbox_changed.is_set()
    store.close()


def test_without_a_second_store_an_anchor_goes_to_central_alone() -> None:
    ledger = opened(":memory:")
    assert ledger.anchor(5) == ledger.head()
    assert [row.kind for row in ledger.outbox_after(0, 9)] == ["anchor"]
    ledger.close()


def full_device(_: Path) -> Path:
    return Path("/dev/full")


def folder(tmp_path: Path) -> Path:
    (tmp_path / "anchors").mkdir()
    return tmp_path / "anchors"


@pytest.mark.parametrize(("place", "code"), [(full_device, errno.ENOSPC), (folder, errno.EISDIR)])
async def test_an_anchor_that_cannot_be_stored_is_a_fault(place: Callable[[Path], Path], code: int, tmp_path: Path) -> None:
    store = ThreadStore(anchored(tmp_path, place(tmp_path)))
    with pytest.raises(JournalError, match="cannot be written") as raised:
        await store.anchor(1)
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.errno == code
    store.close()


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
async def test_an_anchor_counts_only_after_its_fsync(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ThreadStore(anchored(tmp_path, tmp_path / "anchors"))

    def failing(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(JournalError, match="cannot be written") as raised:
        await store.anchor(1)
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.errno == code
    assert store.outbox_last_seq() == 0
    store.close()


# --- cancelled callers ---
async def test_a_commit_is_finished_although_its_caller_is_gone(tmp_path: Path) -> None:
    store = ThreadStore(opened(tmp_path / "j.db"))
    commit = asyncio.ensure_future(store.commit(Batch([entry(1)])))
    await asyncio.sleep(0)
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit
    store.close()
    assert bodies(tmp_path / "j.db") == [entry(1).body]


async def test_an_answer_that_nobody_waits_for_any_more_disturbs_nobody(tmp_path: Path) -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    store = ThreadStore(opened(tmp_path / "j.db"))
    ask = asyncio.ensure_future(store.outbox_after(0, 5))
    await asyncio.sleep(0)
    ask.cancel()
    await store.commit(Batch([entry(1)]))  # behind it in the queue
    assert ask.cancelled()
    assert complaints == []
    store.close()


# --- the store of virtual time ---
async def test_the_inline_store_is_the_same_ledger() -> None:
    places: list[str] = []
    ledger = opened(":memory:")
    store = InlineStore(ledger, lambda: 0, places.append)
    await store.commit(Batch([entry(1)]))
    assert not store.outbox_changed.is_set(), "there is no message"
    await store.commit(Batch([], [("k", 1, b"{}")]))
    assert store.outbox_changed.is_set()
    assert places == ["before_write", "after_write"] * 2
    assert [row.seq for row in await store.outbox_after(0, 5)] == [1]
    await store.outbox_confirm(1)
    assert await store.outbox_after(0, 5) == []
    store.outbox_changed.clear()
    assert await store.anchor(9) == ledger.head()
    assert store.outbox_changed.is_set()
    assert (store.outbox_last_seq(), store.journal_id) == (2, "journal-1")
    ledger.close()


async def test_a_crash_in_the_second_half_of_the_simulated_fsync_keeps_the_batch() -> None:
    ledger = opened(":memory:")
    written = asyncio.Event()
    store = InlineStore(
        ledger, lambda: 20 if not written.is_set() else 10_000, lambda at: written.set() if at == "after_write" else None
    )
    commit = asyncio.ensure_future(store.commit(Batch([entry(1)])))
    await written.wait()
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit
    assert [record.body for record in ledger.records()] == [entry(1).body]
    ledger.close()
