"""The document printer's link: each file printed once, as it is, told how it ended, and nothing left of it."""

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from drivers.document_printer import IppPrinter
from drivers.file_source import HttpFiles
from drivers.ports import BadReply, DeviceError, DeviceRefused, LinkLost, PageJob
from edge.core.commands import Command, DeleteFile, FetchFile, PrintFile
from edge.core.event import Event
from edge.core.events import LinkDown, LinkUp
from edge.core.page_events import FileChecked, FileDeleted, SheetsFailed, SheetsPrinted
from edge.core.values import OrderId
from edge.reports.press import CARRIER, Press
from edge.runtime import page_link as module
from edge.runtime.clock import Clock
from edge.runtime.helper import Helper
from edge.runtime.page_link import CarrierError, HelperChecker, PageLink
from edge.runtime.spawn import Crew
from tests.drivers import ipp
from tests.drivers.web import Web, web

O1 = OrderId("O1")
DONE = PageJob("completed", 3)


def content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def bring(to: Path) -> None:
    to.write_bytes(b"file")


class FakePrinter:
    """Says what it is told to, and keeps what it was given."""

    def __init__(self) -> None:
        self.looks = 0
        self.against: str | DeviceError = ""
        self.takes: list[int | DeviceError] = []
        self.jobs: list[PageJob | DeviceError] = []
        self.given: list[tuple[str, bytes, bool]] = []

    async def status(self, jobs: int = 0) -> str:
        self.looks += 1
        await asyncio.sleep(0)
        if isinstance(self.against, DeviceError):
            raise self.against
        return self.against

    async def print_document(self, path: Path, name: str, *, duplex: bool = False) -> int:
        self.given.append((name, content(path), duplex))
        await asyncio.sleep(0)
        taken = self.takes.pop(0) if self.takes else 7
        if isinstance(taken, DeviceError):
            raise taken
        return taken

    async def job(self, number: int) -> PageJob:
        await asyncio.sleep(0)
        said = self.jobs.pop(0) if len(self.jobs) > 1 else self.jobs[0]
        if isinstance(said, DeviceError):
            raise said
        return said


class FakeFiles:
    """Brings the same bytes for each address, behind what it is told to raise first."""

    def __init__(self) -> None:
        self.raises: list[DeviceError] = []
        self.fetched: list[str] = []
        self.gate: asyncio.Event | None = None

    async def fetch(self, url: str, to: Path) -> None:
        await asyncio.sleep(0)
        if self.raises:
            raise self.raises.pop(0)
        self.fetched.append(url)
        bring(to)
        if self.gate is not None:
            await self.gate.wait()

    async def close(self) -> None:
        self.fetched.append("closed")


class FakeChecker:
    def __init__(self) -> None:
        self.faults: list[str] = []

    async def fault_of(self, path: Path, sha256: str, pages: int) -> str:
        await asyncio.sleep(0)
        return self.faults.pop(0) if self.faults else "" if content(path) else "NOT_READABLE"

    async def carrier(self, code: str) -> bytes:
        if code == "BAD":
            raise CarrierError("no such code")
        return f"carrier {code}".encode()


