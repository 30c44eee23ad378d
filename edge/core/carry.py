"""Taking over from another release of the core: what must never be forgotten is carried over as rows, without its history.

A release replays only what it has decided itself. Of what another one decided it takes the books (which orders there are) and
the outcome rows (I13): dispatched orders stay dispatched (I4), burnt print ids stay burnt (I5), bags stay bound (I8). All that
was under way is unknown to it, so its documents are fed again and its labels are declared destroyed by their print ids.
"""

from edge.core.commands import Outcome
from edge.core.events import Carried
from edge.core.floor import Floor
from edge.core.label import Labels
from edge.core.lots import Lots
from edge.core.values import BagId, OrderId, PrintId


class Carry:
    """Gives each table of rows to the noun that it belongs to."""

    def __init__(self, floor: Floor, labels: Labels, lots: Lots) -> None:
        self._floor = floor
        self._labels = labels
        self._lots = lots

    def take(self, event: Carried) -> None:
        """The rows as they stand; they are written once more, so that they belong to what this release has decided."""
        rows = event.rows
        self._write(rows)
        self._orders(rows)
        self._prints(rows.get("print", {}), rows.get("void", {}))
        for chute, bag in rows.get("bag", {}).items():
            if bag:
                self._floor.bags.bind(int(chute), BagId(bag))
        self._floor.bags.closed_ids.update({BagId(bag): int(count) for bag, count in rows.get("bag_closed", {}).items()})

    def _write(self, rows: dict[str, dict[str, str]]) -> None:
        """In the order in which they came to be: a print is void before its number is printed again."""
        prints, void = rows.get("print", {}), rows.get("void", {})
        for key in sorted(prints, key=int):
            self._floor.do(Outcome(table="print", key=key, value=prints[key]))
            if key in void:
                self._floor.do(Outcome(table="void", key=key, value=void[key]))
        for table in ("amended", "dispatched", "returned", "bag", "bag_closed"):
            for key, value in rows.get(table, {}).items():
                self._floor.do(Outcome(table=table, key=key, value=value))

    def _orders(self, rows: dict[str, dict[str, str]]) -> None:
        pool = self._floor.pool
        for order_id in map(OrderId, (*rows.get("dispatched", {}), *rows.get("returned", {}))):
            pool.carry_ended(order_id, dispatched=order_id in rows.get("dispatched", {}))
            self._floor.clocks.ended(order_id)
        for order_id in map(OrderId, rows.get("dispatched", {})):
            for document in pool.orders[order_id].documents if order_id in pool.orders else ():
                self._lots.happened(document.kind, document.token, "dispatched")

    def _prints(self, prints: dict[str, str], void: dict[str, str]) -> None:
        """A print that is not void may exist on paper: its order waits aside until the label is declared destroyed."""
        pool, labels = self._floor.pool, self._labels
        order_of = {order.tracking_number: order_id for order_id, order in pool.orders.items()}
        for key in sorted(prints, key=int):
            print_id, order_id = PrintId(int(key)), order_of.get(prints[key])
            labels.next_print_id = print_id + 1
            if key not in void and order_id is not None and pool.carry_print(order_id, print_id):
                labels.carried[print_id] = order_id
