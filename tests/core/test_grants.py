"""Manifests that come chunk by chunk: nothing of one counts before its seal, and what is not sealed leaves no trace."""

from collections.abc import Iterator

import msgspec
import pytest

from edge.core.events import Booted, LotReceived, ManifestGranted, ManifestSealed
from edge.core.grants import Grant, Register
from edge.core.orders import OrderPool, OrderState
from edge.core.values import LotId, Order, OrderDocument, OrderId, Verdict
from tests.core.line import Line, order
from tests.core.test_controller import published
from tests.core.test_corners import conditions

KIND = "resident_id"


def take(pool: OrderPool, *orders: Order, lot: str = "L", version: int = 1, chunk: int = 1) -> None:
    pool.take_chunk(ManifestGranted(at_us=0, lot=LotId(lot), version=version, chunk=chunk, orders=orders))


def seal(pool: OrderPool, *, lot: str = "L", version: int = 1, chunks: int = 1) -> Grant | None:
    return pool.activate(ManifestSealed(at_us=0, lot=LotId(lot), version=version, chunks=chunks, digest=""))


def verdict(pool: OrderPool, n: int) -> Verdict:
    return pool.find(KIND, f"token{n}", f"skeleton{n}").verdict


def assert_no_trace(pool: OrderPool) -> None:
    register = pool._register
    assert (register.orders, register.grant_of, register.by_token, register.by_skeleton) == ({}, {}, {}, {})


def test_before_the_seal_nothing_of_it_counts() -> None:
    pool = OrderPool()
    take(pool, order(1), order(2, skeleton="same"), order(3, skeleton="same"))
    assert verdict(pool, 1) is Verdict.NO_ORDER
    assert pool.find(KIND, "misread", "same").verdict is Verdict.NO_ORDER
    assert (len(pool.orders), len(pool.state), pool.waiting, pool.lots) == (0, 0, 0, {})
    assert pool.orders_of(KIND, "token1") == []
    assert OrderId("O1") not in pool.state
    assert pool.cohort_of(OrderId("O1")) is None
    with pytest.raises(KeyError):
        pool.orders[OrderId("O1")]
    assert seal(pool) is not None
    assert verdict(pool, 1) is Verdict.MATCH
    assert pool.find(KIND, "misread", "same").verdict is Verdict.AMBIGUOUS
    assert (list(pool.orders), pool.waiting, pool.lots) == (["O1", "O2", "O3"], 3, {"L": 1})
    assert dict(pool.state) == dict.fromkeys(("O1", "O2", "O3"), OrderState.WAITING)
    assert pool.orders_of(KIND, "token1") == ["O1"]


def test_an_order_that_waits_for_its_seal_makes_no_other_ambiguous() -> None:
    pool = OrderPool()
    take(pool, order(1, skeleton="same"))
    seal(pool)
    take(pool, order(2, skeleton="same"), lot="M")
    assert pool.find(KIND, "token1", "same").verdict is Verdict.MATCH
    grant = seal(pool, lot="M")
    assert grant is not None
    assert alike(pool, grant) == [("O1", "O2")]
    assert pool.find(KIND, "token1", "same").verdict is Verdict.AMBIGUOUS


@pytest.mark.parametrize("first", ["L", "M"])
def test_whichever_manifest_is_sealed_last_tells_of_the_alike(first: str) -> None:
    pool = OrderPool()
    take(pool, order(1, skeleton="same"), order(9), lot="L")
    take(pool, order(2, skeleton="same"), lot="M")
    told = []
    for lot in (first, "M" if first == "L" else "L"):
        grant = seal(pool, lot=lot)
        assert grant is not None
        told += [alike(pool, grant)]
    assert told == [[], [("O1", "O2")]]


def test_only_open_orders_are_alike() -> None:
    pool = OrderPool()
    take(pool, order(1, skeleton="same"), order(2, skeleton="same"), order(3, skeleton="same"))
    take(pool, order(4, skeleton="same"), lot="M")
    grant = seal(pool)
    assert grant is not None
    assert alike(pool, grant) == [("O1", "O2", "O3")]
    pool.withdraw(OrderId("O2"), OrderState.CANCELLED)
    assert alike(pool, grant) == [("O1", "O3")]


def alike(pool: OrderPool, grant: Grant) -> list[tuple[OrderId, ...]]:
    return [group.orders for group in pool.alike(grant)]


def unfinished() -> Iterator[OrderPool]:
    """Pools in which something of `L` came that is not going to be sealed."""
    for version in (1, 2):
        pool = OrderPool()
        twice = (order(1, skeleton="same"), order(2, skeleton="same"), msgspec.structs.replace(order(3), priority=2))
        take(pool, *twice, version=version)
        take(pool, order(4), version=version, chunk=2)
        take(pool, order(4), lot="M")
        yield pool


def test_what_a_restart_leaves_behind_is_forgotten() -> None:
    for pool in unfinished():
        pool.restarted()
        assert_no_trace(pool)
        take(pool, order(1))
        assert seal(pool, chunks=1) is not None
        assert pool.waiting == 1


def test_a_seal_with_a_chunk_missing_refuses_the_whole() -> None:
    for pool in unfinished():
        for version in (1, 2):
            assert seal(pool, version=version, chunks=3) is None
        assert_no_trace(pool)
        assert pool.lots == {}


