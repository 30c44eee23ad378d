"""Everything that can happen to the core. `at_us` is the monotonic stamp of the link that saw it; wall time: ClockRead only."""

import msgspec

from edge.core.event import Event
from edge.core.values import (
    Address,
    Counters,
    DocumentKey,
    ItemId,
    LotId,
    Mode,
    Order,
    OrderDocument,
    OrderId,
    ParcelKey,
    Plc,
    PrintId,
    Settings,
    SortPlan,
    State,
)


# --- the line itself ---
class Booted(Event, frozen=True):
    """The runtime started at `wall_ms`: a new boot of this journal. All that was open is in doubt from here on (I11)."""

    boot: int
    journal_id: str
    version: str
    broke: str = ""
    """the promise that the boot before was about to break, for which it ended itself"""
    core: str = ""
    """digest of the core that decides from here on"""
    wall_ms: int = 0


class Carried(Event, frozen=True):
    """What an earlier release of the core has left: its outcome rows by table, key and value (I13)."""

    rows: dict[str, dict[str, str]]


class ConfigLoaded(Event, frozen=True):
    """Settings and sort plan in force from here on."""

    digest: str
    settings: Settings
    sort_plan: SortPlan


class ClockRead(Event, frozen=True):
    """Wall clock, ms since 1970 UTC."""

    wall_ms: int


class HostRead(Event, frozen=True):
    """The line PC: the journal's disk, its free space, and what the outbox takes of it; MB (10^6 bytes), 0 = not known."""

    disk_free_mb: int
    disk_mb: int = 0
    outbox_mb: int = 0
    certificate_days: int | None = None
    """so long is the certificate good with which it speaks to central; None = it has none"""


class DeadlinePassed(Event, frozen=True):
    """Made by the pump when the core's next deadline is due before the next event's stamp."""


class LinkUp(Event, frozen=True):
    """A link works (again)."""

    link: str


class LinkDown(Event, frozen=True):
    """A link does not work; `reason`: lost, refused, bad_reply, layout, word_order, stale, frozen, echo, foreign or slip.

    slip: a camera's count of exposures no longer agrees with the PLC's.
    """

    link: str
    reason: str
    detail: str = ""


# --- PLC event slots ---
class DocumentFed(Event, frozen=True):
    """A document reached the ID camera; `trigger` is that camera's exposure count after its burst."""

    document: DocumentKey
    trigger: int
    flags: int = 0


class Inserted(Event, frozen=True):
    """A document lies in the envelope of `item`."""

    document: DocumentKey
    item: ItemId
    flags: int = 0


class DocumentRejected(Event, frozen=True):
    """The document tray's sensor saw it."""

    document: DocumentKey
    flags: int = 0


class Sealed(Event, frozen=True):
    """The envelope is closed."""

    item: ItemId
    flags: int = 0


class ItemEjected(Event, frozen=True):
    """The unsealed eject's sensor saw it."""

    item: ItemId
    flags: int = 0


class Weighed(Event, frozen=True):
    """Weight in units of 100 mg."""

    item: ItemId
    weight_100mg: int
    flags: int = 0


class LabelApplied(Event, frozen=True):
    """The applicator put the label that it believes to be `print_id` on the envelope."""

    item: ItemId
    print_id: PrintId
    flags: int = 0


class LabelPurged(Event, frozen=True):
    """The label on the pad was blown off into the waste."""

    item: ItemId
    print_id: PrintId
    flags: int = 0


class LabelExposed(Event, frozen=True):
    """An envelope reached the label camera; `trigger` is that camera's exposure count after its burst."""

    item: ItemId
    trigger: int
    flags: int = 0


class HandedOver(Event, frozen=True):
    """The item left the machine for the sorter."""

    item: ItemId
    flags: int = 0


class Inducted(Event, frozen=True):
    """Something passed the induction scanner; the sorter calls it `parcel`."""

    parcel: ParcelKey
    flags: int = 0


class Diverted(Event, frozen=True):
    """The chute's sensor saw it."""

    parcel: ParcelKey
    chute: int
    flags: int = 0


class ItemRejected(Event, frozen=True):
    """The sealed reject's sensor saw it."""

    parcel: ParcelKey
    flags: int = 0


