import copy
import hashlib
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.events import ManifestGranted, ManifestRefused, ManifestSealed
from edge.core.values import SortPlan
from edge.runtime import manifest
from edge.runtime.manifest import FaultCode, ManifestDesk, canonical
from line_config.tracking_number import S10, NumberForm

PLAN = SortPlan(version="t", routes={"44": 1, "4403": 3}, reject_chute=0)
NUMBERS = ["EA473124829CN", "EA000000005CN", "EA000000014CN", "EA000000028CN", "EA000000031CN"]


def order(n, **changes):
    fields = {
        "order_id": f"O{n}",
        "documents": [{"kind": "passport", "token": f"{n:032x}", "skeleton": f"{n + 1000:032x}"}],
        "address": {"county": "440106", "text": "样例路1号", "name": "测试甲", "phone": "19900000001"},
        "tracking_number": NUMBERS[n],
    }
    return {**fields, **changes}


def messages(*chunks, **changes):
    """Manifest messages as central makes them: digest over all orders by json.dumps, the contract's own words."""
    listed = [one for chunk in chunks for one in chunk]
    lines = [json.dumps(one, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for one in listed]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    head = {"message_id": "m", "lot": "L1", "version": 1, "chunks": len(chunks), "digest": digest}
    return [
        json.dumps({**head, "chunk": n, "orders": chunk, **changes}, ensure_ascii=False).encode()
        for n, chunk in enumerate(chunks, 1)
    ]


def take(desk, data, at_us=0):
    steps = desk.take(data, at_us)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def settle(*data, prints=False):
    desk = ManifestDesk(PLAN, prints=prints)
    ends = [settled for one in data if (settled := take(desk, one)[1]) is not None]
    assert len(ends) == 1
    return ends[0].events


def codes(*data, prints=False):
    (refused,) = settle(*data, prints=prints)
    assert isinstance(refused, ManifestRefused)
    return [line.split(":")[0].split(" ")[0] for line in refused.faults]


def test_all_chunks_are_granted_in_order_then_sealed():
    one, two = messages([order(0)], [order(1), order(2)])
    *granted, sealed = settle(two, one)
    assert [(type(event), event.chunk, len(event.orders)) for event in granted] == [
        (ManifestGranted, 1, 1),
        (ManifestGranted, 2, 2),
    ]
    assert isinstance(sealed, ManifestSealed)
    assert (sealed.lot, sealed.version, sealed.chunks) == ("L1", 1, 2)
    assert sealed.digest == json.loads(one)["digest"]
    assert granted[0].orders[0].address.name == "测试甲"


def test_nothing_is_granted_before_the_last_chunk():
    one, _ = messages([order(0)], [order(1)])
    assert take(ManifestDesk(PLAN), one) == (("L1", 1), None)


def test_a_chunk_delivered_again_changes_nothing():
    one, two = messages([order(0)], [order(1)])
    assert isinstance(settle(one, one, two)[-1], ManifestSealed)


def test_an_empty_manifest_and_empty_chunks_are_manifests():
    assert isinstance(settle(*messages([]))[-1], ManifestSealed)
    assert isinstance(settle(*messages([], [order(0)], [], [order(1)]))[-1], ManifestSealed)


def test_unknown_fields_are_allowed_but_under_the_digest():
    data = messages([order(0, added_later={"深": [1, None, True]})])
    assert isinstance(settle(*data)[-1], ManifestSealed)
    assert codes(data[0].replace(b"added_later", b"added_later2")) == ["DIGEST_MISMATCH"]


def test_orders_without_a_number_get_those_that_their_chunk_grants():
    one = [order(0, tracking_number=""), order(1, tracking_number="EA000000045CN"), order(2, tracking_number="")]
    chunks = [
        messages(
            one, [order(3, tracking_number="")], [order(0, order_id="O4", documents=order(4)["documents"])], first_number=first
        )[n]
        for n, first in enumerate(("EA000000005CN", "EA000000031CN", ""))
    ]
    *granted, sealed = settle(*chunks)
    assert isinstance(sealed, ManifestSealed)
    numbers = [[one.tracking_number for one in event.orders] for event in granted]
    assert numbers == [["EA000000005CN", "EA000000045CN", "EA000000014CN"], ["EA000000031CN"], [NUMBERS[0]]]
    assert "CONTRADICTORY_CHUNK" in codes(chunks[0], messages(one, [], [], first_number="EA000000014CN")[0], *chunks[1:])


@pytest.mark.parametrize(
    ("first", "fault"),
    [("EA000000006CN", "BAD_NUMBER_RANGE"), ("EA999999987CN", "BAD_NUMBER_RANGE"), ("none", "WRONG_TYPE")],
)
def test_numbers_that_are_none_or_too_few_are_refused(first, fault):
    listed = [order(n, tracking_number="") for n in range(3)]
    assert codes(*messages(listed, first_number=first))[0] == fault


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"tracking_number": ""}, "BAD_TRACKING_NUMBER"),
        ({"limit_min": -1}, "BAD_LIMITS"),
        ({"weight_min_g": -1}, "BAD_LIMITS"),
        ({"weight_max_g": -1}, "BAD_LIMITS"),
        ({"weight_min_g": 20, "weight_max_g": 19}, "BAD_LIMITS"),
        ({"signature": "by the neighbour"}, "WRONG_TYPE"),
    ],
)
def test_what_an_order_asks_for_must_be_possible(changes, fault):
    assert codes(*messages([order(0, **changes)])) == [fault]


