"""The reference programs against the simulated ones, scan by scan: equal images, actuators and permissions in each scan."""

from collections.abc import Callable

import pytest

from drivers.process_image import EventSlot
from simulators.plc_rules import HELD
from tests.line_config.plc.rig import MachineRig, Rig, SorterRig
from tests.simulators.edges import EXECUTE, IMAGE

LONG_WAY = 2_300
"""scans from the ID camera to the hand-over, with strokes"""
LABEL_EYE = MachineRig.sensors["label_camera"]


def answering(rig: Rig, **kinds: tuple[str, dict[str, int]]) -> None:
    """Let the edge answer these kinds of event with these commands."""

    def answer(event: EventSlot) -> None:
        if event.kind in kinds:
            opcode, fields = kinds[event.kind]
            handle = event.value if event.kind == "inserted" else event.handle
            rig.wire.say(opcode, handle, **fields)
            if opcode == "apply":
                rig.pad = True  # type: ignore[attr-defined]

    rig.answer = answer


GOOD = {
    "document_fed": ("insert_close", {}),
    "inserted": ("seal", {}),
    "weighed": ("apply", {"argument": 4711}),
    "inducted": ("divert", {"chute": 3}),
}


def kinds(rig: Rig) -> list[str]:
    return [event.kind for event in rig.wire.events]


def machine(**answers: tuple[str, dict[str, int]]) -> MachineRig:
    rig = MachineRig()
    answering(rig, **answers)
    rig.scan()
    rig.run(10)
    return rig


def sorter(**answers: tuple[str, dict[str, int]]) -> SorterRig:
    rig = SorterRig()
    answering(rig, **answers)
    rig.scan()
    rig.run(10)
    return rig


def test_an_item_goes_through_d1_to_d3() -> None:
    rig = machine(**GOOD)
    rig.feed()
    rig.run(LONG_WAY)
    assert kinds(rig) == [
        "document_fed", "inserted", "sealed", "weighed", "label_applied", "label_exposed", "handed_over"
    ]  # fmt: skip
    assert [e.value for e in rig.wire.events if e.kind == "label_applied"] == [4711]


def test_a_parcel_goes_through_d4_into_its_chute() -> None:
    rig = sorter(**GOOD)
    rig.feed()
    rig.run(1_000)
    assert kinds(rig) == ["inducted", "diverted"]
    assert rig.ended == [3]


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        ("document_fed", ["document_fed", "document_rejected"]),
        ("inserted", ["document_fed", "inserted", "item_ejected"]),
        ("weighed", ["document_fed", "inserted", "sealed", "weighed", "label_exposed", "handed_over"]),
    ],
)
def test_what_has_no_answer_is_rejected_by_default(without: str, expected: list[str]) -> None:
    rig = machine(**{kind: answer for kind, answer in GOOD.items() if kind != without})
    rig.feed()
    rig.run(LONG_WAY)
    assert kinds(rig) == expected
    assert rig.st.u.default_rejects == 1


def test_a_parcel_without_an_answer_and_one_for_no_chute_are_rejected() -> None:
    for answers in ({}, {"inducted": ("divert", {"chute": 7})}, {"inducted": ("recirculate", {})}):
        rig = sorter(**answers)
        rig.feed()
        rig.run(1_400)
        assert (kinds(rig), rig.ended) == (["inducted", "item_rejected"], [0])


def test_several_documents_share_an_envelope_that_waits_open() -> None:
    rig = machine(**GOOD | {"document_fed": ("insert_keep_open", {})})
    rig.feed()
    rig.run(600)
    answering(rig, **GOOD)
    rig.feed()
    rig.run(LONG_WAY)
    assert kinds(rig)[:4] == ["document_fed", "inserted", "document_fed", "inserted"]
    assert kinds(rig)[-1] == "handed_over"
    assert rig.handed_over == 1


def test_an_open_envelope_that_is_given_up_is_ejected() -> None:
    rig = machine(document_fed=("insert_keep_open", {}), inserted=("eject_unsealed", {}))
    rig.feed()
    rig.run(1_200)
    assert kinds(rig) == ["document_fed", "inserted", "item_ejected"]


def test_thick_documents_are_never_inserted() -> None:
    rig = machine(**GOOD)
    rig.thick = True
    rig.feed()
    rig.run(800)
    assert kinds(rig) == ["document_fed", "document_rejected"]
    assert [event.flags for event in rig.wire.events] == [4, 6]


