"""What is read of the virtual journal by others than the runtime: traces for people, hashes for the campaign, snapshots."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from edge.core.values import Settings, SortPlan
from edge.runtime.account import Account
from edge.runtime.app import Runtime
from edge.runtime.keeper import make_snapshot
from edge.runtime.ledger import Reader
from edge.runtime.reconcile import reconciliation
from edge.runtime.replay import fresh_controller, replay
from edge.runtime.reporting.facts import facts_of
from edge.runtime.snapshot import Snapshot, core_digest, state_digest
from simulators.virtual.disk import VirtualDisk

JOURNAL_KEY = b"k" * 32


class Books:
    """The journal on one disk, over all lives of the runtime."""

    def __init__(self, disk: VirtualDisk, name: str, settings: Settings, sort_plan: SortPlan) -> None:
        self._disk = disk
        self._name = name
        self._settings = settings
        self._sort_plan = sort_plan
        self.snapshot: Snapshot | None = None

    def _reader(self) -> Reader:
        return Reader(self._disk.sql, JOURNAL_KEY, self._name)

    def keep(self) -> None:
        """Make a snapshot, as the keeper's helper does: replay what was written since the last one."""
        reader = self._reader()
        self.snapshot = make_snapshot(reader, reader.meta()["journal_id"], self._settings, self._sort_plan, self.snapshot)

    def events(self) -> int:
        """Records in the journal."""
        return self._reader().last().seq

    def account(self) -> Account:
        """The line's account with central."""
        return self._reader().account()

    def digest(self, seq: int) -> str | None:
        """The line's account with central up to this event, hex; None where it keeps none."""
        return self.account().digests.get(seq)

    def reconciled(self, lots: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What would be signed for each of these lots."""
        records = list(self._reader().records())
        facts = facts_of(records, fresh_controller(records))
        return {lot: reconciliation(facts, lot) for lot in lots}

    def trace_hash(self) -> str:
        """Hash over all records of all boots (I15)."""
        trace = hashlib.blake2b(digest_size=8)
        for record in self._reader().records():
            trace.update(f"{record.boot} {record.at_us} {record.kind} ".encode() + record.body)
        return trace.hexdigest()

    def trace(self) -> Iterator[str]:
        """Each record of all boots, readable: virtual time, boot, what it is, what it says."""
        rows = self._disk.sql.execute("SELECT seq, boot, at_us, kind, body FROM record ORDER BY seq")
        for seq, boot, at_us, kind, body in rows:
            yield f"{at_us / 1_000_000:12.3f} s  boot {boot}  #{seq:<6} {kind:18} {body.decode()}"

    def hold_all_of(self, runtime: Runtime) -> bool:
        """Whether all that this runtime has decided is in the journal: no commit is under way."""
        (at_us,) = self._disk.sql.execute("SELECT MAX(at_us) FROM record").fetchone()
        return bool(at_us == runtime.controller.floor.now_us)

    def agree_with(self, runtime: Runtime) -> bool:
        """Whether a replay of all records, without any snapshot, gives the state of this runtime (I13)."""
        replayed = replay(self._reader(), core_digest(), self._settings, self._sort_plan)
        return state_digest(replayed.controller) == state_digest(runtime.controller)
