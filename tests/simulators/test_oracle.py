"""The oracle must ring: small worlds with one thing wrong in each, and one with nothing wrong."""

from collections.abc import Callable

import pytest

from simulators.bodies import Envelope, PhysicalLabel
from simulators.oracle import Judgement, Ordered, expected_chute, judge, judge_across
from tests.simulators.edges import PerfectEdge

ITEMS = 12


class Finished:
    """A world in which everything went right, to be spoilt."""

    def __init__(self) -> None:
        edge = PerfectEdge(10_800, ITEMS)
        edge.run()
        self.plant = edge.plant
        self.orders: list[Ordered] = list(edge.orders.values())
        self.accounts = [{"document": key, "place": place} for key, place in edge.accounts.items()]

    def judge(self) -> Judgement:
        return judge(self.plant, self.orders, self.accounts)

    def envelope(self, index: int) -> Envelope:
        return next(e for envelopes in self.plant.chutes.values() for e in envelopes if e.documents[0].index == index)


def test_a_right_world_is_clean() -> None:
    judgement = Finished().judge()
    assert judgement == Judgement(ITEMS, (), ())
    assert judgement.clean


def _exchange_contents(world: Finished) -> None:
    first, second = world.envelope(0), world.envelope(6)
    first.documents, second.documents = second.documents, first.documents


def _add_a_stranger(world: Finished) -> None:
    world.envelope(0).documents.append(world.plant.documents[1])


def _empty_it(world: Finished) -> None:
    world.envelope(0).documents.clear()


def _another_label(world: Finished) -> None:
    world.envelope(0).labels[:] = [PhysicalLabel("EA000000006CN", "EA000000006CN;7")]


def _unknown_label(world: Finished) -> None:
    world.envelope(0).labels[:] = [PhysicalLabel("EA999999999CN", "EA999999999CN;1")]


def _no_label(world: Finished) -> None:
    world.envelope(0).labels.clear()


def _two_labels(world: Finished) -> None:
    world.envelope(0).labels.append(PhysicalLabel("EA000000006CN", "EA000000006CN;7"))


def _contradictory_label(world: Finished) -> None:
    world.envelope(0).labels[:] = [PhysicalLabel("EA000000000CN", "EA000000001CN;1")]


def _unsealed(world: Finished) -> None:
    world.envelope(0).sealed = False


def _other_chute(world: Finished) -> None:
    envelope = world.envelope(0)
    world.plant.chutes[1].remove(envelope)
    world.plant.chutes[2].append(envelope)
    for row in world.accounts:
        if row["document"] == "D1-1":
            row["place"] = "chute:2"


WRONGS: dict[str, tuple[Callable[[Finished], None], str]] = {
    "wrong contents": (_exchange_contents, "is labelled for O0 and holds what belongs to O6"),
    "a stranger's document as well": (_add_a_stranger, "holds what belongs to O0, O1"),
    "nothing inside": (_empty_it, "holds what belongs to nobody"),
    "wrong label": (_another_label, "is labelled for O6 and holds what belongs to O0"),
    "unknown label": (_unknown_label, "which no order has"),
    "no label": (_no_label, "bears 0 labels"),
    "two labels": (_two_labels, "bears 2 labels"),
    "two numbers on one label": (_contradictory_label, "two different numbers"),
    "not sealed": (_unsealed, "is not sealed"),
    "wrong chute": (_other_chute, "in chute 2 is labelled for O0, which belongs into chute 1"),
}


@pytest.mark.parametrize("name", WRONGS)
def test_it_rings_for(name: str) -> None:
    spoil, sentence = WRONGS[name]
    world = Finished()
    spoil(world)
    judgement = world.judge()
    assert any(sentence in finding for finding in judgement.wrong), judgement.wrong
    assert not judgement.clean


def test_it_rings_for_an_order_that_was_dispatched_twice() -> None:
    world = Finished()
    first = world.envelope(0)
    twin = Envelope(first.documents, 99, list(first.labels), sealed=True)
    world.plant.chutes[1].append(twin)
    assert world.judge().wrong == ("O0 was dispatched 2 times, into the chutes 1, 1",)


def test_it_rings_for_a_document_that_is_lost_misplaced_or_made_up() -> None:
    world = Finished()
    lost = world.accounts.pop(3)
    world.accounts[0] = {"document": "D1-1", "place": "sealed_reject"}
    world.accounts.append({"document": "D1-77", "place": "document_tray"})
    judgement = world.judge()
    assert judgement.wrong == ()
    assert len(judgement.unaccounted) == 3
    told = " / ".join(judgement.unaccounted)
    assert f"({lost['document']}) is in chute:4, and the edge has no record of it" in told
    assert "document 0 (D1-1) is in chute:1, and the edge says sealed_reject" in told
    assert "D1-77 is in document_tray, and no document ever bore that handle" in told


def test_it_believes_the_place_where_a_document_lies_and_not_what_is_written_on_it() -> None:
    world = Finished()
    world.plant.chutes[1].remove(envelope := world.envelope(0))
    world.plant.sealed_reject.append(envelope)
    assert world.judge().unaccounted == ("document 0 (D1-1) is in sealed_reject, and the edge says chute:1",)


def test_a_document_in_the_feeder_needs_no_record() -> None:
    edge = PerfectEdge(2_700, 8)
    edge.run(until_ms=4_000)
    unseen = [document for document in edge.documents if document.place == "feeder"]
    assert unseen
    assert edge.judge().unaccounted == ()


@pytest.mark.parametrize(("county", "chute"), [("440103", 2), ("440303", 3), ("441302", 1), ("510104", 4), ("999999", -1)])
def test_the_longest_prefix_names_the_chute(county: str, chute: int) -> None:
    assert expected_chute({"44": 1, "4401": 2, "4403": 3, "51": 4}, county) == chute


# Two lines, two orders; each envelope's numbers, and the documents that are there.
WHOLE = {"line-1": {"bagged": [["N1"]], "documents": [0]}, "line-2": {"bagged": [["N2"]], "documents": [1]}}
ORDERS = [Ordered(f"O{n}", frozenset({f"D{n}"}), f"N{n}", 1) for n in (1, 2)]


def test_two_lines_that_dispatch_their_own_are_clean() -> None:
    assert judge_across(WHOLE, ORDERS, [0, 1]) == []


@pytest.mark.parametrize(
    ("spoil", "finding"),
    [
        ({"bagged": [["N2"], ["N1"]], "documents": [1]}, "O1 was dispatched by line-1 and line-2"),
        ({"bagged": [["N2"]], "documents": [1, 0]}, "document 0 is at line-1 and line-2"),
        ({"bagged": [["N2"]], "documents": []}, "document 1 is at no line"),
    ],
)
def test_what_is_at_two_lines_or_at_none_is_found(spoil: dict[str, list[object]], finding: str) -> None:
    assert judge_across({**WHOLE, "line-2": spoil}, ORDERS, [0, 1]) == [finding]
