"""The document printer's link: fetches files ahead, has them checked, prints each once, follows it sheet by sheet, deletes it.

Two wires, two conditions: `files` for the server that files come from, `document_printer` for the printer. A print ends with
SheetsPrinted or SheetsFailed. Only a printer that has said no has nothing of it; silence is told as `sent`, and never repeated.
"""

import asyncio
import hashlib
from collections import deque
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from drivers.ports import BadReply, DeviceError, DeviceRefused, FilePort, LinkLost, PageJob, PagePrinterPort
from edge.core.commands import Command, DeleteFile, FetchFile, PrintFile
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.core.page_events import FileChecked, FileDeleted, SheetsFailed, SheetsPrinted
from edge.core.sheets import file_key
from edge.runtime.bell import Bell
from edge.runtime.clock import Clock
from edge.runtime.helper import Helper, HelperLost
from edge.runtime.link import Health, Offer
from edge.runtime.spawn import Crew

PRINTER, FILES = "document_printer", "files"
FETCH_AGAIN_S = (1.0, 2.0, 5.0, 10.0, 30.0)
LOOKS_IDLE = 10
"""an idle printer is looked at this many times less often"""
LOOKS_REFUSED = 20
"""after a print that it did not take it is left alone for so many looks"""
LOST_MAX = 20
"""so many times in a row may a job not be answered for, before nobody knows what became of it"""
LONG_S = 3600.0
CARRIER = ".carrier.pdf"
ENDED_BADLY = frozenset({"canceled", "aborted"})


class Checker(Protocol):
    """What the link has others do, outside the loop."""

    async def fault_of(self, path: Path, sha256: str, pages: int) -> str:
        """Why this file must not be printed, "" = it may."""

    async def carrier(self, code: str) -> bytes:
        """The carrier sheet with this code, as PDF. Raises CarrierError."""


class CarrierError(Exception):
    """There is no carrier sheet with this code; the text says why."""


class _PageJob(msgspec.Struct):
    """Argument of the helper's job `pages`; see page_check.PageJob, which the loop need not load."""

    path: str
    sha256: str
    pages: int
    bytes_max: int


class HelperChecker:
    """Checks in a helper process of its own, which must not keep labels waiting; bounded in time by it and in memory there."""

    def __init__(self, helper: Helper, bytes_max: int) -> None:
        self._helper = helper
        self._bytes_max = bytes_max

    async def fault_of(self, path: Path, sha256: str, pages: int) -> str:
        """See Checker. A file over which the helper dies or hangs twice is refused."""
        job = _PageJob(str(path), sha256, pages, self._bytes_max)
        try:
            reply = await self._helper.call("pages", msgspec.msgpack.encode(job))
        except HelperLost:
            return "NOT_CHECKABLE: the check died or hung over it twice; central: send a simpler file"
        return reply.refusal or reply.body.decode()

    async def carrier(self, code: str) -> bytes:
        """See Checker."""
        try:
            reply = await self._helper.call("carrier", code.encode())
        except HelperLost as error:
            raise CarrierError(str(error)) from error
        if reply.refusal:
            raise CarrierError(reply.refusal)
        return reply.body


class _Print(NamedTuple):
    """One thing that goes to the printer: the file, or the carrier sheet in front of it."""

    path: Path
    name: str
    sides: int
    duplex: bool


