"""The journal: one keyed hash chain of records in SQLite, with the rows that must be true together with them (I7, I13, I16).

`Ledger` is the synchronous SQL. `ThreadStore` runs it in the one writer thread (WAL, synchronous=FULL: power loss loses nothing
acknowledged); `InlineStore` runs it in the loop on `:memory:` with a simulated fsync, for virtual time.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import hmac
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from edge.runtime.anchor import anchor_line
from edge.runtime.link import Cursor

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY, journal_id TEXT NOT NULL, boot INTEGER NOT NULL, at_us INTEGER NOT NULL,
    kind TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL, chain BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outcome (name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name, key));
CREATE TABLE IF NOT EXISTS cursor (source TEXT PRIMARY KEY, boot INTEGER NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
GENESIS = b"\0" * 16


class JournalError(Exception):
    """The journal cannot be trusted or written; the line must not run. The text says what to do."""


class Entry(NamedTuple):
    """One record to be written: an event, a command, a breach."""

    at_us: int
    kind: str
    version: int
    body: bytes


class Record(NamedTuple):
    """One record as stored."""

    seq: int
    journal_id: str
    boot: int
    at_us: int
    kind: str
    version: int
    body: bytes
    chain: bytes


class OutboxRow(NamedTuple):
    """One message for central, kept until central confirms it; `seq` is gap-free per journal."""

    seq: int
    kind: str
    at_ms: int
    body: bytes


class Batch(NamedTuple):
    """What one durable transaction holds."""

    entries: Sequence[Entry]
    messages: Sequence[tuple[str, int, bytes]] = ()
    """(kind, at_ms, body) of new outbox rows"""
    outcomes: Sequence[tuple[str, str, str]] = ()
    """(name, key, value)"""
    cursors: Sequence[Cursor] = ()


def link_of_chain(key: bytes, previous: bytes, record: tuple[int, str, int, int, str, int, bytes]) -> bytes:
    """Next chain value: keyed BLAKE2b over the previous value and the whole record (128 bits)."""
    seq, journal_id, boot, at_us, kind, version, body = record
    head = f"{seq}|{journal_id}|{boot}|{at_us}|{kind}|{version}|".encode()
    return hashlib.blake2b(previous + head + body, key=key, digest_size=16).digest()


def journal_key(site_key: bytes) -> bytes:
    """Key of the chain, derived from the site key."""
    return hmac.new(site_key, b"journal", hashlib.sha256).digest()


class Ledger:
    """The SQL of the journal. Synchronous; one owner; opened with `open`, which verifies the whole chain."""

    def __init__(self, path: str, key: bytes, anchor_file: Path | None = None) -> None:
        """`anchor_file`: the second store of anchors, better on another disk or machine."""
        self._path = path
        self._anchor_file = anchor_file
        self._key = key[:64]
        self._sql: sqlite3.Connection
        self._closing: contextlib.ExitStack
        self._chain = GENESIS
        self._seq = 0
        self._outbox_seq = 0
        self.journal_id = ""
        self.boot = 0

    def open(self, new_journal_id: Callable[[], str]) -> None:
        """Open or create, verify, and count one boot. Raises JournalError when locked, damaged or not writable."""
        with contextlib.ExitStack() as opened:
            self._take_lock(opened)
            try:
                self._sql = sqlite3.connect(
                    self._path, isolation_level=None, check_same_thread=False, uri=self._path.startswith("file:")
                )
                opened.callback(self._sql.close)
                self._sql.execute("PRAGMA journal_mode=WAL")
                self._sql.execute("PRAGMA synchronous=FULL")
                self._sql.executescript(_SCHEMA)
                self._require_full_sync()
                self._read_heads(new_journal_id)
            except sqlite3.Error as error:
                raise JournalError(
                    f"journal {self._path}: {error}. Check the disk and its rights; call maintenance."
                ) from error
            self._closing = opened.pop_all()

    def _take_lock(self, opened: contextlib.ExitStack) -> None:
        if self._path == ":memory:" or self._path.endswith("?mode=memory&cache=shared"):
            return
        lock_file = opened.enter_context(Path(self._path + ".lock").open("w"))  # noqa: SIM115 - the stack closes it
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JournalError(f"journal {self._path} is in use by another runtime: stop that one first.") from error

    def sync_level(self) -> int:
        """What this connection's commits wait for: 2 (FULL) = the disk."""
        # The pragma is per connection and silently ignored when misspelt, so it is read back.
        (level,) = self._sql.execute("PRAGMA synchronous").fetchone()
        return int(level)

    def _require_full_sync(self) -> None:
        level = self.sync_level()
        if level != 2:
            raise JournalError(f"journal {self._path}: synchronous={level}, need 2 (FULL).")

    def _read_heads(self, new_journal_id: Callable[[], str]) -> None:
        meta = dict(self._sql.execute("SELECT key, value FROM meta").fetchall())
        self.journal_id = meta.get("journal_id") or new_journal_id()
        self.boot = int(meta.get("boot", "0")) + 1
        self._outbox_seq = int(meta.get("outbox_seq", "0"))
        for record in self.records():
            self._chain, self._seq = record.chain, record.seq
        self._sql.execute("BEGIN IMMEDIATE")
        self._put_meta("journal_id", self.journal_id)
        self._put_meta("boot", str(self.boot))
        self._sql.execute("COMMIT")

    def _put_meta(self, key: str, value: str) -> None:
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def records(self) -> Iterator[Record]:
        """All records in order, each verified against the chain. Raises JournalError at the first that does not fit."""
        previous, expected = GENESIS, 1
        for row in self._sql.execute(
            "SELECT seq, journal_id, boot, at_us, kind, version, body, chain FROM record ORDER BY seq"
        ):
            record = Record(*row)
            if record.seq != expected or link_of_chain(self._key, previous, record[:7]) != record.chain:
                raise JournalError(
                    f"journal {self._path}: record {record.seq} does not fit the chain (expected {expected}). "
                    "It was altered or damaged: do not start; keep the file and call maintenance."
                )
            previous, expected = record.chain, expected + 1
            yield record

    def write(self, batch: Batch) -> None:
        """One durable transaction. Any error is final: a failed fsync is never retried."""
        chain, seq, outbox_seq = self._chain, self._seq, self._outbox_seq
        rows = []
        for entry in batch.entries:
            seq += 1
            body = (seq, self.journal_id, self.boot, entry.at_us, entry.kind, entry.version, entry.body)
            chain = link_of_chain(self._key, chain, body)
            rows.append((*body, chain))
        messages = [(outbox_seq + n, *message) for n, message in enumerate(batch.messages, 1)]
        outbox_seq += len(messages)
        sql = self._sql
        sql.execute("BEGIN IMMEDIATE")
        sql.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        if messages:
            sql.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?)", messages)
            self._put_meta("outbox_seq", str(outbox_seq))
        sql.executemany("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?)", batch.outcomes)
        sql.executemany("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)", batch.cursors)
        sql.execute("COMMIT")
        self._chain, self._seq, self._outbox_seq = chain, seq, outbox_seq

    def head(self) -> tuple[int, bytes]:
        """Sequence number and chain value of the last record."""
        return self._seq, self._chain

    def anchor(self, at_ms: int) -> tuple[int, bytes]:
        """Give the head out: one outbox row for central, one line in the second store. Returns (seq, chain)."""
        line = anchor_line(self.journal_id, self._seq, self._chain, at_ms)
        self.write(Batch((), [("anchor", at_ms, line.encode())]))
        if self._anchor_file is not None:
            with self._anchor_file.open("a", encoding="utf-8") as out:
                out.write(line + "\n")
                out.flush()
                os.fsync(out.fileno())
        return self.head()

    def cursors(self) -> dict[str, Cursor]:
        """How far each outside source has been taken over."""
        return {row[0]: Cursor(*row) for row in self._sql.execute("SELECT source, boot, seq FROM cursor ORDER BY source")}

    def outcomes(self, name: str) -> dict[str, str]:
        """All rows of one outcome table."""
        return dict(self._sql.execute("SELECT key, value FROM outcome WHERE name = ? ORDER BY key", (name,)).fetchall())

    def outbox_after(self, seq: int, limit: int) -> list[OutboxRow]:
        """Up to `limit` unconfirmed messages after `seq`, in order."""
        rows = self._sql.execute("SELECT seq, kind, at_ms, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
        return [OutboxRow(*row) for row in rows]

    def outbox_confirm(self, seq: int) -> None:
        """Central has stored everything up to `seq`."""
        self._sql.execute("DELETE FROM outbox WHERE seq <= ?", (seq,))

    def outbox_span(self) -> tuple[int, int]:
        """(last sequence number given out, number of rows waiting)."""
        (waiting,) = self._sql.execute("SELECT COUNT(*) FROM outbox").fetchone()
        return self._outbox_seq, waiting

    def close(self) -> None:
        """Close the file and give up the lock."""
        self._closing.close()


class Store(Protocol):
    """The journal as the runtime sees it: nothing in it blocks the loop."""

    outbox_changed: asyncio.Event
    journal_id: str

    async def commit(self, batch: Batch) -> None:
        """Durable when it returns. Raises JournalError, after which nothing may be acted on."""

    async def outbox_after(self, seq: int, limit: int) -> list[OutboxRow]:
        """Up to `limit` unconfirmed messages after `seq`."""

    async def outbox_confirm(self, seq: int) -> None:
        """Forget messages up to `seq`."""

    def outbox_last_seq(self) -> int:
        """Last sequence number given out."""


class ThreadStore:
    """The ledger in its one writer thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="journal", daemon=True)
        self._thread.start()
        self._last_seq = ledger.outbox_span()[0]
        self.outbox_changed = asyncio.Event()
        self.journal_id = ledger.journal_id

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            job()

    async def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(value: T | None, error: BaseException | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)  # type: ignore[arg-type]

        def job() -> None:
            try:
                value = function(*arguments)
            except (sqlite3.Error, OSError) as error:
                fault = JournalError(f"journal cannot be written: {error}. The line stops; check the disk, then restart.")
                fault.__cause__ = error
                loop.call_soon_threadsafe(settle, None, fault)
            else:
                loop.call_soon_threadsafe(settle, value, None)

        self._work.put(job)
        return await future

    async def commit(self, batch: Batch) -> None:
        """Durable when it returns (one fsync in the writer thread)."""
        # A commit that was begun is finished even when the caller is cancelled at shutdown.
        await asyncio.shield(self._call(self._ledger.write, batch))
        if batch.messages:
            self._last_seq += len(batch.messages)
            self.outbox_changed.set()

    async def outbox_after(self, seq: int, limit: int) -> list[OutboxRow]:
        """Up to `limit` unconfirmed messages after `seq`."""
        return await self._call(self._ledger.outbox_after, seq, limit)

    async def outbox_confirm(self, seq: int) -> None:
        """Forget messages up to `seq`."""
        await self._call(self._ledger.outbox_confirm, seq)

    async def anchor(self, at_ms: int) -> tuple[int, bytes]:
        """Give the head out; see Ledger.anchor."""
        head = await asyncio.shield(self._call(self._ledger.anchor, at_ms))
        self._last_seq += 1
        self.outbox_changed.set()
        return head

    def outbox_last_seq(self) -> int:
        """Last sequence number given out."""
        return self._last_seq

    def close(self) -> None:
        """Finish what is queued, then close the file."""
        self._work.put(None)
        self._thread.join()
        self._ledger.close()


class InlineStore:
    """The same ledger in the loop, with a simulated fsync: for virtual time only."""

    def __init__(self, ledger: Ledger, fsync_ms: Callable[[], int], at: Callable[[str], None] = lambda _: None) -> None:
        """`at` is told when a commit is "before_write" and "after_write": a power cut may be aimed there."""
        self._ledger = ledger
        self._at = at
        self._fsync_ms = fsync_ms
        self.outbox_changed = asyncio.Event()
        self.journal_id = ledger.journal_id

    async def commit(self, batch: Batch) -> None:
        """Durable when it returns. A crash in the first half of the fsync loses the batch, one in the second half keeps it."""
        half_s = self._fsync_ms() / 2000
        self._at("before_write")
        await asyncio.sleep(half_s)
        self._ledger.write(batch)
        self._at("after_write")
        await asyncio.sleep(half_s)
        if batch.messages:
            self.outbox_changed.set()

    async def outbox_after(self, seq: int, limit: int) -> list[OutboxRow]:
        """Up to `limit` unconfirmed messages after `seq`."""
        await asyncio.sleep(0)
        return self._ledger.outbox_after(seq, limit)

    async def outbox_confirm(self, seq: int) -> None:
        """Forget messages up to `seq`."""
        await asyncio.sleep(0)
        self._ledger.outbox_confirm(seq)

    async def anchor(self, at_ms: int) -> tuple[int, bytes]:
        """Give the head out; see Ledger.anchor."""
        await asyncio.sleep(self._fsync_ms() / 1000)
        head = self._ledger.anchor(at_ms)
        self.outbox_changed.set()
        return head

    def outbox_last_seq(self) -> int:
        """Last sequence number given out."""
        return self._ledger.outbox_span()[0]

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()
