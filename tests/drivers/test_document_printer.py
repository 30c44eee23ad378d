"""Pages over IPP to a printer that nobody here has written: OpenPrinting's own virtual printer."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers import document_printer as module
from drivers.document_printer import IppPrinter
from drivers.ports import BadReply, DeviceRefused, LinkLost, PageJob
from tests.drivers import ipp
from tests.drivers.ipp import Printer, free_port

PDF = b"%PDF-1.7\n/Type /Page\n/Type /Page\n%%EOF\n"

pytestmark = pytest.mark.skipif(not ipp.available(), reason=ipp.MISSING)


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Printer]:
    with ipp.printer(tmp_path_factory.mktemp("ipp")) as one:
        yield one


def page(folder: Path, data: bytes = PDF) -> Path:
    path = folder / "page.pdf"
    path.write_bytes(data)
    return path


async def ended(device: IppPrinter, number: int) -> PageJob:
    while True:
        job = await device.job(number)
        if job.state not in {"waiting", "printing", "stopped"}:
            return job


async def test_a_page_arrives_byte_by_byte_and_its_sides_are_counted(printer: Printer, tmp_path: Path) -> None:
    device = IppPrinter(printer.uri)
    assert await device.status() == ""
    first = await device.print_document(page(tmp_path), '班次 "shift" 1\n')
    second = await device.print_document(page(tmp_path), "despatch B-1", duplex=True)
    assert second == first + 1
    for number in (first, second):
        assert await ended(device, number) == PageJob("completed", 2, ("job-completed-successfully",))
    assert [path.read_bytes() for path in printer.spool.glob("*.pdf")] == [PDF, PDF]
    assert [job.split()[0] for job in printer.jobs()] == ["one-sided", "two-sided-long-edge"]


async def test_a_job_that_stands_in_the_middle_is_followed_to_its_end(printer: Printer, tmp_path: Path) -> None:
    device = IppPrinter(printer.uri)
    printer.next_job(
        "echo 'ATTR: job-impressions-completed=1'; echo 'STATE: +media-empty'\n"
        f"while [ ! -e {tmp_path}/filled ]; do sleep 0.02; done\n"
        "echo 'STATE: -media-empty'; echo 'ATTR: job-impressions-completed=2'"
    )
    number = await device.print_document(page(tmp_path), "x")
    while (await device.job(number)).sides != 1:
        pass
    assert (await device.job(number)).state == "printing"
    assert await device.status(1) == "", "this one calls it a warning while it goes on trying"
    (tmp_path / "filled").touch()
    assert (await ended(device, number)).sides == 2


async def test_a_job_that_the_printer_gives_up_is_said(printer: Printer, tmp_path: Path) -> None:
    device = IppPrinter(printer.uri)
    printer.next_job("echo 'ATTR: job-impressions-completed=1'; exit 1")
    job = await ended(device, await device.print_document(page(tmp_path), "x"))
    assert (job.state, job.sides) == ("aborted", 1)


async def test_a_job_that_nobody_knows_is_refused(printer: Printer) -> None:
    with pytest.raises(DeviceRefused, match="client-error-not-found"):
        await IppPrinter(printer.uri).job(4711)


async def test_a_printer_that_does_not_take_it_says_so(printer: Printer, tmp_path: Path) -> None:
    with pytest.raises(DeviceRefused, match="the queue refused it"):
        await IppPrinter(printer.uri.replace("/ipp/print", "/ipp/nowhere")).print_document(page(tmp_path), "x")


async def test_nobody_answers(tmp_path: Path) -> None:
    device = IppPrinter(f"ipp://localhost:{free_port()}/ipp/print")
    with pytest.raises(LinkLost, match="check the printer's power"):
        await device.print_document(page(tmp_path), "x")
    with pytest.raises(LinkLost):
        await device.status()


async def test_what_is_no_address_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(DeviceRefused, match="write ipp://"):
        await IppPrinter("file:///etc/passwd").print_document(page(tmp_path), "x")


# --- a tool that lies ---
PLIST = "<?xml version='1.0'?><plist><dict><key>Tests</key><array><dict>{}</dict></array></dict></plist>"
GOOD = "<key>StatusCode</key><string>successful-ok</string>"


def group(text: str) -> str:
    return PLIST.format(f"{GOOD}<key>ResponseAttributes</key><array><dict>{text}</dict></array>")


def liar(folder: Path, said: str, monkeypatch: pytest.MonkeyPatch) -> IppPrinter:
    tool = folder / "ipptool"
    (folder / "said").write_text(said, encoding="utf-8")
    tool.write_text(f"#!/bin/sh\ncat {folder / 'said'}\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return IppPrinter("ipp://localhost/printers/x")


@pytest.mark.parametrize("said", ["", "garbage", "<plist><array/></plist>", PLIST.format(""), PLIST.format(GOOD)])
async def test_a_tool_that_makes_no_sense_is_a_bad_reply(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = liar(tmp_path, said, monkeypatch)
    with pytest.raises(BadReply):
        await device.print_document(page(tmp_path), "x")
    with pytest.raises(BadReply):
        await device.job(1)


async def test_sides_that_are_not_counted_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = liar(tmp_path, group("<key>job-state</key><integer>9</integer>"), monkeypatch)
    assert await device.job(1) == PageJob("completed", None, ())


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ("", ""),
        ("<key>printer-state-reasons</key><string>none</string>", ""),
        ("<key>printer-state-reasons</key><string>media-empty-warning</string>", ""),
        ("<key>printer-state-reasons</key><array><string>x</string><string>cover-open</string></array>", "cover-open"),
        ("<key>printer-is-accepting-jobs</key><false/>", "not accepting jobs"),
        (
            "<key>printer-state</key><integer>5</integer><key>printer-state-reasons</key><string>spool-x</string>",
            "stopped: spool-x",
        ),
    ],
)
async def test_what_stands_against_printing(
    attributes: str, status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await liar(tmp_path, group(attributes), monkeypatch).status() == status


async def test_a_tool_that_hangs_is_ended_and_nobody_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = liar(tmp_path, "", monkeypatch)
    (tmp_path / "ipptool").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n", encoding="utf-8")
    monkeypatch.setattr(module, "TIMEOUT_S", 0.25)
    with pytest.raises(LinkLost, match="no answer in"):
        await device.print_document(page(tmp_path), "x")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_a_printer_that_is_busy_has_taken_nothing_and_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = liar(tmp_path, PLIST.format("<key>StatusCode</key><string>server-error-busy</string>"), monkeypatch)
    monkeypatch.setattr(module, "BUSY_PAUSE_S", 0.01)
    asking = asyncio.ensure_future(device.print_document(page(tmp_path), "x"))
    while not asking.done():
        await asyncio.sleep(0.05)
        (tmp_path / "said").write_text(group("<key>job-id</key><integer>7</integer>"), encoding="utf-8")
    assert await asking == 7


async def test_without_the_tool_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceRefused, match="cups-ipp-utils"):
        await IppPrinter("ipp://localhost/printers/x").print_document(page(tmp_path), "x")
