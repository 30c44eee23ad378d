"""The Modbus driver against a device made with libmodbus in C: a server that nobody here has written."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.modbus_plc import ModbusPlc
from drivers.ports import DeviceRefused, LinkLost
from drivers.process_image import EdgeImage, EventSlot, ImageCodec, PlcImage
from line_config.process_image import load_process_image

IMAGE = load_process_image()
CODEC = ImageCodec(IMAGE)
SOURCE = Path(__file__).parent / "peers" / "modbus_server.c"
EVENT = EventSlot(65528, "feeder", "document_fed", 70_000, 4_000_000_000, 2, 1)
EDGE = EdgeImage({"heartbeat": 9, "boot_id": 2, "plc_boot_echo": 3, "permit": 65535, "last_consumed_seq": 65527})


def _has_libmodbus() -> bool:
    tools = shutil.which("gcc") and shutil.which("pkg-config")
    return bool(tools) and subprocess.run(["pkg-config", "--exists", "libmodbus"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _has_libmodbus(), reason="needs gcc, pkg-config and libmodbus-dev")


@pytest.fixture(scope="module")
def server_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binary = tmp_path_factory.mktemp("peers") / "modbus_server"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libmodbus"], check=True, capture_output=True, text=True
    ).stdout.split()
    subprocess.run(["gcc", "-O1", "-o", str(binary), str(SOURCE), *flags], check=True, capture_output=True)
    return binary


class Peer:
    """One run of the C server."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    async def end(self) -> None:
        if self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            await self._process.wait()


async def start(binary: Path) -> Peer:
    words = CODEC.encode_plc(PlcImage({"heartbeat": 7, "boot_id": 3, "documents_fed": 100_000}, (EVENT,), 0))
    registers = [f"{IMAGE.modbus.read_register + n}={word}" for n, word in enumerate(words) if word]
    process = await asyncio.create_subprocess_exec(
        str(binary), *registers, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(10):
        return Peer(process, int(await process.stdout.readline()))


@pytest.fixture
async def peer(server_binary: Path) -> AsyncIterator[Peer]:
    running = await start(server_binary)
    yield running
    await running.end()


async def test_both_images_cross_whole(peer: Peer) -> None:
    port = ModbusPlc("127.0.0.1", peer.port, 1, IMAGE)
    await port.connect()
    for _ in range(50):
        words = await port.exchange(CODEC.encode_edge(EDGE), None, 0)
    image = CODEC.decode_plc(words)
    assert image.header["documents_fed"] == 100_000
    assert image.events == (EVENT,)
    await port.close()
    # Read back what was written, by a driver whose read block is where the other one writes.
    moved = IMAGE.model_copy(
        update={"modbus": IMAGE.modbus.model_copy(update={"read_register": IMAGE.modbus.write_register, "write_register": 0})}
    )
    reader = ModbusPlc("127.0.0.1", peer.port, 1, moved)
    await reader.connect()
    written = await reader.exchange(words[:81], None, 0)
    assert CODEC.decode_edge(written[:81]).header["permit"] == 65535
    assert written[:81] == CODEC.encode_edge(EDGE)
    await reader.close()


async def test_registers_that_the_device_does_not_have_are_refused(peer: Peer) -> None:
    place = IMAGE.modbus.model_copy(update={"read_register": 5000})
    port = ModbusPlc("127.0.0.1", peer.port, 1, IMAGE.model_copy(update={"modbus": place}))
    await port.connect()
    with pytest.raises(DeviceRefused, match=r"exception 2.*register map"):
        await port.exchange(CODEC.encode_edge(EDGE), None, 0)


async def test_killed_and_started_again(server_binary: Path, peer: Peer) -> None:
    port = ModbusPlc("127.0.0.1", peer.port, 1, IMAGE)
    await port.connect()
    await port.exchange(CODEC.encode_edge(EDGE), None, 0)
    await peer.end()
    with pytest.raises(LinkLost):
        await port.exchange(CODEC.encode_edge(EDGE), None, 0)
    with pytest.raises(LinkLost, match="no connection"):
        await port.connect()
    again = await start(server_binary)
    port = ModbusPlc("127.0.0.1", again.port, 1, IMAGE)
    await port.connect()
    assert CODEC.decode_plc(await port.exchange(CODEC.encode_edge(EDGE), None, 0)).events == (EVENT,)
    await port.close()
    await again.end()
