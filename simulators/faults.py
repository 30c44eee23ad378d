"""Faults by item: which kind hits whom, when it fires, and what became of it. A fault that never fires proves nothing."""

import random
from collections.abc import Collection, Mapping, Sequence

from simulators.bodies import Envelope, PhysicalDocument, PhysicalLabel

KINDS = ("unreadable", "no_order", "swapped_neighbours", "neighbour_label", "media_out", "divert_unconfirmed")
# How many items before and after a fault are in doubt with it (I20): its neighbours, and those of the other one it takes in.
REACH: Mapping[str, tuple[int, int]] = {"swapped_neighbours": (1, 2), "neighbour_label": (1, 2)}


def plan_faults(seed: int, items: int, probability: float) -> dict[int, str]:
    """Index of the item → kind. Each item is hit with `probability`; kinds come round-robin first, then drawn."""
    rng = random.Random(f"faults {seed}")
    hit = [index for index in range(items) if rng.random() < probability]
    return {index: KINDS[n] if n < len(KINDS) else rng.choice(KINDS) for n, index in enumerate(hit)}


class FaultBook:
    """The plan at work: the plant asks it at each place whether something goes wrong there."""

    def __init__(self, plan: Mapping[int, str], documents: Sequence[PhysicalDocument], numbers: Mapping[str, int]) -> None:
        """`numbers`: tracking number → index of the item, for what happens to labels."""
        self.plan = {index: kind for index, kind in plan.items() if index < len(documents)}
        self._numbers = dict(numbers)
        self.fired: dict[str, list[int]] = {kind: [] for kind in KINDS}
        self.touched: set[int] = set()
        """faulted themselves, or on the belt at an outage"""

    def _fire(self, kind: str, index: int) -> bool:
        if self.plan.get(index) != kind or index in self.fired[kind]:
            return False
        self.fired[kind].append(index)
        self.touched.add(index)
        return True

    def touched_in(self, order: Sequence[int]) -> set[int]:
        """All that do not count as untouched; `order`: the items as they followed each other behind the sealer."""
        place_of = {index: place for place, index in enumerate(order)}
        touched = set(self.touched)
        for kind, (before, after) in REACH.items():
            for index in self.fired[kind]:
                touched.update(order[max(0, place_of[index] - before) : place_of[index] + after + 1])
        return touched

    def fire_at_camera(self, document: PhysicalDocument) -> None:
        """An unreadable document, or one that nobody ordered, is before the camera."""
        for kind in ("unreadable", "no_order"):
            self._fire(kind, document.index)

    def roll_ends(self, label: PhysicalLabel) -> bool:
        """Whether the roll ends in the middle of this label."""
        index = self._numbers.get(label.code128)
        return index is not None and self._fire("media_out", index)

    def sticks(self, envelope: Envelope) -> bool:
        """Whether this envelope's label sticks to the pad at its stroke."""
        return self._fire("neighbour_label", envelope.documents[0].index)

    def overtakes(self, envelope: Envelope, behind: Sequence[list[Envelope]]) -> bool:
        """Whether the envelope behind overtakes this one at the transfer."""
        return bool(behind) and self._fire("swapped_neighbours", envelope.documents[0].index)

    def unseen(self, envelope: Envelope) -> bool:
        """Whether the chute's sensor misses this envelope."""
        return self._fire("divert_unconfirmed", envelope.documents[0].index)

    def report(self, outcome_of: Mapping[int, str], skip: Collection[str] = ()) -> dict[str, dict[str, object]]:
        """{kind: {planned, fired, outcome: {what became of the items: n}}}."""
        rows: dict[str, dict[str, object]] = {}
        for kind, indices in self.fired.items():
            if kind in skip:
                continue
            outcome: dict[str, int] = {}
            for index in indices:
                became = outcome_of.get(index, "unknown")
                outcome[became] = outcome.get(became, 0) + 1
            rows[kind] = {"planned": list(self.plan.values()).count(kind), "fired": len(indices), "outcome": outcome}
        return rows
