import hashlib
import json

import pytest

from simulators.books import Books
from simulators.manifests import BAD_MANIFESTS, make_manifest, wire_order
from simulators.people import make_population

KEY = b"k" * 32
CLASSES = {"resident_id": (), "passport": (), "a4": ()}


def orders(items=5, no_order=()):
    return [wire_order(order, KEY, CLASSES) for order in make_population(1, items, no_order, CLASSES).orders]


def books(items=5, file=None, no_order=()):
    return Books([order["order_id"] for order in orders(items, no_order)], file)


def event(seq, kind="document_fed", journal_id="J1", **body):
    return json.dumps(
        {"journal_id": journal_id, "seq": seq, "key": f"{journal_id}:{seq}", "at_ms": 1, "kind": kind, "body": body}
    ).encode()


def request(want, boot=1):
    return json.dumps({"want": want, "request_id": "r", "journal_id": "J1", "boot": boot}).encode()


def confirmed(answer):
    return json.loads(answer.confirmation)["seq"]


def test_orders_carry_tokens_and_never_a_number():
    population = make_population(1, 60, {4}, CLASSES)
    wire = json.dumps(orders(60, {4}))
    assert not any(document.number in wire for document in population.documents)
    assert len(json.loads(wire)) == 59


def test_manifest_is_cut_into_chunks_under_one_digest():
    mine = orders(7)
    messages = [json.loads(message) for message in make_manifest(mine, "L1", 2, chunk_orders=3)]
    assert [(m["chunk"], m["chunks"], len(m["orders"])) for m in messages] == [(1, 3, 3), (2, 3, 3), (3, 3, 1)]
    lines = [json.dumps(one, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for one in mine]
    assert {m["digest"] for m in messages} == {hashlib.sha256("\n".join(lines).encode()).hexdigest()}
    assert len({m["message_id"] for m in messages}) == 3


def test_confirms_only_what_is_whole():
    central = books()
    assert [confirmed(central.take_event(event(seq))) for seq in (1, 3, 4, 2)] == [1, 1, 1, 4]


def test_shows_gaps_while_they_are_open():
    central = books()
    central.take_event(event(1))
    central.take_event(event(4))
    assert central.report()["gaps"] == ["J1:2", "J1:3"]


def test_what_comes_twice_counts_once_and_is_confirmed_again():
    central = books()
    assert [confirmed(central.take_event(event(1))) for _ in range(3)] == [1, 1, 1]
    report = central.report()
    assert (report["stored"], report["duplicates"], report["contradictions"]) == (1, 2, [])


def test_the_same_row_with_other_contents_is_a_contradiction():
    central = books()
    central.take_event(event(1, a=1))
    central.take_event(event(1, a=2))
    assert central.report()["contradictions"] == ["J1:1"]


def test_each_journal_has_its_own_sequence():
    central = books()
    assert confirmed(central.take_event(event(1, journal_id="A"))) == 1
    assert confirmed(central.take_event(event(2, journal_id="B"))) == 0
    assert central.report()["gaps"] == ["B:1"]


def test_outcomes_and_orders_dispatched_twice():
    central = books(4)
    tale = [
        ("rejected", "O000001"),
        ("dispatched", "O000001"),
        ("rejected", "O000002"),
        ("dispatched", "O000003"),
        ("dispatched", "O000003"),
    ]
    for seq, (kind, order_id) in enumerate(tale, 1):
        central.take_event(event(seq, kind, order_id=order_id, reason="UNREADABLE"))
    central.take_event(event(6, "rejected", order_id=None, reason="NO_ORDER"))
    central.take_event(event(7, "dispatched", order_id="O999999"))
    report = central.report()
    assert report["orders"] == {
        "O000001": "dispatched",
        "O000002": "rejected UNREADABLE",
        "O000003": "dispatched",
        "O000004": "waiting",
    }
    assert report["missing"] == ["O000004"]
    assert report["dispatched_twice"] == ["O000003"]
    assert report["unknown_orders"] == ["O999999"]
    assert report["events"] == {"rejected": 3, "dispatched": 4}


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"[]", b"{}", event(0), event(1).replace(b"J1:1", b"J1:2"), event(1).replace(b'"at_ms": 1', b'"at_ms": ""')],
)
def test_nonsense_is_noted_and_not_confirmed(payload):
    central = books()
    assert central.take_event(payload) is None
    assert len(central.report()["nonsense"]) == 1
    assert central.report()["stored"] == 0


def test_books_on_disk_survive_a_restart(tmp_path):
    file = tmp_path / "central.jsonl"
    first = books(file=file)
    first.take_event(event(1))
    first.take_event(event(2))
    again = books(file=file)
    assert confirmed(again.take_event(event(2))) == 2
    assert again.report()["duplicates"] == 1
    assert len(file.read_text().splitlines()) == 2


def test_keeps_the_state():
    central = books()
    central.take_state(b'{"online": false}')
    central.take_state(b"rubbish")
    assert central.report()["line_state"] == {"online": False}


def test_a_journal_belongs_to_the_line_that_told_of_it_first():
    central = books()
    assert central.take_event(event(1), "line-1") is not None
    assert central.take_event(event(2), "line-2") is None
    assert central.report()["stored"] == 1


@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_every_bad_manifest_differs_from_the_good_one(name):
    assert BAD_MANIFESTS[name](orders()) != make_manifest(orders(), "L0001", 1)
