"""Certificates from files: the table a second time, and that nothing is printed twice, blindly, or for nobody."""

import itertools
from typing import Any

import msgspec
import pytest

from edge.core.certificates import ENTERED_AN_EVENT, PRINTS_IN, TRIES, Certificate
from edge.core.commands import Command, DeleteFile, FetchFile, InsertClose, Outcome, PrintFile, Publish, RejectDocument
from edge.core.document import DocumentState
from edge.core.events import (
    Booted,
    Carried,
    ConfigLoaded,
    DeadlinePassed,
    DocumentRejected,
    LinkDown,
    LinkUp,
    ManifestGranted,
    ManifestSealed,
    OrderCancelled,
)
from edge.core.invariants import InvariantError
from edge.core.matching import Check
from edge.core.page_events import FileChecked, FileDeleted, SheetsFailed, SheetsPrinted
from edge.core.sheets import FILE_TABLE, ON_PAPER, FileState, sheets_of
from edge.core.values import DocumentKey, LotId, Order, OrderFile, OrderId, State, Verdict
from tests.core.line import PLAN, SETTINGS, Line, order
from tests.core.test_lives import life

FILES = life("""
    granted: fetch > fetching, withdrawn > withdrawn
    fetching: checked > fetched, refused > refused, restarted > granted, withdrawn > withdrawn
    fetched: print > printing, restarted > granted, withdrawn > withdrawn
    printing: printed > printed, in_doubt > unknown, restarted > unknown, not_sent > granted, refused > refused
    printed: fed > fed, destroyed > granted
    fed: destroyed > granted
    unknown: destroyed > granted
    refused: withdrawn > withdrawn
""")
LINK = "document_printer"


def certificate(n: int, **file: Any) -> Order:
    given = {"url": f"https://files.test/{n}.pdf", "sha256": f"{n:064x}", "pages": 3, **file}
    return msgspec.structs.replace(order(n), files=(OrderFile(**given),))


class Office(Line):
    """A line with a document printer whose orders come as files of three sheets."""

    def __init__(self, orders: list[Order] | None = None, *, link: bool = True, **settings: int) -> None:
        super().__init__(started=False)
        self.say(ConfigLoaded, digest="d", settings=msgspec.structs.replace(SETTINGS, **settings), sort_plan=PLAN)
        self.start(orders if orders is not None else [certificate(n) for n in (1, 2, 3)])
        if link:
            self.say(LinkUp, link=LINK)

    def state(self, n: int = 1) -> str:
        return self.one(n).state.value

    def one(self, n: int = 1) -> Certificate:
        return self.controller.certificates.all[f"O{n}/0"]

    def tell(self, kind: type, n: int = 1, **fields: object) -> list[Command]:
        return self.say(kind, order_id=OrderId(f"O{n}"), index=0, **fields)

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [command.body for command in self.said(Publish) if command.kind == kind]

    def printed(self, n: int = 1) -> None:
        self.tell(FileChecked, n)
        self.tell(SheetsPrinted, n, sheets=3)

    def read_certificate(self, n: int = 1, key: int = 1) -> list[Command]:
        self.feed(key)
        self.frame(key, 0, token=f"token{n}")
        return self.say_frame(key, n)

    def say_frame(self, key: int, n: int) -> list[Command]:
        event = self.log[-1]
        self.now_ms += 1
        second = msgspec.structs.replace(event, at_us=self.now_ms * 1000, k=1, skeleton=f"skeleton{n}")
        out = self.controller.handle(second)
        self.auditor.check(out)
        self.commands += out
        return list(out)

    def destroy(self, n: int = 1, **changed: str) -> str:
        argument = {"order": f"O{n}", "file": "0", "sheets": "3", "second": "P2", **changed}
        return next(command.code for command in self.act("destroy_sheets", **argument) if hasattr(command, "code"))

    def printing(self) -> list[tuple[str, int]]:
        return [(command.order_id, command.attempt) for command in self.said(PrintFile)]

    def rows(self) -> list[tuple[str, str]]:
        return [(row.key, row.value) for row in self.said(Outcome) if row.table == "sheet"]

    def standing(self, code: str) -> bool:
        return code in self.controller.floor.conditions.active


