"""A person at the manual desk, with the hands: what goes into which envelope, what sticks on it, what a slip leaves behind."""

import random
from typing import Any

import pytest

from simulators.bodies import PhysicalDocument, PhysicalLabel
from simulators.manual_desk import SLIPS, Sitting
from simulators.plant import Plant
from tests.simulators.edges import PerfectEdge


class Script:
    """A line that takes everything: one step further at each act that belongs to the step."""

    def __init__(self, plant: Plant, wanted: int) -> None:
        self.plant = plant
        self.wanted = wanted
        self.state = "free"
        self.read = 0
        self.inserted = 0
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def ask(self, act: str, argument: dict[str, str]) -> tuple[bool, str]:
        self.asked.append((act, argument))
        if act == "desk_cancel":
            self.state = "free"
        elif act == "desk_read" and self.state in ("free", "gathering") and self.read < self.wanted:
            self.read += 1
            self.state = "printing" if self.read == self.wanted else "gathering"
        elif act == "desk_insert":
            self.inserted += 1
            self.state = "closing" if self.inserted == self.wanted else "filling"
        elif act == "desk_label":
            self.state = "free"
        else:
            return False, "DUPLICATE"
        return True, "OK"

    async def accounts(self) -> list[dict[str, Any]]:
        return [{"document": f"M1-{n + 1}", "item": "E1-1"} for n in range(self.read)]

    def print(self) -> None:
        """The desk's printer shows the label."""
        if self.state == "printing":
            self.plant.desk_printer.peel = PhysicalLabel("N", "N;1")
            self.state = "filling"


class Chosen(random.Random):
    """A person with this slip."""

    def __init__(self, slip: str) -> None:
        super().__init__(1)
        self.slip = slip

    def random(self) -> float:
        return 0.0 if self.slip else 1.0

    def choice(self, seq: Any) -> Any:
        return self.slip if self.slip in seq else "filling" if "filling" in seq else seq[0]

    def randrange(self, *_: Any) -> int:
        return 0


def reader(document: PhysicalDocument) -> dict[str, str]:
    return {"kind": document.kind, "token": document.number, "skeleton": "s", "flags": "15", "masked": "*"}


async def sit(slip: str) -> tuple[Sitting, Script, list[PhysicalDocument]]:
    plant = PerfectEdge(2_700, 4).plant
    mine, stranger = plant.documents[:2], plant.documents[2]
    mine[0].handle = (1, 9)
    sitting, line, keys = Sitting(plant, reader, mine, stranger, Chosen(slip)), Script(plant, 2), set[str]()
    for _ in range(20):
        await sitting.step({"state": line.state}, line.ask, line.accounts, keys)
        line.print()
        if sitting.over:
            break
    assert sitting.over
    assert sitting.slipped == slip
    return sitting, line, mine


async def test_everything_right() -> None:
    sitting, line, mine = await sit("")
    envelope = sitting.envelope
    assert envelope is not None
    assert (envelope.documents, envelope.sealed) == (mine, True)
    assert [label.qr for label in envelope.labels] == ["N;1"]
    assert [act for act, _ in line.asked] == ["desk_read"] * 2 + ["desk_insert"] * 2 + ["desk_label"]
    assert line.asked[0][1]["document"] == "D1-9", "the key that it bore at the reject place"
    assert (mine[0].key, mine[0].past_keys, mine[1].key) == ("M1-1", ["D1-9"], "M1-2")
    assert line.asked[-1][1] == {"texts": "N,N;1", "weight_g": str(round((12_000 + sum(d.weight_mg for d in mine)) / 1000))}


@pytest.mark.parametrize("slip", SLIPS)
async def test_each_slip(slip: str) -> None:
    sitting, line, mine = await sit(slip)
    envelope = sitting.envelope
    told = dict(line.asked)
    if slip == "gives up":
        assert "desk_label" not in told
        return
    assert envelope is not None
    stranger_inside = any(document not in mine for document in envelope.documents)
    assert stranger_inside == (slip in SLIPS[:2])
    scanned = [argument["token"] for act, argument in line.asked if act == "desk_insert"]
    assert (scanned == [document.number for document in mine]) == (slip != SLIPS[0])
    if slip == SLIPS[1]:
        assert line.asked[-1] == ("desk_read", {"document": "", **reader(mine[0])}), "what lies on the table is scanned"
        assert sitting.outside == [mine[0]]
    assert bool(envelope.labels) == (slip != "label is not applied")
    assert (sitting.believed == "N;1") == (slip == "label is not applied")
    assert (told["desk_label"]["texts"] == "N,N;1") == (slip != "label of another is scanned")
    assert (int(told["desk_label"]["weight_g"]) > 1000) == (slip == "weight is mistyped")


def test_a_label_on_the_desk_exists_until_it_is_shredded() -> None:
    plant = PerfectEdge(2_700, 4).plant
    plant.desk_printer.peel = PhysicalLabel("N", "N;7")
    assert plant.label_exists(7)
    plant.take_label()
    assert (plant.label_exists(7), plant.desk_printer.peel) == (True, None)
    plant.destroy_loose_labels()
    assert not plant.label_exists(7)
