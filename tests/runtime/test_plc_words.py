"""The two tables between the PLC's codes and the core's words cover the whole interface, and say what its data file says."""

import pytest

from drivers.process_image import EventSlot
from edge.core import commands as c
from edge.core.heads import APPLICATOR_FAULTS
from edge.core.supervision import FAULTS
from edge.core.values import DocumentKey, ItemId, ParcelKey, Plc, PrintId
from edge.runtime.plc_words import EVENTS, OPCODES, UnknownEventError, event_of, slot_of
from line_config.process_image import load_process_image

IMAGE = load_process_image()
PREFIX = {"document": "D", "item": "I", "parcel": "S"}
NOT_SENT = {"recirculate"}


def test_each_event_and_each_opcode_of_the_interface_has_its_row() -> None:
    assert set(EVENTS) == set(IMAGE.events)
    assert {row[0] for row in OPCODES.values()} == set(IMAGE.opcodes) - NOT_SENT


@pytest.mark.parametrize("kind", sorted(IMAGE.events))
def test_handle_and_value_end_up_where_the_data_file_says(kind: str) -> None:
    row = IMAGE.events[kind]
    plc = Plc.SORTER if row.plc == "sorter" else Plc.MACHINE
    event, _ = event_of(EventSlot(1, "divert" if kind == "extra" else "feeder", kind, 70_001, 5, 41, 3), plc, 9, 123)
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    assert fields.pop("at_us") == 123
    if row.handle in PREFIX:
        assert fields[row.handle] == f"{PREFIX[row.handle]}9-70001"
    value = {"item handle": "I9-41", "seq of the command * 256 + refusal code": None, "": None}.get(row.value, 41)
    if value is not None:
        assert value in fields.values()
    if "flags" in fields:
        assert fields["flags"] == 3


@pytest.mark.parametrize(
    ("plc", "station", "key"),
    [
        (Plc.MACHINE, "insert", "D2-7"),
        (Plc.MACHINE, "document_tray", "D2-7"),
        (Plc.MACHINE, "seal", "I2-7"),
        (Plc.SORTER, "induction", "S2-7"),
    ],
)
def test_a_lost_thing_is_named_by_what_it_is_at_that_station(plc: Plc, station: str, key: str) -> None:
    event, question = event_of(EventSlot(1, station, "lost", 7, 0, 0, 0), plc, 2, 0)
    assert (event.key, question) == (key, "")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("station", "kind"), [("", "document_fed"), ("feeder", "")])
def test_what_the_interface_does_not_know_is_not_guessed(station: str, kind: str) -> None:
    with pytest.raises(UnknownEventError, match="check the PLC program"):
        event_of(EventSlot(12, station, kind, 1, 0, 0, 0), Plc.MACHINE, 1, 0)


D, I_, S = DocumentKey("D3-17"), ItemId("I3-41"), ParcelKey("S3-9")
COMMANDS: list[tuple[c.Command, tuple[str, int, str, int, int]]] = [
    (c.InsertClose(document=D), ("D3-17", 17, "insert_close", 0, 0)),
    (c.InsertKeepOpen(document=D), ("D3-17", 17, "insert_keep_open", 0, 0)),
    (c.RejectDocument(document=D, reason="x"), ("D3-17", 17, "reject_document", 0, 0)),
    (c.Seal(item=I_), ("I3-41", 41, "seal", 0, 0)),
    (c.EjectUnsealed(item=I_, reason="x"), ("I3-41", 41, "eject_unsealed", 0, 0)),
    (c.Apply(item=I_, print_id=PrintId(900_001)), ("I3-41", 41, "apply", 900_001, 0)),
    (c.PurgeLabel(item=I_, print_id=PrintId(8)), ("I3-41", 41, "purge_label", 8, 0)),
    (c.Apply(item=I_, print_id=PrintId(9), head=2), ("I3-41", 41, "apply", 9, 1)),
    (c.PurgeLabel(item=I_, print_id=PrintId(8), head=2), ("I3-41", 41, "purge_label", 8, 1)),
    (c.NoLabel(item=I_), ("I3-41", 41, "no_label", 0, 0)),
    (c.Divert(parcel=S, chute=6), ("S3-9", 9, "divert", 0, 6)),
    (c.RejectItem(parcel=S, reason="x"), ("S3-9", 9, "reject_item", 0, 0)),
    (c.ClearBelt(plc=Plc.MACHINE), ("", 0, "clear_belt", 0, 0)),
    (c.RunOut(plc=Plc.SORTER), ("", 0, "run_out", 0, 0)),
]


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=lambda value: type(value).__name__)
def test_each_command_becomes_its_words(command: c.Command, expected: tuple[str, int, str, int, int]) -> None:
    slot = slot_of(command, IMAGE, 3)
    assert slot is not None
    assert (slot.key, slot.handle, IMAGE.opcode_names[slot.opcode], slot.argument, slot.chute) == expected
    assert (slot_of(command, IMAGE, 4) is None) == bool(slot.key)


def test_the_core_and_the_interface_mean_the_same_fault_bits() -> None:
    faults = load_process_image().faults
    assert (faults["applicator_fault"], faults["applicator_2_fault"]) == APPLICATOR_FAULTS
    told = {"estop": "ESTOP", "jam": "JAM", "label_mismatch_on_pad": "PAD_MISMATCH", "events_lost": "EVENTS_LOST"}
    assert dict(FAULTS) == {faults[name]: code for name, code in told.items()}
    assert set(faults) == {*told, "applicator_fault", "applicator_2_fault"}, "no bit is nobody's business"
