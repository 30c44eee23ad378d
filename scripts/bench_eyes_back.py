"""How long a camera is away after `kill -9`: of the eyes (the child that reads), and of the whole worker with its libraries."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from timed import as_the_service

from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.core.values import Camera
from edge.runtime.camera_link import CameraLink, worker_argv
from edge.runtime.clock import Clock
from edge.runtime.spawn import Crew
from simulators.camera import FramesServer

KILLS = {"the eyes": 40, "the whole worker": 10}
PAUSE_S = 1.2
"""between two kills: eyes that live shorter, again and again, are made to wait"""
BACK_S = 60.0


def _processes(socket: Path) -> Iterator[int]:
    """Of the worker that was told this socket: the one that watches, and its child."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(socket).encode() in entry.read_bytes():
                yield int(entry.parent.name)
        except OSError:
            continue  # it ended meanwhile


async def _measure(folder: Path) -> dict[str, list[float]]:
    key, socket = folder / "site.key", folder / "eye.sock"
    key.write_bytes(b"k" * 32)
    layouts = sorted((Path(__file__).parents[1] / "line_config" / "documents").glob("*.toml"))
    server, crew, told = FramesServer(1), Crew(), asyncio.Queue[type[Event]]()

    def offer(event: Event, **_: object) -> bool:
        told.put_nowait(type(event))
        return True

    argv = worker_argv(Camera.ID, f"127.0.0.1:{await server.start('127.0.0.1', 0)}", socket, layouts=layouts, site_key=key)
    crew.spawn(CameraLink(Camera.ID, offer, crew, Clock(), socket=socket, argv=argv).run(), "camera")
    took: dict[str, list[float]] = {what: [] for what in KILLS}
    try:
        async with asyncio.timeout(BACK_S):
            await _until(told, LinkUp)
        for what, times in KILLS.items():
            for _ in range(times):
                await asyncio.sleep(PAUSE_S)
                victim = (max if what == "the eyes" else min)(_processes(socket))
                begun_s = time.perf_counter()
                os.kill(victim, signal.SIGKILL)
                async with asyncio.timeout(BACK_S):
                    await _until(told, LinkDown)
                    await _until(told, LinkUp)
                took[what].append((time.perf_counter() - begun_s) * 1000)
    finally:
        await crew.stop()
        await server.stop()
    return took


async def _until(told: "asyncio.Queue[type[Event]]", wanted: type[Event]) -> None:
    while await told.get() is not wanted:
        pass


def eyes_back_ms() -> dict[str, Sequence[float]]:
    """What was killed → ms from the signal until the camera's link is up again, the camera connected; an idle line."""
    with tempfile.TemporaryDirectory() as folder, as_the_service():
        return dict(asyncio.run(_measure(Path(folder))))
