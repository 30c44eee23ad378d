"""Certificates that come as files (A4 on demand): fetched ahead, printed once, counted sheet by sheet, deleted with a receipt.

The states are about the sheets. A file is kept only until its sheets are out, whatever became of them; to print again it is
fetched again. What the printer has not confirmed sheet by sheet is UNKNOWN: nothing else is printed on top of it, it is never
printed again blindly, and its sheets do not pass the content check before two persons have recorded their destruction (I5, I9).
"""

from collections import deque
from collections.abc import Iterable
from itertools import islice

from edge.core.commands import DeleteFile, FetchFile, Outcome, PrintFile
from edge.core.events import LinkDown, LinkUp, OperatorRequest
from edge.core.floor import Floor
from edge.core.matching import Check
from edge.core.orders import OrderState
from edge.core.page_events import FileChecked, FileDeleted, SheetsFailed, SheetsPrinted
from edge.core.sheets import (
    CARRIED_AS,
    DESTROYED,
    FILE_TABLE,
    NOT_SENT,
    ON_PAPER,
    PRINTED,
    PRINTING,
    UNKNOWN,
    FileState,
    S,
    file_key,
    sheets_of,
)
from edge.core.values import DocumentKey, Order, OrderFile, OrderId, State, Verdict

WIRES = ("document_printer", "files")
PRINTS_IN = frozenset({State.EXECUTE, State.SUSPENDING, State.SUSPENDED, State.UNSUSPENDING})
"""nothing is printed while nobody is there to feed it; a starved line is waiting for its sheets"""
TRIES = 3
"""so often may the printer not take a file before that is refused"""
SHEETS_MAX = 9999
ENTERED_AN_EVENT = 100
"""so many new orders with files are taken up with each event"""


class Certificate:
    """One file and its sheets."""

    def __init__(self, order_id: OrderId, file: OrderFile) -> None:
        self.order_id = order_id
        self.file = file
        self.state = FileState.GRANTED
        self.attempt = 0
        """its last print; each has a row of its own"""
        self.not_sent = 0
        self.documents: list[DocumentKey] = []
        """what its sheets were called each time that they were read"""
        self.kept = False
        """a copy may lie on this line"""
        self.sheets = sheets_of(file)

    @property
    def key(self) -> str:
        """See file_key."""
        return file_key(self.order_id, self.file.index)