def test_late_double_wrong_and_unknown_answers_are_refused() -> None:
    rig = machine()
    rig.feed()
    rig.run(20)
    fed = rig.wire.events[-1].seq
    for opcode, handle, reply_to in (
        ("insert_close", 999, 0), ("insert_close", 1, 4000), ("insert_close", 1, fed), ("insert_close", 1, fed),
        ("seal", 1, 0), ("divert", 1, 0), ("reject_document", 1, fed), ("apply", 9, 0), ("purge_label", 9, 0),
    ):  # fmt: skip
        rig.wire.say(opcode, handle, reply_to=reply_to, argument=5)
    rig.run(700)
    rig.wire.say("insert_close", 1)
    rig.run(30)
    refused = [IMAGE.refusal_names[e.value % 256] for e in rig.wire.events if e.kind == "command_refused"]
    assert refused == ["unknown_handle", "unknown_handle", "busy", "unknown_handle", "mode", "unknown_handle", "late"]
    assert kinds(rig).count("document_rejected") == 1


def test_an_answer_between_the_decision_point_and_the_reject_place_is_late() -> None:
    rig = machine()
    rig.feed()
    while not rig.st.u.default_rejects:
        rig.run(1)
    rig.wire.say("insert_close", 1)
    rig.run(100)
    assert kinds(rig) == ["document_fed", "command_refused", "document_rejected"]
    assert rig.st.u.late_answers == 1


def test_a_torn_slot_is_not_taken_until_it_is_whole() -> None:
    rig = machine()
    rig.feed()
    rig.run(10)
    last = IMAGE.edge_to_plc.header_words + IMAGE.edge_to_plc.slot_words - 1
    rig.spoil = lambda words: words.__setitem__(last, words[last] ^ 1)
    rig.wire.say("insert_close", 1)
    rig.run(30)
    assert rig.st.u.consumed == 0
    rig.spoil = lambda words: None
    rig.run(30)
    assert rig.st.u.consumed == 1


def test_an_image_of_another_layout_or_for_another_boot_changes_nothing() -> None:
    for name in ("layout_version", "plc_boot_echo"):
        rig = machine()
        rig.feed()
        rig.run(10)
        word = IMAGE.edge_to_plc.offsets[name]
        rig.spoil = lambda words, word=word: words.__setitem__(word, words[word] + 1)
        rig.wire.say("insert_close", 1)
        rig.run(60)
        assert rig.st.u.consumed == 0


def test_the_lease_closes_the_feed_the_heartbeat_stops_the_belt_and_releases_it() -> None:
    rig = machine(**GOOD)
    rig.feed()
    rig.run(100)
    assert rig.st.feed
    rig.wire.permitted = False
    rig.run(30)
    assert (rig.st.feed, rig.st.belt_run) == (False, True)
    rig.wire.permitted = True
    rig.run(10)
    assert rig.st.feed
    rig.run(28, exchange_every=0)
    assert (rig.st.feed, rig.st.belt_run) == (False, True)
    rig.run(125, exchange_every=0)
    assert not rig.st.belt_run
    rig.run(LONG_WAY)
    assert rig.st.belt_run
    assert kinds(rig)[-1] == "handed_over", "the line has resumed by itself, and has lost nothing"


@pytest.mark.parametrize(("silent_scans", "resumes"), [(995, True), (1_010, False)])
@pytest.mark.parametrize("kind", [machine, sorter])
def test_after_a_long_outage_the_line_must_leave_execute_once(
    kind: Callable[[], Rig], silent_scans: int, resumes: bool
) -> None:
    rig = kind()
    rig.run(30)
    rig.run(silent_scans, exchange_every=0)
    rig.run(30)
    assert rig.st.belt_run == resumes
    rig.wire.state = HELD
    rig.run(10)
    rig.wire.state = EXECUTE
    rig.run(10)
    assert rig.st.belt_run


def test_events_wait_in_the_fifo_and_move_through_the_window() -> None:
    rig = machine()
    rig.wire.acknowledging = False
    for _ in range(20):
        rig.feed()
        rig.run(20)
    assert rig.st.u.waiting >= 20
    rig.wire.acknowledging = True
    rig.run(60)
    assert rig.st.u.waiting == 0
    assert [event.seq for event in rig.wire.events] == list(range(1, len(rig.wire.events) + 1))


