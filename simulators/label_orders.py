"""Which label on an applicator head's pad is whose: labels reach a pad in the order of the commands that name them."""

from collections import deque

LABEL_WAIT_MS = 3_000


class LabelOrder:
    """One commanded label: whose it is, and whether it is to be applied or blown off."""

    __slots__ = ("handle", "print_id", "purge")

    def __init__(self, handle: int, print_id: int, *, purge: bool) -> None:
        self.handle = handle
        self.print_id = print_id
        self.purge = purge


class LabelOrders:
    """Commands name labels in the order of the prints, and so they come to the pad.

    The PLC sees a label only by the pad's vacuum. A label that was blown off before its command came is `unclaimed`; a
    command whose label does not come, and a label whose command does not come, are given up after 3 s with an edge at the line.
    """

    def __init__(self) -> None:
        self._orders: deque[LabelOrder] = deque()
        self.unclaimed = 0
        self._blow_off_stranger = False
        self._waiting_since_ms: int | None = None
        self._unclaimed_ms = 0

    def head(self) -> LabelOrder | None:
        """Whose label comes next, or is on the pad."""
        return self._orders[0] if self._orders else None

    def take(self, handle: int, print_id: int, *, purge: bool) -> LabelOrder | None:
        """Take a command. Returns the order when its label lies in the waste already, else None."""
        known = next((order for order in self._orders if order.handle == handle), None)
        if known is not None:
            known.purge = known.purge or purge
            return None
        order = LabelOrder(handle, print_id, purge=purge)
        if self.unclaimed:
            self.unclaimed -= 1
            return order
        self._orders.append(order)
        return None

    def passed(self, handle: int) -> None:
        """The item went by without its label, which may still come: it must meet nobody else."""
        for order in self._orders:
            if order.handle == handle:
                order.purge = True
                return
        self._blow_off_stranger = not self._orders

    def applied(self) -> LabelOrder:
        """The label on the pad is applied."""
        return self._orders.popleft()

    def to_blow_off(self, now_ms: int, *, label_on_pad: bool, all_of_them: bool) -> bool:
        """Whether what is on the pad now must go; also gives up what never came."""
        if label_on_pad:
            self._waiting_since_ms = None
            head = self.head()
            return all_of_them or (self._blow_off_stranger if head is None else head.purge)
        self._blow_off_stranger = False
        if not self._orders:
            self._waiting_since_ms = None
        elif self._waiting_since_ms is None:
            self._waiting_since_ms = now_ms
        elif now_ms - self._waiting_since_ms >= LABEL_WAIT_MS:
            self._orders.popleft()
            self._waiting_since_ms = now_ms
        if self.unclaimed and now_ms - self._unclaimed_ms >= LABEL_WAIT_MS:
            self.unclaimed = 0
        return False

    def blown_off(self, now_ms: int) -> LabelOrder | None:
        """It lies in the waste; returns whose it was, None when no command has named it yet."""
        self._blow_off_stranger = False
        if self._orders:
            return self._orders.popleft()
        self.unclaimed += 1
        self._unclaimed_ms = now_ms
        return None

    def edge_away(self, now_ms: int) -> None:
        """No command can come: a label that was blown off before its own is waited for all the longer."""
        self._unclaimed_ms = now_ms

    def forget(self) -> None:
        """Another edge is here: it knows nothing of these labels."""
        self._orders.clear()
        self.unclaimed = 0
