"""The account of a closed lot: signed, whole, the same bytes from whoever writes it again, told with its digest."""

import asyncio
import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from edge.core.event import Event
from edge.core.events import LotFiled
from edge.core.values import LotId, OrderId
from edge.runtime import lot_files
from edge.runtime.clock import Clock
from edge.runtime.helper import Helper
from edge.runtime.lot_files import Filed, LotFiles, LotJob, file_lot
from edge.runtime.records import journal_key
from edge.runtime.signing import believed, read_public
from tests.core.test_ends import grant
from tests.core.test_lots import code, receive, reject
from tests.core.test_recall import cancel
from tests.runtime.test_replay import Recorder, journal

KEY = journal_key(b"k" * 32)
LOT = "R/1 示例"


def recorded(folder: Path, *, closed: bool = True, later: bool = False) -> LotJob:
    """A lot with one dispatched, one without an order, one missing; `later`: the line went on after its closing."""
    line = Recorder()
    receive(line, LOT, "token1", "no order", "token3")
    line.through(1)
    reject(line, 10, token="no order")
    if closed:
        assert code(line, "close_lot", lot=LOT, lead="L1") == "OK"
    if later:
        receive(line, "R2", "token2")
        line.through(2)
        assert code(line, "close_lot", lot="R2", lead="L1") == "OK"
    book = journal(folder / "journal.db", line.entries, KEY)
    return LotJob(str(book), KEY, str(folder / "line.key"), str(folder / "lots"), LOT, 1)


def pool_recorded(folder: Path, *, later: bool = False) -> LotJob:
    """The lot of the order pool that a line begins with, to its last order; `later`: a new version and one order more."""
    line = Recorder()
    line.through(1)
    assert cancel(line, order_id=OrderId("O2")) == "CANCELLED"
    reject(line, 3, token="token3")
    assert code(line, "return_to_issuer", documents="D1-3") == "OK"
    for n in range(4, 9):
        cancel(line, order_id=OrderId(f"O{n}"))
    assert code(line, "close_bag", chute="2", bag="B2") == "OK"
    if later:
        grant(line, 2, 1, 9)
        cancel(line, order_id=OrderId("O9"))
    book = journal(folder / "journal.db", line.entries, KEY)
    return LotJob(str(book), KEY, str(folder / "line.key"), str(folder / "lots"), "L", 1)


def test_what_lies_there_is_believed_and_says_each_document_once(tmp_path: Path) -> None:
    filed = file_lot(recorded(tmp_path))
    (path,) = (tmp_path / "lots").iterdir()
    data = path.read_bytes()
    assert (filed.file, filed.sha256, filed.size_bytes) == (path.name, hashlib.sha256(data).hexdigest(), len(data))
    assert path.name == f"R_1_示例-{filed.sha256[:12]}.json"
    assert filed.key == (tmp_path / "line.pub").read_text().strip()
    content = believed(data, read_public(filed.key))
    assert {row["token"]: row["outcome"] for row in content["documents"]} == {
        "token1": "dispatched", "no order": "no order", "token3": "missing",
    }  # fmt: skip
    assert [row["order_id"] for row in content["orders"]] == ["O1", "O3"]
    assert content["closed"]


def test_whatever_happened_since_it_is_written_again_with_the_same_bytes(tmp_path: Path) -> None:
    first = file_lot(recorded(tmp_path))
    (tmp_path / "journal.db").unlink()
    assert file_lot(recorded(tmp_path, later=True)) == first
    assert len(list((tmp_path / "lots").iterdir())) == 1


def test_the_account_of_a_manifest_says_each_order_once(tmp_path: Path) -> None:
    filed = file_lot(pool_recorded(tmp_path))
    content = believed((tmp_path / "lots" / filed.file).read_bytes(), read_public(filed.key))
    outcomes = {row["order_id"]: (row["outcome"], row["bag"]) for row in content["orders"]}
    assert outcomes == {"O1": ("dispatched", "B2"), "O3": ("returned", None)} | {
        f"O{n}": ("cancelled", None) for n in (2, 4, 5, 6, 7, 8)
    }  # fmt: skip
    assert (content["closed"], content["version"], content["documents"]) == (True, 1, [])


