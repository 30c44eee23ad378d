"""Both PLC protocols on real sockets: our drivers against our simulators, and each against a peer that we did not write."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient
from snap7.client import Client

from drivers.modbus_plc import ModbusPlc
from drivers.ports import DeviceRefused, LinkLost
from drivers.process_image import EdgeImage, EventSlot, ImageCodec, PlcImage
from drivers.s7_plc import S7Plc
from line_config.process_image import load_process_image
from simulators import modbus_plc as modbus_simulator
from simulators import s7_plc as s7_simulator

IMAGE = load_process_image()
CODEC = ImageCodec(IMAGE)


class Memory:
    """A unit that keeps what it gets and says what it is told."""

    def __init__(self) -> None:
        event = EventSlot(1, "feeder", "document_fed", 70000, 123456, 2, 0)
        self.words = CODEC.encode_plc(PlcImage({"heartbeat": 7, "boot_id": 3, "documents_fed": 100_000}, (event,), 0))
        self.written: list[int] = []

    def read(self) -> tuple[int, ...]:
        return self.words

    def write(self, words: Sequence[int]) -> None:
        self.written = list(words)


Start = Callable[[Memory], Awaitable[tuple[ModbusPlc | S7Plc, Any]]]


async def start_modbus(memory: Memory, *, fc23: bool = True) -> tuple[ModbusPlc | S7Plc, Any]:
    simulator = modbus_simulator.ModbusPlc(memory, IMAGE, fc23=fc23)
    port = await simulator.server.start("127.0.0.1", 0)
    return ModbusPlc("127.0.0.1", port, 1, IMAGE), simulator


async def start_modbus_without_fc23(memory: Memory) -> tuple[ModbusPlc | S7Plc, Any]:
    return await start_modbus(memory, fc23=False)


async def start_s7(memory: Memory) -> tuple[ModbusPlc | S7Plc, Any]:
    simulator = s7_simulator.S7Plc(memory, IMAGE)
    port = await simulator.server.start("127.0.0.1", 0)
    return S7Plc("127.0.0.1", port, 0, 1, IMAGE), simulator


wires = pytest.mark.parametrize("start", [start_modbus, start_modbus_without_fc23, start_s7])
EDGE = CODEC.encode_edge(EdgeImage({"heartbeat": 9, "boot_id": 2, "plc_boot_echo": 3, "permit": 65535}))


@wires
async def test_one_cycle_carries_both_images_whole(start: Start) -> None:
    memory = Memory()
    port, simulator = await start(memory)
    await port.connect()
    for _ in range(3):
        words = await port.exchange(EDGE, None, 0)
    image = CODEC.decode_plc(words)
    assert image.header["documents_fed"] == 100_000
    assert image.events == (EventSlot(1, "feeder", "document_fed", 70000, 123456, 2, 0),)
    assert tuple(memory.written) == EDGE
    await port.close()
    await simulator.server.close()


@wires
async def test_nobody_there_is_a_lost_link(start: Start) -> None:
    port, simulator = await start(Memory())
    await simulator.server.close()
    with pytest.raises(LinkLost, match="check"):
        await port.connect()
    with pytest.raises(LinkLost, match="not connected"):
        await port.exchange(EDGE, None, 0)
    await port.close()


@wires
async def test_silence_is_a_lost_link_and_the_next_attempt_works(start: Start) -> None:
    port, simulator = await start(Memory())
    await port.connect()
    await port.exchange(EDGE, None, 0)
    simulator.knobs.silent = True
    # Ten times the driver's own limit: the libraries' default of 5 s would let the PLC stop its belt.
    async with asyncio.timeout(1.2):
        with pytest.raises(LinkLost, match="no reply"):
            await port.exchange(EDGE, None, 0)
    with pytest.raises(LinkLost):
        await port.exchange(EDGE, None, 0)
    simulator.knobs.silent = False
    await port.connect()
    assert CODEC.decode_plc(await port.exchange(EDGE, None, 0)).header["boot_id"] == 3
    await port.close()
    await simulator.server.close()


@wires
async def test_a_cut_connection_is_a_lost_link(start: Start) -> None:
    port, simulator = await start(Memory())
    await port.connect()
    await port.exchange(EDGE, None, 0)
    simulator.server.drop_connections()
    with pytest.raises(LinkLost):
        await port.exchange(EDGE, None, 0)
    await port.connect()
    await port.exchange(EDGE, None, 0)
    await port.close()
    await simulator.server.close()


@wires
async def test_a_refusal_says_what_to_check(start: Start) -> None:
    port, simulator = await start(Memory())
    await port.connect()
    simulator.knobs.refuse = True
    with pytest.raises(DeviceRefused, match="check"):
        await port.exchange(EDGE, None, 0)
    await port.close()
    await simulator.server.close()


@wires
async def test_cancelled_in_mid_exchange_the_connection_is_not_used_again(start: Start) -> None:
    port, simulator = await start(Memory())
    await port.connect()
    simulator.knobs.delay_s = 0.05
    exchange = asyncio.ensure_future(port.exchange(EDGE, None, 0))
    await asyncio.sleep(0)
    exchange.cancel()
    with pytest.raises(asyncio.CancelledError):
        await exchange
    simulator.knobs.delay_s = 0.0
    await port.close()
    await port.connect()
    assert CODEC.decode_plc(await port.exchange(EDGE, None, 0)).header["boot_id"] == 3
    await port.close()
    await simulator.server.close()


@wires
async def test_cancelled_in_whatever_turn_it_ends_as_cancelled(start: Start) -> None:
    port, simulator = await start(Memory())
    for turns in range(60):
        await port.connect()
        exchange = asyncio.ensure_future(port.exchange(EDGE, None, 0))
        for _ in range(turns):
            await asyncio.sleep(0)
        taken = exchange.cancel()
        await asyncio.wait({exchange})
        # pymodbus' wait_for gives the answer back that came in the same turn, and the cancellation was gone.
        assert exchange.cancelled() == taken
    await port.close()
    await simulator.server.close()


async def test_a_plc_without_fc23_is_asked_for_it_once() -> None:
    port, simulator = await start_modbus(Memory(), fc23=False)
    await port.connect()
    for _ in range(5):
        await port.exchange(EDGE, None, 0)
    assert simulator.functions == {23: 1, 16: 5, 3: 5}
    await port.close()
    await simulator.server.close()


async def test_a_plc_that_accepts_and_never_answers_does_not_hold_up_the_link() -> None:
    port, simulator = await start_s7(Memory())
    simulator.knobs.silent = True
    async with asyncio.timeout(4):
        with pytest.raises(LinkLost, match="no answer"):
            await port.connect()
    simulator.knobs.silent = False
    await port.connect()
    assert CODEC.decode_plc(await port.exchange(EDGE, None, 0)).header["boot_id"] == 3
    await port.close()
    await simulator.server.close()


# --- peers that we did not write ---
async def test_pymodbus_reads_and_writes_our_simulator() -> None:
    memory = Memory()
    simulator = modbus_simulator.ModbusPlc(memory, IMAGE)
    port = await simulator.server.start("127.0.0.1", 0)
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0)
    assert await client.connect()
    reply = await client.read_holding_registers(IMAGE.modbus.read_register, count=10, device_id=1)
    assert tuple(reply.registers) == memory.words[:10]
    await client.write_registers(IMAGE.modbus.write_register, list(EDGE), device_id=1)
    await client.write_register(IMAGE.modbus.write_register + 1, 4711, device_id=1)
    assert memory.written[1] == 4711
    for bad in (
        client.read_holding_registers(IMAGE.modbus.read_register + 100, count=20, device_id=1),
        client.write_registers(0, [1, 2, 3], device_id=1),
        client.read_input_registers(0, count=1, device_id=1),
    ):
        assert (await bad).isError()
    client.close()
    await simulator.server.close()


async def test_snap7_reads_and_writes_our_simulator() -> None:
    memory = Memory()
    simulator = s7_simulator.S7Plc(memory, IMAGE)
    port = await simulator.server.start("127.0.0.1", 0)

    def talk() -> tuple[bytes, str]:
        client = Client()
        client.connect("127.0.0.1", 0, 1, port)
        data = bytes(client.db_read(IMAGE.s7.read_db, 4, 2))
        client.db_write(IMAGE.s7.write_db, 2, bytearray(b"\x12\x67"))
        try:
            client.db_read(999, 0, 2)
            error = ""
        except Exception as raised:  # noqa: BLE001 - the peer's own error kinds are not ours to choose
            error = str(raised)
        client.disconnect()
        return data, error

    data, error = await asyncio.get_running_loop().run_in_executor(None, talk)
    assert data == b"\x00\x03"
    assert memory.written[1] == 0x1267
    assert error
    await simulator.server.close()


@wires
async def test_reading_writes_nothing_and_shows_both_images(start: Start) -> None:
    memory = Memory()
    port, simulator = await start(memory)
    await port.connect()
    assert CODEC.decode_plc(await port.read()).header["documents_fed"] == 100_000
    assert memory.written == []
    assert not any(await port.read_written())
    await port.exchange(EDGE, None, 0)
    assert await port.read_written() == EDGE
    await port.close()
    with pytest.raises(LinkLost, match="not connected"):
        await port.read()
    await simulator.server.close()


@pytest.mark.parametrize(("word_order", "byte_order"), [("little", "big"), ("big", "little"), ("little", "little")])
async def test_another_order_of_words_and_bytes_is_put_right_both_ways(word_order: Any, byte_order: Any) -> None:
    memory = Memory()
    simulator = modbus_simulator.ModbusPlc(memory, IMAGE)
    number = await simulator.server.start("127.0.0.1", 0)
    port = ModbusPlc("127.0.0.1", number, 1, IMAGE, word_order=word_order, byte_order=byte_order)
    told = memory.words
    # What this PLC shows and takes, made by hand: the header's counters and the slots' handles are 32 bits wide.
    swapped = list(told)
    side = IMAGE.plc_to_edge
    wide = [side.offsets[field.name] for field in side.header if field.words == 2]
    for n in range(IMAGE.window):
        at = side.header_words + n * side.slot_words
        wide += [at + side.slot_offsets[field.name] for field in side.slot if field.words == 2]
    if word_order == "little":
        for at in wide:
            swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
    if byte_order == "little":
        swapped = [word >> 8 | (word & 255) << 8 for word in swapped]
    memory.words = tuple(swapped)
    await port.connect()
    assert await port.exchange(EDGE, None, 0) == told
    assert await port.read_written() == EDGE
    layout = memory.written[0]
    assert layout == (256 if byte_order == "little" else 1)
    await port.close()
    await simulator.server.close()


async def test_a_tsap_goes_out_as_it_was_given() -> None:
    memory, seen = Memory(), bytearray()
    simulator = s7_simulator.S7Plc(memory, IMAGE)
    reply = simulator._reply

    def look(packet: bytes) -> bytes | None:
        seen.extend(packet if packet[1] & 0xF0 == s7_simulator.CONNECT_REQUEST else b"")
        return reply(packet)

    simulator._reply = look  # type: ignore[method-assign]
    number = await simulator.server.start("127.0.0.1", 0)
    port = S7Plc("127.0.0.1", number, 0, 0, IMAGE, tsap=(0x1000, 0x4D57))
    await port.connect()
    assert CODEC.decode_plc(await port.read()).header["boot_id"] == 3
    assert b"\xc1\x02\x10\x00" in seen, "own TSAP"
    assert b"\xc2\x02\x4d\x57" in seen, "the PLC's"
    await port.close()
    await simulator.server.close()
