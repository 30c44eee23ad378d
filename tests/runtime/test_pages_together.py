"""Core and link together with a printer that fails in every way, in virtual time; judged by the sheets that really exist."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from drivers.ports import BadReply, DeviceRefused, LinkLost, PageJob
from edge.core.commands import Command, DeleteFile, FetchFile, PrintFile
from edge.core.event import Event
from edge.core.events import Booted, LinkUp, OrderCancelled
from edge.core.page_events import FileChecked, SheetsFailed, SheetsPrinted
from edge.core.sheets import ON_PAPER
from edge.core.values import OrderId, State
from edge.runtime import view
from edge.runtime.clock import Clock
from edge.runtime.page_link import PageLink
from edge.runtime.spawn import Crew
from simulators.virtual.loop import run_virtual
from tests.core.test_certificates import Office, certificate

FILES, SHEETS = 40, 3
FAULTS = ("good",) * 6 + (
    "refused",
    "silence before",
    "silence after",
    "half",
    "one too many",
    "aborted",
    "forgotten",
    "not ready",
)


class World:
    """The printer's tray: which sheets lie there, and of which attempt."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.tray: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.jobs: dict[int, PageJob | Exception] = {}
        self.not_ready = 0

    # --- the printer ---
    async def status(self, jobs: int = 0) -> str:
        await asyncio.sleep(0.01)
        self.not_ready = max(0, self.not_ready - 1)
        return "media-empty" if self.not_ready else ""

    async def print_document(self, path: Path, name: str, *, duplex: bool = False) -> int:
        await asyncio.sleep(0.05)
        fault = self.rng.choice(FAULTS)
        self.fired[fault] += 1
        order = name.partition("/")[0]
        if fault == "refused":
            raise DeviceRefused("no")
        if fault == "silence before":
            raise LinkLost("silence")
        assert not self.tray[order], f"{order} lies there and is printed again"
        out = {"half": 1, "aborted": 2, "one too many": SHEETS + 1}.get(fault, SHEETS)
        self.tray[order] += out
        if fault == "silence after":
            raise BadReply("half an answer")
        self.not_ready = 3 if fault == "not ready" else 0
        number = len(self.jobs) + 1
        gone = {"forgotten": DeviceRefused("unknown job"), "aborted": PageJob("aborted", out)}
        self.jobs[number] = gone.get(fault) or PageJob("completed", out)
        return number

    async def job(self, number: int) -> PageJob:
        await asyncio.sleep(0.02)
        if self.rng.random() < 0.3:
            raise LinkLost("away")
        said = self.jobs[number]
        if isinstance(said, Exception):
            raise said
        return said if self.rng.random() < 0.5 else PageJob("printing", 0)

    # --- the file server and the helper ---
    async def fetch(self, url: str, to: Path) -> None:
        await asyncio.sleep(0.1)
        if self.rng.random() < 0.2:
            raise LinkLost("away")
        _write(to, url.encode())

    async def close(self) -> None:
        pass

    async def fault_of(self, path: Path, sha256: str, pages: int) -> str:
        await asyncio.sleep(0.01)
        return "" if path in _there(path.parent) else "NOT_READABLE"

    async def carrier(self, code: str) -> bytes:
        raise AssertionError(code)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _there(folder: Path) -> list[Path]:
    return list(folder.glob("*.pdf"))


