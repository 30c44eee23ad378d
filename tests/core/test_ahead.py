"""The machine PLC is mute: parcels are inducted before anybody has told that they were handed over."""

import pytest

from edge.core.commands import Divert, RejectItem
from edge.core.events import Booted, HandedOver, Inducted, ItemRejected, LinkDown, LinkUp
from edge.core.item import ItemState
from edge.core.values import ItemId, ParcelKey, Plc, State
from tests.core.line import Line
from tests.core.test_corners import conditions
from tests.core.test_sorting import item_of

MACHINE = Plc.MACHINE.value


def mute(line: Line) -> None:
    line.say(LinkDown, link=MACHINE, reason="lost")


def heard(line: Line) -> None:
    """The link works again; what it still has to tell comes before the status that says so."""
    line.say(LinkUp, link=MACHINE)


def all_told(line: Line) -> None:
    line.unit(Plc.MACHINE, State.EXECUTE, caught_up=True)


def exposed(line: Line, *numbers: int) -> None:
    for n in numbers:
        line.to_labelled(n)
        line.expose(n)


def test_in_time_it_is_dispatched_as_if_nothing_had_been() -> None:
    line = Line()
    exposed(line, 1)
    mute(line)
    parcel = line.induct(1, line.qr(1))
    assert line.said(RejectItem) == line.said(Divert) == []
    assert "EXTRA_ITEM" not in conditions(line)
    heard(line)
    line.say(HandedOver, item=ItemId("I1-1"))
    assert [(c.parcel, c.chute) for c in line.said(Divert)] == [(parcel, 2)]


def test_rejected_meanwhile_it_is_accounted_where_it_lies() -> None:
    line = Line()
    exposed(line, 1, 2)
    mute(line)
    for n in (1, 2):
        line.say(ItemRejected, parcel=line.induct(n, line.qr(n)))
    heard(line)
    for n in (1, 2):
        line.say(HandedOver, item=ItemId(f"I1-{n}"))
        assert (item_of(line, n).state, item_of(line, n).reason) == (ItemState.REJECTED, "PLC_DEFAULT")
    all_told(line)
    assert not {"EXTRA_ITEM", "ITEM_LOST"} & set(conditions(line))


def test_unread_ones_are_bound_in_the_order_of_their_hand_over() -> None:
    line = Line()
    exposed(line, 1, 2)
    mute(line)
    parcels = [line.induct(n, "") for n in (1, 2)]
    heard(line)
    for n in (1, 2):
        line.say(HandedOver, item=ItemId(f"I1-{n}"))
    assert [item_of(line, n).parcel for n in (1, 2)] == parcels
    assert [c.reason for c in line.said(RejectItem)] == ["SCAN_UNREADABLE"] * 2


def test_a_follower_takes_nobodys_turn() -> None:
    """One is known to be handed over; the text that comes first names the one behind it."""
    line = Line()
    line.to_handed_over(1)
    exposed(line, 2)
    mute(line)
    follower = line.induct(1, line.qr(2))
    assert item_of(line, 1).parcel is None
    other = line.induct(2, "EA999999999CN;4711")
    assert (item_of(line, 1).parcel, item_of(line, 1).reason) == (other, "SCAN_MISMATCH")
    heard(line)
    line.say(HandedOver, item=ItemId("I1-2"))
    assert item_of(line, 2).parcel == follower


@pytest.mark.parametrize("text", ["", "EA999999999CN;4711"])
def test_what_nobody_handed_over_is_a_stranger_once_all_is_told(text: str) -> None:
    line = Line()
    mute(line)
    parcel = line.induct(1, text)
    heard(line)
    line.unit(Plc.MACHINE, State.EXECUTE, caught_up=False)
    assert "EXTRA_ITEM" not in conditions(line)
    all_told(line)
    assert "EXTRA_ITEM" in conditions(line)
    assert [(c.parcel, c.reason) for c in line.said(RejectItem)] == [(parcel, "SCAN_MISMATCH")]


@pytest.mark.parametrize("other", [None, Plc.SORTER])
def test_while_the_machine_is_heard_it_is_a_stranger_at_once(other: Plc | None) -> None:
    line = Line()
    exposed(line, 1)
    if other is not None:
        line.say(LinkDown, link=other.value, reason="lost")
    line.induct(1, line.qr(1))
    assert "EXTRA_ITEM" in conditions(line)


def test_behind_our_own_restart_the_machine_tells_first() -> None:
    line = Line()
    exposed(line, 1)
    parcel = ParcelKey("S1-1")
    line.say(Inducted, parcel=parcel)
    line.say(Booted, boot=2, journal_id="j", version="t")
    assert "EXTRA_ITEM" not in conditions(line)
    heard(line)
    line.say(HandedOver, item=ItemId("I1-1"))
    assert [(c.parcel, c.reason) for c in line.said(RejectItem)] == [(parcel, "RESTART")]