def test_a_newer_version_takes_the_place_of_one_that_was_not_sealed() -> None:
    pool = OrderPool()
    take(pool, order(1), order(2), version=1)
    take(pool, order(2, skeleton="other"), order(3), version=2)
    take(pool, order(5), version=3)
    take(pool, order(1), lot="M")
    assert seal(pool, version=2) is not None
    assert sorted(pool.orders) == ["O2", "O3"]
    assert pool.orders[OrderId("O2")].documents[0].skeleton == "other"
    assert pool.waiting == 2
    # The older one is as if it had never come, before and after.
    for _ in range(2):
        assert seal(pool, version=1) is None
        take(pool, order(1), order(2), version=1)
    assert verdict(pool, 1) is Verdict.NO_ORDER
    assert seal(pool, lot="M") is not None
    assert verdict(pool, 1) is Verdict.MATCH
    assert seal(pool, version=3) is not None
    assert (sorted(pool.orders), pool.waiting) == (["O1", "O2", "O3", "O5"], 4)


def test_an_order_in_two_manifests_is_of_the_one_that_is_sealed_first() -> None:
    pool = OrderPool()
    take(pool, order(1), msgspec.structs.replace(order(2), product="SAME_DAY", priority=1))
    take(pool, order(2), order(3), lot="M")
    second = seal(pool, lot="M")
    assert second is not None
    assert sorted(second.cohorts["EMS", 0].orders) == ["O2", "O3"]
    assert pool.orders[OrderId("O2")].product == "EMS"
    first = seal(pool)
    assert first is not None
    assert {terms: list(cohort.orders) for terms, cohort in first.cohorts.items()} == {("EMS", 0): ["O1"], ("SAME_DAY", 0): []}
    assert first.urgent == {}
    assert (pool.waiting, verdict(pool, 2)) == (3, Verdict.MATCH)
    # The other way round: what has been sealed stays with whom it was sealed.
    take(pool, order(4), lot="N")
    take(pool, order(4), order(5), lot="O")
    assert seal(pool, lot="N") is not None
    assert seal(pool, lot="O") is not None
    assert (pool.waiting, verdict(pool, 4)) == (5, Verdict.MATCH)
    assert pool.cohort_of(OrderId("O4")) is not pool.cohort_of(OrderId("O5"))


def test_an_order_twice_in_one_manifest_is_one_order() -> None:
    pool = OrderPool()
    take(pool, order(1), order(1))
    assert seal(pool) is not None
    assert (pool.waiting, verdict(pool, 1)) == (1, Verdict.MATCH)


def test_a_chunk_that_comes_again_is_the_same_or_counts_instead() -> None:
    pool = OrderPool()
    take(pool, order(1), order(2, skeleton="same"), chunk=1)
    take(pool, order(3, skeleton="same"), chunk=2)
    take(pool, order(1), order(2, skeleton="same"), chunk=1)
    take(pool, order(4), chunk=1)
    grant = seal(pool, chunks=2)
    assert grant is not None
    assert sorted(pool.orders) == ["O3", "O4"]
    assert alike(pool, grant) == []
    assert sorted(pool._register.by_skeleton) == [(KIND, "same"), (KIND, "skeleton4")]


def test_what_another_release_has_ended_does_not_wait_when_it_comes() -> None:
    pool = OrderPool()
    pool.carry_ended(OrderId("O1"), dispatched=True)
    assert dict(pool.state) == {"O1": OrderState.DISPATCHED}
    take(pool, order(1), order(2))
    pool.restarted()
    take(pool, order(1), order(2))
    seal(pool)
    assert (pool.waiting, verdict(pool, 1), verdict(pool, 2)) == (1, Verdict.DUPLICATE, Verdict.MATCH)
    assert dict(pool.state) == {"O1": OrderState.DISPATCHED, "O2": OrderState.WAITING}
    assert len(pool.state) == 2


def test_an_index_forgets_one_member_and_keeps_the_others() -> None:
    register = Register({})
    one, other = Grant(LotId("L")), Grant(LotId("M"))
    for grant, orders in ((one, (order(1, skeleton="s"), order(2, skeleton="s"))), (other, (order(3, skeleton="s"),))):
        register.stage(grant, 1, orders)
    register.drop(one, one.chunks)
    assert list(register.by_skeleton[KIND, "s"]) == ["O3"]
    register.drop(other, other.chunks)
    assert register.by_skeleton == {}


def test_an_order_that_names_one_skeleton_twice_leaves_nothing_either() -> None:
    documents = (OrderDocument(KIND, "t1", "s"), OrderDocument(KIND, "t2", "s"))
    register, grant = Register({}), Grant(LotId("L"))
    register.stage(grant, 1, (msgspec.structs.replace(order(1), documents=documents),))
    register.drop(grant, grant.chunks)
    assert (register.by_token, register.by_skeleton) == ({}, {})


# --- at the line ---
def grant(line: Line, *orders: Order) -> None:
    line.say(ManifestGranted, lot=LotId("M"), version=1, chunk=1, orders=orders)


def test_a_boot_forgets_what_was_not_sealed() -> None:
    line = Line([])
    grant(line, order(20))
    line.say(Booted, boot=2, journal_id="j", version="t")
    line.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="")
    assert published(line, "manifest_refused")[0]["faults"] == "chunks missing"


def test_a_lot_that_comes_between_chunk_and_seal_is_as_urgent_as_its_orders() -> None:
    line = Line([])
    grant(line, *(msgspec.structs.replace(order(n), priority=3) for n in (20, 21)), order(22))
    line.say(LotReceived, lot=LotId("R"), issuer="P", signed_ms=1, documents=(OrderDocument(KIND, "token20", "skeleton20"),))
    assert line.controller.lots.all[LotId("R")].urgent == 0
    assert "NO_MANIFEST" not in conditions(line)
    line.say(ManifestSealed, lot=LotId("M"), version=1, chunks=1, digest="")
    assert line.controller.lots.all[LotId("R")].urgent == 3
    assert line.controller.floor.clocks.since_ms(OrderId("O20")) == line.controller.floor.wall_ms()
