"""How late the main loop is while both cameras' workers read 8 frames of 5 megapixels a second each: real links and workers."""

import asyncio
import multiprocessing
import tempfile
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from bench_labels import LARGE, SEED, labels
from bench_lines import PRINTED, large
from numpy.typing import NDArray
from timed import as_the_service

from edge.core.values import Camera
from edge.runtime.camera_link import CameraLink, worker_argv
from edge.runtime.clock import Clock
from edge.runtime.lag import LoopLag
from edge.runtime.spawn import Crew
from simulators.camera import FramesServer
from simulators.documents import render_document
from simulators.specimens import make_specimen

Image = NDArray[np.uint8]
FRAMES_PER_S, SECONDS, SIGHTS = 8, 30.0, 10
START_S = 60.0


def _pictures(camera: Camera) -> list[Image]:
    if camera is Camera.LABEL:
        return [sight.frame for sight in labels(SIGHTS, LARGE, SEED)]
    kinds = [PRINTED[n % len(PRINTED)] for n in range(SIGHTS)]
    return [large(render_document(make_specimen(kind, n), seed=n, severity=1, frames=1)[0]) for n, kind in enumerate(kinds)]


def _cameras(ports: Connection) -> None:
    """A process of its own, so that sending pictures costs the measured loop nothing."""
    asyncio.run(_fire(ports))


async def _fire(ports: Connection) -> None:
    pictures = [_pictures(camera) for camera in Camera]
    servers = [FramesServer(1), FramesServer(1)]
    ports.send([await server.start("127.0.0.1", 0) for server in servers])
    trigger = 0
    while not ports.poll():
        trigger += 1
        for server, shown in zip(servers, pictures, strict=True):
            if server.connected:
                server.fire(trigger, [shown[trigger % len(shown)]])
        await asyncio.sleep(1 / FRAMES_PER_S)
    for server in servers:
        await server.stop()


async def _measure(ports: Sequence[int], folder: Path) -> dict[str, float]:
    key = folder / "site.key"
    key.write_bytes(b"k" * 32)
    layouts = sorted((Path(__file__).parents[1] / "line_config" / "documents").glob("*.toml"))
    crew, lag = Crew(), LoopLag()
    links = []
    for camera, port in zip(Camera, ports, strict=True):
        socket, address = folder / f"{camera.value}.sock", f"127.0.0.1:{port}"
        argv = worker_argv(camera, address, socket, layouts=layouts if camera is Camera.ID else (), site_key=key)
        links.append(CameraLink(camera, lambda *_, **__: True, crew, Clock(), socket=socket, argv=argv))
        crew.spawn(links[-1].run(), camera.value)
    try:
        async with asyncio.timeout(START_S):
            while not all(link.readings for link in links):  # noqa: ASYNC110 - a bench may poll
                await asyncio.sleep(0.1)
        before = [link.readings for link in links]
        crew.spawn(lag.run(), "lag")
        await asyncio.sleep(SECONDS)
        rates = [(link.readings - count) / SECONDS for link, count in zip(links, before, strict=True)]
    finally:
        await crew.stop()
    return {**lag.figures(), "frames_per_s_each": round(min(rates), 1)}


def loop_lag() -> dict[str, Any]:
    """Lateness of the loop in ms: p50, p99, max; and the frames that the slower worker read in a second."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    cameras = context.Process(target=_cameras, args=(theirs,), daemon=True)
    cameras.start()
    with tempfile.TemporaryDirectory() as folder, as_the_service() as policy:
        figures = asyncio.run(_measure(ours.recv(), Path(folder)))
    ours.send("end")
    cameras.join()
    return {**figures, "policy": policy}
