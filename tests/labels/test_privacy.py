import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.labels.fields import LabelError
from edge.labels.privacy import check, mask_name, mask_phone
from tests.labels.sample import FIELDS


@pytest.mark.parametrize(
    ("name", "masked"),
    [("测试", "测*"), ("样例一", "样**"), ("测", "测*"), ("样*例", "样*例"), ("", "*")],
)
def test_mask_name(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
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
def test_mask_phone(phone, masked):
    assert mask_phone(phone) == masked


@given(st.text(), st.text())
def test_what_is_masked_passes_the_check_and_stays_as_it_is(name, phone):
    masked = msgspec.structs.replace(FIELDS, name=mask_name(name), phone=mask_phone(phone))
    check(masked)
    assert (mask_name(masked.name), mask_phone(masked.phone)) == (masked.name, masked.phone)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_shows_five_digits(phone):
    assert sum(char.isdigit() for char in mask_phone(phone)) == 5


@pytest.mark.parametrize(("field", "value"), [("name", "测试样"), ("phone", "199*****901"), ("phone", "19900001234")])
def test_a_readable_person_is_refused_without_being_named(field, value):
    with pytest.raises(LabelError, match="GB/T 41833") as refused:
        check(msgspec.structs.replace(FIELDS, **{field: value}))
    assert value not in str(refused.value)
