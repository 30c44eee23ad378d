"""The physical line under scripted edges: a perfect one gets everything into its chute, each bad one only into the rejects."""

from collections import Counter

import pytest

from simulators.bodies import Envelope, PhysicalDocument
from simulators.faults import KINDS
from simulators.geometry import Geometry
from tests.simulators.edges import EXECUTE, HELD, PerfectEdge, Say, Wire


def places(edge: PerfectEdge) -> Counter[str]:
    return Counter(document.place.partition(":")[0] for document in edge.documents)


def physical(edge: PerfectEdge) -> list[tuple[int, list[str]]]:
    return [(chute, [e.labels[0].qr for e in envelopes]) for chute, envelopes in edge.plant.chutes.items()]


def touched(edge: PerfectEdge) -> set[int]:
    return edge.book.touched_in([e.documents[0].index for e in edge.plant.envelopes if e.sealed])


# --- the perfect edge ---
@pytest.mark.parametrize("rate_per_h", [2_700, 10_800])
def test_a_perfect_edge_dispatches_everything_rightly_and_in_time(rate_per_h: int) -> None:
    edge = PerfectEdge(rate_per_h, 150)
    edge.run()
    judgement = edge.judge()
    assert (judgement.dispatched, judgement.wrong, judgement.unaccounted) == (150, (), ())
    plant = edge.plant
    assert plant.machine.late_verdicts == plant.sorter.late_verdicts == 0
    assert plant.machine.default_rejects == plant.sorter.default_rejects == 0
    assert len(plant.machine.insert_ms) == len(plant.sorter.divert_ms) == 150
    assert plant.untouched() == (150, 150)
    counters = plant.machine.counters
    assert counters["documents_fed"] == counters["items_opened"] == counters["items_handed_over"] == 150
    assert plant.sorter.counters["items_diverted"] == 150
    assert plant.machine.exposures == [300, 300]


@pytest.mark.parametrize("rate_per_h", [1_800, 2_700, 10_800])
def test_the_pace_is_the_rate(rate_per_h: int) -> None:
    edge = PerfectEdge(rate_per_h, 120)
    fed_ms = []
    exposed = edge.plant.on_expose

    def expose(camera: str, trigger: int, subject: PhysicalDocument | Envelope) -> None:
        fed_ms.extend([edge.plant.now_ms] if camera == "id_camera" else [])
        exposed(camera, trigger, subject)

    edge.plant.on_expose = expose
    edge.run()
    per_h = 3_600_000 * (len(fed_ms) - 1) / (fed_ms[-1] - fed_ms[0])
    assert per_h == pytest.approx(rate_per_h, rel=0.01)


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    runs = []
    for seed in (1, 1, 2):
        edge = PerfectEdge(10_800, 60, seed=seed, faults=0.1)
        edge.run()
        runs.append((edge.machine.events, edge.sorter.events, physical(edge)))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_calls_every_10_ms_and_calls_only_when_due_give_the_same_events() -> None:
    jumping, stepping = PerfectEdge(2_700, 12), PerfectEdge(2_700, 12)
    jumping.run()
    plant = stepping.plant
    told = plant.next_due_ms
    plant.next_due_ms = lambda: min(told(), plant.now_ms + 10)  # type: ignore[method-assign]
    stepping.run()
    kinds = [[(e.kind, e.handle, e.value) for e in edge.machine.events if e.kind != "weighed"] for edge in (jumping, stepping)]
    assert kinds[0] == kinds[1]
    assert places(jumping) == places(stepping)


