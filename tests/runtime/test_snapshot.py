"""A start behind a snapshot is the same as a start from the beginning; nothing but our own objects comes out of one."""

import pickle
import zlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.commands import Outcome
from edge.core.controller import Controller
from edge.core.events import Booted, Carried, DocumentRejected, Event, LinkUp, OperatorRequest, OrderAmended, OrderCancelled
from edge.core.invariants import Auditor
from edge.core.page_events import FileChecked, FileDeleted, SheetsFailed, SheetsPrinted
from edge.core.values import Address, DocumentKey, Order, OrderId
from edge.runtime import snapshot as module
from edge.runtime.keeper import make_snapshot
from edge.runtime.ledger import Head, Ledger
from edge.runtime.records import Batch, Entry, JournalError
from edge.runtime.replay import replay, steps
from edge.runtime.snapshot import (
    Snapshot,
    core_digest,
    freeze,
    proved_seq,
    read_snapshot,
    seal,
    state_digest,
    thaw,
    unseal,
    write_snapshot,
)  # fmt: skip
from tests.core.line import PLAN, SETTINGS, Line
from tests.core.test_certificates import certificate
from tests.runtime.test_replay import Recorder

KEY = b"k" * 32


def outcomes(line: Recorder) -> list[tuple[str, str, str]]:
    return [(command.table, command.key, command.value) for command in line.said(Outcome)]


class Written:
    """A ledger that is fed from a scripted line."""

    def __init__(self, path: Path | str = ":memory:", orders: list[Order] | None = None) -> None:
        self.ledger = Ledger(str(path), KEY)
        self.ledger.open(lambda: "j1")
        self.line = Recorder(orders)
        self.entries = self.rows = 0

    def catch_up(self) -> None:
        entries, rows = self.line.entries[self.entries :], outcomes(self.line)[self.rows :]
        self.entries, self.rows = len(self.line.entries), self.rows + len(rows)
        self.ledger.write(Batch(entries, outcomes=rows))

    def snapshot(self, before: Snapshot | None = None) -> Snapshot:
        self.catch_up()
        made = make_snapshot(self.ledger, "j1", SETTINGS, PLAN, before)
        assert made is not None
        return made

    def replay(self, snapshot: Snapshot | None = None) -> Controller:
        return replay(self.ledger, core_digest(), SETTINGS, PLAN, snapshot).controller


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    monkeypatch.setattr(module, "core_digest", lambda: "")  # as the scripted line's Booted says
    monkeypatch.setattr("edge.runtime.keeper.core_digest", lambda: "")
    monkeypatch.setattr("tests.runtime.test_snapshot.core_digest", lambda: "")
    return Written()


def test_the_same_state_from_the_beginning_and_behind_each_of_two_snapshots(written: Written) -> None:
    line = written.line
    line.through(1)
    line.to_labelled(2)
    first = written.snapshot()
    line.through(3)
    line.to_weighed(4)
    second = written.snapshot(first)
    line.feed(5)
    line.read(5)
    written.catch_up()
    wanted = state_digest(line.controller)
    assert {state_digest(written.replay(snapshot)) for snapshot in (None, first, second)} == {wanted}
    assert second.events > first.events
    written.ledger.close()


def file_said(line: Line, kind: type[Event], n: int, **fields: object) -> None:
    line.say(kind, order_id=OrderId(f"O{n}"), index=0, **fields)


def test_sheets_stand_as_they_did_from_the_beginning_and_behind_a_snapshot(written: Written) -> None:
    written.ledger.close()
    written = Written(orders=[certificate(n) for n in range(1, 6)])
    line = written.line
    line.say(LinkUp, link="document_printer")
    for n in (1, 2, 3):
        file_said(line, FileChecked, n)
    file_said(line, SheetsPrinted, 1, sheets=3)
    snapshot = written.snapshot()
    file_said(line, FileDeleted, 1)
    file_said(line, SheetsFailed, 2, sent=True, reason="silence")
    line.act("destroy_sheets", order="O2", file="0", sheets="2", second="P2")
    file_said(line, FileChecked, 4, fault="ENCRYPTED")
    line.say(OrderCancelled, order_id=OrderId("O5"), version=1)
    written.catch_up()
    wanted = state_digest(line.controller)
    assert {state_digest(written.replay(one)) for one in (None, snapshot)} == {wanted}
    states = {one.order_id: one.state for one in written.replay(snapshot).certificates.all.values()}
    assert states == {"O1": "printed", "O2": "fetching", "O3": "printing", "O4": "refused", "O5": "withdrawn"}
    rows = written.ledger.outcomes("sheet")
    assert rows == {"O1/0/1": "printed", "O2/0/1": "destroyed", "O3/0/1": "printing"}
    # A lost row would let it be printed again by the next release, so it forbids the start.
    written.ledger.sql.execute("DELETE FROM outcome WHERE name = 'sheet' AND key = 'O1/0/1'")
    with pytest.raises(JournalError, match="differ in sheet"):
        written.replay()
    written.ledger.close()


