"""The disk under the virtual journal: what a power cut leaves of it.

A commit that was synced is there for good. One that was not lies in the operating system's memory until that writes it out by
itself, and a power cut loses all since then. The ledger says itself whether it syncs, as on a real disk: nothing is switched.
"""

import sqlite3
from collections.abc import Callable

FLUSH_MS = 5000
"""an operating system writes out by itself what is dirty, about so often"""
FULL = 2
"""SQLite's level of `synchronous` at which a commit in WAL mode is synced"""


class VirtualDisk:
    """One database in memory, kept alive over the runtime's lives."""

    def __init__(self, name: str, now_ms: Callable[[], int]) -> None:
        """`name`: URI of a shared database in memory."""
        self.sql = sqlite3.connect(name, uri=True)
        self._now_ms = now_ms
        self._flushed: sqlite3.Connection | None = None
        """as far as it was written out, where commits are not synced"""
        self._flushed_ms = 0

    def written(self, level: int) -> None:
        """A commit was written by a ledger with this level of `synchronous`."""
        if level >= FULL:
            self._forget()
        elif self._flushed is None or self._now_ms() - self._flushed_ms >= FLUSH_MS:
            self._forget()
            self._flushed, self._flushed_ms = sqlite3.connect(":memory:"), self._now_ms()
            self.sql.backup(self._flushed)

    def cut(self) -> None:
        """The power goes; nobody has the database open."""
        if self._flushed is not None:
            self._flushed.backup(self.sql)

    def close(self) -> None:
        """Throw it away."""
        self._forget()
        self.sql.close()

    def _forget(self) -> None:
        if self._flushed is not None:
            self._flushed.close()
            self._flushed = None
