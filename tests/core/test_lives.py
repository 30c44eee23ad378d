"""The life cycles a second time, in this file's own words, and every state × every event against them.

The tables of the core are data; a test that only compares what happens with the data would believe a wrong entry.
"""

import itertools
from collections.abc import Callable

import msgspec
import pytest

from edge.core.document import BEFORE_GATE, DOCUMENT_TABLE, IN_HAND, Document, DocumentState
from edge.core.document import DEADLINES as DOCUMENT_DEADLINES
from edge.core.document import ENDED as DOCUMENT_ENDED
from edge.core.events import (
    ConfigLoaded,
    DeadlinePassed,
    DivertUnconfirmed,
    DocumentRejected,
    HandedOver,
    Inducted,
    Inserted,
    ItemRejected,
    LabelExposed,
    ManifestGranted,
    ManifestSealed,
    OrderCancelled,
    Sealed,
)
from edge.core.item import BARE, DEADLINES, ENDED, ITEM_TABLE, Item, ItemState
from edge.core.lots import LISTED_TABLE, TRAY, Listed
from edge.core.machine import ACTING, COMMANDS, RUNNING, Machine
from edge.core.manual import MANUAL_TABLE
from edge.core.orders import OrderState
from edge.core.sorting import EXPECTED
from edge.core.values import DocumentKey, ItemId, LotId, OrderId, ParcelKey, Plc, State, Verdict
from tests.core.line import PLAN, SETTINGS, Line, order
from tests.core.test_controller import code
from tests.core.test_corners import conditions


def life(text: str) -> dict[tuple[str, str], str]:
    """Lines of `state: event > state, event > state`."""
    pairs = {}
    for line in text.strip().splitlines():
        state, _, steps = line.strip().partition(": ")
        for step in steps.split(", "):
            happened, _, target = step.partition(" > ")
            pairs[state, happened] = target
    return pairs


DOCUMENT = life("""
    fed: accept > accepted, refuse > refused, inserted > inserted, in_tray > in tray, lost > lost
    accepted: refuse > refused, inserted > inserted, in_tray > in tray, lost > lost
    refused: inserted > inserted, in_tray > in tray, lost > lost
    lost: in_tray > in tray, inserted > inserted, found > on desk
    in tray: fed_again > fed again, returned > returned, damaged > damaged, destroyed > destroyed
    inserted: fed_again > fed again, returned > returned, damaged > damaged, destroyed > destroyed
    on desk: fed_again > fed again, returned > returned, damaged > damaged, destroyed > destroyed
    at desk: inserted > inserted, given_up > on desk
""")
ITEM = life("""
    open: sealed > sealed, ejected > ejected, lost > lost
    sealed: weighed > weighed, lost > lost
    weighed: labelled > labelled, exposed > exposed, lost > lost
    labelled: exposed > exposed, lost > lost
    exposed: handed_over > handed over, lost > lost
    handed over: inducted > inducted, lost > lost
    inducted: diverted > dispatched, unconfirmed > unconfirmed, rejected > rejected, lost > lost
    unconfirmed: recounted > dispatched, rejected > rejected, lost > lost
    lost: ejected > ejected, handed_over > handed over, inducted > inducted, rejected > rejected, unconfirmed > unconfirmed
    lost: found > on desk
    re-inducting: inducted > inducted, lost > lost
    dispatched: recalled > recalled
    rejected: reinduct > re-inducting, opened > opened
    on desk: opened > opened
    recalled: opened > opened
    at desk: matched > closed at desk, refused > on desk, left_open > opened
    closed at desk: reinduct > re-inducting, seen_outside > on desk, opened > opened
""")  # fmt: skip
LISTED = life("""
    open: dispatched > dispatched, no_order > no order, cancelled > cancelled, damaged > damaged, missing > missing
    open: returned > returned to issuer
    no order: fed_again > open, returned > returned to issuer, damaged > damaged, dispatched > dispatched
    cancelled: fed_again > open, returned > returned to issuer, damaged > damaged
    dispatched: recalled > cancelled
    returned to issuer: dispatched > dispatched
    damaged: dispatched > dispatched
""")  # fmt: skip
MANUAL = life("""
    free: read > gathering
    gathering: read > gathering, complete > printing, given_up > free
    printing: printed > filling, print_failed > free, given_up > free
    filling: inserted > filling, full > closing, refused > free, print_failed > free, given_up > free
    closing: matched > free, refused > free, print_failed > free, given_up > free
""")  # fmt: skip
PACKML = life("""
    STOPPED: reset > RESETTING, abort > ABORTING
    COMPLETE: reset > RESETTING, stop > STOPPING, abort > ABORTING
    IDLE: start > STARTING, stop > STOPPING, abort > ABORTING
    STARTING: done > EXECUTE, hold > HOLDING, stop > STOPPING, abort > ABORTING
    EXECUTE: hold > HOLDING, suspend > SUSPENDING, complete > COMPLETING, stop > STOPPING, abort > ABORTING
    HOLDING: done > HELD, stop > STOPPING, abort > ABORTING
    HELD: unhold > UNHOLDING, stop > STOPPING, abort > ABORTING
    UNHOLDING: done > EXECUTE, hold > HOLDING, stop > STOPPING, abort > ABORTING
    SUSPENDING: done > SUSPENDED, stop > STOPPING, abort > ABORTING
    SUSPENDED: hold > HOLDING, unsuspend > UNSUSPENDING, stop > STOPPING, abort > ABORTING
    UNSUSPENDING: done > EXECUTE, hold > HOLDING, stop > STOPPING, abort > ABORTING
    COMPLETING: done > COMPLETE, stop > STOPPING, abort > ABORTING
    RESETTING: done > IDLE, stop > STOPPING, abort > ABORTING
    STOPPING: done > STOPPED, abort > ABORTING
    ABORTING: done > ABORTED
    ABORTED: clear > CLEARING
    CLEARING: done > STOPPED, abort > ABORTING
""")


