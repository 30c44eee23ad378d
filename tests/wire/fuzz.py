"""Mutated answers for both PLC drivers, in one process and without a socket: only the three kinds of error may come out.

Modbus: our driver and pymodbus' framer over a transport of our own, in virtual time, so that a limit costs nothing. S7: our
driver's session and snap7's parsers over a socket of our own; every fifth time the handshake's answers are mutated as well.
"""

import asyncio
import random
import resource
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

from pymodbus.client import AsyncModbusTcpClient

from drivers import modbus_plc, s7_plc
from drivers.ports import DeviceError
from drivers.process_image import EdgeImage, EventSlot, ImageCodec, PlcImage
from line_config.process_image import load_process_image
from simulators import modbus_plc as modbus_simulator
from simulators import s7_plc as s7_simulator
from simulators.virtual.loop import run_virtual

IMAGE = load_process_image()
CODEC = ImageCodec(IMAGE)
EDGE = CODEC.encode_edge(EdgeImage({"heartbeat": 9, "boot_id": 2, "plc_boot_echo": 3, "permit": 65535}))
EVENTS = tuple(EventSlot(seq, "feeder", "document_fed", 70_000 + seq, 123_456, seq, 0) for seq in range(1, 9))
PLC = CODEC.encode_plc(PlcImage({"heartbeat": 7, "boot_id": 3, "documents_fed": 100_000}, EVENTS, 0))
MUTATED = 2 / 3
HANDSHAKES = 1 / 5
TELLING = (0, 1, 2, 3, 4, 5, 7, 0x0A, 0x10, 0x32, 0x7F, 0x80, 0x83, 0xD0, 0xF0, 0xFE, 0xFF)
"""bytes that mean something in one of the two protocols"""


class Memory:
    """A unit that never changes."""

    def read(self) -> tuple[int, ...]:
        return PLC

    def write(self, words: Sequence[int]) -> None:
        """Nobody looks at it."""


# --- mutations ---
def _flip(rng: random.Random, frame: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)


def _head(rng: random.Random, frame: bytearray) -> None:
    frame[rng.randrange(min(26, len(frame)))] = rng.choice(TELLING)


def _length(rng: random.Random, frame: bytearray) -> None:
    at = rng.choice((2, 4, 13, 15, 23))
    if at + 2 <= len(frame):
        struct.pack_into(">H", frame, at, rng.choice((0, 1, 2, 3, 6, 7, 8, 255, 256, 260, 32767, 65535, rng.randrange(65536))))


def _cut(rng: random.Random, frame: bytearray) -> None:
    del frame[rng.randrange(len(frame)) :]


def _drop(rng: random.Random, frame: bytearray) -> None:
    at = rng.randrange(len(frame))
    del frame[at : at + rng.choice((1, 1, 2, 4, 20))]


def _insert(rng: random.Random, frame: bytearray) -> None:
    at = rng.randrange(len(frame) + 1)
    frame[at:at] = rng.randbytes(rng.choice((1, 1, 2, 4, 300)))


def _again(rng: random.Random, frame: bytearray) -> None:
    at = rng.randrange(len(frame))
    frame[at:at] = frame[at : at + rng.randrange(1, 40)]


def _noise(rng: random.Random, frame: bytearray) -> None:
    frame[:] = rng.randbytes(rng.choice((1, 7, 12, 60, 260, 2000)))


def _twice(rng: random.Random, frame: bytearray) -> None:
    frame.extend(bytes(frame))


MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip, _flip, _head, _head, _length, _cut, _drop, _insert, _again, _noise, _twice,
)  # fmt: skip


def mutated(rng: random.Random, frame: bytes) -> bytes:
    """The frame after one to three mutations."""
    changed = bytearray(frame)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if changed:
            rng.choice(MUTATIONS)(rng, changed)
    return bytes(changed)


def pieces(rng: random.Random, data: bytes) -> Iterator[bytes]:
    """The bytes as they may come: whole, or in a few segments."""
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.choice((0, 0, 1, 3))))
    for begin, end in zip((0, *cuts), (*cuts, len(data)), strict=True):
        if end > begin:
            yield data[begin:end]


# --- judging ---
class Findings:
    """What came out, by kind; `escaped` = errors that are not among the three."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.escaped: list[str] = []
        self.frames = 0
        """answers that were mutated"""
        self._rss_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def mutate(self, rng: random.Random, frame: bytes) -> bytes:
        """Mutate two answers of three, so that an exchange of several gets beyond its first."""
        if rng.random() > MUTATED:
            return frame
        self.frames += 1
        return mutated(rng, frame)

    @property
    def grown_kib(self) -> int:
        """By how much the process has grown beyond its largest size before."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self._rss_kib

    def took(self, words: Sequence[int]) -> None:
        """The driver believed an answer: it is an image's words, and the codec says what it is or that it is none."""
        if len(words) != len(PLC) or not all(0 <= word <= 0xFFFF for word in words):
            self.escaped.append(f"words that are none: {words!r:.200}")
        try:
            CODEC.decode_plc(words)
            self.outcomes["image"] += 1
        except DeviceError as error:
            self.outcomes[type(error).__name__] += 1

    def raised(self, error: BaseException, frame: bytes) -> None:
        """Something was raised."""
        if isinstance(error, DeviceError):
            self.outcomes[type(error).__name__] += 1
        else:
            self.escaped.append(f"{error!r:.200} at {frame.hex():.400}")


