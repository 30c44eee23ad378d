"""The order pool: found by token, doubtful by skeleton, dispatched once."""

import msgspec
import pytest

from edge.core.events import ManifestGranted, ManifestSealed
from edge.core.grants import Grant
from edge.core.orders import OrderPool, OrderState
from edge.core.routing import Bags, route
from edge.core.values import BagId, DocumentKey, LotId, Order, OrderId, PrintId, Verdict
from tests.core.line import PLAN, order

D = DocumentKey("D1-1")


def granted(pool: OrderPool, *orders: Order, version: int = 1) -> Grant:
    pool.take_chunk(ManifestGranted(at_us=0, lot=LotId("L"), version=version, chunk=0, orders=orders))
    grant = pool.activate(ManifestSealed(at_us=0, lot=LotId("L"), version=version, chunks=1, digest=""))
    assert grant
    return grant


def pool_of(*orders: Order, version: int = 1) -> OrderPool:
    granted(pool := OrderPool(), *orders, version=version)
    return pool


def test_an_order_through_its_life() -> None:
    pool = pool_of(order(1))
    found = pool.find("resident_id", "token1", "skeleton1")
    assert (found.verdict, found.order_id) == (Verdict.MATCH, "O1")
    pool.claim(OrderId("O1"), D, 0)
    assert pool.find("resident_id", "token1", "skeleton1").verdict is Verdict.DUPLICATE
    pool.release(OrderId("O1"), D)
    assert pool.find("resident_id", "token1", "skeleton1").verdict is Verdict.MATCH
    pool.claim(OrderId("O1"), D, 0)
    assert pool.dispatch(OrderId("O1"))
    assert not pool.dispatch(OrderId("O1"))
    assert pool.find("resident_id", "token1", "skeleton1").verdict is Verdict.DUPLICATE
    assert pool.waiting == 0


def test_an_order_with_a_printed_label_waits_for_its_destruction() -> None:
    pool = pool_of(order(1))
    pool.claim(OrderId("O1"), D, 0)
    pool.live_print[OrderId("O1")] = PrintId(7)
    pool.release(OrderId("O1"), D)
    assert pool.state[OrderId("O1")] is OrderState.ASIDE
    assert list(pool.aside) == ["O1"]
    assert pool.find("resident_id", "token1", "skeleton1").verdict is Verdict.DUPLICATE
    assert not pool.void(OrderId("O1"), PrintId(6))
    assert pool.void(OrderId("O1"), PrintId(7))
    assert not pool.aside
    assert pool.find("resident_id", "token1", "skeleton1").verdict is Verdict.MATCH
    assert pool.waiting == 1


def test_no_order_and_wrong_kind() -> None:
    pool = pool_of(order(1))
    assert pool.find("resident_id", "other", "other").verdict is Verdict.NO_ORDER
    assert pool.find("passport", "token1", "skeleton1").verdict is Verdict.NO_ORDER


def test_equal_skeletons_are_ambiguous_until_one_is_done() -> None:
    pool = pool_of(order(1, skeleton="same"), order(2, skeleton="same"))
    assert pool.find("resident_id", "token1", "same").verdict is Verdict.AMBIGUOUS
    # A misreading of order 1's number lands on its skeleton: never corrected, never "no order".
    assert pool.find("resident_id", "misread", "same").verdict is Verdict.AMBIGUOUS
    pool.claim(OrderId("O2"), D, 0)
    pool.dispatch(OrderId("O2"))
    assert pool.find("resident_id", "token1", "same").verdict is Verdict.MATCH


def test_a_second_field_tells_orders_of_equal_skeleton_apart() -> None:
    pool = pool_of(*(order(n, skeleton="same", second_field=f"born {n}") for n in (1, 2)))
    assert pool.find("resident_id", "token1", "same", "born 1") == (Verdict.MATCH, "", "O1")
    assert pool.find("resident_id", "token1", "same", "born 2").reason == "SECOND_FIELD_DIFFERS"
    assert pool.find("resident_id", "token1", "same").reason == "AMBIGUOUS"
    # A misreading is never corrected, whatever stands beside it.
    assert pool.find("resident_id", "misread", "same", "born 1").reason == "AMBIGUOUS"


