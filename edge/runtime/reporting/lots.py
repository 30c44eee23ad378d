"""交接清单 and lot reconciliation: what was handed over together, and what became of each document of it."""

from edge.core.lots import DIFFERENCES, Listed, Lot
from edge.core.orders import OrderState
from edge.core.values import LotId, OrderDocument
from edge.reports.errors import ReportError
from edge.reports.sheet import Column, Sheet, Signature, Text
from edge.runtime.reporting.drawing import TEXT, figure, numbered, sheet
from edge.runtime.reporting.facts import Facts

HANDED_OVER = Text("交接清单", "Hand-over list")
RECONCILED = Text("批次核对单", "Lot reconciliation")
FINGERPRINT = 8
"""digits of a document's token: enough to compare two lists, too few to know a number by"""
OUTCOMES: dict[Listed, Text] = {
    Listed.OPEN: Text("未处理", "open"),
    Listed.DISPATCHED: Text("已分拣", "dispatched"),
    Listed.NO_ORDER: Text("有证无单", "document without order"),
    Listed.CANCELLED: Text("订单已撤", "order cancelled"),
    Listed.DAMAGED: Text("损坏", "damaged"),
    Listed.RETURNED: Text("退回制证单位", "returned to issuer"),
    Listed.MISSING: Text("缺少", "missing"),
    Listed.SURPLUS: Text("多出", "surplus"),
}
_DOCUMENT = (Column(Text("证件种类", "kind"), 1.2), Column(Text("指纹", "fingerprint"), 1))


def _lot(facts: Facts, lot_id: str) -> Lot:
    lots = facts.core().lots.all
    lot = lots.get(LotId(lot_id))
    if lot is None:
        known = ", ".join(lots) or "none"
        raise ReportError(f"report: lot {lot_id!r} was never received here; received lots: {known}")
    return lot


def _order(facts: Facts, document: OrderDocument) -> tuple[str, str]:
    """Order and county of a document; both "" where no order knows it."""
    order_ids = facts.core().floor.pool.orders_of(document.kind, document.token)
    if not order_ids:
        return "", ""
    return order_ids[0], facts.orders[order_ids[0]].address.county


def hand_over_list(facts: Facts, lot_id: str, site: str) -> Sheet:
    """What both sides sign for."""
    lot = _lot(facts, lot_id)
    received = facts.lots[lot.lot_id]
    rows = [(document.kind, document.token[:FINGERPRINT], *_order(facts, document)) for document in received.documents]
    kinds = sorted({document.kind for document in received.documents})
    signed = facts.local(lot.signed_ms)
    return sheet(
        facts,
        "handover",
        HANDED_OVER,
        key=lot.lot_id,
        span=None,
        site=site,
        figures=(
            figure("证件", "documents", len(received.documents)),
            *(figure(kind, kind, sum(document.kind == kind for document in received.documents)) for kind in kinds),
        ),
        tables=(numbered(HANDED_OVER, (*_DOCUMENT, Column(TEXT["order"], 1.6), Column(TEXT["county"], 1)), rows),),
        remarks=(Text(f"交件单位：{lot.issuer}；签收时间：{signed}", f"handed over by {lot.issuer}; signed at {signed}"),),
        signatures=(Signature(Text("交件人", "handed over by")), Signature(Text("收件人", "received by"))),
    )


def reconciliation(facts: Facts, lot_id: str, site: str) -> Sheet:
    """Every document of the lot with its outcome; differences first, because they are signed for."""
    lot = _lot(facts, lot_id)
    documents = facts.lots[lot.lot_id].documents
    outcome = {(document.kind, document.token): lot.listed[document.kind, document.token] for document in documents}
    rows = [
        (document.kind, document.token[:FINGERPRINT], *_order(facts, document), OUTCOMES[state].zh + " / " + OUTCOMES[state].en)
        for document in documents
        if (state := outcome[document.kind, document.token]) is not Listed.DISPATCHED
    ]
    done = [
        (document.kind, document.token[:FINGERPRINT], *_order(facts, document))
        for document in documents
        if outcome[document.kind, document.token] is Listed.DISPATCHED
    ]
    waiting = [
        (order_id, order.tracking_number, order.address.county)
        for order_id, order in facts.orders.items()
        if facts.core().floor.pool.state.get(order_id) is OrderState.WAITING
        and not any(document in documents for document in order.documents)
    ]
    columns = (*_DOCUMENT, Column(TEXT["order"], 1.6), Column(TEXT["county"], 0.8))
    return sheet(
        facts,
        "lot",
        RECONCILED,
        key=lot.lot_id,
        span=None,
        site=site,
        figures=tuple(
            figure(words.zh, words.en, lot.counts[state], alarming=state in DIFFERENCES and lot.counts[state] > 0)
            for state, words in OUTCOMES.items()
        ),
        tables=(
            numbered(Text("差异与未分拣", "Not dispatched"), (*columns, Column(Text("结果", "outcome"), 2)), rows),
            numbered(
                Text("多出的证件", "Surplus documents"),
                (Column(Text("线上编号", "document"), 1),),
                [(key,) for key in lot.surplus],
            ),
            numbered(
                Text("有单无证（等待中）", "Orders without their document, waiting"),
                (Column(TEXT["order"]), Column(TEXT["tracking"]), Column(TEXT["county"])),
                waiting,
            ),
            numbered(Text("已分拣", "Dispatched"), columns, done),
        ),
        remarks=(
            Text("批次已关闭" if lot.closed else "批次未关闭", "the lot is closed" if lot.closed else "the lot is still open"),
        ),
        signatures=(Signature(Text("经办人", "made by")), Signature(Text("班长", "shift lead"))),
    )
