"""A span of time that a report is about: a shift, or all that a journal holds."""

from collections.abc import Sequence
from typing import NamedTuple

from edge.core.values import DAY_MS, MINUTE_MS


class Span(NamedTuple):
    """From `since_ms` up to, not including, `until_ms`; ms since 1970 UTC."""

    since_ms: int
    until_ms: int

    def holds(self, at_ms: int) -> bool:
        """Whether a moment lies in it."""
        return self.since_ms <= at_ms < self.until_ms


def shift_at(at_ms: int, starts_min: Sequence[int], utc_offset_min: int) -> Span:
    """The shift in which a moment lies; `starts_min`: minutes of the local day at which shifts begin."""
    local_ms = at_ms + utc_offset_min * MINUTE_MS
    day_ms = local_ms // DAY_MS * DAY_MS
    starts = sorted(day_ms + day * DAY_MS + start * MINUTE_MS for day in (-1, 0, 1) for start in starts_min or (0,))
    since = max(start for start in starts if start <= local_ms)
    until = min(start for start in starts if start > local_ms)
    return Span(since - utc_offset_min * MINUTE_MS, until - utc_offset_min * MINUTE_MS)


def shift_before(last_ms: int, back: int, starts_min: Sequence[int], utc_offset_min: int) -> Span:
    """The shift `back` shifts before the one in which `last_ms` lies."""
    span = shift_at(last_ms, starts_min, utc_offset_min)
    for _ in range(back):
        span = shift_at(span.since_ms - 1, starts_min, utc_offset_min)
    return span