def test_the_table_says_the_same() -> None:
    assert {(str(a), happened): str(b) for (a, happened), b in FILE_TABLE.items()} == FILES
    assert {str(state) for state in ON_PAPER} == {"printed", "fed", "unknown"}
    assert {state.name for state in PRINTS_IN} == {"EXECUTE", "SUSPENDING", "SUSPENDED", "UNSUSPENDING"}


@pytest.mark.parametrize(
    ("state", "happened"),
    list(itertools.product(FileState, [*sorted({happened for _, happened in FILES}), "nonsense"])),
)
def test_every_state_with_every_event(state: FileState, happened: str) -> None:
    line = Office(link=False)
    one = line.one()
    line.controller.certificates._stand(one, state)
    target = FILES.get((state.value, happened))
    assert line.controller.certificates._move(one, happened) is (target is not None)
    assert one.state == (target or state.value)
    assert line.controller.floor.unexpected == ({} if target else {f"{state}/{happened}": 1})
    assert line.controller.certificates.standing[one.state]["O1/0"] is one
    assert sum("O1/0" in standing for standing in line.controller.certificates.standing.values()) == 1
    assert line.controller.certificates.sheets_out == (3 if one.state == "printed" else 0)


@pytest.mark.parametrize(
    ("pages", "duplex", "carrier", "sheets"),
    [
        (1, False, "", 1), (1, True, "", 1), (4, True, "", 2), (5, True, "", 3), (5, False, "", 5), (5, True, "A4", 4),
        (2, False, "A4", 3),
    ],
)  # fmt: skip
def test_sheets_of_paper(pages: int, duplex: bool, carrier: str, sheets: int) -> None:
    assert sheets_of(OrderFile("u", "d", pages, duplex, carrier=carrier)) == sheets


def test_from_the_grant_to_the_envelope_once_and_deleted_with_a_receipt() -> None:
    line = Office([certificate(1, duplex=True, carrier="A40000000001")])
    assert line.said(FetchFile) == [
        FetchFile(order_id="O1", index=0, url="https://files.test/1.pdf", sha256=f"{1:064x}", pages=3)
    ]
    out = line.tell(FileChecked)
    # The intent's row comes before the command, and both are of one event (I6).
    row, command = [one for one in out if isinstance(one, (Outcome, PrintFile))]
    assert row == Outcome(table="sheet", key="O1/0/1", value="printing")
    assert command == PrintFile(
        order_id="O1", index=0, attempt=1, sha256=f"{1:064x}", pages=3, duplex=True, carrier="A40000000001"
    )
    out = line.tell(SheetsPrinted, sheets=3)
    assert [one for one in out if isinstance(one, DeleteFile)] == [DeleteFile(order_id="O1", index=0)]
    line.tell(FileDeleted)
    assert line.told("sheets_printed") == [{"order_id": "O1", "file": 0, "sheets": 3, "attempt": 1}]
    assert line.told("file_deleted") == [{"order_id": "O1", "file": 0, "sha256": f"{1:064x}", "sheets_are": "printed"}]
    line.tell(FileDeleted)
    assert len(line.told("file_deleted")) == 1, "one receipt"
    assert any(isinstance(one, InsertClose) for one in line.read_certificate())
    assert line.state() == "fed"
    assert line.controller.certificates.sheets_out == 0
    assert line.rows() == [("O1/0/1", "printing"), ("O1/0/1", "printed")]
    assert not line.controller.floor.unexpected


def test_an_order_without_files_has_nothing_to_do_with_it() -> None:
    line = Line()
    line.say(LinkUp, link=LINK)
    line.through(1)
    assert not line.controller.certificates.all
    assert not [one for one in line.commands if isinstance(one, (FetchFile, PrintFile, DeleteFile))]


