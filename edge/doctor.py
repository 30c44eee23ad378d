"""Looks at this machine as a maintenance engineer would: each row says how it is, and what to do where it is not good."""

import asyncio
import ctypes.util
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import distributions, packages_distributions, requires
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from drivers.document_printer import IppPrinter
from drivers.ports import DeviceError
from line_config.model import LineConfig

GOOD, WARN, FAIL = "good", "warn", "FAIL"
COLOURS = {GOOD: "green", WARN: "yellow", FAIL: "red"}
FSYNCS = 20
FSYNC_SLOW_MS = 20.0
BUILT_S = 1_767_225_600  # 2026-01-01: an earlier wall clock is not set
PEER_TIMEOUT_S = 0.5
PEERS = ("machine_plc", "sorter_plc", "id_camera", "label_camera", "printer", "printer_2", "central")
FONTS = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",)
RARE_FONT = "/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"
MEMORY_DIR = Path("/dev/shm")  # noqa: S108 - looked at, not written to


class Row(NamedTuple):
    """One finding."""

    what: str
    how: str
    text: str
    remedy: str = ""


def _python() -> Row:
    good = sys.version_info >= (3, 11)
    return Row("Python", GOOD if good else FAIL, sys.version.split()[0], "" if good else "install Python 3.11 or later")


def _cv2() -> Row:
    owners = sorted(set(packages_distributions().get("cv2", [])))
    good = owners == ["opencv-python"]
    return Row("owner of cv2", GOOD if good else FAIL, ", ".join(owners) or "nobody", "" if good else "run make setup again")


def _packages() -> Row:
    installed = {_canonical(dist.metadata["Name"] or ""): dist.version for dist in distributions()}
    pins = [pin.partition("==") for pin in requires("sealline") or [] if "extra ==" not in pin]
    wrong = [
        f"{name} {installed.get(_canonical(name), 'is missing')}, wanted {wanted}"
        for name, _, wanted in pins
        if installed.get(_canonical(name)) != wanted
    ]
    text = "; ".join(wrong) or f"all {len(pins)} at their pinned versions"
    return Row("packages", FAIL if wrong else GOOD, text, "run make setup again" if wrong else "")


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _zbar() -> Row:
    found = ctypes.util.find_library("zbar")
    return Row(
        "libzbar",
        GOOD if found else WARN,
        found or "missing: one barcode reader only",
        "" if found else "apt-get install libzbar0",
    )


def _fonts() -> Row:
    missing = [font for font in FONTS if not Path(font).exists()]
    return Row(
        "fonts",
        FAIL if missing else GOOD,
        ", ".join(missing) or "Noto Sans CJK",
        "apt-get install fonts-noto-cjk" if missing else "",
    )


def _rare_font() -> Row:
    there = Path(RARE_FONT).exists()
    text = "HanaMinB" if there else "missing: a name with such a character goes to the manual desk"
    return Row("rare characters", GOOD if there else WARN, text, "" if there else "apt-get install fonts-hanazono")


def _broker() -> Row:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    return Row(
        "mosquitto",
        GOOD if found else WARN,
        found or "missing: the demo uses an embedded broker",
        "" if found else "apt-get install mosquitto",
    )


def _chromium() -> Row:
    found = shutil.which("chromium")
    return Row(
        "chromium", GOOD if found else WARN, found or "missing: no browser tests", "" if found else "apt-get install chromium"
    )


def _shared_memory() -> Row:
    if not MEMORY_DIR.is_dir():
        return Row("shared memory", WARN, f"no {MEMORY_DIR}", "mount a tmpfs there")
    free_mb = shutil.disk_usage(MEMORY_DIR).free // 1_000_000
    return Row(
        "shared memory", GOOD if free_mb > 200 else WARN, f"{free_mb} MB free", "" if free_mb > 200 else "free some of /dev/shm"
    )


def _clock() -> Row:
    good = time.time() > BUILT_S
    return Row(
        "wall clock", GOOD if good else FAIL, time.strftime("%Y-%m-%d %H:%M:%S"), "" if good else "set the clock, start chrony"
    )


