"""The kit passes the simulated PLCs, and each of its checks fails a PLC program that breaks its clause."""

import pytest

from edge.conformance.kit import CHECKS, FAILED, PASSED
from simulators import plc_rules as rules
from tests.conformance import faulty as f
from tests.conformance.stand import examine

# check → (kind of PLC, its fault, words of what the check must have seen); more than one fault of a check: further rows
FAULTS: tuple[tuple[str, str, f.Spoil, str], ...] = (
    ("layout_version", "machine", f.shows("layout_version", lambda _: 2), "layout version of the PLC program is 2"),
    ("layout_version", "sorter", f.shows("layout_version", lambda v: v << 8), "word order"),
    ("word_order", "machine", f.swaps_words(reads=True, writes=True), "word order: value"),
    ("word_order", "sorter", f.swaps_words(reads=False, writes=True), "word order: handle"),
    ("foreign_layout", "machine", f.hears(f.any_layout), "with another layout"),
    ("heartbeat", "machine", f.shows("heartbeat", lambda _: 7), "stood still"),
    ("echo", "machine", f.shows("echo", lambda _: 7), "echo of heartbeat"),
    ("state_follows", "machine", f.become(_follow=f.follows_not), "state 2"),
    ("whole_images", "machine", f.become(read=f.mixes_slots), "changed under the same number"),
    ("whole_images", "sorter", f.become(event=f.mixes_at_both_reads), "the value of another"),
    ("response_time", "machine", f.become(_take_commands=f.slowly), "allowed are 200 ms"),
    ("plc_clock", "machine", f.become(event=f.slow_clock), "plc_ms went on by 100"),
    ("estop", "machine", f.shows("faults", lambda _: 0), "fault bit estop"),
    ("guard_zones", "machine", f.shows("guard_zones", lambda _: 0), "guard zone's bit"),
    ("mode_change", "machine", f.shows("mode", lambda _: 1), "mode 2"),
    ("ring_order", "machine", f.backwards, "taken were"),
    ("ring_refill", "machine", f.become(_execute=f.forgets_some), "40 commands are refused"),
    ("duplicate_command", "machine", f.become(_take_over=f.again), "followed"),
    ("out_of_order", "machine", f.over_gaps, "was followed before"),
    ("torn_command", "machine", f.hears(f.any_copy), "a torn slot was followed"),
    ("not_issued", "machine", f.hears(f.all_issued), "beyond last_issued_seq"),
    ("foreign_plc_boot", "machine", f.hears(f.any_boot), "another boot id were taken"),
    ("number_wrap", "machine", f.become(_next=lambda _, __, seq: seq % 65_535 + 1), "the commands"),
    ("unknown_handle", "machine", f.refuses_as("unknown_handle", "late"), "refused as late"),
    ("wrong_plc", "machine", f.silent(lambda name: name == "divert"), "refused as mode"),
    ("unknown_opcode", "machine", f.silent(lambda name: not name), "2 commands are refused"),
    ("window", "machine", f.become(event=f.overwrites), "the oldest is"),
    ("acknowledge", "machine", f.become(_acknowledge=f.acknowledges_all), "by three"),
    ("acknowledge_beyond", "machine", f.become(_acknowledge=f.acknowledges_any), "acknowledging"),
    ("acknowledge_foreign_boot", "machine", f.hears(f.any_boot), "became"),
    ("fifo_half", "machine", f.feeds(half=1), "documents were fed"),
    ("fifo_full", "machine", f.become(event=f.drops_oldest), "overwritten"),
    ("fifo_full", "sorter", lambda stand: setattr(stand.plant.under_test, "_fifo_max", 100), "only 100 events"),
    ("counters", "machine", f.become(event=f.counts_twice), "documents_rejected: counted 4, told 2"),
    ("counters", "sorter", f.become(event=f.counts_twice), "items_rejected: counted 2, told 1"),
    ("counters", "sorter", f.nameless, "does not know"),
    ("d1_default", "machine", f.become(decide=f.default_accept), "became inserted"),
    ("d1_default", "machine", f.become(decide=f.never_flagged), "flag default_reject"),
    ("d1_answers", "machine", f.become(decide=f.rejects_pass), "reject_document of"),
    ("d1_late", "machine", f.late_to_the_next, "inserted"),
    ("d1_second", "machine", f.become(take_answer=f.second_counts), "refused as busy"),
    ("d1_reply_to", "machine", f.become(take_answer=f.any_question), "refused as unknown_handle"),
    ("d2_default", "machine", f.become(decide=f.default_accept), "became sealed"),
    ("d2_answers", "machine", f.become(decide=f.rejects_pass), "eject_unsealed of"),
    ("d2_late", "machine", f.late_to_the_next, "became sealed"),
    ("d2_second", "machine", f.become(take_answer=f.second_counts), "refused as busy"),
    ("d2_reply_to", "machine", f.become(take_answer=f.any_question), "refused as unknown_handle"),
    ("d4_default", "sorter", f.become(decide=f.default_accept), "became diverted"),
    ("d4_answers", "sorter", f.become(decide=f.rejects_pass), "reject_item of"),
    ("d4_late", "sorter", f.late_to_the_next, "became diverted"),
    ("d4_second", "sorter", f.become(take_answer=f.second_counts), "refused as busy"),
    ("d4_reply_to", "sorter", f.become(take_answer=f.any_question), "refused as unknown_handle"),
    ("keep_open", "machine", f.become(inserted=f.keeps_nothing_open), "opened item"),
    ("d3_default", "machine", f.become(decide=f.never_flagged), "flag default_reject"),
    ("d3_no_label", "machine", f.become(decide=f.always_flagged), "was flagged"),
    ("d3_apply", "machine", f.event_value("label_applied", 1), "print ids [1]"),
    ("d3_apply", "machine", f.become(take_answer=f.second_counts), "refused as busy"),
    ("d3_purge", "machine", f.purges_nothing, "label_purged"),
    ("d3_foreign_label", "machine", f.any_label, "was told applied"),
    ("lost", "machine", f.no_event("lost"), "event lost of"),
    ("lost", "sorter", f.no_event("lost"), "event lost of"),
    ("extra", "machine", f.no_event("extra"), "event extra"),
    ("label_in_hand", "machine", f.no_event("extra"), "event extra"),
    ("label_in_hand", "machine", f.shows("exposures_2", lambda _: 0), "no picture"),
    ("reject_unconfirmed", "machine", f.become(at_gate=f.told_at_the_gate), "event reject_unconfirmed"),
    ("eject_unconfirmed", "machine", f.told_as("unsealed_eject", "document_tray"), "at document_tray"),
    ("sealed_reject_unconfirmed", "sorter", f.no_event("reject_unconfirmed"), "event reject_unconfirmed"),
    ("divert_unconfirmed", "sorter", f.event_value("divert_unconfirmed", 0), "names chute 0"),
    ("unknown_chute", "sorter", f.become(at_divert=f.any_chute), "item_rejected for chute 60000"),
    ("exposures", "machine", f.become(at_id_camera=f.one_exposure_too_few), "went on by"),
    ("zones_empty", "machine", f.shows("zones_empty", lambda _: 3), "with something in it"),
    ("run_out", "machine", f.no_command("run_out"), "belt_empty after run_out"),
    ("run_out", "sorter", f.become(_execute=f.empty_at_once), "was on the belt"),
    ("clear_belt", "machine", f.become(decide=f.passes_clearing), "was not rejected"),
    ("abort_ends_clearing", "machine", f.become(_follow=f.clears_after_abort), "moved on"),
    ("permit_lease", "machine", f.feeds(permit_ms=1_000), "allowed are 250 ms"),
    ("permit_withdrawn", "machine", f.feeds(permit_ms=10_000, unpermitted=True), "allowed are 0 ms"),
    ("maintenance_feeds_nothing", "machine", f.feeds(modes=(1, 2)), "fed in Maintenance"),
    ("stage_1", "machine", f.feeds(stage_1_ms=rules.STAGE_2_MS), "allowed are 300 ms"),
    ("stage_2", "machine", f.become(_watch=f.trips_late), "Held without heartbeat"),
    ("rejoin_short", "machine", f.become(_take_beat=f.stays_tripped), "Execute after 9000 ms"),
    ("rejoin_short", "machine", f.become(_watch=f.forgets_places), "were not kept"),
    ("rejoin_long", "machine", f.become(_take_beat=f.resumes_always), "not within"),
    ("edge_boot", "machine", f.become(_new_edge=f.numbers_go_on), "consumed seq"),
    ("edge_boot_stands", "machine", f.become(_new_edge=f.moves_at_once), "never anything else"),
    ("edge_boot_distrust", "machine", f.become(_new_edge=f.trusts), "refused as mode"),
    ("plc_restart", "machine", f.become(restart=f.same_boot), "another boot id"),
    ("plc_restart", "machine", f.become(restart=f.forgets_counters), "not retained"),
    ("plc_restart", "sorter", f.become(restart=f.numbers_kept), "events go on"),
)