def test_a_second_field_keeps_a_stranger_from_an_order_that_nobody_looks_like() -> None:
    pool = pool_of(order(1, second_field="born 1"))
    assert pool.find("resident_id", "token1", "skeleton1", "born 2").reason == "SECOND_FIELD_DIFFERS"
    assert pool.find("resident_id", "token1", "skeleton1").verdict is Verdict.MATCH


def test_documents_of_one_order_may_look_alike() -> None:
    one = order(1, skeleton="same", second_field="born 1")
    other = msgspec.structs.replace(one.documents[0], token="token1b")
    grant = granted(pool := OrderPool(), msgspec.structs.replace(one, documents=(*one.documents, other)))
    assert pool.find("resident_id", "token1", "same", "born 1").verdict is Verdict.MATCH
    assert list(pool.alike(grant)) == []


@pytest.mark.parametrize(
    ("fields", "separated"),
    [(("a", "b"), True), (("a", "a"), False), (("a", ""), False), (("", ""), False), (("a", "b", "a"), False)],
)
def test_the_preflight_says_which_groups_stay_undecided(fields: tuple[str, ...], separated: bool) -> None:
    alike = [order(n, skeleton="same", second_field=field) for n, field in enumerate(fields)]
    grant = granted(pool := OrderPool(), *alike, order(9))
    groups = list(pool.alike(grant))
    assert groups == list(pool.alike())
    assert groups == [("resident_id", tuple((order.order_id, field) for order, field in zip(alike, fields, strict=True)))]
    assert groups[0].separated == separated


def test_the_same_token_in_two_orders_is_ambiguous() -> None:
    twin = order(1)
    pool = pool_of(order(1), type(twin)(**{**{f: getattr(twin, f) for f in twin.__struct_fields__}, "order_id": OrderId("O9")}))
    assert pool.find("resident_id", "token1", "skeleton1").verdict is Verdict.AMBIGUOUS


def test_manifest_counts_only_whole_and_only_newer() -> None:
    pool = OrderPool()
    pool.take_chunk(ManifestGranted(at_us=0, lot=LotId("L"), version=2, chunk=1, orders=(order(2),)))
    assert not pool.activate(ManifestSealed(at_us=0, lot=LotId("L"), version=2, chunks=2, digest=""))
    assert pool.orders == {}
    pool = pool_of(order(1), version=3)
    pool.take_chunk(ManifestGranted(at_us=0, lot=LotId("L"), version=2, chunk=0, orders=(order(2),)))
    assert not pool.activate(ManifestSealed(at_us=0, lot=LotId("L"), version=2, chunks=1, digest=""))
    assert list(pool.orders) == ["O1"]


def test_the_longest_prefix_routes() -> None:
    assert route(PLAN, "440106") == 2
    assert route(PLAN, "440305") == 1
    assert route(PLAN, "110101") is None


def test_a_chute_accepts_only_with_an_open_bag() -> None:
    bags = Bags()
    assert not bags.accepts(1)
    assert bags.bind(1, BagId("B1"))
    assert bags.accepts(1)
    assert not bags.bind(1, BagId("B2")), "one bag a chute"
    assert not bags.bind(2, BagId("B1")), "one chute a bag"
    bags.by_chute[1].unconfirmed.append("I1-1")
    assert not bags.accepts(1)
    assert [bag.bag_id for bag in bags.locked()] == ["B1"]


def test_each_verdict_has_its_reason() -> None:
    pool = pool_of(order(1), order(2, skeleton="same"), order(3, skeleton="same"), order(4), order(5))
    pool.claim(OrderId("O4"), D, 0)
    pool.dispatch(OrderId("O4"))
    pool.withdraw(OrderId("O5"), OrderState.CANCELLED)
    found = {
        (token, skeleton): pool.find("resident_id", token, skeleton)
        for token, skeleton in (
            ("token1", "skeleton1"), ("token2", "same"), ("misread", "same"), ("none", "none"), ("token4", "skeleton4"),
            ("token5", "skeleton5"),
        )
    }  # fmt: skip
    assert [(check.verdict.value, check.reason, check.order_id) for check in found.values()] == [
        ("MATCH", "", "O1"), ("AMBIGUOUS", "AMBIGUOUS", None), ("AMBIGUOUS", "AMBIGUOUS", None), ("NO_ORDER", "NO_ORDER", None),
        ("DUPLICATE", "DUPLICATE", "O4"), ("CANCELLED", "CANCELLED", "O5"),
    ]  # fmt: skip
    assert OrderId("O4") not in pool.claims


