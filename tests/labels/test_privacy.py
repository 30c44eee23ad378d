import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.labels.fields import LabelError
from edge.labels.privacy import check, mask_address, mask_name, mask_phone, masked
from tests.labels.sample import FIELDS, LAYOUT

RULE = LAYOUT.privacy


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("测试", "测*"),
        ("样例一", "样**"),
        ("测", "测*"),
        ("样*例", "样*例"),
        ("", "*"),
        (" ", "*"),
        ("阿卜杜拉·样例", "阿***·样*"),
        ("Li Sample", "L* S*****"),
        ("L* Sample", "L* S*****"),
    ],
)
def test_mask_name(name, shown):
    assert mask_name(name, RULE.names, "*") == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("19900001234", "199******34"),
        ("+86 199 0000 1234", "+86 1** **** 1234"),
        ("199****1234", "199******34"),
        ("199******34", "199******34"),
        ("1234567", "1******"),
        ("123", "******"),
        ("", "******"),
    ],
)
def test_mask_phone(phone, shown):
    assert mask_phone(phone, RULE.phones, "*") == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("样例路8号测试大厦12栋3单元405室", "样例路8号测试大厦12栋*单元***室"),
        ("样例路8号12栋3-405室", "样例路8号12栋*****室"),
        ("样例小区3号楼二单元一二〇五室", "样例小区3号楼*单元****室"),
        ("样例路8号测试大厦1205", "样例路8号测试大厦****"),
        ("样例路8号405", "样例路8号***"),
        ("样例路8号A座1205（前台代收）", "样例路8号A座****（前台代收）"),
        ("样例花园12-3-405", "样例花园12-*****"),
        ("样例路8号405房", "样例路8号***房"),
        ("2室405室", "*室***室"),
        ("Flat 3B, 8 Sample Road", "Flat **, 8 Sample Road"),
        ("Room 1205, Tower A", "Room ****, Tower A"),
        ("8 Sample Road #12-05", "8 Sample Road #*****"),
        ("样例市样例区样例路8号", "样例市样例区样例路8号"),
        ("样例村三组", "样例村三组"),
    ],
)
def test_mask_address(address, shown):
    assert mask_address(address, RULE.addresses.hide, "*") == shown


@given(st.text(), st.text(), st.text(alphabet="样例路号栋座单元室房0123456789-AB Room#", max_size=60))
def test_what_is_masked_passes_the_check_and_stays_as_it_is(name, phone, address):
    once = masked(msgspec.structs.replace(FIELDS, name=name, phone=phone, address=address), RULE)
    check(once, [], RULE)
    assert masked(once, RULE) == once


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_shows_five_digits(phone):
    assert sum(char.isdigit() for char in mask_phone(phone, RULE.phones, "*")) == 5


def test_a_sender_that_is_not_printed_stays_empty_and_one_that_is_hides_as_much():
    assert masked(FIELDS, RULE).sender_name == ""
    person = msgspec.structs.replace(FIELDS, sender_name="样例一", sender_phone="19900001234", sender_address="样例路8号405室")
    hidden = masked(person, RULE)
    assert (hidden.sender_name, hidden.sender_phone, hidden.sender_address) == ("样**", "199******34", "样例路8号***室")
    assert hidden.sender_unit == FIELDS.sender_unit


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "测试样", "part of name"),
        ("name", "测* 试样", "part of name"),
        ("name", "", "part of name"),
        ("sender_name", "测试样", "part of sender_name"),
        ("phone", "199*****901", "fewer than 6"),
        ("phone", "19900001234", "fewer than 6"),
        ("sender_phone", "19900001234", "sender_phone hides fewer"),
        ("address", "样例路8号405室", "address shows unit or room"),
        ("sender_address", "样例路8号3单元", "sender_address shows unit or room"),
        ("address", "样例路8号，电话13900001234", "address holds a phone number"),
        ("sender_unit", "样例局 139-0000-1234", "sender_unit holds a phone number"),
        ("product", "证件440104199001011234", "product holds an identity number"),
    ],
)
def test_a_readable_person_is_refused_without_being_named(field, value, says):
    with pytest.raises(LabelError, match="GB/T 41833") as refused:
        check(msgspec.structs.replace(FIELDS, **{field: value}), [], RULE)
    assert says in str(refused.value)
    assert not value or value not in str(refused.value)


def test_the_layout_s_own_texts_are_looked_at_too():
    with pytest.raises(LabelError, match="a fixed text holds a phone number"):
        check(FIELDS, ["服务电话 13900001234"], RULE)
