import asyncio
import os
import sys
from contextlib import asynccontextmanager

import pytest

from edge.core.commands import Seal
from edge.core.device_events import FrameRead, LabelRead
from edge.core.events import LinkDown, LinkUp
from edge.core.values import Camera, ItemId, Symbol
from edge.runtime import camera_link
from edge.runtime.camera_link import CameraLink, worker_argv
from edge.runtime.clock import Clock
from edge.runtime.spawn import Crew
from simulators.camera import FramesServer
from simulators.documents import render_document, render_envelope
from tests.vision.synthetic import KINDS, SITE_KEY, document, label
from vision.messages import CameraState, DocumentReading, Hello, LabelReading, LabelSymbol, Preview, encode

READING = DocumentReading(
    camera_boot=3, trigger=8, k=1, kind="a4", flags=15, token="t", skeleton="s", confidence_permille=900, masked="A4**",
    evidence="e", reason="", cpu_us=40,
)  # fmt: skip
LABEL = LabelReading(
    camera_boot=3, trigger=8, k=0, symbols=(LabelSymbol("qr", "EA;1", 4, 5, confirmed=True),), evidence="", reason="", cpu_us=50
)


class Pump:
    """Takes events, and refuses the next `refusals` of them."""

    def __init__(self):
        self.queue, self.refusals = asyncio.Queue(), 0

    def __call__(self, event, *, cursor=None, on_durable=None):
        if self.refusals:
            self.refusals -= 1
            return False
        self.queue.put_nowait(event)
        return True

    async def next(self):
        async with asyncio.timeout(20):
            return await self.queue.get()


@asynccontextmanager
async def running(tmp_path, pump, camera=Camera.ID, argv=(), plc=lambda: None):
    crew = Crew()
    link = CameraLink(camera, pump, crew, Clock(), socket=tmp_path / "eye.sock", argv=argv, plc_exposures=plc)
    crew.spawn(link.run(), "link")
    try:
        yield link
    finally:
        await crew.stop()


async def worker_of(tmp_path):
    """A worker that a test plays itself."""
    path = str(tmp_path / "eye.sock")
    while True:
        try:
            _, writer = await asyncio.open_unix_connection(path)
        except (FileNotFoundError, ConnectionRefusedError):
            await asyncio.sleep(0)
        else:
            return writer


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(camera_link, "RESTART_S", 0.01)


async def test_readings_become_events(tmp_path):
    pump = Pump()
    async with running(tmp_path, pump) as link:
        worker = await worker_of(tmp_path)
        assert not link.health().up
        for message in (Hello(camera="id_camera", pid=1, pyzbar=True), CameraState(up=True, detail=""), READING, LABEL):
            worker.write(encode(message))
        assert isinstance(await pump.next(), LinkUp)
        read = await pump.next()
        assert isinstance(read, FrameRead)
        assert (read.camera, read.trigger, read.k, read.kind, read.flags, read.token, read.skeleton) == (
            Camera.ID, 8, 1, "a4", 15, "t", "s",
        )  # fmt: skip
        read = await pump.next()
        assert isinstance(read, LabelRead)
        assert read.symbols == (Symbol("qr", "EA;1", 4, 5, confirmed=True),)
        assert (link.readings, link.worker_cpu_us, link.health().up) == (2, 90, True)
        worker.close()


async def test_the_last_preview_is_kept(tmp_path):
    pump = Pump()
    async with running(tmp_path, pump) as link:
        worker = await worker_of(tmp_path)
        worker.write(b"".join(encode(Preview(trigger=2, k=0, jpeg=jpeg)) for jpeg in (b"one", b"two")))
        await until(lambda: link.preview == b"two")
        assert pump.queue.empty()
        worker.close()


async def test_a_full_pump_costs_a_reading_but_never_a_change_of_the_link(tmp_path):
    pump = Pump()
    async with running(tmp_path, pump) as link:
        worker = await worker_of(tmp_path)
        pump.refusals = 3
        worker.write(encode(CameraState(up=True, detail="")))
        assert isinstance(await pump.next(), LinkUp)
        pump.refusals = 1
        worker.write(encode(READING) + encode(LABEL))
        assert isinstance(await pump.next(), LabelRead)
        assert link.dropped == 1
        worker.close()


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "lost"), (b"\x00\x00", "lost"), (b"\xff\xff\xff\xff", "bad_reply"), (b"\x00\x00\x00\x01\xc1", "bad_reply")],
)
async def test_a_worker_that_ends_or_talks_nonsense_is_down_and_may_come_again(tmp_path, data, reason):
    pump = Pump()
    async with running(tmp_path, pump) as link:
        for _ in range(2):
            worker = await worker_of(tmp_path)
            worker.write(encode(CameraState(up=True, detail="")) + data)
            await worker.drain()
            worker.close()
            assert isinstance(await pump.next(), LinkUp)
            down = await pump.next()
            assert isinstance(down, LinkDown)
            assert down.reason == reason
            assert not link.health().up


