"""An item on its way: what is said of items that nobody knows or that are gone already."""

from edge.core.events import Lost
from edge.core.item import ItemState
from edge.core.values import ItemId, Plc
from tests.core.line import Line
from tests.core.test_corners import conditions


def test_the_loss_of_what_nobody_knows_or_is_gone_changes_nothing() -> None:
    line = Line()
    line.through(1)
    before = len(line.commands)
    line.say(Lost, plc=Plc.MACHINE, key="I1-99", station="seal")
    line.say(Lost, plc=Plc.MACHINE, key="I1-1", station="seal")
    assert line.controller.items.all[ItemId("I1-1")].state is ItemState.DISPATCHED
    assert len(line.commands) == before
    assert "ITEM_LOST" not in conditions(line)
