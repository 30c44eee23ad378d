"""Leases: central grants a lot's orders to one line for a time, under an epoch that rises with each grant (I4).

Central grants the lot to another line only after the lease's end plus a margin. So this line feeds nothing of the lot behind
the end by its own clock, and lets what is on its belts go on for half the margin; the other half is for clocks that differ.
After a restart a lease counts only when central has answered this very boot, or two persons did: clock or journal may be old.
A lot without a lease is the line's own for ever.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.core.events import LeaseTold, ManifestSealed
from edge.core.values import MINUTE_MS, LotId, Settings


class Lease:
    """The lease of one lot. `end_ms`: wall time."""

    def __init__(self, epoch: int, end_ms: int) -> None:
        self.epoch = epoch
        self.end_ms = end_ms
        self.confirmed = True
        """central has spoken of it in this boot"""


class News(NamedTuple):
    """What central says of a lease, beside what is known and what time it is here (0 = not known yet)."""

    known: Lease
    told: LeaseTold
    now_ms: int
    margin_ms: int

    @property
    def clocks_differ(self) -> bool:
        """By more than the half of the margin that is there for it."""
        told = self.told.central_ms and self.now_ms
        return bool(told) and abs(self.told.central_ms - self.now_ms) * 2 > self.margin_ms


# In this order: the first row that applies is why central's word is refused. After the last row it counts.
REFUSED: tuple[tuple[Callable[[News], bool], str], ...] = (
    # Under one epoch a lease is only made longer: what would shorten it is an older word that came late.
    (lambda news: (news.told.epoch, news.told.end_ms) < (news.known.epoch, news.known.end_ms), "OLD_EPOCH"),
    (lambda news: news.clocks_differ, "CLOCKS_DIFFER"),
)


class Leases:
    """The leases of the lots at this line."""

    def __init__(self) -> None:
        self.all: dict[LotId, Lease] = {}

    def old(self, sealed: ManifestSealed) -> bool:
        """Whether a manifest comes under an epoch that was overtaken: a replay."""
        known = self.all.get(sealed.lot)
        return known is not None and sealed.epoch < known.epoch

    def granted(self, sealed: ManifestSealed) -> None:
        """A manifest was sealed, or repeated under a new epoch."""
        known = self.all.get(sealed.lot)
        if known is None:
            if sealed.epoch:
                self.all[sealed.lot] = Lease(sealed.epoch, sealed.lease_end_ms)
        elif sealed.epoch > known.epoch:
            # It may have waited at the broker since before a restart, so it confirms nothing.
            known.epoch, known.end_ms = sealed.epoch, sealed.lease_end_ms

    def told(self, event: LeaseTold, now_ms: int, *, answers: bool, settings: Settings) -> str:
        """Central renews, confirms or ends a lease; `answers`: it answers this boot. "" or why that does not count."""
        known, code = self.all.get(event.lot), "UNKNOWN_LOT"
        if known is not None:
            news = News(known, event, now_ms, settings.lease_margin_min * MINUTE_MS)
            code = next((code for applies, code in REFUSED if applies(news)), "")
        if known is not None and not code:
            known.epoch, known.end_ms = event.epoch, event.end_ms
            known.confirmed = known.confirmed or answers
        return code

    def restarted(self) -> None:
        """The line has been away."""
        for lease in self.all.values():
            lease.confirmed = False

    def confirm(self) -> list[LotId]:
        """Persons answer for all of them; returns those that they answered for."""
        lots = [lot for lot, lease in self.all.items() if not lease.confirmed]
        for lot in lots:
            self.all[lot].confirmed = True
        return lots

    def unconfirmed(self, now_ms: int) -> Iterator[LotId]:
        """Lots whose lease has not ended, but may be another line's by now."""
        return (lot for lot, lease in self.all.items() if not lease.confirmed and now_ms < lease.end_ms)

    def may_feed(self, lot: LotId, now_ms: int) -> bool:
        """Whether an order of this lot may be begun."""
        lease = self.all.get(lot)
        return lease is None or (lease.confirmed and now_ms < lease.end_ms)

    def may_dispatch(self, lot: LotId, now_ms: int, settings: Settings) -> bool:
        """Whether an order of this lot that was begun may still be dispatched."""
        lease = self.all.get(lot)
        return lease is None or now_ms < lease.end_ms + settings.lease_margin_min * MINUTE_MS // 2