# --- windows ---
def test_so_many_files_ahead_and_one_in_the_printer() -> None:
    line = Office([certificate(n) for n in range(1, 7)], files_ahead_max=2, sheets_ahead_max=6)
    assert [one.order_id for one in line.said(FetchFile)] == ["O1", "O2"]
    line.tell(FileChecked, 2)
    assert line.printing() == [("O2", 1)]
    assert [one.order_id for one in line.said(FetchFile)] == ["O1", "O2"], "the window is looked at before it is printed"
    line.tell(FileChecked, 1)
    assert [one.order_id for one in line.said(FetchFile)] == ["O1", "O2", "O3"]
    assert line.printing() == [("O2", 1)], "one after the other"
    line.tell(SheetsPrinted, 2, sheets=3)
    line.tell(SheetsPrinted, 1, sheets=3)
    line.tell(FileChecked, 3)
    assert line.printing() == [("O2", 1), ("O1", 1)], "six sheets lie there"
    line.read_certificate(2)
    assert line.printing()[-1] == ("O3", 1)


def test_a_file_that_is_longer_than_the_window_is_printed_when_nothing_lies_there() -> None:
    line = Office([certificate(n) for n in (1, 2)], sheets_ahead_max=2)
    line.printed(1)
    line.tell(FileChecked, 2)
    assert line.printing() == [("O1", 1)]
    line.read_certificate(1)
    assert line.printing() == [("O1", 1), ("O2", 1)]


def test_nothing_is_asked_of_a_printer_that_has_not_spoken_or_is_not_ready() -> None:
    line = Office(link=False)
    assert not line.said(FetchFile)
    line.say(LinkDown, link=LINK, reason="refused", detail="media-empty")
    assert len(line.said(FetchFile)) == 3, "fetching needs no paper"
    line.tell(FileChecked)
    assert not line.printing()
    assert line.standing("DOCUMENT_PRINTER_LOST")
    assert line.controller.supervision.permit, "other orders go on"
    line.say(LinkDown, link="files", reason="lost")
    assert line.standing("FILES_LOST")
    line.say(LinkUp, link=LINK)
    assert line.printing() == [("O1", 1)]


def test_nothing_is_printed_while_nobody_is_there_to_feed_it() -> None:
    line = Office()
    line.act("stop")
    line.mirror()
    line.tell(FileChecked)
    assert not line.printing()
    line.act("reset")
    line.mirror()
    line.act("start")
    line.mirror()
    assert line.controller.floor.machine.state is State.EXECUTE
    assert line.printing() == [("O1", 1)]


# --- refusals and doubt ---
def test_a_refused_file_is_told_deleted_and_ends_with_its_order() -> None:
    line = Office()
    line.tell(FileChecked, fault="WRONG_DIGEST: …")
    assert line.state() == "refused"
    assert line.told("file_refused") == [{"order_id": "O1", "file": 0, "reason": "WRONG_DIGEST: …"}]
    assert line.said(DeleteFile) == [DeleteFile(order_id="O1", index=0)]
    assert line.standing("FILE_REFUSED")
    line.say(OrderCancelled, order_id=OrderId("O1"), version=1)
    assert line.state() == "withdrawn"
    assert not line.standing("FILE_REFUSED")


@pytest.mark.parametrize(
    ("kind", "fields", "told"),
    [
        (SheetsFailed, {"sent": True, "reason": "silence"}, {"sheets": 0, "of": 3, "reason": "silence"}),
        (SheetsPrinted, {"sheets": 2}, {"sheets": 2, "of": 3, "reason": "2 of 3 sheets"}),
        (SheetsPrinted, {"sheets": 4}, {"sheets": 4, "of": 3, "reason": "4 of 3 sheets"}),
    ],
)
def test_nobody_knows_what_came_out(kind: type, fields: dict[str, object], told: dict[str, object]) -> None:
    line = Office()
    line.tell(FileChecked, 1)
    line.tell(FileChecked, 2)
    line.tell(kind, 1, **fields)
    assert line.state() == "unknown"
    assert line.told("sheets_unknown") == [{"order_id": "O1", "file": 0, **told}]
    assert [one.order_id for one in line.said(DeleteFile)] == ["O1"]
    assert line.standing("SHEETS_UNKNOWN")
    assert line.printing() == [("O1", 1)], "nothing on top of it, and not itself again"
    reject = next(one for one in line.read_certificate() if isinstance(one, RejectDocument))
    assert reject.reason == "SHEETS_IN_DOUBT"
    line.tell(SheetsPrinted, 1, sheets=3)
    assert line.state() == "unknown", "what comes late does not make it good"


