"""The base of everything that can happen to the core."""

import msgspec


class Event(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base of all events. `at_us` is the monotonic stamp of the link that saw it; wall time: ClockRead only."""

    at_us: int
