"""Sort plan → chute, and the bags that are bound to the chutes."""

from edge.core.values import BagId, ItemId, SortPlan


def route(plan: SortPlan, county: str) -> int | None:
    """Chute for a county code: the longest of its prefixes (6, 4, 2 digits) that the plan knows; None = no route."""
    for length in (6, 4, 2):
        chute = plan.routes.get(county[:length])
        if chute is not None:
            return chute
    return None


class Bag:
    """One container bound to a chute: what is confirmed in it, and what may or may not be in it."""

    def __init__(self, bag_id: BagId, chute: int) -> None:
        self.bag_id = bag_id
        self.chute = chute
        self.items: list[ItemId] = []
        self.unconfirmed: list[ItemId] = []
        self.recalled: list[ItemId] = []
        """cancelled after they were dispatched: to be taken out before the bag may be closed"""
        self.suspect = False
        """something fell into it that nobody sent there"""
        self.foreign: list[ItemId] = []
        """found in it by a recount, though it belongs elsewhere: to be taken out"""
        self.counted: set[str] | None = None
        """what the last recount found, where it did not find everything"""
        self.closing = False
        """takes nothing new; closed as soon as what is on its way has arrived"""

    @property
    def locked(self) -> bool:
        """Until a recount has found or excluded what was not confirmed, and what is foreign is out (I8)."""
        return bool(self.unconfirmed or self.suspect or self.foreign)


class Bags:
    """The bags of the line by chute. A chute accepts only while a scanned bag is bound to it and not locked (I8)."""

    def __init__(self) -> None:
        self.by_chute: dict[int, Bag] = {}
        self.closed: dict[ItemId, BagId] = {}
        """item → the closed bag that it left in"""
        self.closed_ids: dict[BagId, int] = {}
        """closed bag → number of items in it"""

    def bind(self, chute: int, bag_id: BagId) -> bool:
        """Bind an empty bag; False where one is bound already or the tag is in use elsewhere."""
        used = bag_id in self.closed_ids or any(bag.bag_id == bag_id for bag in self.by_chute.values())
        if used or chute in self.by_chute:
            return False
        self.by_chute[chute] = Bag(bag_id, chute)
        return True

    def accepts(self, chute: int) -> bool:
        """Whether an item may be sent there now."""
        bag = self.by_chute.get(chute)
        return bag is not None and not bag.locked and not bag.closing

    def close(self, chute: int) -> None:
        """The bag leaves its chute for good."""
        bag = self.by_chute.pop(chute)
        self.closed.update(dict.fromkeys(bag.items, bag.bag_id))
        self.closed_ids[bag.bag_id] = len(bag.items)

    def locked(self) -> list[Bag]:
        """All bags that wait for a recount."""
        return [bag for bag in self.by_chute.values() if bag.locked]
