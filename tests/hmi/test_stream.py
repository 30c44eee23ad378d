"""The stream and its server, over a real socket on loopback."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator

import httpx
import pytest

from edge.hmi.app import create_app
from edge.hmi.feed import CLIENTS_MAX, Feed
from edge.hmi.server import PanelError, address, listen, serve
from tests.hmi.fakes import FakeLine


@contextlib.asynccontextmanager
async def panel(line: FakeLine, feed: Feed | None = None) -> AsyncIterator[str]:
    listening = listen("127.0.0.1", 0)
    task = asyncio.create_task(serve(create_app(line, feed=feed), listening))
    try:
        yield address(listening)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def frames(response: httpx.Response) -> AsyncIterator[tuple[str, dict[str, object]]]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])


async def test_snapshots_come_as_they_change_and_beats_when_they_do_not() -> None:
    line = FakeLine()
    line.state = "EXECUTE"
    async with (
        panel(line, Feed(line, period_s=0.01, beat_s=0.03)) as url,
        httpx.AsyncClient() as client,
        client.stream("GET", f"{url}api/stream") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        revs: list[int] = []
        async for name, data in frames(stream):
            if name == "beat":
                break
            revs.append(int(str(data["rev"])))
            line.frozen = len(revs) >= 4
        assert len(revs) >= 4
        assert revs == sorted(set(revs))


async def test_pages_share_one_snapshot_per_period() -> None:
    line = FakeLine()
    calls = 0
    taken = line.snapshot

    def counted() -> dict[str, object]:
        nonlocal calls
        calls += 1
        return taken()

    line.snapshot = counted  # type: ignore[method-assign]
    feed = Feed(line, period_s=60)
    streams = [feed.stream() for _ in range(5)]
    for stream in streams:
        await anext(stream)
        assert (await anext(stream)).startswith(b"event: snapshot")
    assert calls == 1
    assert feed.clients == 5
    for stream in streams:
        await stream.aclose()
    assert feed.clients == 0


async def test_too_many_pages_are_turned_away_and_a_page_that_leaves_makes_room() -> None:
    line = FakeLine()
    feed = Feed(line)
    feed.clients = CLIENTS_MAX
    async with panel(line, feed) as url, httpx.AsyncClient() as client:
        assert (await client.get(f"{url}api/stream")).status_code == 503
        feed.clients -= 1
        async with client.stream("GET", f"{url}api/stream") as stream:
            assert stream.status_code == 200


async def test_a_line_that_fails_ends_the_stream_and_not_the_server() -> None:
    line = FakeLine()
    async with panel(line, Feed(line, period_s=0.01)) as url, httpx.AsyncClient() as client:
        with contextlib.suppress(httpx.RemoteProtocolError):
            async with client.stream("GET", f"{url}api/stream") as stream:
                async for _ in frames(stream):
                    line.broken = RuntimeError("no snapshot")
        line.broken = None
        assert (await client.get(f"{url}api/health")).json()["pages"] == 0


async def test_shutdown_ends_open_streams_cleanly() -> None:
    line = FakeLine()
    listening = listen("127.0.0.1", 0)
    feed = Feed(line)
    task = asyncio.create_task(serve(create_app(line, feed=feed), listening))
    async with httpx.AsyncClient() as client, client.stream("GET", f"{address(listening)}api/stream") as stream:
        received = frames(stream)
        assert (await anext(received))[0] == "snapshot"
        task.cancel()
        async for _ in received:
            pass
        with pytest.raises(asyncio.CancelledError):
            await task
    assert feed.clients == 0
    assert listening.fileno() == -1


async def test_signals_stay_with_the_runtime() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with panel(FakeLine()) as url, httpx.AsyncClient() as client:
        assert (await client.get(f"{url}api/health")).status_code == 200
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_port_in_use_is_said_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PanelError, match=rf"127\.0\.0\.1:{port}.*\[panel\]"):
            listen("127.0.0.1", port)
