"""The fault catalogue: 66 faults, and for each where it is proved that the line survives it.

A soak row names what fires it in virtual time: item faults (simulators/faults.py), disturbances and what comes with a power cut
(simulators/virtual). Every other row names the test that proves it. `later`: its subject is not part of the product yet.
"""

from enum import StrEnum
from typing import NamedTuple


class Tier(StrEnum):
    """Where a fault is proved."""

    SOAK = "soak"
    WIRE = "wire"
    SYSTEM = "system"
    PANEL = "panel"
    DEPLOY = "deploy"
    LATER = "later"


class Row(NamedTuple):
    """One fault of the catalogue."""

    number: int
    text: str
    tier: Tier
    proofs: tuple[str, ...] = ()
    """names of what fires it in the soak, or tests as file::test below tests/"""
    why: str = ""
    """why it is proved later"""


SOAK, WIRE, SYSTEM, PANEL, DEPLOY, LATER = Tier
# What the power cuts of a soak are aimed at, and what happens to the PLCs while the line PC is away.
CUTS = ("cut before_write", "cut after_write", "cut print_sent", "cut in recovery")

DOCUMENT_PRINTER = ("document_printer_silent", "document_printer_empty", "sheets_refused")

CATALOGUE: tuple[Row, ...] = (
    # --- feed and transport ---
    Row(1, "double feed", SOAK, ("double_feed",)),
    Row(2, "a trigger bounces", SOAK, ("trigger_bounced",)),
    Row(3, "a trigger is missed, the piece appears downstream; a ghost", SOAK, ("trigger_missed", "ghost_seen")),
    Row(4, "taken out by hand in mid-belt, or a hand was in reach", SOAK, ("taken_out", "guard_opened")),
    Row(5, "inserted by hand", SOAK, ("put_back",)),
    Row(6, "slipped, by a window or by a slot", SOAK, ("slipped",)),
    Row(7, "encoder jumps or stands still", SOAK, ("encoder_jumped", "encoder_stuck")),
    Row(8, "jam or emergency stop with pieces on the belt", SOAK, ("jammed", "jam_switch", "estop_pressed")),
    Row(9, "neighbours change places", SOAK, ("swapped_neighbours",)),
    # --- cameras ---
    Row(
        10,
        "no read, or nothing that the belt can take",
        SOAK,
        ("unreadable", "oversize", "id_camera_blind", "label_camera_blind"),
    ),
    Row(11, "plausible misread with valid check digits", SOAK, ("misread",)),
    Row(12, "stale frame of the piece before", SOAK, ("stale_frames",)),
    Row(13, "frame dropped or beyond its time limit", SOAK, ("frames_dropped", "frames_late", "camera_misses_burst")),
    Row(14, "two codes in view", SOAK, ("two_codes", "foreign_code")),
    Row(15, "a frame that kills its worker", SOAK, ("worker_dies",)),
    Row(16, "a worker hangs", SOAK, ("worker_hangs",)),
    Row(17, "exposure drifts", SOAK, ("exposure_drift",)),
    Row(18, "noise decoded as a code", SOAK, ("scan_garbled",)),
    # --- orders and central ---
    Row(
        19,
        "order missing, cancelled or twice; called back from its bag, open or closed; amended, in time or too late",
        SOAK,
        (
            "no_order",
            "order_cancelled",
            "second_copy",
            "order_called_back",
            "order_gone_called_back",
            "order_amended",
            "order_amended_too_late",
            "word_about_a_stranger",
        ),
    ),
    Row(20, "manifest twice and out of order", SOAK, ("manifest_again",)),
    Row(21, "old manifest, amendment or cancellation after a new one", SOAK, ("old_manifest", "old_word")),
    Row(
        22,
        "manifest is garbage, too large or too deep; a file to be printed is not what was granted",
        SOAK,
        ("nonsense_from_central", "file_changed", "file_wrong_count", "file_not_pdf"),
    ),
    Row(23, "broker or file server away for long", SOAK, ("central_away", "file_server_away")),
    Row(24, "connection flaps", SOAK, ("central_flaps",)),
    Row(25, "client queue full", WIRE, ("drivers/test_mqtt.py::test_the_window_bounds_what_is_in_flight",)),
    Row(26, "central answers after the piece was rejected", SOAK, ("order_late", "confirms_lost")),
    Row(27, "certificate expired or of another authority", LATER, why="the broker's connection has no TLS yet"),
    # --- printer and applicator ---
    Row(
        28,
        "reply lost after printing; a document's sheets half out or miscounted",
        SOAK,
        ("print_reply_lost", "cut print_sent", "sheets_reply_lost", "sheets_jam", "sheets_miscounted", "sheets_forgotten"),
    ),
    Row(29, "label stays on the pad, or labels are one off", SOAK, ("neighbour_label", "label_repeated")),
    Row(30, "two labels on an envelope", SOAK, ("two_labels",)),
    Row(
        31,
        "media out, head open, no answer, applicator out of order; a rare character",
        SOAK,
        ("media_out", "head_opened", "printer_silent", "applicator_fault", "rare_name", *DOCUMENT_PRINTER),
    ),
    Row(
        32,
        "printer reboots with queued formats, and may keep them",
        SOAK,
        ("printer_rebooted", "printer_kept_queue", "desk_printer_off"),
    ),
    Row(33, "printer status is garbage", SOAK, ("printer_status_garbage",)),
    Row(34, "label smeared", SOAK, ("smeared",)),
    # --- PLC and sorter ---
    Row(35, "heartbeat lost, either way", SOAK, ("machine_plc_link_cut", "sorter_plc_link_cut", "plc_deaf", "plc_mute")),
    Row(36, "register image frozen", SOAK, ("image_frozen",)),
    Row(
        37,
        "words swapped, wrong data block or version of the map",
        WIRE,
        ("drivers/test_process_image.py::test_another_layout_is_refused_by_both_names",),
    ),
    Row(38, "answer to an earlier request", SOAK, ("old_answers",)),
    Row(39, "exception, or an answer cut short", SOAK, ("exchange_refused", "answer_cut_short")),
    Row(40, "PLC restarts, mode changes", SOAK, ("machine_plc_restarted", "sorter_plc_restarted", "mode_changed")),
    Row(41, "divert not done, wrong, or not confirmed", SOAK, ("diverter_stuck", "wrong_chute", "divert_unconfirmed")),
    Row(42, "chute full", SOAK, ("chute_full",)),
    Row(43, "command twice after a reconnect", SOAK, ("telegram_doubled",)),
    # --- journal and host ---
    Row(44, "power cut at any instruction", SOAK, CUTS),
    Row(
        45,
        "unsynced writes torn or out of order",
        SYSTEM,
        ("powercut/test_powercut.py::test_a_cut_anywhere_corrupts_nothing_and_loses_nothing",),
    ),
    Row(46, "disk full or failing", SYSTEM, ("runtime/test_journal.py::test_a_write_error_is_final_and_typed",)),
    Row(47, "a bit of the journal flips", SYSTEM, ("runtime/test_journal.py::test_any_alteration_is_found_at_the_next_start",)),
    Row(48, "journal older than the counters", SOAK, ("counters_moved_while_away", "plc_restarted_while_away")),
    Row(49, "event loop blocked", SOAK, ("loop_blocked",)),
    Row(50, "clock jumps", SOAK, ("clock_stepped",)),
    Row(51, "one worker is killed", SOAK, ("worker_dies",)),
    Row(52, "crash loop", LATER, why="systemd's start limit is set, and not proved on a real system yet"),
    Row(
        53,
        "two controllers on one line",
        SYSTEM,
        ("system/test_bad_input.py::test_a_second_runtime_on_the_same_journal_is_refused",),
    ),
    Row(54, "disk slow", SOAK, ("slow_disk",)),
    Row(55, "leak of memory, files or tasks", LATER, why="no limit is watched yet; a soak shows memory only by its own growth"),
    Row(56, "fault during recovery", SOAK, ("cut in recovery",)),
    # --- people, configuration, security ---
    Row(57, "panel left logged in", LATER, why="the panel has no log-in yet"),
    Row(58, "PINs are guessed", LATER, why="the panel has no log-in yet"),
    Row(
        59,
        "configuration edited by hand, or of another line",
        SYSTEM,
        ("system/test_bad_input.py::test_a_broken_configuration_starts_nothing",),
    ),
    Row(60, "recipe changed in mid-lot", LATER, why="there are no recipes yet"),
    Row(
        61,
        "audit records deleted, changed or cut off",
        SYSTEM,
        ("runtime/test_verify.py::test_a_cut_tail_is_seen_up_to_the_last_anchor",),
    ),
    Row(62, "sort plan changed with pieces on the belt", SOAK, ("sort_plan_changed",)),
    Row(63, "rejects put back by hand, and other slips", SOAK, ("put_back", "operator_slips")),
    Row(
        64,
        "a foreign host writes to the PLC",
        LATER,
        why="Modbus cannot prevent it; what the line sees of it is not supervised yet",
    ),
    Row(65, "USB device plugged in", LATER, why="a policy of the host, not of this software"),
    Row(66, "downgrade or partial update", LATER, why="updates are not part of the product yet"),
)


def soak_names() -> list[str]:
    """Everything that the catalogue wants fired in a soak, once each, in its order."""
    return list(dict.fromkeys(name for row in CATALOGUE if row.tier is Tier.SOAK for name in row.proofs))