class Certificates:
    """All files of the granted orders."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.all: dict[str, Certificate] = {}
        self._fresh: deque[Order] = deque()
        """granted, and not in the books yet"""
        self.standing: dict[FileState, dict[str, Certificate]] = {state: {} for state in FileState}
        """state → the files in it, in the order in which they came to be"""
        self.sheets_out = 0
        """sheets that are printed and not fed yet"""
        self._up: dict[str, bool] = {}
        """wire → whether it works, as far as its link has said anything in this boot"""
        self._receipts_due: dict[str, None] = {}
        self._withdrawn_seen = 0
        self._carried: dict[str, tuple[int, str]] = {}
        """file → its last attempt by another release, and what became of it"""

    # --- what is to be printed ---
    def granted(self, orders: Iterable[Order]) -> None:
        """New orders: their files are to be fetched. They are taken up a few an event, so that a seal stays short."""
        self._fresh.extend(orders)

    def _enter(self) -> None:
        for _ in range(min(ENTERED_AN_EVENT, len(self._fresh))):
            order = self._fresh.popleft()
            for file in order.files:
                certificate = Certificate(order.order_id, file)
                self.all[certificate.key] = self.standing[FileState.GRANTED][certificate.key] = certificate
                self._take_up(certificate)

    def carry(self, rows: dict[str, str]) -> None:
        """What another release has printed; its rows are written once more, in the order in which they came to be."""
        keys = sorted((key.rpartition("/")[0], int(key.rpartition("/")[2])) for key in rows)
        for file, attempt in keys:
            value = rows[f"{file}/{attempt}"]
            self._floor.do(Outcome(table="sheet", key=f"{file}/{attempt}", value=value))
            self._carried[file] = (attempt, value)
        for certificate in self.all.values():
            self._take_up(certificate)

    def _take_up(self, certificate: Certificate) -> None:
        """Begin where another release has ended."""
        certificate.attempt, value = self._carried.get(certificate.key, (0, NOT_SENT))
        dispatched = self._floor.pool.state[certificate.order_id] is OrderState.DISPATCHED
        self._stand(certificate, S.FED if dispatched else CARRIED_AS[value])
        self._withdraw(certificate)

    # --- one step of the table ---
    def _move(self, certificate: Certificate, happened: str) -> bool:
        target = FILE_TABLE.get((certificate.state, happened))
        if target is None:
            self._floor.surprise(certificate.state, happened)
            return False
        self._stand(certificate, target)
        return True

    def _stand(self, certificate: Certificate, state: FileState) -> None:
        del self.standing[certificate.state][certificate.key]
        self.sheets_out += certificate.sheets * ((state is S.PRINTED) - (certificate.state is S.PRINTED))
        certificate.state = state
        self.standing[state][certificate.key] = certificate

    def _find(self, event: FileChecked | SheetsPrinted | SheetsFailed | FileDeleted) -> Certificate | None:
        certificate = self.all.get(file_key(event.order_id, event.index))
        if certificate is None:
            self._floor.surprise("unknown file", type(event).__name__)
        return certificate

    def _row(self, certificate: Certificate, value: str) -> None:
        self._floor.do(Outcome(table="sheet", key=f"{certificate.key}/{certificate.attempt}", value=value))

    # --- what the link says ---
    def link(self, event: LinkUp | LinkDown) -> None:
        """The printer's or the file server's wire."""
        if event.link in WIRES:
            self._up[event.link] = isinstance(event, LinkUp)

    def checked(self, event: FileChecked) -> None:
        """The file is here, and is what was granted; or it is refused, and so is not printed."""
        certificate = self._find(event)
        if certificate is not None and self._move(certificate, "refused" if event.fault else "checked") and event.fault:
            self._refused(certificate, event.fault)

    def _refused(self, certificate: Certificate, reason: str) -> None:
        self._floor.report("file_refused", order_id=certificate.order_id, file=certificate.file.index, reason=reason)
        self._delete(certificate)

    def printed(self, event: SheetsPrinted) -> None:
        """The printer has counted: all sheets, or nobody knows."""
        certificate = self._find(event)
        if certificate is None:
            return
        if event.sheets != certificate.sheets:
            self._doubt(certificate, f"{event.sheets} of {certificate.sheets} sheets", event.sheets)
        elif self._move(certificate, "printed"):
            self._row(certificate, PRINTED)
            self._floor.report(
                "sheets_printed",
                order_id=certificate.order_id,
                file=certificate.file.index,
                sheets=certificate.sheets,
                attempt=certificate.attempt,
            )
            self._delete(certificate)

    def failed(self, event: SheetsFailed) -> None:
        """It was not printed, or nobody knows."""
        certificate = self._find(event)
        if certificate is None:
            return
        if event.sent:
            self._doubt(certificate, event.reason, 0)
            return
        certificate.not_sent += certificate.state is S.PRINTING
        refused = certificate.not_sent >= TRIES
        if not self._move(certificate, "refused" if refused else "not_sent"):
            return
        self._row(certificate, NOT_SENT)
        if refused:
            self._refused(certificate, event.reason)
        self._withdraw(certificate)

    def _doubt(self, certificate: Certificate, reason: str, sheets: int) -> None:
        if self._move(certificate, "in_doubt"):
            self._unknown(certificate, reason, sheets)

    def _unknown(self, certificate: Certificate, reason: str, sheets: int) -> None:
        self._row(certificate, UNKNOWN)
        self._floor.report(
            "sheets_unknown",
            order_id=certificate.order_id,
            file=certificate.file.index,
            sheets=sheets,
            of=certificate.sheets,
            reason=reason,
        )
        self._delete(certificate)

    def deleted(self, event: FileDeleted) -> None:
        """The receipt."""
        certificate = self._find(event)
        if certificate is not None and certificate.kept:
            certificate.kept = False
            self._floor.report(
                "file_deleted",
                order_id=certificate.order_id,
                file=certificate.file.index,
                sha256=certificate.file.sha256,
                sheets_are=certificate.state.value,
            )

    def restarted(self) -> None:
        """A boot: files are fetched anew, what was printing is unknown, receipts that did not come are asked for again."""
        self._up.clear()
        for state in (S.FETCHING, S.FETCHED, S.PRINTING):
            for certificate in list(self.standing[state].values()):
                self._move(certificate, "restarted")
                if certificate.state is S.UNKNOWN:
                    self._unknown(certificate, "restart", 0)
        kept = [certificate for certificate in self.all.values() if certificate.kept]
        self._receipts_due = {one.key: None for one in kept if one.state is not S.GRANTED}

    # --- the line ---
    def check(self, found: Check, kind: str, token: str) -> Check:
        """The content check's last word: sheets that are not accounted for do not pass."""
        if found.verdict is not Verdict.MATCH or found.order_id is None:
            return found
        order = self._floor.pool.orders[found.order_id]
        if not order.files:
            return found
        index = self._floor.pool.index_of(order, kind, token)
        certificate = self.all.get(file_key(order.order_id, index))
        state = S.GRANTED if certificate is None else certificate.state
        if state in (S.PRINTED, S.FED) or index not in {file.index for file in order.files}:
            return found
        return Check(Verdict.UNKNOWN, "SHEETS_IN_DOUBT", found.order_id)

    def met(self, order_id: OrderId | None, kind: str, token: str, key: DocumentKey) -> None:
        """A document was read that belongs to this order: what has to be destroyed may be known by this key."""
        if order_id is not None and self._floor.pool.orders[order_id].files:
            index = self._floor.pool.index_of(self._floor.pool.orders[order_id], kind, token)
            certificate = self.all.get(file_key(order_id, index))
            if certificate is not None:
                certificate.documents.append(key)

    def met_as(self, order_id: str, index: str) -> list[DocumentKey]:
        """By which keys sheets of this file were read since the last ones were destroyed."""
        certificate = self.all.get(file_key(order_id, index))
        return [] if certificate is None else certificate.documents

    def fed(self, order_id: OrderId, index: int) -> None:
        """The sheets are before the camera and were accepted."""
        certificate = self.all.get(file_key(order_id, index))
        if certificate is not None and certificate.state is S.PRINTED:
            self._move(certificate, "fed")

    # --- a person ---
    def destroy(self, event: OperatorRequest) -> str:
        """Two persons have destroyed these sheets, and counted them: they may be printed again while their order is open."""
        argument, pool = event.argument, self._floor.pool
        certificate = self.all.get(file_key(argument.get("order", ""), argument.get("file", "")))
        if certificate is None or certificate.state not in ON_PAPER:
            return "NOT_PRINTED"
        if pool.state[certificate.order_id] in (OrderState.ON_LINE, OrderState.DISPATCHED, OrderState.ASIDE):
            return "SHEETS_IN_USE"
        if argument.get("second", "") in ("", event.person):
            return "SECOND_PERSON"
        text = argument.get("sheets", "")
        sheets = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(SHEETS_MAX)) else -1
        if sheets < 0 or (certificate.state is not S.UNKNOWN and sheets != certificate.sheets):
            return "SHEETS_DIFFER"
        self._move(certificate, "destroyed")
        certificate.documents = []
        self._row(certificate, DESTROYED)
        self._floor.report(
            "sheets_destroyed",
            order_id=certificate.order_id,
            file=certificate.file.index,
            sheets=sheets,
            of=certificate.sheets,
            person=event.person,
            second=argument["second"],
        )
        self._withdraw(certificate)
        return ""

    # --- after every event ---
    def pursue(self) -> None:
        """Withdraw what its order has left behind, fetch and print ahead as far as the window goes, say what needs a person."""
        self._enter()
        if not self.all:
            return
        self._see_withdrawn()
        if WIRES[0] in self._up:
            self._ask_for_receipts()
            self._fetch_ahead()
            self._print_next()
        self._say()

    def _see_withdrawn(self) -> None:
        pool = self._floor.pool
        if len(pool.withdrawn) == self._withdrawn_seen:
            return
        for order_id in list(islice(pool.withdrawn, self._withdrawn_seen, None)):
            for file in pool.orders[order_id].files if order_id in pool.orders else ():
                certificate = self.all.get(file_key(order_id, file.index))
                if certificate is not None:
                    self._withdraw(certificate)
        self._withdrawn_seen = len(pool.withdrawn)

    def _withdraw(self, certificate: Certificate) -> None:
        """Its order will not be sent: nothing of it is printed any more; sheets that exist wait for their destruction."""
        if self._gone(certificate) and (certificate.state, "withdrawn") in FILE_TABLE:
            self._move(certificate, "withdrawn")
            self._delete(certificate)

    def _gone(self, certificate: Certificate) -> bool:
        pool = self._floor.pool
        # What another release gave back has a state, but no withdrawal that this one has seen.
        return certificate.order_id in pool.withdrawn or pool.state[certificate.order_id] is OrderState.RETURNED

    def _delete(self, certificate: Certificate) -> None:
        if certificate.kept:
            self._receipts_due[certificate.key] = None

    def _ask_for_receipts(self) -> None:
        for key in self._receipts_due:
            certificate = self.all[key]
            self._floor.do(DeleteFile(order_id=certificate.order_id, index=certificate.file.index))
        self._receipts_due.clear()

    def _fetch_ahead(self) -> None:
        ahead = len(self.standing[S.FETCHING]) + len(self.standing[S.FETCHED])
        for certificate in list(
            islice(self.standing[S.GRANTED].values(), max(0, self._floor.settings.files_ahead_max - ahead))
        ):
            self._move(certificate, "fetch")
            certificate.kept = True
            file = certificate.file
            self._floor.do(
                FetchFile(order_id=certificate.order_id, index=file.index, url=file.url, sha256=file.sha256, pages=file.pages)
            )

    def _print_next(self) -> None:
        """One file after the other; nothing goes on top of sheets of which nobody knows how many they are."""
        standing, floor = self.standing, self._floor
        certificate = next(iter(standing[S.FETCHED].values()), None)
        if certificate is None or standing[S.PRINTING] or standing[S.UNKNOWN] or not self._up[WIRES[0]]:
            return
        full = self.sheets_out and self.sheets_out + certificate.sheets > floor.settings.sheets_ahead_max
        if full or floor.machine.state not in PRINTS_IN:
            return
        self._move(certificate, "print")
        certificate.attempt += 1
        self._row(certificate, PRINTING)
        file = certificate.file
        floor.do(
            PrintFile(
                order_id=certificate.order_id,
                index=file.index,
                attempt=certificate.attempt,
                sha256=file.sha256,
                pages=file.pages,
                duplex=file.duplex,
                carrier=file.carrier,
            )
        )

    def left(self) -> list[Certificate]:
        """Printed sheets that no order waits for."""
        return [one for one in self.standing[S.PRINTED].values() if self._gone(one)]

    def _say(self) -> None:
        standing = self.standing
        facts = (("FILE_REFUSED", standing[S.REFUSED]), ("SHEETS_UNKNOWN", standing[S.UNKNOWN]), ("SHEETS_LEFT", self.left()))
        for code, there in facts:
            if there:
                self._floor.raise_condition(code)
            else:
                self._floor.end_condition(code)