class PageLink:
    """Implements Link. Nothing is kept over a restart: the core has everything fetched anew, so the folder is emptied first."""

    name = PRINTER

    def __init__(
        self,
        printer: PagePrinterPort,
        source: FilePort,
        checker: Checker,
        offer: Offer,
        clock: Clock,
        *,
        crew: Crew,
        folder: Path,
        poll_ms: int,
        counts_sides: bool = True,
    ) -> None:
        """`counts_sides` False: this printer does not count, so the end of its job stands for all its sheets."""
        self._printer = printer
        self._source = source
        self._checker = checker
        self._offer = offer
        self._clock = clock
        self._crew = crew
        self._folder = folder
        self._poll_s = poll_ms / 1000
        self._counts = counts_sides
        self._fetches: deque[FetchFile] = deque()
        self._prints: deque[PrintFile] = deque()
        self._fetch_bell, self._print_bell = Bell(), Bell()
        self._fetching = ""
        """the file that is being fetched"""
        self._unwanted = False
        """and whether it is to be deleted as soon as that ends"""
        self._refused = False
        """the printer has just said no to a print"""
        self._untold: deque[Event] = deque()
        self._told_up: dict[str, bool] = {}
        self._detail = "not asked yet"
        self._answered_us: int | None = None

    # --- what the rest of the runtime sees ---
    def send(self, command: Command) -> None:
        """Queue a command; a deletion is done at once, or as soon as the file is not being fetched any more."""
        if isinstance(command, FetchFile):
            self._fetches.append(command)
            self._fetch_bell.set()
        elif isinstance(command, PrintFile):
            self._prints.append(command)
            self._print_bell.set()
        elif isinstance(command, DeleteFile):
            self._delete(command)

    def health(self) -> Health:
        """Up while the printer is ready; the detail says what stands against it."""
        age_ms = -1 if self._answered_us is None else (self._clock.now_us() - self._answered_us) // 1000
        return Health(self._told_up.get(PRINTER, False), age_ms, self._detail)

    async def run(self) -> None:
        """Fetch and print until cancelled."""
        self._empty_folder()
        self._crew.spawn(self._fetch_all(), "files")
        try:
            while True:
                self._print_bell.clear()
                ready = await self._look()
                if self._prints and ready:
                    await self._print(self._prints.popleft())
                    if self._refused:
                        # What stands against this one may stand against the next as well, and must not refuse them all.
                        self._refused = False
                        await asyncio.sleep(self._poll_s * LOOKS_REFUSED)
                self._tell_all()
                waits = bool(self._prints or self._untold or not ready)
                await self._print_bell.wait(self._poll_s * (1 if waits else LOOKS_IDLE))
        finally:
            self._empty_folder()
            await self._source.close()

    # --- telling ---
    def _tell(self, event: Event) -> None:
        self._untold.append(event)
        self._tell_all()

    def _tell_all(self) -> None:
        while self._untold and self._offer(self._untold[0]):
            self._untold.popleft()

    def _tell_wire(self, wire: str, error: DeviceError | None) -> None:
        """A wire works, or not; told when it changes."""
        if wire == PRINTER:
            self._detail = str(error or "")
        if self._told_up.get(wire) is not (error is None):
            self._told_up[wire] = error is None
            now_us = self._clock.now_us()
            reason = next((word for kind, word in _REASONS.items() if isinstance(error, kind)), "lost")
            down = LinkDown(at_us=now_us, link=wire, reason=reason, detail=str(error))
            self._tell(LinkUp(at_us=now_us, link=wire) if error is None else down)

    # --- files ---
    def _path(self, order_id: str, index: int) -> Path:
        """A name that says nothing about whose it is."""
        return self._folder / f"{hashlib.sha256(file_key(order_id, index).encode()).hexdigest()[:32]}.pdf"

    def _empty_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._folder.glob("*.pdf"):
            path.unlink(missing_ok=True)

    def _delete(self, command: DeleteFile) -> None:
        key = file_key(command.order_id, command.index)
        self._fetches = deque(one for one in self._fetches if file_key(one.order_id, one.index) != key)
        if self._fetching == key:
            self._unwanted = True
            self._fetch_bell.set()
        else:
            self._deleted(command)

    def _deleted(self, command: DeleteFile | FetchFile) -> None:
        """Nothing of it is here any more: the receipt."""
        path = self._path(command.order_id, command.index)
        for one in (path, path.with_suffix(CARRIER)):
            one.unlink(missing_ok=True)
        self._tell(FileDeleted(at_us=self._clock.now_us(), order_id=command.order_id, index=command.index))

    async def _fetch_all(self) -> None:
        while True:
            self._fetch_bell.clear()
            if not self._fetches:
                await self._fetch_bell.wait(LONG_S)
                continue
            command = self._fetches.popleft()
            self._fetching, self._unwanted = file_key(command.order_id, command.index), False
            fault = await self._fetch(command)
            self._fetching = ""
            if self._unwanted:
                self._deleted(command)
            else:
                at_us = self._clock.now_us()
                self._tell(FileChecked(at_us=at_us, order_id=command.order_id, index=command.index, fault=fault))

    async def _fetch(self, command: FetchFile) -> str:
        """Until it is here, refused or unwanted; returns the fault."""
        path, attempt = self._path(command.order_id, command.index), 0
        while not self._unwanted:
            self._fetch_bell.clear()
            try:
                await self._source.fetch(command.url, path)
            except LinkLost as error:
                self._tell_wire(FILES, error)
                if not self._unwanted:
                    await self._fetch_bell.wait(FETCH_AGAIN_S[min(attempt, len(FETCH_AGAIN_S) - 1)])
                attempt += 1
            except DeviceError as error:
                return f"NOT_FETCHED: {error}"
            else:
                self._tell_wire(FILES, None)
                return await self._checker.fault_of(path, command.sha256, command.pages)
        return ""

    # --- sheets ---
    async def _look(self, jobs: int = 0) -> bool:
        """Whether the printer would print now; `jobs`: so many of ours are in its queue."""
        try:
            against = await self._printer.status(jobs)
        except DeviceError as error:
            self._tell_wire(PRINTER, error)
            return False
        self._answered_us = self._clock.now_us()
        self._tell_wire(PRINTER, DeviceRefused(f"document printer: {against}; see to it") if against else None)
        return not against

    async def _print(self, command: PrintFile) -> None:
        """Once: the carrier sheet where there is one, then the file as it is."""
        path = self._path(command.order_id, command.index)
        # Between the fetch and now somebody may have changed it: what is printed is what was granted.
        fault = await self._checker.fault_of(path, command.sha256, command.pages)
        name = f"{file_key(command.order_id, command.index)}.{command.attempt}"
        prints = [_Print(path, name, command.pages, command.duplex)]
        if command.carrier and not fault:
            front = path.with_suffix(CARRIER)
            try:
                _write(front, await self._checker.carrier(command.carrier))
            except (CarrierError, OSError) as error:
                fault = f"carrier sheet: {error}"
            prints.insert(0, _Print(front, f"{name} carrier", 1, False))
        if fault:
            self._fail(command, fault, sent=False)
            return
        sheets = 0
        for one in prints:
            try:
                sides = await self._print_one(one)
            except DeviceRefused as error:
                self._refused = True
                self._fail(command, str(error), sent=sheets > 0)
                return
            except DeviceError as error:
                self._fail(command, str(error), sent=True)
                return
            sheets += (sides + 1) // 2 if one.duplex else sides
        at_us = self._clock.now_us()
        self._tell(SheetsPrinted(at_us=at_us, order_id=command.order_id, index=command.index, sheets=sheets))

    def _fail(self, command: PrintFile, reason: str, *, sent: bool) -> None:
        at_us = self._clock.now_us()
        self._tell(SheetsFailed(at_us=at_us, order_id=command.order_id, index=command.index, sent=sent, reason=reason))

    async def _print_one(self, one: _Print) -> int:
        """Returns the sides that came out, which are all. Raises DeviceRefused (nothing of it), else nobody knows."""
        number = await self._printer.print_document(one.path, one.name, duplex=one.duplex)
        job = await self._ended(number)
        sides = one.sides if not self._counts else job.sides
        if job.state in ENDED_BADLY or sides != one.sides:
            why = f"the job was {job.state} ({', '.join(job.reasons)}), {sides} of {one.sides} sides were counted"
            raise BadReply(f"document printer: {why}; take out all its sheets")
        return one.sides

    async def _ended(self, number: int) -> PageJob:
        """The job at its end, however long paper takes; only silence is limited."""
        lost = 0
        while True:
            try:
                job = await self._printer.job(number)
                lost = 0
            except DeviceRefused as error:
                raise BadReply(f"{error}: the printer does not know the job any more; take out all its sheets") from error
            except DeviceError as error:
                lost += 1
                self._tell_wire(PRINTER, error)
                if lost >= LOST_MAX:
                    raise
            else:
                if job.state == "completed" or job.state in ENDED_BADLY:
                    return job
                await self._look(jobs=1)
            await asyncio.sleep(self._poll_s)


_REASONS: dict[type[DeviceError], str] = {LinkLost: "lost", DeviceRefused: "refused", BadReply: "bad_reply"}


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