def test_what_an_order_asks_for_is_granted():
    asked = {"signature": "code", "source": "GD", "limit_min": 90, "weight_min_g": 20}
    granted, _ = settle(*messages([order(0, **asked)]))
    assert {name: getattr(granted.orders[0], name) for name in asked} == asked
    assert granted.orders[0].weight_max_g == 0


def test_a_lease_is_whole_and_the_same_in_all_chunks():
    lease = {"epoch": 3, "lease_end_ms": 1_790_000_000_000}
    sealed = settle(*messages([order(0)], [order(1)], **lease))[-1]
    assert (sealed.epoch, sealed.lease_end_ms) == (3, 1_790_000_000_000)
    without = settle(*messages([order(0)]))[-1]
    assert (without.epoch, without.lease_end_ms) == (0, 0)
    for half in ({"epoch": 3}, {"lease_end_ms": 1}):
        assert codes(*messages([order(0)], **half)) == ["HALF_A_LEASE"]
    one, _ = messages([order(0)], [order(1)], **lease)
    for other in ({**lease, "epoch": 4}, {**lease, "lease_end_ms": 1}):
        assert codes(one, messages([order(0)], [order(1)], **other)[1]) == ["CONTRADICTORY_CHUNK"]
    assert codes(*messages([order(0)], epoch=-1, lease_end_ms=1)) == ["WRONG_TYPE"]


def test_a_manifest_has_an_end(monkeypatch):
    monkeypatch.setattr(manifest, "MANIFEST_ORDERS_MAX", 2)
    assert isinstance(settle(*messages([order(0)], [order(1)]))[-1], ManifestSealed)
    assert codes(*messages([order(0)], [order(1), order(2)])) == ["TOO_LONG"]


def address(**changes):
    return {**order(0)["address"], **changes}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tracking_number": "EA473124828CN"}, "BAD_TRACKING_NUMBER"),
        ({"tracking_number": ""}, "BAD_TRACKING_NUMBER"),
        ({"address": address(text=" ")}, "MISSING_ADDRESS"),
        ({"address": address(name="")}, "MISSING_ADDRESS"),
        ({"address": address(county="4401")}, "MISSING_ADDRESS"),
        ({"address": address(county="990101")}, "UNROUTABLE"),
        ({"address": None}, "WRONG_TYPE"),
        ({"documents": []}, "NO_DOCUMENT"),
        ({"documents": [{"kind": "passport", "token": "E12345678", "skeleton": "0" * 32}]}, "PLAIN_NUMBER"),
        ({"documents": [{"kind": "passport", "token": "0" * 32, "skeleton": "E12345678"}]}, "PLAIN_NUMBER"),
        ({"documents": [{**order(0)["documents"][0], "number": "E12345678"}]}, "PLAIN_NUMBER"),
        ({"documents": order(0)["documents"] * 2}, "DUPLICATE_DOCUMENT"),
        ({"priority": "high"}, "WRONG_TYPE"),
    ],
)
def test_one_bad_order_refuses_the_whole_manifest(changes, code):
    assert codes(*messages([order(1)], [order(0, **changes)])) == [code]


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (order(0), "DUPLICATE_ORDER"),
        (order(1, documents=order(0)["documents"]), "DUPLICATE_DOCUMENT"),
        (order(1, tracking_number=NUMBERS[0]), "DUPLICATE_TRACKING_NUMBER"),
    ],
)
@pytest.mark.parametrize("split", [False, True])
def test_duplicates_are_found_within_and_across_chunks(second, code, split):
    chunks = [[order(0)], [second]] if split else [[order(0), second]]
    assert codes(*messages(*chunks)) == [code]


