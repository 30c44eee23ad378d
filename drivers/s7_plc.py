"""A PLC over S7 (ISO-on-TCP); the one file that knows python-snap7.

The synchronous client lives in one thread of its own: a call cannot be cancelled half-way, so framing is never lost.
"""

import asyncio
import logging
import queue
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Any

from snap7.client import Client
from snap7.error import S7ConnectionError, S7Error, S7ProtocolError, S7TimeoutError

from drivers.ports import BadReply, DeviceError, DeviceRefused, LinkLost
from line_config.process_image import ProcessImage

# The library logs what it also raises; the link reports it once, in the line's own words.
logging.getLogger("snap7").setLevel(logging.CRITICAL)
Job = tuple[Callable[[], Any], Callable[[Any, DeviceError | None], None]]


class S7Plc:
    """Implements PlcPort. The constructor does not connect."""

    def __init__(self, host: str, port: int, rack: int, slot: int, image: ProcessImage, *, timeout_ms: int = 120) -> None:
        self._host = host
        self._port = port
        self._rack = rack
        self._slot = slot
        self._timeout_s = timeout_ms / 1000
        self._read_db = image.s7.read_db
        self._write_db = image.s7.write_db
        self._read = struct.Struct(f">{image.words('plc_to_edge')}H")
        self._write = struct.Struct(f">{image.words('edge_to_plc')}H")
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._client: Client | None = None

    @property
    def _where(self) -> str:
        return f"S7 PLC {self._host}:{self._port} rack {self._rack} slot {self._slot}"

    # --- the loop's side ---
    async def connect(self) -> None:
        """Open the connection. Raises LinkLost or DeviceRefused."""
        if self._thread is None:
            # Each thread has its own queue: an old one that is still ending must not take the new one's work.
            self._jobs = queue.SimpleQueue()
            self._thread = threading.Thread(target=self._serve, args=(self._jobs,), name="s7", daemon=True)
            self._thread.start()
        await self._in_thread(self._connect)

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> tuple[int, ...]:
        """Write the edge's image and read the PLC's. A wire returns at once: `seen` and `max_wait_ms` are not used."""
        del seen, max_wait_ms
        data = bytearray(self._write.pack(*write))
        words: tuple[int, ...] = await self._in_thread(lambda: self._cycle(data))
        return words

    async def close(self) -> None:
        """Drop the connection and end the thread; never raises."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._jobs.put((self._drop, lambda _value, _error: None))
        self._jobs.put(None)
        await asyncio.sleep(0)

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        if self._thread is None:
            raise LinkLost(f"{self._where}: not connected")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def settle(value: Any, error: DeviceError | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)

        def answered(value: Any, error: DeviceError | None) -> None:
            # The loop may be gone by the time a call that was given up comes back.
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, value, error)

        self._jobs.put((call, answered))
        return await future

    # --- the thread's side ---
    def _serve(self, jobs: queue.SimpleQueue[Job | None]) -> None:
        while (job := jobs.get()) is not None:
            call, answered = job
            try:
                value = call()
            except DeviceError as error:
                self._drop()
                answered(None, error)
            else:
                answered(value, None)

    def _connect(self) -> None:
        self._drop()
        client = Client()
        try:
            client.connect(self._host, self._rack, self._slot, self._port)
        except (S7Error, OSError) as error:
            raise LinkLost(
                f"{self._where}: no connection ({error}); check that it is on, cable, rack and slot, and PUT/GET"
            ) from error
        if client.connection is not None:
            client.connection.timeout = self._timeout_s
        self._client = client

    def _cycle(self, data: bytearray) -> tuple[int, ...]:
        if self._client is None:
            raise LinkLost(f"{self._where}: not connected")
        try:
            self._client.db_write(self._write_db, 0, data)
            reply = bytes(self._client.db_read(self._read_db, 0, self._read.size))
        except (S7TimeoutError, S7ConnectionError, OSError) as error:
            raise LinkLost(f"{self._where}: no reply in {self._timeout_s * 1000:.0f} ms ({error}); check cable") from error
        except (S7ProtocolError, S7Error) as error:
            raise DeviceRefused(
                f"{self._where}: {error}; check DB {self._read_db} and DB {self._write_db} (not optimised) and PUT/GET"
            ) from error
        if len(reply) != self._read.size:
            raise BadReply(
                f"{self._where}: {len(reply)} bytes came, {self._read.size} were asked for; check DB {self._read_db}"
            )
        words: tuple[int, ...] = self._read.unpack(reply)
        return words

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                client.disconnect()
            except (S7Error, OSError):
                return