def test_destroyed_by_two_persons_it_is_fetched_and_printed_again() -> None:
    line = Office([certificate(1)])
    line.tell(FileChecked)
    line.tell(SheetsFailed, sent=True, reason="silence")
    line.tell(FileDeleted)
    assert line.destroy(second="") == "SECOND_PERSON"
    assert line.destroy(second="P1") == "SECOND_PERSON"
    for sheets in ("", "-1", "³", "two", "10000"):
        assert line.destroy(sheets=sheets) == "SHEETS_DIFFER"
    assert line.destroy(order="O9") == "NOT_PRINTED"
    assert line.destroy(sheets="1") == "OK"
    assert line.told("sheets_destroyed") == [
        {"order_id": "O1", "file": 0, "sheets": 1, "of": 3, "person": "P1", "second": "P2"}
    ]
    assert not line.standing("SHEETS_UNKNOWN")
    assert len(line.said(FetchFile)) == 2
    line.printed()
    assert line.printing() == [("O1", 1), ("O1", 2)]
    assert line.rows() == [
        ("O1/0/1", "printing"), ("O1/0/1", "unknown"), ("O1/0/1", "destroyed"), ("O1/0/2", "printing"), ("O1/0/2", "printed"),
    ]  # fmt: skip
    assert any(isinstance(one, InsertClose) for one in line.read_certificate())


def test_of_counted_sheets_all_are_destroyed_and_none_that_is_in_use() -> None:
    line = Office([certificate(1)])
    assert line.destroy() == "NOT_PRINTED"
    line.printed()
    assert line.destroy(sheets="2") == "SHEETS_DIFFER"
    line.read_certificate()
    assert line.destroy() == "SHEETS_IN_USE"
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert line.destroy() == "OK", "it lies in the tray, and its order waits"
    assert line.state() == "fetching"


def test_a_printer_that_has_nothing_of_it_is_asked_again_and_then_no_more() -> None:
    line = Office([certificate(1)])
    for attempt in range(1, TRIES + 1):
        line.tell(FileChecked)
        assert line.printing()[-1] == ("O1", attempt)
        line.tell(SheetsFailed, sent=False, reason="not supported")
    assert line.state() == "refused"
    assert line.told("file_refused") == [{"order_id": "O1", "file": 0, "reason": "not supported"}]
    assert [value for _, value in line.rows()] == ["printing", "not sent"] * TRIES


def test_sheets_that_were_never_printed_here_do_not_pass() -> None:
    line = Office()
    reject = next(one for one in line.read_certificate() if isinstance(one, RejectDocument))
    assert reject.reason == "SHEETS_IN_DOUBT"


# --- withdrawn orders ---
def cancel(line: Office, n: int = 1) -> None:
    line.say(OrderCancelled, order_id=OrderId(f"O{n}"), version=1)


def test_a_cancelled_order_is_deleted_unprinted() -> None:
    line = Office(files_ahead_max=2)
    line.tell(FileChecked, 2)
    line.tell(FileChecked, 1)
    for n in (1, 3):
        cancel(line, n)
        assert line.state(n) == "withdrawn"
    line.tell(FileChecked, 3)
    assert line.state(3) == "withdrawn", "its fetching came to its end afterwards"
    assert [one.order_id for one in line.said(DeleteFile)] == ["O1", "O3"]
    line.tell(FileDeleted, 1)
    assert line.told("file_deleted")[0]["sheets_are"] == "withdrawn"
    assert line.printing() == [("O2", 1)]


def test_of_an_order_that_is_cancelled_in_the_printer_the_sheets_must_be_destroyed() -> None:
    line = Office([certificate(1)])
    line.tell(FileChecked)
    cancel(line)
    assert line.state() == "printing"
    line.tell(SheetsPrinted, sheets=3)
    assert line.standing("SHEETS_LEFT")
    assert [one.key for one in line.controller.certificates.left()] == ["O1/0"]
    assert line.destroy() == "OK"
    assert line.state() == "withdrawn"
    assert not line.standing("SHEETS_LEFT")
    assert len(line.said(FetchFile)) == 1


