"""The document printer and the file server of the virtual world, with all that may go wrong with them."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

from drivers.ports import BadReply, DeviceRefused, LinkLost, PageJob
from simulators.faults import FaultBook
from simulators.paper import SKETCH, Job, PrintRoom, sketch

SHEET_MS = 1500
TIMEOUT_S, REPLY_S, FETCH_S = 1.0, 0.02, 0.1


class VirtualPages:
    """PagePrinterPort, FilePort and Checker in one: all that the link speaks with. It outlives the runtime."""

    def __init__(self, room: PrintRoom, book: FaultBook, now_ms: Callable[[], int]) -> None:
        self._room = room
        self._book = book
        self._now_ms = now_ms
        self._file_of = {file.url: file for file in room.files.values()}
        self._jobs: dict[int, Job] = {}
        self._count = 0
        """numbers of jobs, which it never gives twice"""
        self.silent = False
        """nothing answers"""
        self.out_of_paper = False
        self.server_away = False

    def _fires(self, kind: str, order_id: str) -> bool:
        return self._book.fires(kind, self._room.document_of[order_id].index)

    # --- the printer ---
    async def _answer(self) -> None:
        if self.silent:
            await asyncio.sleep(TIMEOUT_S)
            raise LinkLost("the virtual document printer is silent")
        await asyncio.sleep(REPLY_S)

    async def status(self, jobs: int = 0) -> str:
        """See PagePrinterPort."""
        await self._answer()
        if self.out_of_paper:
            return "media-empty"
        waiting = sum(job.ends_ms > self._now_ms() for job in self._jobs.values())
        return f"{waiting} jobs in the queue" if waiting > jobs else ""

    async def print_document(self, path: Path, name: str, *, duplex: bool = False) -> int:
        """See PagePrinterPort."""
        await self._answer()
        order_id = name.partition("/")[0]
        if self._fires("sheets_refused", order_id):
            raise DeviceRefused("server-error-not-accepting-jobs")
        pages = _pages_in(path)
        sheets = (pages + 1) // 2 if duplex else pages
        job = Job(order_id, sheets, pages, "completed", self._now_ms() + sheets * SHEET_MS)
        if self._fires("sheets_jam", order_id):
            job.sheets, job.sides, job.state = sheets // 2, sheets // 2, "aborted"
        elif self._fires("sheets_forgotten", order_id):
            job.sheets, job.state = sheets // 2, "forgotten"
        elif self._fires("sheets_miscounted", order_id):
            job.sides -= 1
        self._count += 1
        self._jobs[self._count] = job
        self._room.printing = order_id
        asyncio.get_running_loop().call_at(job.ends_ms / 1000, self._room.comes_out, order_id, job.sheets)
        if self._fires("sheets_reply_lost", order_id):
            raise LinkLost("no answer from the virtual document printer")
        return self._count

    async def job(self, number: int) -> PageJob:
        """See PagePrinterPort."""
        await self._answer()
        job = self._jobs[number]
        if job.state == "forgotten":
            raise DeviceRefused("client-error-not-found")
        if self._now_ms() < job.ends_ms:
            return PageJob("printing", 0)
        return PageJob(job.state, job.sides)

    # --- the file server ---
    async def fetch(self, url: str, to: Path) -> None:
        """See FilePort."""
        await asyncio.sleep(FETCH_S)
        if self.server_away:
            raise LinkLost("the virtual file server is away")
        file = self._file_of[url]
        data = sketch(file, file.pages + self._fires("file_wrong_count", file.order_id))
        if self._fires("file_changed", file.order_id):
            data = sketch(file._replace(order_id="O000000"))
        elif self._fires("file_not_pdf", file.order_id):
            data = b"\x89PNG"
        _write(to, data)

    async def close(self) -> None:
        """Nothing to close."""

    # --- the helper ---
    async def fault_of(self, path: Path, sha256: str, pages: int) -> str:
        """See Checker: the faults that the real one finds, in its order."""
        await asyncio.sleep(0.01)
        data = _read(path)
        found = SKETCH.match(data)
        if hashlib.sha256(data).hexdigest() != sha256:
            return "WRONG_DIGEST: it is not the file that was granted"
        if found is None:
            return "NOT_PDF"
        return "WRONG_PAGE_COUNT" if int(found["pages"]) != pages else ""

    async def carrier(self, code: str) -> bytes:
        """See Checker."""
        raise BadReply(f"no carrier sheet was granted: {code}")


def _pages_in(path: Path) -> int:
    found = SKETCH.match(_read(path))
    return 0 if found is None else int(found["pages"])


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
