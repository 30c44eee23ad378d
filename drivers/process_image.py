"""Pure codec of the PLC interface: words ↔ typed images, in both directions. No I/O, no state.

A slot is believed only if both of its sequence numbers agree; a wrong length or layout version is a BadReply.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from drivers.ports import BadReply
from line_config.process_image import ProcessImage, Side, load_process_image


class WrongLayout(BadReply):
    """The PLC program and this edge were made from different versions of the interface."""


class WrongOrder(BadReply):
    """The image is the right one, with the bytes of each word exchanged."""


class EventSlot(NamedTuple):
    """One event as the PLC wrote it; names of station and kind, "" where the table has no such code."""

    seq: int
    station: str
    kind: str
    handle: int
    plc_ms: int
    value: int
    flags: int


class CommandSlot(NamedTuple):
    """One command for the PLC."""

    seq: int
    reply_to: int
    handle: int
    opcode: int
    argument: int = 0
    chute: int = 0


class PlcImage(NamedTuple):
    """PLC → edge: header values by name, whole slots in no particular order, and how many were torn."""

    header: dict[str, int]
    events: tuple[EventSlot, ...]
    torn: int


class EdgeImage(NamedTuple):
    """Edge → PLC: header values by name (layout_version may be left out), and the ring's slots."""

    header: dict[str, int]
    commands: tuple[CommandSlot, ...] = ()


def next_seq(seq: int, seq_max: int) -> int:
    """The number after `seq`: 1..seq_max, 0 = none yet."""
    return seq % seq_max + 1


def seq_distance(first: int, second: int, seq_max: int) -> int:
    """How many steps from `first` to `second`; both 1..seq_max, or 0 = before the first."""
    return (second - first) % seq_max


def _layout(side: Side, window: int) -> struct.Struct:
    header = "".join("I" if field.words == 2 else "H" for field in side.header)
    slot = "".join("I" if field.words == 2 else "H" for field in side.slot)
    return struct.Struct(">" + header + slot * window)


class ImageCodec:
    """Words ↔ images for one interface. Slots rarely change from one exchange to the next, so the last ones are kept."""

    def __init__(self, image: ProcessImage | None = None) -> None:
        self.image = image or load_process_image()
        self._plc = _layout(self.image.plc_to_edge, self.image.window)
        self._edge = _layout(self.image.edge_to_plc, self.image.window)
        self.plc_words = self.image.words("plc_to_edge")
        self.edge_words = self.image.words("edge_to_plc")
        self._plc_packed = struct.Struct(f">{self.plc_words}H")
        self._edge_packed = struct.Struct(f">{self.edge_words}H")
        offsets = self.image.plc_to_edge.offsets
        self._beat_at, self._echo_at = offsets["heartbeat"], offsets["echo"]
        self._plc_names = tuple(field.name for field in self.image.plc_to_edge.header)
        self._edge_names = tuple(field.name for field in self.image.edge_to_plc.header)
        self._ring: tuple[tuple[CommandSlot, ...], list[int]] = ((), [0] * 7 * self.image.window)
        self._window: tuple[tuple[int, ...], tuple[EventSlot, ...], int] = ((), (), 0)

    # --- PLC → edge ---
    def beat(self, words: Sequence[int]) -> int:
        """The heartbeat in a PLC's image."""
        return words[self._beat_at]

    def echo(self, words: Sequence[int]) -> int:
        """The edge's heartbeat that it saw last."""
        return words[self._echo_at]

    def news(self, words: tuple[int, ...]) -> tuple[int, ...]:
        """A PLC's image without what changes in every scan: heartbeat and echo."""
        beat, echo = self._beat_at, self._echo_at
        return words[:beat] + words[beat + 1 : echo] + words[echo + 1 :]

    def decode_plc(self, words: Sequence[int]) -> PlcImage:
        """Words → image. Raises BadReply for a wrong length or layout version."""
        if len(words) != self.plc_words:
            raise BadReply(f"PLC image has {len(words)} words, expected {self.plc_words}: check the PLC program's data block")
        values = self._plc.unpack(self._plc_packed.pack(*words))
        header = dict(zip(self._plc_names, values, strict=False))
        if header["layout_version"] == self.image.layout_version << 8:
            raise WrongOrder(
                f"word order: the layout version came as {header['layout_version']}, the bytes of each word are swapped; "
                'set byte_order = "little" in this line\'s file, or swap them in the PLC program'
            )
        if header["layout_version"] != self.image.layout_version:
            raise WrongLayout(
                f"layout version of the PLC program is {header['layout_version']}, of this edge {self.image.layout_version}: "
                "load the PLC program and the process image that belong together"
            )
        slots = values[len(self._plc_names) :]
        if slots != self._window[0]:
            self._window = (slots, *self._decode_slots(slots))
        return PlcImage(header, self._window[1], self._window[2])

    def _decode_slots(self, values: tuple[int, ...]) -> tuple[tuple[EventSlot, ...], int]:
        events, torn = [], 0
        for at in range(0, len(values), 7):
            seq, station_kind, handle, plc_ms, value, flags, seq_copy = values[at : at + 7]
            if seq != seq_copy:
                torn += 1
            elif seq:
                station = self.image.station_names.get(station_kind >> 8, "")
                kind = self.image.event_names.get(station_kind & 255, "")
                events.append(EventSlot(seq, station, kind, handle, plc_ms, value, flags))
        return tuple(events), torn

    def encode_plc(self, image: PlcImage) -> tuple[int, ...]:
        """Image → words; the inverse of `decode_plc`, for tests and tools."""
        values = [self.image.layout_version if n == "layout_version" else image.header.get(n, 0) for n in self._plc_names]
        slots: list[tuple[int, ...]] = [(0,) * 7] * self.image.window
        for event in image.events:
            station_kind = self.image.stations[event.station] * 256 + self.image.events[event.kind].code
            place = (event.seq - 1) % self.image.window
            slots[place] = (event.seq, station_kind, event.handle, event.plc_ms, event.value, event.flags, event.seq)
        return self._plc_packed.unpack(self._plc.pack(*values, *_flat(slots)))

    # --- edge → PLC ---
    def encode_edge(self, image: EdgeImage) -> tuple[int, ...]:
        """Image → words."""
        values = [self.image.layout_version if n == "layout_version" else image.header.get(n, 0) for n in self._edge_names]
        if image.commands is not self._ring[0]:
            slots: list[tuple[int, ...]] = [(0,) * 7] * self.image.window
            for command in image.commands:
                slots[(command.seq - 1) % self.image.window] = (*command, command.seq)
            self._ring = (image.commands, _flat(slots))
        return self._edge_packed.unpack(self._edge.pack(*values, *self._ring[1]))

    def decode_edge(self, words: Sequence[int]) -> EdgeImage:
        """Words → image; the inverse of `encode_edge`, for tests and tools."""
        if len(words) != self.edge_words:
            raise BadReply(f"edge image has {len(words)} words, expected {self.edge_words}")
        values = self._edge.unpack(self._edge_packed.pack(*words))
        header = dict(zip(self._edge_names, values, strict=False))
        slots = (values[at : at + 7] for at in range(len(self._edge_names), len(values), 7))
        return EdgeImage(header, tuple(CommandSlot(*slot[:6]) for slot in slots if slot[0] and slot[0] == slot[6]))


def _flat(slots: Iterable[tuple[int, ...]]) -> list[int]:
    return [value for slot in slots for value in slot]
