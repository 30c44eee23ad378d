"""Joins: whatever the order of arrival, nothing is joined with a stranger."""

from hypothesis import given
from hypothesis import strategies as st

from edge.core.tracking import BURSTS_KEPT, Bursts, Deadlines, HandOver, Inductions
from edge.core.values import ItemId, ParcelKey


def test_frames_and_exposure_join_in_either_order() -> None:
    for first_frame in (True, False):
        bursts: Bursts[str] = Bursts()
        if first_frame:
            bursts.frame(4, 0, "a")
        burst = bursts.exposed(4, "D1-1")
        bursts.frame(4, 0, "a")
        bursts.frame(4, 1, "b")
        assert (burst.owner, burst.frames) == ("D1-1", {0: "a", 1: "b"})


def test_a_frame_that_comes_twice_or_too_late_changes_nothing() -> None:
    bursts: Bursts[str] = Bursts()
    burst = bursts.exposed(4, "D1-1")
    bursts.frame(4, 0, "a")
    bursts.frame(4, 0, "other")
    burst.closed = True
    bursts.frame(4, 1, "late")
    assert burst.frames == {0: "a"}


def test_a_trigger_with_two_owners_belongs_to_nobody() -> None:
    bursts: Bursts[str] = Bursts()
    bursts.exposed(4, "D1-1")
    assert bursts.exposed(4, "D1-2").closed


def test_bursts_are_bounded_and_strays_counted() -> None:
    bursts: Bursts[str] = Bursts()
    for trigger in range(BURSTS_KEPT + 5):
        bursts.frame(trigger, 0, "stray")
    assert bursts.ownerless == 5


def test_nothing_from_before_a_restart_joins() -> None:
    bursts: Bursts[str] = Bursts()
    bursts.frame(4, 0, "old")
    bursts.restart()
    assert bursts.exposed(4, "D1-1").frames == {}


P1, P2 = ParcelKey("S1-1"), ParcelKey("S1-2")


def test_parcel_and_text_join_in_either_order() -> None:
    joins = Inductions(400_000)
    assert joins.parcel(0, P1) == []
    assert joins.text(10_000, "a") == [(P1, "a")]
    assert joins.text(1_000_000, "b") == []
    assert joins.parcel(1_010_000, P2) == [(P2, "b")]


def test_a_missing_text_is_a_no_read() -> None:
    joins = Inductions(400_000)
    joins.parcel(0, P1)
    assert joins.next_due_us() == 400_000
    assert joins.join(400_000) == [(P1, "")]


def test_an_old_text_is_an_orphan_not_the_next_parcels() -> None:
    joins = Inductions(400_000)
    joins.text(0, "stray")
    assert joins.parcel(500_000, P1) == []
    assert joins.orphans == 1


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 300_000)), max_size=40))
def test_every_parcel_is_joined_exactly_once_and_in_order(steps: list[tuple[bool, int]]) -> None:
    joins = Inductions(400_000)
    now_us, parcels, joined = 0, [], []
    for is_parcel, step_us in steps:
        now_us += step_us
        if is_parcel:
            parcels.append(ParcelKey(f"S1-{len(parcels)}"))
            joined += joins.parcel(now_us, parcels[-1])
        else:
            joined += joins.text(now_us, "t")
    joined += joins.join(now_us + 1_000_000)
    assert [scan.parcel for scan in joined] == parcels


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 50))), max_size=30))
def test_deadlines_are_those_last_set(steps: list[tuple[str, int | None]]) -> None:
    deadlines, model = Deadlines(), {}
    for key, due_us in steps:
        deadlines.set(key, due_us)
        if due_us is None:
            model.pop(key, None)
        else:
            model[key] = due_us
    assert deadlines.next_us() == min(model.values(), default=None)
    assert sorted(deadlines.pop_due(25)) == sorted(key for key, due_us in model.items() if due_us <= 25)
    assert deadlines.next_us() == min((due for due in model.values() if due > 25), default=None)


def test_hand_over_knows_turn_and_neighbours() -> None:
    hand_over = HandOver()
    a, b, c, d = (ItemId(x) for x in "abcd")
    for item in (a, b, c, d):
        hand_over.handed_over(item)
    assert hand_over.take(a)
    assert not hand_over.take(c)
    assert hand_over.neighbours(c) == [b, d]
    assert list(hand_over.expected) == [b, d]


def test_a_stranger_takes_nobodys_turn() -> None:
    hand_over = HandOver()
    assert not hand_over.take(ItemId("stranger")), "nobody is expected"
    hand_over.handed_over(ItemId("a"))
    assert not hand_over.take(ItemId("stranger"))
    assert hand_over.take(ItemId("a"))


def test_a_text_that_comes_behind_the_window_is_not_this_parcels() -> None:
    joins = Inductions(400_000)
    joins.parcel(0, P1)
    assert joins.text(400_001, "late") == [(P1, "")]
    assert joins.parcel(700_000, P2) == [(P2, "late")], "it may be the next one's, the order of the hand-over will tell"


def test_the_window_is_as_long_on_both_sides() -> None:
    for text_us, parcel_us, joined in ((0, 400_000, True), (0, 400_001, False), (400_000, 0, True), (400_001, 0, False)):
        joins = Inductions(400_000)
        calls = sorted([(text_us, "t"), (parcel_us, "p")])
        got = [scan for at_us, what in calls for scan in (joins.text(at_us, "x") if what == "t" else joins.parcel(at_us, P1))]
        assert (got == [(P1, "x")]) == joined, (text_us, parcel_us)
    joins = Inductions(400_000)
    joins.text(0, "stray")
    assert joins.join(400_000) == []
    assert joins.orphans == 0
    assert joins.join(400_001) == []
    assert joins.orphans == 1


def test_a_trigger_joins_within_its_turn_of_the_counter() -> None:
    bursts: Bursts[str] = Bursts()
    assert bursts.exposed(5, "a") is bursts.frame(5 + 65536, 0, "x")
    assert bursts.frame(4, 0, "y").frames == {0: "y"}
    assert BURSTS_KEPT == 64


def test_only_bursts_of_nobody_are_strays() -> None:
    bursts: Bursts[str] = Bursts()
    for trigger in range(70):
        bursts.exposed(trigger, f"D1-{trigger}")
    assert bursts.ownerless == 0
    for trigger in range(100, 164):
        bursts.frame(trigger, 0, "stray")
    assert bursts.ownerless == 0, "those that were pushed out had an owner"
    bursts.frame(200, 0, "stray")
    assert bursts.ownerless == 1


def test_equal_deadlines_come_in_the_order_in_which_they_were_set() -> None:
    deadlines = Deadlines()
    for key, due_us in (("b", 5), ("a", 5), ("c", 4), ("b", 5), ("d", 6)):
        deadlines.set(key, due_us)
    assert deadlines.pop_due(5) == ["c", "a", "b"]
    assert deadlines.next_us() == 6
    assert deadlines.pop_due(5) == []


def test_a_neighbour_is_one_before_and_one_behind() -> None:
    hand_over = HandOver()
    for name in "abcde":
        hand_over.handed_over(ItemId(name))
    assert [hand_over.neighbours(ItemId(name)) for name in "abcde"] == [["b"], ["a", "c"], ["b", "d"], ["c", "e"], ["d"]]
    for n in range(64):
        hand_over.handed_over(ItemId(f"x{n}"))
    assert hand_over.neighbours(ItemId("e")) == [], "64 are remembered"