class Bench:
    """A link at work among fakes."""

    def __init__(self, folder: Path, **more: object) -> None:
        self.printer, self.files, self.checker = FakePrinter(), FakeFiles(), FakeChecker()
        self.printer.jobs = [DONE]
        self.folder = folder
        self.events: list[Event] = []
        self.full = False
        self.crew = Crew()
        self.link = PageLink(
            self.printer, self.files, self.checker, self.offer, Clock(), crew=self.crew, folder=folder, poll_ms=1, **more
        )  # type: ignore[arg-type]

    def offer(self, event: Event, **_: object) -> bool:
        if not self.full:
            self.events.append(event)
        return not self.full

    def begin(self) -> "Bench":
        self.crew.spawn(self.link.run(), "link")
        return self

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not true():
                assert self.crew.failed() is None, self.crew.failed()
                await asyncio.sleep(0.001)

    async def a_while(self) -> None:
        """So long as the link needs to look at its printer a few times."""
        looks = self.printer.looks
        await self.until(lambda: self.printer.looks > looks + 3)

    async def after(self, *commands: Command, kind: type[Event]) -> Event:
        """Send these, and wait for the next event of this kind."""
        before = len(self.events)
        for command in commands:
            self.link.send(command)
        await self.until(lambda: any(isinstance(event, kind) for event in self.events[before:]))
        return next(event for event in self.events[before:] if isinstance(event, kind))

    def wires(self) -> list[tuple[str, str]]:
        changes = [event for event in self.events if isinstance(event, (LinkUp, LinkDown))]
        return [(event.link, event.reason if isinstance(event, LinkDown) else "up") for event in changes]

    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    one = Bench(tmp_path / "files")
    yield one
    await one.crew.stop()
    assert one.files.fetched[-1] == "closed"
    assert not one.left(), "nothing is left when the line ends"


def fetch(n: int = 1) -> FetchFile:
    return FetchFile(order_id=OrderId(f"O{n}"), index=0, url=f"https://files.test/{n}", sha256="d", pages=3)


def printing(n: int = 1, *, duplex: bool = False, carrier: str = "", pages: int = 3) -> PrintFile:
    return PrintFile(
        order_id=OrderId(f"O{n}"), index=0, attempt=1, sha256="d", pages=pages, duplex=duplex, carrier=carrier
    )  # fmt: skip


DELETE = DeleteFile(order_id=O1, index=0)


async def test_fetched_printed_once_as_it_is_and_deleted(bench: Bench) -> None:
    bench.begin()
    checked = await bench.after(fetch(), kind=FileChecked)
    assert (checked.order_id, checked.index, checked.fault) == ("O1", 0, "")  # type: ignore[attr-defined]
    assert stat.S_IMODE(bench.folder.stat().st_mode) == 0o700
    assert "O1" not in bench.left()[0], "the name says nothing"
    ended = await bench.after(printing(), kind=SheetsPrinted)
    assert ended.sheets == 3  # type: ignore[attr-defined]
    assert bench.printer.given == [("O1/0.1", b"file", False)]
    await bench.after(DELETE, kind=FileDeleted)
    assert not bench.left()
    await bench.after(DELETE, kind=FileDeleted)
    assert bench.wires() == [("document_printer", "up"), ("files", "up")]
    assert bench.link.health().up


async def test_what_an_earlier_life_has_left_is_gone(bench: Bench) -> None:
    bench.folder.mkdir()
    (bench.folder / "old.pdf").write_bytes(b"x")
    bench.begin()
    await bench.until(lambda: bench.events)
    assert not bench.left()


async def test_a_carrier_sheet_goes_in_front_and_counts(bench: Bench) -> None:
    bench.begin()
    bench.printer.jobs = [PageJob("completed", 1), PageJob("completed", 3)]
    await bench.after(fetch(), kind=FileChecked)
    ended = await bench.after(printing(duplex=True, carrier="A4"), kind=SheetsPrinted)
    assert ended.sheets == 1 + 2  # type: ignore[attr-defined]
    assert bench.printer.given == [("O1/0.1 carrier", b"carrier A4", False), ("O1/0.1", b"file", True)]
    assert len(bench.left()) == 2
    await bench.after(DELETE, kind=FileDeleted)
    assert not bench.left()