def test_a_full_fifo_stops_the_line_until_the_belt_is_cleared() -> None:
    rig = sorter()
    rig.wire.acknowledging = False
    rig.moving = False
    for _ in range(515):
        rig.expect("end 1", rig.travel_um)
        rig.travel_um += 400_000
        rig.run(1)
    assert (rig.st.u.events_lost, rig.st.belt_run) == (True, False)
    rig.wire.acknowledging = True
    rig.wire.say("clear_belt")
    rig.run(400)
    assert (rig.st.u.events_lost, rig.st.u.waiting) == (False, 0)
    assert kinds(rig)[-1] == "belt_empty"


def test_numbers_wrap_in_both_directions() -> None:
    rig = sorter(**GOOD)
    rig.st.u.issued = rig.sim._issued = rig.wire.taken = IMAGE.seq_max - 2
    rig.st.u.consumed = rig.sim._consumed = rig.wire._issued = IMAGE.seq_max - 1
    rig.sim._dirty = True
    rig.scan()
    for _ in range(4):
        rig.feed()
        rig.run(200)
    rig.run(800)
    assert [event.seq for event in rig.wire.events] == [IMAGE.seq_max - 1, IMAGE.seq_max, *range(1, 7)]
    assert rig.ended == [3, 3, 3, 3]


def test_clock_and_encoder_may_begin_anew() -> None:
    rig = SorterRig()
    answering(rig, **GOOD)
    rig.now_ms = 2**32 - 2_000
    rig.travel_um = 2**32 - 700_000
    rig.scan()
    rig.run(10)
    rig.feed()
    rig.run(1_000)
    assert rig.ended == [3]
    assert rig.now_ms > 2**32
    assert rig.travel_um > 2**32


def test_a_restarted_plc_has_a_new_boot_id_old_counters_and_knows_nothing_of_its_belt() -> None:
    rig = machine(**GOOD)
    rig.feed()
    rig.run(200)
    rig.restart()
    assert (rig.st.boot_id, rig.st.documents_fed) == (2, 1)
    rig.wire.taken = 0
    rig.wire._issued = 0
    rig.run(600)
    assert kinds(rig)[-1] == "extra", "what it knows nothing of is told, and goes into the tray"
    rig.wire.say("clear_belt")
    rig.run(200)
    rig.feed()
    rig.run(100)
    assert rig.wire.header["boot_id"] == 2


def test_another_edge_may_only_reject_what_is_on_the_belt() -> None:
    rig = machine(**GOOD)
    rig.feed()
    rig.run(100)
    rig.wire.boot += 1
    rig.wire._issued = 0
    rig.wire._ring = []
    rig.run(20)
    assert not rig.st.belt_run
    rig.wire.state = HELD
    rig.run(10)
    rig.wire.state = EXECUTE
    rig.wire.say("insert_close", 1)
    rig.run(700)
    assert [e.value % 256 for e in rig.wire.events if e.kind == "command_refused"] == [IMAGE.refusals["mode"]]
    assert kinds(rig)[-1] == "document_rejected"


def test_clearing_sends_everything_to_the_reject_places_and_tells_when_it_is_done() -> None:
    rig = machine(**GOOD | {"document_fed": ("insert_keep_open", {})})
    rig.feed()
    rig.run(500)
    rig.feed()
    rig.run(300)
    rig.wire.state = HELD
    rig.wire.say("clear_belt")
    rig.run(1_600)
    assert kinds(rig)[-1] == "belt_empty"
    assert {"item_ejected"} <= set(kinds(rig))
    rig.wire.state = EXECUTE
    rig.run(10)
    assert rig.st.feed


def test_a_run_out_closes_the_feed_and_tells_when_the_belt_is_empty() -> None:
    rig = machine(**GOOD)
    rig.feed()
    rig.run(100)
    rig.wire.state = 16
    rig.wire.say("run_out")
    rig.run(LONG_WAY + 200)
    assert kinds(rig)[-1] == "belt_empty"
    assert rig.wire.header["state"] == 16


def test_what_does_not_come_is_lost_and_what_nobody_expects_is_extra() -> None:
    rig = machine(**GOOD)
    rig.feed()
    rig.run(100)
    rig.coming.clear()
    rig.expect("seal", rig.travel_um + 100_000)
    rig.run(800)
    assert kinds(rig)[:3] == ["document_fed", "extra", "extra"]
    assert "lost" in kinds(rig)
    other = sorter(**GOOD)
    other.feed()
    other.run(560)
    other.coming.clear()
    other.run(400)
    assert kinds(other)[-1] == "divert_unconfirmed"
    assert other.wire.events[-1].value == 3


