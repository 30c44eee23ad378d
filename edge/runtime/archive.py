"""Archives: files of old records beside the journal, one chain with it, kept as long as the line's data are to be kept.

A journal whose start would take long is cut behind a snapshot: its older records are copied to a file of their own, which is
durable before the journal forgets them. `WholeJournal` reads them all as one.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from edge.core.events import ClockRead
from edge.core.values import DAY_MS
from edge.runtime.ledger import INSERT_RECORD, RECORD_TABLE, Head, Mark, Reader
from edge.runtime.records import JournalError, Record


class Archive(NamedTuple):
    """One file: records `first_seq` to `last_seq`."""

    first_seq: int
    last_seq: int
    path: Path


def archives(folder: Path) -> list[Archive]:
    """The archives in a folder, oldest first."""
    found = [path.stem.split("-") for path in folder.glob("*-*.db")]
    return sorted(Archive(int(first), int(last), folder / f"{first}-{last}.db") for first, last in found)


@contextlib.contextmanager
def opened(path: Path, key: bytes) -> Iterator[Reader]:
    """A journal or archive, for reading only. Raises JournalError."""
    if not path.is_file():
        raise JournalError(f"{path}: there is no such journal.")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as sql:
            yield Reader(sql, key, str(path))
    except sqlite3.Error as error:
        raise JournalError(f"{path}: {error}. Is this a line's journal?") from error


class WholeJournal:
    """A journal with the archives that were cut off it, read as one."""

    def __init__(self, journal: Reader, folder: Path) -> None:
        self._journal = journal
        self._archives = [archive for archive in archives(folder) if archive.first_seq <= journal.base().seq]

    def base(self) -> Head:
        """The place behind which the oldest archive begins."""
        for archive in self._archives[:1]:
            with opened(archive.path, self._journal.key) as reader:
                return reader.base()
        return self._journal.base()

    def records(self, after: Head | None = None) -> Iterator[Record]:
        """All records behind `after`, each proved. Raises JournalError."""
        place = self.base() if after is None else after
        for archive in self._archives:
            if archive.last_seq > place.seq:
                with opened(archive.path, self._journal.key) as reader:
                    for record in reader.records(place):
                        place = Head(record.seq, record.chain)
                        yield record
        yield from self._journal.records(place)

    def marks(self, kinds: tuple[str, ...], after_seq: int) -> list[Mark]:
        """Records of these kinds behind `after_seq`, unproved."""
        marks: list[Mark] = []
        for archive in self._archives:
            if archive.last_seq > after_seq:
                with opened(archive.path, self._journal.key) as reader:
                    marks += reader.marks(kinds, after_seq)
        last_seq = marks[-1].seq if marks else after_seq
        return marks + self._journal.marks(kinds, last_seq)

    def outcomes(self, name: str, after_seq: int = -1) -> dict[str, str]:
        """Rows are never archived."""
        return self._journal.outcomes(name, after_seq)


def cut(journal: Reader, folder: Path) -> Archive:
    """Copy the journal's records to an archive of their own, proved and durable. Raises JournalError."""
    base, last = journal.base(), journal.last()
    folder.mkdir(exist_ok=True)
    archive = Archive(base.seq + 1, last.seq, folder / f"{base.seq + 1}-{last.seq}.db")
    fresh = archive.path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as sql:
        sql.execute("PRAGMA synchronous=FULL")
        sql.executescript(RECORD_TABLE)
        sql.execute("BEGIN IMMEDIATE")
        sql.executemany("INSERT INTO meta VALUES (?, ?)", [("base_seq", str(base.seq)), ("base_chain", base.chain.hex())])
        sql.executemany(INSERT_RECORD, journal.records())
        sql.execute("COMMIT")
    fresh.replace(archive.path)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return archive


def expire(folder: Path, key: bytes, *, now_ms: int, keep_days: int, anchored_seq: int) -> list[Archive]:
    """Delete archives that ended more than `keep_days` ago, by their own clock; never one whose end is not anchored."""
    expired = []
    for archive in archives(folder):
        if archive.last_seq > anchored_seq or now_ms - _ended_ms(archive, key) <= keep_days * DAY_MS:
            break
        archive.path.unlink()
        expired.append(archive)
    return expired


def _ended_ms(archive: Archive, key: bytes) -> int:
    """Wall time of the last clock reading in it; one without any counts as ended in the future, and stays."""
    with opened(archive.path, key) as reader:
        readings = reader.marks((ClockRead.__name__,), archive.first_seq - 1)
    return msgspec.json.decode(readings[-1].body, type=ClockRead).wall_ms if readings else 2**62
