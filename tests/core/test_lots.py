"""Receipt lots: every listed document has an outcome when its lot closes, and differences have a signature."""

import itertools

import pytest

from edge.core.commands import Answer, Publish
from edge.core.events import ClockRead, DocumentRejected, LotFiled, LotReceived, OrderCancelled
from edge.core.lots import LISTED_TABLE, Listed, Lots
from edge.core.values import DocumentKey, LotId, OrderDocument, OrderId
from tests.core.line import Line

MINUTE_MS = 60_000
SIGNED_MS = 1_790_000_000_000


def receive(line: Line, lot: str, *tokens: str, green: bool = False, signed_ms: int = SIGNED_MS) -> None:
    documents = tuple(OrderDocument("resident_id", token, "s" + token) for token in tokens)
    line.say(LotReceived, lot=LotId(lot), issuer="样例公安局", signed_ms=signed_ms, documents=documents, green=green)


def code(line: Line, act: str, **argument: str) -> str:
    return next(c.code for c in line.act(act, **argument) if isinstance(c, Answer))


def reject(line: Line, n: int, *, token: str) -> None:
    line.feed(n)
    line.read(n, token=token)
    line.say(DocumentRejected, document=DocumentKey(f"D1-{n}"))


def listed(line: Line, lot: str) -> dict[str, str]:
    return {token: state.value for (_, token), state in line.controller.lots.all[LotId(lot)].listed.items()}


def told(line: Line, kind: str) -> list[dict]:
    return [c.body for c in line.said(Publish) if c.kind == kind]


WHAT = sorted({what for _, what in LISTED_TABLE})


@pytest.mark.parametrize(("state", "what"), list(itertools.product(Listed, WHAT)))
def test_listed_table(state: Listed, what: str) -> None:
    line = Line(started=False)
    receive(line, "R1", "token1")
    lot = line.controller.lots.all[LotId("R1")]
    lot.listed["resident_id", "token1"] = state
    line.controller.lots.happened("resident_id", "token1", what)
    assert lot.listed["resident_id", "token1"] is LISTED_TABLE.get((state, what), state)


def test_a_lot_from_its_receipt_to_its_closing() -> None:
    line = Line()
    receive(line, "R1", "token1", "no order", "token3", "token4")
    line.through(1)
    reject(line, 10, token="no order")
    line.say(OrderCancelled, order_id=OrderId("O3"), version=1)
    reject(line, 11, token="token3")
    reject(line, 12, token="stranger")
    assert listed(line, "R1") == {"token1": "dispatched", "no order": "no order", "token3": "cancelled", "token4": "open"}
    line.feed(4)
    line.read(4)
    assert code(line, "close_lot", lot="R1", lead="L1") == "DOCUMENTS_ON_LINE"
    line.say(DocumentRejected, document=DocumentKey("D1-4"))
    assert code(line, "return_to_issuer", documents="D1-11") == "OK"
    assert code(line, "close_lot", lot="R1", lead="") == "LEAD_NEEDED"
    assert code(line, "close_lot", lot="R1", lead="P1") == "LEAD_NEEDED", "nobody signs for themselves"
    assert code(line, "close_lot", lot="R1", lead="L1") == "OK"
    assert code(line, "close_lot", lot="R1", lead="L1") == "NO_SUCH_LOT"
    (body,) = told(line, "lot_reconciled")
    assert {name: body[name] for name in ("dispatched", "no_order", "returned", "missing", "surplus", "open")} == {
        "dispatched": 1, "no_order": 1, "returned": 1, "missing": 1, "surplus": 1, "open": 0,
    }  # fmt: skip
    assert body["lead"] == "L1"


def test_the_account_of_a_closed_lot_is_told_once_and_a_fault_is_shown_until_it_lies_there() -> None:
    line = Line()
    lots = line.controller.lots
    filed = {"lot": LotId("R1"), "account": 1, "file": "R1-0.json", "sha256": "00", "size_bytes": 7, "key": "11"}
    for n, lot in ((1, "R1"), (2, "R2")):
        receive(line, lot, f"token{n}")
        line.through(n)
    line.say(LotFiled, **filed)
    assert not told(line, "lot_filed"), "it is open"
    for lot in ("R1", "R2"):
        assert code(line, "close_lot", lot=lot, lead="") == "OK"
    assert list(lots.unfiled) == ["R1", "R2"]
    standing = line.controller.floor.conditions.active
    line.say(LotFiled, lot=LotId("R1"), fault="disk")
    assert "LOT_NOT_FILED" in standing
    line.say(LotFiled, **filed)
    assert "LOT_NOT_FILED" in standing, "the other one is not there yet"
    line.say(LotFiled, **{**filed, "lot": LotId("R2")})
    assert "LOT_NOT_FILED" not in standing
    line.say(LotFiled, **filed)
    line.say(LotFiled, lot=LotId("R1"), fault="disk")
    assert "LOT_NOT_FILED" not in standing
    assert [body["lot"] for body in told(line, "lot_filed")] == ["R1", "R2"]
    assert told(line, "lot_filed")[0] == filed