# --- Modbus ---
class _Wire(asyncio.Transport):
    """The client's transport: answers each request with a mutated answer of our simulator."""

    def __init__(self, client: AsyncModbusTcpClient, rng: random.Random, findings: Findings) -> None:
        super().__init__()
        self._client = client
        self._rng = rng
        self._findings = findings
        self._simulator = modbus_simulator.ModbusPlc(Memory(), IMAGE, fc23=rng.random() < 0.5)
        self._open = True
        self.last = b""

    def write(self, data: Any) -> None:
        request = bytes(data)
        reply = self._simulator._reply(request[7:])
        frame = request[:4] + (len(reply) + 1).to_bytes(2, "big") + request[6:7] + reply
        self.last = self._findings.mutate(self._rng, frame)
        for piece in pieces(self._rng, self.last):
            asyncio.get_running_loop().call_soon(self._deliver, piece)

    def _deliver(self, piece: bytes) -> None:
        if not self._open:
            return
        try:
            self._client.ctx.data_received(piece)
        except Exception as error:  # noqa: BLE001 - what asyncio's own transport does: it cuts the connection
            self._findings.outcomes[f"framer: {type(error).__name__}"] += 1
            self.abort()
            self._client.ctx.connection_lost(error)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return mock.Mock()

    def is_closing(self) -> bool:
        return not self._open

    def abort(self) -> None:
        self._open = False

    def close(self) -> None:
        self._open = False


async def _modbus(frames: int, rng: random.Random, findings: Findings) -> None:
    wires: list[_Wire] = []

    class Client(AsyncModbusTcpClient):
        async def connect(self) -> bool:
            wires[:] = [_Wire(self, rng, findings)]
            self.ctx.connection_made(wires[0])
            return True

    with mock.patch.object(modbus_plc, "AsyncModbusTcpClient", Client):
        port = modbus_plc.ModbusPlc("fuzz", 502, 1, IMAGE)
        connected = False
        while findings.frames < frames:
            if not connected:
                await port.connect()
                connected = True
            try:
                findings.took(await port.exchange(EDGE, None, 0))
            except Exception as error:  # noqa: BLE001 - an error that should not come out is the finding
                connected = False
                findings.raised(error, wires[0].last)
        await port.close()


def fuzz_modbus(frames: int, seed: int) -> Findings:
    """So many exchanges with mutated answers."""
    findings = Findings()
    run_virtual(_modbus(frames, random.Random(f"modbus {seed}"), findings))
    return findings


# --- S7 ---
class _Socket:
    """The library's socket: answers each request with a mutated answer of our simulator, then with silence."""

    rng = random.Random(0)
    findings: Findings
    handshake = False
    """whether the handshake's answers are mutated too"""
    last = b""

    def __init__(self, *_: object) -> None:
        self._simulator = s7_simulator.S7Plc(Memory(), IMAGE)
        self._coming = b""
        self._asked = 0

    def sendall(self, frame: bytes) -> None:
        self._asked += 1
        reply = self._simulator._reply(bytes(frame[4:]))
        if reply is None:
            return
        whole = b"\x03\x00" + (len(reply) + 4).to_bytes(2, "big") + reply
        if self._asked > 2 or self.handshake:
            whole = _Socket.last = self.findings.mutate(self.rng, whole)
        self._coming += whole

    def recv(self, size: int) -> bytes:
        if not self._coming:
            raise TimeoutError
        piece, self._coming = self._coming[:size], self._coming[size:]
        return piece

    def settimeout(self, _: float) -> None:
        """No time passes here."""

    def setsockopt(self, *_: object) -> None:
        """Nothing to set."""

    def connect(self, _: object) -> None:
        """Always there."""

    def shutdown(self, _: int) -> None:
        """Nothing to shut."""

    def close(self) -> None:
        """Nothing to close."""


def fuzz_s7(frames: int, seed: int) -> Findings:
    """So many exchanges with mutated answers, every fifth with a mutated handshake before it."""
    findings, rng = Findings(), random.Random(f"s7 {seed}")
    _Socket.rng, _Socket.findings = rng, findings
    session = s7_plc._Session(("127.0.0.1", 0, 1, 102), IMAGE, 0.12, None)
    connected = False
    with mock.patch.object(socket, "socket", _Socket):
        while findings.frames < frames:
            _Socket.handshake = rng.random() < HANDSHAKES
            try:
                if not connected or _Socket.handshake:
                    connected = False
                    session.connect()
                    connected = True
                findings.took(session.cycle(EDGE))
            except Exception as error:  # noqa: BLE001 - an error that should not come out is the finding
                connected = False
                findings.raised(error, _Socket.last)
    session.end()
    return findings


FUZZERS: dict[str, Callable[[int, int], Findings]] = {"modbus": fuzz_modbus, "s7": fuzz_s7}