def test_the_tables_of_the_core_say_the_same() -> None:
    assert {(str(a), happened): str(b) for (a, happened), b in DOCUMENT_TABLE.items()} == DOCUMENT
    assert {(str(a), happened): str(b) for (a, happened), b in ITEM_TABLE.items()} == ITEM
    assert {(str(a), happened): str(b) for (a, happened), b in LISTED_TABLE.items()} == LISTED
    assert {(str(a), happened): str(b) for (a, happened), b in MANUAL_TABLE.items()} == MANUAL
    packml = {(a.name, command): b.name for (a, command), b in COMMANDS.items()}
    assert {**packml, **{(a.name, "done"): b.name for a, b in ACTING.items()}} == PACKML


def everything(table: dict[tuple[str, str], str], states: list[str]) -> list[tuple[str, str]]:
    """Every state with every event of the table, and with one that no table has."""
    return list(itertools.product(states, [*sorted({happened for _, happened in table}), "nonsense"]))


@pytest.mark.parametrize(("state", "happened"), everything(DOCUMENT, list(DocumentState)))
def test_document(state: str, happened: str) -> None:
    line = Line(started=False)
    document = Document(DocumentKey("D1-1"))
    document.state = DocumentState(state)
    line.controller.documents.on_belt[document.key] = document
    target = DOCUMENT.get((state, happened))
    assert line.controller.documents.move(document, happened) is (target is not None)
    assert document.state is DocumentState(target or state)
    assert line.controller.floor.unexpected == ({} if target else {f"{state}/{happened}": 1})
    assert (document.key in line.controller.documents.on_belt) is (target is None or target in {"accepted", "refused", "lost"})


@pytest.mark.parametrize(("state", "happened"), everything(ITEM, list(ItemState)))
def test_item(state: str, happened: str) -> None:
    line = Line(started=False)
    item = Item(ItemId("I1-1"), [], None)
    item.state = ItemState(state)
    on_belt = line.controller.items.on_belt
    on_belt[item.item_id] = item
    target = ITEM.get((state, happened))
    assert line.controller.items.move(item, happened) is (target is not None)
    assert item.state is ItemState(target or state)
    assert line.controller.floor.unexpected == ({} if target else {f"{state}/{happened}": 1})
    off = {"dispatched", "ejected", "rejected", "on desk", "opened", "recalled", "closed at desk"}
    assert (item.item_id in on_belt) is (target is None or target not in off)


@pytest.mark.parametrize(("state", "command"), everything(PACKML, [state.name for state in State]))
def test_packml(state: str, command: str) -> None:
    machine = Machine()
    machine.state = State[state]
    target = PACKML.get((state, command))
    moved = machine.complete() if command == "done" else machine.command(command)
    assert moved is (target is not None)
    assert machine.state is State[target or state]


