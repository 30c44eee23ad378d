"""The SQL of the journal: one keyed hash chain of records in SQLite, with the rows that must be true together with them.

WAL and synchronous=FULL: power loss loses nothing acknowledged (I7, I13, I16). Records that a snapshot stands for may be moved
to an archive; the chain goes on from where they ended.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from edge.runtime.account import BEGINNING as UNTOLD
from edge.runtime.account import CHECKPOINT, Account, next_digest
from edge.runtime.anchor import anchor_line
from edge.runtime.link import Cursor
from edge.runtime.records import GENESIS, Batch, JournalError, OutboxRow, Record, link_of_chain

RECORD_TABLE = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY, journal_id TEXT NOT NULL, boot INTEGER NOT NULL, at_us INTEGER NOT NULL,
    kind TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL, chain BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_SCHEMA = f"""{RECORD_TABLE}
CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS account (seq INTEGER PRIMARY KEY, digest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outcome (
    name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (name, key));
CREATE TABLE IF NOT EXISTS cursor (source TEXT PRIMARY KEY, boot INTEGER NOT NULL, seq INTEGER NOT NULL);
"""
ROW_BYTES = 160
"""of one message in the outbox, beside its body: its number, kind and time, its digest in the account, and their pages"""
COLUMNS = "seq, journal_id, boot, at_us, kind, version, body, chain"
INSERT_RECORD = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class Head(NamedTuple):
    """A place in the chain: the record `seq` and the chain value after it."""

    seq: int
    chain: bytes


BEGINNING = Head(0, GENESIS)


class Mark(NamedTuple):
    """A record that says who wrote what follows it."""

    seq: int
    kind: str
    body: bytes


class Journal(Protocol):
    """What can be read of a journal, in one file or with its archives."""

    def base(self) -> Head:
        """The place behind which its records begin."""

    def records(self, after: Head | None = None) -> Iterator[Record]:
        """All records behind `after` (by default all), each proved. Raises JournalError at the first that does not fit."""

    def marks(self, kinds: tuple[str, ...], after_seq: int) -> list[Mark]:
        """Records of these kinds behind `after_seq`, unproved."""

    def outcomes(self, name: str, after_seq: int = -1) -> dict[str, str]:
        """The rows of one outcome table that were written behind `after_seq` (by default all)."""


class Reader:
    """Reads one file, and proves each record as it comes."""

    def __init__(self, sql: sqlite3.Connection, key: bytes, name: str) -> None:
        self.sql, self.key, self.name = sql, key[:64], name

    def meta(self) -> dict[str, str]:
        """Key → value of the table `meta`."""
        return dict(self.sql.execute("SELECT key, value FROM meta").fetchall())

    def base(self) -> Head:
        """Where the records of this file begin: behind what was moved to archives."""
        meta = self.meta()
        return Head(int(meta.get("base_seq", "0")), bytes.fromhex(meta.get("base_chain", GENESIS.hex())))

    def last(self) -> Head:
        """The last record as it stands, unproved."""
        row = self.sql.execute("SELECT seq, chain FROM record ORDER BY seq DESC LIMIT 1").fetchone()
        return self.base() if row is None else Head(*row)

    def at(self, seq: int) -> Head | None:
        """The place behind this record; None where this file does not have it."""
        base = self.base()
        if seq == base.seq:
            return base
        row = self.sql.execute("SELECT seq, chain FROM record WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else Head(*row)

    def records(self, after: Head | None = None) -> Iterator[Record]:
        """All records behind `after` (by default all), each proved. Raises JournalError at the first that does not fit."""
        seq, previous = self.base() if after is None else after
        for row in self.sql.execute(f"SELECT {COLUMNS} FROM record WHERE seq > ? ORDER BY seq", (seq,)):  # noqa: S608 - constants
            record = Record(*row)
            seq += 1
            if record.seq != seq or link_of_chain(self.key, previous, record[:7]) != record.chain:
                raise JournalError(
                    f"journal {self.name}: record {record.seq} does not fit the chain (expected {seq}). "
                    "It was altered or damaged: do not start; keep the file and call maintenance."
                )
            previous = record.chain
            yield record

    def marks(self, kinds: tuple[str, ...], after_seq: int) -> list[Mark]:
        """Records of these kinds behind `after_seq`, unproved."""
        places = ", ".join("?" * len(kinds))
        query = f"SELECT seq, kind, body FROM record WHERE seq > ? AND kind IN ({places}) ORDER BY seq"  # noqa: S608 - only marks
        return [Mark(*row) for row in self.sql.execute(query, (after_seq, *kinds))]

    def account(self) -> Account:
        """What was told to central, and what it has confirmed. A journal of 0.1.0 has no digests of what it told then."""
        meta = self.meta()
        sent = int(meta.get("outbox_seq", "0"))
        (first,) = self.sql.execute("SELECT MIN(seq) FROM outbox").fetchone()
        digests = {seq: digest.hex() for seq, digest in self.sql.execute("SELECT seq, digest FROM account ORDER BY seq")}
        return Account(meta.get("journal_id", ""), sent, sent if first is None else first - 1, digests)

    def outcomes(self, name: str, after_seq: int = -1) -> dict[str, str]:
        """The rows of one outcome table that were written behind `after_seq` (by default all)."""
        query = "SELECT key, value FROM outcome WHERE name = ? AND seq > ? ORDER BY key"
        return dict(self.sql.execute(query, (name, after_seq)).fetchall())


class Ledger(Reader):
    """The one writer of a journal. Synchronous; opened with `open`, which proves the chain."""

    def __init__(self, path: str, key: bytes, anchor_file: Path | None = None) -> None:
        """`anchor_file`: the second store of anchors, better on another disk or machine."""
        self._anchor_file = anchor_file
        self._closing: contextlib.ExitStack
        self._head = BEGINNING
        self._told: bytes | None = None
        """digest over all that was told to central; None in a journal of 0.1.0, which kept none"""
        self.outbox_seq = 0
        """last sequence number given out"""
        self.outbox_bytes = 0
        """what the unconfirmed messages take on the disk, about"""
        self.journal_id = ""
        self.boot = 0
        self.name, self.key = path, key[:64]

    def open(self, new_journal_id: Callable[[], str], proved_seq: Callable[[Reader], int] = lambda _: 0) -> None:
        """Open or create, prove all behind the record that `proved_seq` names, and count one boot.

        Raises JournalError when locked, damaged or not writable.
        """
        with contextlib.ExitStack() as opened:
            try:
                self._take_lock(opened)
                self.sql = sqlite3.connect(
                    self.name, isolation_level=None, check_same_thread=False, uri=self.name.startswith("file:")
                )
                opened.callback(self.sql.close)
                self.sql.execute("PRAGMA journal_mode=WAL")
                self.sql.execute("PRAGMA synchronous=FULL")
                self.sql.executescript(_SCHEMA)
                self._lift()
                self._require_full_sync()
                self._read_heads(new_journal_id, proved_seq(self))
            except (sqlite3.Error, OSError) as error:
                raise JournalError(f"journal {self.name}: {error}. Check the disk and its rights; call maintenance.") from error
            self._closing = opened.pop_all()

    def _take_lock(self, opened: contextlib.ExitStack) -> None:
        if self.name == ":memory:" or self.name.endswith("?mode=memory&cache=shared"):
            return
        lock_file = opened.enter_context(Path(self.name + ".lock").open("w"))  # noqa: SIM115 - the stack closes it
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JournalError(f"journal {self.name} is in use by another runtime: stop that one first.") from error

    def _lift(self) -> None:
        """A file of 0.1.0 has outcome rows without the record that they were written with."""
        columns = [row[1] for row in self.sql.execute("PRAGMA table_info(outcome)")]
        if "seq" not in columns:
            self.sql.execute("ALTER TABLE outcome ADD COLUMN seq INTEGER NOT NULL DEFAULT 0")

    def sync_level(self) -> int:
        """What this connection's commits wait for: 2 (FULL) = the disk."""
        # The pragma is per connection and silently ignored when misspelt, so it is read back.
        (level,) = self.sql.execute("PRAGMA synchronous").fetchone()
        return int(level)

    def _require_full_sync(self) -> None:
        level = self.sync_level()
        if level != 2:
            raise JournalError(f"journal {self.name}: synchronous={level}, need 2 (FULL).")

    def _read_heads(self, new_journal_id: Callable[[], str], proved_seq: int) -> None:
        meta = self.meta()
        self.journal_id = meta.get("journal_id") or new_journal_id()
        self.boot = int(meta.get("boot", "0")) + 1
        self.outbox_seq = int(meta.get("outbox_seq", "0"))
        self.outbox_bytes = self._outbox_bytes(self.outbox_seq)
        row = self.sql.execute("SELECT digest FROM account WHERE seq = ?", (self.outbox_seq,)).fetchone()
        self._told = UNTOLD if not self.outbox_seq else None if row is None else row[0]
        self._head = self.at(proved_seq) or self.base()
        for record in self.records(self._head):
            self._head = Head(record.seq, record.chain)
        self.sql.execute("BEGIN IMMEDIATE")
        self._put_meta("journal_id", self.journal_id)
        self._put_meta("boot", str(self.boot))
        self.sql.execute("COMMIT")

    def _put_meta(self, key: str, value: str) -> None:
        self.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def write(self, batch: Batch) -> None:
        """One durable transaction. Any error is final: a failed fsync is never retried."""
        (seq, chain), outbox_seq = self._head, self.outbox_seq
        rows = []
        for entry in batch.entries:
            seq += 1
            body = (seq, self.journal_id, self.boot, entry.at_us, entry.kind, entry.version, entry.body)
            chain = link_of_chain(self.key, chain, body)
            rows.append((*body, chain))
        messages = [(outbox_seq + n, *message) for n, message in enumerate(batch.messages, 1)]
        outbox_seq += len(messages)
        digests = self._digests(messages)
        sql = self.sql
        sql.execute("BEGIN IMMEDIATE")
        sql.executemany(INSERT_RECORD, rows)
        if messages:
            sql.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?)", messages)
            sql.executemany("INSERT INTO account VALUES (?, ?)", digests)
            self._put_meta("outbox_seq", str(outbox_seq))
        if batch.outcomes:
            sql.executemany("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?)", [(*row, seq) for row in batch.outcomes])
        if batch.cursors:
            sql.executemany("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)", batch.cursors)
        sql.execute("COMMIT")
        self._head, self.outbox_seq = Head(seq, chain), outbox_seq
        self.outbox_bytes += sum(ROW_BYTES + len(body) for *_, body in messages)
        if digests:
            self._told = digests[-1][1]

    def _digests(self, messages: list[tuple[int, str, int, bytes]]) -> list[tuple[int, bytes]]:
        """Our account with central, continued by these messages."""
        digests = []
        told = self._told
        for seq, kind, at_ms, body in messages:
            if told is not None:
                told = next_digest(told, self.journal_id, seq, (kind, at_ms, body))
                digests.append((seq, told))
        return digests

    def head(self) -> Head:
        """The last record's place in the chain."""
        return self._head

    def drop(self, until_seq: int, limit: int) -> bool:
        """Forget up to `limit` of the oldest records up to `until_seq`, which an archive holds; True = there are more."""
        base = self.base()
        end = self.at(min(until_seq, base.seq + limit))
        if end is None or end.seq <= base.seq:
            return False
        self.sql.execute("BEGIN IMMEDIATE")
        self.sql.execute("DELETE FROM record WHERE seq <= ?", (end.seq,))
        self._put_meta("base_seq", str(end.seq))
        self._put_meta("base_chain", end.chain.hex())
        self.sql.execute("COMMIT")
        return end.seq < until_seq

    def anchor(self, at_ms: int) -> Head:
        """Give the head out: one outbox row for central, one line in the second store."""
        line = anchor_line(self.journal_id, *self._head, at_ms)
        self.write(Batch((), [("anchor", at_ms, line.encode())]))
        if self._anchor_file is not None:
            with self._anchor_file.open("a", encoding="utf-8") as out:
                out.write(line + "\n")
                out.flush()
                os.fsync(out.fileno())
        return self._head

    def cursors(self) -> dict[str, Cursor]:
        """How far each outside source has been taken over."""
        return {row[0]: Cursor(*row) for row in self.sql.execute("SELECT source, boot, seq FROM cursor ORDER BY source")}

    def outbox_after(self, seq: int, limit: int) -> list[OutboxRow]:
        """Up to `limit` unconfirmed messages after `seq`, in order."""
        rows = self.sql.execute("SELECT seq, kind, at_ms, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
        return [OutboxRow(*row) for row in rows]

    def outbox_confirm(self, seq: int) -> str:
        """Central has stored everything up to `seq`. Returns our digest up to there, "" where we have none."""
        row = self.sql.execute("SELECT digest FROM account WHERE seq = ?", (seq,)).fetchone()
        freed = self._outbox_bytes(seq)
        self.sql.execute("BEGIN IMMEDIATE")
        self.sql.execute("DELETE FROM outbox WHERE seq <= ?", (seq,))
        self.sql.execute("DELETE FROM account WHERE seq < ? AND seq % ?", (seq, CHECKPOINT))
        self.sql.execute("COMMIT")
        self.outbox_bytes -= freed
        return "" if row is None else row[0].hex()

    def _outbox_bytes(self, until_seq: int) -> int:
        query = "SELECT COUNT(*) * ? + COALESCE(SUM(LENGTH(body)), 0) FROM outbox WHERE seq <= ?"
        (size,) = self.sql.execute(query, (ROW_BYTES, until_seq)).fetchone()
        return int(size)

    def outbox_waiting(self) -> int:
        """Rows that central has not confirmed."""
        (waiting,) = self.sql.execute("SELECT COUNT(*) FROM outbox").fetchone()
        return int(waiting)

    def close(self) -> None:
        """Close the file and give up the lock."""
        self._closing.close()
