"""Between the PLC's codes and the core's words: which slot is which event, which command is which opcode. Two tables."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from drivers.process_image import EventSlot
from edge.core import commands as c
from edge.core import events as e
from edge.core.event import Event
from edge.core.values import Plc
from line_config.process_image import ProcessImage, load_process_image

PREFIX_OF = {"document": "D", "item": "I", "parcel": "S"}


class UnknownEventError(Exception):
    """The PLC issued an event that the interface does not have."""


Make = Callable[[EventSlot, Plc, int, int], Event]


def _key(prefix: str, boot: int, handle: int) -> Any:
    return f"{prefix}{boot}-{handle}"


def _simple(kind: type[Event], field: str, prefix: str, value_field: str = "") -> Make:
    def make(slot: EventSlot, _: Plc, boot: int, at_us: int) -> Event:
        fields: dict[str, Any] = {field: _key(prefix, boot, slot.handle), "flags": slot.flags}
        if value_field:
            fields[value_field] = slot.value
        return kind(at_us=at_us, **fields)

    return make


def _inserted(slot: EventSlot, _: Plc, boot: int, at_us: int) -> Event:
    return e.Inserted(at_us=at_us, document=_key("D", boot, slot.handle), item=_key("I", boot, slot.value), flags=slot.flags)


# The handle of a report about "something": a document's up to the gate, an item's behind it, a parcel's on the sorter.
_DOCUMENT_STATIONS = ("feeder", "insert", "document_tray")


def _any_key(slot: EventSlot, plc: Plc, boot: int) -> str:
    if plc is Plc.SORTER:
        return str(_key("S", boot, slot.handle))
    return str(_key("D" if slot.station in _DOCUMENT_STATIONS else "I", boot, slot.handle))


def _lost(slot: EventSlot, plc: Plc, boot: int, at_us: int) -> Event:
    return e.Lost(at_us=at_us, plc=plc, key=_any_key(slot, plc, boot), station=slot.station)


def _reject_unconfirmed(slot: EventSlot, plc: Plc, boot: int, at_us: int) -> Event:
    return e.RejectUnconfirmed(at_us=at_us, plc=plc, key=_any_key(slot, plc, boot), station=slot.station)


def _extra(slot: EventSlot, plc: Plc, _: int, at_us: int) -> Event:
    return e.Extra(at_us=at_us, plc=plc, station=slot.station, chute=slot.value)


@cache
def _refusal_names() -> dict[int, str]:
    return load_process_image().refusal_names


def _refused(slot: EventSlot, plc: Plc, _: int, at_us: int) -> Event:
    # The handle's kind follows from the opcode, which the event does not repeat: the link, which sent it, adds the key.
    code = _refusal_names().get(slot.value & 255, "unknown")
    return e.CommandRefused(at_us=at_us, plc=plc, key="", command_seq=slot.value >> 8, code=code)


def _belt_empty(_: EventSlot, plc: Plc, __: int, at_us: int) -> Event:
    return e.BeltEmpty(at_us=at_us, plc=plc)


EVENTS: dict[str, Make] = {
    "document_fed": _simple(e.DocumentFed, "document", "D", "trigger"),
    "inserted": _inserted,
    "document_rejected": _simple(e.DocumentRejected, "document", "D"),
    "sealed": _simple(e.Sealed, "item", "I"),
    "item_ejected": _simple(e.ItemEjected, "item", "I"),
    "weighed": _simple(e.Weighed, "item", "I", "weight_100mg"),
    "label_applied": _simple(e.LabelApplied, "item", "I", "print_id"),
    "label_purged": _simple(e.LabelPurged, "item", "I", "print_id"),
    "label_exposed": _simple(e.LabelExposed, "item", "I", "trigger"),
    "handed_over": _simple(e.HandedOver, "item", "I"),
    "inducted": _simple(e.Inducted, "parcel", "S"),
    "diverted": _simple(e.Diverted, "parcel", "S", "chute"),
    "item_rejected": _simple(e.ItemRejected, "parcel", "S"),
    "divert_unconfirmed": _simple(e.DivertUnconfirmed, "parcel", "S", "chute"),
    "lost": _lost,
    "extra": _extra,
    "reject_unconfirmed": _reject_unconfirmed,
    "command_refused": _refused,
    "belt_empty": _belt_empty,
}
# Events that open a question: the answer names their number in `reply_to`, under the key of what it is about.
_QUESTIONS = {"document_fed": "document", "inserted": "item", "weighed": "item", "inducted": "parcel"}


def event_of(slot: EventSlot, plc: Plc, boot: int, at_us: int) -> tuple[Event, str]:
    """The event of a slot, and the key that an answer to it will bear ("" = no question). Raises UnknownEventError."""
    make = EVENTS.get(slot.kind)
    if make is None or not slot.station:
        raise UnknownEventError(
            f"event {slot.seq} of {plc} has a kind or station that the interface does not know: check the PLC program"
        )
    event = make(slot, plc, boot, at_us)
    key = str(getattr(event, _QUESTIONS[slot.kind])) if slot.kind in _QUESTIONS else ""
    return event, key


class Slot(NamedTuple):
    """A command's words, and the key that it is about."""

    key: str
    handle: int
    opcode: int
    argument: int = 0
    chute: int = 0


# Command → (opcode, field with the key, field for `argument`, field for `chute`).
OPCODES: dict[type[c.Command], tuple[str, str, str, str]] = {
    c.InsertClose: ("insert_close", "document", "", ""),
    c.InsertKeepOpen: ("insert_keep_open", "document", "", ""),
    c.RejectDocument: ("reject_document", "document", "", ""),
    c.Seal: ("seal", "item", "", ""),
    c.EjectUnsealed: ("eject_unsealed", "item", "", ""),
    c.Apply: ("apply", "item", "print_id", "pad"),
    c.PurgeLabel: ("purge_label", "item", "print_id", "pad"),
    c.NoLabel: ("no_label", "item", "", ""),
    c.Divert: ("divert", "parcel", "", "chute"),
    c.RejectItem: ("reject_item", "parcel", "", ""),
    c.ClearBelt: ("clear_belt", "", "", ""),
    c.RunOut: ("run_out", "", "", ""),
}


def slot_of(command: c.Command, image: ProcessImage, boot: int) -> Slot | None:
    """The words of a command; None when it speaks of something of another PLC boot, which this PLC cannot know."""
    name, key_field, argument_field, chute_field = OPCODES[type(command)]
    key = str(getattr(command, key_field)) if key_field else ""
    handle = 0
    if key:
        key_boot, _, number = key[1:].partition("-")
        if int(key_boot) != boot:
            return None
        handle = int(number)
    argument = getattr(command, argument_field) if argument_field else 0
    chute = getattr(command, chute_field) if chute_field else 0
    return Slot(key, handle, image.opcodes[name].code, argument, chute)
