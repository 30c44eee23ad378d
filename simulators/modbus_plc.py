"""A PLC's Modbus/TCP side: FC3, FC6, FC16 and FC23 on the image's registers (Modbus Application Protocol V1.1b3)."""

import asyncio
import struct

from line_config.process_image import ProcessImage
from simulators.tcp_unit import Knobs, TcpUnitServer, Unit

MBAP = struct.Struct(">HHHB")
READ, WRITE_ONE, WRITE_MANY, READ_WRITE = 3, 6, 16, 23
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE = 1, 2, 3, 4


class _ExceptionCode(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class ModbusPlc:
    """Serves one unit. `fc23` False: a PLC that does not offer read/write multiple registers."""

    def __init__(self, unit: Unit, image: ProcessImage, *, fc23: bool = True) -> None:
        self._unit = unit
        self._read_at = image.modbus.read_register
        self._write_at = image.modbus.write_register
        self._write_words = image.words("edge_to_plc")
        self._fc23 = fc23
        self._written = [0] * self._write_words
        self.knobs = Knobs()
        self.server = TcpUnitServer(self._talk)
        self.functions: dict[int, int] = {}

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            transaction, protocol, length, unit_id = MBAP.unpack(await reader.readexactly(MBAP.size))
            if protocol != 0 or not 2 <= length <= 254:
                return
            pdu = await reader.readexactly(length - 1)
            if self.knobs.delay_s:
                await asyncio.sleep(self.knobs.delay_s)
            if self.knobs.silent:
                continue
            reply = self._reply(pdu)
            writer.write(MBAP.pack(transaction, 0, len(reply) + 1, unit_id) + reply)
            await writer.drain()

    def _reply(self, pdu: bytes) -> bytes:
        function = pdu[0]
        self.functions[function] = self.functions.get(function, 0) + 1
        try:
            return bytes([function]) + self._serve(function, pdu[1:])
        except _ExceptionCode as refused:
            return bytes([function | 0x80, refused.code])
        except struct.error:
            return bytes([function | 0x80, ILLEGAL_VALUE])

    def _serve(self, function: int, body: bytes) -> bytes:
        if self.knobs.refuse:
            raise _ExceptionCode(DEVICE_FAILURE)
        if function == READ:
            return self._read(*struct.unpack(">HH", body))
        if function == WRITE_ONE:
            address, value = struct.unpack(">HH", body)
            self._write(address, (value,))
            return body
        if function == WRITE_MANY:
            address, count, size = struct.unpack(">HHB", body[:5])
            self._write(address, _values(count, size, body[5:]))
            return struct.pack(">HH", address, count)
        if function == READ_WRITE and self._fc23:
            read_at, read_count, write_at, count, size = struct.unpack(">HHHHB", body[:9])
            self._write(write_at, _values(count, size, body[9:]))
            return self._read(read_at, read_count)
        raise _ExceptionCode(ILLEGAL_FUNCTION)

    def _read(self, address: int, count: int) -> bytes:
        words, at = self._unit.read(), address - self._read_at
        if address >= self._write_at:
            words, at = tuple(self._written), address - self._write_at
        if not 1 <= count <= 125:
            raise _ExceptionCode(ILLEGAL_VALUE)
        if at < 0 or at + count > len(words):
            raise _ExceptionCode(ILLEGAL_ADDRESS)
        return bytes([2 * count]) + struct.pack(f">{count}H", *words[at : at + count])

    def _write(self, address: int, values: tuple[int, ...]) -> None:
        at = address - self._write_at
        if at < 0 or at + len(values) > self._write_words:
            raise _ExceptionCode(ILLEGAL_ADDRESS)
        self._written[at : at + len(values)] = values
        self._unit.write(self._written)


def _values(count: int, size: int, data: bytes) -> tuple[int, ...]:
    if not count or size != 2 * count or len(data) != size:
        raise _ExceptionCode(ILLEGAL_VALUE)
    return struct.unpack(f">{count}H", data)
