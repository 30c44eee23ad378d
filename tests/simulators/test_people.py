import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import tokens
from simulators.people import KINDS, make_population, resident_number, s10

CLASSES = {"resident_id": ("0OQD", "1IL", "38"), "a4": ("0OQD", "1IL", "38"), "passport": ()}
KEY = b"k" * 32


def test_same_seed_same_people_and_another_seed_others():
    assert make_population(7, 50, {3}, CLASSES) == make_population(7, 50, {3}, CLASSES)
    assert make_population(7, 50, {3}, CLASSES) != make_population(8, 50, {3}, CLASSES)


def test_documents_without_order_are_those_named():
    people = make_population(1, 30, {0, 29}, CLASSES)
    assert [i for i, document in enumerate(people.documents) if document.order_id is None] == [0, 29]
    assert [order.order_id for order in people.orders] == [f"O{i:06d}" for i in range(2, 30)]
    assert all(order.documents[0].order_id == order.order_id for order in people.orders)


def test_a_copy_looks_like_one_that_lies_before_it_and_belongs_to_no_order():
    plain = make_population(5, 40, {0, 20, 30}, CLASSES, families=0.3)
    people = make_population(5, 40, {0, 20, 30}, CLASSES, copies={0, 20}, families=0.3)
    _, copy, alone = (index for index, document in enumerate(people.documents) if document.order_id is None)
    earlier = [document.number for document in people.documents[:copy]]
    assert people.documents[copy].number in earlier
    assert people.documents[copy].order_id is None
    assert people.documents[0] == plain.documents[0], "nothing lies before the first"
    assert people.documents[alone].number not in earlier
    assert people.orders == plain.orders


def test_all_kinds_come_and_tracking_numbers_are_unique_s10():
    people = make_population(1, 300, (), CLASSES)
    assert {document.kind for document in people.documents} == set(KINDS)
    numbers = {order.tracking_number for order in people.orders}
    assert len(numbers) == 300
    assert all(re.fullmatch(r"EA\d{9}CN", number) for number in numbers)


def test_numbers_have_the_form_of_their_kind():
    forms = {"resident_id": r"\d{17}[\dX]", "passport": r"E\d{8}", "a4": r"A4\d{10}"}
    for document in make_population(2, 200, (), CLASSES).documents:
        assert re.fullmatch(forms[document.kind], document.number)
        if document.kind == "resident_id":
            assert document.number[6:14] == f"{document.birth:%Y%m%d}"
            assert int(document.number[16]) % 2 == (document.sex == "M")
            assert document.number[:6] == document.holder.county


def test_no_two_numbers_look_alike_even_when_digits_share_a_class():
    # With classes this coarse most random A4 numbers collide, so that the regeneration really works.
    coarse = {**CLASSES, "a4": ("012345678",)}
    documents = make_population(1, 400, (), coarse).documents
    marks = [(document.kind, tokens.fold(document.kind, document.number, coarse)) for document in documents]
    assert len(set(marks)) == len(marks)


def test_people_look_synthetic():
    for document in make_population(3, 100, (), CLASSES).documents:
        assert document.holder.name[:2] in ("测试", "样例")
        assert "样例街道测试路" in document.holder.address
        assert document.holder.phone.startswith("1990000")


@pytest.mark.parametrize(
    ("number", "expected"),
    [("47312482", "RA473124829CN"), ("00000000", "RA000000005CN")],
    ids=["UPU S10 §4.2 example", "remainder 0 gives 5"],
)
def test_s10_check_digit(number, expected):
    assert s10("RA", int(number), "CN") == expected


def test_resident_number_of_gb_11643_annex():
    assert resident_number("110105", date(1949, 12, 31), 2) == "11010519491231002X"


@given(st.text("0123456789X", min_size=18, max_size=18))
def test_mod_11_2_of_any_number_sums_to_one(body):
    number = resident_number(body[:6].replace("X", "1"), date(1990, 1, 1), 7)
    total = sum((10 if char == "X" else int(char)) * pow(2, 17 - i, 11) for i, char in enumerate(number))
    assert total % 11 == 1


def test_token_is_the_agreed_hmac():
    # openssl: printf 'number:passport:E12345678' | openssl dgst -sha256 -mac HMAC -macopt key:kkkk…
    assert tokens.token(KEY, "passport", "E12345678") == "127540c1dbf14f6f15f90ae9e06d94ac"
    assert tokens.skeleton(KEY, "passport", "E12345678", {}) == tokens._keyed(KEY, "skeleton:passport:412345678")


def test_skeleton_joins_what_a_check_digit_cannot_tell_apart():
    assert tokens.fold("passport", "E1<O", {}) == tokens.fold("passport", "O1AY", {}) == "4104"
    assert tokens.fold("a4", "A4O1L", CLASSES) == tokens.fold("a4", "A4QIL", CLASSES) == "A4011"


def test_a_kind_without_layout_data_is_an_error():
    with pytest.raises(KeyError):
        tokens.fold("visa", "1", CLASSES)


def test_layout_data_names_all_kinds():
    assert set(KINDS) <= set(tokens.load_classes())


def test_twins_look_like_one_other_passport_of_another_birth():
    people, plain = make_population(6, 200, (), CLASSES, twins=0.3), make_population(6, 200, (), CLASSES)
    groups = {}
    for document in people.documents:
        groups.setdefault((document.kind, tokens.fold(document.kind, document.number, CLASSES)), []).append(document)
    alike = [group for group in groups.values() if len(group) > 1]
    assert len(alike) > 5
    assert all(len({one.birth for one in group}) == len({one.number for one in group}) == len(group) for group in alike)
    assert {group[0].kind for group in alike} == {"passport"}
    changed = [(one, other) for one, other in zip(people.documents, plain.documents, strict=True) if one != other]
    assert all(replace(one, number=other.number) == other for one, other in changed)