def _fsync(data_dir: Path) -> Row:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        probe = data_dir / "doctor.probe"
        took_ms = []
        with probe.open("wb") as file:
            for _ in range(FSYNCS):
                file.write(b"x" * 1024)
                file.flush()
                begun = time.perf_counter()
                os.fsync(file.fileno())
                took_ms.append((time.perf_counter() - begun) * 1000)
        probe.unlink()
    except OSError as error:
        return Row("data directory", FAIL, f"{data_dir}: {error.strerror}", "create it and give the service the right to write")
    median_ms = sorted(took_ms)[FSYNCS // 2]
    slow = median_ms > FSYNC_SLOW_MS
    text = f"{data_dir}: fsync median {median_ms:.1f} ms, max {max(took_ms):.1f} ms"
    return Row("data directory", WARN if slow else GOOD, text, "use a disk with power-loss protection" if slow else "")


def _site_key(path: Path) -> Row:
    if not path.exists():
        return Row("site key", WARN, f"{path} is missing", "create it: head -c 32 /dev/urandom > FILE; chmod 600 FILE")
    open_to_others = path.stat().st_mode & 0o077
    return Row("site key", WARN if open_to_others else GOOD, str(path), "chmod 600" if open_to_others else "")


def _panel_port(host: str, port: int) -> Row:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        return Row("panel port", FAIL, f"{host}:{port}: {error.strerror}", "stop the program that uses it or change [panel]")
    return Row("panel port", GOOD, f"{host}:{port} is free")


def _peer(name: str, host: str, port: int) -> Row:
    """Whether someone listens there; a peer that is away only warns, the line waits for it."""
    try:
        socket.create_connection((host, port), PEER_TIMEOUT_S).close()
    except OSError as error:
        text = f"{host}:{port}: {error.strerror or 'no answer'}"
        return Row(name, WARN, text, f"switch it on, check its cable and [{name}]")
    return Row(name, GOOD, f"{host}:{port} answers")


def _aravis(name: str) -> Row:
    found = ctypes.util.find_library("aravis-0.8")
    return Row(
        name, GOOD if found else FAIL, found or "libaravis is missing", "" if found else "apt-get install libaravis-0.8-0"
    )


def _document_printer(uri: str) -> Row:
    """Whether the document printer would print now."""
    try:
        against = asyncio.run(IppPrinter(uri).status())
    except DeviceError as error:
        return Row("document_printer", WARN, str(error), "switch it on, check [document_printer]; sealline waits for it")
    return Row("document_printer", WARN if against else GOOD, against or f"{uri} is ready", "see to it" if against else "")


MACHINE: tuple[Callable[[], Row], ...] = (
    _python, _packages, _cv2, _zbar, _fonts, _rare_font, _broker, _chromium, _shared_memory, _clock,
)  # fmt: skip


def rows(config: LineConfig | None) -> Iterator[Row]:
    """Everything that can be looked at, one by one."""
    for look in MACHINE:
        yield look()
    if config is not None:
        yield _fsync(Path(config.paths.data_dir))
        yield _site_key(Path(config.paths.site_key_file))
        yield _panel_port(config.panel.host, config.panel.port)
        for name in PEERS:
            peer = getattr(config, name)
            if getattr(peer, "kind", "") == "gige":
                yield _aravis(name)
            elif host := getattr(peer, "host", ""):  # a camera may be a device or a folder
                yield _peer(name, host, peer.port)
        if config.desk_printer is not None:
            yield _peer("desk_printer", config.desk_printer.host, config.desk_printer.port)
        if config.document_printer is not None:
            yield _document_printer(config.document_printer.uri)


def examine(out: Console, config: LineConfig | None) -> bool:
    """Print a table; True when something fails."""
    table = Table("what", "how", "found", "what to do", title="sealline doctor")
    failed = False
    for row in rows(config):
        failed |= row.how == FAIL
        table.add_row(row.what, f"[{COLOURS[row.how]}]{row.how}[/]", escape(row.text), escape(row.remedy))
    out.print(table)
    return failed
