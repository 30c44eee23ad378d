"""A label printer in either dialect: formats on one wire, questions on another where the printer has a channel for them.

A printer that is out of media or ribbon, or whose head is open, may not answer at all; so silence is a state of its own and
never means ready. A clone that never answers is never ready.
"""

import asyncio

from drivers.ports import LinkLost
from drivers.printer_status import NAMED_FAULTS, QUESTIONS, Question, worst
from drivers.printer_wire import PrinterWire, SerialWire, TcpWire, wire_lost

REPLY_BYTES_MAX = 512


class LabelPrinter:
    """Implements LabelPrinterPort over whatever wires. `more`: ask the dialect's second question as well."""

    def __init__(self, dialect: str, data: PrinterWire, status: PrinterWire, reply_timeout_ms: int, *, more: bool) -> None:
        self._questions = QUESTIONS[dialect][: 2 if more else 1]
        self._data = data
        self._status = status
        self._timeout_s = reply_timeout_ms / 1000

    async def status(self) -> str:
        """Normalised state; `silent`: connected, no answer in time. `lost`: no connection. Never raises.

        What is silent to one question may name its fault to the other; but only a printer that answers all of them is fit.
        """
        words = []
        for question in self._questions:
            words.append(await self.ask(question))
            if words[-1] == "lost" or words[-1] in NAMED_FAULTS:
                break
        return words[-1] if words[-1] in NAMED_FAULTS else worst(words)

    async def ask(self, question: Question) -> str:
        """One question's word. A late answer must not be taken for the next one's, so silence drops the connection."""
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, writer = await self._status.open()
        except (OSError, LinkLost):  # TimeoutError is an OSError
            self._status.drop()
            return "lost"
        reply = bytearray()
        try:
            await self._drain(reader)
            async with asyncio.timeout(self._timeout_s):
                writer.write(question.ask)
                await self._hear(reader, question, reply)
            word = question.word(bytes(reply))
        except TimeoutError:
            word = "unknown" if reply else "silent"
        except (OSError, asyncio.IncompleteReadError):
            word = "lost"
        if word in {"silent", "lost", "unknown"}:
            self._status.drop()
        return word

    async def _drain(self, reader: asyncio.StreamReader) -> None:
        """Throw away what came without being asked for, as the end of the answer before."""
        try:
            async with asyncio.timeout(0):
                while await reader.read(REPLY_BYTES_MAX):
                    pass
        except TimeoutError:
            pass

    async def _hear(self, reader: asyncio.StreamReader, question: Question, reply: bytearray) -> None:
        """Add to the reply until it is whole, or longer than any answer. Raises IncompleteReadError at its end."""
        while not question.whole(bytes(reply)) and len(reply) < REPLY_BYTES_MAX:
            chunk = await reader.read(REPLY_BYTES_MAX)
            if not chunk:
                raise asyncio.IncompleteReadError(bytes(reply), None)
            reply += chunk

    async def send(self, fmt: bytes) -> None:
        """Send one format, once. LinkLost: nobody knows whether it will be printed; it must not be sent again."""
        on_its_way_s = self._data.takes_s(len(fmt))
        try:
            async with asyncio.timeout(self._timeout_s + on_its_way_s):
                _, writer = await self._data.open()
                writer.write(fmt)
                await writer.drain()
        except (OSError, LinkLost) as error:
            self._data.drop()
            raise wire_lost(self._data, error) from error
        await asyncio.sleep(on_its_way_s)

    async def close(self) -> None:
        """Drop both connections."""
        self._data.drop()
        self._status.drop()


def tcp_printer(
    dialect: str, host: str, port: int, status_port: int, reply_timeout_ms: int, *, more: bool = False
) -> LabelPrinter:
    """On the network; `status_port` may be the data port."""
    return LabelPrinter(dialect, TcpWire(host, port), TcpWire(host, status_port), reply_timeout_ms, more=more)


def serial_printer(dialect: str, device: str, baud: int, reply_timeout_ms: int, *, more: bool = False) -> LabelPrinter:
    """On a serial line, which labels and questions share."""
    wire = SerialWire(device, baud)
    return LabelPrinter(dialect, wire, wire, reply_timeout_ms, more=more)