def test_an_order_aside_or_returned_is_found_as_such() -> None:
    pool = pool_of(order(1), order(2))
    pool.claim(OrderId("O1"), D, 0)
    pool.live_print[OrderId("O1")] = PrintId(7)
    pool.release(OrderId("O1"), D)
    pool.withdraw(OrderId("O2"), OrderState.RETURNED)
    assert pool.find("resident_id", "token1", "skeleton1")[:2] == (Verdict.DUPLICATE, "DUPLICATE")
    assert pool.find("resident_id", "token2", "skeleton2")[:2] == (Verdict.CANCELLED, "CANCELLED")
    assert pool.waiting == 0


def test_a_manifest_that_is_sealed_again_is_no_news_and_a_newer_one_adds_only_what_is_new() -> None:
    pool = pool_of(order(1), version=2)
    pool.take_chunk(ManifestGranted(at_us=0, lot=LotId("L"), version=2, chunk=0, orders=(order(2),)))
    assert pool.activate(ManifestSealed(at_us=0, lot=LotId("L"), version=2, chunks=1, digest="")) is None
    assert list(pool.orders) == ["O1"]
    for chunk, orders in ((1, (order(3),)), (0, (order(1), order(2)))):
        pool.take_chunk(ManifestGranted(at_us=0, lot=LotId("L"), version=3, chunk=chunk, orders=orders))
    grant = pool.activate(ManifestSealed(at_us=0, lot=LotId("L"), version=3, chunks=2, digest=""))
    assert grant is not None
    assert sorted(grant.cohorts["EMS", 0].orders) == ["O2", "O3"]
    assert pool.waiting == 3
    assert pool.lots == {"L": 3}


def test_an_order_of_several_documents_waits_again_with_the_last_of_them() -> None:
    pool = pool_of(order(1))
    for n in (1, 2):
        pool.claim(OrderId("O1"), DocumentKey(f"D1-{n}"), n - 1)
    pool.release(OrderId("O1"), DocumentKey("D1-9"))
    pool.release(OrderId("O1"), DocumentKey("D1-1"))
    assert (pool.state[OrderId("O1")], pool.waiting) == (OrderState.ON_LINE, 0)
    pool.release(OrderId("O1"), DocumentKey("D1-2"))
    pool.release(OrderId("O1"), DocumentKey("D1-2"))
    assert (pool.state[OrderId("O1")], pool.waiting) == (OrderState.WAITING, 1)


def test_withdrawn_on_the_line_it_ends_when_its_documents_have_left_and_the_first_word_stays() -> None:
    pool = pool_of(order(1))
    pool.claim(OrderId("O1"), D, 0)
    pool.withdraw(OrderId("O1"), OrderState.CANCELLED)
    pool.withdraw(OrderId("O1"), OrderState.RETURNED)
    assert (pool.state[OrderId("O1")], pool.waiting) == (OrderState.ON_LINE, 0)
    pool.release(OrderId("O1"), D)
    assert (pool.state[OrderId("O1")], pool.waiting) == (OrderState.CANCELLED, 0)


def test_a_closed_bag_is_no_bags_tag_again() -> None:
    bags = Bags()
    bags.bind(1, BagId("B1"))
    bags.by_chute[1].closing = True
    assert not bags.accepts(1)
    bags.by_chute[1].items.append("I1-1")
    bags.close(1)
    assert not bags.accepts(1)
    assert not bags.bind(1, BagId("B1"))
    assert (bags.closed, bags.closed_ids, bags.by_chute) == ({"I1-1": "B1"}, {"B1": 1}, {})