def test_all_faults_are_listed_at_once_and_no_number_is_repeated():
    bad = order(0, tracking_number="x", documents=[{"kind": "passport", "token": "E12345678", "skeleton": "412345678"}])
    (refused,) = settle(*messages([bad, order(1, address=address(text=""))]))
    assert [line.split(" ")[0] for line in refused.faults] == ["BAD_TRACKING_NUMBER", "PLAIN_NUMBER", "MISSING_ADDRESS"]
    assert "12345678" not in "".join(refused.faults)


def test_a_long_list_of_faults_is_cut_and_says_so():
    (refused,) = settle(*messages([order(0, order_id=f"P{n}", documents=[]) for n in range(30)]))
    assert len(refused.faults) == manifest.FAULTS_MAX + 1
    assert refused.faults[-1] == "and 39 more faults"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff\xfe", "NOT_UTF8"),
        (b"hello", "NOT_JSON"),
        (b"", "NOT_JSON"),
        (b"[" * 100_000, "NOT_JSON"),
        (b"[1]", "WRONG_TYPE"),
        (b'{"lot": "L1"}', "WRONG_TYPE"),
        (b" " * (manifest.MESSAGE_MAX_BYTES + 1), "TOO_LARGE"),
    ],
    ids=["bytes", "words", "nothing", "deep", "list", "head", "large"],
)
def test_a_message_of_no_manifest_is_refused_by_itself(data, code):
    assert codes(data) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"digest": "0" * 64}, "DIGEST_MISMATCH"),
        ({"chunk": 2}, "WRONG_CHUNK"),
        ({"orders": [order(0, order_id=str(n)) for n in range(501)]}, "TOO_MANY_ORDERS"),
        ({"orders": None}, "WRONG_TYPE"),
        ({"version": 0}, "WRONG_TYPE"),
        ({"digest": "short"}, "WRONG_TYPE"),
    ],
)
def test_bad_heads(changes, code):
    assert code in codes(*messages([order(0)], **changes))


def test_chunks_that_contradict_each_other():
    one, two = messages([order(0)], [order(1)])
    other = messages([order(0)], [order(2)])[1]
    assert codes(one, other) == ["CONTRADICTORY_CHUNK"]
    changed = json.dumps({**json.loads(one), "orders": [order(3)]}, ensure_ascii=False).encode()
    assert codes(one, changed, two) == ["CONTRADICTORY_CHUNK"]


def test_a_chunk_that_never_comes_is_refused_after_its_deadline():
    desk = ManifestDesk(PLAN)
    take(desk, messages([order(0)], [order(1)])[0], at_us=5)
    assert desk.overdue(5 + manifest.PART_DEADLINE_MS * 1000) == []
    (settled,) = desk.overdue(6 + manifest.PART_DEADLINE_MS * 1000)
    assert (settled.lot, settled.version) == ("L1", 1)
    assert settled.events[0].faults[0].startswith("MISSING_CHUNK at chunk 2 of 2")


def test_only_so_many_manifests_may_be_open():
    desk = ManifestDesk(PLAN)
    for n in range(manifest.OPEN_MAX + 1):
        take(desk, messages([order(0)], [order(1)], lot=f"L{n}")[0])
    assert [settled.lot for settled in desk.overdue(0)] == ["L0"]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
GOOD = json.loads(messages([order(0), order(1)])[0])


def paths(value, here=()):
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*here, key))


def replaced(value, path, new):
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


def ends_well(data):
    _, settled = take(ManifestDesk(PLAN), data)
    assert settled is None or isinstance(settled.events[-1], ManifestSealed | ManifestRefused)
    if settled is not None and isinstance(settled.events[-1], ManifestRefused):
        assert len(settled.events) == 1
        assert settled.events[0].faults
    msgspec.json.encode(settled and settled.events)
    return settled


