"""The interface as registers: one row per word for people who map them, and the tables of codes, as CSV."""

import csv
import io
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

from line_config.process_image import SIDES, ProcessImage, Side, Word

BITS = frozenset({"faults", "alarms", "buttons", "guard_zones", "zones_empty", "flags"})
"""fields whose bits mean something each"""
TABLES = ("stations", "events", "opcodes", "refusals", "event_flags", "faults", "alarms", "buttons")
"""code tables of the interface, as process_image.toml names them"""
COLUMNS = (
    "table", "name", "register", "word", "byte", "words", "type", "direction", "code", "plc", "handle", "value",
    "meaning", "含义",
)  # fmt: skip


class Field(NamedTuple):
    """One field at its place: `path` is "state" or "slots[3].seq", `word` counts from the beginning of its direction."""

    side: str
    path: str
    name: str
    word: int
    words: int
    slot: int | None


class Meaning(NamedTuple):
    """What a name says, in both languages."""

    en: str
    zh: str


def data_type(field: Word | Field) -> str:
    """IEC type of a field: WORD for bits, UINT for a number, UDINT for one of two words (high word first)."""
    if field.words == 2:
        return "UDINT"
    return "WORD" if field.name in BITS else "UINT"


@cache
def meanings() -> dict[str, dict[str, Meaning]]:
    """Table → name → meaning, from meanings.toml."""
    text = resources.files("line_config.plc").joinpath("meanings.toml").read_text(encoding="utf-8")
    return {table: {name: Meaning(*both) for name, both in rows.items()} for table, rows in tomllib.loads(text).items()}


def meaning_of(field: Field) -> Meaning:
    """What a field says."""
    return meanings()[field.side if field.slot is None else f"{field.side}_slot"][field.name]


def fields(image: ProcessImage, side: str) -> Iterator[Field]:
    """All fields of one direction in the order of their words: the header's, then each slot's."""
    layout: Side = getattr(image, side)
    for field in layout.header:
        yield Field(side, field.name, field.name, layout.offsets[field.name], field.words, None)
    for slot in range(image.window):
        first = layout.header_words + slot * layout.slot_words
        for field in layout.slot:
            at = first + layout.slot_offsets[field.name]
            yield Field(side, f"slots[{slot}].{field.name}", field.name, at, field.words, slot)


def first_register(image: ProcessImage, side: str) -> int:
    """Holding register of a direction's word 0."""
    return image.modbus.read_register if side == "plc_to_edge" else image.modbus.write_register


def codes(image: ProcessImage, table: str) -> dict[str, int]:
    """Name → code or bit number."""
    rows: dict[str, object] = getattr(image, table)
    return {name: row if isinstance(row, int) else image.model_dump()[table][name]["code"] for name, row in rows.items()}


def _code_row(image: ProcessImage, table: str, name: str, code: int) -> dict[str, object]:
    said = meanings()[table][name]
    row: dict[str, object] = {"table": table, "name": name, "code": code, "meaning": said.en, "含义": said.zh}
    if table == "events":
        event = image.events[name]
        row |= {"plc": event.plc, "handle": event.handle, "value": event.value}
    elif table == "opcodes":
        opcode = image.opcodes[name]
        row |= {"plc": opcode.plc, "handle": opcode.handle, "value": opcode.point}
    return row


def rows(image: ProcessImage) -> Iterator[dict[str, object]]:
    """Rows of the CSV: the registers of both directions by address, then every code table."""
    for side in SIDES:
        for field in fields(image, side):
            said = meaning_of(field)
            yield {
                "table": "registers", "name": field.path, "register": first_register(image, side) + field.word,
                "word": field.word, "byte": 2 * field.word, "words": field.words, "type": data_type(field), "direction": side,
                "meaning": said.en, "含义": said.zh,
            }  # fmt: skip
    for table in TABLES:
        for name, code in codes(image, table).items():
            yield _code_row(image, table, name, code)


def csv_text(image: ProcessImage) -> str:
    """The whole table as CSV (comma, quoted where needed, LF)."""
    into = io.StringIO()
    writer = csv.DictWriter(into, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(image))
    return into.getvalue()