@pytest.mark.parametrize("kind", ["machine", "sorter"])
def test_the_simulated_plc_passes_every_check(kind: str) -> None:
    found = examine(kind)
    assert [(finding.check.name, finding.seen) for finding in found if finding.verdict != PASSED] == []
    assert len(found) > 40
    assert all(finding.seen for finding in found)


@pytest.mark.parametrize(("name", "kind", "spoil", "seen"), FAULTS, ids=[f"{n}-{row[0]}" for n, row in enumerate(FAULTS)])
def test_a_faulty_plc_fails_the_check_of_its_clause(name: str, kind: str, spoil: f.Spoil, seen: str) -> None:
    findings = [finding for finding in examine(kind, [name], spoil) if finding.check.name == name]
    assert [finding.verdict for finding in findings] == [FAILED]
    assert seen in findings[0].seen


def test_every_check_has_a_fault_that_it_finds() -> None:
    assert {row[0] for row in FAULTS} == {check.name for check in CHECKS}
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_a_number_at_the_end_is_counted_up_to_where_nobody_can_set_it() -> None:
    def far(stand: object) -> None:
        stand._acts.pop("near_wrap")

    (finding,) = examine("machine", ["number_wrap"], far)
    assert (finding.verdict, "counted through" in finding.seen) == (PASSED, True)
