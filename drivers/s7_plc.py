"""A PLC over S7 (ISO-on-TCP); the one file that knows python-snap7.

The synchronous client lives in one thread of its own: a call cannot be cancelled half-way, so framing is never lost.
"""

import asyncio
import contextlib
import logging
import queue
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from functools import partial

from snap7.client import Client
from snap7.error import S7ConnectionError, S7Error, S7PacketLostError, S7StalePacketError, S7TimeoutError

from drivers.ports import BadReply, DeviceError, DeviceRefused, LinkLost
from line_config.process_image import ProcessImage

# The library logs what it also raises; the link reports it once, in the line's own words.
logging.getLogger("snap7").setLevel(logging.CRITICAL)

CONNECT_TIMEOUT_S = 1.0
TRANSACTIONS = 2
Words = tuple[int, ...]
Work = Callable[[], Words]
Settle = Callable[[Words, DeviceError | None], None]


class S7Plc:
    """Implements PlcPort and PlcReader. The constructor does not connect.

    `tsap` = (own, the PLC's): for controllers that give out a connection by TSAP; otherwise it follows from rack and slot.
    """

    def __init__(
        self,
        host: str,
        port: int,
        rack: int,
        slot: int,
        image: ProcessImage,
        *,
        timeout_ms: int = 120,
        tsap: tuple[int, int] | None = None,
    ) -> None:
        self._open = partial(_Session, (host, rack, slot, port), image, timeout_ms / 1000, tsap)
        self._timeout_s = timeout_ms / 1000
        self._session: _Session | None = None
        self._where = f"S7 PLC {host}:{port}"

    async def connect(self) -> None:
        """Open the connection. Raises LinkLost or DeviceRefused."""
        await self.close()
        session = self._session = self._open()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._wait(session, session.connect)
        except TimeoutError as error:
            raise LinkLost(
                f"{self._where}: no answer; check that it is on, the cable, the address in the line's file"
            ) from error

    async def exchange(self, write: Sequence[int], seen: Sequence[int] | None, max_wait_ms: int) -> Words:
        """Write the edge's image and read the PLC's. A wire returns at once: `seen` and `max_wait_ms` are not used."""
        del seen, max_wait_ms
        words = tuple(write)
        return await self._ask(lambda session: session.cycle(words))

    async def read(self) -> Words:
        """Read the PLC's image, and write nothing."""
        return await self._ask(lambda session: session.cycle(None))

    async def read_written(self) -> Words:
        """Read what the PLC holds of an edge's image; a PLC may refuse that."""
        return await self._ask(lambda session: session.read_back())

    async def _ask(self, work: "Callable[[_Session], Words]") -> Words:
        session = self._session
        if session is None:
            raise LinkLost(f"{self._where}: not connected")
        try:
            # The library's own limit counts from each piece of an answer anew: one that trickles in would never end.
            async with asyncio.timeout(TRANSACTIONS * self._timeout_s):
                return await self._wait(session, lambda: work(session))
        except TimeoutError as error:
            raise LinkLost(f"{self._where}: no whole reply in {self._timeout_s * 1000:.0f} ms; check cable and PLC") from error

    async def close(self) -> None:
        """Drop the connection and let its thread end; never raises."""
        session, self._session = self._session, None
        if session is not None:
            session.end()
        await asyncio.sleep(0)

    async def _wait(self, session: "_Session", work: Work) -> Words:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Words] = loop.create_future()

        def settle(words: Words, error: DeviceError | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(words)
            else:
                future.set_exception(error)

        def answered(words: Words, error: DeviceError | None) -> None:
            # The loop may be gone by the time a call that was given up comes back, even in between a look and a call.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, words, error)

        session.do(work, answered)
        try:
            return await future
        except (DeviceError, asyncio.CancelledError):
            # Given up in mid-call, the reply would come while nobody waits for it.
            await self.close()
            raise


class _Session:
    """One connection with its thread. An old one that is still ending cannot touch the next one's."""

    def __init__(
        self, address: tuple[str, int, int, int], image: ProcessImage, timeout_s: float, tsap: tuple[int, int] | None
    ) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._read_db = image.s7.read_db
        self._write_db = image.s7.write_db
        self._read = struct.Struct(f">{image.words('plc_to_edge')}H")
        self._write = struct.Struct(f">{image.words('edge_to_plc')}H")
        self._where = "S7 PLC {0}:{3} rack {1} slot {2}".format(*address)
        self._client = Client()
        if tsap is not None:
            # The library makes the PLC's TSAP of connection type, rack and slot: these are its bits.
            self._client.local_tsap, remote = tsap
            self._client.set_connection_type(remote >> 8)
            self._address = (address[0], remote >> 5 & 7, remote & 31, address[3])
        self._jobs: queue.SimpleQueue[tuple[Work, Settle] | None] = queue.SimpleQueue()
        self._at_work = False
        threading.Thread(target=self._serve, name="s7", daemon=True).start()

    # --- the loop's side ---
    def do(self, work: Work, settle: Settle) -> None:
        """Have the thread do one thing."""
        self._at_work = True
        self._jobs.put((work, settle))

    def end(self) -> None:
        """Have the thread disconnect and end; an answer that it still waits for will not come."""
        self._jobs.put(None)
        connection = self._client.connection
        if self._at_work and connection is not None and connection.socket is not None:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    # --- the thread's side ---
    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, settle = job
            try:
                words = work()
            except DeviceError as error:
                self._at_work = False
                settle((), error)
            else:
                self._at_work = False
                settle(words, None)
        try:
            self._client.disconnect()
        except (S7Error, OSError):
            return

    def connect(self) -> Words:
        """Open the connection."""
        try:
            self._client.connect(*self._address)
        except (S7Error, OSError) as error:
            raise LinkLost(
                f"{self._where}: no connection ({error}); check that it is on, cable, rack and slot, and PUT/GET"
            ) from error
        # The library waits 5 s at each step and has no parameter for it; its `timeout` counts only while connecting.
        connection = self._client.connection
        if connection is not None and connection.socket is not None:
            connection.socket.settimeout(self._timeout_s)
        return ()

    def cycle(self, words: Words | None) -> Words:
        """Write one image (None = write nothing), read the other."""
        write = None if words is None else bytearray(self._write.pack(*words))
        return self._talk(write, self._read_db, self._read)

    def read_back(self) -> Words:
        """Read the image that was written."""
        return self._talk(None, self._write_db, self._write)

    def _talk(self, write: bytearray | None, read_db: int, layout: struct.Struct) -> Words:
        try:
            if write is not None:
                self._client.db_write(self._write_db, 0, write)
            reply = bytes(self._client.db_read(read_db, 0, layout.size))
        except (S7TimeoutError, S7ConnectionError, OSError) as error:
            raise LinkLost(f"{self._where}: no reply in {self._timeout_s * 1000:.0f} ms ({error}); check cable") from error
        except (S7StalePacketError, S7PacketLostError) as error:
            raise BadReply(f"{self._where}: the answer to another request ({error}); who else talks to this PLC?") from error
        except S7Error as error:
            # A refusal and an answer that makes no sense are of one class, and their texts differ from server to server.
            raise DeviceRefused(
                f"{self._where}: {error}; check DB {self._read_db} and DB {self._write_db} (not optimised) and PUT/GET"
            ) from error
        if len(reply) != layout.size:
            raise BadReply(f"{self._where}: {len(reply)} bytes came, {layout.size} were asked for; check DB {read_db}")
        return layout.unpack(reply)