@pytest.mark.parametrize("off_um", [-120_003, -120_000, -60_000, 60_000, 60_003, 120_000, 120_003])
def test_a_place_that_is_not_sure_is_flagged_and_rejected(off_um: int) -> None:
    rig = machine(**GOOD)
    rig.feed()
    rig.run(20)
    rig.coming[0].at_um += off_um
    rig.run(900)
    assert ("document_rejected" in kinds(rig)) == (60_000 < abs(off_um) <= 120_000)


def test_a_sensor_that_bounces_is_one_body() -> None:
    rig = machine(**GOOD)
    rig.feed()
    rig.run(5)
    rig.expect("id_camera", rig.travel_um + 20_000)
    rig.run(60)
    assert kinds(rig) == ["document_fed"]


@pytest.mark.parametrize("said", ["apply", "purge_label", "no_label", ""])
def test_a_label_meets_its_item_or_the_waste(said: str) -> None:
    rig = machine(**{k: a for k, a in GOOD.items() if k != "weighed"})
    rig.feed()
    rig.run(1_500)
    if said:
        rig.wire.say(said, 1, argument=8)
    rig.pad = True
    rig.run(1_200)
    assert ("label_applied" in kinds(rig)) == (said == "apply")
    assert ("label_purged" in kinds(rig)) == (said == "purge_label")


def test_a_label_that_was_blown_off_before_its_command_came_is_told_with_its_command() -> None:
    rig = machine(**{k: a for k, a in GOOD.items() if k != "weighed"})
    rig.feed()
    rig.run(1_840)
    rig.pad = True
    rig.run(150)
    rig.wire.say("apply", 1, argument=8)
    rig.run(50)
    assert [e.value for e in rig.wire.events if e.kind == "label_purged"] == [8]
    rig.wire.say("purge_label", 7, argument=9)
    rig.run(400)
    rig.pad = True
    rig.run(20)
    assert rig.st.labels[0].count == 0, "given up after three seconds"


def test_a_label_that_missed_its_item_meets_nobody_else() -> None:
    rig = machine(**{k: a for k, a in GOOD.items() if k != "weighed"})
    rig.feed()
    rig.run(450)
    rig.feed()
    while kinds(rig).count("weighed") < 2:
        rig.run(1)
    rig.wire.say("apply", 1, argument=8)
    rig.wire.say("apply", 2, argument=9)
    # The first label comes when its item has gone by.
    while all(track.sensor != LABEL_EYE for track in rig.st.u.tracks):
        rig.run(1)
    rig.pad = True
    rig.run(5)
    rig.pad = True
    rig.run(600)
    assert [(e.kind, e.value) for e in rig.wire.events if e.kind in ("label_purged", "label_applied")] == [
        ("label_purged", 8),
        ("label_applied", 9),
    ]


def test_a_label_that_is_held_under_the_camera_of_a_standing_belt_is_nobodys() -> None:
    """Even where an item has been seen just now, and another is due: both keep their places."""
    rig = machine(**GOOD)
    rig.feed()
    while "label_exposed" not in kinds(rig):
        rig.run(1)
    while rig.moving:
        rig.run(1, exchange_every=0)
    before = rig.st.exposures_2
    for _ in range(2):
        rig.hold_up()
        rig.run(5, exchange_every=0)
    rig.run(600)
    assert kinds(rig).count("extra") == 2
    assert kinds(rig).count("label_exposed") == 1
    assert rig.st.exposures_2 == before + 4
    assert kinds(rig)[-1] == "handed_over"


@pytest.mark.parametrize("name", ["estop", "jam", "guard_zones", "mode", "buttons", "feeder_empty"])
def test_hard_wired_inputs_are_told_and_stop_what_they_must(name: str) -> None:
    rig = machine()
    rig.run(20)
    rig.sim.wire(name, 2 if name in ("mode", "buttons") else 1)
    rig.run(10)
    assert rig.st.belt_run == (name not in ("estop", "jam", "guard_zones"))
    assert rig.st.feed == (name in ("buttons", "feeder_empty"))
    assert rig.sim.state == (HELD if not rig.st.belt_run else EXECUTE)
