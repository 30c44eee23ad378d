"""What a person must scan before the line knows again what is where: the smallest set of scans that makes the belief unique.

A bag that was not confirmed: the labels of what should be in it; all of them only where one is not found, or where something
else may have fallen in. Things that were lost and look alike: all but one, the last one follows. What no other looks like needs
no scan, and what lies at a reject place was named by its sensor. Documents are scanned by feeding them again (door A).
"""

from collections.abc import Iterable
from typing import NamedTuple

from edge.core.document import Document, DocumentState
from edge.core.item import Item, ItemState
from edge.core.routing import Bag


class Scan(NamedTuple):
    """One task: `scans` of the things `among`, at this place, are enough to know them all."""

    place: str
    """bag:CHUTE, or "beside the belt" """
    what: str
    """what is scanned: label, document"""
    among: tuple[str, ...]
    scans: int


def scans_needed(documents: Iterable[Document], items: Iterable[Item], bags: Iterable[Bag]) -> list[Scan]:
    """All tasks, bags first. `documents` and `items`: those that have no end yet."""
    in_bags = [Scan(f"bag:{bag.chute}", "label", among, len(among)) for bag in bags if (among := _in_doubt(bag))]
    alike: dict[tuple[str, str], list[str]] = {}
    for document in documents:
        if document.state is DocumentState.LOST:
            alike.setdefault(("document", document.kind), []).append(document.key)
    for item in items:
        if item.state is ItemState.LOST:
            # Without a label it must be opened, and its documents are fed: they tell whose it is.
            labelled = item.print_id is not None
            alike.setdefault(("label" if labelled else "document", "envelope"), []).append(item.item_id)
    lost = [Scan("beside the belt", what, tuple(keys), len(keys) - 1) for (what, _), keys in alike.items() if len(keys) > 1]
    return in_bags + lost


def _in_doubt(bag: Bag) -> tuple[str, ...]:
    """What must be scanned of a bag."""
    return (*bag.items, *bag.unconfirmed) if bag.suspect else tuple(bag.unconfirmed)