async def test_a_camera_that_goes_is_told_once_with_its_fault(tmp_path):
    pump = Pump()
    async with running(tmp_path, pump) as link:
        worker = await worker_of(tmp_path)
        for message in (
            CameraState(up=False, detail="x"),
            CameraState(up=True, detail=""),
            CameraState(up=False, detail="check its cable"),
        ):
            worker.write(encode(message))
        assert isinstance(await pump.next(), LinkUp)
        down = await pump.next()
        assert isinstance(down, LinkDown)
        assert down.detail == "check its cable" == link.health().detail
        worker.close()


async def test_a_worker_that_cannot_start_is_tried_again(tmp_path):
    pump = Pump()
    argv = (sys.executable, "-c", "raise SystemExit(2)")
    async with running(tmp_path, pump, argv=argv) as link:
        async with asyncio.timeout(20):
            while link.worker_starts < 2:  # noqa: ASYNC110 - the link rings no bell for this
                await asyncio.sleep(0.01)
        assert "ended before it connected" in link.health().detail
    assert pump.queue.empty()


async def test_a_missing_program_is_named(tmp_path):
    async with running(tmp_path, Pump(), argv=("/nonexistent/worker",)) as link:
        async with asyncio.timeout(20):
            while "sealline doctor" not in link.health().detail:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_silent_worker_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(camera_link, "SILENT_S", 0.05)
    pump = Pump()
    async with running(tmp_path, pump) as link:
        worker = await worker_of(tmp_path)
        worker.write(encode(CameraState(up=True, detail="")))
        assert isinstance(await pump.next(), LinkUp)
        assert isinstance(await pump.next(), LinkDown)
        assert "silent" in link.health().detail
        worker.close()


async def test_the_camera_said_again_to_be_up_is_no_news(tmp_path):
    pump = Pump()
    async with running(tmp_path, pump):
        worker = await worker_of(tmp_path)
        worker.write(encode(CameraState(up=True, detail="")) * 3 + encode(READING))
        assert isinstance(await pump.next(), LinkUp)
        assert isinstance(await pump.next(), FrameRead)
        worker.close()


async def test_a_camera_that_counts_by_itself_counts_once_it_agrees_with_the_plc(tmp_path):
    pump, plc = Pump(), [None]
    async with running(tmp_path, pump, plc=lambda: plc[0]) as link:
        worker = await worker_of(tmp_path)
        say = lambda exposures, new=False: worker.write(  # noqa: E731
            encode(CameraState(up=True, detail="", exposures=exposures, new=new))
        )
        say(0, new=True)
        worker.write(encode(READING))
        await until(lambda: link.dropped)
        assert (link.health().up, link.health().detail) == (False, camera_link.WAITS)
        plc[0] = 500
        say(0)
        say(0)
        assert isinstance(await pump.next(), LinkUp)
        worker.write(encode(READING))
        assert (await pump.next()).trigger == 508
        plc[0] = 510
        say(8)
        say(8)
        down = await pump.next()
        assert (down.reason, down.detail) == ("slip", camera_link.SLIPPED)
        worker.write(encode(READING))
        await until(lambda: link.dropped == 2)
        say(8)
        say(8)
        assert isinstance(await pump.next(), LinkUp), "the zone is still empty, and they agree anew"
        worker.write(encode(READING))
        assert (await pump.next()).trigger == 510
        worker.close()


async def test_eyes_that_are_lost_while_their_worker_lives_come_again_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(camera_link, "END_TIMEOUT_S", 0.05)
    pump = Pump()
    argv = (sys.executable, "-c", "import time; time.sleep(60)")
    async with running(tmp_path, pump, argv=argv) as link:
        for _ in range(3):
            worker = await worker_of(tmp_path)
            worker.write(encode(CameraState(up=True, detail="")))
            assert isinstance(await pump.next(), LinkUp)
            worker.close()
            assert isinstance(await pump.next(), LinkDown)
        assert link.worker_starts == 1


