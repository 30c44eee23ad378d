"""The account of one lot for central: every document and every order once, with its outcome."""

from collections import Counter
from typing import Any

from edge.core.values import LotId, OrderId
from edge.runtime.records import JournalError
from edge.runtime.reporting.facts import Facts

FORMAT = "sealline-lot-1"
Json = dict[str, Any]


def reconciliation(facts: Facts, lot_id: str) -> Json:
    """What became of a lot: of a receipt lot's documents, of a manifest's orders, or of both where they share their name.

    Raises JournalError where the line has never heard of it.
    """
    core = facts.core()
    lot, pool = core.lots.all.get(LotId(lot_id)), core.floor.pool
    order_ids = {order_id: None for order_id in pool.orders if pool.lot_of(order_id) == lot_id}
    documents = []
    for (kind, token), outcome in {} if lot is None else lot.listed.items():
        mine = pool.orders_of(kind, token)
        documents.append({"kind": kind, "token": token, "outcome": outcome.value, "order_id": mine[0] if mine else None})
        order_ids.update(dict.fromkeys(mine))
    if lot is None and lot_id not in pool.lots:
        known = ", ".join(dict.fromkeys((*core.lots.all, *pool.lots))) or "none"
        raise JournalError(f"lot {lot_id!r} was never granted or received here; lots: {known}")
    orders = [_order(facts, order_id) for order_id in order_ids]
    return {
        "format": FORMAT,
        "line": core.floor.settings.line,
        "journal_id": facts.journal_id,
        "record": facts.last_seq,
        "lot": lot_id,
        "version": pool.lots.get(LotId(lot_id), 0),
        "issuer": "" if lot is None else lot.issuer,
        "signed_ms": 0 if lot is None else lot.signed_ms,
        "closed": pool.complete(LotId(lot_id)) if lot is None else lot.closed,
        "at_ms": facts.last_ms(),
        "documents": documents,
        "surplus": [] if lot is None else list(lot.surplus),
        "orders": orders,
        "counts": {
            "documents": dict(sorted(Counter(row["outcome"] for row in documents).items())),
            "orders": dict(sorted(Counter(row["outcome"] for row in orders).items())),
        },
    }


def _order(facts: Facts, order_id: OrderId) -> Json:
    """One order: where it stands, and what was told of it last."""
    pool = facts.core().floor.pool
    row: Json = {
        "order_id": order_id,
        "outcome": pool.state[order_id].value,
        "tracking_number": pool.orders[order_id].tracking_number,
        "source": pool.orders[order_id].source,
        "documents": [{"kind": document.kind, "token": document.token} for document in pool.orders[order_id].documents],
    }
    for kind in ("accepted", "dispatched"):
        told = facts.told_of.get((kind, order_id))
        row[f"{kind}_ms"] = None if told is None else told.at_ms
    accepted, dispatched = (facts.told_of.get((kind, order_id)) for kind in ("accepted", "dispatched"))
    row["weight_g"] = None if accepted is None else accepted.body["weight_g"]
    row["bag"] = None if dispatched is None else dispatched.body["bag"]
    return row
