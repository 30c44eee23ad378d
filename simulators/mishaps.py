"""What happens to bodies on the way from one sensor to the next: taken out, put back, slipped, jammed, not seen, seen twice."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from simulators.belt import Belt, Cross
from simulators.bodies import Envelope, PhysicalDocument
from simulators.faults import FaultBook
from simulators.geometry import Geometry
from simulators.machine_program import MachineProgram
from simulators.plc_program import PlcProgram
from simulators.sorter_program import SorterProgram

PUT_BACK_MS = (2_000, 30_000)
FREED_MS = 30_000
"""so long after a jam somebody has pulled it free, even when nobody clears the belt"""
BOUNCE_UM = 3_000
SLIPS_IN_WINDOWS = (1.2, 1.9, 3.0, 5.0, 6.6)
"""how far something slips: doubtful, out of its window, and into the place of the next one"""

Body = PhysicalDocument | Envelope


def body_of(carried: Any) -> Body:
    """The body in what a belt carries: itself, a list of one, or with the chute that it is on its way to."""
    if isinstance(carried, (list, tuple)):
        carried = carried[0]
    found: Body = carried
    return found


def first_index(body: Body) -> int:
    """Index of its (first) document, which the fault plan goes by; -1 = a label in a hand, which has none."""
    if isinstance(body, PhysicalDocument):
        return body.index
    return body.documents[0].index if body.documents else -1


class Mishaps:
    """The part of the plant in which bodies go astray."""

    geometry: Geometry
    faults: FaultBook
    machine: MachineProgram
    sorter: SorterProgram
    machine_belt: Belt
    sorter_belt: Belt
    now_ms: int
    in_hand: list[Body]
    carried_off: list[Body]
    taken_out: int
    ghosts: set[str]
    _luck: random.Random
    _on_machine: list[Body]
    _on_sorter: list[Envelope]
    _behind_camera: list[list[Envelope]]
    _stroke: Callable[[int, Callable[[], None]], None]
    _at_gate: Cross
    _at_seal: Cross
    _weigh: Cross
    _at_label: Cross
    _at_label_camera: Cross
    _at_hand_over: Cross
    _at_induction: Cross
    _at_divert: Cross

    def _carry(self, belt: Belt, distance_um: int, cross: Cross, carried: Any) -> None:
        """A leg begins: from here to the next sensor, unless something happens to it."""
        body = body_of(carried)
        mishap = self.faults.on_leg(first_index(body)) if self.faults.legs_waiting else ""
        if not mishap:
            belt.after(distance_um, cross, carried)
            return
        self.faults.fires(mishap, first_index(body))
        if mishap in {"taken_out", "put_back"}:
            self._take_out(carried, self.in_hand if mishap == "taken_out" else self.carried_off)
            if mishap == "put_back":
                self._stroke(self._luck.randint(*PUT_BACK_MS), lambda: self._put_back(body))
        elif mishap == "slipped":
            slip_um = round(self._luck.choice(SLIPS_IN_WINDOWS) * self.geometry.window_um)
            self.faults.doubt_body(body)
            belt.after(distance_um + slip_um, cross, carried)
        elif mishap == "jammed":
            belt.jammed.setdefault(cross, [])
            self._stroke(FREED_MS, lambda: self._free(belt))
            belt.after(distance_um, cross, carried)
        else:
            seen = self._unseen if mishap == "trigger_missed" else self._seen_twice
            belt.after(distance_um, seen, (carried, cross, belt))

    # --- sensors ---
    def _program(self, belt: Belt) -> PlcProgram:
        return self.machine if belt is self.machine_belt else self.sorter

    def _unseen(self, passing: tuple[Any, Cross, Belt], travel_um: int) -> None:
        carried, cross, belt = passing
        programs = (self.machine, self.sorter) if cross == self._at_hand_over else (self._program(belt),)
        for program in programs:
            program.edges.blind = True
        cross(carried, travel_um)
        for program in programs:
            program.edges.blind = False

    def _seen_twice(self, passing: tuple[Any, Cross, Belt], travel_um: int) -> None:
        carried, cross, belt = passing
        cross(carried, travel_um)
        program = self._program(belt)
        for sensor in program.edges.latest(travel_um):
            program.see(sensor, travel_um + BOUNCE_UM)

    # --- hands ---
    def _take_out(self, carried: Any, into: list[Body]) -> None:
        """Somebody takes it off the belt, and keeps it in hand."""
        body = body_of(carried)
        self.faults.doubt_body(body)
        if isinstance(carried, list) and carried in self._behind_camera:
            self._behind_camera.remove(carried)
        if body in self._on_machine:
            self._on_machine.remove(body)
        if body in self._on_sorter:
            self._on_sorter.remove(body)
        self._lay("hand", body)
        into.append(body)
        self.taken_out += 1

    def _lay(self, place: str, body: Body) -> None:
        documents = [body] if isinstance(body, PhysicalDocument) else body.documents
        body.place = place
        for document in documents:
            document.place = place

    def _put_back(self, body: Body) -> None:
        """Somebody puts it on the belt again, wherever that suits."""
        self.carried_off.remove(body)
        self.faults.expect_stop()
        self._lay("belt", body)
        if isinstance(body, PhysicalDocument):
            self._on_machine.append(body)
            self._drop(self.machine_belt, self._at_gate, body)
        elif not body.sealed:
            self._on_machine.append(body)
            self._drop(self.machine_belt, self._at_seal, [body])
        elif self._luck.random() < 0.5:
            self._on_sorter.append(body)
            self._drop(self.sorter_belt, self._luck.choice((self._at_induction, self._at_divert)), body)
        else:
            self._on_machine.append(body)
            before = self._luck.choice((self._weigh, self._at_label, self._at_label_camera, self._at_hand_over))
            carried = [body]
            if before == self._at_hand_over:
                self._behind_camera.append(carried)
            self._drop(self.machine_belt, before, carried)

    def _drop(self, belt: Belt, cross: Cross, carried: Any) -> None:
        belt.after(self._luck.randint(0, self.geometry.feed_interval_um), cross, carried)

    # --- the sorter ---
    def _diverted(self, envelope: Envelope, chute: int) -> int:
        """Where it really goes: a diverter may stand still, or another one may be out."""
        index = envelope.documents[0].index
        if chute and self.faults.fires("diverter_stuck", index):
            self.faults.doubt(envelope)
            return 0
        if chute and self.faults.fires("wrong_chute", index):
            self.faults.doubt(envelope)
            return chute % self.geometry.chutes + 1
        return chute

    # --- ghosts ---
    def haunt(self, rng: random.Random) -> None:
        """A sensor sees what is not there."""
        machine_um, sorter_um, chute = (
            self.machine_belt.travel_um,
            self.sorter_belt.travel_um,
            rng.randint(0, self.geometry.chutes),
        )
        seen: Sequence[Callable[[], object]] = (
            self._ghost_document,
            lambda: self.machine.at_gate(machine_um),
            lambda: self.machine.at_seal(machine_um),
            lambda: self.machine.at_label_camera(machine_um),
            lambda: self.machine.at_hand_over(machine_um),
            lambda: self.sorter.at_hand_over(sorter_um),
            lambda: self.sorter.at_induction(sorter_um),
            lambda: self.sorter.at_divert(sorter_um),
            lambda: self.sorter.at_end(chute, sorter_um),
        )
        self.faults.expect_stop()
        rng.choice(seen)()

    def _ghost_document(self) -> None:
        _, handle = self.machine.at_id_camera(self.machine_belt.travel_um)
        if handle:
            self.ghosts.add(f"D{self.machine.boot_id}-{handle}")

    # --- jams ---
    def _free(self, belt: Belt) -> None:
        """What has jammed is pulled out."""
        jammed, belt.jammed = belt.jammed, {}
        for pile in jammed.values():
            for carried in pile:
                self._take_out(carried, self.in_hand)

    def free_jams(self) -> None:
        """A person clears the belt: what has jammed is taken in hand first."""
        self._free(self.machine_belt)
        self._free(self.sorter_belt)