def test_each_version_of_a_lot_has_an_account_of_its_own(tmp_path: Path) -> None:
    first = file_lot(pool_recorded(tmp_path))
    (tmp_path / "journal.db").unlink()
    job = pool_recorded(tmp_path, later=True)
    assert file_lot(job) == first, "as the journal stood then"
    second = file_lot(msgspec.structs.replace(job, account=2))
    content = believed((tmp_path / "lots" / second.file).read_bytes(), read_public(second.key))
    assert (content["version"], len(content["orders"])) == (2, 9)


def test_an_open_lot_is_not_written(tmp_path: Path) -> None:
    assert file_lot(recorded(tmp_path, closed=False)) == Filed()
    assert not (tmp_path / "lots").exists()


def test_what_stands_against_it_is_said(tmp_path: Path) -> None:
    job = recorded(tmp_path)
    (tmp_path / "lots").write_text("a file where the folder should be")
    assert "cannot keep lot" in file_lot(job).fault
    (tmp_path / "line.key").write_bytes(b"short")
    assert "has 5 bytes" in file_lot(job).fault
    (tmp_path / "journal.db").unlink()
    assert "journal" in file_lot(job).fault
    assert file_lot(job).file == ""


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


class Core:
    """Takes the events, and forgets the lot when one says that it lies there."""

    def __init__(self) -> None:
        self.unfiled = {LotId(LOT): 1}
        self.events: list[LotFiled] = []
        self.full = 0

    def offer(self, event: Event, **_: object) -> bool:
        """As the pump."""
        if self.full:
            self.full -= 1
            return False
        assert isinstance(event, LotFiled)
        self.events.append(event)
        if event.file:
            self.unfiled.pop(event.lot, None)
        return True


async def test_written_by_a_process_that_is_killed_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lot_files, "LOOK_S", 0.01)
    job, core, helper = recorded(tmp_path), Core(), Helper(limit_ms=60_000)
    core.full = 1
    files = LotFiles(helper, lambda: core.unfiled, core.offer, Clock(), job)
    task = asyncio.ensure_future(files.run())
    try:
        await until(lambda: helper._process is not None)
        assert helper._process is not None
        os.kill(helper._process.pid, signal.SIGKILL)
        await until(lambda: core.events)
    finally:
        task.cancel()
        await helper.close()
    (event,) = core.events
    assert (event.fault, helper.restarts) == ("", 1)
    assert hashlib.sha256(files.file(event.file) or b"").hexdigest() == event.sha256
    assert [files.file(name) for name in ("../journal.db", "", "x.json")] == [None] * 3


async def test_a_fault_is_told_and_it_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lot_files, "AGAIN_S", 0.01)
    job, core, helper = recorded(tmp_path), Core(), Helper(limit_ms=60_000)
    (tmp_path / "lots").write_text("in the way")
    files = LotFiles(helper, lambda: core.unfiled, core.offer, Clock(), job)
    assert files.file("R.json") is None
    task = asyncio.ensure_future(files.run())
    try:
        await until(lambda: core.events)
        (tmp_path / "lots").unlink()
        await until(lambda: not core.unfiled)
    finally:
        task.cancel()
        await helper.close()
    assert ["cannot keep" in event.fault for event in core.events][:1] == [True]
    assert core.events[-1].fault == ""


async def test_a_helper_that_dies_twice_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.runtime.helper.sys.executable", "/bin/false")
    files = LotFiles(Helper(), dict, Core().offer, Clock(), recorded(tmp_path))
    assert "died or hung twice" in (await files._file(LotId(LOT), 1)).fault
