"""One of the reference programs and its simulated twin on the same belt, the same edge and the same clock, scan by scan.

After every scan the whole image (but the scan counter), the actuators, the permissions and the counts of late answers and
default rejects must be equal; the first difference ends the run with the scan's number and both values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from drivers.process_image import EventSlot
from line_config.plc.structured_text import program
from simulators.geometry import Geometry
from simulators.machine_program import MachineProgram
from simulators.plc_program import PlcProgram
from simulators.sorter_program import SorterProgram
from tests.line_config.plc.st_run import Running
from tests.simulators.edges import IMAGE, Wire

GEOMETRY = Geometry(2700)
SCAN_MS = 10
SCAN_UM = SCAN_MS * GEOMETRY.belt_um_per_ms
HEADS = ("", "_2")
"""what the names of a head's inputs and outputs end in"""
HEARTBEAT = IMAGE.plc_to_edge.offsets["heartbeat"]


@cache
def reference() -> Running:
    """The exported source, ready to run."""
    return Running(program(IMAGE))


@dataclass(order=True)
class Arrival:
    """Something reaches a sensor at this travel."""

    at_um: int
    sensor: str
    seen: bool = field(default=True, compare=False)


class Rig:
    """What both kinds of PLC have in common. Subclasses know sensors, actuators and what follows from them."""

    name = ""
    sensors: ClassVar[Mapping[str, int]] = {}
    """the simulator's sensor → its number in the reference program"""

    def __init__(self, sim: PlcProgram) -> None:
        self.sim = sim
        self.st: Any = reference().start(self.name)
        self.wire = Wire(self, self._heard)  # type: ignore[arg-type]
        self.answer: Callable[[EventSlot], None] = lambda event: None
        self.now_ms = 0
        self.travel_um = 0
        self.scans = 0
        self.coming: list[Arrival] = []
        self.moving = False
        self.spoil: Callable[[list[int]], None] = lambda words: None
        """may damage an image of the edge on its way"""

    def _heard(self, event: EventSlot) -> None:
        self.answer(event)

    # --- the wire ---
    def write(self, words: Sequence[int]) -> None:
        spoiled = list(words)
        self.spoil(spoiled)
        self.sim.write(spoiled)
        self.st.edge_registers = list(spoiled)

    def read(self) -> tuple[int, ...]:
        return self.sim.read()

    # --- time ---
    def run(self, scans: int, exchange_every: int = 3) -> None:
        """Scans on end, with an exchange each few of them; 0: the edge is silent."""
        for _ in range(scans):
            if exchange_every and self.scans % exchange_every == 0:
                self.wire.exchange()
            self.scan()

    def scan(self) -> None:
        """One scan of both, and the comparison."""
        self.scans += 1
        self.now_ms += SCAN_MS
        if self.moving:
            self.travel_um += SCAN_UM
        due = sorted(a for a in self.coming if a.at_um <= self.travel_um)
        seen: dict[str, int] = {}
        for arrival in due:
            if arrival.sensor not in seen:
                self.coming.remove(arrival)
                if arrival.seen:
                    seen[arrival.sensor] = arrival.at_um
        self._inputs(seen)
        self.st.run()
        self.sim.now_ms = self.now_ms
        acted = self._simulate(seen)
        self.sim.scan(self.now_ms)
        self._compare(acted)
        self._follow(acted, seen)
        self.moving = self.sim.running

    def _inputs(self, seen: Mapping[str, int]) -> None:
        st, sim = self.st, self.sim
        st.now_ms, st.travel_um = self.now_ms % 2**32, self.travel_um % 2**32
        for sensor, number in self.sensors.items():
            st.sensors[number - 1].edge = sensor in seen
            st.sensors[number - 1].travel_um = seen.get(sensor, 0) % 2**32
        st.mode, st.guard_zones = sim.mode, sim.guard_zones
        st.estop, st.jam = bool(sim.estop), bool(sim.jam)
        st.belt_is_empty = not seen and self.belt_is_empty()

    def belt_is_empty(self) -> bool:
        return not self.coming

    def _compare(self, acted: Mapping[str, object]) -> None:
        where = f"scan {self.scans}, {self.now_ms} ms"
        ours, theirs = list(self.st.plc_registers), list(self.sim.read())
        ours[HEARTBEAT] = theirs[HEARTBEAT] = 0
        if ours != theirs:
            differ = {n: (a, b) for n, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b}
            raise AssertionError(f"{where}: word: (reference, simulator) {differ}")
        assert {name: getattr(self.st, name) for name in acted} == acted, where
        assert self.st.belt_run == self.sim.running, where
        assert self.st.u.late_answers == self.sim.late_verdicts, where
        assert self.st.u.default_rejects == self.sim.default_rejects, where
        assert self.st.dog.trips == self.sim.stage_2_trips, where

    def restart(self) -> None:
        """Power off and on, for both."""
        self.st = reference().start(self.name, self.st)
        self.sim.restart()
        # The simulator counts what it did over its restarts, the reference program since its start.
        self.sim.late_verdicts = self.sim.default_rejects = self.sim.stage_2_trips = 0
        # The first scan after the start takes nothing over that was written before it.
        self.scan()

    def expect(self, sensor: str, at_um: int) -> None:
        self.coming.append(Arrival(at_um, sensor))

    # --- for the subclasses ---
    def _simulate(self, seen: Mapping[str, int]) -> dict[str, object]:
        """The simulator's sensor methods, in the reference program's order; actuator → what it does."""
        raise NotImplementedError

    def _follow(self, acted: Mapping[str, object], seen: Mapping[str, int]) -> None:
        """What comes next on the belt."""
        raise NotImplementedError


