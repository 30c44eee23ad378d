"""The PLC programs by tables: every decision point against every kind of answer, FIFO and ring, watchdog, boots, clearing."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.process_image import EventSlot
from simulators.geometry import Geometry
from simulators.machine_program import MachineProgram
from simulators.plc_program import PlcProgram
from simulators.plc_rules import HELD
from simulators.sorter_program import SorterProgram
from tests.simulators.edges import CODEC, EXECUTE, IMAGE, Wire

GEOMETRY = Geometry(2700)
COMPLETING = 16
DEFAULT, OUT = 2, 1


class Bench:
    """A PLC program with an edge on its wire, both driven by hand; nothing moves unless a test says so."""

    def __init__(self, program: PlcProgram) -> None:
        self.program = program
        self.wire = Wire(program, lambda event: None)
        self.now_ms = 0
        self.exchange(20)

    def exchange(self, after_ms: int = 10) -> None:
        """One write, one scan, and what came of it read back."""
        self.wire.write()
        self.scan(after_ms)
        self.wire.exchange()
        self.scan(10)

    def scan(self, after_ms: int = 10) -> None:
        self.now_ms += after_ms
        self.program.scan(self.now_ms)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.wire.events]

    def last(self, kind: str) -> EventSlot:
        return [event for event in self.wire.events if event.kind == kind][-1]

    def refusals(self) -> list[str]:
        return [IMAGE.refusal_names[e.value % 256] for e in self.wire.events if e.kind == "command_refused"]


def machine() -> Bench:
    return Bench(MachineProgram(IMAGE, GEOMETRY, frames_per_trigger=2))


def sorter() -> Bench:
    return Bench(SorterProgram(IMAGE, GEOMETRY))


@dataclass(frozen=True)
class Point:
    """A decision point: how its question arises, what happens there, and the answers that it knows."""

    name: str
    bench: Callable[[], Bench]
    ask: Callable[[Bench], int]
    arrive: Callable[[Bench], object]
    passing: str
    rejecting: str
    passed: object
    rejected: object
    fields: dict[str, int]


SPACING_UM = 400_000
"""nearer than this no two documents come"""


def _fed(bench: Bench) -> int:
    return bench.program.at_id_camera(bench.program.counters["documents_fed"] * SPACING_UM)[1]


def _at_gate(bench: Bench) -> str:
    return bench.program.at_gate(GEOMETRY.camera_to_gate_um)[0]


def _inserted(bench: Bench) -> int:
    document = _fed(bench)
    bench.wire.say("insert_close", document)
    bench.exchange()
    assert _at_gate(bench) == "insert"
    return bench.program.inserted(document, 0)


def _at_seal(bench: Bench) -> str:
    return bench.program.at_seal(GEOMETRY.insert_to_seal_um)


def _weighed(bench: Bench) -> int:
    item = _inserted(bench)
    bench.wire.say("seal", item)
    bench.exchange()
    assert _at_seal(bench) == "seal"
    at_um = GEOMETRY.insert_to_seal_um + GEOMETRY.seal_to_sealed_um
    for sensor, kind, following in (("sealed", "sealed", "weigh"), ("weigh", "weighed", "label")):
        bench.program.pass_by(sensor, kind, following, travel_um=at_um, distance_um=GEOMETRY.sealed_to_weigh_um)
        at_um += GEOMETRY.sealed_to_weigh_um
    return item


def _at_label(bench: Bench) -> str:
    at_um = GEOMETRY.insert_to_seal_um + GEOMETRY.seal_to_sealed_um + 2 * GEOMETRY.sealed_to_weigh_um
    return bench.program.at_label(at_um, label_on_pad=True)[0]


def _inducted(bench: Bench) -> int:
    bench.program.at_hand_over(0)
    bench.program.at_induction(GEOMETRY.hand_over_to_induction_um)
    return 1


def _at_divert(bench: Bench) -> int:
    return bench.program.at_divert(GEOMETRY.hand_over_to_induction_um + GEOMETRY.induction_to_divert_um)


POINTS = [
    Point("D1", machine, _fed, _at_gate, "insert_close", "reject_document", "insert", "tray", {}),
    Point("D2", machine, _inserted, _at_seal, "seal", "eject_unsealed", "seal", "eject", {}),
    Point("D3", machine, _weighed, _at_label, "apply", "no_label", "apply", "pass", {"argument": 7}),
    Point("D4", sorter, _inducted, _at_divert, "divert", "reject_item", 3, 0, {"chute": 3}),
]
each_point = pytest.mark.parametrize("point", POINTS, ids=lambda p: p.name)


# --- decision points × answers ---
@each_point
def test_a_valid_answer_passes(point: Point) -> None:
    bench = point.bench()
    bench.wire.say(point.passing, point.ask(bench), **point.fields)
    bench.exchange()
    assert point.arrive(bench) == point.passed
    assert bench.program.late_verdicts == bench.program.default_rejects == 0


@each_point
def test_a_rejecting_answer_rejects_and_is_no_default(point: Point) -> None:
    bench = point.bench()
    bench.wire.say(point.rejecting, point.ask(bench))
    bench.exchange()
    assert point.arrive(bench) == point.rejected
    assert bench.program.default_rejects == 0


@each_point
def test_no_answer_rejects(point: Point) -> None:
    bench = point.bench()
    point.ask(bench)
    bench.exchange()
    assert point.arrive(bench) == point.rejected
    assert bench.program.default_rejects == 1


@each_point
def test_a_late_answer_is_refused_counted_and_kept_from_the_next_one(point: Point) -> None:
    bench = point.bench()
    handle = point.ask(bench)
    bench.exchange()
    assert point.arrive(bench) == point.rejected
    bench.wire.say(point.passing, handle, **point.fields)
    bench.exchange()
    bench.exchange()
    assert bench.refusals() == ["late"]
    assert bench.program.late_verdicts == 1


@each_point
def test_an_answer_for_another_handle_rejects(point: Point) -> None:
    bench = point.bench()
    point.ask(bench)
    bench.wire.say(point.passing, 999, **point.fields)
    bench.exchange()
    bench.exchange()
    assert bench.refusals() == ["unknown_handle"]
    assert point.arrive(bench) == point.rejected


@each_point
def test_an_answer_to_another_question_rejects(point: Point) -> None:
    bench = point.bench()
    bench.wire.say(point.passing, point.ask(bench), reply_to=4711, **point.fields)
    bench.exchange()
    bench.exchange()
    assert bench.refusals() == ["unknown_handle"]
    assert point.arrive(bench) == point.rejected


@each_point
def test_a_torn_slot_is_no_answer(point: Point) -> None:
    bench = point.bench()
    handle = point.ask(bench)
    bench.exchange()
    seq = bench.wire.say(point.passing, handle, **point.fields)
    bench.wire.write()
    words = list(bench.program._pending)
    words[IMAGE.edge_to_plc.header_words + (seq - 1) % 8 * IMAGE.edge_to_plc.slot_words + 8] ^= 1
    bench.program.write(words)
    bench.scan()
    assert point.arrive(bench) == point.rejected


@each_point
def test_an_image_for_another_boot_of_the_plc_is_no_answer(point: Point) -> None:
    bench = point.bench()
    handle = point.ask(bench)
    bench.wire.header["boot_id"] += 1
    bench.wire.say(point.passing, handle, **point.fields)
    bench.wire.write()
    bench.scan()
    assert point.arrive(bench) == point.rejected


@each_point
def test_rejecting_after_passing_rejects_and_passing_after_rejecting_is_refused(point: Point) -> None:
    for first, second in ((point.passing, point.rejecting), (point.rejecting, point.passing)):
        bench = point.bench()
        handle = point.ask(bench)
        bench.wire.say(first, handle, **point.fields)
        bench.wire.say(second, handle, **point.fields)
        bench.exchange()
        bench.exchange()
        assert point.arrive(bench) == point.rejected
        assert bench.refusals() == (["busy"] if second == point.passing else [])


@each_point
def test_outside_its_window_it_is_rejected_and_flagged(point: Point) -> None:
    bench = point.bench()
    bench.wire.say(point.passing, point.ask(bench), **point.fields)
    bench.exchange()
    for tracked in bench.program.on_belt():
        tracked.expected_um -= GEOMETRY.window_um + 1
    assert point.arrive(bench) == point.rejected
    assert [tracked.flags for tracked in bench.program.on_belt()] == [OUT | DEFAULT], "the next event will say so"


@each_point
def test_a_command_of_the_other_plc_is_refused(point: Point) -> None:
    bench = point.bench()
    bench.wire.say("divert" if point.bench is machine else "seal", point.ask(bench), chute=1)
    bench.exchange()
    bench.exchange()
    assert bench.refusals() == ["mode"]


@pytest.mark.parametrize("chute", [0, 7, 65535])
def test_a_chute_that_does_not_exist_is_the_sealed_reject(chute: int) -> None:
    bench = sorter()
    bench.wire.say("divert", _inducted(bench), chute=chute)
    bench.exchange()
    assert _at_divert(bench) == 0
    bench.program.at_end(0, GEOMETRY.hand_over_to_induction_um + GEOMETRY.induction_to_divert_um + 2_100_000)
    bench.exchange()
    assert bench.last("item_rejected").flags == DEFAULT


def test_latency_is_measured_from_shutter_and_scan_to_consumption() -> None:
    bench = machine()
    handle = _fed(bench)
    bench.scan(230)
    bench.wire.say("insert_close", handle)
    bench.exchange(20)
    assert bench.program.insert_ms == [250]
    other = sorter()
    handle = _inducted(other)
    other.wire.say("divert", handle, chute=1)
    other.exchange(40)
    assert other.program.divert_ms == [40]


# --- what is not where it should be ---
def test_nothing_at_the_gate_is_lost_and_something_unexpected_is_extra() -> None:
    bench = machine()
    handle = _fed(bench)
    bench.program.overdue(GEOMETRY.camera_to_gate_um + 2 * GEOMETRY.window_um)
    bench.exchange()
    assert "lost" not in bench.kinds()
    bench.program.overdue(GEOMETRY.camera_to_gate_um + 2 * GEOMETRY.window_um + 1)
    bench.exchange()
    assert (bench.last("lost").handle, bench.last("lost").station) == (handle, "insert")
    assert _at_gate(bench) == "tray"
    bench.exchange()
    assert bench.last("extra").station == "insert"


def test_something_far_from_where_anything_is_expected_is_a_stranger() -> None:
    bench = machine()
    bench.wire.say("insert_close", _fed(bench))
    bench.exchange()
    assert bench.program.at_gate(GEOMETRY.camera_to_gate_um - 2 * GEOMETRY.window_um - 1) == ("tray", 0)
    assert _at_gate(bench) == "insert"
    bench.exchange()
    assert bench.kinds().count("extra") == 1


def test_a_label_on_the_pad_that_was_named_for_another_item_is_not_applied() -> None:
    bench = machine()
    item = _weighed(bench)
    bench.program.labels[0].take(item + 1, 6, purge=False)
    bench.wire.say("apply", item, argument=7)
    bench.exchange()
    assert _at_label(bench) == "pass"


def test_a_reject_that_is_not_seen_is_reported() -> None:
    bench = machine()
    handle = _fed(bench)
    _at_gate(bench)
    bench.program.overdue(10**9)
    bench.exchange()
    assert (bench.last("reject_unconfirmed").handle, bench.last("reject_unconfirmed").station) == (handle, "document_tray")


def test_a_divert_that_is_not_seen_names_its_chute() -> None:
    bench = sorter()
    handle = _inducted(bench)
    bench.wire.say("divert", handle, chute=5)
    bench.exchange()
    assert _at_divert(bench) == 5
    bench.program.overdue(10**9)
    bench.exchange()
    assert (bench.last("divert_unconfirmed").handle, bench.last("divert_unconfirmed").value) == (handle, 5)


def test_a_stranger_at_induction_may_only_be_rejected() -> None:
    bench = sorter()
    bench.program.at_induction(0)
    bench.exchange()
    assert bench.last("inducted").flags == OUT
    assert "extra" in bench.kinds()
    bench.wire.say("divert", bench.last("inducted").handle, chute=1)
    bench.exchange()
    bench.exchange()
    assert bench.refusals() == ["mode"]
    assert bench.program.at_divert(GEOMETRY.induction_to_divert_um) == 0


def test_a_sensor_that_only_reports_flags_what_it_sees_outside_the_window() -> None:
    for off_um, flags in ((GEOMETRY.window_um, 0), (GEOMETRY.window_um + 1, OUT), (2 * GEOMETRY.window_um, OUT)):
        bench = machine()
        item = _inserted(bench)
        bench.wire.say("seal", item)
        bench.exchange()
        _at_seal(bench)
        at_um = GEOMETRY.insert_to_seal_um + GEOMETRY.seal_to_sealed_um + off_um
        bench.program.pass_by("sealed", "sealed", "weigh", travel_um=at_um, distance_um=1)
        bench.exchange()
        assert bench.last("sealed").flags == flags


# --- FIFO, window, ring ---
def test_nothing_unacknowledged_is_overwritten_and_the_window_moves_with_the_acknowledgement() -> None:
    bench = machine()
    bench.wire.acknowledging = False
    for _ in range(20):
        _fed(bench)
    bench.exchange()
    assert sorted(e.seq for e in CODEC.decode_plc(bench.program.read()).events) == list(range(1, 9))
    bench.wire.acknowledging = True
    for _ in range(4):
        bench.exchange()
    assert [event.seq for event in bench.wire.events] == list(range(1, 21))


@given(st.integers(IMAGE.seq_max - 6, IMAGE.seq_max) | st.integers(0, 16), st.integers(0, 12))
def test_only_what_stood_in_the_window_can_be_acknowledged(acknowledged: int, waiting: int) -> None:
    program = MachineProgram(IMAGE, GEOMETRY, frames_per_trigger=2)
    program._issued = IMAGE.seq_max - 3
    for _ in range(waiting):
        program.at_id_camera(program.counters["documents_fed"] * SPACING_UM)
    before = [event.seq for event in program._fifo]
    program._acknowledge(acknowledged)
    left = [event.seq for event in program._fifo]
    gone = before[: len(before) - len(left)]
    assert before == gone + left
    assert len(gone) <= IMAGE.window
    assert gone == (before[: before.index(acknowledged) + 1] if acknowledged in before[: IMAGE.window] else [])


def test_sequence_numbers_wrap_and_keep_their_places() -> None:
    bench = machine()
    bench.program._issued = bench.wire.taken = IMAGE.seq_max - 2
    for _ in range(5):
        _fed(bench)
        bench.exchange()
    assert [event.seq for event in bench.wire.events] == [IMAGE.seq_max - 1, IMAGE.seq_max, 1, 2, 3]


def test_half_a_fifo_closes_the_feed_and_a_full_one_stops_the_belt_until_it_is_cleared() -> None:
    bench = machine()
    bench.wire.acknowledging = False
    for _ in range(IMAGE.fifo_min // 2):
        bench.program.event("plc", "extra")
    bench.exchange()
    assert bench.program.running
    assert not bench.program.feed_permitted
    for _ in range(IMAGE.fifo_min):
        bench.program.event("plc", "extra")
    assert not bench.program.running
    bench.wire.acknowledging = True
    for _ in range(IMAGE.fifo_min // 4):
        bench.exchange()
    assert not bench.program.running
    assert bench.wire.header["faults"] == 1 << IMAGE.faults["events_lost"]
    bench.wire.say("clear_belt")
    bench.exchange()
    assert bench.program.running
    bench.program.empty()
    bench.exchange()
    assert bench.wire.header["faults"] == 0
    assert bench.kinds()[-1] == "belt_empty"


def test_the_ring_is_consumed_in_order_and_each_command_once() -> None:
    bench = machine()
    handles = [_fed(bench) for _ in range(20)]
    for handle in handles:
        bench.wire.say("reject_document", handle)
    for _ in range(5):
        bench.exchange()
    assert bench.program._consumed == 20
    assert len(bench.program.insert_ms) == 20
    bench.program.write(bench.program._pending or CODEC.encode_edge(CODEC.decode_edge((1,) + (0,) * 80)))
    bench.scan()
    assert len(bench.program.insert_ms) == 20


def test_another_layout_is_not_even_contact() -> None:
    program = MachineProgram(IMAGE, GEOMETRY, frames_per_trigger=2)
    wire = Wire(program, lambda event: None)
    wire.exchange()
    words = list(program._pending)
    program.write([IMAGE.layout_version + 1, *words[1:]])
    program.scan(10)
    assert program.edge_boot == 0
    program.write(words[:-1])
    program.scan(20)
    assert program.edge_boot == 0


WORD = st.integers(0, 65535) | st.sampled_from([0, 1, 2, 6, 11, 65528])


@settings(max_examples=40)
@given(st.lists(st.lists(WORD, min_size=80, max_size=80), max_size=6))
def test_garbage_in_the_right_layout_breaks_nothing_and_lets_nothing_pass(images: list[list[int]]) -> None:
    program = MachineProgram(IMAGE, GEOMETRY, frames_per_trigger=2)
    wire = Wire(program, lambda event: None)
    wire.write()
    program.scan(10)
    program.at_id_camera(0)
    for n, words in enumerate(images):
        # Another boot than the first one: nothing may be said for what lies on the belt.
        words[1] = words[1] if words[1] not in (0, 1) else 2
        program.write([IMAGE.layout_version, *words])
        program.scan(20 + 10 * n)
        CODEC.decode_plc(program.read())
    if images:
        assert program.at_gate(GEOMETRY.camera_to_gate_um)[0] == "tray"


# --- watchdog ---
def test_permit_and_heartbeat_stop_the_feed_first_and_the_belt_much_later() -> None:
    bench = machine()
    assert bench.program.feed_permitted
    bench.scan(240)
    assert bench.program.feed_permitted
    bench.scan(10)
    assert (bench.program.feed_permitted, bench.program.running) == (False, True)
    bench.scan(1_240)
    assert bench.program.running
    bench.scan(10)
    assert not bench.program.running
    assert bench.program.state == HELD


def test_a_withdrawn_permit_stops_the_feed_only() -> None:
    bench = machine()
    bench.wire.permitted = False
    for _ in range(60):
        bench.exchange()
    assert (bench.program.feed_permitted, bench.program.running) == (False, True)


@pytest.mark.parametrize(("outage_ms", "resumes"), [(1_400, True), (1_700, True), (9_900, True), (10_100, False)])
def test_after_an_outage_it_resumes_within_ten_seconds(outage_ms: int, resumes: bool) -> None:
    bench = machine()
    _fed(bench)
    bench.exchange()
    bench.scan(outage_ms - 20)
    bench.exchange(10)
    assert bench.program.running is resumes
    if not resumes:
        assert bench.program.state == HELD
        bench.wire.state = HELD
        bench.exchange()
        bench.wire.state = EXECUTE
        bench.exchange()
        assert bench.program.running
    assert len(bench.program.documents) == 1, "places are kept"


def test_clear_belt_also_ends_the_stand_after_a_long_outage() -> None:
    bench = machine()
    bench.scan(11_000)
    bench.exchange()
    assert not bench.program.running
    bench.wire.say("clear_belt")
    bench.exchange()
    assert bench.program.running


@pytest.mark.parametrize(("name", "value"), [("estop", 1), ("guard_zones", 2), ("mode", 3)])
def test_hard_wired_inputs_stop_and_are_shown(name: str, value: int) -> None:
    bench = machine()
    bench.program.wire(name, value)
    bench.exchange()
    assert bench.program.running is (name == "mode")
    assert not bench.program.feed_permitted
    shown = bench.wire.header["faults" if name == "estop" else name]
    assert shown == value


# --- boots ---
@each_point
def test_another_edge_may_only_reject_what_lies_on_the_belt(point: Point) -> None:
    bench = point.bench()
    handle = point.ask(bench)
    bench.exchange()
    bench.wire.events.clear()
    new = Wire(bench.program, lambda event: None, boot=2)
    new.header, new.taken = bench.wire.header, bench.wire.taken
    bench.wire = new
    new.say(point.passing, handle, **point.fields)
    bench.exchange()
    bench.exchange()
    assert bench.wire.header["edge_boot_echo"] == 2
    assert bench.wire.header["last_consumed_seq"] == 1
    assert bench.refusals() == ["mode"]
    assert point.arrive(bench) == point.rejected


def test_another_edge_that_says_execute_at_once_does_not_move_the_belt() -> None:
    bench = machine()
    bench.wire = Wire(bench.program, lambda event: None, boot=2)
    bench.exchange()
    assert (bench.program.running, bench.program.state) == (False, HELD)
    for state, runs in ((HELD, False), (EXECUTE, True)):
        bench.wire.state = state
        bench.exchange()
        assert bench.program.running is runs


def test_a_restarted_plc_has_another_boot_numbers_from_one_and_keeps_its_counters() -> None:
    bench = machine()
    _fed(bench)
    bench.exchange()
    bench.program.restart()
    bench.scan()
    image = CODEC.decode_plc(bench.program.read())
    assert (image.header["boot_id"], image.header["last_issued_seq"], image.header["documents_fed"]) == (2, 0, 1)
    assert not image.events
    assert not bench.program.running
    assert _at_gate(bench) == "tray"


# --- clearing and run-out ---
@each_point
def test_while_clearing_every_decision_is_reject_whatever_was_answered(point: Point) -> None:
    bench = point.bench()
    handle = point.ask(bench)
    bench.wire.say(point.passing, handle, **point.fields)
    bench.wire.say("clear_belt")
    bench.wire.state = HELD
    bench.exchange()
    assert bench.program.running
    assert not bench.program.feed_permitted
    assert point.arrive(bench) == point.rejected
    assert bench.program.default_rejects == 0, "that is no verdict that was missing"


def test_clearing_answers_each_command_once_and_ends_when_the_line_begins_anew() -> None:
    bench = sorter()
    bench.wire.state = HELD
    bench.wire.say("clear_belt")
    bench.exchange()
    for _ in range(3):
        bench.program.empty()
    bench.exchange()
    assert bench.kinds() == ["belt_empty"]
    assert bench.program.running, "the machine may still hand over"
    bench.wire.say("clear_belt")
    bench.exchange()
    bench.program.empty()
    bench.exchange()
    assert bench.kinds() == ["belt_empty", "belt_empty"]
    bench.wire.state = 15
    bench.exchange()
    assert not bench.program.clearing


def test_an_abort_ends_a_clearing_and_nothing_moves_by_itself_afterwards() -> None:
    bench = sorter()
    bench.wire.state = HELD
    bench.wire.say("clear_belt")
    bench.exchange()
    bench.wire.state = 9
    bench.exchange()
    assert not bench.program.running
    bench.wire.state = 2
    bench.exchange()
    assert not bench.program.running
    bench.program.empty()
    bench.exchange()
    assert bench.kinds() == [], "that question is no longer asked"
    bench.wire.say("clear_belt")
    bench.exchange()
    assert bench.program.running


def test_run_out_closes_the_feed_until_the_belt_is_empty() -> None:
    bench = machine()
    bench.wire.say("run_out")
    bench.exchange()
    assert (bench.program.running, bench.program.feed_permitted) == (True, False)
    bench.program.empty()
    bench.exchange()
    assert bench.kinds() == ["belt_empty"]
    assert bench.program.feed_permitted


def test_completing_is_shown_only_when_nothing_is_on_the_belt() -> None:
    bench = machine()
    _fed(bench)
    bench.wire.state = COMPLETING
    bench.exchange()
    assert (bench.wire.header["state"], bench.program.running) == (EXECUTE, True)
    bench.program.documents.clear()
    bench.program.wire("buttons", 1)
    bench.exchange()
    assert bench.wire.header["state"] == COMPLETING
