"""An asyncio loop whose time is virtual: when nothing is ready it jumps to the next timer, and it never touches a socket.

It is a lean loop of its own: no selector, no contexts, no thread may call in, and timers that are due at the same moment run in
the order in which they were set, so that a run depends on nothing but its seed.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class DeadlockError(RuntimeError):
    """Nothing is ready and nothing is due."""


class Call:
    """One callback to come: what asyncio knows as a handle."""

    __slots__ = ("args", "callback")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args = args

    def cancel(self) -> None:
        """Do not run it; it stays where it is until its time comes."""
        self.callback = None
        self.args = ()

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.callback is None


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop with virtual time, starting at 0 s. A callback that raises ends the run: nothing is only logged."""

    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._calls: list[Call] = []
        self._timers: list[tuple[float, int, Call]] = []
        self._count = 0

    def time(self) -> float:
        """Virtual seconds."""
        return self._now_s

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Any = None) -> Call:  # type: ignore[override]
        """Run `callback` in the next turn."""
        del context
        call = Call(callback, args)
        self._calls.append(call)
        return call

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Call:  # type: ignore[override]
        """Run `callback` at this virtual time."""
        del context
        call = Call(callback, args)
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, call))
        return call

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None) -> Call:  # type: ignore[override]
        """Run `callback` after so many virtual seconds."""
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def _process_events(self, event_list: Any) -> None:
        """There are no file events."""

    def _run_once(self) -> None:
        """Turns until the loop is stopped: jump when nothing is ready, take what is due, run it."""
        timers, pop = self._timers, heapq.heappop
        while True:
            calls, self._calls = self._calls, []
            if not calls:
                while timers and timers[0][2].callback is None:
                    pop(timers)
                if not timers:
                    raise DeadlockError("every task waits and no timer is set: nothing can ever happen again in virtual time")
                self._now_s = max(self._now_s, timers[0][0])
            now_s = self._now_s
            while timers and timers[0][0] <= now_s:
                calls.append(pop(timers)[2])
            for call in calls:
                callback = call.callback
                if callback is not None:
                    callback(*call.args)
            if self._stopping:
                return


def run_virtual(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
