"""The account with central: both sides hash what was told, each in its own words; what is missing, twice or altered shows."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.runtime import account, ledger
from edge.runtime.account import BEGINNING, compare, next_digest, read_central
from edge.runtime.archive import opened
from edge.runtime.ledger import Ledger
from edge.runtime.outbox import Outbox
from edge.runtime.records import Batch, JournalError
from simulators.books import Books, Taken
from tests.runtime.test_central_link import MemoryStore

KEY = b"k" * 32
NOTHING = Taken(b"", None)


class Pair:
    """A line's ledger and central's books, with the events on their way between them."""

    def __init__(self, folder: Path) -> None:
        self.journal, self.file = folder / "journal.db", folder / "central.jsonl"
        self.books = Books((), self.file)
        self.open()

    def open(self) -> None:
        self.ledger = Ledger(str(self.journal), KEY)
        self.ledger.open(lambda: "J1")

    def tell(self, *numbers: int) -> None:
        """One transaction with an event for each number; its text has what JSON may write in more than one way."""
        body = json.dumps(
            {"z": None, "item": "I1-1", "text": '信封 "1"\n\x7f/', "n": numbers[0], "a": True}, ensure_ascii=False
        )
        self.ledger.write(Batch([], [("sealed", 1000 + n, body.encode()) for n in numbers]))

    def events(self) -> list[dict[str, Any]]:
        rows = self.ledger.outbox_after(0, 10_000)
        heads = [{"journal_id": "J1", "seq": row.seq, "key": f"J1:{row.seq}", "at_ms": row.at_ms} for row in rows]
        return [{**head, "kind": row.kind, "body": json.loads(row.body)} for head, row in zip(heads, rows, strict=True)]

    def store(self, *events: dict[str, Any]) -> dict[str, Any]:
        """Central stores these; its last confirmation."""
        answers = [self.books.take_event(json.dumps(event).encode()) for event in events]
        confirmation: dict[str, Any] = json.loads((answers[-1] or NOTHING).confirmation)
        return confirmation

    def compared(self) -> list[str]:
        with opened(self.journal, b"") as reader:
            told = reader.account()
        return list(compare(told, read_central(self.file, told.journal_id)).lines())


@pytest.fixture
def pair(tmp_path: Path) -> Any:
    pair = Pair(tmp_path)
    yield pair
    pair.ledger.close()


def test_both_sides_come_to_the_same_digest_in_their_own_words(pair: Pair) -> None:
    pair.tell(1, 2, 3)
    pair.tell(4)
    for first, last in ((0, 2), (2, 4)):
        confirmation = pair.store(*[event for event in pair.events() if first < event["seq"] <= last])
        assert confirmation["seq"] == last
        assert pair.ledger.outbox_confirm(last) == confirmation["digest"]
    assert pair.compared() == ["nothing missing, nothing twice: the same up to event 4; 0 wait to be told"]
    pair.tell(5, 6)
    assert pair.compared() == ["nothing missing, nothing twice: the same up to event 4; 2 wait to be told"]


def test_a_digest_stands_for_every_event_before_it() -> None:
    same = ("sealed", 1, b'{"a": 1, "b": 2}')
    one = next_digest(BEGINNING, "J", 1, same)
    assert next_digest(BEGINNING, "J", 1, ("sealed", 1, b'{"b":2,"a":1}')) == one, "order and spaces are no part of it"
    others = [
        next_digest(b"1" * 32, "J", 1, same),
        next_digest(BEGINNING, "K", 1, same),
        next_digest(BEGINNING, "J", 2, same),
        next_digest(BEGINNING, "J", 1, ("fed", 1, same[2])),
        next_digest(BEGINNING, "J", 1, ("sealed", 2, same[2])),
        next_digest(BEGINNING, "J", 1, ("sealed", 1, b'{"a": 1, "b": 3}')),
    ]
    assert len({one, *others}) == 7


def test_the_account_goes_on_after_a_restart_and_keeps_its_checkpoints(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHECKPOINT", 3)
    pair.tell(*range(1, 6))
    pair.ledger.close()
    pair.open()
    pair.tell(6, 7, 8)
    confirmation = pair.store(*pair.events())
    assert pair.ledger.outbox_confirm(7) != confirmation["digest"]
    assert sorted(pair.ledger.account().digests) == [3, 6, 7, 8]
    assert pair.ledger.outbox_confirm(8) == confirmation["digest"]
    assert pair.ledger.outbox_confirm(8) == confirmation["digest"], "a confirmation that comes again"
    assert sorted(pair.ledger.account().digests) == [3, 6, 8]
    pair.ledger.close()
    pair.open()
    pair.tell(9)
    confirmation = pair.store(*pair.events(), *pair.events())
    assert pair.ledger.outbox_confirm(9) == confirmation["digest"]
    assert pair.ledger.account()[:3] == ("J1", 9, 9)


def test_a_journal_that_has_told_without_a_digest_stays_without(pair: Pair) -> None:
    pair.tell(1, 2)
    pair.ledger.sql.execute("DELETE FROM account")
    pair.ledger.close()
    pair.open()
    pair.tell(3)
    assert pair.ledger.outbox_confirm(3) == ""
    assert pair.ledger.account().digests == {}


def lose(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["seq"] != 4]


def alter(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**event, "at_ms": event["at_ms"] + (event["seq"] == 7)} for event in events]


def repeat(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*events, events[2]]


def invent(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*events, {**events[0], "seq": 13}]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lose, ["missing: 4"]),
        (alter, ["altered: something in events 6 to 10"]),
        (repeat, ["twice: 3"]),
        (invent, ["never told: 13"]),
        (lambda events: [], ["missing: 1, 2, 3, 4, 5 and 5 more"]),
    ],
)
def test_what_is_wrong_at_central_shows(pair: Pair, spoil: Any, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "CHECKPOINT", 5)
    pair.tell(*range(1, 13))
    events = pair.events()
    pair.ledger.outbox_confirm(10)
    pair.file.write_text("".join(json.dumps(event) + "\n" for event in spoil(events)))
    assert pair.compared() == told


@pytest.mark.parametrize("line", ["no", "[]", '{"journal_id": "J1"}', '{"journal_id": "J1", "seq": "x"}'])
def test_a_line_that_is_no_event_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "c.jsonl").write_text('{"journal_id": "other"}\n' + line)
    with pytest.raises(JournalError, match="line 2 is no event"):
        read_central(tmp_path / "c.jsonl", "J1")


async def test_a_confirmation_with_a_digest_is_compared_at_once() -> None:
    class Store(MemoryStore):
        confirmed: ClassVar[list[int]] = []

        async def outbox_confirm(self, seq: int) -> str:
            self.confirmed.append(seq)
            await super().outbox_confirm(seq)
            return "" if seq == 9 else f"{seq:064x}"

    store = Store(rows=20)
    outbox = Outbox(store)
    forgetting = asyncio.ensure_future(outbox.forget())

    async def confirmed(seq: int, digest: str) -> tuple[int, int]:
        assert outbox.confirm("J1", seq, digest)
        for _ in range(5):
            await asyncio.sleep(0)
        return outbox.agreed_seq, outbox.differs_seq

    for seq, digest in ((1, ""), (2, f"{2:064x}"), (9, f"{9:064x}"), (3, "f" * 64)):
        await confirmed(seq, digest)
    assert await confirmed(4, f"{4:064x}") == (2, 0), "3 and 4 were confirmed with 9"
    await confirmed(10, "f" * 64)
    await confirmed(11, "f" * 64)
    assert await confirmed(12, f"{12:064x}") == (12, 10), "the first difference stays"
    assert store.confirmed == [1, 2, 9, 10, 11, 12]
    for seq in (13, 14, 15):
        assert outbox.confirm("J1", seq, f"{seq:064x}")
    assert await confirmed(16, f"{16:064x}") == (16, 10)
    assert store.confirmed[6:] == [16], "what comes together is deleted together"
    forgetting.cancel()


# --- the commands ---
def test_the_commands_show_and_compare(pair: Pair, tmp_path: Path) -> None:
    run = CliRunner().invoke
    pair.tell(1, 2, 3)
    pair.store(*pair.events()[:2])
    pair.ledger.outbox_confirm(2)
    shown = json.loads(run(app, ["account", "show", str(pair.journal)]).stdout)
    assert {name: shown[name] for name in ("journal_id", "sent", "confirmed", "waiting")} == {
        "journal_id": "J1", "sent": 3, "confirmed": 2, "waiting": 1,
    }  # fmt: skip
    assert sorted(shown["digests"]) == ["2", "3"]
    right = run(app, ["account", "compare", str(pair.journal), str(pair.file)])
    assert (right.exit_code, right.stdout) == (
        0, "journal J1: nothing missing, nothing twice: the same up to event 2; 1 wait to be told\n",
    )  # fmt: skip
    pair.file.write_text(pair.file.read_text().splitlines()[1])
    wrong = run(app, ["account", "compare", str(pair.journal), str(pair.file), "--json"])
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["missing"] == [1]
    assert not json.loads(wrong.stdout)["right"]


def test_what_cannot_be_compared_is_said(pair: Pair, tmp_path: Path) -> None:
    run = CliRunner().invoke
    pair.tell(1)
    (tmp_path / "bad.jsonl").write_text("no")
    sqlite3.connect(tmp_path / "old.db").close()
    for arguments, said in (
        (["compare", str(pair.journal), "none.jsonl"], "none.jsonl cannot be read"),
        (["compare", str(pair.journal), str(tmp_path / "bad.jsonl")], "is no event"),
        (["show", "none.db"], "there is no such journal"),
        (["show", str(tmp_path / "old.db")], "Is this a line's journal?"),
    ):
        refused = run(app, ["account", *arguments])
        assert refused.exit_code == 2
        assert said in refused.stderr.replace("\n", "")


def test_checkpoints_are_far_enough_apart_to_cost_nothing() -> None:
    assert account.CHECKPOINT == ledger.CHECKPOINT == 1000