def test_a_thawed_core_goes_on_as_the_one_that_was_frozen() -> None:
    live = Line()
    live.to_labelled(1)
    live.feed(2)
    copy = Line(started=False)
    copy.controller, copy.auditor = thaw(freeze(live.controller, live.auditor))
    copy.now_ms, copy.commands = live.now_ms, []
    assert copy.auditor._controller is copy.controller
    live.commands = []
    for line in (live, copy):
        line.read(2)
        line.expose(1)
        line.say(OperatorRequest, request_id="r", person="P", act="bind_bag", argument={"chute": "1", "bag": "B7"})
    assert copy.commands == live.commands
    assert state_digest(copy.controller) == state_digest(live.controller)


def test_two_states_that_differ_have_two_digests() -> None:
    one, other = Line(), Line()
    assert state_digest(one.controller) == state_digest(other.controller)
    other.feed(1)
    assert state_digest(one.controller) != state_digest(other.controller)


@pytest.mark.parametrize("change", ["journal_id", "core", "seq", "chain"])
def test_a_snapshot_of_something_else_proves_nothing(written: Written, change: str) -> None:
    made = written.snapshot()
    assert proved_seq(made, written.ledger) == made.seq == written.ledger.head().seq
    other = {"journal_id": "j2", "core": "other", "seq": made.seq - 1, "chain": b"\0" * 16}[change]
    assert proved_seq(msgspec.structs.replace(made, **{change: other}), written.ledger) == 0
    assert proved_seq(None, written.ledger) == 0
    written.ledger.close()


def test_rows_that_were_lost_behind_a_snapshot_forbid_the_start(written: Written) -> None:
    written.line.through(1)
    made = written.snapshot()
    written.line.through(2)
    written.catch_up()
    written.ledger.sql.execute("DELETE FROM outcome WHERE name = 'dispatched' AND key = 'O2'")
    with pytest.raises(JournalError, match="differ in dispatched"):
        written.replay(made)
    written.ledger.close()


def test_behind_a_snapshot_only_the_rest_is_proved(written: Written, tmp_path: Path) -> None:
    written.ledger.close()
    there = Written(tmp_path / "j.db")
    there.line.through(1)
    made = there.snapshot()
    there.line.through(2)
    there.catch_up()
    there.ledger.sql.execute("UPDATE record SET body = x'00' WHERE seq = ?", (made.seq - 1,))
    there.ledger.close()
    again = Ledger(str(tmp_path / "j.db"), KEY)
    again.open(lambda: "j1", lambda journal: proved_seq(made, journal))
    assert again.head().seq > made.seq
    again.sql.execute("UPDATE record SET body = x'00' WHERE seq = ?", (made.seq + 1,))
    again.close()
    with pytest.raises(JournalError, match="does not fit the chain"):
        Ledger(str(tmp_path / "j.db"), KEY).open(lambda: "j1", lambda journal: proved_seq(made, journal))


