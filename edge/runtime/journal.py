"""The journal as the runtime uses it: a ledger whose commits do not block the loop.

`ThreadStore` runs the ledger in the one writer thread; `InlineStore` runs it in the loop on `:memory:` with a simulated fsync,
for virtual time.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from edge.runtime.ledger import Head, Ledger
from edge.runtime.records import Batch, JournalError, OutboxRow

T = TypeVar("T")
DROP_RECORDS = 2000
"""records that are forgotten in one transaction: a commit that waits behind it waits a few ms"""
DROP_PAUSE_S = 0.05


class Store(Protocol):
    """The journal as the runtime sees it: nothing in it blocks the loop."""

    outbox_changed: asyncio.Event
    journal_id: str

    async def commit(self, batch: Batch) -> None:
        """Durable when it returns. Raises JournalError, after which nothing may be acted on."""

    async def outbox_after(self, seq: int, limit: int) -> list[OutboxRow]:
        """Up to `limit` unconfirmed messages after `seq`."""

    async def outbox_confirm(self, seq: int) -> str:
        """Forget messages up to `seq`; returns our digest up to there."""

    def outbox_last_seq(self) -> int:
        """Last sequence number given out."""


class ThreadStore:
    """The ledger in its one writer thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="journal", daemon=True)
        self._thread.start()
        self._last_seq = ledger.outbox_seq
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

    async def outbox_confirm(self, seq: int) -> str:
        """Forget messages up to `seq`; returns our digest up to there."""
        return await self._call(self._ledger.outbox_confirm, seq)

    async def anchor(self, at_ms: int) -> Head:
        """Give the head out; see Ledger.anchor."""
        head = await asyncio.shield(self._call(self._ledger.anchor, at_ms))
        self._last_seq += 1
        self.outbox_changed.set()
        return head

    async def drop(self, until_seq: int) -> None:
        """Forget the records up to `until_seq`, a few at a time, so that commits come in between."""
        while await self._call(self._ledger.drop, until_seq, DROP_RECORDS):  # noqa: ASYNC110 - commits wake nobody here
            await asyncio.sleep(DROP_PAUSE_S)

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

    async def outbox_confirm(self, seq: int) -> str:
        """Forget messages up to `seq`; returns our digest up to there."""
        await asyncio.sleep(0)
        return self._ledger.outbox_confirm(seq)

    async def anchor(self, at_ms: int) -> Head:
        """Give the head out; see Ledger.anchor."""
        await asyncio.sleep(self._fsync_ms() / 1000)
        head = self._ledger.anchor(at_ms)
        self.outbox_changed.set()
        return head

    def outbox_last_seq(self) -> int:
        """Last sequence number given out."""
        return self._ledger.outbox_seq

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()
