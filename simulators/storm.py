"""Whoever shouts at a line: all that must be refused, thousands a second, from a process of its own with bare sockets."""

import json
import multiprocessing
import socket
import struct
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

PUBLISH, RETAIN = 0x30, 0x01
BEATS_PER_S = 20
DEEP = 3000


def _grant(epoch: int) -> bytes:
    """A lease as central told it long ago."""
    return json.dumps({"lot": "LOT-1", "epoch": epoch, "end_ms": 1, "central_ms": 1}).encode()


HALF = b'{"lot": "L9", "version": 1, "chunk": 9, "chunks": 2, "digest": "' + b"0" * 64 + b'", "orders": []}'

# what it is → (last part of the topic, payload, flags); each must be refused, and none may cost the line its pace
HOSTILE: dict[str, tuple[str, bytes, int]] = {
    "bad UTF-8": ("lease", b'{"lot": "\xff\xfe"}', 0),
    "deep JSON": ("manifest", b"[" * DEEP + b"]" * DEEP, 0),
    "not JSON": ("lot", b"DROP TABLE record", 0),
    "wrong type": ("cancel", b'{"order_id": 7, "version": "x"}', 0),
    "replayed grant": ("lease", _grant(0), 0),
    "unsigned or foreign manifest": ("manifest", b'{"payload": "e30=", "key": "00", "signature": "00"}', 0),
    "retained command": ("cancel", b'{"order_id": "O1", "version": 1}', RETAIN),
    "confirmation of what never was": ("confirm", b'{"journal_id": "J1", "seq": 999999999}', 0),
    "half a manifest": ("manifest", HALF, 0),
}


def packet(topic: str, payload: bytes, flags: int = 0) -> bytes:
    """MQTT 3.1.1 §3.3: a PUBLISH at QoS 0."""
    name = topic.encode()
    body = struct.pack(">H", len(name)) + name + payload
    head, left = bytearray([PUBLISH | flags]), len(body)
    while True:
        left, low = divmod(left, 128)
        head.append(low | (0x80 if left else 0))
        if not left:
            return bytes(head) + body


def connect(port: int, client_id: bytes = b"storm") -> socket.socket:
    """MQTT 3.1.1 §3.1: a clean session without keep-alive."""
    wire = socket.create_connection(("127.0.0.1", port))
    body = b"\0\4MQTT\4\2\0\0" + struct.pack(">H", len(client_id)) + client_id
    wire.sendall(bytes([0x10, len(body)]) + body)
    wire.recv(4)
    return wire


def shout(port: int, root: str, per_s: int, for_s: float, sent: Any) -> None:
    """Send all kinds of HOSTILE in turn; `sent` is the shared count."""
    packets = [packet(root + topic, payload, flags) for topic, payload, flags in HOSTILE.values()]
    beat = b"".join(packets[n % len(packets)] for n in range(per_s // BEATS_PER_S))
    with connect(port) as wire:
        begun_s = time.monotonic()
        for n in range(round(for_s * BEATS_PER_S)):
            time.sleep(max(0.0, begun_s + n / BEATS_PER_S - time.monotonic()))
            wire.sendall(beat)
            sent.value += per_s // BEATS_PER_S
        for topic, _, flags in HOSTILE.values():
            if flags & RETAIN:  # MQTT 3.1.1 §3.3.1.3: an empty one clears what the broker keeps
                wire.sendall(packet(root + topic, b"", RETAIN))


class Storm:
    """A storm under way."""

    def __init__(self, process: BaseProcess, sent: Any) -> None:
        self._process = process
        self._sent = sent

    @property
    def over(self) -> bool:
        """Whether all was sent."""
        return not self._process.is_alive()

    def ended(self) -> int:
        """End it; the number of messages that were sent."""
        self._process.join(1.0)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()
        return int(self._sent.value)


def flood(port: int, root: str, per_s: int, for_s: float, target: Callable[..., None] = shout) -> Storm:
    """Begin a storm."""
    context = multiprocessing.get_context("spawn")
    sent = context.Value("q", 0)
    process = context.Process(target=target, args=(port, root, per_s, for_s, sent), daemon=True)
    process.start()
    return Storm(process, sent)