def test_what_another_core_has_decided_since_the_snapshot_is_not_replayed(written: Written) -> None:
    written.line.through(1)
    made = written.snapshot()
    written.line.say(Booted, boot=2, journal_id="j1", version="t", core="another")
    written.catch_up()
    replayed = replay(written.ledger, "", SETTINGS, PLAN, made)
    assert replayed.carry is not None
    assert replayed.carry["dispatched"] == {"O1": "EA000000001CN"}
    assert not replayed.controller.items.all
    assert make_snapshot(written.ledger, "j1", SETTINGS, PLAN, made) is None
    # What the next boot writes first is where its own replays begin.
    written.line.entries = [
        Entry(
            written.line.now_ms * 1000, "Booted", 1, msgspec.json.encode(Booted(at_us=0, boot=3, journal_id="j1", version="t"))
        ),
        Entry(written.line.now_ms * 1000, "Carried", 1, msgspec.json.encode(Carried(at_us=0, rows=replayed.carry))),
    ]
    written.entries = 0
    written.catch_up()
    again = replay(written.ledger, "", SETTINGS, PLAN, made)
    assert again.carry is None
    assert again.controller.floor.pool.state["O1"].value == "dispatched"
    assert again.controller.labels.next_print_id == 2
    written.ledger.close()


def test_another_core_takes_amendments_as_they_were_answered(written: Written) -> None:
    line, elsewhere = written.line, Address("441900", "x", "y", "z")
    line.feed(1)
    line.read(1)
    line.say(OrderAmended, order_id=OrderId("O1"), version=1, address=elsewhere)  # too late
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    for n, version in ((2, 1), (3, 4)):
        line.say(OrderAmended, order_id=OrderId(f"O{n}"), version=version, address=elsewhere)
    line.say(OrderAmended, order_id=OrderId("O3"), version=3, address=Address("440106", "x", "y", "z"))  # old
    wanted = {n: line.controller.floor.pool.orders[OrderId(f"O{n}")].address for n in (1, 2, 3)}
    assert [wanted[n] == elsewhere for n in (1, 2, 3)] == [False, True, True]
    line.say(Booted, boot=2, journal_id="j1", version="t", core="another")
    written.catch_up()
    replayed = replay(written.ledger, "", SETTINGS, PLAN)
    assert replayed.carry is not None
    assert replayed.carry["amended"] == {"O2": "1", "O3": "4"}
    entries = [
        Entry(line.now_ms * 1000, kind, 1, msgspec.json.encode(event))
        for kind, event in (
            ("Booted", Booted(at_us=0, boot=3, journal_id="j1", version="t")),
            ("Carried", Carried(at_us=0, rows=replayed.carry)),
        )
    ]
    line.entries, written.entries = entries, 0
    written.catch_up()
    *_, last = steps(written.ledger.records(), Controller(SETTINGS, PLAN))
    for controller in (replayed.controller, written.replay(), last.controller):
        pool = controller.floor.pool
        assert {n: pool.orders[OrderId(f"O{n}")].address for n in wanted} == wanted
    written.ledger.close()


# --- the file ---
def a_snapshot() -> Snapshot:
    controller = Controller(SETTINGS, PLAN)
    return Snapshot("j1", 7, b"\1" * 16, "core", 5, 3, freeze(controller, Auditor(controller)))


def test_the_file_comes_back_only_with_its_key(tmp_path: Path) -> None:
    path = tmp_path / "j.snapshot"
    assert read_snapshot(path, KEY) is None
    write_snapshot(path, a_snapshot(), KEY)
    assert read_snapshot(path, KEY) == a_snapshot()
    assert read_snapshot(path, b"x" * 32) is None
    assert [entry.name for entry in tmp_path.iterdir()] == ["j.snapshot"]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 4000), st.integers(1, 255))
def test_no_flipped_byte_is_believed(at: int, change: int) -> None:
    data = bytearray(seal(a_snapshot(), KEY))
    data[at % len(data)] ^= change
    assert unseal(bytes(data), KEY) is None


@pytest.mark.parametrize("data", [b"", b"short", b"\0" * 200])
def test_rubbish_is_no_snapshot(data: bytes) -> None:
    assert unseal(data, KEY) is None


@pytest.mark.parametrize("thing", [print, pickle.loads, Path("/etc/passwd"), getattr])
def test_nothing_but_the_cores_objects_comes_out(thing: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="must not name"):
        thaw(zlib.compress(pickle.dumps(thing)))


def test_methods_of_others_do_not_come_out() -> None:
    with pytest.raises(pickle.UnpicklingError, match="none of the core's"):
        module.bound([], "append")


def test_the_digest_of_the_core_names_its_source() -> None:
    assert core_digest() == core_digest()
    assert len(core_digest()) == 16
    assert Head(1, b"") != Head(2, b"")