def test_an_order_that_is_cancelled_while_the_printer_does_not_take_it() -> None:
    line = Office([certificate(1)])
    line.tell(FileChecked)
    cancel(line)
    line.tell(SheetsFailed, sent=False, reason="no")
    assert line.state() == "withdrawn"
    assert line.said(DeleteFile)


def test_an_order_that_never_had_a_file_here_is_withdrawn_beside_them() -> None:
    line = Office([certificate(1), order(2)])
    cancel(line, 2)
    assert line.state() == "fetching"


# --- restarts ---
def boot(line: Line) -> list[Command]:
    return line.say(Booted, boot=2, journal_id="j", version="t")


def test_a_restart_in_the_middle_of_a_print_is_unknown() -> None:
    line = Office([certificate(n) for n in (1, 2, 3, 4)], files_ahead_max=2)
    line.printed(1)
    line.tell(FileChecked, 2)  # printing
    line.tell(FileChecked, 3)  # fetched
    assert [line.state(n) for n in (1, 2, 3, 4)] == ["printed", "printing", "fetched", "fetching"]
    boot(line)
    assert [line.state(n) for n in (1, 2, 3, 4)] == ["printed", "unknown", "granted", "granted"]
    assert line.rows()[-1] == ("O2/0/1", "unknown")
    assert line.standing("SHEETS_UNKNOWN")
    before = len(line.commands)
    line.say(LinkUp, link=LINK)
    asked = [one for one in line.commands[before:] if isinstance(one, (DeleteFile, FetchFile))]
    assert [(type(one), one.order_id) for one in asked] == [
        (DeleteFile, "O1"), (DeleteFile, "O2"), (FetchFile, "O4"), (FetchFile, "O3"),
    ]  # fmt: skip
    assert len(line.printing()) == 2


def test_a_receipt_that_came_is_not_asked_for_again() -> None:
    line = Office([certificate(1)])
    line.printed()
    line.tell(FileDeleted)
    boot(line)
    before = len(line.said(DeleteFile))
    line.say(LinkUp, link=LINK)
    assert len(line.said(DeleteFile)) == before


@pytest.mark.parametrize("kind", [FileChecked, FileDeleted])
def test_a_word_about_no_file_of_ours_is_counted(kind: type) -> None:
    line = Office()
    line.tell(kind, 9)
    assert line.controller.floor.unexpected == {f"unknown file/{kind.__name__}": 1}


@pytest.mark.parametrize(("kind", "fields"), [(SheetsPrinted, {"sheets": 3}), (SheetsFailed, {"sent": True, "reason": ""})])
def test_a_word_about_no_sheets_of_ours_is_counted(kind: type, fields: dict[str, object]) -> None:
    line = Office()
    line.tell(kind, 9, **fields)
    assert line.controller.floor.unexpected == {f"unknown file/{kind.__name__}": 1}


def test_a_late_word_of_the_printer_changes_nothing() -> None:
    line = Office()
    line.tell(SheetsPrinted, sheets=3)
    line.tell(SheetsFailed, sent=False, reason="")
    line.tell(SheetsFailed, sent=True, reason="")
    assert line.state() == "fetching"
    assert line.one().not_sent == 0
    assert not line.rows()
    assert line.controller.floor.unexpected == {"fetching/printed": 1, "fetching/not_sent": 1, "fetching/in_doubt": 1}


# --- another release ---
CARRIED = {
    "O1/0/1": "unknown", "O1/0/2": "x", "O2/0/1": "printed", "O3/0/1": "not sent", "O4/0/1": "printing", "O5/0/1": "destroyed",
    "O7/0/1": "printed", "O8/0/1": "not sent",
}  # fmt: skip


