"""Our PLC simulators in front of clients that nobody here has written: each reads, writes and is refused what it should."""

import contextlib
import json
import re
from collections.abc import AsyncIterator

from line_config.process_image import load_process_image
from simulators import modbus_plc, s7_plc
from tests.wire.peer import HERE, VENV, ask, needs
from tests.wire.test_plc_wires import EDGE, Memory

IMAGE = load_process_image()
READ_AT, WRITE_AT = IMAGE.modbus.read_register, IMAGE.modbus.write_register
READ_DB, WRITE_DB = IMAGE.s7.read_db, IMAGE.s7.write_db


@contextlib.asynccontextmanager
async def served(simulator: modbus_plc.ModbusPlc | s7_plc.S7Plc) -> AsyncIterator[int]:
    yield await simulator.server.start("127.0.0.1", 0)
    await simulator.server.close()


@needs("modbus-serial")
async def test_modbus_serial() -> None:
    memory = Memory()
    async with served(modbus_plc.ModbusPlc(memory, IMAGE)) as port:
        code, out = await ask(
            "node", HERE / "modbus_serial_client.js", port, READ_AT, len(memory.words), WRITE_AT, *EDGE
        )  # fmt: skip
    assert code == 0, out
    assert json.loads(out) == {"read": list(memory.words), "refused": [2, 2, 1]}
    assert memory.written == [*EDGE[:-1], 4711]


@needs("mbpoll")
async def test_mbpoll() -> None:
    memory = Memory()
    async with served(modbus_plc.ModbusPlc(memory, IMAGE)) as port:
        mbpoll = ("mbpoll", "-m", "tcp", "-p", port, "-a", 1, "-0", "-1", "-t", 4)
        _, out = await ask(*mbpoll, "-r", READ_AT, "-c", len(memory.words), "127.0.0.1")
        assert [int(word) for word in re.findall(r"^\[\d+\]: \t(\d+)", out, re.MULTILINE)] == list(memory.words)
        code, out = await ask(*mbpoll, "-r", WRITE_AT + 2, "127.0.0.1", 7, 65535)
        assert (code, memory.written[:5]) == (0, [0, 0, 7, 65535, 0]), out
        code, out = await ask(*mbpoll, "-r", 5000, "127.0.0.1", 7)
        assert (code, "Illegal data address" in out) == (1, True), out


@needs("nodes7")
async def test_nodes7() -> None:
    memory = Memory()
    async with served(s7_plc.S7Plc(memory, IMAGE)) as port:
        code, out = await ask("node", HERE / "nodes7_client.js", port, READ_DB, 40, WRITE_DB)
    assert code == 0, out
    # A refused item does not take the others of its request with it: the second of the last request was written.
    assert json.loads(out) == {"bad": [False, False, True], "image": list(memory.words[:40])}
    assert memory.written[:6] == [0, 0x7777, 0, 0, 0x89AB, 0xCDEF]
    assert memory.written[19:24] == [0, 1, 2, 65535, 0]


@needs("pyS7")
async def test_pys7() -> None:
    memory = Memory()
    async with served(s7_plc.S7Plc(memory, IMAGE)) as port:
        code, out = await ask(VENV, HERE / "pys7_client.py", port, READ_DB, 40, WRITE_DB)
    assert code == 0, out
    assert json.loads(out) == {"image": list(memory.words[:40]), "refused": "S7WriteResponseError"}
    assert memory.written[:6] == [0, 0x1267, 0x7777, 0, 0x89AB, 0xCDEF]
    assert memory.written[20] == 0x0055


@needs("libsnap7")
async def test_libsnap7() -> None:
    memory = Memory()
    source = b"".join(word.to_bytes(2, "big") for word in memory.words)
    async with served(s7_plc.S7Plc(memory, IMAGE)) as port:
        code, out = await ask(VENV, HERE / "libsnap7_client.py", port, READ_DB, WRITE_DB)
    assert code == 0, out
    *good, bit, beyond = json.loads(out)["read"]
    assert good == [[0, source[1:4].hex()], [0, source[2:6].hex()], [0, source[4:8].hex()]]
    assert bit[0]
    assert beyond[0]
    assert bit != beyond
    assert memory.written[:8] == [0, 0x0067, 1, 0xFFFF, 0x89AB, 0xCDEF, 0x3F80, 0]