def test_a_lot_without_differences_needs_no_signature() -> None:
    line = Line()
    receive(line, "R1", "token1")
    line.through(1)
    assert code(line, "close_lot", lot="R1", lead="") == "OK"


def test_a_document_without_an_order_that_gets_one() -> None:
    line = Line()
    receive(line, "R1", "late")
    reject(line, 10, token="late")
    assert code(line, "feed_again", documents="D1-10") == "OK"
    assert listed(line, "R1") == {"late": "open"}
    reject(line, 11, token="late")
    assert code(line, "damaged", documents="D1-11") == "OK"
    assert listed(line, "R1") == {"late": "damaged"}


def test_two_lots_on_the_belt() -> None:
    line = Line()
    receive(line, "R1", "token1", signed_ms=SIGNED_MS + 5)
    receive(line, "R2", "token2", green=True, signed_ms=SIGNED_MS + 9)
    receive(line, "R3", "token3")
    assert [lot.lot_id for lot in line.controller.lots.open_lots()] == ["R2", "R3", "R1"], "green channel, then the oldest"
    for n in (1, 2):
        line.feed(n)
        line.read(n)
    reject(line, 9, token="behind the second")
    assert told(line, "document_surplus") == [{"document": "D1-9", "lot": "R2"}]
    assert code(line, "close_lot", lot="R1", lead="L1") == "DOCUMENTS_ON_LINE"
    assert code(line, "close_lot", lot="R3", lead="L1") == "OK"


def test_what_is_listed_twice_is_refused_whole() -> None:
    line = Line()
    receive(line, "R1", "token1")
    receive(line, "R1", "token2")
    receive(line, "R2", "token3", "token1")
    receive(line, "R3", "token4", "token4")
    assert [body["lot"] for body in told(line, "lot_refused")] == ["R1", "R2", "R3"]
    assert list(line.controller.lots.all) == ["R1"]


def test_without_lots_nothing_is_surplus() -> None:
    line = Line()
    reject(line, 1, token="stranger")
    assert not told(line, "document_surplus")
    assert isinstance(line.controller.lots, Lots)


# --- the time limit ---
def test_the_clock_runs_from_the_signature_to_the_closed_bag() -> None:
    line = Line()
    floor = line.controller.floor
    receive(line, "R1", "token1", signed_ms=SIGNED_MS - 90 * MINUTE_MS)
    line.through(1)
    line.through(2)
    assert floor.clocks.attainment(floor.settings) == []
    assert code(line, "close_bag", chute="2", bag="B2") == "OK"
    (row,) = floor.clocks.attainment(floor.settings)
    assert (row.product, row.orders, row.p90_min, row.within_permille) == ("EMS", 2, 90, 1000)


def test_a_warning_before_the_limit_is_missed() -> None:
    line = Line()
    floor = line.controller.floor
    receive(line, "R1", "token1", "token2", signed_ms=SIGNED_MS - 23 * 60 * MINUTE_MS)
    line.say(ClockRead, wall_ms=SIGNED_MS + line.now_ms + 1)
    assert list(floor.clocks.near) == ["O1", "O2"]
    assert "TIME_LIMIT_NEAR" in floor.conditions.active
    line.through(1)
    assert code(line, "close_bag", chute="2", bag="B2") == "OK"
    line.say(OrderCancelled, order_id=OrderId("O2"), version=1)
    line.say(ClockRead, wall_ms=SIGNED_MS + line.now_ms + 1)
    assert "TIME_LIMIT_NEAR" not in floor.conditions.active


def test_an_order_that_took_too_long() -> None:
    line = Line()
    floor = line.controller.floor
    receive(line, "R1", "token1", signed_ms=SIGNED_MS - 25 * 60 * MINUTE_MS)
    line.through(1)
    line.through(2)
    code(line, "close_bag", chute="2", bag="B2")
    (row,) = floor.clocks.attainment(floor.settings)
    assert (row.median_min, row.p90_min, row.within_permille) == (0, 1500, 500)
    assert floor.settings.limit_min("unheard of") == 1440


def test_what_is_told_of_a_received_lot() -> None:
    line = Line()
    receive(line, "R1", "token1", "token2", green=True)
    assert told(line, "lot_received") == [{"lot": "R1", "documents": 2, "green": True}]
    assert line.controller.lots.all[LotId("R1")].issuer == "样例公安局"
