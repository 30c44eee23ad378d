"""The vocabulary's values: identifiers, codes and the small frozen types that events and commands carry."""

from enum import IntEnum, IntFlag, StrEnum
from typing import NewType

import msgspec

# An id names the PLC's boot as well, because a PLC may reuse a number after a restart:
# "D3-17" is document handle 17 of the machine PLC's boot 3; likewise "I3-9" an item and "S2-40" a parcel (the sorter's alias).
# What no PLC has seen is numbered by us: "M5-2" is a document that was read at the manual desk in our boot 5, "E5-1" an
# envelope that was made there.
MINUTE_MS = 60_000
DAY_MS = 86_400_000

DocumentKey = NewType("DocumentKey", str)
ItemId = NewType("ItemId", str)
ParcelKey = NewType("ParcelKey", str)
OrderId = NewType("OrderId", str)
LotId = NewType("LotId", str)
BagId = NewType("BagId", str)
PrintId = NewType("PrintId", int)
EventSeq = NewType("EventSeq", int)


class Plc(StrEnum):
    """The two controllers of a line."""

    MACHINE = "machine_plc"
    SORTER = "sorter_plc"


class Camera(StrEnum):
    """The two cameras of a line."""

    ID = "id_camera"
    LABEL = "label_camera"


class State(IntEnum):
    """PackML states, numbered as StateCurrent in ISA-TR88.00.02."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class Mode(IntEnum):
    """PackML unit modes, as read from the machine PLC's key switch."""

    PRODUCTION = 1
    MAINTENANCE = 2
    MANUAL = 3


class Verdict(StrEnum):
    """Outcome of a content check or a label check."""

    MATCH = "MATCH"
    MISMATCH = "MISMATCH"
    UNREADABLE = "UNREADABLE"
    UNKNOWN = "UNKNOWN"
    NO_ORDER = "NO_ORDER"
    DUPLICATE = "DUPLICATE"
    AMBIGUOUS = "AMBIGUOUS"
    CANCELLED = "CANCELLED"


class ReadingFlag(IntFlag):
    """What vision proved of one reading; a missing flag means not proved."""

    SYNTAX = 1
    CHECK_DIGIT = 2
    DATES = 4
    CONFIDENT = 8


class EventFlag(IntFlag):
    """Flags of a PLC event slot (bits of the table `event_flags` in the process image)."""

    OUT_OF_WINDOW = 1
    DEFAULT_REJECT = 2
    TOO_THICK = 4


class Symbol(msgspec.Struct, frozen=True):
    """One symbol on a label: symbology ("code128", "qr"), text, place in px, and whether a second decoder agreed."""

    symbology: str
    text: str
    x_px: int = 0
    y_px: int = 0
    confirmed: bool = False


# Orders come by the ten thousand and hold nothing that could lead back to them: the collector passes them over.
class Address(msgspec.Struct, frozen=True, gc=False):
    """Where an item goes; `county` is the six-digit GB/T 2260 code that the sort plan routes by."""

    county: str
    text: str
    name: str
    phone: str


class OrderDocument(msgspec.Struct, frozen=True, gc=False):
    """One document of an order, known by its keyed tokens only (I17)."""

    kind: str
    token: str
    skeleton: str
    second_field: str = ""
    """token of the birth or expiry that stands beside the number, which one says the kind; "" = central sent none"""


class OrderFile(msgspec.Struct, frozen=True, gc=False):
    """A document that is printed on this line from a file (PDF). `sha256`: 64 hex digits over the file's bytes."""

    url: str
    sha256: str
    pages: int
    duplex: bool = False
    index: int = 0
    """which one of the order's documents it is"""
    carrier: str = ""
    """control code of a carrier sheet that is printed in front, whose token is the document's; "" = the file bears its own"""


class Signature(StrEnum):
    """How the addressee signs for it."""

    IN_PERSON = "in_person"
    CODE = "code"


