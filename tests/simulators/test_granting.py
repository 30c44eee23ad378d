"""Central's side of the leases: one lot has one line at a time, whatever dies (I4)."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulators.granting import Granting, Message

LINES = ("line-1", "line-2", "line-3")
LEASE_MS, MARGIN_MS = 1000, 300


class Clock:
    def __init__(self) -> None:
        self.now_ms = 10_000

    def __call__(self) -> int:
        return self.now_ms


def order(order_id: str) -> dict[str, Any]:
    return {"order_id": order_id}


def site(clock: Clock, **options: Any) -> Granting:
    lots = {f"LOT-{n}": [order(f"O{n}{k}") for k in range(2)] for n in (1, 2, 3)}
    planned = {f"LOT-{n}": f"line-{n}" for n in (1, 2, 3)}
    return Granting(lots, **{"planned": planned, "lease_ms": LEASE_MS, "margin_ms": MARGIN_MS, "now_ms": clock, **options})


def asked(granting: Granting, line: str, want: str = "manifest", **more: Any) -> list[dict[str, Any]]:
    answers = granting.answer(line, {"want": want, "journal_id": f"J-{line}", "boot": 1, **more})
    assert all(message.line == line for message in answers)
    return [json.loads(message.payload) for message in answers]


def ended(granting: Granting, line: str, order_id: str) -> list[Message]:
    return granting.told(line, {"kind": "dispatched", "body": {"order_id": order_id}})


def test_without_leases_a_lot_is_the_lines_for_ever() -> None:
    granting = site(Clock(), lease_ms=0)
    (granted,) = asked(granting, "line-1")
    assert (granted["lot"], "epoch" in granted) == ("LOT-1", False)
    assert asked(granting, "line-1", "leases") == []
    assert granting.stands("line-1") == []


def test_a_lease_is_answered_for_the_boot_that_asks_and_never_shortened_under_its_epoch() -> None:
    clock = Clock()
    granting = site(clock)
    (granted,) = asked(granting, "line-1")
    assert (granted["epoch"], granted["lease_end_ms"]) == (1, 11_000)
    clock.now_ms = 14_000
    (told,) = asked(granting, "line-1", "leases")
    assert (told["epoch"], told["end_ms"], told["journal_id"], told["boot"], told["central_ms"]) == (
        1, 15_000, "J-line-1", 1, 14_000,
    )  # fmt: skip
    clock.now_ms = 12_000
    assert asked(granting, "line-1", "leases")[0]["end_ms"] == 15_000
    assert asked(granting, "line-1")[0]["epoch"] == 1, "asked again it is the same grant"


def test_a_lot_goes_on_only_a_margin_after_its_lease_and_only_while_its_line_is_away() -> None:
    clock = Clock()
    granting = site(clock)
    asked(granting, "line-2")
    clock.now_ms += LEASE_MS + MARGIN_MS
    assert granting.overdue() == [], "the line is there"
    granting.seen("line-2", online=False)
    clock.now_ms -= 1
    assert granting.overdue() == []
    clock.now_ms += 1
    (lot,) = granting.overdue()
    granting.grant(lot, "line-3")
    assert (lot.line, lot.epoch) == ("line-3", 3)
    assert granting.regranted == [("LOT-2", "line-3", 3)]
    (word,) = asked(granting, "line-2", "leases")
    assert (word["epoch"], word["end_ms"]) == (3, 0), "who had it hears that it is over"


def test_nothing_is_renewed_for_a_line_that_is_away() -> None:
    clock = Clock()
    granting = site(clock)
    for line in LINES:
        asked(granting, line)
    granting.seen("line-2", online=False)
    assert [message.line for message in granting.renew()] == ["line-1", "line-3"]
    granting.seen("line-2", online=True)
    assert [message.line for message in granting.renew()] == list(LINES)


def test_what_ended_before_is_not_granted_again_and_what_ends_late_is_taken_back() -> None:
    granting = site(Clock())
    asked(granting, "line-2")
    assert ended(granting, "line-2", "O20") == []
    (lot,) = granting.stands("line-2")
    granting.grant(lot, "line-3")
    (again,) = asked(granting, "line-3", lot="LOT-2")
    assert [order["order_id"] for order in again["orders"]] == ["O21"]
    (cancel,) = ended(granting, "line-2", "O21")
    assert (cancel.line, cancel.topic, json.loads(cancel.payload)["order_id"]) == ("line-3", "cancel", "O21")
    assert ended(granting, "line-3", "nobody's") == []


def test_a_line_gets_the_lot_whose_barcode_it_scanned_and_no_other_lines() -> None:
    granting = site(Clock(), planned={})
    assert asked(granting, "line-1", lot="LOT-3")[0]["lot"] == "LOT-3"
    assert asked(granting, "line-2", lot="LOT-3") == []
    assert asked(granting, "line-2")[0]["lot"] == "LOT-1"
    assert asked(granting, "line-1", "tea") == []


def test_next_is_a_lot_that_it_has_not_yet_and_only_of_kinds_that_it_runs() -> None:
    granting = site(Clock(), planned={})
    granting.lots["LOT-1"].kinds = frozenset({"passport"})
    (first,) = asked(granting, "line-1", "next", kinds=["resident_id"])
    assert first["lot"] == "LOT-2"
    assert [one["lot"] for one in asked(granting, "line-1", "next", kinds=["resident_id", "passport"])] == ["LOT-1"]
    assert [one["lot"] for one in asked(granting, "line-1", "next")] == ["LOT-3"]
    assert asked(granting, "line-1", "next") == []


def test_a_cancellation_is_told_at_once_and_again_for_what_lies_in_an_open_bag() -> None:
    granting = site(Clock())
    asked(granting, "line-1")
    (said,) = granting.cancel("O10")
    assert (said.line, said.topic) == ("line-1", "cancel")
    (again,) = asked(granting, "line-1", "cancellations", orders=["O11", "O10"])
    assert again == json.loads(said.payload)
    assert granting.cancel("O20") == [], "nobody has it yet"


class Site:
    """Lines that obey their lease: each feeds a lot until the end that it was told last, and no longer."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.granting = site(self.clock, planned={})
        self.until: dict[tuple[str, str], tuple[int, int]] = {}
        self.standing: set[str] = set()

    def hears(self, line: str, words: list[dict[str, Any]]) -> None:
        for word in words:
            key, told = (line, word["lot"]), (word["epoch"], word.get("lease_end_ms", word.get("end_ms", 0)))
            self.until[key] = max(self.until.get(key, (0, 0)), told)

    def ask(self, line: str) -> None:
        if line not in self.standing:
            self.hears(line, asked(self.granting, line))

    def die(self, line: str) -> None:
        self.granting.seen(line, online=False)

    def come(self, line: str) -> None:
        self.granting.seen(line, online=True)
        self.standing.discard(line)
        self.until = {key: value for key, value in self.until.items() if key[0] != line}
        self.hears(line, asked(self.granting, line, "leases"))

    def stand(self, line: str) -> None:
        self.standing.add(line)
        self.die(line)
        for lot in self.granting.stands(line):
            self.granting.grant(lot, LINES[(LINES.index(line) + 1) % 3])

    def move(self, line: str) -> None:
        for lot in self.granting.overdue():
            self.granting.grant(lot, line)

    def wait(self, _: str) -> None:
        self.clock.now_ms += 400

    def holders(self, lot: str) -> list[str]:
        live = [line for line in LINES if line not in self.standing]
        return [line for line in live if self.until.get((line, lot), (0, 0))[1] > self.clock.now_ms]


STEPS = ("ask", "die", "come", "stand", "move", "wait")


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(LINES)), max_size=40))
def test_no_two_lines_ever_hold_one_lot(moves: list[tuple[str, str]]) -> None:
    all_lines = Site()
    for what, line in moves:
        getattr(all_lines, what)(line)
        for lot in all_lines.granting.lots:
            assert len(all_lines.holders(lot)) <= 1, (lot, all_lines.holders(lot))
