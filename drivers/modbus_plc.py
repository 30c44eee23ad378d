"""A PLC over Modbus/TCP; the one file that knows pymodbus.

One transaction at a time, never a retry: FC23 where the PLC offers it, else FC16 and FC3. After any error the connection is
dropped, because a reply that comes late belongs to a request that nobody remembers.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from drivers.ports import BadReply, DeviceRefused, LinkLost
from drivers.word_order import Order, WordOrder
from line_config.process_image import ProcessImage

CONNECT_TIMEOUT_S = 1.0
ILLEGAL_FUNCTION = 1
READ, WRITE, READ_WRITE = 3, 16, 23
READ_MAX_WORDS = 125
# pymodbus logs what it also raises; the link reports it once, in the line's own words.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


def _heed_cancel() -> None:
    """Raise the cancellation that pymodbus' `wait_for` swallows when the answer comes in the same turn (Python 3.11)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class ModbusPlc:
    """Implements PlcPort and PlcReader. The constructor does not connect."""

    def __init__(
        self,
        host: str,
        port: int,
        unit_id: int,
        image: ProcessImage,
        *,
        timeout_ms: int = 120,
        word_order: Order = "big",
        byte_order: Order = "big",
    ) -> None:
        self._host = host
        self._port = port
        self._unit_id = unit_id
        self._read_at = image.modbus.read_register
        self._write_at = image.modbus.write_register
        self._write_words = image.words("edge_to_plc")
        self._read_words = image.words("plc_to_edge")
        self._timeout_s = timeout_ms / 1000
        self._order = WordOrder(image, word_order, byte_order)
        self._client: AsyncModbusTcpClient | None = None
        self._fc23 = True
        """which way the next exchange goes"""
        self._proved = False
        """whether an exchange has gone that way on this connection"""

    @property
    def _where(self) -> str:
        return f"Modbus PLC {self._host}:{self._port} unit {self._unit_id}"

    async def connect(self) -> None:
        """Open the connection. Raises LinkLost."""
        await self.close()
        client = AsyncModbusTcpClient(
            self._host, port=self._port, timeout=self._timeout_s, retries=0, reconnect_delay=0, name="plc"
        )
        connected = False
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                connected = await client.connect()
        except (OSError, TimeoutError, ModbusException):
            connected = False
        finally:
            # Cancelled, too: the connection may have come about in that very turn.
            if not connected:
                client.close()
        if not connected:
            _heed_cancel()
            raise LinkLost(f"{self._where}: no connection; check that it is on, the cable, the address in the line's file")
        self._client, self._proved = client, False
        _heed_cancel()

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        """Write the edge's image and read the PLC's. A wire returns at once: `seen` and `max_wait_ms` are not used."""
        del seen, max_wait_ms
        registers = self._order.to_plc(write)
        return await self._ask(lambda client: self._cycle(client, registers))

    async def read(self) -> tuple[int, ...]:
        """Read the PLC's image, and write nothing (FC3 alone)."""
        return await self._ask(self._read)

    async def read_written(self) -> tuple[int, ...]:
        """Read what the PLC holds of an edge's image (FC3 alone); a PLC may refuse that."""
        return await self._ask(self._read_back)

    async def _ask(self, talk: Callable[[AsyncModbusTcpClient], Awaitable[tuple[int, ...]]]) -> tuple[int, ...]:
        if self._client is None:
            raise LinkLost(f"{self._where}: not connected")
        try:
            words = await talk(self._client)
            _heed_cancel()
        except (ModbusException, OSError, TimeoutError) as error:
            # Some devices do not refuse a function that they lack, they say nothing: the next connection tries the other way.
            self._fc23 = self._fc23 if self._proved else not self._fc23
            await self.close()
            _heed_cancel()
            raise LinkLost(
                f"{self._where}: no reply within {self._timeout_s * 1000:.0f} ms ({error}); check cable and PLC"
            ) from error
        except (BadReply, DeviceRefused, asyncio.CancelledError):
            await self.close()
            raise
        return words

    async def _cycle(self, client: AsyncModbusTcpClient, write: list[int]) -> tuple[int, ...]:
        words = await self._write_and_read(client, write) if self._fc23 else None
        if words is None:
            self._accept(await client.write_registers(self._write_at, write, device_id=self._unit_id), WRITE)
            words = await self._read(client)
        self._proved = True
        return words

    async def _read(self, client: AsyncModbusTcpClient) -> tuple[int, ...]:
        return self._words(
            await client.read_holding_registers(self._read_at, count=self._read_words, device_id=self._unit_id), READ
        )

    async def _write_and_read(self, client: AsyncModbusTcpClient, write: list[int]) -> tuple[int, ...] | None:
        """Both in one transaction; None = the device does not offer that."""
        reply: ModbusPDU = await client.readwrite_registers(
            read_address=self._read_at,
            read_count=self._read_words,
            write_address=self._write_at,
            values=write,
            device_id=self._unit_id,
        )
        refused = isinstance(reply, ExceptionResponse) and reply.exception_code == ILLEGAL_FUNCTION
        if refused and not self._proved:
            self._fc23 = False
            return None
        return self._words(reply, READ_WRITE)

    async def _read_back(self, client: AsyncModbusTcpClient) -> tuple[int, ...]:
        reply = await client.read_holding_registers(self._write_at, count=self._write_words, device_id=self._unit_id)
        self._accept(reply, READ)
        return self._order.from_edge(reply.registers)

    def _accept(self, reply: ModbusPDU, function: int) -> None:
        if isinstance(reply, ExceptionResponse) or reply.isError():
            code = getattr(reply, "exception_code", "?")
            raise DeviceRefused(
                f"{self._where}: refused with Modbus exception {code}; check unit id, register map and key switch"
            )
        if reply.function_code != function:
            raise BadReply(
                f"{self._where}: function {reply.function_code} was answered, {function} was asked; check the PLC program"
            )

    def _words(self, reply: ModbusPDU, function: int) -> tuple[int, ...]:
        self._accept(reply, function)
        registers = reply.registers
        if len(registers) != self._read_words:
            raise BadReply(
                f"{self._where}: {len(registers)} registers came, {self._read_words} were asked for; check the PLC program"
            )
        return self._order.from_plc(registers)

    async def close(self) -> None:
        """Drop the connection; never raises."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
        await asyncio.sleep(0)
