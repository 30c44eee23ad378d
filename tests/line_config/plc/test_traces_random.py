"""Seeded disorder on belt, wire and inputs: the reference programs must still do what the simulated ones do."""

import random

import pytest

from drivers.process_image import EventSlot
from simulators.plc_rules import HELD
from tests.line_config.plc.rig import MachineRig, Rig, SorterRig
from tests.simulators.edges import EXECUTE, IMAGE

SCANS = 2_500
SPACING_SCANS = 70
ANSWERS = {
    "document_fed": (("insert_close", 6), ("insert_keep_open", 1), ("reject_document", 1), ("seal", 1), ("", 1)),
    "inserted": (("seal", 7), ("eject_unsealed", 1), ("no_label", 1), ("", 1)),
    "weighed": (("apply", 7), ("no_label", 1), ("purge_label", 1), ("", 1)),
    "inducted": (("divert", 7), ("recirculate", 1), ("reject_item", 1), ("", 1), ("apply", 1)),
}
# With a label command the chute is the applicator head, from 0; there is no third one.
CHUTES = {"divert": range(8), "apply": (0, 0, 0, 1, 1, 1, 2), "purge_label": (0, 1)}


class Disorder:
    """One rig, and everything that may go wrong with it."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.rig = rig
        self.rng = random.Random(seed)
        self.later: list[tuple[int, str, dict[str, int]]] = []
        self.calm = (1, 5, 40)[seed % 3]
        """how much rarer everything goes wrong"""
        self.silent_until = 0
        self.fed_at = 0
        rig.answer = self.answer
        rig.scan()

    def chance(self, one_in: int) -> bool:
        return self.rng.randrange(one_in) == 0

    def mishap(self, one_in: int) -> bool:
        return self.chance(one_in * self.calm)

    def answer(self, event: EventSlot) -> None:
        if event.kind not in ANSWERS:
            return
        opcodes, weights = zip(*ANSWERS[event.kind], strict=True)
        opcode = self.rng.choices(opcodes, weights)[0]
        if not opcode:
            return
        handle = event.value if event.kind == "inserted" else event.handle
        fields = {
            "handle": handle + self.mishap(20),
            "reply_to": self.rng.choice((0, event.seq, event.seq, event.seq + self.chance(10))),
            "argument": 1000 + handle,
            "chute": self.rng.choice(CHUTES.get(opcode, (0,))),
        }
        due = self.rig.scans + (self.rng.randrange(700) if self.mishap(8) else 0)
        self.later += [(due, opcode, fields)] * (1 + self.chance(10))

    def run(self) -> None:
        for _ in range(SCANS):
            self.belt()
            self.inputs()
            self.edge()
            self.rig.scan()

    def belt(self) -> None:
        rig, rng = self.rig, self.rng
        may_feed = not isinstance(rig, MachineRig) or rig.st.feed
        if may_feed and rig.scans - self.fed_at > SPACING_SCANS and rig.moving:
            self.fed_at = rig.scans + rng.randrange(100)
            rig.feed()
        if rig.coming and self.mishap(80):
            arrival = rng.choice(rig.coming)
            mishap = rng.randrange(3)
            if mishap == 0:
                rig.coming.remove(arrival)
            elif mishap == 1:
                arrival.at_um = max(arrival.at_um + rng.choice((-1, 1)) * rng.randrange(30_000, 130_000), rig.travel_um)
            else:
                rig.expect(arrival.sensor, arrival.at_um + rng.randrange(60_000))
        if isinstance(rig, MachineRig):
            rig.thick = self.mishap(30)
            rig.weight = rng.randrange(2**20)
            for pad in (0, 1):
                rig.pads[pad] = rig.pads[pad] or (rig.strokes[pad] is None and self.chance(400))

    def inputs(self) -> None:
        for name, value in (
            ("estop", 1), ("jam", 1), ("guard_zones", 2), ("mode", 2), ("buttons", 5),
            ("applicator_faults", 1 + self.rng.randrange(3)),
        ):  # fmt: skip
            usual = 1 if name == "mode" else 0
            if name in {"buttons", "applicator_faults"} and isinstance(self.rig, SorterRig):
                continue
            if getattr(self.rig.sim, name) != usual:
                if self.chance(40):
                    self.rig.sim.wire(name, usual)
            elif self.mishap(1_500):
                self.rig.sim.wire(name, value)

    def edge(self) -> None:
        rig, rng, wire = self.rig, self.rng, self.rig.wire
        for due in [one for one in self.later if one[0] <= rig.scans]:
            self.later.remove(due)
            wire.say(due[1], **due[2])
            if due[1] == "apply" and isinstance(rig, MachineRig):
                pad = due[2]["chute"] % 2
                rig.pads[pad] = rig.pads[pad] or rig.strokes[pad] is None
        if self.mishap(500):
            wire.say(rng.choice(("clear_belt", "run_out", "purge_label", "apply", "divert")), rng.randrange(4), argument=7)
        if self.mishap(300):
            wire.state = rng.choice((EXECUTE, EXECUTE, HELD, 16, 4, 9))
        elif wire.state != EXECUTE and self.chance(60):
            wire.state = EXECUTE
        wire.permitted = not self.mishap(50)
        wire.acknowledging = not self.chance(4)
        if self.mishap(1_500):
            self.another_boot()
        if self.mishap(900):
            self.silent_until = rig.scans + rng.choice((20, 40, 160, 1_100))
        torn = self.mishap(6)
        word = rng.randrange(IMAGE.edge_to_plc.header_words, IMAGE.words("edge_to_plc"))
        rig.spoil = lambda words: words.__setitem__(word, words[word] ^ torn)
        if rig.scans >= self.silent_until and not self.chance(3):
            wire.exchange()

    def another_boot(self) -> None:
        """Of the edge, or of the PLC; the numbers begin anew with it."""
        wire = self.rig.wire
        if self.chance(2):
            wire.boot += 1
        else:
            self.rig.restart()
            wire.taken = 0
        wire._issued, wire._queue, wire._ring = 0, [], []
        self.later.clear()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rig", [MachineRig, SorterRig])
def test_disorder(rig: type[Rig], seed: int) -> None:
    Disorder(rig(), seed).run()
