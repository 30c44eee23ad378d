"""What central sends: orders on the wire, manifests, and the bad ones that must be refused; and its owner's plain list."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from simulators.people import Order
from simulators.tokens import Classes, date_beside, second_field, skeleton, token

CHUNK_ORDERS = 500
Json = dict[str, Any]


def wire_order(order: Order, site_key: bytes, classes: Classes, files: Sequence[Json] = ()) -> Json:
    """An order as the contract has it: documents as keyed tokens, never as numbers."""
    addressee = order.addressee
    return {
        "order_id": order.order_id,
        "documents": [
            {
                "kind": document.kind,
                "token": token(site_key, document.kind, document.number),
                "skeleton": skeleton(site_key, document.kind, document.number, classes),
                "second_field": second_field(site_key, document.kind, document.number, date_beside(document), classes),
            }
            for document in order.documents
        ],
        "address": {
            "county": addressee.county,
            "text": addressee.address,
            "name": addressee.name,
            "phone": addressee.phone,
        },
        "tracking_number": order.tracking_number,
        "product": order.product,
        "client_unit": order.client_unit,
        "fee_code": order.fee_code,
        "priority": order.priority,
        **({"files": list(files)} if files else {}),
    }


def plain_list(orders: Iterable[Order]) -> str:
    """Orders as their owner has them, with the documents' numbers: one JSON object a line. Never sent anywhere."""
    lines = []
    for order in orders:
        documents = [
            {"kind": document.kind, "number": document.number, "birth": document.birth.isoformat()}
            for document in order.documents
        ]
        addressee = order.addressee
        lines.append({
            "order_id": order.order_id,
            "documents": documents,
            "address": {
                "county": addressee.county, "text": addressee.address, "name": addressee.name, "phone": addressee.phone,
            },
            "tracking_number": order.tracking_number,
            "product": order.product,
            "client_unit": order.client_unit,
            "fee_code": order.fee_code,
            "priority": order.priority,
        })  # fmt: skip
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def make_manifest(
    orders: list[Json], lot: str, version: int, chunk_orders: int = CHUNK_ORDERS, lease: tuple[int, int] | None = None
) -> list[bytes]:
    """The messages of one manifest. Its digest is SHA-256 over all orders' canonical JSON, one a line.

    `lease`: epoch and end.
    """
    chunks = [orders[begin : begin + chunk_orders] for begin in range(0, len(orders), chunk_orders)] or [[]]
    lines = (json.dumps(order, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for order in orders)
    head = {
        "lot": lot,
        "version": version,
        "chunks": len(chunks),
        "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        **({} if lease is None else {"epoch": lease[0], "lease_end_ms": lease[1]}),
    }
    return [
        json.dumps({**head, "message_id": f"{lot}-{version}-{n}", "chunk": n, "orders": chunk}, ensure_ascii=False).encode()
        for n, chunk in enumerate(chunks, 1)
    ]


def _plain_number(order: Json) -> Json:
    return {**order, "documents": [{**document, "token": "E12345678"} for document in order["documents"]]}


# What a careless central might send; each must be refused whole, and the line must go on.
BAD_MANIFESTS: dict[str, Callable[[list[Json]], list[bytes]]] = {
    "not_json": lambda _: [b'{"lot": "BAD", "version": 1, orders: ['],
    "not_utf8": lambda _: [b"\xff\xfe\x00"],
    "duplicate_order": lambda orders: make_manifest([*orders[:3], orders[0]], "BAD-duplicate", 1),
    "plain_numbers": lambda orders: make_manifest([_plain_number(orders[0])], "BAD-numbers", 1),
    "wrong_digest": lambda orders: [make_manifest(orders[:1], "BAD-digest", 1)[0].replace(b'"priority": 0', b'"priority": 1')],
}