def test_the_sets_of_states() -> None:
    assert {"in tray", "on desk"} == IN_HAND
    assert {"inserted", "in tray", "on desk", "fed again", "returned", "damaged", "destroyed"} == DOCUMENT_ENDED
    assert {"fed", "accepted", "refused"} == BEFORE_GATE
    assert {"dispatched", "ejected", "rejected", "on desk", "opened", "recalled", "closed at desk"} == ENDED
    assert {"ejected", "opened"} == BARE
    assert {"handed over", "lost", "re-inducting"} == EXPECTED
    assert {State.EXECUTE, State.COMPLETING} == RUNNING
    assert TRAY == {"NO_ORDER": "no_order", "CANCELLED": "cancelled"}
    assert {state.name: state.value for state in Listed} == {
        "OPEN": "open", "DISPATCHED": "dispatched", "NO_ORDER": "no order", "CANCELLED": "cancelled", "DAMAGED": "damaged",
        "RETURNED": "returned to issuer", "MISSING": "missing", "SURPLUS": "surplus",
    }  # fmt: skip


def configured(**changed: object) -> Line:
    line = Line()
    line.say(ConfigLoaded, digest="d", settings=msgspec.structs.replace(SETTINGS, **changed), sort_plan=PLAN)
    for plc in Plc:
        line.unit(plc, State.EXECUTE, caught_up=True)  # or else an open gap in the accounts is due first
    return line


# --- deadlines: one before it nothing, on its stroke what the page of tables says ---
def to_refused(line: Line) -> None:
    line.feed(1)
    line.read(1, token="unknown")


def to_accepted(line: Line) -> None:
    line.feed(1)
    line.read(1)


def to_open(line: Line) -> None:
    to_accepted(line)
    line.say(Inserted, document=DocumentKey("D1-1"), item=ItemId("I1-1"))


def to_sealed(line: Line) -> None:
    to_open(line)
    line.say(Sealed, item=ItemId("I1-1"))


def to_exposed(line: Line) -> None:
    line.to_labelled(1)
    line.expose(1)


def to_inducted(line: Line) -> None:
    line.to_handed_over(1)
    line.induct(1, line.qr(1))


def to_rejected(line: Line) -> None:
    to_exposed(line)
    line.controller.items.condemn(line.controller.items.all[ItemId("I1-1")], "LABEL_UNREADABLE")
    line.say(HandedOver, item=ItemId("I1-1"))
    line.say(ItemRejected, parcel=line.induct(1, line.qr(1)))


def to_reinducting(line: Line) -> None:
    to_rejected(line)
    assert code(line.act("reinduct", label=line.qr(1))) == "OK"


def to_parcel(line: Line) -> None:
    line.to_handed_over(1)
    line.say(Inducted, parcel=ParcelKey("S1-1"))


WAYS: dict[str, Callable[[Line], object]] = {
    "accepted": to_accepted,
    "refused": to_refused,
    "open": to_open,
    "sealed": to_sealed,
    "weighed": lambda line: line.to_weighed(1),
    "labelled": lambda line: line.to_labelled(1),
    "exposed": lambda line: line.say(LabelExposed, item=line.to_labelled(1), trigger=2),
    "inducted": to_inducted,
    "handed over": lambda line: line.to_handed_over(1),
    "re-inducting": to_reinducting,
}
LIMIT_MS = {**dict.fromkeys(WAYS, SETTINGS.transit_deadline_ms), "handed over": 30_000, "re-inducting": 30_000}


@pytest.mark.parametrize("state", list(WAYS))
def test_lost_on_the_stroke_of_its_deadline(state: str) -> None:
    line = configured(induction_deadline_ms=30_000, label_read_deadline_ms=60_000)
    WAYS[state](line)
    life = line.controller.items.all.get(ItemId("I1-1")) or line.controller.documents.all[DocumentKey("D1-1")]
    assert life.state == state
    assert line.controller.next_deadline_us() == line.now_ms * 1000 + LIMIT_MS[state] * 1000
    line.say(DeadlinePassed, LIMIT_MS[state] - 1)
    assert life.state == state
    line.say(DeadlinePassed, 1)
    if state == "inducted":
        assert life.state == "unconfirmed", "its divert was under way: it may lie in its bag"
        assert "DIVERT_UNCONFIRMED" in conditions(line)
        return
    assert life.state == "lost"
    assert life.reason in ("ITEM_LOST", "NO_ORDER", "LABEL_UNREADABLE"), "the first reason stays"
    assert "ITEM_LOST" in conditions(line)


def test_no_other_state_has_a_deadline() -> None:
    assert {str(state) for state in (*DEADLINES, *DOCUMENT_DEADLINES)} == {*WAYS, "fed"}
    assert set(DOCUMENT_DEADLINES) == BEFORE_GATE


