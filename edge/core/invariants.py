"""The promises that are checked at every event, in tests, in simulation and in production.

The auditor keeps its own books: it looks at the commands that are about to go out, not at the reasons for them.
"""

from collections.abc import Callable, Iterable
from typing import Any

from edge.core.commands import (
    Apply,
    Command,
    Divert,
    InsertClose,
    InsertKeepOpen,
    Outcome,
    PrintFile,
    PrintLabel,
    PrintTest,
    Publish,
    Seal,
    SetPermit,
)
from edge.core.conditions import CONDITIONS, FORBIDS_FEED
from edge.core.controller import Controller
from edge.core.document import DocumentState
from edge.core.item import Item, ItemState
from edge.core.label_text import TEST_NUMBER
from edge.core.orders import Claim, OrderState
from edge.core.routing import route
from edge.core.sheets import GONE, PRINTING, file_key
from edge.core.values import ItemId, OrderId, PrintId, State, Verdict


class InvariantError(Exception):
    """A promise does not hold: nothing of this event goes out, the permit is withdrawn, the process ends."""


class Auditor:
    """Checks each command that an event led to, in O(1)."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._last_print_id = 0
        self._intended: dict[str, PrintId] = {}
        """tracking number → print id of the row that was written for a print to come"""
        self._live_print: dict[str, PrintId] = {}
        self._number_of: dict[str, str] = {}
        """the same the other way round, as the rows name it: print id → tracking number"""
        self._dispatched: set[OrderId] = set()
        self._sheets: dict[str, tuple[int, str]] = {}
        """file → its last attempt, and what its row says of it"""
        self._intended_sheets: dict[str, int] = {}
        """file → attempt of the row that was written for a print to come"""
        self._checks: dict[type[Command], Callable[[Any], None]] = {
            InsertClose: self._insert_last,
            InsertKeepOpen: self._insert,
            Seal: self._seal,
            PrintLabel: self._print,
            PrintFile: self._print_file,
            PrintTest: self._print_test,
            Apply: self._apply,
            Divert: self._divert,
            Outcome: self._outcome,
            Publish: self._published,
            SetPermit: self._permit,
        }

    def check(self, commands: Iterable[Command]) -> None:
        """Raise InvariantError at the first command that breaks a promise."""
        for command in commands:
            check = self._checks.get(type(command))
            if check is not None:
                check(command)

    def _require(self, code: str, holds: object, text: str) -> None:
        if not holds:
            raise InvariantError(f"{code}: {text}")

    def _item(self, item_id: ItemId) -> Item:
        return self._controller.items.all[item_id]

    def _insert(self, command: InsertClose | InsertKeepOpen) -> None:
        document = self._controller.documents.all[command.document]
        self._require(
            "I9", document.state is DocumentState.ACCEPTED, f"{command.document} inserted without an accepted reading"
        )
        self._require("I11", not document.quarantined, f"{command.document} is quarantined")
        claim = self._claim(document.order_id)
        self._require("I4", command.document in claim.documents, f"{document.order_id} has not claimed {command.document}")
        self._require("I3", not claim.broken, f"{document.order_id} was broken up: {claim.broken}")
        self._require("I4", document.order_id not in self._dispatched, f"{document.order_id} was dispatched before")

    def _claim(self, order_id: OrderId | None) -> Claim:
        claim = None if order_id is None else self._controller.floor.pool.claims.get(order_id)
        if claim is None:
            raise InvariantError(f"I3: nothing on the line belongs to {order_id}")
        return claim

    def _insert_last(self, command: InsertClose) -> None:
        self._insert(command)
        claim = self._claim(self._controller.documents.all[command.document].order_id)
        missing = set(range(len(claim.order.documents))) - set(claim.documents.values())
        self._require("I3", not missing, f"{command.document} closes the envelope while documents {missing} are missing")

    def _seal(self, command: Seal) -> None:
        item = self._item(command.item)
        self._require("I11", not item.quarantined and not item.reason, f"{command.item} is condemned: {item.reason}")
        self._holds_its_order(item)

    def _holds_its_order(self, item: Item) -> None:
        wanted = [] if item.order is None else sorted((document.kind, document.token) for document in item.order.documents)
        documents = [self._controller.documents.all[key] for key in item.documents]
        held = sorted((document.kind, document.token) for document in documents)
        self._require("I3", wanted and held == wanted, f"{item.item_id} does not hold its order's documents and nothing else")

    def _print(self, command: PrintLabel) -> None:
        number = command.label.tracking_number
        intended = self._intended.pop(number, None)
        self._require(
            "I5", intended == command.print_id, f"print id {command.print_id} is sent again, or without a row of its own"
        )
        self._live_print[number] = command.print_id
        if command.printer:
            self._print_at_desk(self._item(command.item))

    def _print_test(self, command: PrintTest) -> None:
        number = command.label.tracking_number
        self._require(
            "I5", self._intended.pop(number, None) == command.print_id, f"test label {command.print_id} has no row of its own"
        )
        self._require("I5", number == TEST_NUMBER, f"test label {command.print_id} bears the number {number}")
        self._live_print[number] = command.print_id

    def _print_at_desk(self, item: Item) -> None:
        """No gate and no seal came before: what these look at is looked at here."""
        self._holds_its_order(item)
        claim = self._claim(item.order_id)
        self._require(
            "I4", claim.at_desk and set(claim.documents) == set(item.documents), f"{item.order_id} is not at the desk"
        )
        self._require("I4", item.order_id not in self._dispatched, f"{item.order_id} was dispatched before")

    def _published(self, command: Publish) -> None:
        if command.kind == "accepted":
            self._proved(self._item(ItemId(str(command.body["item"]))))

    def _proved(self, item: Item) -> None:
        self._require("I3", item.label_check is Verdict.MATCH, f"{item.item_id}: label check is {item.label_check}")
        self._require("I11", item.proved, f"{item.item_id} was in doubt before its label check")
        again = sorted(item.seen_again) == sorted(item.documents) if item.printer else not item.seen_again
        self._require("I3", again, f"{item.item_id}: not each of its documents was read again as it went in")

    def _burn(self, print_id: PrintId, number: str) -> None:
        """A row for a print: it counts as burnt from here on, whether it is sent or was carried over from another release."""
        self._require("I5", print_id > self._last_print_id, f"print id {print_id} was used before")
        self._last_print_id = print_id
        live = self._live_print.get(number) or self._intended.get(number)
        self._require("I5", live is None, f"{number} has the live print id {live}")
        self._intended[number] = print_id
        self._number_of[str(print_id)] = number

    def _print_file(self, command: PrintFile) -> None:
        intended = self._intended_sheets.pop(file_key(command.order_id, command.index), None)
        text = f"{command.order_id} is printed again, or without a row of its own (attempt {command.attempt})"
        self._require("I5", intended == command.attempt, text)
        withdrawn = command.order_id in self._controller.floor.pool.withdrawn
        self._require("I9", not withdrawn, f"{command.order_id} is printed although it was withdrawn")

    def _sheet(self, row: str, value: str) -> None:
        """A row for a print of sheets: the next one only after nothing of the one before exists any more."""
        key, _, attempt = row.rpartition("/")
        last, became = self._sheets.get(key, (0, ""))
        if int(attempt) != last:
            self._require("I5", int(attempt) > last, f"sheets of {row} were printed before")
            self._require("I5", not last or became in GONE, f"{row}: sheets of attempt {last} may exist ({became})")
            if value == PRINTING:
                self._intended_sheets[key] = int(attempt)
        self._sheets[key] = (int(attempt), value)

    def _apply(self, command: Apply) -> None:
        item = self._item(command.item)
        self._require("I5", item.print_id == command.print_id, f"{command.item} has print id {item.print_id}")
        self._require("I11", not item.reason, f"{command.item} is condemned: {item.reason}")

    def _divert(self, command: Divert) -> None:
        item = self._controller.sorting.item_of[command.parcel]
        floor = self._controller.floor
        self._proved(item)
        self._require("I11", not item.quarantined and not item.reason, f"{item.item_id} is condemned: {item.reason}")
        self._require("I9", item.order is not None, f"{item.item_id} has no order")
        state = floor.pool.state.get(item.order_id) if item.order_id is not None else None
        self._require("I4", state is OrderState.ON_LINE, f"{item.item_id}: its order is {state}")
        ours = item.order_id is not None and floor.may_dispatch(item.order_id)
        self._require("I4", ours, f"{item.item_id}: the lease of its order has ended")
        county = item.order.address.county if item.order is not None else ""
        self._require(
            "I8", command.chute == route(floor.sort_plan, county), f"{item.item_id}: chute {command.chute}, county {county}"
        )
        self._require("I8", floor.bags.accepts(command.chute), f"chute {command.chute} has no open bag")

    def _outcome(self, command: Outcome) -> None:
        if command.table == "print":
            self._burn(PrintId(int(command.key)), command.value)
        if command.table == "sheet":
            self._sheet(command.key, command.value)
        if command.table == "void":
            self._forget(self._number_of.get(command.key, ""))
        if command.table != "dispatched":
            return
        order_id = OrderId(command.key)
        self._require("I4", order_id not in self._dispatched, f"{order_id} dispatched twice")
        self._dispatched.add(order_id)
        self._forget(command.value)

    def _forget(self, number: str) -> None:
        """The print that lived under this number is void, or on its way to the addressee."""
        print_id = self._live_print.pop(number, None) or self._intended.pop(number, None)
        self._number_of.pop(str(print_id), None)

    def _permit(self, command: SetPermit) -> None:
        if not command.granted:
            return
        floor = self._controller.floor
        against = [code for code in floor.conditions.active if CONDITIONS[code].effect in FORBIDS_FEED]
        self._require("I10", not against, f"permit granted in spite of {against}")
        self._require("I10", floor.machine.state is State.EXECUTE, f"permit granted in {floor.machine.state.name}")

    def full_pass(self) -> None:
        """The whole state, at a start: every dispatched item is done, every order on the line has its documents."""
        pool = self._controller.floor.pool
        for item in self._controller.items.all.values():
            if item.state is ItemState.AT_DESK:
                self._require("I2", item is self._controller.manual.item, f"{item.item_id} is at the desk, and nobody is at it")
            if item.state is ItemState.DISPATCHED:
                self._require("I3", item.label_check is Verdict.MATCH, f"{item.item_id} dispatched with {item.label_check}")
                self._require("I4", item.order_id in self._dispatched, f"{item.item_id} dispatched without an outcome")
        for order_id, claim in pool.claims.items():
            for document in claim.documents:
                self._require("I2", document in self._controller.documents.all, f"{order_id} claims the unknown {document}")
