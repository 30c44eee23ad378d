"""What only the reference program has: a reader at the pad, tables of a fixed size; and that a change of it is noticed."""

from collections.abc import Callable

import pytest

from line_config.plc.structured_text import program
from simulators.plc_rules import HELD
from tests.line_config.plc import rig as rigs
from tests.line_config.plc import test_traces as traces
from tests.line_config.plc.st_run import Running
from tests.line_config.plc.test_traces import GOOD, kinds, machine, sorter
from tests.simulators.edges import EXECUTE, IMAGE


def at_the_pad() -> rigs.MachineRig:
    """An item just before D3, its label commanded and on the pad."""
    rig = machine(**GOOD)
    rig.feed()
    while "weighed" not in kinds(rig):
        rig.run(1)
    rig.run(500)
    return rig


def alone(rig: rigs.MachineRig, scans: int, **inputs: object) -> list[str]:
    """Go on with the reference program alone; the actuators that it moved, in order."""
    moved: list[str] = []
    for _ in range(scans):
        rig.now_ms += rigs.SCAN_MS
        rig.travel_um += rigs.SCAN_UM * rig.st.belt_run
        seen = {a.sensor: a.at_um for a in rig.coming if a.at_um <= rig.travel_um}
        rig.coming = [a for a in rig.coming if a.sensor not in seen]
        rig._inputs(seen)
        for name, value in inputs.items():
            setattr(rig.st, name, value)
        # The edge goes on talking: the same commands, another heartbeat.
        rig.st.edge_registers[IMAGE.edge_to_plc.offsets["heartbeat"]] += 1
        rig.st.run()
        moved += [name for name in ("do_apply", "do_blow_off") if getattr(rig.st, name)]
        if moved:
            rig.pad = False
    return moved


@pytest.mark.parametrize(
    ("on_pad", "moved", "runs"), [(4711, "do_apply", True), (0, "do_apply", True), (4712, "do_blow_off", False)]
)
def test_a_label_with_another_print_id_is_purged_and_the_line_holds(on_pad: int, moved: str, runs: bool) -> None:
    rig = at_the_pad()
    assert alone(rig, 60, pad_print_id=on_pad) == [moved]
    assert rig.st.belt_run == runs
    fault = 1 << IMAGE.faults["label_mismatch_on_pad"]
    assert rig.st.plc_image.header.faults == (0 if runs else fault)
    assert rig.st.plc_image.header.state == (EXECUTE if runs else HELD)
    # Only clearing moves the belt again, and only an empty belt ends the fault.
    rig.st.u.clearing = rig.st.u.empty_owed = True
    alone(rig, 5, belt_is_empty=False)
    assert rig.st.belt_run
    assert rig.st.plc_image.header.faults == (0 if runs else fault)
    alone(rig, 1, belt_is_empty=True)
    assert rig.st.plc_image.header.faults == 0


def test_an_applicator_that_is_out_of_order_applies_nothing() -> None:
    rig = at_the_pad()
    assert "do_apply" not in alone(rig, 60, applicator_fault=True)
    assert rig.st.plc_image.header.faults == 1 << IMAGE.faults["applicator_fault"]


def test_inputs_that_the_simulators_do_not_have_are_told() -> None:
    rig = machine()
    alone(rig, 1, reject_place_full=True)
    assert rig.st.plc_image.header.alarms == 1 << IMAGE.alarms["reject_place_full"]


def test_a_table_of_tracks_that_is_full_stops_the_line_like_a_lost_event() -> None:
    rig = sorter()
    room = rigs.reference().source.constants["tracks_max"][0]
    names = rigs.reference()._names
    for n in range(room):
        assert names["f_new_track"](v_handle=n + 1, v_point=4, v_trusted=True, v_u=rig.st.u) == n + 1
    assert not rig.st.u.events_lost
    assert names["f_new_track"](v_handle=room + 1, v_point=4, v_trusted=True, v_u=rig.st.u) == 0
    assert rig.st.u.events_lost