def test_another_release_prints_nothing_again_that_may_exist() -> None:
    line = Line(started=False)
    orders = tuple(certificate(n) for n in range(1, 9))
    line.say(ManifestGranted, lot=LotId("L"), version=1, chunk=0, orders=orders[:7])
    line.say(ManifestSealed, lot=LotId("L"), version=1, chunks=1, digest="d")
    boot(line)
    rows = {key: "destroyed" if key == "O1/0/1" else value for key, value in CARRIED.items()} | {"O1/0/2": "unknown"}
    carried = {
        "sheet": dict(reversed(rows.items())),
        "dispatched": {"O7": order(7).tracking_number},
        "returned": {"O8": "D1-8"},
    }
    line.say(Carried, rows=carried)
    line.say(ManifestGranted, lot=LotId("L"), version=2, chunk=0, orders=orders[7:])
    line.say(ManifestSealed, lot=LotId("L"), version=2, chunks=1, digest="d")
    line.say(OrderCancelled, order_id=OrderId("O8"), version=1)
    states = {one.order_id: one.state.value for one in line.controller.certificates.all.values()}
    assert states == {
        "O1": "unknown", "O2": "printed", "O3": "granted", "O4": "unknown", "O5": "granted", "O6": "granted", "O7": "fed",
        "O8": "withdrawn",
    }  # fmt: skip
    assert [(row.key, row.value) for row in line.said(Outcome) if row.table == "sheet"] == sorted(rows.items())
    assert line.controller.certificates.all["O1/0"].attempt == 2
    with pytest.raises(InvariantError, match="I5: O2/0/2: sheets of attempt 1 may exist"):
        line.auditor.check([Outcome(table="sheet", key="O2/0/2", value="printing")])


def test_an_order_that_another_release_gave_back_and_central_cancels() -> None:
    line = Line(started=False)
    line.say(Carried, rows={"returned": {"O9": "D1-9"}})
    line.say(ManifestGranted, lot=LotId("L"), version=1, chunk=0, orders=(certificate(1),))
    line.say(ManifestSealed, lot=LotId("L"), version=1, chunks=1, digest="d")
    line.say(OrderCancelled, order_id=OrderId("O9"), version=1)
    assert line.controller.certificates.all["O1/0"].state == "granted"


# --- the auditor ---
PRINT = PrintFile(order_id="O1", index=0, attempt=1, sha256="", pages=3, duplex=False, carrier="")


def test_the_auditor_wants_a_row_before_each_print_and_one_print_for_each_row() -> None:
    line = Office()
    with pytest.raises(InvariantError, match="I5: O1 is printed again, or without a row"):
        line.auditor.check([PRINT])
    line.auditor.check([Outcome(table="sheet", key="O1/0/1", value="printing"), PRINT])
    with pytest.raises(InvariantError, match="I5"):
        line.auditor.check([PRINT])
    with pytest.raises(InvariantError, match="I5: O1/0/2: sheets of attempt 1 may exist"):
        line.auditor.check([Outcome(table="sheet", key="O1/0/2", value="printing")])
    line.auditor.check(
        [
            Outcome(table="sheet", key="O1/0/1", value="destroyed"),
            Outcome(table="sheet", key="O1/0/2", value="printing"),
        ]
    )
    with pytest.raises(InvariantError, match="I5: sheets of O1/0/1 were printed before"):
        line.auditor.check([Outcome(table="sheet", key="O1/0/1", value="printing")])


def test_the_auditor_lets_no_withdrawn_order_be_printed() -> None:
    line = Office()
    cancel(line)
    with pytest.raises(InvariantError, match="I9"):
        line.auditor.check([Outcome(table="sheet", key="O1/0/1", value="printing"), PRINT])


def test_an_order_of_another_release_that_is_granted_again_begins_where_its_sheets_are() -> None:
    line = Line(started=False)
    line.say(Carried, rows={"sheet": {"O1/0/4": "printed"}, "returned": {"O2": "D1-2"}})
    line.say(ManifestGranted, lot=LotId("L"), version=1, chunk=0, orders=(certificate(1), certificate(2), certificate(3)))
    line.say(ManifestSealed, lot=LotId("L"), version=1, chunks=1, digest="d")
    files = line.controller.certificates.all.values()
    assert [(one.order_id, one.state.value, one.attempt) for one in files] == [
        ("O1", "printed", 4), ("O2", "withdrawn", 0), ("O3", "granted", 0),
    ]  # fmt: skip
    assert not line.said(DeleteFile)


