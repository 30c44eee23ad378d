"""A weight that the line PC's own scale read: it belongs to the one item that is being weighed, or to nobody."""

import msgspec
import pytest

from edge.core.commands import NoLabel, PrintLabel
from edge.core.device_events import WeightRead
from edge.core.events import Booted, Inserted, LinkDown, LinkUp, Sealed, Weighed
from edge.core.item import ItemState
from edge.core.values import DocumentKey, ItemId
from tests.core.line import Line, order


def sealed(line: Line, n: int) -> ItemId:
    line.feed(n)
    line.read(n)
    item = ItemId(f"I1-{n}")
    line.say(Inserted, document=DocumentKey(f"D1-{n}"), item=item)
    line.say(Sealed, item=item)
    return item


@pytest.mark.parametrize(
    ("waiting", "weighed", "counts"), [(0, 0, False), (1, 0, True), (2, 0, False), (3, 0, False), (2, 1, True), (1, 1, False)]
)
def test_it_counts_only_if_exactly_one_weighing_is_open(waiting: int, weighed: int, counts: bool) -> None:
    line = Line()
    items = [sealed(line, n) for n in range(1, waiting + 1)]
    for item in items[:weighed]:
        line.say(Weighed, item=item, weight_100mg=300)
    printed, unexpected = len(line.said(PrintLabel)), sum(line.controller.floor.unexpected.values())
    line.say(WeightRead, weight_100mg=180)
    assert len(line.said(PrintLabel)) == printed + counts
    assert sum(line.controller.floor.unexpected.values()) == unexpected + (not counts)
    states = [line.controller.items.all[item].state for item in items]
    assert states == [ItemState.WEIGHED] * (weighed + counts) + [ItemState.SEALED] * (waiting - weighed - counts)
    if counts:
        assert line.controller.items.all[items[weighed]].weight_100mg == 180


def test_a_weight_out_of_range_gets_no_label() -> None:
    line = Line()
    item = sealed(line, 1)
    line.say(WeightRead, weight_100mg=1)
    assert [command.item for command in line.said(NoLabel)] == [item]
    assert line.controller.items.all[item].reason == "WEIGHT_OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("min_g", "max_g", "weight_100mg", "fits"),
    [
        (0, 0, 180, True),
        (18, 18, 180, True),
        (0, 18, 181, False),
        (19, 0, 180, False),
        (1, 0, 20, True),
        (0, 2000, 9100, True),
    ],
)
def test_an_order_may_say_what_it_weighs(min_g: int, max_g: int, weight_100mg: int, fits: bool) -> None:
    line = Line([msgspec.structs.replace(order(1), weight_min_g=min_g, weight_max_g=max_g)])
    item = sealed(line, 1)
    line.say(WeightRead, weight_100mg=weight_100mg)
    assert line.controller.items.all[item].reason == ("" if fits else "WEIGHT_OUT_OF_RANGE")
    assert len(line.said(PrintLabel)) == fits


def test_a_scale_that_a_line_has_stops_the_feed_when_it_is_lost_and_is_forgotten_at_a_start() -> None:
    line = Line()
    active = line.controller.floor.conditions.active
    assert "SCALE_LOST" not in active
    line.say(LinkDown, link="scale", reason="lost")
    assert "SCALE_LOST" in active
    line.say(LinkUp, link="scale")
    assert "SCALE_LOST" not in active
    line.say(LinkDown, link="scale", reason="lost")
    line.say(Booted, boot=2, journal_id="J", version="1")
    assert "SCALE_LOST" not in active, "a line whose scale was taken away must be able to start"
