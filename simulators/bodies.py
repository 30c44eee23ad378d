"""Physical things: documents, labels, envelopes. They know what they truly are; no controller ever sees these objects."""

from dataclasses import dataclass, field
from typing import Any

NOT_FED = ("feeder", "to print", "print tray")
"""places of what has not been before an eye"""


@dataclass(eq=False, slots=True)
class PhysicalDocument:
    """One original on its way through the line."""

    index: int
    kind: str
    number: str
    order_id: str | None
    weight_mg: int
    """of each sheet, where it is several"""
    fault: str = ""
    place: str = "feeder"
    handle: tuple[int, int] | None = None
    """(PLC boot, document handle), as the machine PLC numbered it"""
    desk_key: str = ""
    """what the manual desk calls it, as long as it was not fed again"""
    beside: str = ""
    """the date beside its number, YYMMDD; "" = its kind has none"""
    past_keys: list[str] = field(default_factory=list)
    """what it was called before it was fed again or read at the desk"""
    sheets: int | None = None
    """sheets of paper of what the line prints itself; None = it is an original"""
    sheets_due: int | None = None
    """of one whole print"""
    under: "PhysicalDocument | None" = None
    """the one that sticks to it: both go as one body"""

    @property
    def mass_mg(self) -> int:
        """Of all that belongs to it."""
        return self.weight_mg * (1 if self.sheets is None else self.sheets)

    @property
    def key(self) -> str:
        """What the line calls it now; "" = it was never seen by the ID camera nor read at the desk."""
        if self.desk_key or self.handle is None:
            return self.desk_key
        return f"D{self.handle[0]}-{self.handle[1]}"

    def forget_key(self) -> None:
        """It comes before an eye again, which will call it something else."""
        if self.key:
            self.past_keys.append(self.key)
        self.handle, self.desk_key = None, ""


@dataclass(eq=False, slots=True)
class PhysicalLabel:
    """One printed label: what its symbols really say, and its bitmap where a real one was printed."""

    code128: str
    qr: str
    bitmap: Any = None
    smeared: bool = False
    county: str = ""
    """where it says that the envelope goes; "" = that cannot be told of a bitmap"""


@dataclass(eq=False, slots=True)
class Envelope:
    """An envelope with what is really in it and on it."""

    documents: list[PhysicalDocument]
    item_handle: int
    labels: list[PhysicalLabel] = field(default_factory=list)
    sealed: bool = False
    place: str = "belt"
    plc_boot: int = 1
    desk_item: str = ""
    """what the line calls it where it was made at the manual desk"""
    sort_plan: int = 0
    """which one was in force at the diverters"""

    @property
    def key(self) -> str:
        """What the line calls it."""
        return self.desk_item or f"I{self.plc_boot}-{self.item_handle}"

    @property
    def fault(self) -> str:
        """The fault of its (first) document."""
        return self.documents[0].fault if self.documents else ""
