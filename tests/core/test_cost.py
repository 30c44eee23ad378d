"""What one event costs does not depend on how many orders there are: counted in steps of the interpreter, so it is exact."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from edge.core.device_events import PrintFailed
from edge.core.events import ManifestGranted, ManifestSealed
from edge.core.values import LotId
from tests.core.line import Line, order

FEW, MANY = 20, 200


def steps_of(work: Callable[[], object]) -> int:
    count = 0

    def look(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return look

    before = sys.gettrace()
    gc.disable()  # what others have left to be ended is not this work's
    sys.settrace(look)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def both(work: Callable[[Line], object], *, prints: bool = False) -> tuple[int, int]:
    """Steps of the same work at a line with few orders and at one with many; `prints`: each of them has a live print."""
    steps = []
    for orders in (FEW, FEW, MANY):  # the first time of all fills caches
        line = Line([order(n) for n in range(1, orders + 1)])
        for n in range(2, orders if prints else 2):
            line.to_weighed(n)
        steps.append(steps_of(lambda line=line: work(line)))
    return steps[1], steps[2]


def test_an_item_costs_the_same_with_many_orders_open() -> None:
    few, many = both(lambda line: line.through(1))
    assert few == many > 1000


def test_a_manifest_costs_what_is_new_in_it() -> None:
    def grant(line: Line) -> None:
        line.say(ManifestGranted, lot=LotId("M"), version=1, chunk=0, orders=(order(MANY + 1),))
        line.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="d")

    few, many = both(grant)
    assert few == many


def test_a_void_print_costs_the_same_with_many_live_prints() -> None:
    few, many = both(lambda line: line.say(PrintFailed, print_id=line.print_id(2), sent=False, reason="media_out"), prints=True)
    assert few == many
