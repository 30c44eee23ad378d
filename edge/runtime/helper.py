"""The helper: one niced process for work that would hold up the loop. A request names a job, a reply brings its result."""

import asyncio
import struct
import sys
from pathlib import Path
from typing import cast

import msgspec

from edge.labels.fields import LabelError, LabelFields

LENGTH = struct.Struct(">I")
"""before each message, in bytes"""


PREPARE_LIMIT_S = 60.0
"""a niced process that loads its fonts while eyes and simulators start on the same two cores"""


class HelperLost(Exception):
    """The helper died or did not answer in time, twice for the same request."""


class Request(msgspec.Struct):
    """One job: a name of the table in helper_main, and its argument in msgpack."""

    job: str
    body: bytes


class Reply(msgspec.Struct):
    """The result, or why the job was refused."""

    body: bytes = b""
    refusal: str = ""


class LabelJob(msgspec.Struct):
    """Argument of the job `label`; without fields it only loads layout and fonts."""

    layout: str
    fields: LabelFields | None = None
    language: str = "zpl"


class Helper:
    """The helper process: started when first needed, and again whenever it died. One request at a time, in order."""

    def __init__(self, *, limit_ms: int = 10_000) -> None:
        self._limit_s = limit_ms / 1000
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self.restarts = 0

    async def prepare(self, layout: Path) -> None:
        """Start the process and load this layout and its fonts, so that the first label does not wait. Raises LabelError."""
        await self._label(LabelJob(str(layout)), PREPARE_LIMIT_S)

    async def label(self, layout: Path, fields: LabelFields, language: str = "zpl") -> bytes:
        """One label as a format in a printer's language. Raises LabelError when it cannot be made."""
        return await self._label(LabelJob(str(layout), fields, language))

    async def _label(self, job: LabelJob, limit_s: float | None = None) -> bytes:
        try:
            reply = await self.call("label", msgspec.msgpack.encode(job), limit_s)
        except HelperLost as error:
            raise LabelError(f"label: {error}; see its last lines in the service's log and call maintenance") from error
        if reply.refusal:
            raise LabelError(reply.refusal)
        return reply.body

    async def call(self, job: str, body: bytes, limit_s: float | None = None) -> Reply:
        """Have a job done; `limit_s`: where it may take longer than others.

        A job has no effect but its result, so a request that a process died of is made once more.
        """
        request = msgspec.msgpack.encode(Request(job, body))
        async with self._lock:
            for _ in range(2):
                try:
                    async with asyncio.timeout(limit_s or self._limit_s):
                        return await self._exchange(request)
                except (OSError, asyncio.IncompleteReadError):  # TimeoutError is an OSError
                    await self._end()
                    self.restarts += 1
        raise HelperLost(f"the helper process died or hung twice over one {job}")

    async def _exchange(self, request: bytes) -> Reply:
        if self._process is None:
            pipe = asyncio.subprocess.PIPE
            command = (sys.executable, "-m", "edge.runtime.helper_main")
            self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        # Both are there because both were asked for.
        stdin, stdout = cast(asyncio.StreamWriter, self._process.stdin), cast(asyncio.StreamReader, self._process.stdout)
        reply = b""
        try:
            stdin.write(LENGTH.pack(len(request)) + request)
            await stdin.drain()
            (length,) = LENGTH.unpack(await stdout.readexactly(LENGTH.size))
            reply = await stdout.readexactly(length)
        finally:
            # An answer that nobody waited for would be taken for the next one's.
            if not reply and self._process.returncode is None:
                self._process.kill()
        return msgspec.msgpack.decode(reply, type=Reply)

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        self._process = None  # who is cancelled before that leaves it to `close`

    async def close(self) -> None:
        """End the process."""
        await self._end()
