"""The journal: nothing acknowledged is lost, nothing altered is believed."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.runtime.journal import InlineStore, ThreadStore
from edge.runtime.ledger import ROW_BYTES, Ledger
from edge.runtime.link import Cursor
from edge.runtime.records import Batch, Entry, JournalError

KEY = b"k" * 32


def opened(path: Path | str, key: bytes = KEY) -> Ledger:
    ledger = Ledger(str(path), key)
    ledger.open(lambda: "journal-1")
    return ledger


def entry(n: int) -> Entry:
    return Entry(n, "Kind", 1, f'{{"n":{n}}}'.encode())


def test_what_is_written_is_there_after_reopening(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "j.db")
    ledger.write(Batch([entry(1), entry(2)], [("dispatched", 5, b"{}")], [("print", "7", "EA")], [Cursor("machine_plc", 3, 9)]))
    ledger.close()
    again = opened(tmp_path / "j.db")
    assert [record.body for record in again.records()] == [b'{"n":1}', b'{"n":2}']
    assert (again.boot, again.journal_id) == (2, "journal-1")
    assert again.outcomes("print") == {"7": "EA"}
    assert again.cursors() == {"machine_plc": Cursor("machine_plc", 3, 9)}
    assert [row.seq for row in again.outbox_after(0, 10)] == [1]
    again.write(Batch([entry(3)]))
    assert len(list(again.records())) == 3
    again.close()


def test_the_outbox_knows_what_it_takes_of_the_disk(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "j.db")
    ledger.write(Batch([], [("k", 0, b"1" * 40), ("k", 0, b"2" * 60)]))
    ledger.write(Batch([], [("k", 0, b"{}")]))
    assert ledger.outbox_bytes == 3 * ROW_BYTES + 102
    ledger.outbox_confirm(1)
    assert ledger.outbox_bytes == 2 * ROW_BYTES + 62
    ledger.close()
    again = opened(tmp_path / "j.db")
    assert again.outbox_bytes == 2 * ROW_BYTES + 62
    again.outbox_confirm(3)
    assert again.outbox_bytes == 0
    again.close()


def test_outbox_numbers_stay_gap_free_after_confirmation(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "j.db")
    for n in range(3):
        ledger.write(Batch([], [("k", n, b"{}")]))
    ledger.outbox_confirm(3)
    assert (ledger.outbox_seq, ledger.outbox_waiting()) == (3, 0)
    ledger.close()
    again = opened(tmp_path / "j.db")
    again.write(Batch([], [("k", 9, b"{}")]))
    assert [row.seq for row in again.outbox_after(0, 10)] == [4]
    again.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE record SET body = x'00' WHERE seq = 2",
        "UPDATE record SET at_us = 99 WHERE seq = 2",
        "UPDATE record SET kind = 'Other' WHERE seq = 1",
        "DELETE FROM record WHERE seq = 2",
        "DELETE FROM record WHERE seq = 1",
        "UPDATE record SET seq = seq + 10 WHERE seq > 1",
        "UPDATE record SET chain = x'00' WHERE seq = 3",
    ],
)
def test_any_alteration_is_found_at_the_next_start(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "j.db"
    ledger = opened(path)
    ledger.write(Batch([entry(n) for n in (1, 2, 3)]))
    ledger.close()
    sql = sqlite3.connect(path)
    sql.execute(damage)
    sql.commit()
    sql.close()
    with pytest.raises(JournalError, match="does not fit the chain"):
        opened(path)


def test_another_key_does_not_open_it(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "j.db")
    ledger.write(Batch([entry(1)]))
    ledger.close()
    with pytest.raises(JournalError):
        opened(tmp_path / "j.db", b"x" * 32)


def test_two_runtimes_cannot_share_a_journal(tmp_path: Path) -> None:
    first = opened(tmp_path / "j.db")
    with pytest.raises(JournalError, match="in use"):
        opened(tmp_path / "j.db")
    first.close()


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_bytes(b"not a database, not a database" * 10)
    with pytest.raises(JournalError, match="call maintenance"):
        opened(tmp_path / "j.db")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=4), max_size=6))
def test_any_bodies_come_back_in_order(groups: list[list[bytes]]) -> None:
    ledger = opened(":memory:")
    for group in groups:
        ledger.write(Batch([Entry(0, "K", 1, body) for body in group]))
    assert [record.body for record in ledger.records()] == [body for group in groups for body in group]
    ledger.close()


async def test_thread_store_commits_off_the_loop(tmp_path: Path) -> None:
    store = ThreadStore(opened(tmp_path / "j.db"))
    await store.commit(Batch([entry(1)], [("k", 1, b"{}")]))
    assert store.outbox_last_seq() == 1
    assert store.outbox_changed.is_set()
    assert [row.kind for row in await store.outbox_after(0, 5)] == ["k"]
    await store.outbox_confirm(1)
    assert await store.outbox_after(0, 5) == []
    store.close()


async def test_a_write_error_is_final_and_typed(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "j.db")
    store = ThreadStore(ledger)
    ledger.sql.execute("DROP TABLE record")
    with pytest.raises(JournalError, match="cannot be written"):
        await store.commit(Batch([entry(1)]))
    store.close()


async def test_a_crash_in_the_simulated_fsync_loses_the_batch_whole() -> None:
    ledger = opened(":memory:")
    store = InlineStore(ledger, lambda: 10_000)
    commit = asyncio.ensure_future(store.commit(Batch([entry(1)])))
    await asyncio.sleep(0)
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit
    assert list(ledger.records()) == []
    ledger.close()


def test_forgotten_records_leave_the_chain_whole(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "j.db")
    ledger.write(Batch([entry(n) for n in range(1, 8)]))
    head = ledger.head()
    assert ledger.drop(5, 3), "there are more"
    assert not ledger.drop(5, 3)
    assert not ledger.drop(5, 3), "again: nothing happens"
    assert not ledger.drop(99, 200), "what is not there cannot be forgotten"
    ledger.close()
    again = opened(tmp_path / "j.db")
    assert [record.seq for record in again.records()] == [6, 7]
    assert again.head() == head
    again.write(Batch([entry(8)]))
    assert again.at(2) is None
    again.close()


async def test_forgetting_lets_commits_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.runtime.journal.DROP_RECORDS", 2)
    monkeypatch.setattr("edge.runtime.journal.DROP_PAUSE_S", 0.0)
    ledger = opened(tmp_path / "j.db")
    store = ThreadStore(ledger)
    await store.commit(Batch([entry(n) for n in range(1, 8)]))
    await store.drop(6)
    assert [record.seq for record in ledger.records()] == [7]
    store.close()


def test_a_journal_of_the_first_release_is_lifted(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "j.db")
    ledger.write(Batch([entry(1)], outcomes=[("print", "1", "EA")]))
    ledger.sql.execute("ALTER TABLE outcome DROP COLUMN seq")
    ledger.close()
    again = opened(tmp_path / "j.db")
    assert again.outcomes("print") == {"1": "EA"}
    again.write(Batch([entry(2)], outcomes=[("print", "2", "EB")]))
    assert again.outcomes("print", 1) == {"2": "EB"}
    again.close()


def test_the_simulated_store_closes_its_ledger(tmp_path: Path) -> None:
    InlineStore(opened(tmp_path / "j.db"), lambda: 1).close()
    opened(tmp_path / "j.db").close()
