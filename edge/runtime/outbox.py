"""The reading side of the outbox: which row goes to central next, and what central has confirmed."""

import asyncio
from collections import deque
from typing import Protocol

from edge.runtime.records import OutboxRow

WINDOW = 400
"""rows on their way to central: at 0.4 s there and back 1,000 a second; a broker that keeps 1,000 messages has room for them"""
PATIENCE_S, PATIENCE_MAX_S = 5.0, 60.0


class OutboxStore(Protocol):
    """What the outbox needs of the journal's store."""

    outbox_changed: asyncio.Event
    journal_id: str

    async def outbox_after(self, seq: int, limit: int) -> list[OutboxRow]:
        """Up to `limit` unconfirmed rows after `seq`, in order."""

    async def outbox_confirm(self, seq: int) -> str:
        """Forget rows up to `seq`; returns our digest up to there, "" where there is none."""

    def outbox_last_seq(self) -> int:
        """Last sequence number given out."""


class Outbox:
    """Rows in order, at most `window` of them unconfirmed, and all of those again after `rewind` (I14)."""

    def __init__(self, store: OutboxStore, window: int = WINDOW) -> None:
        self._store = store
        self._window = window
        self._fetched: deque[OutboxRow] = deque()
        self._sent_seq = 0
        self.confirmed_seq = 0
        self.sent = 0
        """rows handed out, repeats included"""
        self.repeated = 0
        self.agreed_seq = 0
        """central has said the same digest as we have"""
        self.differs_seq = 0
        """the first number at which it has said another one; 0 = none"""
        self._highest_seq = 0
        self._reviewed_seq = -1
        self._reviewed_s = 0.0
        self._patience_s = PATIENCE_S
        self._heard = (0, "")
        """what central has confirmed last, with its digest"""
        self._heard_of = asyncio.Event()

    def waiting(self) -> int:
        """Rows that central has not confirmed."""
        return self._last_seq() - self.confirmed_seq

    def _last_seq(self) -> int:
        """A row may be read, sent and confirmed before the commit that wrote it has come back to this loop."""
        return max(self._store.outbox_last_seq(), self._highest_seq)

    async def next(self) -> OutboxRow:
        """The next row to publish; waits for one, and for room in the window."""
        while not self._fetched:
            self._store.outbox_changed.clear()
            await self._fetch()
            if not self._fetched:
                await self._store.outbox_changed.wait()
        row = self._fetched.popleft()
        self._sent_seq = row.seq
        self.sent += 1
        self.repeated += row.seq <= self._highest_seq
        self._highest_seq = max(self._highest_seq, row.seq)
        return row

    async def _fetch(self) -> None:
        room = self._window - (self._sent_seq - self.confirmed_seq)
        if room <= 0:
            return
        after_seq, last_seq = self._sent_seq, self._last_seq()
        rows = await self._store.outbox_after(after_seq, room)
        if after_seq != self._sent_seq:
            # Rewound or confirmed while the store answered: what it said is out of date.
            self._store.outbox_changed.set()
            return
        if after_seq == self.confirmed_seq:
            # Rows below the first that is still kept were confirmed in an earlier run.
            self._sent_seq = self.confirmed_seq = rows[0].seq - 1 if rows else last_seq
        self._fetched.extend(rows)

    def rewind(self) -> None:
        """Whatever is unconfirmed is to be sent again, as after a lost connection."""
        self._fetched.clear()
        self._sent_seq = self.confirmed_seq
        self._store.outbox_changed.set()

    def review(self, now_s: float) -> None:
        """Send again what central has not confirmed for too long: a broker forgets what nobody there was subscribed to."""
        if self._sent_seq == self.confirmed_seq or self.confirmed_seq != self._reviewed_seq:
            self._reviewed_seq, self._reviewed_s, self._patience_s = self.confirmed_seq, now_s, PATIENCE_S
        elif now_s - self._reviewed_s >= self._patience_s:
            self._reviewed_s, self._patience_s = now_s, min(2 * self._patience_s, PATIENCE_MAX_S)
            self.rewind()

    def confirm(self, journal_id: str, seq: int, digest: str = "") -> bool:
        """Central has stored all up to `seq`; False for another journal's confirmation, or one of rows that never were.

        `digest`: what central's account says up to there, "" = it does not say.
        """
        if journal_id != self._store.journal_id or not 0 <= seq <= self._last_seq():
            return False
        if seq > self.confirmed_seq:
            self.confirmed_seq = seq
            self._sent_seq = max(self._sent_seq, seq)
            while self._fetched and self._fetched[0].seq <= seq:
                self._fetched.popleft()
            self._store.outbox_changed.set()
            self._heard = (seq, digest)
            self._heard_of.set()
        return True

    async def forget(self) -> None:
        """Delete what was confirmed, for ever; confirmations that come meanwhile are done with in one.

        The window does not wait for it: each is a commit of its own, and rows that are deleted too late are only sent again.
        """
        while True:
            await self._heard_of.wait()
            self._heard_of.clear()
            seq, digest = self._heard
            self._compare(seq, await self._store.outbox_confirm(seq), digest)

    def _compare(self, seq: int, ours: str, theirs: str) -> None:
        if not ours or not theirs:
            return
        if ours == theirs:
            self.agreed_seq = max(self.agreed_seq, seq)
        else:
            self.differs_seq = self.differs_seq or seq
