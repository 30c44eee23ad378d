"""What a person may ask for at the panel: ONE table of acts, their arguments, and who must stand beside them."""

from typing import NamedTuple


class Act(NamedTuple):
    """One act. `command`: the PackML control command that it issues, "" where it is none. Lists are comma-separated."""

    command: str = ""
    arguments: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    """arguments that may be left out"""


ACTS: dict[str, Act] = {
    # --- the line's state ---
    "reset": Act("reset"),
    "start": Act("start"),
    "confirm_check": Act(arguments=("check",)),
    "stop": Act("stop"),
    "unhold": Act("unhold"),
    "unsuspend": Act("unsuspend"),
    "complete": Act("complete"),
    "abort": Act("abort"),
    "clear": Act("clear"),
    "pause_feed": Act(),
    "resume_feed": Act(),
    "run_out": Act(),
    "clear_belt": Act(),
    "rejects_cleared": Act(),
    # `head`: of the applicator, "1" or "2"; without it the first one
    "change_roll": Act(optional=("head",)),
    "roll_changed": Act(arguments=("roll",), optional=("head",)),
    "test_label": Act(optional=("head",)),
    # `texts`: both codes of the test label, scanned by hand where the label camera is not in reach
    "test_label_scanned": Act(arguments=("texts",)),
    "confirm_leases": Act(arguments=("second",)),
    # --- bags; `labels` and `label` are texts of scanned label QRs ---
    "bind_bag": Act(arguments=("chute", "bag")),
    "recount_bag": Act(arguments=("chute", "labels")),
    "take_out": Act(arguments=("chute", "label")),
    "close_bag": Act(arguments=("chute", "bag")),
    # --- the three doors back ---
    "feed_again": Act(arguments=("documents",)),
    "open_envelope": Act(arguments=("item", "labels", "second")),
    "reinduct": Act(arguments=("label",)),
    "void_label": Act(arguments=("print_id", "second")),
    "found": Act(arguments=("key",)),
    # `documents`: the keys that the sheets bear at a reject place, "" = they do not lie there
    "destroy_sheets": Act(arguments=("order", "file", "sheets", "second", "documents")),
    # --- documents that the post will not see ---
    "return_to_issuer": Act(arguments=("documents",)),
    "damaged": Act(arguments=("documents",)),
    # --- the manual desk; `texts`: all that was scanned from the label; `document`: the key that it bears at a reject place ---
    "desk_read": Act(arguments=("document", "kind", "token", "skeleton", "second_field", "flags", "masked")),
    "desk_insert": Act(arguments=("kind", "token", "flags")),
    "desk_label": Act(arguments=("texts", "weight_g")),
    "desk_cancel": Act(),
    # --- receipt lots ---
    "request_lot": Act(arguments=("lot",)),
    "close_lot": Act(arguments=("lot", "lead")),
}