@given(st.binary(max_size=200))
def test_arbitrary_bytes_only_ever_give_a_typed_refusal(data):
    assert isinstance(ends_well(data).events[0], ManifestRefused)


@settings(max_examples=300)
@given(st.sampled_from(list(paths(GOOD))), JSONS)
def test_any_field_replaced_by_anything_never_raises(path, new):
    ends_well(json.dumps(replaced(GOOD, path, new)).encode())


@given(st.integers(0, len(messages([order(0), order(1)])[0]) - 1), st.integers(0, 255))
def test_any_byte_changed_never_grants_other_orders(at, byte):
    data = bytearray(messages([order(0), order(1)])[0])
    data[at] = byte
    settled = ends_well(bytes(data))
    if settled is not None and isinstance(settled.events[-1], ManifestSealed):
        assert settled.events[0].orders == settle(*messages([order(0), order(1)]))[0].orders


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.text() | st.integers(-(2**63), 2**63) | st.booleans() | st.none()), max_size=3
    )
)
def test_canonical_form_is_the_contracts_own(listed):
    expected = "\n".join(json.dumps(one, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for one in listed)
    try:
        data = expected.encode()
    except UnicodeEncodeError:
        return
    assert canonical(listed) == data


def test_a_domestic_form_is_taken_where_the_line_names_it():
    (data,) = messages([order(1, tracking_number="1234567890123"), order(2)])
    assert codes(data) == ["BAD_TRACKING_NUMBER"]
    domestic = NumberForm(name="domestic", pattern="[1-9][0-9]{12}", check="none")
    _, settled = take(ManifestDesk(PLAN, (S10, domestic)), data)
    assert settled is not None
    assert [type(event) for event in settled.events] == [ManifestGranted, ManifestSealed]


def test_every_fault_code_says_who_must_act():
    assert all("central: " in code.value for code in FaultCode)


# --- documents that are printed from files ---
def file(**changes):
    return {"url": "https://files.test:8443/a/b?c=d", "sha256": "0" * 64, "pages": 2, **changes}


def test_an_orders_files_are_granted_with_it():
    data = messages([order(0, files=[file(duplex=True, index=0, carrier="A40000000001")])])
    (one,) = settle(*data, prints=True)[0].orders[0].files
    assert (one.url, one.pages, one.duplex, one.index, one.carrier) == (
        "https://files.test:8443/a/b?c=d", 2, True, 0, "A40000000001",
    )  # fmt: skip
    assert codes(*data) == ["NO_DOCUMENT_PRINTER"]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([file(url="ftp://files.test/x")], "BAD_FILE"),
        ([file(url="https://user:pass@files.test/x")], "BAD_FILE"),
        ([file(url="https://files.test")], "BAD_FILE"),
        ([file(url="https://files.test/a b")], "BAD_FILE"),
        ([file(url="file:///etc/passwd")], "BAD_FILE"),
        ([file(sha256="0" * 63)], "BAD_FILE"),
        ([file(sha256="A" * 64)], "BAD_FILE"),
        ([file(pages=0)], "BAD_FILE"),
        ([file(pages=501)], "BAD_FILE"),
        ([file(pages=True)], "WRONG_TYPE"),
        ([{"url": "https://files.test/x"}], "WRONG_TYPE"),
        ([file(index=1)], "BAD_FILE_INDEX"),
        ([file(index=-1)], "BAD_FILE_INDEX"),
        ([file(), file()], "BAD_FILE_INDEX"),
        ([file(carrier="abc")], "BAD_CARRIER"),
        ([file(carrier="A B C D")], "BAD_CARRIER"),
        ([file(url="https://files.test/440106199001011234.pdf")], "PLAIN_NUMBER_IN_ADDRESS"),
        ([file(url="https://files.test/?id=44010619900101123X")], "PLAIN_NUMBER_IN_ADDRESS"),
    ],
)
def test_nonsense_about_files_refuses_the_manifest_and_never_says_the_address(files, code):
    (refused,) = settle(*messages([order(0, files=files)]), prints=True)
    assert [line.split(":")[0].split(" ")[0] for line in refused.faults] == [code]
    assert "files.test" not in "".join(refused.faults)


def test_a_long_number_that_is_no_persons_is_a_good_address():
    data = messages([order(0, files=[file(url="https://files.test/1234567890123456789.pdf")])])
    assert isinstance(settle(*data, prints=True)[-1], ManifestSealed)