class Shop:
    """The core as the pump drives it, the link's lives, and two persons."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.world = World(seed)
        self.line = Office([certificate(n) for n in range(1, FILES + 1)], link=False, files_ahead_max=5, sheets_ahead_max=12)
        self.folder = folder
        self.withdrawn: set[str] = set()
        self.boots = 1
        self.start()

    def start(self) -> None:
        self.crew = Crew()
        self.link = PageLink(
            self.world, self.world, self.world, self.offer, Clock(), crew=self.crew, folder=self.folder, poll_ms=50
        )  # fmt: skip
        self.crew.spawn(self.link.run(), "link")

    def offer(self, event: Event, **_: object) -> bool:
        self.act(
            self.line.say(type(event), **{name: getattr(event, name) for name in event.__struct_fields__ if name != "at_us"})
        )
        return True

    def act(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, (FetchFile, PrintFile, DeleteFile)):
                asyncio.get_running_loop().call_soon(self.link.send, command)

    async def restart(self) -> None:
        await self.crew.stop()
        self.boots += 1
        self.line.say(Booted, boot=self.boots, journal_id="j", version="t")
        for link in self.line.controller.supervision.links:
            self.line.say(LinkUp, link=link)
        self.line.controller.floor.conditions.active.pop("BELT_NOT_CLEARED", None)
        self.line.act("unhold")
        self.line.mirror()
        self.line.mirror()
        self.line.controller.floor.machine.state = State.EXECUTE
        self.start()

    def persons(self) -> None:
        """Destroy what is unknown or left, all of it, and record how much it was; feed the rest."""
        certificates = self.line.controller.certificates
        unknown = list(certificates.standing[ON_PAPER[2]].values())
        for one in [*unknown, *certificates.left()]:
            found = self.world.tray.pop(one.order_id, 0)
            request = {"order": one.order_id, "file": "0", "sheets": str(found), "second": "P2"}
            out = self.line.act("destroy_sheets", **request)
            assert [command.code for command in out if hasattr(command, "accepted")] == ["OK"]
            self.act(out)
        for one in list(certificates.standing[ON_PAPER[0]].values()):
            assert self.world.tray[one.order_id] == SHEETS, "what is printed lies there whole"
            if self.world.rng.random() < 0.5:
                certificates.fed(one.order_id, 0)


async def campaign(seed: int, folder: Path) -> Shop:
    shop = Shop(seed, folder)
    rng = random.Random(seed + 1)
    for _ in range(900):
        await asyncio.sleep(0.2)
        assert shop.crew.failed() is None, shop.crew.failed()
        shop.persons()
        if rng.random() < 0.03:
            await shop.restart()
        if rng.random() < 0.02:
            order_id = f"O{rng.randrange(1, FILES + 1)}"
            shop.withdrawn.add(order_id)
            shop.act(shop.line.say(OrderCancelled, order_id=OrderId(order_id), version=shop.line.now_ms))
    shop.persons()
    await shop.crew.stop()
    return shop


@pytest.mark.parametrize("seed", range(4))
def test_every_sheet_that_exists_is_accounted_for(seed: int, tmp_path: Path) -> None:
    shop = run_virtual(campaign(seed, tmp_path / "files"))
    states = Counter(one.state.value for one in shop.line.controller.certificates.all.values())
    assert set(states) <= {"printed", "fed", "withdrawn", "refused"}, "nothing is left undone"
    assert states["fed"] + states["printed"] >= FILES // 2
    for one in shop.line.controller.certificates.all.values():
        there = shop.world.tray[one.order_id]
        assert there == (SHEETS if one.state in ON_PAPER else 0), f"{one.order_id} is {one.state}, {there} sheets exist"
        assert not one.kept, "each deletion was told"
    assert not _there(tmp_path / "files"), "no file is left"
    attempts = [row for row, value in shop.line.rows() if value == "printing"]
    assert len(attempts) == len(set(attempts)) == len(shop.line.printing())
    assert shop.world.fired["half"] + shop.world.fired["silence after"] > 0


def test_the_panel_lists_what_is_to_be_destroyed() -> None:
    line = Office(link=False)
    shown = view.snapshot(line.controller, site="s", sim=True, rev=1, health={}, central={})
    assert shown["files"] == {"granted": 3}
    line.say(LinkUp, link="document_printer")
    for n in (1, 2):
        line.tell(FileChecked, n)
    line.tell(SheetsPrinted, 1, sheets=3)
    line.tell(SheetsFailed, 2, sent=True, reason="silence")
    line.say(OrderCancelled, order_id=OrderId("O1"), version=1)
    shown = view.snapshot(line.controller, site="s", sim=True, rev=2, health={}, central={})
    assert shown["files"] == {"fetching": 1, "printed": 1, "unknown": 1}
    assert shown["sheets_to_destroy"] == [
        {"order": "O2", "file": 0, "state": "unknown", "sheets": 3},
        {"order": "O1", "file": 0, "state": "printed", "sheets": 3},
    ]
