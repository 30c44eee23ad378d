"""A person at a real machine as the kit's hands: is told in both languages what to do, and says when it is done."""

import asyncio
import threading
from collections.abc import Callable

from edge.conformance.stimulus import ACTS

CANNOT = "s"


class Person:
    """Implements Stimulus. `read` blocks until a line was typed; `assume_done_s` > 0 waits so long instead of asking."""

    def __init__(self, say: Callable[[str], None], read: Callable[[], str], *, assume_done_s: float = 0.0) -> None:
        self._say = say
        self._read = read
        self._assume_done_s = assume_done_s

    async def do(self, act: str, number: int = 0) -> bool:
        """Ask for it and wait; False where the person answers that it cannot be done."""
        words = ACTS[act]
        self._say(f"► {words.zh.format(n=number)} / {words.en.format(n=number)}")
        if self._assume_done_s:
            self._say(f"  ({self._assume_done_s:g} s)")
            await asyncio.sleep(self._assume_done_s)
            return True
        self._say(f"  回车 = 已完成，{CANNOT} = 无法做到 / Enter = done, {CANNOT} = cannot be done")
        return (await self._line()).strip().lower() != CANNOT

    async def _line(self) -> str:
        # A thread that waits at a terminal cannot be cancelled: as a daemon it does not hold up the end of the command.
        loop = asyncio.get_running_loop()
        typed: asyncio.Future[str] = loop.create_future()

        def settle(line: str) -> None:
            if not typed.done():
                typed.set_result(line)

        def wait() -> None:
            line = self._read()
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, line)

        threading.Thread(target=wait, name="person", daemon=True).start()
        return await typed
