"""Labels on the pad: whatever comes late, early or never, no label is applied to an item that it was not printed for."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.label_orders import LABEL_WAIT_MS, LabelOrders


def test_a_label_is_applied_for_whom_it_was_commanded() -> None:
    orders = LabelOrders()
    orders.take(1, 11, purge=False)
    orders.take(2, 12, purge=False)
    assert not orders.to_blow_off(0, label_on_pad=True, all_of_them=False)
    assert orders.applied().print_id == 11
    head = orders.head()
    assert head is not None
    assert head.handle == 2


def test_a_purge_takes_the_label_as_soon_as_it_is_on_the_pad() -> None:
    orders = LabelOrders()
    orders.take(1, 11, purge=True)
    assert not orders.to_blow_off(0, label_on_pad=False, all_of_them=False)
    assert orders.to_blow_off(10, label_on_pad=True, all_of_them=False)
    order = orders.blown_off(10)
    assert order is not None
    assert order.print_id == 11
    assert orders.head() is None


def test_a_label_whose_item_went_by_is_blown_off_before_or_after_its_command_came() -> None:
    for command_first in (True, False):
        orders = LabelOrders()
        if command_first:
            orders.take(1, 11, purge=False)
        orders.passed(1)
        assert orders.to_blow_off(0, label_on_pad=True, all_of_them=False)
        order = orders.blown_off(0)
        in_waste = None if command_first else orders.take(1, 11, purge=False)
        gone = order or in_waste
        assert gone is not None
        assert gone.print_id == 11
        assert orders.head() is None


def test_the_next_items_label_stays_when_an_item_without_a_command_goes_by() -> None:
    orders = LabelOrders()
    orders.take(2, 12, purge=False)
    orders.passed(1)
    assert not orders.to_blow_off(0, label_on_pad=True, all_of_them=False)


def test_a_label_that_never_comes_and_a_command_that_never_comes_are_given_up() -> None:
    orders = LabelOrders()
    orders.take(1, 11, purge=True)
    for now_ms in (0, LABEL_WAIT_MS - 1):
        orders.to_blow_off(now_ms, label_on_pad=False, all_of_them=False)
    assert orders.head() is not None
    orders.to_blow_off(LABEL_WAIT_MS, label_on_pad=False, all_of_them=False)
    assert orders.head() is None
    orders.blown_off(LABEL_WAIT_MS)
    orders.to_blow_off(2 * LABEL_WAIT_MS, label_on_pad=False, all_of_them=False)
    assert orders.take(2, 12, purge=False) is None, "this one's label is still to come"


def test_what_was_blown_off_is_waited_for_as_long_as_the_edge_is_away() -> None:
    orders = LabelOrders()
    orders.blown_off(0)
    for now_ms in range(0, 4 * LABEL_WAIT_MS, LABEL_WAIT_MS):
        orders.edge_away(now_ms)
        orders.to_blow_off(now_ms, label_on_pad=False, all_of_them=False)
    order = orders.take(1, 11, purge=True)
    assert order is not None, "its label lies in the waste"
    assert orders.head() is None


def test_a_repeated_command_is_one_label() -> None:
    orders = LabelOrders()
    orders.take(1, 11, purge=False)
    orders.take(1, 11, purge=True)
    order = orders.blown_off(0)
    assert order is not None
    assert order.purge
    assert orders.head() is None


STEPS = st.lists(st.sampled_from(["command", "label", "item"]), max_size=60)


@given(STEPS, st.lists(st.booleans(), min_size=30, max_size=30))
def test_in_any_interleaving_no_label_meets_another_item(steps: list[str], purges: list[bool]) -> None:
    """Item n's label is n. Labels and commands come in order, items in order; how they interleave is drawn."""
    orders = LabelOrders()
    pad: int | None = None
    commands = labels = items = 0

    def settle() -> None:
        nonlocal pad
        if orders.to_blow_off(0, label_on_pad=pad is not None, all_of_them=False):
            order = orders.blown_off(0)
            assert order is None or order.handle == pad
            pad = None

    for step in steps:
        if step == "label" and pad is None and labels < 29:
            labels += 1
            pad = labels
        elif step == "command" and commands < labels:
            commands += 1
            gone = orders.take(commands, commands, purge=purges[commands] or commands <= items)
            assert gone is None or gone.handle != pad
        elif step == "item" and items < 29:
            items += 1
            head = orders.head()
            if pad is not None and head is not None and head.handle == items and not head.purge:
                assert pad == items, "a label was applied to another item"
                orders.applied()
                pad = None
            else:
                orders.passed(items)
        settle()