# --- dumb edges ---
SPOILS = {
    "never answers D1": ({"insert_close": None}, "document_tray"),
    "never answers D2": ({"seal": None}, "unsealed_eject"),
    "never answers D3": ({"apply": None}, "sealed_reject"),
    "never answers D4": ({"divert": None}, "sealed_reject"),
    "answers D4 with no chute": ({"divert": ("divert", 0)}, "sealed_reject"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_without_a_valid_answer_everything_is_rejected_at_that_point(name: str) -> None:
    changes, place = SPOILS[name]
    edge = PerfectEdge(10_800, 20)

    def spoil(opcode: str, fields: dict[str, int]) -> Say | None:
        change = changes.get(opcode, (opcode, fields.get("chute", 0)))
        return None if change is None else (change[0], {**fields, "chute": change[1]})

    edge.spoil = spoil
    edge.run()
    assert places(edge) == {place: 20}
    assert not edge.judge().wrong


def test_an_edge_that_diverts_without_a_label_check_is_caught_by_the_oracle() -> None:
    edge = PerfectEdge(10_800, 60, faults=0.2)
    edge.spoil = lambda opcode, fields: ("divert", fields) if opcode == "reject_item" else (opcode, fields)
    edge.run()
    assert edge.book.fired["neighbour_label"]
    assert edge.judge().wrong


def test_an_edge_that_mixes_up_the_chutes_is_caught_by_the_oracle() -> None:
    edge = PerfectEdge(10_800, 6)
    edge.spoil = lambda opcode, fields: (opcode, {**fields, "chute": fields["chute"] % 6 + 1} if "chute" in fields else fields)
    edge.run()
    assert len(edge.judge().wrong) == 6


# --- faults ---
def test_every_kind_of_fault_fires_rejects_its_own_and_leaves_the_untouched_alone() -> None:
    edge = PerfectEdge(10_800, 200, faults=0.08)
    edge.run()
    judgement = edge.judge()
    assert (judgement.wrong, judgement.unaccounted) == ((), ())
    assert all(edge.book.fired[kind] for kind in KINDS)
    fed, dispatched = edge.plant.untouched()
    assert fed == dispatched
    assert fed < 200
    by_fault = {kind: {edge.documents[i].place.partition(":")[0] for i in edge.book.fired[kind]} for kind in KINDS}
    assert by_fault["unreadable"] == by_fault["no_order"] == by_fault["second_copy"] == {"document_tray"}
    assert by_fault["swapped_neighbours"] == by_fault["neighbour_label"] == by_fault["media_out"] == {"sealed_reject"}
    assert by_fault["divert_unconfirmed"] == {"chute"}


def _with_fault(kind: str, at: int, items: int = 8) -> PerfectEdge:
    edge = PerfectEdge(2_700, items)
    edge.book.plan[at] = kind
    edge.documents[at].fault = kind
    return edge


def test_a_label_that_sticks_goes_onto_the_next_envelope_whose_own_falls_into_the_waste() -> None:
    edge = _with_fault("neighbour_label", 3)
    edge.run()
    by_index = {e.documents[0].index: [label.code128 for label in e.labels] for e in edge.plant.envelopes}
    assert by_index[3] == []
    assert by_index[4] == ["EA000000003CN"]
    assert by_index[5] == ["EA000000005CN"]
    assert [label.code128 for label in edge.plant.printers[0].waste] == ["EA000000004CN"]
    assert touched(edge) == {2, 3, 4, 5}


def test_a_stuck_label_waits_for_the_next_stroke_and_whom_it_meets_is_in_doubt() -> None:
    edge = _with_fault("neighbour_label", 2)
    edge.book.plan[3] = "media_out"
    edge.run()
    by_index = {e.documents[0].index: [label.code128 for label in e.labels] for e in edge.plant.envelopes}
    assert (by_index[2], by_index[3], by_index[4]) == ([], [], ["EA000000002CN"])
    assert touched(edge) == {1, 2, 3, 4, 5}


def test_swapped_neighbours_arrive_in_the_other_order_with_nothing_else_changed() -> None:
    edge = _with_fault("swapped_neighbours", 3)
    scanned: list[str] = []
    scan = edge.plant.on_scan

    def on_scan(text: str) -> None:
        scanned.append(text)
        scan(text)

    edge.plant.on_scan = on_scan
    edge.run()
    assert [int(text[2:11]) for text in scanned] == [0, 1, 2, 4, 3, 5, 6, 7]
    assert all([label.code128 for label in e.labels] == [f"EA{e.documents[0].index:09d}CN"] for e in edge.plant.envelopes)
    assert touched(edge) == {2, 3, 4, 5}
    assert edge.documents[3].place == edge.documents[4].place == "sealed_reject"


def test_an_unconfirmed_divert_lies_in_its_bag_and_is_found_by_a_recount() -> None:
    edge = _with_fault("divert_unconfirmed", 3)
    edge.run()
    assert [event.handle for event in edge.sorter.events if event.kind == "divert_unconfirmed"]
    assert edge.plant.sorter.counters["items_diverted"] == 7
    assert edge.documents[3].place == "chute:4"
    assert [text[2:11] for text in edge.plant.recount(4)] == ["000000003"]


def test_the_roll_that_ends_in_a_label_takes_this_label_with_it() -> None:
    edge = _with_fault("media_out", 3)
    edge.run()
    by_index = {e.documents[0].index: e.labels for e in edge.plant.envelopes}
    assert by_index[3] == []
    assert places(edge) == {"chute": 7, "sealed_reject": 1}


# --- more than one document in an envelope ---
def _keep_open_every_other(edge: PerfectEdge) -> None:
    edge.spoil = lambda opcode, fields: (
        ("insert_keep_open" if opcode == "insert_close" and fields["handle"] % 2 else opcode),
        fields,
    )


def test_an_envelope_that_is_kept_open_takes_the_next_document_too() -> None:
    edge = PerfectEdge(2_700, 8)
    _keep_open_every_other(edge)
    edge.run()
    assert [[d.index for d in e.documents] for e in edge.plant.envelopes] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    inserted = [(event.handle, event.value) for event in edge.machine.events if event.kind == "inserted"]
    assert inserted == [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (8, 4)]
    assert edge.plant.machine.counters["items_opened"] == 4
    assert len([finding for finding in edge.judge().wrong if "holds what belongs to" in finding]) == 4


def test_clearing_takes_the_open_envelope_out_unsealed() -> None:
    edge = PerfectEdge(2_700, 1)
    _keep_open_every_other(edge)
    edge.run(until_ms=20_000)
    assert edge.plant.on_belt == 1
    for wire in (edge.machine, edge.sorter):
        wire.say("clear_belt")
        wire.state = HELD
    edge.run()
    assert places(edge) == {"unsealed_eject": 1}


# --- stops, outages, clearing ---
def test_a_stop_moves_nothing_and_shifts_no_window() -> None:
    edge = PerfectEdge(2_700, 20)
    edge.run(until_ms=15_000)
    for wire in (edge.machine, edge.sorter):
        wire.state = HELD
    edge.run(until_ms=16_000)
    before = [(d.index, d.place) for d in edge.documents]
    travel_um = edge.plant.machine_belt.travel_um
    edge.run(until_ms=40_000)
    assert [(d.index, d.place) for d in edge.documents] == before
    assert edge.plant.machine_belt.travel_um == travel_um
    for wire in (edge.machine, edge.sorter):
        wire.state = EXECUTE
    edge.run()
    assert places(edge) == {"chute": 20}
    assert edge.plant.untouched() == (20, 20)


def test_a_withdrawn_permit_closes_the_feed_and_lets_the_rest_run_out() -> None:
    edge = PerfectEdge(2_700, 20)
    edge.run(until_ms=15_000)
    edge.machine.permitted = False
    edge.run(until_ms=80_000)
    fed = edge.plant.fed
    assert 0 < fed < 20
    assert places(edge) == {"chute": fed, "feeder": 20 - fed}
    edge.machine.permitted = True
    edge.run()
    assert places(edge) == {"chute": 20}


def test_the_machine_stands_while_the_sorter_stands() -> None:
    edge = PerfectEdge(2_700, 20)
    edge.run(until_ms=20_000)
    edge.sorter.state = HELD
    edge.run(until_ms=21_000)
    travel_um = edge.plant.machine_belt.travel_um
    edge.run(until_ms=25_000)
    assert edge.plant.machine_belt.travel_um == travel_um
    edge.sorter.state = EXECUTE
    edge.run()
    assert places(edge) == {"chute": 20}


def _silence(edge: PerfectEdge, until_ms: int) -> None:
    while edge.plant.now_ms < until_ms:
        edge.plant.advance(min(edge.plant.next_due_ms(), until_ms))


def test_after_a_short_outage_the_line_goes_on_and_what_was_on_the_belt_counts_as_touched() -> None:
    edge = PerfectEdge(2_700, 20)
    edge.run(until_ms=20_000)
    on_belt = edge.plant.on_belt
    _silence(edge, 25_000)
    assert not edge.plant.machine_belt.running
    assert len(edge.book.touched) >= on_belt
    edge.run()
    assert places(edge)["chute"] >= 18, "only what passed a decision point before stage 2 may be rejected"
    assert not edge.judge().wrong


def test_a_new_edge_clears_everything_to_the_reject_places_and_can_begin_anew() -> None:
    edge = PerfectEdge(2_700, 30)
    edge.run(until_ms=30_000)
    # What has passed D4 is on its way into its chute, and nobody can call it back.
    waiting = edge.plant.sorter.register.waiting
    diverted = sum(len(waiting[f"end {chute}"]) for chute in range(1, 7))
    dispatched = places(edge)["chute"] + diverted
    on_belt = edge.plant.on_belt
    for old in (edge.machine, edge.sorter):
        old.write()
    machine = Wire(edge.plant.machine, lambda event: None, boot=2)
    sorter = Wire(edge.plant.sorter, lambda event: None, boot=2)
    machine.taken, sorter.taken = edge.machine.taken, edge.sorter.taken
    machine.header, sorter.header = edge.machine.header, edge.sorter.header
    edge.machine, edge.sorter = machine, sorter
    machine.state = sorter.state = HELD
    for wire in (sorter, machine):
        wire.say("clear_belt")
    edge.run(until_ms=90_000)
    assert [event.kind for event in machine.events].count("belt_empty") == 1
    assert edge.plant.on_belt == 0
    assert edge.plant.printers[0].pad is None
    after = places(edge)
    assert after["chute"] == dispatched
    assert after["document_tray"] + after["unsealed_eject"] + after["sealed_reject"] == on_belt - diverted
    assert len(edge.book.touched) >= on_belt
    assert edge.plant.clear_rejects() == on_belt - diverted
    assert edge.plant.clear_rejects() == 0


def test_what_left_the_belt_without_the_edge_knowing_counts_as_touched_too() -> None:
    edge = PerfectEdge(2_700, 6)
    while not edge.plant.chutes[1]:
        edge.run(until_ms=edge.plant.now_ms + 10)
        edge.sorter.acknowledging = edge.plant.on_belt == 6
    edge.plant.touch_belt()
    assert 0 in edge.book.touched


def test_a_caller_that_comes_late_finds_what_would_have_happened_meanwhile() -> None:
    edge = PerfectEdge(2_700, 6)
    edge.run(until_ms=5_000)
    assert edge.plant.advance(12_000)
    assert not edge.plant.machine_belt.running, "stage 2, 1.5 s after the last image"
    assert edge.plant.machine_belt.travel_um < 300 * 7_000


def test_a_restarted_plc_knows_nothing_and_rejects_what_comes() -> None:
    edge = PerfectEdge(2_700, 12)
    edge.run(until_ms=20_000)
    edge.plant.machine.restart()
    edge.machine = Wire(edge.plant.machine, edge._machine_event)
    edge.run()
    extras = Counter(event.station for event in edge.machine.events if event.kind == "extra")
    assert extras["insert"] > 0
    assert not edge.judge().wrong


# --- geometry ---
def test_above_2700_an_hour_everything_physical_shrinks_with_the_rate() -> None:
    slow, nominal, fast = Geometry(1_350), Geometry(2_700), Geometry(10_800)
    assert slow.camera_to_gate_um == nominal.camera_to_gate_um == 4 * fast.camera_to_gate_um == 1_600_000
    assert (nominal.print_min_ms, nominal.print_max_ms, nominal.stroke_ms) == (600, 900, 500)
    assert (fast.print_min_ms, fast.print_max_ms, fast.stroke_ms) == (150, 225, 125)
    assert nominal.window_um == 4 * fast.window_um
    assert slow.feed_interval_um == 2 * nominal.feed_interval_um