class DivertUnconfirmed(Event, frozen=True):
    """Diverted, but not seen by the chute's sensor."""

    parcel: ParcelKey
    chute: int
    flags: int = 0


class Lost(Event, frozen=True):
    """Not seen in its window at `station`. `key` is a document, item or parcel key."""

    plc: Plc
    key: str
    station: str


class Extra(Event, frozen=True):
    """Seen at `station` where nothing was expected; at the sensor of a chute, which one (0 = of none)."""

    plc: Plc
    station: str
    chute: int = 0


class RejectUnconfirmed(Event, frozen=True):
    """Sent to a reject place, but not seen by its sensor."""

    plc: Plc
    key: str
    station: str


class CommandRefused(Event, frozen=True):
    """The PLC did not take a command; `code` is a name of the table `refusals`."""

    plc: Plc
    key: str
    command_seq: int
    code: str


class BeltEmpty(Event, frozen=True):
    """All zones of this PLC are empty (after RunOut, ClearBelt or of itself)."""

    plc: Plc


class PlcStatus(Event, frozen=True):
    """The header of a PLC's image, whenever something other than heartbeats changed.

    `caught_up`: all events that the PLC has issued are in this or earlier events, so counters may be compared (I1).
    """

    plc: Plc
    boot: int
    state: State
    mode: Mode
    faults: int
    alarms: int
    buttons: int
    guard_zones: int
    zones_empty: int
    exposures_1: int
    exposures_2: int
    counters: Counters
    caught_up: bool


class PlcRestarted(Event, frozen=True):
    """The PLC came back with another boot id: everything of its old boot is in doubt."""

    plc: Plc
    boot: int


# --- central systems and people ---
class ManifestGranted(Event, frozen=True):
    """Up to 500 orders of a grant; nothing of it counts before ManifestSealed."""

    lot: LotId
    version: int
    chunk: int
    orders: tuple[Order, ...]


class ManifestSealed(Event, frozen=True):
    """All chunks are here and their digest is right: the orders are active from now on, under a lease unless `epoch` is 0."""

    lot: LotId
    version: int
    chunks: int
    digest: str
    epoch: int = 0
    lease_end_ms: int = 0


class LeaseTold(Event, frozen=True):
    """Central renews, confirms or ends the lease of a lot.

    `journal_id`, `boot`: the boot of ours that it answers ("" and 0 = none); `central_ms`: its own clock (0 = it does not say).
    """

    lot: LotId
    epoch: int
    end_ms: int
    journal_id: str = ""
    boot: int = 0
    central_ms: int = 0


class ManifestRefused(Event, frozen=True):
    """A grant was refused whole before it reached the pool; each fault is a readable line."""

    lot: LotId
    version: int
    faults: tuple[str, ...]


class MessageRefused(Event, frozen=True):
    """A message from central made no sense; `fault` says what to correct."""

    topic: str
    fault: str


class LotReceived(Event, frozen=True):
    """A receipt lot: documents handed over together, with a list that both sides have signed at `signed_ms` (wall time).

    `green`: of the green channel, to be fed first.
    """

    lot: LotId
    issuer: str
    signed_ms: int
    documents: tuple[OrderDocument, ...]
    green: bool = False


class LotFiled(Event, frozen=True):
    """The signed account of a lot lies durably on the disk under this name, or why it does not (`fault`)."""

    lot: LotId
    account: int = 1
    """which one of this lot, from 1"""
    file: str = ""
    sha256: str = ""
    """of the whole file, in hex"""
    size_bytes: int = 0
    key: str = ""
    """the line's public key, in hex"""
    fault: str = ""


class OrderAmended(Event, frozen=True):
    """Central sends an order elsewhere, or sooner; `version` as in OrderCancelled."""

    order_id: OrderId
    version: int
    address: Address
    client_unit: str = ""
    fee_code: str = ""
    priority: int = 0


class OrderCancelled(Event, frozen=True):
    """Central takes an order back; `version` counts this order's amendments, an old one after a new one is refused."""

    order_id: OrderId
    version: int


class OperatorRequest(Event, frozen=True):
    """Something a person asked for at the panel. Acts and their arguments: the table ACTS."""

    request_id: str
    person: str
    act: str
    argument: dict[str, str] = msgspec.field(default_factory=dict)
