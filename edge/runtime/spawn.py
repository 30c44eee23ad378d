"""The one way to start a task. Tasks are kept in order, and a task that dies ends the run loudly."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Crew:
    """The tasks of one run, in the order of their start.

    asyncio's own groups iterate sets, whose order depends on addresses: two runs of one seed would differ (I15).
    """

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start `work` as a task called `name`."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.remove(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self._failed.done():
            error.add_note(f"in task {task.get_name()}")
            self._failed.set_result(error)

    async def failure(self) -> BaseException:
        """Wait for the first task that dies and return its exception."""
        return await asyncio.shield(self._failed)

    def failed(self) -> BaseException | None:
        """The exception of the first task that died, None while all live."""
        return self._failed.result() if self._failed.done() else None

    async def stop(self) -> None:
        """Cancel all tasks, newest first, each waited for before the next; raise the first failure that there was."""
        for task in reversed(self._tasks[:]):
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                if not task.cancelled():
                    raise
            except Exception as error:  # noqa: BLE001 - the one broad except: it ends the run with the first failure
                if not self._failed.done():
                    self._failed.set_result(error)
        if self._failed.done():
            raise self._failed.result()
