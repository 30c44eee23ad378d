"""The PLC interface as a strict model of process_image.toml: words, offsets and code tables for both directions."""

import tomllib
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Code = Annotated[int, Field(ge=0, le=255)]
SIDES = ("plc_to_edge", "edge_to_plc")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Word(_Strict):
    """One field: its name and its width in words (2 = unsigned 32 bit, high word first)."""

    name: str
    words: Literal[1, 2]


class Side(_Strict):
    """One direction: the header's fields, then `window` slots."""

    header: tuple[Word, ...]
    slot: tuple[Word, ...]

    @cached_property
    def offsets(self) -> dict[str, int]:
        """Header field → its first word."""
        return _offsets(self.header)

    @cached_property
    def slot_offsets(self) -> dict[str, int]:
        """Slot field → its first word within the slot."""
        return _offsets(self.slot)

    @cached_property
    def header_words(self) -> int:
        """Words before the first slot."""
        return sum(field.words for field in self.header)

    @cached_property
    def slot_words(self) -> int:
        """Words of one slot."""
        return sum(field.words for field in self.slot)


class EventRow(_Strict):
    """One event kind: its code, which PLC issues it, what `handle` and `value` carry."""

    code: Code
    plc: Literal["machine", "sorter", "both"]
    handle: Literal["document", "item", "parcel", "any", "none"]
    value: str


class OpcodeRow(_Strict):
    """One command: its code, which PLC takes it, at which decision point, what `handle` carries."""

    code: Code
    plc: Literal["machine", "sorter", "both"]
    point: Literal["D1", "D2", "D3", "D4", ""]
    handle: Literal["document", "item", "parcel", "none"]


class ModbusPlace(_Strict):
    """Where the image lies in holding registers."""

    read_register: Annotated[int, Field(ge=0, le=65535)]
    write_register: Annotated[int, Field(ge=0, le=65535)]


class S7Place(_Strict):
    """Where the image lies in data blocks."""

    read_db: Annotated[int, Field(ge=1, le=65535)]
    write_db: Annotated[int, Field(ge=1, le=65535)]


class MaxWords(_Strict):
    """Limits: one S7 PDU of 240 bytes, one Modbus transaction."""

    plc_to_edge: Annotated[int, Field(ge=1, le=110)]
    edge_to_plc: Annotated[int, Field(ge=1, le=90)]


class ProcessImage(_Strict):
    """The whole interface."""

    layout_version: Annotated[int, Field(ge=1, le=65535)]
    seq_max: Annotated[int, Field(ge=8, le=65535)]
    window: Annotated[int, Field(ge=1, le=16)]
    fifo_min: Annotated[int, Field(ge=8)]
    max_words: MaxWords
    modbus: ModbusPlace
    s7: S7Place
    plc_to_edge: Side
    edge_to_plc: Side
    stations: dict[str, Code]
    events: dict[str, EventRow]
    opcodes: dict[str, OpcodeRow]
    refusals: dict[str, Code]
    event_flags: dict[str, Annotated[int, Field(ge=0, le=15)]]
    faults: dict[str, Annotated[int, Field(ge=0, le=15)]]
    alarms: dict[str, Annotated[int, Field(ge=0, le=15)]]
    buttons: dict[str, Annotated[int, Field(ge=0, le=15)]]

    @model_validator(mode="after")
    def _consistent(self) -> "ProcessImage":
        for side in SIDES:
            words, most = self.words(side), getattr(self.max_words, side)
            if words > most:
                raise ValueError(f"{side} has {words} words, allowed are {most}")
        if self.seq_max % self.window:
            raise ValueError(
                f"seq_max {self.seq_max} is not a multiple of the window {self.window}: slots would shift at the wrap"
            )
        tables: tuple[tuple[str, list[int]], ...] = (
            ("stations", list(self.stations.values())),
            ("events", [row.code for row in self.events.values()]),
            ("opcodes", [row.code for row in self.opcodes.values()]),
            ("refusals", list(self.refusals.values())),
        )
        for name, codes in tables:
            if len(set(codes)) != len(codes):
                raise ValueError(f"table {name}: a code stands there twice")
        return self

    def words(self, side: str) -> int:
        """Total words of one direction ("plc_to_edge", "edge_to_plc")."""
        layout: Side = getattr(self, side)
        return layout.header_words + self.window * layout.slot_words

    @cached_property
    def station_names(self) -> dict[int, str]:
        """Code → station."""
        return {code: name for name, code in self.stations.items()}

    @cached_property
    def event_names(self) -> dict[int, str]:
        """Code → event kind."""
        return {row.code: name for name, row in self.events.items()}

    @cached_property
    def opcode_names(self) -> dict[int, str]:
        """Code → opcode."""
        return {row.code: name for name, row in self.opcodes.items()}

    @cached_property
    def refusal_names(self) -> dict[int, str]:
        """Code → reason of refusal."""
        return {code: name for name, code in self.refusals.items()}


def _offsets(fields: tuple[Word, ...]) -> dict[str, int]:
    offsets, at = {}, 0
    for field in fields:
        offsets[field.name] = at
        at += field.words
    return offsets


def load_process_image(path: Path | None = None) -> ProcessImage:
    """The interface from `path`, by default the one that ships with the product. Raises ValueError with all faults."""
    if path is None:
        text = resources.files("line_config").joinpath("process_image.toml").read_text(encoding="utf-8")
    else:
        text = path.read_text(encoding="utf-8")
    return ProcessImage.model_validate(tomllib.loads(text), strict=False)