@pytest.mark.parametrize(
    ("takes", "jobs", "carrier", "sent"),
    [
        ([LinkLost("silence")], [DONE], "", True),
        ([BadReply("no job")], [DONE], "", True),
        ([DeviceRefused("no")], [DONE], "", False),
        ([7, DeviceRefused("no")], [PageJob("completed", 1)], "A4", True),
        ([], [PageJob("completed", 2)], "", True),
        ([], [PageJob("completed", 4)], "", True),
        ([], [PageJob("completed", None)], "", True),
        ([], [PageJob("aborted", 3)], "", True),
        ([], [PageJob("canceled", 0)], "", True),
        ([], [DeviceRefused("not found")], "", True),
        ([], [LinkLost("away")], "", True),
        ([], [DONE], "BAD", False),
    ],
)
async def test_how_a_print_fails(
    takes: list[int | DeviceError], jobs: list[PageJob | DeviceError], carrier: str, sent: bool, bench: Bench
) -> None:
    bench.begin()
    await bench.after(fetch(), kind=FileChecked)
    bench.printer.takes, bench.printer.jobs = takes, jobs
    failed = await bench.after(printing(carrier=carrier), kind=SheetsFailed)
    assert failed.sent is sent  # type: ignore[attr-defined]
    given = len(bench.printer.given)
    await bench.a_while()
    assert len(bench.printer.given) == given, "it is not tried again"
    assert not [event for event in bench.events if isinstance(event, SheetsPrinted)]


async def test_a_file_that_was_changed_before_it_is_printed_is_not_printed(bench: Bench) -> None:
    bench.begin()
    bench.checker.faults = ["", "WRONG_DIGEST: x"]
    await bench.after(fetch(), kind=FileChecked)
    failed = await bench.after(printing(), kind=SheetsFailed)
    assert (failed.sent, failed.reason) == (False, "WRONG_DIGEST: x")  # type: ignore[attr-defined]
    assert not bench.printer.given


async def test_lost_answers_and_a_job_that_waits_for_paper_end_well(bench: Bench) -> None:
    bench.begin()
    await bench.after(fetch(), kind=FileChecked)
    bench.printer.jobs = [PageJob("waiting", 0), *[LinkLost("away")] * 19, PageJob("stopped", 1), LinkLost("away"), DONE]
    assert (await bench.after(printing(), kind=SheetsPrinted)).sheets == 3  # type: ignore[attr-defined]
    assert ("document_printer", "lost") in bench.wires()
    await bench.until(lambda: bench.wires()[-1] == ("document_printer", "up"))


async def test_a_printer_that_does_not_count_is_believed_its_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "files", counts_sides=False).begin()
    bench.printer.jobs = [PageJob("completed", None)]
    await bench.after(fetch(), kind=FileChecked)
    assert (await bench.after(printing(), kind=SheetsPrinted)).sheets == 3  # type: ignore[attr-defined]
    await bench.crew.stop()


@pytest.mark.parametrize(
    ("against", "reason"),
    [("media-empty", "refused"), (LinkLost("x"), "lost"), (DeviceRefused("x"), "refused"), (BadReply("x"), "bad_reply")],
)
async def test_nothing_goes_to_a_printer_that_is_not_ready(against: str | DeviceError, reason: str, bench: Bench) -> None:
    bench.printer.against = against
    bench.begin()
    await bench.after(fetch(), kind=FileChecked)
    bench.link.send(printing())
    await bench.a_while()
    assert not bench.printer.given
    assert bench.wires()[0] == ("document_printer", reason)
    assert not bench.link.health().up
    bench.printer.against = ""
    await bench.until(lambda: any(isinstance(event, SheetsPrinted) for event in bench.events))


async def test_a_server_that_is_away_is_asked_again_and_one_that_says_no_is_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FETCH_AGAIN_S", (0.001,))
    bench.files.raises = [LinkLost("away"), LinkLost("away"), DeviceRefused("404"), BadReply("packed")]
    bench.begin()
    refused = await bench.after(fetch(), kind=FileChecked)
    assert refused.fault == "NOT_FETCHED: 404"  # type: ignore[attr-defined]
    assert (await bench.after(fetch(), kind=FileChecked)).fault == "NOT_FETCHED: packed"  # type: ignore[attr-defined]
    assert (await bench.after(fetch(), kind=FileChecked)).fault == ""  # type: ignore[attr-defined]
    assert [wire for wire in bench.wires() if wire[0] == "files"] == [("files", "lost"), ("files", "up")]


