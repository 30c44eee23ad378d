"""Bodies of the events of documents, items, files and bags."""

from edge.runtime.contract.body import Body


# --- documents and items ---
class DocumentFed(Body, frozen=True):
    """A document reached the ID camera."""

    document: str


class ContentCheck(Body, frozen=True):
    """A document was read and compared with the open orders."""

    document: str
    verdict: str
    reason: str
    order_id: str | None


class Rejected(Body, frozen=True):
    """A document or an item lies at a reject place; exactly one of `document` and `item` is there."""

    reason: str
    place: str
    order_id: str | None
    document: str | None = None
    pick_up: str | None = None
    item: str | None = None
    documents: str | None = None


class Sealed(Body, frozen=True):
    """An envelope is closed over all documents of its order."""

    item: str
    order_id: str | None


class LabelApplied(Body, frozen=True):
    """A label is on the envelope."""

    item: str
    order_id: str | None
    print_id: int


class LabelCheck(Body, frozen=True):
    """The label on the envelope was read and compared with this item's live print."""

    item: str
    order_id: str | None
    verdict: str
    reason: str


class LabelUnknown(Body, frozen=True):
    """Whether a label was printed is unknown: its print id counts as printed."""

    item: str
    print_id: int
    reason: str


class LabelVoid(Body, frozen=True):
    """A label does not exist any more, or never did."""

    item: str | None
    print_id: int
    reason: str


class Accepted(Body, frozen=True):
    """Postal acceptance; always before sorting."""

    item: str
    order_id: str
    tracking_number: str
    weight_g: int
    product: str
    fee_code: str
    client_unit: str
    operator: str


class Dispatched(Body, frozen=True):
    """An item was seen in the chute of its address; it can be recalled until its bag is closed."""

    item: str
    order_id: str
    tracking_number: str
    chute: int | None
    bag: str
    sort_plan: str


class DivertUnconfirmed(Body, frozen=True):
    """An item was diverted but not seen in its chute: the bag is locked until it is recounted."""

    item: str
    order_id: str | None
    chute: int


class EnvelopeOpened(Body, frozen=True):
    """Two persons opened an envelope and declared its label destroyed; its documents are fed again."""

    item: str
    order_id: str | None
    person: str
    second: str


class Reinducted(Body, frozen=True):
    """A proved envelope was put on the sorter again."""

    item: str
    order_id: str
    person: str


class HandedOn(Body, frozen=True):
    """Base: a person has done something with a bare document."""

    document: str
    order_id: str | None
    person: str


class FedAgain(HandedOn, frozen=True):
    """A person puts a rejected document into the feeder again."""


class Returned(HandedOn, frozen=True):
    """A document goes back to its issuer; its order ends with it."""


class Damaged(HandedOn, frozen=True):
    """A document is damaged; its order ends with it."""


class Destroyed(HandedOn, frozen=True):
    """Sheets that were printed on the line are destroyed; their file is printed again while the order is open."""


# --- files that are printed on the line ---
class OfFile(Body, frozen=True):
    """Base: something about the file of one of an order's documents."""

    order_id: str
    file: int


class FileRefused(OfFile, frozen=True):
    """A file is not what was granted and is not printed; cancel the order and grant it again with a right file."""

    reason: str


class SheetsPrinted(OfFile, frozen=True):
    """The printer has counted all sheets of a file."""

    sheets: int
    attempt: int


class SheetsUnknown(OfFile, frozen=True):
    """Nobody knows which sheets of a file came out: none of them passes, none is printed again before their destruction."""

    sheets: int
    of: int
    reason: str


class SheetsDestroyed(OfFile, frozen=True):
    """Two persons have counted and destroyed the sheets of a file."""

    sheets: int
    of: int
    person: str
    second: str


class FileDeleted(OfFile, frozen=True):
    """The receipt: no copy of the file is on the line any more."""

    sha256: str
    sheets_are: str


# --- bags ---
class BagBound(Body, frozen=True):
    """A bag's tag was scanned at a chute."""

    chute: int
    bag: str


class BagClosed(Body, frozen=True):
    """A bag is closed: nothing in it can be recalled from now on."""

    bag: str
    chute: int
    count: int
    tracking_numbers: str
