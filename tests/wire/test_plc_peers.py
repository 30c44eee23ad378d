"""Our PLC drivers against servers that nobody here has written: libmodbus, jsmodbus, modbus-serial, and libsnap7 for S7."""

import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from drivers.modbus_plc import ModbusPlc
from drivers.ports import BadReply, DeviceError, DeviceRefused, LinkLost, PlcPort
from drivers.process_image import EdgeImage, EventSlot, ImageCodec, PlcImage
from drivers.s7_plc import S7Plc
from line_config.process_image import ProcessImage, load_process_image
from tests.wire.peer import HERE, VENV, modbus_server, needs, serving

IMAGE = load_process_image()
CODEC = ImageCodec(IMAGE)
EVENT = EventSlot(65528, "feeder", "document_fed", 70_000, 4_000_000_000, 2, 1)
WORDS = CODEC.encode_plc(PlcImage({"heartbeat": 7, "boot_id": 3, "documents_fed": 100_000}, (EVENT,), 0))
EDGE = CODEC.encode_edge(
    EdgeImage({"heartbeat": 9, "boot_id": 2, "plc_boot_echo": 3, "permit": 65535, "last_consumed_seq": 65527})
)
REGISTERS = [f"{IMAGE.modbus.read_register + n}={word}" for n, word in enumerate(WORDS) if word]


def modbus(port: int, image: ProcessImage) -> PlcPort:
    return ModbusPlc("127.0.0.1", port, 1, image)


def s7(port: int, image: ProcessImage) -> PlcPort:
    return S7Plc("127.0.0.1", port, 0, 1, image)


class Kind(NamedTuple):
    """A server: how it is started, and which of our drivers meets it."""

    command: Callable[[], Sequence[object]]
    driver: Callable[[int, ProcessImage], PlcPort]
    ignores_fc23: bool = False
    """answers an unknown function not even with an exception"""
    beyond: type[DeviceError] = DeviceRefused
    """what a read of something that it does not have comes to"""


def s7_server() -> Sequence[object]:
    content = b"".join(word.to_bytes(2, "big") for word in WORDS).hex()
    return [VENV, HERE / "s7_server.py", IMAGE.s7.read_db, content, IMAGE.s7.write_db, 2 * len(EDGE)]


PATIENCE = 20
"""connections that are tried"""
KINDS = {
    "libmodbus": Kind(lambda: [modbus_server(), *REGISTERS], modbus),
    "jsmodbus": Kind(lambda: ["node", HERE / "jsmodbus_server.js", *REGISTERS], modbus, ignores_fc23=True, beyond=BadReply),
    "modbus-serial": Kind(lambda: ["node", HERE / "modbus_serial_server.js", *REGISTERS], modbus),
    "libsnap7": Kind(s7_server, s7),
}
everyone = pytest.mark.parametrize("name", [pytest.param(name, marks=needs(name)) for name in KINDS])


async def answered(port: PlcPort) -> None:
    """Connected; a program that has only just started may be slower than a PLC may be."""
    for _ in range(PATIENCE):
        with contextlib.suppress(LinkLost):
            await port.connect()
            return
    await port.connect()


async def linked(kind: Kind, port: PlcPort) -> PlcPort:
    """Connected; a device that ignores FC23 costs one connection before the driver knows."""
    await answered(port)
    if kind.ignores_fc23:
        with pytest.raises(LinkLost, match="no reply"):
            await port.exchange(EDGE, None, 0)
        await port.connect()
    return port


def looking_at_what_was_written() -> ProcessImage:
    """The interface with both blocks changed about: what a driver of this one reads is what the other one wrote."""
    there, blocks = IMAGE.modbus, IMAGE.s7
    return IMAGE.model_copy(
        update={
            "modbus": there.model_copy(update={"read_register": there.write_register, "write_register": there.read_register}),
            "s7": blocks.model_copy(update={"read_db": blocks.write_db, "write_db": blocks.read_db}),
            "plc_to_edge": IMAGE.edge_to_plc,
            "edge_to_plc": IMAGE.plc_to_edge,
        }
    )


@everyone
async def test_both_images_cross_whole(name: str) -> None:
    kind = KINDS[name]
    async with serving(kind.command()) as peer:
        port = await linked(kind, kind.driver(peer.port, IMAGE))
        for _ in range(50):
            assert await port.exchange(EDGE, None, 0) == WORDS
        assert CODEC.decode_plc(WORDS).events == (EVENT,)
        await port.close()
        reader = await linked(kind, kind.driver(peer.port, looking_at_what_was_written()))
        assert await reader.exchange(WORDS, None, 0) == EDGE
        await reader.close()


@everyone
async def test_a_place_that_the_device_does_not_have_is_refused(name: str) -> None:
    kind = KINDS[name]
    elsewhere = IMAGE.model_copy(
        update={
            "modbus": IMAGE.modbus.model_copy(update={"read_register": 5000}),
            "s7": IMAGE.s7.model_copy(update={"read_db": 999}),
        }
    )
    async with serving(kind.command()) as peer:
        port = await linked(kind, kind.driver(peer.port, elsewhere))
        with pytest.raises(kind.beyond, match=r"check .*(register map|PLC program|DB 999)"):
            await port.exchange(EDGE, None, 0)
        with pytest.raises(LinkLost, match="not connected"):
            await port.exchange(EDGE, None, 0)


@everyone
async def test_gone_and_started_again(name: str) -> None:
    kind = KINDS[name]
    async with serving(kind.command()) as peer:
        port = await linked(kind, kind.driver(peer.port, IMAGE))
        await port.exchange(EDGE, None, 0)
        await peer.end()
        with pytest.raises(LinkLost):
            await port.exchange(EDGE, None, 0)
        with pytest.raises(LinkLost, match="no connection"):
            await port.connect()
    async with serving(kind.command()) as again:
        port = await linked(kind, kind.driver(again.port, IMAGE))
        assert await port.exchange(EDGE, None, 0) == WORDS
        await port.close()
