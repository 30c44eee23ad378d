"""Any record that is flipped, dropped, swapped, added or cut before the last anchor is found; the tail behind it is named."""

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.runtime.ledger import Ledger
from edge.runtime.records import Batch, Entry, JournalError, journal_key
from edge.runtime.verify import Anchor, Verified, read_anchors, verify

KEY = journal_key(b"k" * 32)
RECORDS, ANCHORED = 12, 9
COLUMNS = ("seq", "journal_id", "boot", "at_us", "kind", "version", "body", "chain")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal of twelve records, anchored at the ninth."""
    folder = tmp_path_factory.mktemp("journal")
    ledger = Ledger(str(folder / "j.db"), KEY, folder / "anchors.jsonl")
    ledger.open(lambda: "j1")
    for n in range(RECORDS):
        ledger.write(Batch([Entry(n, "Kind", 1, f'{{"n":{n}}}'.encode())]))
        if n + 1 == ANCHORED:
            ledger.anchor(5)
    ledger.close()
    return folder


def proved(folder: Path, damage: str = "", *values: object) -> Verified:
    """The verdict on a damaged copy."""
    path = folder / "copy.db"
    path.unlink(missing_ok=True)
    source, copy = sqlite3.connect(folder / "j.db"), sqlite3.connect(path)
    with source, copy:
        source.backup(copy)
        if damage:
            copy.execute(damage, values)
    source.close()
    copy.close()
    return verify(path, KEY, read_anchors(folder / "anchors.jsonl"))


def test_an_honest_journal(original: Path) -> None:
    found = proved(original)
    assert found == Verified("j1", RECORDS, 1, 1, ANCHORED, "")
    assert found.unanchored == RECORDS - ANCHORED
    with pytest.raises(JournalError, match="there is no such journal"):
        verify(original / "none.db", KEY, [])
    with pytest.raises(JournalError, match="Is this a line's journal"):
        verify(original / "anchors.jsonl", KEY, [])


def test_another_key_and_another_past(original: Path) -> None:
    assert "key is wrong" in verify(original / "j.db", b"x" * 32, []).fault
    other = [Anchor("j1", 4, "00" * 16)]
    assert "written anew" in verify(original / "j.db", KEY, other).fault


def test_a_cut_tail_is_seen_up_to_the_last_anchor(original: Path) -> None:
    for keep in range(RECORDS):
        found = proved(original, "DELETE FROM record WHERE seq > ?", keep)
        assert bool(found.fault) == (keep < ANCHORED), keep
        if found.fault:
            assert found.fault == f"cut: record {ANCHORED} was anchored, and the journal ends at record {keep}"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, RECORDS), column=st.sampled_from(COLUMNS[1:]), bit=st.integers(0, 10_000))
def test_a_flipped_bit_is_found(original: Path, seq: int, column: str, bit: int) -> None:
    connection = sqlite3.connect(original / "j.db")
    (value,) = connection.execute(f"SELECT {column} FROM record WHERE seq = ?", (seq,)).fetchone()
    connection.close()
    if isinstance(value, int):
        damaged: object = value ^ (1 << bit % 40)
    else:
        data = bytearray(value.encode() if isinstance(value, str) else value)
        data[bit // 8 % len(data)] ^= 1 << bit % 7
        damaged = data.decode() if isinstance(value, str) else bytes(data)
    found = proved(original, f"UPDATE record SET {column} = ? WHERE seq = ?", damaged, seq)
    assert found.fault.startswith(f"record {seq} ")


@pytest.mark.parametrize("seq", range(1, RECORDS))
def test_a_dropped_or_swapped_or_doubled_record_is_found(original: Path, seq: int) -> None:
    assert (
        proved(original, "DELETE FROM record WHERE seq = ?", seq).fault == f"record {seq} is missing: the next one is {seq + 1}"
    )
    swapped = proved(original, "UPDATE record SET seq = CASE seq WHEN ? THEN -1 ELSE seq END", seq)
    assert swapped.fault
    moved = "UPDATE record SET seq = seq + 100 WHERE seq >= ?"
    assert proved(original, moved, seq).fault == f"record {seq} is missing: the next one is {seq + 100}"


def test_a_line_that_is_no_anchor(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    for text in ("{", json.dumps({"seq": 1}), json.dumps([1])):
        path.write_text(text + "\n", "utf-8")
        with pytest.raises(JournalError, match="line 1 is no anchor"):
            read_anchors(path)
