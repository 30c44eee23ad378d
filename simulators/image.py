"""The simulators' own codec of the PLC interface, from the same data file and from nothing else of the product."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from line_config.process_image import ProcessImage, Side


class Command(NamedTuple):
    """One command slot as the PLC sees it."""

    seq: int
    reply_to: int
    handle: int
    opcode: int
    argument: int
    chute: int


class EdgeView(NamedTuple):
    """The edge's image: its header by field name, and the slots whose two sequence numbers agree."""

    header: Mapping[str, int]
    commands: tuple[Command, ...]


class Event(NamedTuple):
    """One event slot as the PLC writes it."""

    seq: int
    station_kind: int
    handle: int
    plc_ms: int
    value: int
    flags: int


def _format(fields: Iterable[int]) -> str:
    return "".join("I" if words == 2 else "H" for words in fields)


def _side_format(side: Side, window: int) -> str:
    header = _format(field.words for field in side.header)
    slot = _format(field.words for field in side.slot)
    return ">" + header + slot * window


class ImageCodec:
    """Words ↔ values for both directions."""

    def __init__(self, image: ProcessImage) -> None:
        self.image = image
        self._plc = struct.Struct(_side_format(image.plc_to_edge, image.window))
        self._edge = struct.Struct(_side_format(image.edge_to_plc, image.window))
        self._plc_words = struct.Struct(f">{image.words('plc_to_edge')}H")
        self._edge_words = struct.Struct(f">{image.words('edge_to_plc')}H")
        self._plc_names = tuple(field.name for field in image.plc_to_edge.header)
        self._edge_names = tuple(field.name for field in image.edge_to_plc.header)
        self.empty_edge: tuple[int, ...] = (0,) * image.words("edge_to_plc")

    def encode_plc(self, header: Mapping[str, int], events: Sequence[Event | None]) -> tuple[int, ...]:
        """PLC → edge words; `events` are the window's slots by place, None = empty."""
        values = [header[name] for name in self._plc_names]
        for event in events:
            values += (0, 0, 0, 0, 0, 0, 0) if event is None else (*event, event.seq)
        return self._plc_words.unpack(self._plc.pack(*values))

    def decode_edge(self, words: Sequence[int]) -> EdgeView:
        """Edge → PLC words; a slot whose sequence numbers differ is torn and left out."""
        values = self._edge.unpack(self._edge_words.pack(*words))
        count = len(self._edge_names)
        header = dict(zip(self._edge_names, values[:count], strict=True))
        commands = []
        for at in range(count, len(values), 7):
            seq, reply_to, handle, opcode, argument, chute, seq_copy = values[at : at + 7]
            if seq and seq == seq_copy:
                commands.append(Command(seq, reply_to, handle, opcode, argument, chute))
        return EdgeView(header, tuple(commands))
