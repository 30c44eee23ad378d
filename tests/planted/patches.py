"""Bugs that somebody might write, as replacements in a scratch copy of the tree."""

from typing import NamedTuple


class Planted(NamedTuple):
    """One bug: the file, what stands there, and what a careless hand would make of it."""

    name: str
    file: str
    right: str
    wrong: str
    faults: float
    kills: int
    finding: str
    """what the alarm says: part of a finding or of an invariant's text"""


PLANTED = (
    Planted(
        "a document is judged by the frames of the one before it",
        "edge/core/document.py",
        "self.bursts.exposed(event.trigger, event.document)",
        "self.bursts.exposed(event.trigger - 2, event.document)",
        faults=0.0,
        kills=0,
        finding="is labelled for",
    ),
    Planted(
        "print ids begin again after a restart",
        "edge/core/controller.py",
        "        self.floor.boot = event.boot\n",
        "        self.floor.boot = event.boot\n        self.labels.next_print_id = 1\n",
        faults=0.0,
        kills=1,
        finding="I5: print id 1 was used before",
    ),
    Planted(
        "the sorter's parcel is whatever should come next",
        "edge/core/sorting.py",
        "            item = self._by_text(scan.text)\n",
        "            item = self._next_expected()\n",
        faults=0.2,
        kills=0,
        finding="is labelled for|belongs into chute",
    ),
    Planted(
        "the sort plan is looked up by the first two digits only",
        "edge/core/routing.py",
        "    for length in (6, 4, 2):\n",
        "    for length in (2,):\n",
        faults=0.0,
        kills=0,
        finding="belongs into chute",
    ),
)
