"""The counter's own judgement of a lot's account: from where the originals lie, and each way in which it may be wrong."""

from typing import Any

import pytest

from simulators.receipts import (
    BACK,
    UNREAD,
    Closed,
    Receipt,
    absent,
    judge_lot,
    make_receipts,
    orders_without_documents,
    resting,
)
from simulators.scene import Scene

KEY = b"k" * 32
NONE = ("passport", "n" * 32)
KEYS = {place: ("passport", place[0] * 32) for place in ("chute:1", BACK, "desk")}
RECEIPT = Receipt(
    "R1", green=False, signed_ms=1, listed=dict.fromkeys([*KEYS.values(), NONE], "s"),
    there={**{key: (n,) for n, key in enumerate(KEYS.values())}, NONE: ()},
)  # fmt: skip
LYING = dict(enumerate(KEYS))
COUNTS = {"dispatched": 1, "returned": 1, "missing": 2, "open": 0}


def account(**changed: str) -> dict[str, Any]:
    outcomes = {"c": "dispatched", "r": "returned to issuer", "d": "missing", "n": "missing"} | changed
    rows = [{"kind": kind, "token": token, "outcome": outcomes[token[0]]} for kind, token in RECEIPT.listed]
    return {"documents": rows, "orders": [{"order_id": "O1"}]}


def judged(lying: dict[int, str] = LYING, file: dict[str, Any] | None = None, **counts: int) -> list[str]:
    return judge_lot(RECEIPT, Closed("OK", COUNTS | counts, file), lying)


def test_a_true_account_is_clean() -> None:
    assert judged() == judged(file=account()) == []


@pytest.mark.parametrize(
    ("what", "number"), [("dispatched", 2), ("dispatched", 0), ("returned", 0), ("returned", 2), ("missing", 0), ("open", 1)]
)
def test_a_false_count_is_found(what: str, number: int) -> None:
    assert len(judged(**{what: number})) == 1


@pytest.mark.parametrize(
    ("where", "outcome"),
    [
        ("c", "missing"), ("r", "dispatched"), ("r", "missing"), ("d", "dispatched"), ("d", "returned to issuer"),
        ("n", "no order"),
    ],
)  # fmt: skip
def test_a_false_row_of_the_file_is_found(where: str, outcome: str) -> None:
    assert judged(file=account(**{where: outcome}))


def test_a_file_that_lists_something_else_or_twice_is_found() -> None:
    whole = account()
    rows = whole["documents"]
    for documents in (rows[:-1], [*rows, rows[0]], rows[::-1]):
        assert "each document once" in judged(file={**whole, "documents": documents})[0]
    assert judged(file={**whole, "orders": whole["orders"] * 2}) == ["lot R1: its file names an order twice"]


def test_one_that_could_not_be_read_and_was_given_back_may_be_missing() -> None:
    lying = {**LYING, 1: UNREAD}
    assert judged(lying, account(r="missing"), returned=0, missing=3) == []
    assert judged(lying, account(r="dispatched"), returned=0, missing=2)


def test_what_was_not_closed_or_not_told_is_found() -> None:
    for closed in (Closed("LEAD_NEEDED", None, None), Closed("OK", None, None)):
        assert "could not be closed" in judge_lot(RECEIPT, closed, LYING)[0]


def test_lists_have_everything_once_and_what_is_nowhere() -> None:
    scene = Scene(3, 300, {"second_copy": 0.05, "no_order": 0.05}, files=0.3)
    receipts = make_receipts(scene, KEY, 1)
    listed = [key for receipt in receipts for key in receipt.listed]
    assert len(listed) == len(set(listed)) > 250
    nowhere = [key for receipt in receipts for key, there in receipt.there.items() if not there]
    assert set(nowhere) == {absent(3, n, m) for n in range(len(receipts)) for m in range(100)} & set(listed)
    there = {index for receipt in receipts for indexes in receipt.there.values() for index in indexes}
    paper = {document.index for document in scene.documents if document.order_id in scene.files}
    unlisted = {document.index for document in scene.documents} - there - paper
    assert nowhere
    assert unlisted
    assert not there & paper
    orders = orders_without_documents(receipts, {"order_id": "O1", "files": [], "product": "EMS"}, 3)
    assert 0 < len(orders) < len(nowhere)
    assert {order["documents"][0]["token"] for order in orders} <= {token for _, token in nowhere}
    assert not any("files" in order for order in orders)


def test_where_documents_rest() -> None:
    first, second, third = Scene(1, 3, 0.0).documents[:3]
    first.place = second.place = BACK
    first.desk_key, second.desk_key = "M1-1", "M1-2"
    assert resting([first, second, third], {third.index: "chute:2"}, {"M1-1"}) == {0: BACK, 1: UNREAD, 2: "chute:2"}
