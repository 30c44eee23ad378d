"""What turns up where nobody sent it, and what a restarted PLC knows nothing of."""

import pytest

from edge.core.commands import ClearBelt, RejectDocument
from edge.core.device_events import ParcelScanned
from edge.core.events import BeltEmpty, Diverted, DivertUnconfirmed, DocumentFed, Extra, Inducted, PlcRestarted
from edge.core.item import ItemState
from edge.core.values import DocumentKey, EventFlag, ItemId, ParcelKey, Plc, State
from tests.core.line import Line
from tests.core.test_controller import code, reasons


def conditions(line: Line) -> set[str]:
    return set(line.controller.floor.conditions.active)


def state_of(line: Line, n: int) -> ItemState:
    return line.controller.items.all[ItemId(f"I1-{n}")].state


def clear(line: Line) -> None:
    line.mirror()
    assert code(line.act("clear_belt")) == "OK"
    for plc in (Plc.MACHINE, Plc.SORTER):
        line.say(BeltEmpty, plc=plc)


def test_fallen_into_the_next_chute_it_is_found_there_and_taken_out() -> None:
    line = Line()
    line.through(1)
    line.to_handed_over(2)
    parcel = line.induct(2, line.qr(2))
    line.say(Extra, plc=Plc.SORTER, station="divert", chute=1)
    line.say(DivertUnconfirmed, parcel=parcel, chute=2)
    line.mirror()
    assert {"EXTRA_ITEM", "WRONG_CHUTE", "DIVERT_UNCONFIRMED"} <= conditions(line)
    bag = line.controller.floor.bags.by_chute[1]
    assert bag.locked
    assert line.controller.sorting.to_take_out(bag) == [], "nobody knows yet what it is"
    assert code(line.act("recount_bag", chute="1", labels=line.qr(2))) == "BAG_DIFFERS"
    assert line.controller.sorting.to_take_out(bag) == [line.qr(2)]
    assert code(line.act("take_out", chute="1", label=line.qr(2))) == "OK"
    assert not bag.locked
    assert state_of(line, 2) is ItemState.REJECTED
    assert code(line.act("recount_bag", chute="2", labels=line.qr(1))) == "OK"
    assert reasons(line) == {"dispatched": 1, "UNEXPECTED_PLACE": 1}
    assert not {"WRONG_CHUTE", "DIVERT_UNCONFIRMED"} & conditions(line)


def test_confirmed_in_one_chute_and_found_in_another_it_is_recalled_and_goes_back_to_its_issuer() -> None:
    line = Line()
    line.through(1)
    line.through(2)
    line.say(Extra, plc=Plc.SORTER, station="divert", chute=1)
    line.mirror()
    assert code(line.act("recount_bag", chute="1", labels=line.qr(2))) == "BAG_DIFFERS"
    assert code(line.act("take_out", chute="1", label=line.qr(2))) == "OK"
    assert state_of(line, 2) is ItemState.RECALLED
    assert line.controller.floor.bags.by_chute[2].items == [ItemId("I1-1")]
    assert line.controller.floor.pool.state["O2"].value == "returned"
    assert line.controller.floor.production.recalled == 1
    assert code(line.act("recount_bag", chute="2", labels=line.qr(1))) == "OK"


def accounted_elsewhere() -> Line:
    """One that was sent to chute 2 and was found and taken out of bag 1, before its own chute told that it had not come."""
    line = Line()
    line.to_handed_over(1)
    line.induct(1, line.qr(1))
    line.say(Extra, plc=Plc.SORTER, station="divert", chute=1)
    line.mirror()
    assert code(line.act("recount_bag", chute="1", labels=line.qr(1))) == "BAG_DIFFERS"
    line.controller.items.lost(ItemId("I1-1"))
    assert code(line.act("take_out", chute="1", label=line.qr(1))) == "OK"
    assert state_of(line, 1) is ItemState.REJECTED
    assert "WRONG_CHUTE" not in conditions(line)
    return line


def test_not_seen_in_its_chute_after_it_was_found_elsewhere_is_no_news() -> None:
    line = accounted_elsewhere()
    line.say(DivertUnconfirmed, parcel=ParcelKey("S1-1"), chute=2)
    assert "WRONG_CHUTE" not in conditions(line)
    assert not line.controller.floor.bags.by_chute[2].locked


def test_seen_in_a_chute_after_it_was_found_elsewhere_it_is_something_else() -> None:
    line = accounted_elsewhere()
    line.say(Diverted, parcel=ParcelKey("S1-1"), chute=2)
    assert "WRONG_CHUTE" in conditions(line)
    assert line.controller.floor.bags.by_chute[2].suspect
    assert code(line.act("recount_bag", chute="2", labels="")) == "OK"
    assert "WRONG_CHUTE" not in conditions(line)


@pytest.mark.parametrize(("chute", "condition"), [(2, "WRONG_CHUTE"), (9, "EXTRA_ITEM")])
def test_a_parcel_of_nobody_in_a_chute_locks_its_bag(chute: int, condition: str) -> None:
    line = Line()
    line.say(Inducted, parcel=ParcelKey("S1-7"))
    line.say(ParcelScanned, text="what is this")
    line.say(DivertUnconfirmed, parcel=ParcelKey("S1-7"), chute=chute)
    assert condition in conditions(line)
    assert [bag.chute for bag in line.controller.floor.bags.locked()] == ([2] if chute == 2 else [])


