"""Physical things: documents, labels, envelopes. They know what they truly are; no controller ever sees these objects."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class PhysicalDocument:
    """One original on its way through the line."""

    index: int
    kind: str
    number: str
    order_id: str | None
    weight_mg: int
    fault: str = ""
    place: str = "feeder"
    handle: tuple[int, int] | None = None
    """(PLC boot, document handle), as the machine PLC numbered it"""
    past_handles: list[tuple[int, int]] = field(default_factory=list)
    """those that it bore before it was fed again"""
    under: "PhysicalDocument | None" = None
    """the one that sticks to it: both go as one body"""


@dataclass(eq=False, slots=True)
class PhysicalLabel:
    """One printed label: what its symbols really say, and its bitmap where a real one was printed."""

    code128: str
    qr: str
    bitmap: Any = None
    smeared: bool = False


@dataclass(eq=False, slots=True)
class Envelope:
    """An envelope with what is really in it and on it."""

    documents: list[PhysicalDocument]
    item_handle: int
    labels: list[PhysicalLabel] = field(default_factory=list)
    sealed: bool = False
    place: str = "belt"
    plc_boot: int = 1
    sort_plan: int = 0
    """which one was in force at the diverters"""

    @property
    def fault(self) -> str:
        """The fault of its (first) document."""
        return self.documents[0].fault if self.documents else ""