@pytest.mark.parametrize("sheets", ["0", "9999"])
def test_of_an_unknown_print_any_number_of_sheets_may_be_found(sheets: str) -> None:
    line = Office([certificate(1)])
    line.tell(FileChecked)
    boot(line)
    assert line.told("sheets_unknown") == [{"order_id": "O1", "file": 0, "sheets": 0, "of": 3, "reason": "restart"}]
    assert line.destroy(sheets=sheets) == "OK"


def test_a_request_that_names_nothing_destroys_nothing() -> None:
    line = Office([certificate(1)])
    line.printed()
    full = {"order": "O1", "file": "0", "sheets": "3", "second": "P2"}
    for missing, code in (
        ("order", "NOT_PRINTED"),
        ("file", "NOT_PRINTED"),
        ("second", "SECOND_PERSON"),
        ("sheets", "SHEETS_DIFFER"),
    ):
        out = line.act("destroy_sheets", **{name: text for name, text in full.items() if name != missing})
        assert [command.code for command in out if hasattr(command, "accepted")] == [code]
    assert line.state() == "printed"


def test_three_tries() -> None:
    assert TRIES == 3


def test_a_file_that_is_not_taken_up_yet_is_in_doubt_and_may_be_withdrawn() -> None:
    office = Office([])
    orders = [certificate(n) for n in range(1, 3 * ENTERED_AN_EVENT + 1)]
    office.say(ManifestGranted, lot=LotId("L"), version=2, chunk=0, orders=tuple(orders))
    office.say(ManifestSealed, lot=LotId("L"), version=2, chunks=1, digest="d")
    books, last = office.controller.certificates, len(orders)
    assert len(books.all) == ENTERED_AN_EVENT
    check = books.check(Check(Verdict.MATCH, "", OrderId(f"O{last}")), "resident_id", f"token{last}")
    assert check == (Verdict.UNKNOWN, "SHEETS_IN_DOUBT", f"O{last}")
    books.met(OrderId(f"O{last}"), "resident_id", f"token{last}", DocumentKey("D1-1"))
    office.say(OrderCancelled, order_id=OrderId(f"O{last}"), version=1)
    assert f"O{last}/0" not in books.all
    office.say(LinkUp, link="files")
    assert office.state(last) == "withdrawn"


def test_rejected_sheets_are_destroyed_under_the_keys_by_which_they_were_read() -> None:
    office = Office()
    office.tell(FileChecked)
    office.tell(SheetsFailed, sent=True, reason="silence")
    office.read_certificate()
    office.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert office.controller.documents.all[DocumentKey("D1-1")].reason == "SHEETS_IN_DOUBT"
    assert office.destroy() == "OK"
    assert office.told("destroyed") == [{"document": "D1-1", "order_id": None, "person": "P1"}]
    assert office.controller.documents.all[DocumentKey("D1-1")].state is DocumentState.DESTROYED
    office.printed()
    office.read_certificate(key=2)
    assert office.destroy(sheets="3") == "SHEETS_IN_USE"


def test_sheets_that_could_not_be_read_are_named_by_the_key_that_they_bear_but_no_other_document_is() -> None:
    office = Office()
    office.tell(FileChecked)
    office.tell(SheetsFailed, sent=True, reason="silence")
    office.feed(1)
    office.read(1, token="another")
    office.feed(2)
    office.say(DeadlinePassed, 5000)
    for key in (1, 2):
        office.say(DocumentRejected, document=DocumentKey(f"D1-{key}"))
    assert office.destroy(documents="D1-9") == "NOT_IN_HAND"
    assert office.destroy(documents="D1-1") == "OTHER_DOCUMENT"
    assert office.destroy(documents="D1-2") == "OK"
    documents = office.controller.documents.all
    assert documents[DocumentKey("D1-2")].state is DocumentState.DESTROYED
    assert documents[DocumentKey("D1-1")].state is DocumentState.IN_TRAY


def test_sheets_that_are_on_the_belt_are_not_in_hand_when_the_rest_is_destroyed() -> None:
    office = Office()
    office.tell(FileChecked)
    office.tell(SheetsFailed, sent=True, reason="silence")
    office.read_certificate()
    assert office.destroy(sheets="0") == "OK"
    assert office.controller.documents.all[DocumentKey("D1-1")].state is DocumentState.REFUSED