class Order(msgspec.Struct, frozen=True, gc=False):
    """What belongs together and where it goes. A limit or weight of 0 is the product's or the line's own."""

    order_id: OrderId
    documents: tuple[OrderDocument, ...]
    address: Address
    tracking_number: str = ""
    product: str = "EMS"
    client_unit: str = ""
    fee_code: str = ""
    priority: int = 0
    files: tuple[OrderFile, ...] = ()
    signature: Signature = Signature.IN_PERSON
    source: str = ""
    """the system that it was ordered in"""
    limit_min: int = 0
    weight_min_g: int = 0
    weight_max_g: int = 0


class LabelText(msgspec.Struct, frozen=True):
    """What is printed on a label; `payload_qr` carries number + print id (I5)."""

    tracking_number: str
    payload_qr: str
    name: str
    phone: str
    address: str
    county: str
    product: str
    chute: int
    sender_unit: str = ""
    signature: Signature = Signature.IN_PERSON


class Counters(msgspec.Struct, frozen=True):
    """The retained counters of one PLC (I1)."""

    documents_fed: int = 0
    documents_rejected: int = 0
    items_opened: int = 0
    items_rejected: int = 0
    items_handed_over: int = 0
    items_diverted: int = 0


class Settings(msgspec.Struct, frozen=True):
    """What the core needs of the line's configuration; the runtime translates it from line_config."""

    line: str
    target_rate_per_h: int
    frames_per_trigger: int
    read_deadline_ms: int
    transit_deadline_ms: int
    print_deadline_ms: int
    label_read_deadline_ms: int
    induction_deadline_ms: int
    scan_window_ms: int
    operator_code: str
    weight_min_g: int
    weight_max_g: int
    collation_deadline_ms: int = 10000
    """how long an open envelope waits for the rest of its order, in time of running belt"""
    time_limit_min: dict[str, int] = msgspec.field(default_factory=lambda: {"EMS": 1440})
    """product → minutes from the signed receipt to the closed bag"""
    time_warning_min: int = 60
    """how long before the limit a warning comes"""

    bag_items_max: int = 0
    """a bag with so many items is full; 0 = never"""
    starved_after_ms: int = 30000
    """empty belts and an empty feeder for so long suspend the line; 0 = never"""
    central_away_max_min: int = 1440
    """central away for so long suspends the line; 0 = never"""
    start_checks: tuple[str, ...] = ()
    """checks before the start that a person confirms: TEST_LABEL, SAMPLE_DOCUMENTS"""
    build_ms: int = 0
    """wall time of this build: a clock before it is not set"""
    disk_start_mb: int = 2000
    disk_stop_mb: int = 500
    """free space below which the line does not start, and below which nothing new is begun"""
    outbox_share_percent: int = 10
    """share of the journal's disk that what central has not confirmed may take; with more nothing new is begun"""
    shift_starts_min: tuple[int, ...] = (0, 480, 960)
    """minutes of the local day at which a shift begins"""
    utc_offset_min: int = 480
    media_labels: int = 0
    """labels that a fresh roll holds; 0 = not watched"""
    ribbon_labels: int = 0
    """labels that a fresh ribbon is good for; 0 = not watched"""
    roll_low_labels: int = 100
    """so few labels left are said to be few"""
    test_label: bool = False
    """after hands were at the printer one test label is printed and read before any other"""
    lease_margin_min: int = 10
    """how long after a lease's end central waits at least before it grants the lot to another line"""
    desk_printer: bool = False
    """the manual desk has a label printer of its own"""
    heads: int = 1
    """of the applicator, each with a printer of its own"""
    standby: bool = False
    """the second head prints only while the first is out of order; otherwise both take turns"""
    files_ahead_max: int = 20
    """so many files are fetched before they are printed"""
    sheets_ahead_max: int = 200
    """so many sheets are printed before they are fed"""

    def limit_min(self, product: str) -> int:
        """Time limit of a product, in minutes; one that is not listed has the longest."""
        return self.time_limit_min.get(product, max(self.time_limit_min.values(), default=1440))


class SortPlan(msgspec.Struct, frozen=True):
    """County code (or its prefix of 2 or 4 digits) to chute; the longest prefix wins."""

    version: str
    routes: dict[str, int]
    reject_chute: int
    pick_up: dict[str, str] = {}
    """issuing office → where its documents without an order are picked up"""
