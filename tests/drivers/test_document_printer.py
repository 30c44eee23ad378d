"""Pages over IPP to a printer that nobody here has written: OpenPrinting's own virtual printer."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.document_printer import IppPrinter
from drivers.ports import BadReply, DeviceRefused, LinkLost

BUS = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/><allow user="*"/></policy></busconfig>"""
AVAHI = "[server]\nuse-ipv4=yes\nuse-ipv6=no\nallow-interfaces=lo\nenable-dbus=yes\n"
NEEDED = ("ippeveprinter", "ipptool", "dbus-daemon", "avahi-daemon")
PDF = b"%PDF-1.7\n% a page\n%%EOF\n"
START_S = 10.0

pytestmark = pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason="apt-get install cups-ipp-utils avahi-daemon dbus")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(true, what: str) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + START_S
    while not true():
        assert time.monotonic() < until, f"{what} did not start"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


@pytest.fixture(scope="module")
def spool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A printer on loopback with a private bus and responder, which it needs to start; yields its address and its spool."""
    folder = tmp_path_factory.mktemp("ipp")
    (folder / "bus.conf").write_text(BUS.format(socket=folder / "bus"), encoding="utf-8")
    (folder / "avahi.conf").write_text(AVAHI, encoding="utf-8")
    (folder / "spool").mkdir()
    port = free_port()
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder / 'bus'}"}
    log = (folder / "log").open("w+", encoding="utf-8")
    with contextlib.ExitStack() as running:

        def start(*command: str) -> None:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            running.callback(process.wait)
            running.callback(process.terminate)

        running.callback(log.close)
        start("dbus-daemon", f"--config-file={folder / 'bus.conf'}", "--nofork", "--nopidfile")
        wait_for((folder / "bus").exists, "the bus")
        start("avahi-daemon", "--no-rlimits", "--no-drop-root", "--no-chroot", "-f", str(folder / "avahi.conf"))
        wait_for(lambda: "startup complete" in (folder / "log").read_text("utf-8"), "the responder")
        start(
            "ippeveprinter", "-p", str(port), "-d", str(folder / "spool"), "-k", "-2", "-s", "600", "-f", "application/pdf",
            "-n", "localhost", "Sealline",
        )  # fmt: skip
        wait_for(lambda: listens(port), "the printer")
        yield f"ipp://localhost:{port}/ipp/print", folder / "spool"


def page(folder: Path, data: bytes = PDF) -> Path:
    path = folder / "page.pdf"
    path.write_bytes(data)
    return path


def test_a_page_arrives_byte_by_byte(spool: tuple[str, Path], tmp_path: Path) -> None:
    uri, folder = spool
    first = IppPrinter(uri).print_document(page(tmp_path), '班次 "shift" 1\n')
    second = IppPrinter(uri).print_document(page(tmp_path), "despatch B-1", duplex=True)
    assert second == first + 1
    assert [path.read_bytes() for path in folder.iterdir()] == [PDF, PDF]


def test_a_printer_that_does_not_take_it_says_so(spool: tuple[str, Path], tmp_path: Path) -> None:
    uri, _ = spool
    with pytest.raises(DeviceRefused, match="refused the page"):
        IppPrinter(uri.replace("/ipp/print", "/ipp/nowhere")).print_document(page(tmp_path), "x")


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(LinkLost, match="check the printer's power"):
        IppPrinter(f"ipp://localhost:{free_port()}/ipp/print").print_document(page(tmp_path), "x")


def test_what_is_no_address_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(DeviceRefused, match="write ipp://"):
        IppPrinter("file:///etc/passwd").print_document(page(tmp_path), "x")


PLIST = "<?xml version='1.0'?><plist><dict><key>Tests</key><array><dict>{}</dict></array></dict></plist>"


@pytest.mark.parametrize(
    "said", ["", "garbage", PLIST.format(""), PLIST.format("<key>StatusCode</key><string>successful-ok</string>")]
)
def test_a_tool_that_makes_no_sense_is_a_bad_reply(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "ipptool"
    (tmp_path / "said").write_text(said, encoding="utf-8")
    tool.write_text(f"#!/bin/sh\ncat {tmp_path / 'said'}\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(BadReply):
        IppPrinter("ipp://localhost/printers/x").print_document(page(tmp_path), "x")


def test_without_the_tool_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceRefused, match="cups-ipp-utils"):
        IppPrinter("ipp://localhost/printers/x").print_document(page(tmp_path), "x")