async def test_a_worker_that_does_not_end_is_killed_although_the_runtime_ends_meanwhile(tmp_path):
    argv = (sys.executable, "-c", "import time; time.sleep(60)")
    async with running(tmp_path, Pump(), argv=argv) as link:
        await until(lambda: link.worker_starts)
        reader, worker = await asyncio.open_unix_connection(str(tmp_path / "eye.sock"))
        named = next(task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("id_camera worker"))
        worker.write(b"\xff" * 8)
        assert await reader.read() == b"", "the link does not talk to this worker any more, and waits for its end"
        worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(named.split()[-1]), 0)


async def until(true):
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - the link rings no bell for this
            await asyncio.sleep(0.001)


async def test_a_camera_takes_no_commands(tmp_path):
    async with running(tmp_path, Pump()) as link:
        with pytest.raises(TypeError, match="takes no Seal"):
            link.send(Seal(item=ItemId("I1-1")))


async def test_the_socket_is_the_owners_alone_and_goes_with_the_link(tmp_path):
    pump = Pump()
    async with running(tmp_path, pump):
        worker = await worker_of(tmp_path)
        worker.write(encode(CameraState(up=True, detail="")))
        assert isinstance(await pump.next(), LinkUp)
        assert (tmp_path / "eye.sock").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "eye.sock").exists()
    worker.close()


@asynccontextmanager
async def camera():
    server = FramesServer(boot=5)
    port = await server.start("127.0.0.1", 0)
    try:
        yield server, f"127.0.0.1:{port}"
    finally:
        await server.stop()


async def test_from_the_camera_to_events_with_a_worker_that_is_killed(tmp_path):
    """The real worker, real frames, the real wire; after kill -9 it is there again."""
    key, pump = tmp_path / "site.key", Pump()
    key.write_bytes(SITE_KEY)
    layouts = [camera_link_layout(kind) for kind in KINDS]
    async with camera() as (server, address):
        argv = worker_argv(
            Camera.ID, address, tmp_path / "eye.sock", layouts=layouts, site_key=key, evidence=tmp_path / "evidence"
        )
        async with running(tmp_path, pump, argv=argv) as link:
            assert isinstance(await pump.next(), LinkUp)
            await server.has_accepted(1)
            for trigger, kind in enumerate(KINDS, 1):
                server.fire(2 * trigger, render_document(document(kind, 1), seed=1))
                for k in (0, 1):
                    read = await pump.next()
                    assert (read.kind, read.flags, read.trigger, read.k, read.camera_boot) == (kind, 15, 2 * trigger, k, 5)
            assert len(list((tmp_path / "evidence" / "id_camera").glob("*.sealed"))) == 6
            os.kill(link_worker_pid(tmp_path, child=True), 9)
            assert isinstance(await pump.next(), LinkDown)
            assert isinstance(await pump.next(), LinkUp)
            assert link.worker_starts == 1, "new eyes of the same worker"
            os.kill(link_worker_pid(tmp_path), 9)
            assert isinstance(await pump.next(), LinkDown)
            assert isinstance(await pump.next(), LinkUp)
            assert link.worker_starts == 2
            await server.has_accepted(3)
            server.fire(8, render_document(document("a4", 2), seed=1))
            assert (await pump.next()).trigger == 8


async def test_label_camera_to_events(tmp_path):
    pump = Pump()
    async with camera() as (server, address):
        argv = worker_argv(Camera.LABEL, address, tmp_path / "eye.sock")
        async with running(tmp_path, pump, Camera.LABEL, argv):
            assert isinstance(await pump.next(), LinkUp)
            await server.has_accepted(1)
            server.fire(2, render_envelope(label("EA473124829CN", 6), 1))
            for k in (0, 1):
                read = await pump.next()
                assert (read.k, {symbol.text for symbol in read.symbols}) == (k, {"EA473124829CN", "EA473124829CN;6"})


def camera_link_layout(kind):
    from pathlib import Path

    return Path(__file__).parents[2] / "line_config" / "documents" / f"{kind}.toml"


def link_worker_pid(tmp_path, *, child=False):
    from pathlib import Path

    socket_path = str(tmp_path / "eye.sock").encode()
    pids = [int(entry.parent.name) for entry in Path("/proc").glob("[0-9]*/cmdline") if socket_path in entry.read_bytes()]
    assert len(pids) == 2, "the one that watches, and its child"
    return max(pids) if child else min(pids)
