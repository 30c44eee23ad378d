"""The cable to a PLC is pulled at 10,800 items/h: it is named at once, and nothing is wrong or lost."""

import pytest

from edge.core.values import Plc
from simulators.virtual.cable import ITEMS, Pulled, pull

NAMED_MAX_S = 1.0
BACK_MAX_S = 5.0
EVERYWHERE = pytest.mark.parametrize("plcs", [tuple(Plc), (Plc.MACHINE,), (Plc.SORTER,)], ids=["both", "machine", "sorter"])


def require_promises(pulled: Pulled) -> None:
    assert pulled.wrong == ()
    assert pulled.unaccounted == ()
    assert pulled.dispatched + pulled.rejected == ITEMS
    assert pulled.named_s <= NAMED_MAX_S
    assert pulled.back_s <= BACK_MAX_S
    assert pulled.on_belt > 10


def require_execute(pulled: Pulled) -> None:
    require_promises(pulled)
    assert (pulled.state, pulled.quarantined, pulled.cleared) == ("EXECUTE", 0, 0)


def require_held_with_quarantine(pulled: Pulled) -> None:
    require_promises(pulled)
    assert pulled.state == "HELD"
    assert pulled.quarantined == pulled.on_belt
    assert pulled.cleared == 1


@EVERYWHERE
def test_one_second(plcs: tuple[Plc, ...]) -> None:
    require_execute(pull(1.0, plcs=plcs))


@EVERYWHERE
def test_as_long_as_may_be_resumed(plcs: tuple[Plc, ...]) -> None:
    """The labels that were blown off meanwhile are told from those that are still to come."""
    require_execute(pull(9.0, plcs=plcs))


@EVERYWHERE
def test_one_minute(plcs: tuple[Plc, ...]) -> None:
    require_held_with_quarantine(pull(60.0, plcs=plcs))


def test_one_hour() -> None:
    require_held_with_quarantine(pull(3600.0))