async def test_a_file_is_withdrawn_before_while_and_after_it_is_fetched(bench: Bench) -> None:
    bench.files.gate = asyncio.Event()
    bench.begin()
    bench.link.send(fetch(1))
    await bench.until(lambda: bench.files.fetched)
    bench.link.send(fetch(2))
    deleted = await bench.after(DeleteFile(order_id=OrderId("O2"), index=0), kind=FileDeleted)
    assert deleted.order_id == "O2"  # type: ignore[attr-defined]
    bench.link.send(DELETE)
    await bench.a_while()
    assert [event.order_id for event in bench.events if isinstance(event, FileDeleted)] == ["O2"], "it is still being written"
    bench.files.gate.set()
    await bench.until(lambda: [event.order_id for event in bench.events if isinstance(event, FileDeleted)] == ["O2", "O1"])
    assert not bench.left()
    assert not [event for event in bench.events if isinstance(event, FileChecked)]
    assert bench.files.fetched == ["https://files.test/1"]


async def test_a_file_is_withdrawn_while_its_server_is_away(bench: Bench) -> None:
    bench.files.raises = [LinkLost("away")] * 9
    bench.begin()
    bench.link.send(fetch())
    await bench.until(lambda: ("files", "lost") in bench.wires())
    await bench.after(DELETE, kind=FileDeleted)
    bench.files.raises.clear()
    assert (await bench.after(fetch(2), kind=FileChecked)).order_id == "O2"  # type: ignore[attr-defined]


async def test_what_a_full_queue_did_not_take_is_told_later(bench: Bench) -> None:
    bench.full = True
    bench.begin()
    bench.link.send(fetch())
    await bench.until(lambda: bench.files.fetched)
    await bench.a_while()
    bench.full = False
    await bench.until(lambda: any(isinstance(event, FileChecked) for event in bench.events))
    assert bench.wires()[0] == ("document_printer", "up")


# --- the real things ---
@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ipp.Printer]:
    if not ipp.available():
        pytest.skip(ipp.MISSING)
    with ipp.printer(tmp_path_factory.mktemp("ipp")) as one:
        yield one


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    with web() as one:
        yield one


async def test_from_a_server_through_the_helper_to_paper(printer: ipp.Printer, server: Web, tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    pdf = Press(CARRIER).carrier({"code": "X", "bars": "1", "qr": ["1"]})
    digest = hashlib.sha256(pdf).hexdigest()
    url = server.file("/1.pdf", pdf)
    events: list[Event] = []
    bench = Bench(tmp_path / "unused")
    helper = Helper()
    link = PageLink(
        IppPrinter(printer.uri), HttpFiles([server.origin], bytes_max=10**6, limit_s=5), HelperChecker(helper, 10**6),
        bench.offer, Clock(), crew=bench.crew, folder=tmp_path / "files", poll_ms=20,
    )  # fmt: skip
    bench.link, bench.events, bench.folder = link, events, tmp_path / "files"
    bench.begin()
    wanted = FetchFile(order_id=O1, index=0, url=url, sha256=digest, pages=1)
    assert (await bench.after(wanted, kind=FileChecked)).fault == ""  # type: ignore[attr-defined]
    printer.next_job("echo 'ATTR: job-impressions-completed=1'")  # our PDF packs its pages, so the paper script finds none
    before = set(printer.spool.glob("*.pdf"))
    job = PrintFile(order_id=O1, index=0, attempt=1, sha256=digest, pages=1, duplex=False, carrier="")
    assert (await bench.after(job, kind=SheetsPrinted)).sheets == 1  # type: ignore[attr-defined]
    (spooled,) = set(printer.spool.glob("*.pdf")) - before
    assert spooled.read_bytes() == pdf, "a sealed document is printed as it came"
    await bench.after(DELETE, kind=FileDeleted)
    assert not bench.left()
    printer.next_job("echo 'ATTR: job-impressions-completed=1'; exit 1")
    await bench.after(wanted, kind=FileChecked)
    assert (await bench.after(job, kind=SheetsFailed)).sent is True  # type: ignore[attr-defined]
    await bench.crew.stop()
    await helper.close()
