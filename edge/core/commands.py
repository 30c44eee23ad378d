"""Everything that the core can ask of the shell. Sent only after the events that caused it are durable (I6, I7)."""

import msgspec

from edge.core.values import DocumentKey, ItemId, LabelText, OrderId, ParcelKey, Plc, PrintId, State


class Command(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base of all commands."""


# --- to the machine PLC ---
class InsertClose(Command, frozen=True):
    """D1: insert, this was the item's last document."""

    document: DocumentKey


class InsertKeepOpen(Command, frozen=True):
    """D1: insert, more documents of this order are to come."""

    document: DocumentKey


class RejectDocument(Command, frozen=True):
    """D1: to the document tray."""

    document: DocumentKey
    reason: str


class Seal(Command, frozen=True):
    """D2: close the envelope."""

    item: ItemId


class EjectUnsealed(Command, frozen=True):
    """D2: to the unsealed eject."""

    item: ItemId
    reason: str


class Apply(Command, frozen=True):
    """D3: apply the label `print_id` that is on the pad of this head."""

    item: ItemId
    print_id: PrintId
    head: int = 1

    @property
    def pad(self) -> int:
        """The head as the PLC counts it, from 0."""
        return self.head - 1


class PurgeLabel(Command, frozen=True):
    """D3: blow the label `print_id` off the pad; the item passes without one. Handle 0: whatever is on the pad, of no item."""

    item: ItemId
    print_id: PrintId
    head: int = 1

    @property
    def pad(self) -> int:
        """The head as the PLC counts it, from 0."""
        return self.head - 1


class NoLabel(Command, frozen=True):
    """D3: the item passes without a label."""

    item: ItemId


# --- to the sorter PLC ---
class Divert(Command, frozen=True):
    """D4: into this chute."""

    parcel: ParcelKey
    chute: int


class RejectItem(Command, frozen=True):
    """D4: to the sealed reject."""

    parcel: ParcelKey
    reason: str


# --- to both PLCs ---
class ClearBelt(Command, frozen=True):
    """Run everything to the reject places."""

    plc: Plc


class RunOut(Command, frozen=True):
    """Close the feed and run until empty."""

    plc: Plc


class SetState(Command, frozen=True):
    """The line's PackML state, for the `state` word of both images."""

    state: State


class SetPermit(Command, frozen=True):
    """Grant or withdraw the permit to feed; the pump renews the lease while it is granted (I10)."""

    granted: bool


# --- to the printer ---
class TryLabel(Command, frozen=True):
    """See whether this order's label can be made: nothing is printed. Only the answer no is told (LabelImpossible)."""

    order_id: OrderId
    label: LabelText


class PrintTest(Command, frozen=True):
    """Print this test label of a head's printer before anything else; until RollPassed nothing else is printed there."""

    print_id: PrintId
    label: LabelText
    head: int = 1


class RollPassed(Command, frozen=True):
    """The head's test label was read: labels of items are printed again."""

    head: int = 1


class WithdrawLabels(Command, frozen=True):
    """Give back, as failed and never sent, what waits for this head's printer: another head can print it."""

    head: int


class PrintLabel(Command, frozen=True):
    """Print this label once (I5); `printer`: name of the link that prints it, "" = the applicator's, at this head."""

    item: ItemId
    print_id: PrintId
    label: LabelText
    printer: str = ""
    head: int = 1


# --- to the document printer ---
class FetchFile(Command, frozen=True):
    """Fetch this file and check it: digest, number of pages, nothing else than pages."""

    order_id: OrderId
    index: int
    url: str
    sha256: str
    pages: int


class PrintFile(Command, frozen=True):
    """Print the fetched file once, as it is, behind a carrier sheet with this code where there is one."""

    order_id: OrderId
    index: int
    attempt: int
    sha256: str
    pages: int
    duplex: bool
    carrier: str


class DeleteFile(Command, frozen=True):
    """Delete what is here of this file, and say so."""

    order_id: OrderId
    index: int


# --- to central ---
class AskCentral(Command, frozen=True):
    """A person asks for orders: those of the lot whose barcode was scanned, "" = whatever comes next."""

    lot: str


# --- durable rows, written in the same transaction as the events ---
class Publish(Command, frozen=True):
    """One outbox row for central: `kind` names the event in the MQTT contract, `body` its JSON fields, `at_ms` wall time."""

    kind: str
    at_ms: int
    body: dict[str, str | int | bool | None]


class Outcome(Command, frozen=True):
    """One outcome row (dispatched order, burnt print id, open bag): the truth for I4 and I5 at a start."""

    table: str
    key: str
    value: str


# --- to whoever asked ---
class Answer(Command, frozen=True):
    """Reply to an OperatorRequest."""

    request_id: str
    accepted: bool
    code: str
