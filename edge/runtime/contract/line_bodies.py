"""Bodies of the events of orders, lots and the line itself."""

from edge.runtime.contract.body import Body


# --- orders and lots ---
class ManifestAccepted(Body, frozen=True):
    """A manifest's orders are in the pool."""

    lot: str
    version: int
    digest: str
    ambiguous: str
    ambiguous_groups: int
    undecided: str
    undecided_groups: int


class LabelImpossible(Body, frozen=True):
    """The line cannot make this order's label; its documents are rejected unsealed, for the manual desk."""

    order_id: str
    reason: str


class ManifestRefused(Body, frozen=True):
    """A manifest was refused whole."""

    lot: str
    version: int
    faults: str


class Lease(Body, frozen=True):
    """The answer to central's word about a lease, or what two persons did about it."""

    lot: str
    epoch: int
    end_ms: int
    code: str


class MessageRefused(Body, frozen=True):
    """A message of central made no sense."""

    topic: str
    fault: str


class Amendment(Body, frozen=True):
    """The answer to an amendment."""

    order_id: str
    version: int
    code: str


class Cancellation(Body, frozen=True):
    """The answer to a cancellation."""

    order_id: str
    version: int
    code: str
    bag: str
    position: int | None
    evidence: str


class SeenOutside(Body, frozen=True):
    """A document was read that should lie in this closed envelope: the envelope is stopped wherever it is."""

    item: str
    order_id: str
    state: str


class Recalled(Body, frozen=True):
    """A cancelled order was taken out of its open bag and scanned."""

    item: str
    order_id: str | None
    bag: str


class LotReceived(Body, frozen=True):
    """A receipt lot's list is taken."""

    lot: str
    documents: int
    green: bool


class LotRefused(Body, frozen=True):
    """A receipt lot's list was refused whole."""

    lot: str
    reason: str


class DocumentSurplus(Body, frozen=True):
    """A document that is on no list came with this lot."""

    document: str
    lot: str


class LotReconciled(Body, frozen=True):
    """A receipt lot is closed: number of its documents by outcome."""

    lot: str
    person: str
    lead: str
    open: int
    dispatched: int
    no_order: int
    cancelled: int
    damaged: int
    returned: int
    missing: int
    surplus: int


class LotFiled(Body, frozen=True):
    """The signed account of a lot is ready: fetch it at the panel, api/lots/<file>, and check this digest."""

    lot: str
    account: int
    file: str
    sha256: str
    size_bytes: int
    key: str


# --- the line ---
class LineState(Body, frozen=True):
    """The line's PackML state changed."""

    state: str
    cause: str


class Condition(Body, frozen=True):
    """A condition (most of them alarms) began or ended."""

    code: str
    active: bool
    priority: int


class OperatorAct(Body, frozen=True):
    """A person asked for something at the panel."""

    person: str
    act: str
    code: str


class BeltCleared(Body, frozen=True):
    """The belts were cleared; so many things were expected there and not found."""

    missing: int


class Challenge(Body, frozen=True):
    """The line's checks were shown what they must refuse; nothing of it is real."""

    round: int
    tried: int
    missed: str
    virtual: bool


class RollChanged(Body, frozen=True):
    """A fresh roll is in the label printer."""

    roll: str


class RollTested(Body, frozen=True):
    """A test label after somebody was at the printer: printed, or read by the label camera. With MATCH the line goes on."""

    print_id: int
    verdict: str
    reason: str


class ShiftEnded(Body, frozen=True):
    """The figures of a shift."""

    since_ms: int
    dispatched: int
    stops: str
    availability: int
    effectiveness: int
    quality: int
    oee: int


class Production(Body, frozen=True):
    """The figures of one minute; none where the line's clock has jumped over it."""

    since_ms: int
    documents_fed: int
    dispatched: int
    rejected: int
    rate_per_h: int
    state: str


class Integrity(Body, frozen=True):
    """What can be claimed of a shift: 0 wrong in so many dispatched, and how the line's checks were put to the proof."""

    since_ms: int
    documents_fed: int
    dispatched: int
    bound_ppm: int
    tried: int
    challenges_missed: int


class Booted(Body, frozen=True):
    """The line's controller started; what was on its belts is in doubt."""

    boot: int
    version: str
    broke: str


class Anchor(Body, frozen=True):
    """The head of the line's journal: whatever was written before it cannot be changed unseen from now on."""

    journal_id: str
    seq: int
    chain: str
    at_ms: int
