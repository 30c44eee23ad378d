"""What the line asks central for: repeated until it has come, and never more than it needs."""

import pytest

from edge.core.commands import Answer, AskCentral
from edge.core.events import LinkDown, LinkUp, OrderCancelled
from edge.core.values import OrderId
from edge.runtime.asking import AGAIN_S, BAGGED_MAX, BAGS_AGAIN_S, NEXT_AGAIN_S, Abilities, Asking, Needs, needs_of
from tests.core.line import Line


def code(line: Line, act: str, **argument: str) -> str:
    return next(c.code for c in line.act(act, **argument) if isinstance(c, Answer))


CAN = Abilities(("resident_id", "passport"), ("C5", "C4"), 8, ("[1-9][0-9]{12}",))


class Wants:
    """What a line lacks, to be turned by hand."""

    def __init__(self) -> None:
        self.unconfirmed, self.hungry = False, False
        self.bagged: list[str] = []
        needs = Needs(lambda: self.unconfirmed, lambda: self.hungry, lambda: self.bagged)
        self.asking = Asking("J1", 3, needs, CAN)
        self.asking.connected()

    def at(self, now_s: float) -> list[tuple[str, str]]:
        return [(request.want, request.lot) for request in self.asking.due(now_s)]


def test_orders_are_asked_for_again_until_they_came_and_each_request_says_what_the_line_can_run() -> None:
    wants = Wants()
    (first,) = wants.asking.due(0.0)
    assert (first.want, first.kinds, first.formats, first.thickness_max_mm, first.number_forms) == (
        "manifest", ["resident_id", "passport"], ["C5", "C4"], 8, ["[1-9][0-9]{12}"],
    )  # fmt: skip
    assert (wants.at(AGAIN_S - 0.1), wants.at(AGAIN_S)) == ([], [("manifest", "")])
    wants.asking.got_orders()
    assert wants.at(100.0) == []


def test_the_lot_whose_barcode_was_scanned_is_asked_for_at_once() -> None:
    wants = Wants()
    wants.at(0.0)
    wants.asking.orders("LOT-7")
    assert wants.at(0.1) == [("manifest", "LOT-7")]
    wants.asking.got_orders()
    wants.asking.orders()
    assert wants.at(0.2) == [("manifest", "")], "and then the next"


def test_a_line_without_work_asks_for_the_next_lot_now_and_then() -> None:
    wants = Wants()
    wants.hungry = True
    assert wants.at(0.0) == [("manifest", "")], "first its own"
    wants.asking.got_orders()
    assert [wants.at(now_s) for now_s in (1.0, 1.0 + NEXT_AGAIN_S - 0.1, 1.0 + NEXT_AGAIN_S)] == [
        [("next", "")], [], [("next", "")],
    ]  # fmt: skip


def test_open_bags_are_asked_about_once_after_each_outage() -> None:
    wants = Wants()
    wants.asking.got_orders()
    wants.bagged = [f"O{n}" for n in range(BAGGED_MAX + 1)]
    asked = list(wants.asking.due(0.0))
    assert [(request.want, len(request.orders)) for request in asked] == [("cancellations", BAGGED_MAX), ("cancellations", 1)]
    assert len({request.request_id for request in asked}) == 2
    assert wants.at(50.0) == []
    wants.asking.connected()
    assert len(wants.at(51.0)) == 2


def test_a_connection_that_comes_and_goes_does_not_ask_each_time() -> None:
    wants = Wants()
    wants.asking.got_orders()
    wants.bagged = ["O1"]
    asked = []
    for tenth in range(1000):
        if tenth % 5 == 0 and tenth < 400:
            wants.asking.connected()
        asked += [tenth / 10 for _ in wants.asking.due(tenth / 10)]
    assert asked == [0.0, BAGS_AGAIN_S, 2 * BAGS_AGAIN_S], "80 outages in 40 s: at once, now and then, and after the last one"


def test_a_question_that_did_not_get_through_is_asked_again_at_once() -> None:
    wants = Wants()
    wants.bagged = ["O1"]
    orders, bags = wants.asking.due(0.0)
    wants.asking.failed(orders)
    assert wants.at(0.1) == [], "this one is repeated in its time anyway"
    wants.asking.failed(bags)
    assert wants.at(0.2) == [("cancellations", "")]
    assert wants.at(0.3) == []


def test_needs_are_read_off_the_running_core() -> None:
    line = Line()
    needs = needs_of(line.controller)
    assert (needs.hungry(), needs.unconfirmed(), needs.bagged()) == (False, False, [])
    line.through(1)
    assert needs.bagged() == ["O1"]
    line.through(2)
    line.say(OrderCancelled, order_id=OrderId("O2"), version=1)
    assert needs.bagged() == ["O1"], "central's word about the other one has come"
    assert code(line, "take_out", chute="2", label=line.qr(2)) == "OK"
    chute = next(chute for chute, bag in line.controller.floor.bags.by_chute.items() if bag.items)
    bag = line.controller.floor.bags.by_chute[chute].bag_id
    assert code(line, "close_bag", chute=str(chute), bag=bag) == "OK"
    assert needs.bagged() == [], "what left cannot be called back"


@pytest.mark.parametrize("lot", ["", "LOT-7"])
def test_a_person_scans_a_lot_or_asks_for_the_next(lot: str) -> None:
    line = Line()
    line.say(LinkUp, link="central")
    assert code(line, "request_lot", lot=lot) == "OK"
    assert line.said(AskCentral)[-1] == AskCentral(lot=lot)
    assert code(line, "request_lot", lot="x" * 65) == "NO_SUCH_LOT"
    line.say(LinkDown, link="central", reason="lost")
    assert code(line, "request_lot", lot=lot) == "CENTRAL_LOST"
