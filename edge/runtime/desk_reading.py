"""The reader at the manual desk, asked by the panel: a process of its own, because the number must not be in this one (I17)."""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

LIMIT_S = 30.0
Told = dict[str, Any]
"""kind (None = not read, `reason` says why), flags, token, skeleton, second_field, masked"""


def unread(reason: str) -> Told:
    """Nothing that could be told of a document."""
    return {"kind": None, "reason": reason}


class DeskReader:
    """Reads what a document camera or a scanner has laid into a folder. Without a folder there is no reader."""

    def __init__(self, folder: str, layouts: Sequence[str], site_key: str, *, limit_s: float = LIMIT_S) -> None:
        self.there = bool(folder)
        self._argv = [sys.executable, "-m", "vision.desk_reader", "--site-key", site_key, "--folder", folder]
        self._argv += ["--layouts", *layouts]
        self._limit_s = limit_s
        self._lock = asyncio.Lock()

    async def read(self) -> Told:
        """What the newest picture shows; the reader deletes what lies there. One at a time."""
        if not self.there:
            return unread("no_reader")
        async with self._lock:
            process = await asyncio.create_subprocess_exec(
                *self._argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
            )
            try:
                async with asyncio.timeout(self._limit_s):
                    out, _ = await process.communicate()
            except TimeoutError:
                process.kill()
                await process.wait()
                return unread("reader_failed")
            told: Told = unread("reader_failed") if process.returncode else json.loads(out)
            return told