@pytest.mark.parametrize(
    ("to", "limit_ms", "happens"),
    [
        (
            lambda line: line.feed(1),
            SETTINGS.read_deadline_ms,
            lambda line: line.controller.documents.all["D1-1"].state == "refused",
        ),
        (
            lambda line: line.say(LabelExposed, item=line.to_labelled(1), trigger=2),
            SETTINGS.label_read_deadline_ms,
            lambda line: line.controller.items.all["I1-1"].label_check is Verdict.UNREADABLE,
        ),
        (
            to_parcel,
            SETTINGS.scan_window_ms,
            lambda line: line.controller.items.all["I1-1"].reason == "SCAN_UNREADABLE",
        ),
    ],
)  # fmt: skip
def test_what_an_eye_owes(to: Callable[[Line], object], limit_ms: int, happens: Callable[[Line], bool]) -> None:
    line = configured()
    to(line)
    assert line.controller.next_deadline_us() == line.now_ms * 1000 + limit_ms * 1000
    line.say(DeadlinePassed, limit_ms - 1)
    assert not happens(line)
    line.say(DeadlinePassed, 1)
    assert happens(line)


# --- orders: no table of their own; what an event makes of them depends on where their documents are ---
O1 = OrderId("O1")


def to_waiting(_: Line) -> None:
    pass


def to_aside(line: Line) -> None:
    to_rejected(line)


def to_cancelled(line: Line) -> None:
    line.say(OrderCancelled, order_id=O1, version=5)


def to_returned(line: Line) -> None:
    to_accepted(line)
    line.say(DocumentRejected, document=DocumentKey("D1-1"))
    assert code(line.act("return_to_issuer", documents="D1-1")) == "OK"


ORDERS: dict[str, Callable[[Line], object]] = {
    "waiting": to_waiting,
    "on line": to_accepted,
    "dispatched": lambda line: line.through(1),
    "aside": to_aside,
    "cancelled": to_cancelled,
    "returned": to_returned,
}


def granted_again(line: Line) -> None:
    line.say(ManifestGranted, lot=LotId("L"), version=2, chunk=0, orders=(order(1),))
    line.say(ManifestSealed, lot=LotId("L"), version=2, chunks=1, digest="")


def read_again(line: Line) -> None:
    line.feed(9)
    line.frame(9, 0, token="token1")
    line.frame(9, 1, token="token1")


def destroyed(line: Line) -> None:
    line.act("void_label", print_id="1", second="P2")


EVENTS: dict[str, Callable[[Line], object]] = {
    "cancelled": lambda line: line.say(OrderCancelled, order_id=O1, version=6),
    "cancelled late": lambda line: line.say(OrderCancelled, order_id=O1, version=0),
    "granted again": granted_again,
    "document read": read_again,
    "in tray": lambda line: line.say(DocumentRejected, document=DocumentKey("D1-1")),
    "label destroyed": destroyed,
    "envelope opened": lambda line: line.act("open_envelope", item="I1-1", labels="", second="P2"),
    "re-inducted": lambda line: line.act("reinduct", label="EA000000001CN;1"),
    "diverted again": lambda line: line.say(DivertUnconfirmed, parcel=ParcelKey("S1-1"), chute=2),
}
# Pairs that are not here change nothing. A dispatched order is cancelled at once, its envelope is recalled from the bag.
ORDER = {
    ("waiting", "cancelled"): "cancelled",
    ("waiting", "document read"): "on line",
    ("on line", "in tray"): "waiting",
    ("dispatched", "cancelled"): "cancelled",
    ("aside", "cancelled"): "cancelled",
    ("aside", "label destroyed"): "waiting",
    ("aside", "re-inducted"): "on line",
    # What is returned is so for good, but central's word is answered all the same.
    ("returned", "cancelled"): "cancelled",
}


@pytest.mark.parametrize(("state", "happened"), list(itertools.product(ORDERS, EVENTS)))
def test_order(state: str, happened: str) -> None:
    line = Line()
    ORDERS[state](line)
    pool = line.controller.floor.pool
    assert pool.state[O1] == state
    EVENTS[happened](line)
    assert pool.state[O1] == ORDER.get((state, happened), state)
    assert set(OrderState) == set(ORDERS)
    waiting = sum(one is OrderState.WAITING for one in pool.state.values())
    assert pool.waiting == waiting, "the count that NO_MANIFEST and the panel go by"
    line.auditor.full_pass()
