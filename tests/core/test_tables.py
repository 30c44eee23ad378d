"""Every state × every event of each life cycle: what the table has moves, what it has not is counted and changes nothing."""

import itertools

import pytest

from edge.core.acts import ACTS
from edge.core.document import DOCUMENT_TABLE, Document, DocumentState
from edge.core.document import ENDED as DOCUMENT_ENDED
from edge.core.item import ENDED, ITEM_TABLE, Item, ItemState
from edge.core.machine import ACTING, COMMANDS, Machine
from edge.core.values import DocumentKey, ItemId, State
from tests.core.line import Line

DOCUMENT_EVENTS = sorted({happened for _, happened in DOCUMENT_TABLE})
ITEM_EVENTS = sorted({happened for _, happened in ITEM_TABLE})
MACHINE_COMMANDS = ("reset", "start", "stop", "hold", "unhold", "suspend", "unsuspend", "abort", "clear", "complete")


@pytest.mark.parametrize(("state", "happened"), list(itertools.product(DocumentState, DOCUMENT_EVENTS)))
def test_document_table(state: DocumentState, happened: str) -> None:
    line = Line(started=False)
    document = Document(DocumentKey("D1-1"))
    document.state = state
    moved = line.controller.documents.move(document, happened)
    assert moved == ((state, happened) in DOCUMENT_TABLE)
    assert document.state is (DOCUMENT_TABLE[state, happened] if moved else state)
    assert line.controller.floor.unexpected == ({} if moved else {f"{state}/{happened}": 1})


@pytest.mark.parametrize(("state", "happened"), list(itertools.product(ItemState, ITEM_EVENTS)))
def test_item_table(state: ItemState, happened: str) -> None:
    line = Line(started=False)
    item = Item(ItemId("I1-1"), [], None)
    item.state = state
    moved = line.controller.items.move(item, happened)
    assert moved == ((state, happened) in ITEM_TABLE)
    assert item.state is (ITEM_TABLE[state, happened] if moved else state)
    assert line.controller.floor.unexpected == ({} if moved else {f"{state}/{happened}": 1})


def test_only_a_persons_act_leads_out_of_an_end() -> None:
    assert {happened for state, happened in ITEM_TABLE if state in ENDED} == {
        "reinduct", "opened", "recalled", "seen_outside",
    }  # fmt: skip
    assert {happened for state, happened in DOCUMENT_TABLE if state in DOCUMENT_ENDED} == {
        "fed_again",
        "returned",
        "damaged",
        "destroyed",
    }
    finals = {ItemState.OPENED, DocumentState.FED_AGAIN, DocumentState.RETURNED, DocumentState.DAMAGED, DocumentState.DESTROYED}
    assert not [pair for pair in (*ITEM_TABLE, *DOCUMENT_TABLE) if pair[0] in finals]


def test_only_the_sorters_sensors_or_a_recount_dispatch() -> None:
    assert {pair for pair, to in ITEM_TABLE.items() if to is ItemState.DISPATCHED} == {
        (ItemState.INDUCTED, "diverted"),
        (ItemState.UNCONFIRMED, "recounted"),
    }


@pytest.mark.parametrize(("state", "command"), list(itertools.product(State, MACHINE_COMMANDS)))
def test_packml_table(state: State, command: str) -> None:
    machine = Machine()
    machine.state = state
    assert machine.may(command) == ((state, command) in COMMANDS)
    assert machine.command(command) == ((state, command) in COMMANDS)
    assert machine.state is COMMANDS.get((state, command), state)


def test_packml_rules() -> None:
    # Abort is legal in all states but its own; the only way out of Aborted is Clear (ISA-TR88.00.02).
    assert {state for state, command in COMMANDS if command == "abort"} == set(State) - {State.ABORTING, State.ABORTED}
    assert [command for state, command in COMMANDS if state is State.ABORTED] == ["clear"]
    # Every acting state ends in a waiting state or in Execute, and nothing else ends by itself.
    assert not set(ACTING.values()) & set(ACTING)
    for state in State:
        machine = Machine()
        machine.state = state
        assert machine.complete() == (state in ACTING)
    assert {act.command for act in ACTS.values()} - {""} <= set(MACHINE_COMMANDS)
