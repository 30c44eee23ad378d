"""A plain list → orders as the contract has them, at the source: the numbers stay where the list came from (I17).

CSV has one row for each document, with the columns of COLUMNS; rows with one `order_id` are one order. JSON lines have an order
each, as in the contract but with `number` instead of tokens, and `birth` or `expiry` (YYYY-MM-DD) where known, which
tell look-alike numbers apart. What a line would refuse is refused here.
"""

import csv
import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from edge.core.events import ManifestRefused
from edge.core.values import SortPlan
from edge.runtime.contract.inward import ORDERS_MAX, Address, ManifestHead, Order
from edge.runtime.manifest import ManifestDesk, at_once, canonical
from line_config.document_layout import DocumentLayout
from line_config.tracking_number import S10, NumberForm, numbers_from
from vision.listed_number import DATES, fault_of, tokens_of

Json = dict[str, Any]
ADDRESS = Address.__struct_fields__
DETAILS = tuple(name for name in Order.__struct_fields__ if name not in ("order_id", "documents", "address"))
COLUMNS = ("order_id", "kind", "number", *DATES, *ADDRESS, *DETAILS)
NEEDED = ("order_id", "kind", "number", *ADDRESS[:-1])
WHOLE = frozenset({"priority", "limit_min", "weight_min_g", "weight_max_g"})
"""columns that hold a whole number"""


class ListRefused(Exception):
    """The list cannot become orders; one readable line for each fault, with its place and without any number."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class Entry(NamedTuple):
    """One order as the list has it: `number` in each document; `where` names its place."""

    where: str
    order: Json


def read_list(data: bytes, *, as_csv: bool) -> list[Entry]:
    """The entries of a list. Raises ListRefused."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListRefused([f"not UTF-8 at byte {error.start}: save the list as UTF-8"]) from error
    return list(_csv_entries(text) if as_csv else _json_entries(text))


def _csv_entries(text: str) -> Iterator[Entry]:
    rows = csv.DictReader(io.StringIO(text))
    names = rows.fieldnames or ()
    missing, unknown = [name for name in NEEDED if name not in names], [name for name in names if name not in COLUMNS]
    if missing or unknown:
        raise ListRefused(
            [f"column {name} is missing" for name in missing] + [f"nobody knows column {name}" for name in unknown]
        )
    orders: dict[str, Entry] = {}
    for number, row in enumerate(rows, 2):
        document = {name: row.pop(name, "") for name in ("kind", "number", *DATES)}
        if None in row or None in row.values():
            raise ListRefused([f"line {number}: has not {len(names)} columns"])
        order = _order_of(row, f"line {number}")
        earlier = orders.setdefault(order["order_id"], Entry(f"line {number}", {**order, "documents": []}))
        if {**earlier.order, "documents": []} != {**order, "documents": []}:
            raise ListRefused([f"line {number}: says something else of its order than {earlier.where}"])
        earlier.order["documents"].append(document)
    yield from orders.values()


def _order_of(row: Mapping[str, str], where: str) -> Json:
    order: Json = {"order_id": row["order_id"], "address": {name: row.get(name, "") for name in ADDRESS}}
    for name in DETAILS:
        # An empty cell is as good as a missing column.
        if row.get(name):
            order[name] = _whole(row[name], name, where) if name in WHOLE else row[name]
    return order


def _whole(text: str, name: str, where: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ListRefused([f"{where}: {name} is not a whole number"])
    return int(text)


def _json_entries(text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            order = msgspec.json.decode(line, type=Json)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ListRefused([f"line {number}: is not a JSON object ({error})"]) from error
        yield Entry(f"line {number}", order)


def tokenise(
    entries: Sequence[Entry],
    site_key: bytes,
    layouts: Sequence[DocumentLayout],
    first_number: str = "",
    forms: tuple[NumberForm, ...] = (S10,),
) -> list[Json]:
    """Orders with keyed tokens, as a line takes them. Raises ListRefused with all that is wrong.

    `first_number`: see `manifest`. `forms`: what a tracking number may look like.
    """
    by_kind = {layout.kind: layout for layout in layouts}
    orders, faults = [], []
    for entry in entries:
        documents = []
        for document in _documents(entry):
            layout, number = by_kind.get(str(document.get("kind"))), str(document.get("number", ""))
            dates = {name: str(document.get(name, "")) for name in DATES}
            if layout is None:
                faults.append(f"{entry.where}: no such kind of document; kinds: {', '.join(by_kind)}")
            elif fault := fault_of(layout, number, dates):
                faults.append(f"{entry.where}: document number {fault}")
            else:
                documents.append({"kind": layout.kind, **tokens_of(site_key, layout, number, dates)._asdict()})
        known = {name: value for name, value in entry.order.items() if name in Order.__struct_fields__}
        orders.append({**known, "documents": documents})
    faults = faults or _line_would_say(orders, first_number, forms)
    if faults:
        raise ListRefused(faults)
    return orders


def _documents(entry: Entry) -> list[Mapping[str, Any]]:
    listed = entry.order.get("documents")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _line_would_say(orders: list[Json], first_number: str, forms: tuple[NumberForm, ...]) -> list[str]:
    """What a line that knows a way to every county would refuse."""
    addresses = [order["address"] for order in orders if isinstance(order.get("address"), dict)]
    ways = {str(address.get("county", "")): 1 for address in addresses}
    desk = ManifestDesk(SortPlan(version="any", routes=ways, reject_chute=0), forms)
    faults: list[str] = []
    for message in manifest(orders, lot="list", version=1, first_number=first_number):
        _, settled = at_once(desk.take(message, 0))
        for event in () if settled is None else settled.events:
            faults += event.faults if isinstance(event, ManifestRefused) else ()
    return faults


def manifest(orders: list[Json], *, lot: str, version: int, first_number: str = "") -> list[bytes]:
    """The messages of one manifest of these orders, in order.

    `first_number`: where a range of tracking numbers begins, for the orders that have none. Raises ListRefused.
    """
    chunks = [orders[at : at + ORDERS_MAX] for at in range(0, len(orders), ORDERS_MAX)] or [[]]
    digest = hashlib.sha256(canonical(orders)).hexdigest()
    heads = [
        ManifestHead(
            lot=lot,
            version=version,
            chunk=n,
            chunks=len(chunks),
            digest=digest,
            message_id=f"{lot}-{version}-{n}",
            first_number=first,
        )
        for n, first in enumerate(_firsts(chunks, first_number), 1)
    ]
    return [
        json.dumps({**msgspec.to_builtins(head), "orders": chunk}, ensure_ascii=False).encode()
        for head, chunk in zip(heads, chunks, strict=True)
    ]


def _firsts(chunks: list[list[Json]], first_number: str) -> Iterator[str]:
    """The first of the numbers that each chunk grants, "" = it needs none."""
    numbers = numbers_from(first_number) if first_number else iter(())
    for chunk in chunks:
        wanted = sum(not order.get("tracking_number") for order in chunk)
        try:
            granted = list(itertools.islice(numbers, wanted))
        except ValueError as error:
            told = f"first number {first_number!r} is {error}: take the first of the range that you were given"
            raise ListRefused([told]) from error
        yield granted[0] if granted else ""