class MachineRig(Rig):
    """Feeder to hand-over, with an inserter and an applicator that take their time."""

    name = "MACHINE_PLC"
    sensors: ClassVar[Mapping[str, int]] = {
        "id_camera": 1, "insert": 2, "document_tray": 3, "seal": 4, "unsealed_eject": 5, "sealed": 6, "weigh": 7, "label": 8,
        "label_camera": 9, "hand_over": 10,
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__(MachineProgram(IMAGE, GEOMETRY, frames_per_trigger=2, boot_id=1))
        self.machine: MachineProgram = self.sim  # type: ignore[assignment]
        self.thick = False
        self.weight = 170
        self.pads = [False, False]
        """of each applicator head: whether a label is on it"""
        self.at_inserter = False
        self.inserting: tuple[int, int] | None = None
        """document in the stroke, and when it is done"""
        self.strokes: list[tuple[int, int] | None] = [None, None]
        """of each head: item in the stroke, and when it is done"""
        self.gate = 0
        """document that the inserter's stroke is for"""
        self.handed_over = 0

    @property
    def pad(self) -> bool:
        """Of the first head."""
        return self.pads[0]

    @pad.setter
    def pad(self, there: bool) -> None:
        self.pads[0] = there

    def feed(self) -> None:
        self.expect("id_camera", self.travel_um + SCAN_UM)

    def hold_up(self) -> None:
        """Somebody holds a label under the label camera of the standing belt."""
        assert not self.moving
        self.expect("label_camera", self.travel_um)

    def _in_hand(self, at_um: int) -> bool:
        return not self.moving and at_um == self.travel_um

    def restart(self) -> None:
        super().restart()
        self.inserting = None
        self.strokes = [None, None]

    def belt_is_empty(self) -> bool:
        return super().belt_is_empty() and not self.at_inserter and self.inserting is None

    def _done(self, stroke: tuple[int, int] | None) -> int:
        return stroke[0] if stroke is not None and stroke[1] <= self.now_ms else 0

    def _inputs(self, seen: Mapping[str, int]) -> None:
        super()._inputs(seen)
        st = self.st
        st.too_thick, st.weight = self.thick, self.weight
        st.insert_done, st.envelope_there = bool(self._done(self.inserting)), self.at_inserter
        st.stroke_done, st.stroke_done_2 = (bool(self._done(stroke)) for stroke in self.strokes)
        st.label_on_pad, st.label_on_pad_2 = self.pads
        st.pad_busy, st.pad_busy_2 = (stroke is not None for stroke in self.strokes)
        st.applicator_fault, st.applicator_2_fault = (bool(self.sim.applicator_faults >> n & 1) for n in (0, 1))
        st.feeder_empty = bool(self.sim.feeder_empty)
        for bit, name in enumerate(("start_pressed", "stop_pressed", "reset_pressed")):
            setattr(st, name, bool(self.sim.buttons >> bit & 1))

    def _simulate(self, seen: Mapping[str, int]) -> dict[str, object]:
        m = self.machine
        m.envelope_there = self.at_inserter
        acted = self._sensors(seen)
        if document := self._done(self.inserting):
            m.inserted(document, self.travel_um)
            acted["do_launch"] = not m.envelope_open
        for stroke in self.strokes:
            if handle := self._done(stroke):
                m.applied(handle)
        if m.sends_off and self.at_inserter:
            m.launch(self.travel_um)
            acted["do_launch"] = True
        for pad, of in enumerate(HEADS):
            busy = self.st.pad_busy_2 if pad else self.st.pad_busy
            if not busy and not acted[f"do_apply{of}"] and m.blow_off(label_on_pad=self.pads[pad], pad=pad):
                m.blown_off(pad)
                acted[f"do_blow_off{of}"] = True
        m.overdue(self.travel_um)
        if self.st.belt_is_empty:
            m.empty()
        return acted

    def _sensors(self, seen: Mapping[str, int]) -> dict[str, object]:
        m, geometry = self.machine, GEOMETRY
        acted: dict[str, object] = dict.fromkeys(
            ("trigger_id_camera", "do_insert", "do_launch", "do_seal", "trigger_label_camera",
             *(f"{act}{of}" for act in ("do_apply", "do_blow_off") for of in HEADS)), False
        )  # fmt: skip
        handlers: dict[str, Callable[[int], object]] = {
            "hand_over": m.at_hand_over,
            "label_camera": lambda um: acted.update(trigger_label_camera=m.at_label_camera(um, in_hand=self._in_hand(um)) >= 0),
            "label": lambda um: acted.update(self._at_label(um)),
            "weigh": lambda um: m.pass_by(
                "weigh", "weighed", "label", travel_um=um, distance_um=geometry.weigh_to_label_um, value=self.weight
            ),
            "sealed": lambda um: m.pass_by("sealed", "sealed", "weigh", travel_um=um, distance_um=geometry.sealed_to_weigh_um),
            "unsealed_eject": m.ejected,
            "seal": lambda um: acted.update(do_seal=m.at_seal(um) == "seal"),
            "document_tray": m.in_tray,
            "insert": lambda um: acted.update(do_insert=self._at_gate(um)),
            "id_camera": lambda um: acted.update(trigger_id_camera=m.at_id_camera(um, thick=self.thick)[1] > 0),
        }
        for sensor, handler in handlers.items():
            if sensor in seen:
                handler(seen[sensor])
        return acted

    def _at_label(self, at_um: int) -> dict[str, bool]:
        one, two = (there and stroke is None for there, stroke in zip(self.pads, self.strokes, strict=True))
        action, handle = self.machine.at_label(at_um, label_on_pad=one, on_second_pad=two)
        if action != "apply":
            return {}
        self.strokes[self.machine.pad] = handle, self.now_ms + GEOMETRY.stroke_ms
        return {f"do_apply{HEADS[self.machine.pad]}": True}

    def _at_gate(self, at_um: int) -> bool:
        action, self.gate = self.machine.at_gate(at_um)
        return action == "insert"

    def _compare(self, acted: Mapping[str, object]) -> None:
        super()._compare(acted)
        assert self.st.feed == self.sim.feed_permitted, f"scan {self.scans}"

    def _follow(self, acted: Mapping[str, object], seen: Mapping[str, int]) -> None:
        for pad, of in enumerate(HEADS):
            if acted[f"do_apply{of}"] or acted[f"do_blow_off{of}"]:
                self.pads[pad] = False
            elif self._done(self.strokes[pad]):
                self.strokes[pad] = None
        if self._done(self.inserting):
            self.inserting, self.at_inserter = None, True
        if acted["do_launch"]:
            self.at_inserter = False
            self.expect("seal", self.travel_um + GEOMETRY.insert_to_seal_um)
        if acted["do_insert"]:
            self.inserting = self.gate, self.now_ms + GEOMETRY.insert_ms
        g = GEOMETRY
        follows = {
            "id_camera": ("insert", g.camera_to_gate_um),
            "insert": None if acted["do_insert"] else ("document_tray", g.gate_to_tray_um),
            "seal": ("sealed", g.seal_to_sealed_um) if acted["do_seal"] else ("unsealed_eject", g.seal_to_eject_um),
            "sealed": ("weigh", g.sealed_to_weigh_um),
            "weigh": ("label", g.weigh_to_label_um),
            "label": ("label_camera", g.label_to_camera_um),
            "label_camera": ("hand_over", g.camera_to_hand_over_um),
        }
        for sensor, at_um in seen.items():
            following = follows.get(sensor)
            if following is not None and not (sensor == "label_camera" and self._in_hand(at_um)):
                self.expect(following[0], at_um + following[1])
        self.handed_over += "hand_over" in seen


class SorterRig(Rig):
    """The machine's hand-over to the chutes."""

    name = "SORTER_PLC"
    sensors: ClassVar[Mapping[str, int]] = {
        "hand_over": 1,
        "induction": 2,
        "divert": 3,
        **{f"end {chute}": 4 + chute for chute in range(7)},
    }

    def __init__(self) -> None:
        super().__init__(SorterProgram(IMAGE, GEOMETRY, boot_id=1))
        self.sorter: SorterProgram = self.sim  # type: ignore[assignment]
        self.ended: list[int] = []

    def feed(self) -> None:
        self.expect("hand_over", self.travel_um + SCAN_UM)

    def _simulate(self, seen: Mapping[str, int]) -> dict[str, object]:
        acted: dict[str, object] = {"chute": 0}
        for chute in range(7):
            if f"end {chute}" in seen:
                self.sorter.at_end(chute, seen[f"end {chute}"])
                self.ended.append(chute)
        if "divert" in seen:
            acted["chute"] = self.sorter.at_divert(seen["divert"])
        if "induction" in seen:
            self.sorter.at_induction(seen["induction"])
        if "hand_over" in seen:
            self.sorter.at_hand_over(seen["hand_over"])
        self.sorter.overdue(self.travel_um)
        if self.st.belt_is_empty:
            self.sorter.empty()
        return acted

    def _follow(self, acted: Mapping[str, object], seen: Mapping[str, int]) -> None:
        if "hand_over" in seen:
            self.expect("induction", seen["hand_over"] + GEOMETRY.hand_over_to_induction_um)
        if "induction" in seen:
            self.expect("divert", seen["induction"] + GEOMETRY.induction_to_divert_um)
        if "divert" in seen:
            chute = acted["chute"]
            assert isinstance(chute, int)
            self.expect(f"end {chute}", seen["divert"] + GEOMETRY.divert_to_chute_um(chute))
