"""Central's short messages, each of which becomes one event: receipt lots, leases, amendments and cancellations."""

from collections.abc import Callable
from typing import Any

import msgspec

from edge.core.event import Event
from edge.core.events import LeaseTold, LotReceived, MessageRefused, OrderAmended, OrderCancelled
from edge.core.values import Address, LotId, OrderDocument, OrderId
from edge.runtime.contract.inward import INWARD, Amend, Cancel, Lease, Lot


def _lot(lot: Lot, at_us: int) -> Event:
    listed = tuple(OrderDocument(*msgspec.structs.astuple(document)) for document in lot.documents)
    return LotReceived(
        at_us=at_us, lot=LotId(lot.lot), issuer=lot.issuer, signed_ms=lot.signed_ms, documents=listed, green=lot.green
    )


def _lease(lease: Lease, at_us: int) -> Event:
    return LeaseTold(
        at_us=at_us,
        lot=LotId(lease.lot),
        epoch=lease.epoch,
        end_ms=lease.end_ms,
        journal_id=lease.journal_id,
        boot=lease.boot,
        central_ms=lease.central_ms,
    )


def _cancel(cancel: Cancel, at_us: int) -> Event:
    return OrderCancelled(at_us=at_us, order_id=OrderId(cancel.order_id), version=cancel.version)


def _amend(amend: Amend, at_us: int) -> Event:
    address = amend.address
    return OrderAmended(
        at_us=at_us,
        order_id=OrderId(amend.order_id),
        version=amend.version,
        address=Address(address.county, address.text, address.name, address.phone),
        client_unit=amend.client_unit,
        fee_code=amend.fee_code,
        priority=amend.priority,
    )


# topic → the event that a message there becomes
MESSAGES: dict[str, Callable[[Any, int], Event]] = {"lot": _lot, "lease": _lease, "amend": _amend, "cancel": _cancel}


def decode_message(topic: str, payload: bytes, at_us: int) -> Event:
    """The event of a message on a topic of MESSAGES; MessageRefused where central must correct it."""
    try:
        message = msgspec.json.decode(payload.decode(), type=INWARD[topic][0])
    except UnicodeDecodeError as error:
        return MessageRefused(at_us=at_us, topic=topic, fault=f"not UTF-8 at byte {error.start}; central: correct the encoding")
    except (msgspec.DecodeError, RecursionError) as error:
        return MessageRefused(at_us=at_us, topic=topic, fault=f"{error}; central: correct the message and send it again")
    return MESSAGES[topic](message, at_us)
