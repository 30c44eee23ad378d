"""A link that is cancelled ends, whatever it is at: in a few turns of the loop, as cancelled, with nothing left open."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from edge.runtime import plc_link
from tests.wire.bad_wire import Act, Slow, Step
from tests.wire.scene import KINDS, Wire

TURNS_MAX = 30
"""of the loop, from the cancellation to the end: nothing on the wire, no thread and no clock is waited for"""
SWEEP = range(40)
"""cancelled after so many turns of the stage"""
Begin = Callable[[Wire], Coroutine[Any, Any, None]]
every_wire = pytest.mark.parametrize("kind", KINDS)


async def turns_to_end(task: "asyncio.Task[None]") -> int:
    """How many turns a cancelled task still takes; a swallowed cancellation ends the test."""
    for turns in range(100 * TURNS_MAX):
        if task.done():
            return turns
        await asyncio.sleep(0)
    raise AssertionError("the cancellation was swallowed")


async def cancelled(task: "asyncio.Task[None]", *, again_after: int | None = None) -> None:
    """Cancel it, once more after so many turns, and see it end."""
    task.cancel()
    if again_after is not None:
        for _ in range(again_after):
            await asyncio.sleep(0)
        task.cancel()
    assert await turns_to_end(task) <= TURNS_MAX
    assert task.cancelled()


@contextlib.asynccontextmanager
async def served(kind: str, *, through_bad_wire: bool = False, timeout_ms: int = 120) -> AsyncIterator[Wire]:
    wire = Wire(kind, timeout_ms=timeout_ms)
    await wire.start(through_bad_wire=through_bad_wire)
    try:
        yield wire
        await nothing_open(wire)
    finally:
        await wire.close()


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "s7"]


async def nothing_open(wire: Wire) -> None:
    async with asyncio.timeout(5):
        while wire.simulator.server._open or _threads():  # noqa: ASYNC110 - a thread tells nobody
            await asyncio.sleep(0.001)


def linking(wire: Wire) -> "asyncio.Task[None]":
    wire.link = wire.make_link()
    return asyncio.get_running_loop().create_task(wire.link.run())


# --- stages: each returns when the link is at it ---
async def connecting(_: Wire) -> None:
    """From its very beginning."""


async def exchanging(wire: Wire) -> None:
    await wire.until(lambda: wire.told()[-1:] == ["up"])


async def backing_off(wire: Wire) -> None:
    await wire.simulator.server.close()
    await wire.until(lambda: wire.connects >= 2)


@every_wire
@pytest.mark.parametrize("stage", [connecting, exchanging, backing_off])
async def test_it_ends_at_every_turn_of_every_stage(kind: str, stage: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plc_link, "RECONNECT_MIN_S", 0.001)
    for turns in SWEEP:
        async with served(kind, timeout_ms=30) as wire:
            task = linking(wire)
            await stage(wire)
            for _ in range(turns):
                await asyncio.sleep(0)
            await cancelled(task)


@every_wire
@pytest.mark.parametrize("answer", [lambda _: Act.MUTE, Slow], ids=["none", "trickling"])
async def test_it_ends_while_it_waits_for_an_answer(kind: str, answer: Callable[[bytes], Step]) -> None:
    for turns in (0, 1, 5, 20):
        async with served(kind, through_bad_wire=True) as wire:
            task = linking(wire)
            await exchanging(wire)
            wire.bad.rows.append(lambda frame, _: [answer(frame)])
            while wire.bad.rows:  # noqa: ASYNC110 - a table's row is taken in some turn of the loop
                await asyncio.sleep(0)
            for _ in range(turns):
                await asyncio.sleep(0)
            await cancelled(task)


@every_wire
async def test_it_ends_while_it_closes_already(kind: str) -> None:
    for again_after in range(8):
        async with served(kind) as wire:
            task = linking(wire)
            await exchanging(wire)
            await cancelled(task, again_after=again_after)


@pytest.mark.parametrize("kind", ["modbus", "s7"])
async def test_it_ends_while_nobody_takes_its_connection(kind: str) -> None:
    """A host that is off: the first packet of the connection is never answered."""
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                caller.connect(full.getsockname())
        wire = Wire(kind)
        wire._link_port = full.getsockname()[1]
        task = linking(wire)
        await wire.until(lambda: wire.connects == 1)
        await asyncio.sleep(0.05)
        assert wire.told() == []
        await cancelled(task)
