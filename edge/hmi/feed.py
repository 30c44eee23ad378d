"""The stream of snapshots: one encoding for all pages, always the newest, never a queue."""

import asyncio
from collections.abc import AsyncIterator

import msgspec

from edge.hmi.desk import LineDesk

PERIOD_S = 0.2
BEAT_S = 1.0
CLIENTS_MAX = 8
RETRY = b"retry: 500\n\n"
BEAT = b"event: beat\ndata: {}\n\n"

_encode = msgspec.json.Encoder().encode


class Feed:
    """Snapshots as server-sent events. A slow page skips snapshots; it is never owed more than the newest."""

    def __init__(self, desk: LineDesk, *, period_s: float = PERIOD_S, beat_s: float = BEAT_S) -> None:
        self._desk = desk
        self._period_s = period_s
        self._beat_s = beat_s
        self._taken_s = float("-inf")
        self._rev = -1
        self._frame = b""
        self._closed = asyncio.Event()
        self.clients = 0

    @property
    def full(self) -> bool:
        """Whether as many pages are connected as one line serves."""
        return self.clients >= CLIENTS_MAX

    def close(self) -> None:
        """End all streams at once."""
        self._closed.set()

    def _newest(self) -> tuple[int, bytes]:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._taken_s >= self._period_s:
            snapshot = self._desk.snapshot()
            self._taken_s = now_s
            self._rev = int(snapshot["rev"])
            self._frame = b"event: snapshot\nid: %d\ndata: %b\n\n" % (self._rev, _encode(snapshot))
        return self._rev, self._frame

    async def stream(self) -> AsyncIterator[bytes]:
        """Frames for one page, until it leaves or the feed closes."""
        loop = asyncio.get_running_loop()
        self.clients += 1
        try:
            yield RETRY
            shown, beat_s = -1, loop.time()
            while not self._closed.is_set():
                rev, frame = self._newest()
                if rev != shown:
                    shown, beat_s = rev, loop.time()
                    yield frame
                elif loop.time() - beat_s >= self._beat_s:
                    beat_s = loop.time()
                    yield BEAT
                await self._pause()
        finally:
            self.clients -= 1

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._period_s):
                await self._closed.wait()
        except TimeoutError:
            return