def test_a_stranger_that_is_not_found_in_the_bag_leaves_it_right() -> None:
    line = Line()
    line.through(1)
    line.say(Extra, plc=Plc.SORTER, station="divert", chute=2)
    assert code(line.act("recount_bag", chute="2", labels="")) == "BAG_DIFFERS", "one that was confirmed is missing"
    assert code(line.act("recount_bag", chute="2", labels=f"{line.qr(1)},what is this")) == "BAG_DIFFERS"
    assert line.controller.floor.bags.by_chute[2].locked
    assert code(line.act("recount_bag", chute="2", labels=line.qr(1))) == "OK"
    assert not line.controller.floor.bags.by_chute[2].locked


def test_a_stranger_elsewhere_locks_no_bag() -> None:
    line = Line()
    line.say(Extra, plc=Plc.MACHINE, station="seal")
    assert conditions(line) == {"EXTRA_ITEM"}
    assert not line.controller.floor.bags.locked()


def test_on_its_way_into_the_chute_when_the_sorter_restarted_it_may_lie_in_its_bag() -> None:
    line = Line()
    line.to_handed_over(1)
    line.to_handed_over(2)
    line.induct(1, line.qr(1))
    line.say(PlcRestarted, plc=Plc.SORTER, boot=2)
    clear(line)
    assert (state_of(line, 1), state_of(line, 2)) == (ItemState.UNCONFIRMED, ItemState.LOST)
    assert {"DIVERT_UNCONFIRMED", "ITEM_LOST"} <= conditions(line)
    # It was in doubt, so it may not stay, but now a person knows where it is.
    assert code(line.act("recount_bag", chute="2", labels=line.qr(1))) == "BAG_DIFFERS"
    assert code(line.act("take_out", chute="2", label=line.qr(1))) == "OK"
    assert state_of(line, 1) is ItemState.REJECTED


def test_nobody_told_that_it_arrived_and_its_time_is_over() -> None:
    line = Line()
    line.to_handed_over(1)
    line.induct(1, line.qr(1))
    line.now_ms += 21_000
    line.unit(Plc.SORTER, State.EXECUTE)
    assert state_of(line, 1) is ItemState.UNCONFIRMED
    assert code(line.act("recount_bag", chute="2", labels=line.qr(1))) == "OK"
    assert reasons(line) == {"dispatched": 1}


@pytest.mark.parametrize("plc", list(Plc))
def test_a_plc_that_restarts_while_the_belt_is_cleared_is_asked_again(plc: Plc) -> None:
    line = Line()
    line.act("stop")
    line.mirror()
    line.act("clear_belt")
    line.say(BeltEmpty, plc=Plc.MACHINE)
    line.commands.clear()
    line.say(PlcRestarted, plc=plc, boot=2)
    assert [command.plc for command in line.said(ClearBelt)] == [Plc.SORTER, Plc.MACHINE]
    line.say(BeltEmpty, plc=Plc.SORTER)
    assert line.controller.floor.clearing, "the machine has not said so since"
    line.say(BeltEmpty, plc=Plc.MACHINE)
    line.say(BeltEmpty, plc=Plc.SORTER)
    assert not line.controller.floor.clearing


def test_an_abort_ends_a_clearing_and_the_line_can_be_brought_back() -> None:
    line = Line()
    line.to_weighed(1)
    line.act("stop")
    line.mirror()
    line.act("clear_belt")
    line.unit(Plc.MACHINE, State.STOPPED, faults=1)
    line.mirror()
    assert line.controller.floor.machine.state is State.ABORTED
    assert not line.controller.floor.clearing
    assert code(line.act("clear_belt")) == "NOT_IN_THIS_STATE", "nothing can move now"
    line.unit(Plc.MACHINE, State.ABORTED)
    assert code(line.act("clear")) == "OK"
    clear(line)
    assert state_of(line, 1) is ItemState.LOST


def test_two_documents_fed_as_one_are_refused() -> None:
    line = Line()
    line.say(DocumentFed, document=DocumentKey("D1-1"), trigger=2, flags=EventFlag.TOO_THICK)
    line.read(1)
    assert [(c.document, c.reason) for c in line.said(RejectDocument)] == [("D1-1", "DOUBLE_FEED")]


# --- a unit that stops by itself ---
def test_a_unit_that_stands_while_the_line_runs_is_no_silent_stop() -> None:
    line = Line()
    line.to_weighed(1)
    line.unit(Plc.SORTER, State.HELD)
    assert line.controller.next_deadline_us() is not None
    line.unit(Plc.MACHINE, State.EXECUTE)
    assert conditions(line) == set(), "for a moment that is none"
    line.now_ms += 2_000
    line.unit(Plc.MACHINE, State.EXECUTE)
    assert "LONG_OUTAGE" in conditions(line)
    assert line.controller.floor.machine.state is State.HOLDING
    assert line.controller.items.all[ItemId("I1-1")].quarantined


def test_a_unit_that_goes_on_in_time_is_forgotten() -> None:
    line = Line()
    line.unit(Plc.SORTER, State.HELD)
    line.unit(Plc.SORTER, State.EXECUTE)
    line.now_ms += 5_000
    line.unit(Plc.SORTER, State.HELD)
    assert "LONG_OUTAGE" not in conditions(line)


def test_a_document_in_doubt_ends_its_burst_when_the_next_one_comes() -> None:
    line = Line()
    line.feed(1)
    line.controller.documents.quarantine(line.controller.documents.all[DocumentKey("D1-1")], "POSITION_DOUBT")
    line.feed(2)
    before = len(line.said(RejectDocument))
    line.frame(1, 0)
    line.frame(1, 1)
    assert len(line.said(RejectDocument)) == before == 1, "it was told once, for its doubt"
    assert line.controller.documents.all[DocumentKey("D1-1")].masked == "", "frames that come later are nobody's"
