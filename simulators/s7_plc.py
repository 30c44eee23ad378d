"""A PLC's S7 side: ISO-on-TCP (RFC 1006, X.224 class 0), setup communication, read and write of two data blocks.

Only what a controller's PUT/GET server does for non-optimised blocks; anything else is answered with an error.
"""

import asyncio
import struct
from collections.abc import Iterator

from line_config.process_image import ProcessImage
from simulators.tcp_unit import Knobs, TcpUnitServer, Unit

PDU_BYTES = 240
CONNECT_REQUEST, CONNECT_CONFIRM, DATA = 0xE0, 0xD0, 0xF0
JOB, ACK_DATA = 1, 3
SETUP, READ, WRITE = 0xF0, 0x04, 0x05
AREA_DB = 0x84
OK, ADDRESS_ERROR, TYPE_ERROR, SIZE_ERROR, NO_OBJECT = 0xFF, 0x05, 0x06, 0x07, 0x0A
BYTES_FOLLOW = 0x04
WIDTHS = {2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 4}
"""an item's type (byte, char, word, int, dword, dint, real) → bytes; single bits are not served"""
BITS_OF_A_UNIT = {4: 1, 5: 1, 6: 8, 7: 8, 9: 8}
"""a datum's type → what its length counts: bits, or bytes"""
S7_HEADER = struct.Struct(">BBHHHH")
ITEM = struct.Struct(">BBBBHHBBH")


class S7Plc:
    """Serves one unit from two data blocks."""

    def __init__(self, unit: Unit, image: ProcessImage) -> None:
        self._unit = unit
        self._read_db = image.s7.read_db
        self._write_db = image.s7.write_db
        self._written = bytearray(2 * image.words("edge_to_plc"))
        self.knobs = Knobs()
        self.server = TcpUnitServer(self._talk)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            version, _, length = struct.unpack(">BBH", await reader.readexactly(4))
            if version != 3 or length < 7:
                return
            packet = await reader.readexactly(length - 4)
            if self.knobs.delay_s:
                await asyncio.sleep(self.knobs.delay_s)
            if self.knobs.silent:
                continue
            reply = self._reply(packet)
            if reply is None:
                return
            writer.write(struct.pack(">BBH", 3, 0, len(reply) + 4) + reply)
            await writer.drain()

    def _reply(self, packet: bytes) -> bytes | None:
        kind = packet[1] & 0xF0
        if kind == CONNECT_REQUEST:
            # X.224 §13.4: the confirm swaps the references; the caller's parameters come back as they are.
            rest = packet[7:]
            return bytes([6 + len(rest), CONNECT_CONFIRM]) + packet[4:6] + b"\x00\x01" + b"\x00" + rest
        if kind != DATA:
            return None
        return b"\x02\xf0\x80" + self._s7(packet[3:])

    def _s7(self, pdu: bytes) -> bytes:
        _, rosctr, _, reference, parameters_len, _ = S7_HEADER.unpack(pdu[: S7_HEADER.size])
        parameters = pdu[S7_HEADER.size : S7_HEADER.size + parameters_len]
        data = pdu[S7_HEADER.size + parameters_len :]
        if rosctr != JOB or self.knobs.refuse:
            return self._ack(reference, parameters[:1], b"", error=0x8104)
        if parameters[0] == SETUP:
            calling, called, size = struct.unpack(">HHH", parameters[2:8])
            return self._ack(reference, struct.pack(">BBHHH", SETUP, 0, calling, called, min(size, PDU_BYTES)), b"")
        if parameters[0] == READ:
            return self._ack(reference, parameters[:2], self._read(parameters))
        if parameters[0] == WRITE:
            return self._ack(reference, parameters[:2], self._write(parameters, data))
        return self._ack(reference, parameters[:1], b"", error=0x8104)

    def _ack(self, reference: int, parameters: bytes, data: bytes, *, error: int = 0) -> bytes:
        header = S7_HEADER.pack(0x32, ACK_DATA, 0, reference, len(parameters), len(data))
        return header + struct.pack(">H", error) + parameters + data

    def _items(self, parameters: bytes) -> Iterator[tuple[int, int, int]]:
        """(data block, first byte, bytes) of each item; block -1 = not a data block, 0 bytes = a type that is not served."""
        for n in range(parameters[1]):
            raw = parameters[2 + 12 * n : 14 + 12 * n]
            _, _, _, transport, count, block, area, high, low = ITEM.unpack(raw)
            bits = high << 16 | low
            yield (block if area == AREA_DB else -1), bits // 8, count * WIDTHS.get(transport, 0)

    def _read(self, parameters: bytes) -> bytes:
        words = self._unit.read()
        sources = {self._read_db: struct.pack(f">{len(words)}H", *words), self._write_db: bytes(self._written)}
        data = b""
        for block, at, size in self._items(parameters):
            source = sources.get(block, b"")
            data += b"\x00" * (len(data) % 2)  # an item begins at an even byte
            fault = _fault(block in sources, at, size, len(source))
            if fault == OK:
                data += struct.pack(">BBH", OK, BYTES_FOLLOW, 8 * size) + source[at : at + size]
            else:
                data += bytes([fault, 0, 0, 0])
        return data

    def _write(self, parameters: bytes, data: bytes) -> bytes:
        results, offset = [], 0
        for block, at, size in self._items(parameters):
            offset += offset % 2
            _, kind, length = struct.unpack_from(">BBH", data, offset)
            sent = length * BITS_OF_A_UNIT.get(kind, 0) // 8
            chunk = data[offset + 4 : offset + 4 + sent]
            offset += 4 + sent
            fault = _fault(block == self._write_db, at, size, len(self._written))
            if fault == OK and len(chunk) != size:
                fault = SIZE_ERROR
            if fault == OK:
                self._written[at : at + size] = chunk
            results.append(fault)
        if OK in results:
            self._unit.write(struct.unpack(f">{len(self._written) // 2}H", self._written))
        return bytes(results)


def _fault(known: bool, at: int, size: int, have: int) -> int:
    """The return code of an item."""
    if not known:
        return NO_OBJECT
    if not size:
        return TYPE_ERROR
    return OK if at + size <= have else ADDRESS_ERROR
