"""Central's own judgement of the answers to its words: what it expects of each, and that a wrong one is found."""

import json

import pytest

from simulators.people import make_population
from simulators.words import Words

POPULATION = make_population(1, 3)
ORDER = POPULATION.orders[0].order_id
COUNTY = "440103"


def office() -> Words:
    return Words(POPULATION.orders, {order.order_id: "L" for order in POPULATION.orders})


def hear(words: Words, *events: tuple[str, dict[str, object]]) -> None:
    for kind, body in events:
        words.hear({"kind": kind, "body": body})


GRANTED = ("manifest_accepted", {"lot": "L"})
DISPATCHED = ("dispatched", {"order_id": ORDER, "bag": "B1"})
CLOSED = ("bag_closed", {"bag": "B1"})
TAKEN_OUT = ("recalled", {"order_id": ORDER, "bag": "B1"})
RETURNED = ("returned", {"order_id": ORDER})


def answer(topic: str, version: int, code: str, order_id: str = ORDER) -> tuple[str, dict[str, object]]:
    kind = {"amend": "amendment", "cancel": "cancellation"}[topic]
    return kind, {"order_id": order_id, "version": version, "code": code}


# what happened before → the only answers to a cancellation, and to an amendment, that are right
STANDS = {
    "unknown": ((), {"UNKNOWN_ORDER"}, {"UNKNOWN_ORDER"}),
    "granted": ((GRANTED,), {"CANCELLED"}, {"AMENDED", "TOO_LATE"}),
    "in an open bag": ((GRANTED, DISPATCHED), {"RECALLED"}, {"TOO_LATE"}),
    "in a closed bag": ((GRANTED, DISPATCHED, CLOSED), {"BAG_CLOSED"}, {"TOO_LATE"}),
    "out of its bag again": ((GRANTED, DISPATCHED, TAKEN_OUT, CLOSED), {"CANCELLED"}, {"AMENDED", "TOO_LATE"}),
    "returned": ((GRANTED, RETURNED), {"CANCELLED"}, {"TOO_LATE"}),
}
CODES = ("UNKNOWN_ORDER", "OLD_VERSION", "AMENDED", "TOO_LATE", "CANCELLED", "RECALLED", "BAG_CLOSED")


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("topic", ["cancel", "amend"])
@pytest.mark.parametrize("stands", STANDS)
def test_each_answer_where_the_order_stands(stands: str, topic: str, code: str) -> None:
    before, cancelled, amended = STANDS[stands]
    words = office()
    hear(words, *before)
    word = words.cancel(ORDER) if topic == "cancel" else words.amend(ORDER, COUNTY)
    assert word.version == 1
    hear(words, answer(topic, 1, code))
    assert (not words.findings) is (code in (cancelled if topic == "cancel" else amended)), words.findings
    assert words.codes == {f"{topic} {code}": 1}


@pytest.mark.parametrize("stands", STANDS)
def test_an_account_says_what_cannot_change_any_more(stands: str) -> None:
    words = office()
    hear(words, *STANDS[stands][0], ("lot_filed", {"lot": "L"}))
    assert words.filed["L"] == 1
    found = {"granted": ["granted"], "in an open bag": ["dispatched"]}.get(stands, [])
    mine = [finding for finding in words.findings if ORDER in finding]
    assert mine == [f"the account of L was told, and {ORDER} is {one}" for one in found]


def test_an_older_word_must_be_refused_and_changes_nothing() -> None:
    words = office()
    hear(words, GRANTED)
    words.amend(ORDER, COUNTY)
    words.amend(ORDER, "510107")
    assert not words.settled()
    hear(words, answer("amend", 2, "AMENDED"), answer("amend", 1, "OLD_VERSION"))
    assert (words.findings, words.counties(), words.settled()) == ([], {ORDER: "510107"}, [ORDER])
    words.cancel(ORDER, 1)
    hear(words, answer("cancel", 1, "CANCELLED"))
    assert words.findings == [f"cancel 1 of {ORDER} (granted): CANCELLED instead of OLD_VERSION"]


def test_words_are_said_until_they_are_answered_and_silence_is_found() -> None:
    words = office()
    hear(words, GRANTED)
    word = words.cancel(ORDER)
    assert json.loads(word.payload) == {"order_id": ORDER, "version": 1}
    assert list(words.unanswered()) == [word]
    assert words.shortcomings() == [f"cancel 1 of {ORDER} was never answered"]
    hear(words, answer("cancel", 1, "CANCELLED"), answer("cancel", 1, "OLD_VERSION"))
    assert (list(words.unanswered()), words.shortcomings(), words.standing("cancelled")) == ([], [], [ORDER])


def test_answers_to_what_was_never_said_and_about_strangers() -> None:
    words = office()
    hear(words, answer("cancel", 7, "CANCELLED"), answer("cancel", 1, "UNKNOWN_ORDER", "nobody's"))
    assert words.findings == [f"cancel 7 of {ORDER} was answered, and never said"]
    hear(words, answer("cancel", 1, "CANCELLED", "nobody's"))
    assert words.findings[1:] == ["cancel 1 of nobody's (unknown): CANCELLED instead of UNKNOWN_ORDER"]
