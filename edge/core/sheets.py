"""Where the sheets of a file that is printed on demand stand: one table, and what the rows of an attempt say."""

from enum import StrEnum

from edge.core.values import OrderFile


class FileState(StrEnum):
    """Where a file's sheets stand."""

    GRANTED = "granted"
    FETCHING = "fetching"
    FETCHED = "fetched"
    PRINTING = "printing"
    PRINTED = "printed"
    FED = "fed"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


S = FileState
ON_PAPER = (S.PRINTED, S.FED, S.UNKNOWN)
# (state, what happened) → state.
FILE_TABLE: dict[tuple[FileState, str], FileState] = {
    (S.GRANTED, "fetch"): S.FETCHING,
    (S.FETCHING, "checked"): S.FETCHED,
    (S.FETCHING, "refused"): S.REFUSED,
    (S.FETCHED, "print"): S.PRINTING,
    (S.PRINTING, "printed"): S.PRINTED,
    (S.PRINTING, "in_doubt"): S.UNKNOWN,
    (S.PRINTING, "not_sent"): S.GRANTED,
    (S.PRINTING, "refused"): S.REFUSED,
    (S.PRINTED, "fed"): S.FED,
    # The link keeps no file over a restart, and nobody has seen what the printer did meanwhile.
    (S.FETCHING, "restarted"): S.GRANTED,
    (S.FETCHED, "restarted"): S.GRANTED,
    (S.PRINTING, "restarted"): S.UNKNOWN,
    **{(state, "destroyed"): S.GRANTED for state in ON_PAPER},
    **{(state, "withdrawn"): S.WITHDRAWN for state in (S.GRANTED, S.FETCHING, S.FETCHED, S.REFUSED)},
}
# What a row of the table `sheet` says of one attempt.
PRINTING, PRINTED, UNKNOWN, NOT_SENT, DESTROYED = "printing", "printed", "unknown", "not sent", "destroyed"
GONE = frozenset({NOT_SENT, DESTROYED})
"""no sheet of this attempt exists"""
CARRIED_AS = {PRINTING: S.UNKNOWN, UNKNOWN: S.UNKNOWN, PRINTED: S.PRINTED, NOT_SENT: S.GRANTED, DESTROYED: S.GRANTED}


def file_key(order_id: str, index: int | str) -> str:
    """Names one file: its order, and which of the order's documents is printed from it."""
    return f"{order_id}/{index}"


def sheets_of(file: OrderFile) -> int:
    """Sheets of paper of one print, the carrier sheet included."""
    return ((file.pages + 1) // 2 if file.duplex else file.pages) + bool(file.carrier)