def test_a_label_command_for_which_there_is_no_room_is_refused_and_holds_the_line() -> None:
    rig = at_the_pad()
    rig.st.labels[0].count = rigs.reference().source.constants["labels_max"][0]
    for n, order in enumerate(rig.st.labels[0].orders):
        order.handle = 500 + n
    for track in rig.st.u.tracks:
        track.answer = 0
    rig.wire.say("apply", 1, argument=99)
    rig.wire.exchange()
    alone(rig, 1)
    assert rig.st.plc_image.header.faults == 1 << IMAGE.faults["label_mismatch_on_pad"]
    assert not rig.st.belt_run
    newest = (rig.st.u.first + rig.st.u.waiting - 1) % IMAGE.fifo_min
    assert rig.st.u.fifo[newest].value % 256 == IMAGE.refusals["full"]


# --- the comparison itself: what a wrong program would do is noticed ---
PLANTED: dict[str, tuple[str, str, Callable[[], None]]] = {
    "stage 2 a scan late": ("STAGE_2_MS : UDINT := 1500", "STAGE_2_MS : UDINT := 1510",
                            traces.test_the_lease_closes_the_feed_the_heartbeat_stops_the_belt_and_releases_it),
    "lease a scan longer": ("PERMIT_MS : UDINT := 250", "PERMIT_MS : UDINT := 260",
                            traces.test_the_lease_closes_the_feed_the_heartbeat_stops_the_belt_and_releases_it),
    "no default reject at D2": ("u := u) = OP_SEAL", "u := u) <> OP_NO_LABEL",
                                lambda: traces.test_what_has_no_answer_is_rejected_by_default("inserted", [])),
    "torn slots count": (" AND slot.seq_copy = slot.seq", "", traces.test_a_torn_slot_is_not_taken_until_it_is_whole),
    "numbers run to 65535": ("SEQ_MAX : UINT := 65528", "SEQ_MAX : UINT := 65535", traces.test_numbers_wrap_in_both_directions),
    "any boot's commands": ("fresh := edge_image.header.plc_boot_echo = boot_id;", "fresh := TRUE;",
                            traces.test_an_image_of_another_layout_or_for_another_boot_changes_nothing),
    "an old boot's belt is trusted": ("u.tracks[n].trusted := FALSE;", "u.tracks[n].trusted := TRUE;",
                                      traces.test_another_edge_may_only_reject_what_is_on_the_belt),
    "boot id not retained": ("VAR RETAIN\n  boot_id", "VAR\n  boot_id",
                             traces.test_a_restarted_plc_has_a_new_boot_id_old_counters_and_knows_nothing_of_its_belt),
    "a full FIFO overwrites": ("u.waiting >= FIFO_MIN THEN", "u.waiting >= FIFO_MIN THEN\n    u.waiting := u.waiting - 1;",
                               traces.test_a_full_fifo_stops_the_line_until_the_belt_is_cleared),
    "events_lost heals itself": ("known := 0;", "known := 0;\n  u.events_lost := FALSE;",
                                 traces.test_a_full_fifo_stops_the_line_until_the_belt_is_cleared),
    "late answers are taken": ("IF u.tracks[track].decided OR", "IF",
                               traces.test_an_answer_between_the_decision_point_and_the_reject_place_is_late),
    "reply_to is not looked at": ("asked := command.reply_to = 0", "asked := TRUE",
                                  traces.test_late_double_wrong_and_unknown_answers_are_refused),
    "a label in a hand is an item": ("AND NOT belt_run AND sensors[LABEL_EYE]", "AND FALSE AND sensors[LABEL_EYE]",
                                     traces.test_a_label_that_is_held_under_the_camera_of_a_standing_belt_is_nobodys),
    "a missed label stays": ("      labels.orders[n].purge := TRUE;\n      RETURN;", "      RETURN;",
                             traces.test_a_label_that_missed_its_item_meets_nobody_else),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_change_of_the_program_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad, scenario = PLANTED[name]
    source = program(IMAGE)
    assert good in source
    changed = Running(source.replace(good, bad, 1))
    monkeypatch.setattr(rigs, "reference", lambda: changed)
    with pytest.raises(AssertionError):
        scenario()
