"""The kinds of events that a line tells: what stands in the body of each."""

import msgspec


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all bodies."""


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


class ShiftEnded(Body, frozen=True):
    """The figures of a shift."""

    since_ms: int
    dispatched: int
    stops: str
    availability: int
    effectiveness: int
    quality: int
    oee: int


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


# kind → (body, what it says in Chinese)
KINDS: dict[str, tuple[type[Body], str]] = {
    "document_fed": (DocumentFed, "证件到达证件相机"),
    "content_check": (ContentCheck, "内容核对：证件与订单比对"),
    "rejected": (Rejected, "证件或信封已在剔除口"),
    "sealed": (Sealed, "信封已封"),
    "label_applied": (LabelApplied, "面单已贴"),
    "label_check": (LabelCheck, "面单核对"),
    "label_unknown": (LabelUnknown, "面单是否打印不明，按已打印计"),
    "label_void": (LabelVoid, "面单作废"),
    "accepted": (Accepted, "收寄"),
    "dispatched": (Dispatched, "已分拣入格口(封袋前可拦截)"),
    "divert_unconfirmed": (DivertUnconfirmed, "分拣未确认，袋已锁定"),
    "envelope_opened": (EnvelopeOpened, "双人拆封，面单已销毁"),
    "reinducted": (Reinducted, "重新上分拣线"),
    "fed_again": (FedAgain, "证件重新上件"),
    "returned": (Returned, "证件退回制证单位，订单终止"),
    "damaged": (Damaged, "证件损毁，订单终止"),
    "manifest_accepted": (ManifestAccepted, "订单清单已接收"),
    "manifest_refused": (ManifestRefused, "订单清单整单拒收"),
    "lease": (Lease, "租约消息的答复，或双人确认租约"),
    "message_refused": (MessageRefused, "平台消息无法理解"),
    "cancellation": (Cancellation, "撤单的答复"),
    "recalled": (Recalled, "已拦截：从未封的袋中取出"),
    "lot_received": (LotReceived, "交接批已接收"),
    "lot_refused": (LotRefused, "交接批整批拒收"),
    "document_surplus": (DocumentSurplus, "多出的证件(不在清单上)"),
    "lot_reconciled": (LotReconciled, "交接批核销：各结果的证件数"),
    "bag_bound": (BagBound, "袋牌与格口绑定"),
    "bag_closed": (BagClosed, "已封袋"),
    "line_state": (LineState, "产线状态变化"),
    "condition": (Condition, "条件(报警)开始或结束"),
    "operator_act": (OperatorAct, "人员在面板上的操作"),
    "belt_cleared": (BeltCleared, "已清线"),
    "challenge": (Challenge, "虚拟挑战件：核对功能自检"),
    "seen_outside": (SeenOutside, "封内证件出现在封外，该件停送"),
    "roll_changed": (RollChanged, "更换标签纸或碳带"),
    "shift_ended": (ShiftEnded, "班次数据"),
    "booted": (Booted, "控制器启动"),
    "anchor": (Anchor, "日志锚点"),
}
