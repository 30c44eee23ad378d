"""Faults by item: which kind hits whom, when it fires, and what became of it. A fault that never fires proves nothing."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence

from simulators.bodies import Envelope, PhysicalDocument, PhysicalLabel

KINDS = (
    "unreadable", "no_order", "swapped_neighbours", "neighbour_label", "media_out", "divert_unconfirmed", "second_copy",
)  # fmt: skip
"""those that real wires can carry as well"""
ON_A_LEG = ("taken_out", "put_back", "slipped", "jammed", "trigger_missed", "trigger_bounced")
"""what happens on the way from one sensor to the next"""
PAPER_KINDS = (
    "sheets_reply_lost",  # a job is taken, and the answer is lost
    "sheets_jam",  # half of it comes out, and the job is aborted
    "sheets_miscounted",  # all of it comes out, and the printer has counted a side too few
    "sheets_forgotten",  # the printer loses its power in mid-job, and knows nothing of it afterwards
    "sheets_refused",  # the printer does not take it, once
    "file_changed",  # what the server gives is another file than was granted
    "file_wrong_count",  # it has another number of pages
    "file_not_pdf",
)
"""what happens to a document that comes as a file"""
VIRTUAL_KINDS = (
    *ON_A_LEG,
    "double_feed", "misread", "stale_frames", "frames_late", "frames_dropped", "two_codes", "foreign_code", "smeared",
    "scan_garbled", "print_reply_lost", "two_labels", "diverter_stuck", "wrong_chute", "order_late", "label_repeated",
    "oversize", "rare_name", *PAPER_KINDS,
)  # fmt: skip
ALL_KINDS = (*KINDS, *VIRTUAL_KINDS)
STOPPING = frozenset({
    "taken_out", "put_back", "slipped", "jammed", "trigger_missed", "diverter_stuck", "wrong_chute", "label_repeated",
})  # fmt: skip
"""the line holds for these, and a person clears the belt"""
STOP_SEEN_WITHIN_MS = 180_000
LEGS = 11
"""from the feeder to the chute"""
NOT_ORDERED = ("no_order", "second_copy")
"""nobody ordered the dispatch of this document; a second copy bears the number of one that lay before it"""


def plan_faults(seed: int, items: int, probability: float | Mapping[str, float]) -> dict[int, str]:
    """Index of the item → kind.

    A number: each item is hit with this probability; kinds come round-robin first, then drawn. By kind: each with its own.
    """
    rng = random.Random(f"faults {seed}")
    if isinstance(probability, Mapping):
        return _draw(rng, items, probability)
    hit = [index for index in range(items) if rng.random() < probability]
    return {index: KINDS[n] if n < len(KINDS) else rng.choice(KINDS) for n, index in enumerate(hit)}


def _draw(rng: random.Random, items: int, weights: Mapping[str, float]) -> dict[int, str]:
    total = sum(weights.values())
    hit = [index for index in range(items) if rng.random() < total]
    kinds, shares = list(weights), list(weights.values())
    return {index: rng.choices(kinds, shares)[0] for index in hit}


class FaultBook:
    """The plan at work: the plant asks it at each place whether something goes wrong there."""

    def __init__(self, plan: Mapping[int, str], documents: Sequence[PhysicalDocument], numbers: Mapping[str, int]) -> None:
        """`numbers`: tracking number → index of the item, for what happens to labels."""
        self.plan = {index: kind for index, kind in plan.items() if index < len(documents)}
        self._numbers = dict(numbers)
        self._bears: dict[str, list[int]] = {}
        """number of a document → indices of those that bear it"""
        for document in documents:
            self._bears.setdefault(document.number, []).append(document.index)
        self.fired: dict[str, list[int]] = {kind: [] for kind in ALL_KINDS}
        self._legs_to_go = {
            index: random.Random(f"leg {index} {documents[index].number}").randrange(LEGS)
            for index, kind in self.plan.items()
            if kind in ON_A_LEG
        }
        self.now_ms: Callable[[], int] = lambda: 0
        self.on_late: Callable[[int], None] = lambda _: None
        self._stopped_ms = -STOP_SEEN_WITHIN_MS
        """when something last happened for which the line has to hold"""
        self.touched: set[int] = set()
        """faulted themselves, or on the belt at an outage"""
        self.in_doubt: set[int] = set()
        """of these the neighbours are touched as well (I20)"""

    def fires(self, kind: str, index: int) -> bool:
        """Whether this kind strikes this item here and now; once, and counted."""
        if self.plan.get(index) != kind or index in self.fired[kind]:
            return False
        self.fired[kind].append(index)
        self.touched.add(index)
        if kind in STOPPING:
            self.expect_stop()
        return True

    def expect_stop(self) -> None:
        """Something happened for which the line has to hold: what it clears from the belt is touched by that."""
        self._stopped_ms = self.now_ms()

    @property
    def legs_waiting(self) -> bool:
        """Whether anything may still happen on a leg."""
        return bool(self._legs_to_go)

    @property
    def stop_expected(self) -> bool:
        """Whether a clearing now has a cause that we know of."""
        return self.now_ms() - self._stopped_ms < STOP_SEEN_WITHIN_MS

    def on_leg(self, index: int) -> str:
        """What happens to the item with this first document on the leg that begins now; "" = nothing."""
        left = self._legs_to_go.get(index)
        if left is None:
            return ""
        if left:
            self._legs_to_go[index] = left - 1
            return ""
        del self._legs_to_go[index]
        return self.plan[index]

    def touched_in(self, order: Sequence[int]) -> set[int]:
        """All that do not count as untouched; `order`: the items as they followed each other behind the sealer."""
        places = [place for place, index in enumerate(order) if index in self.in_doubt]
        return self.touched.union(*(order[max(0, place - 1) : place + 2] for place in places))

    def doubt(self, envelope: Envelope) -> None:
        """This envelope is not where, or does not bear what, the controllers believe."""
        self.in_doubt.add(envelope.documents[0].index)

    def doubt_body(self, body: Envelope | PhysicalDocument) -> None:
        """The same of anything on the belt. A document's neighbours are touched when the belt is cleared for it."""
        self.expect_stop()
        if isinstance(body, Envelope):
            self.doubt(body)

    def fire_at_camera(self, document: PhysicalDocument) -> None:
        """An unreadable document, or one that nobody ordered, is before the camera."""
        for kind in ("unreadable", *NOT_ORDERED):
            self.fires(kind, document.index)
        if document.fault == "second_copy":
            # Where the one that it looks like was rejected and waits, this one takes its place.
            self.touched.update(self._bears[document.number])
        if self.fires("order_late", document.index):
            self.on_late(document.index)

    def at_label(self, kind: str, label: PhysicalLabel) -> bool:
        """Whether this kind strikes the item that this label is for."""
        index = self._numbers.get(label.code128)
        return index is not None and self.fires(kind, index)

    def no_glyph(self, label: PhysicalLabel) -> bool:
        """Whether a name on this label has a character that the applicator's font lacks, however often it is tried."""
        index = self._numbers.get(label.code128)
        return self.at_label("rare_name", label) or (index is not None and self.plan.get(index) == "rare_name")

    def roll_ends(self, label: PhysicalLabel) -> bool:
        """Whether the roll ends in the middle of this label."""
        return self.at_label("media_out", label)

    def sticks(self, envelope: Envelope) -> bool:
        """Whether this envelope's label sticks to the pad at its stroke."""
        fires = self.fires("neighbour_label", envelope.documents[0].index)
        if fires:
            self.doubt(envelope)
        return fires

    def overtakes(self, envelope: Envelope, behind: Sequence[list[Envelope]]) -> bool:
        """Whether the envelope behind overtakes this one at the transfer."""
        fires = bool(behind) and self.fires("swapped_neighbours", envelope.documents[0].index)
        if fires:
            self.doubt(envelope)
            self.doubt(behind[0][0])
        return fires

    def unseen(self, envelope: Envelope) -> bool:
        """Whether the chute's sensor misses this envelope."""
        return self.fires("divert_unconfirmed", envelope.documents[0].index)

    def report(self, outcome_of: Mapping[int, str], skip: Collection[str] = ()) -> dict[str, dict[str, object]]:
        """{kind: {planned, fired, outcome: {what became of the items: n}}}; of the virtual kinds those that were planned."""
        rows: dict[str, dict[str, object]] = {}
        planned = list(self.plan.values())
        for kind, indices in self.fired.items():
            if kind in skip or (kind in VIRTUAL_KINDS and kind not in planned):
                continue
            outcome: dict[str, int] = {}
            for index in indices:
                became = outcome_of.get(index, "unknown")
                outcome[became] = outcome.get(became, 0) + 1
            rows[kind] = {"planned": planned.count(kind), "fired": len(indices), "outcome": outcome}
        return rows
