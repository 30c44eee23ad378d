"""The bell: rings through, times out, and leaves no timer behind."""

import asyncio

from edge.runtime.bell import Bell
from simulators.virtual.loop import run_virtual


async def story() -> list[object]:
    loop, bell, seen = asyncio.get_running_loop(), Bell(), []
    seen.append((await bell.wait(2.0), loop.time()))
    loop.call_later(1.0, bell.set)
    seen.append((await bell.wait(5.0), loop.time()))
    seen.append((await bell.wait(5.0), loop.time()))
    bell.clear()
    task = loop.create_task(bell.wait(5.0))
    await asyncio.sleep(1.0)
    task.cancel()
    await asyncio.sleep(0)
    bell.set()
    seen.append(task.cancelled())
    return seen


def test_it_waits_no_longer_than_it_must() -> None:
    assert run_virtual(story()) == [(False, 2.0), (True, 3.0), (True, 3.0), True]
