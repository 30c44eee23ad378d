"""How a Modbus PLC lays numbers into its registers: order of the two words of a 32-bit number, of the two bytes of a word."""

import struct
from collections.abc import Sequence
from typing import Literal

from line_config.process_image import ProcessImage, Side

Order = Literal["big", "little"]


class WordOrder:
    """The interface is big-endian in both; this puts another order right on the way in and out. "big", "big" costs nothing."""

    def __init__(self, image: ProcessImage, word_order: Order = "big", byte_order: Order = "big") -> None:
        self._swaps_bytes = byte_order == "little"
        swaps_words = word_order == "little"
        self._edge_places = _places(image.edge_to_plc, image.window) if swaps_words else None
        self._plc_places = _places(image.plc_to_edge, image.window) if swaps_words else None

    def to_plc(self, words: Sequence[int]) -> list[int]:
        """The edge's image as it goes into the registers."""
        return self._arrange(words, self._edge_places)

    def from_plc(self, registers: Sequence[int]) -> tuple[int, ...]:
        """The PLC's image as the interface has it."""
        return tuple(self._arrange(registers, self._plc_places))

    def from_edge(self, registers: Sequence[int]) -> tuple[int, ...]:
        """The edge's image, read back from the registers."""
        return tuple(self._arrange(registers, self._edge_places))

    def _arrange(self, words: Sequence[int], places: list[int] | None) -> list[int]:
        arranged = list(words) if places is None else [words[place] for place in places]
        if self._swaps_bytes:
            arranged = list(struct.unpack(f"<{len(arranged)}H", struct.pack(f">{len(arranged)}H", *arranged)))
        return arranged


def _places(side: Side, window: int) -> list[int]:
    """Place → the place that it changes with: both words of each 32-bit number exchanged."""
    places: list[int] = []
    for field in (*side.header, *side.slot * window):
        at = len(places)
        places += [at] if field.words == 1 else [at + 1, at]
    return places
