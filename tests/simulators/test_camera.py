import asyncio

import numpy as np
import pytest

from simulators.camera import HEADER, FramesServer


def burst(value, size=(64, 80)):
    return [np.full(size, value + k, np.uint8) for k in range(2)]


async def frame(reader):
    magic, boot, trigger, k, exposure_us, width, height = HEADER.unpack(await reader.readexactly(HEADER.size))
    assert magic == b"SLF1"
    pixels = np.frombuffer(await reader.readexactly(width * height), np.uint8)
    return boot, trigger, k, exposure_us, (height, width), int(pixels[0])


@pytest.fixture
async def camera():
    server = FramesServer(boot=9, queue_max=4)
    server.port = await server.start("127.0.0.1", 0)
    yield server
    await server.stop()


async def client(camera):
    reader, writer = await asyncio.open_connection("127.0.0.1", camera.port)
    async with asyncio.timeout(5):
        await camera.has_accepted(1)
    return reader, writer


async def test_a_burst_carries_the_count_after_it(camera):
    reader, writer = await client(camera)
    camera.fire(65536, burst(10))
    camera.fire(65538, burst(20))
    assert [await frame(reader) for _ in range(4)] == [
        (9, 0, 0, 300, (64, 80), 10),
        (9, 0, 1, 300, (64, 80), 11),
        (9, 2, 0, 300, (64, 80), 20),
        (9, 2, 1, 300, (64, 80), 21),
    ]
    assert (camera.sent, camera.dropped) == (4, 0)
    writer.close()


async def test_without_a_client_frames_are_lost_and_counted(camera):
    camera.fire(2, burst(10))
    reader, writer = await client(camera)
    camera.fire(4, burst(20))
    assert (await frame(reader))[1] == 4
    assert camera.dropped == 2
    writer.close()


async def test_a_slow_client_loses_the_oldest_and_never_a_part(camera):
    reader, writer = await client(camera)
    for trigger in range(2, 82, 2):
        camera.fire(trigger, burst(trigger, (1024, 1280)))
    seen = [(await frame(reader))[1:3] for _ in range(80 - camera.dropped)]
    assert camera.dropped > 0
    assert seen == sorted(seen)
    assert seen[-4:] == [(78, 0), (78, 1), (80, 0), (80, 1)]
    writer.close()


async def test_the_newest_client_wins(camera):
    old, old_writer = await client(camera)
    new, new_writer = await client(camera)
    assert await old.read() == b""
    camera.fire(2, burst(10))
    assert (await frame(new))[1] == 2
    old_writer.close()
    new_writer.close()


async def test_a_client_that_goes_within_a_frame_is_forgotten(camera):
    reader, writer = await client(camera)
    camera.fire(2, burst(10, (1024, 1280)) * 2)
    await reader.readexactly(100)
    writer.transport.abort()
    async with asyncio.timeout(5):
        while camera.connected:
            camera.fire(4, burst(1, (1024, 1280)))
            await asyncio.sleep(0.001)
    reader, writer = await client(camera)
    camera.fire(6, burst(30))
    assert (await frame(reader))[1] == 6
    writer.close()
