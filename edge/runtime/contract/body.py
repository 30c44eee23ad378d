"""What every event's body is."""

import msgspec


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all bodies."""
