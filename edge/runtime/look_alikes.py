"""Orders whose numbers look alike, for people: which they are, and what will tell them apart."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from edge.core.events import ManifestGranted, ManifestSealed
from edge.core.orders import Alike, OrderPool
from edge.core.values import LotId, Order
from line_config.document_layout import DocumentLayout

Json = dict[str, Any]


def listed(orders: Iterable[Json]) -> list[Alike]:
    """The groups within a list of orders as the contract has them."""
    pool = OrderPool()
    all_of_them = msgspec.convert(list(orders), tuple[Order, ...])
    pool.take_chunk(ManifestGranted(at_us=0, lot=LotId("list"), version=1, chunk=1, orders=all_of_them))
    pool.activate(ManifestSealed(at_us=0, lot=LotId("list"), version=1, chunks=1, digest=""))
    return list(pool.alike())


def account(groups: Iterable[Alike], layouts: Iterable[DocumentLayout]) -> list[Json]:
    """A row for each group: kind, orders, `separated_by` ("birth", "expiry" or "" = nothing does), and what to do then."""
    named = {layout.kind: layout.second_field for layout in layouts}
    return [_row(group, named) for group in groups]


def _row(group: Alike, named: Mapping[str, str]) -> Json:
    field = named.get(group.kind, "")
    return {
        "kind": group.kind,
        "orders": list(group.orders),
        "separated_by": field if group.separated else "",
        "remedy": "" if group.separated else _remedy(group, field),
    }


def _remedy(group: Alike, field: str) -> str:
    if not field:
        return "this kind bears no second field: dispatch them one after the other, or by a person"
    lacking = list(dict.fromkeys(order_id for order_id, second in group.documents if not second))
    if lacking:
        return f"central: send the {field} of {', '.join(lacking)}"
    times = Counter(second for _, second in dict.fromkeys(group.documents))
    same = list(dict.fromkeys(order_id for order_id, second in group.documents if times[second] > 1))
    return f"{', '.join(same)} have the same {field} too: dispatch them one after the other, or by a person"
