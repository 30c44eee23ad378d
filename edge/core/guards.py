"""Guard zones: an open guard puts only its own zone and the two next to it in doubt; a hand may have reached that far."""

from typing import NamedTuple

from edge.core.document import Documents, DocumentState
from edge.core.item import Item, Items, ItemState
from edge.core.sorting import Sorting
from edge.core.values import Plc


class Zone(NamedTuple):
    """One guarded zone: which guard bit it is, and what stands in it."""

    plc: Plc
    bit: int
    documents: frozenset[DocumentState] = frozenset()
    items: frozenset[ItemState] = frozenset()


D, S = DocumentState, ItemState
# In the order of the belt. The states are those of the things that were last seen at the zone's beginning.
ZONES: tuple[Zone, ...] = (
    Zone(Plc.MACHINE, 0, documents=frozenset({D.FED, D.ACCEPTED, D.REFUSED})),
    Zone(Plc.MACHINE, 1, items=frozenset({S.OPEN, S.SEALED})),
    Zone(Plc.MACHINE, 2, items=frozenset({S.WEIGHED, S.LABELLED})),
    Zone(Plc.MACHINE, 3, items=frozenset({S.EXPOSED})),
    Zone(Plc.SORTER, 0, items=frozenset({S.HANDED_OVER, S.REINDUCTING})),
    Zone(Plc.SORTER, 1, items=frozenset({S.INDUCTED})),
)


class Guards:
    """What an open guard puts in doubt."""

    def __init__(self, documents: Documents, items: Items, sorting: Sorting) -> None:
        self._documents = documents
        self._items = items
        self._sorting = sorting

    def opened(self, plc: Plc, bits: int) -> None:
        """Guards of this PLC are open: everything in reach of a hand is in doubt, and no longer proved."""
        open_at = [n for n, zone in enumerate(ZONES) if zone.plc is plc and bits >> zone.bit & 1]
        reach = [zone for n, zone in enumerate(ZONES) if any(abs(n - at) <= 1 for at in open_at)]
        documents = frozenset().union(*(zone.documents for zone in reach))
        items = frozenset().union(*(zone.items for zone in reach))
        for document in [d for d in self._documents.on_belt.values() if d.state in documents]:
            self._documents.quarantine(document, "GUARD_OPENED")
        for item in [i for i in self._items.on_belt.values() if i.state in items]:
            self._doubt(item)

    def _doubt(self, item: Item) -> None:
        self._items.condemn(item, "GUARD_OPENED", quarantine=True)
        item.proved = False
        self._sorting.call_back(item)
