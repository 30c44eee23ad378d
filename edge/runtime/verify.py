"""Proving a journal from outside: its chain record by record, and its head against what was anchored elsewhere (I16)."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from edge.runtime.archive import WholeJournal, archives, opened
from edge.runtime.ledger import COLUMNS, Head
from edge.runtime.records import JournalError, Record, link_of_chain


class Anchor(NamedTuple):
    """A head of a journal as a second store keeps it: the chain value (hex) after record `seq`."""

    journal_id: str
    seq: int
    chain: str


class Verified(NamedTuple):
    """What can be said of a journal. `fault`: the first thing that is wrong with it, "" = nothing."""

    journal_id: str
    records: int
    boots: int
    anchors: int
    """anchors of this journal that were compared"""
    anchored_seq: int
    """everything up to here is proved by an anchor"""
    fault: str
    first_seq: int = 1
    """the oldest record: what came before was deleted when its time had passed"""

    @property
    def unanchored(self) -> int:
        """Records behind the last anchor: the chain holds, but a cut of this tail could not be seen."""
        return self.records - self.anchored_seq


def read_anchors(path: Path) -> list[Anchor]:
    """The anchors in a file of JSON lines. Raises JournalError for a line that is none."""
    anchors = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            anchors.append(Anchor(str(row["journal_id"]), int(row["seq"]), str(row["chain"])))
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(f"{path}: line {number} is no anchor ({error}): take the file as it was written.") from error
    return anchors


def read_records(path: Path) -> Iterator[Record]:
    """All records of a journal and its archives as they stand, unproved; nothing is touched. Raises JournalError."""
    archived = [archive.path for archive in archives(path.with_suffix(".archive"))] if path.is_file() else []
    seq = 0
    for file in (*archived, path):
        with opened(file, b"") as reader:
            for row in reader.sql.execute(f"SELECT {COLUMNS} FROM record WHERE seq > ? ORDER BY seq", (seq,)):  # noqa: S608
                seq = row[0]
                yield Record(*row)


def read_base(path: Path) -> Head:
    """The place behind which a journal begins, its archives included. Raises JournalError."""
    with opened(path, b"") as reader:
        return WholeJournal(reader, path.with_suffix(".archive")).base()


def verify(path: Path, key: bytes, anchors: list[Anchor], progress: Callable[[int], None] = lambda _: None) -> Verified:
    """Prove a journal with its key; stops at the first fault. Raises JournalError where it cannot be read at all."""
    first = read_base(path)
    (count, chain), boots, journal_id, fault = first, 0, "", ""
    heads = {anchor.seq: anchor.chain for anchor in anchors}
    compared = anchored = 0
    for record in read_records(path):
        fault = _fault(record, count + 1, key, chain)
        if fault:
            break
        chain, count, boots, journal_id = record.chain, record.seq, max(boots, record.boot), record.journal_id
        wanted = heads.get(count)
        if wanted is not None:
            compared += 1
            if wanted != chain.hex():
                fault = f"record {count} is not the one that was anchored: the journal was written anew"
                break
            anchored = count
        progress(count)
    last = max(heads, default=0)
    if not fault and last > count:
        fault = f"cut: record {last} was anchored, and the journal ends at record {count}"
    return Verified(journal_id, count, boots, compared, anchored, fault, first.seq + 1)


def _fault(record: Record, expected: int, key: bytes, chain: bytes) -> str:
    if record.seq != expected:
        return f"record {expected} is missing: the next one is {record.seq}"
    if link_of_chain(key, chain, record[:7]) != record.chain:
        return (
            f"record {record.seq} ({record.kind}) does not fit the chain: it or the one before was altered, or the key is wrong"
        )
    return ""
