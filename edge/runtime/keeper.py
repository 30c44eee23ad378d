"""Keeping the journal short: proves it, makes snapshots and archives, in a helper process that holds up nobody.

The helper replays what was written since the last snapshot by itself, so a snapshot never depends on the running core's memory,
and each one proves once more that journal, rows and decisions agree (I13).
"""

import asyncio
from pathlib import Path
from typing import Protocol

import msgspec

from edge.core.values import Settings, SortPlan
from edge.runtime import archive
from edge.runtime.clock import Clock
from edge.runtime.helper import Helper, HelperLost
from edge.runtime.ledger import Journal, Ledger
from edge.runtime.records import JournalError
from edge.runtime.replay import replay
from edge.runtime.snapshot import Snapshot, core_digest, freeze, proved_seq, read_snapshot, write_snapshot
from edge.runtime.verify import Anchor, read_anchors

LOOK_S = 5.0
EVERY_RECORDS = 20_000
"""records from one snapshot to the next: some 400 items, half a second of replay at a start"""
CUT_RECORDS = 400_000
"""records in front of a snapshot that are worth an archive: some 8,000 items"""


class KeepJob(msgspec.Struct, frozen=True):
    """Argument of the helper's job `keep`."""

    journal: str
    anchors: str
    key: bytes
    settings: Settings
    sort_plan: SortPlan
    now_ms: int
    keep_days: int
    cut_records: int = CUT_RECORDS
    prove: bool = False
    """prove the whole journal with its archives first"""


class Kept(msgspec.Struct, frozen=True):
    """What the job has done. `fault`: the journal cannot be trusted, "" = it can."""

    snapshot_seq: int = 0
    archived_seq: int = 0
    """the journal may forget its records up to here; 0 = nothing was archived"""
    fault: str = ""


def snapshot_path(journal: Path) -> Path:
    """Where a journal's snapshot is."""
    return journal.with_suffix(".snapshot")


def archive_folder(journal: Path) -> Path:
    """Where a journal's archives are."""
    return journal.with_suffix(".archive")


def keep(job: KeepJob) -> Kept:
    """Do the job; see Kept."""
    journal = Path(job.journal)
    try:
        with archive.opened(journal, job.key) as reader:
            reader.sql.execute("BEGIN")  # one view of it, whatever is written meanwhile
            whole = archive.WholeJournal(reader, archive_folder(journal))
            if job.prove:
                for _ in whole.records():
                    pass
            stored = read_snapshot(snapshot_path(journal), job.key)
            before = stored if proved_seq(stored, reader) else None
            fresh = make_snapshot(whole, reader.meta()["journal_id"], job.settings, job.sort_plan, before)
            if fresh is None:
                return Kept()
            write_snapshot(snapshot_path(journal), fresh, job.key)
            archived = 0
            if fresh.seq - reader.base().seq >= job.cut_records:
                archived = archive.cut(reader, archive_folder(journal)).last_seq
        anchored = max((anchor.seq for anchor in _anchors(Path(job.anchors))), default=0)
        archive.expire(archive_folder(journal), job.key, now_ms=job.now_ms, keep_days=job.keep_days, anchored_seq=anchored)
        return Kept(fresh.seq, archived)
    except JournalError as error:
        return Kept(fault=str(error))


def _anchors(path: Path) -> list[Anchor]:
    return read_anchors(path) if path.exists() else []


def make_snapshot(
    journal: Journal, journal_id: str, settings: Settings, sort_plan: SortPlan, before: Snapshot | None
) -> Snapshot | None:
    """The state behind the journal's last record; None while nothing was carried over from another core that wrote it."""
    replayed = replay(journal, core_digest(), settings, sort_plan, before)
    if replayed.carry is not None:
        return None
    return Snapshot(
        journal_id=journal_id,
        seq=replayed.place.seq,
        chain=replayed.place.chain,
        core=core_digest(),
        last_us=replayed.last_us,
        events=replayed.events,
        state=freeze(replayed.controller, replayed.auditor),
    )


class ForgettingStore(Protocol):
    """What the keeper needs of the journal's store."""

    async def drop(self, until_seq: int) -> None:
        """Forget the records up to `until_seq`, which an archive holds."""


class Keeper:
    """Has the job done whenever the journal has grown by EVERY_RECORDS. A helper that is lost costs a snapshot, no more."""

    def __init__(self, helper: Helper, ledger: Ledger, store: ForgettingStore, clock: Clock, job: KeepJob) -> None:
        self._helper = helper
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._job = job
        self.snapshot_seq = 0
        self.faults = 0

    async def run(self) -> None:
        """Keep for ever; the first time the whole journal is proved. Raises JournalError when it cannot be trusted."""
        prove = True
        while True:
            if prove or self._ledger.head().seq - self.snapshot_seq >= EVERY_RECORDS:
                prove = not await self._keep(prove=prove)
            await asyncio.sleep(LOOK_S)

    async def _keep(self, *, prove: bool) -> bool:
        job = msgspec.structs.replace(self._job, now_ms=self._clock.wall_ms(), prove=prove)
        try:
            reply = await self._helper.call("keep", msgspec.msgpack.encode(job))
        except HelperLost:
            self.faults += 1
            return False
        kept = msgspec.msgpack.decode(reply.body, type=Kept)
        if kept.fault:
            raise JournalError(kept.fault)
        self.snapshot_seq = kept.snapshot_seq or self._ledger.head().seq
        if kept.archived_seq:
            await self._store.drop(kept.archived_seq)
        return True
