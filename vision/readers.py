"""One frame to one reading: which layout lies there, where its number is, and what of it is proved. Knows no orders."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout
from vision.barcode import SymbolFound
from vision.cut_off import completed, cut_edges
from vision.forms import FORMS, Slots, parse
from vision.locate import Outline, find_outline, straighten
from vision.messages import ACCEPTED, Flag
from vision.mrz import mrz_value
from vision.ocr import LINE_HEIGHT_PX, Line, LineReader
from vision.quality import assess
from vision.symbols import look_twice

Image = NDArray[np.uint8]
Corners = tuple[tuple[int, int], ...]

NOTHING = Flag(0)
BLIND_CHANCE_MAX = 0.01
"""of a look-alike that no check digit sees: above it, a reading is not proved"""
BARE_PAPER = frozenset({"no_contrast"})
"""what the quality gate says of a place without print"""


@dataclass(frozen=True)
class Reading:
    """What one frame says. `value` is the full number and never leaves the worker; `kind` None: nothing read, see `reason`."""

    kind: str | None
    value: str = field(default="", repr=False)
    symbology: str = ""
    flags: Flag = NOTHING
    confidence: float = 0.0
    corners: Corners = ()
    reason: str = ""
    second: str = field(default="", repr=False)
    """birth or expiry, where the layout carries it; it never leaves the worker either"""

    @property
    def accepted(self) -> bool:
        """Whether this frame's reading counts: syntax, check digit and dates are proved."""
        return self.flags & ACCEPTED == ACCEPTED


def unread(reason: str) -> Reading:
    """A frame in which nothing was read."""
    return Reading(None, reason=reason)


class DocumentReader:
    """Reads frames of the ID camera with the given layouts. Two kinds that are both proved prove nothing."""

    def __init__(self, layouts: Sequence[DocumentLayout], lines: LineReader | None = None) -> None:
        self._lines = lines or LineReader()
        self._printed = [layout for layout in layouts if layout.reader in FORMS]
        self._marked = [layout for layout in layouts if layout.reader == "symbols"]

    def warm_up(self) -> None:
        """Load what takes long. Raises RecogniserFailed."""
        self._lines.warm_up()

    def read(self, frame: Image) -> Reading:
        """Read one Mono8 frame. Raises RecogniserFailed."""
        outline = find_outline(frame)
        if outline is None:
            return unread("empty_belt")
        readings = [*self._by_symbols(frame, outline), *self._by_lines(frame, outline)]
        return best(readings) if readings else unread("unknown_outline" if outline.whole else "cut_off")

    def _by_symbols(self, frame: Image, outline: Outline) -> Iterator[Reading]:
        fitting = [layout for layout in self._marked if symbols_fit(outline, layout)]
        wanted = frozenset(symbology for layout in fitting for symbology in layout.symbologies)
        symbols = look_twice(frame, wanted) if fitting else ()
        for layout in fitting:
            yield symbols_reading(symbols, layout) or unread("foreign_symbol" if symbols else "no_symbol")

    def _by_lines(self, frame: Image, outline: Outline) -> Iterator[Reading]:
        if not outline.whole:
            yield from self._cut_off(frame, outline)
            return
        places = [(layout, turned) for layout in self._printed for turned in turns_that_fit(outline, layout)]
        readings = [read_line(self._lines, frame, turned, layout) for layout, turned in places]
        if readings and all(reading.reason in BARE_PAPER for reading in readings):
            # It has a document's size, and nothing is printed wherever its number could be: it shows its back.
            yield unread("wrong_side")
        else:
            yield from readings

    def _cut_off(self, frame: Image, outline: Outline) -> Iterator[Reading]:
        """What lies with a corner or one edge beyond the frame; with more it is one of the sheets that always do."""
        if len(edges := cut_edges(outline, frame.shape)) > 1:
            return
        for layout in self._printed:
            for whole in completed(outline, layout, frame.shape) if edges else turns_that_fit(outline, layout):
                reading = read_line(self._lines, frame, whole, layout)
                if reading.kind:
                    yield reading
        yield unread("cut_off")


def best(readings: Sequence[Reading]) -> Reading:
    """The one with the most proved; of several kinds that are proved, none."""
    kinds = {reading.kind for reading in readings if reading.accepted}
    return unread("ambiguous_kind") if len(kinds) > 1 else max(reversed(readings), key=proved)


def turns_that_fit(outline: Outline, layout: DocumentLayout, tolerance: float = 0.07) -> Iterator[Outline]:
    """The outline read from each of the sides from which it has the layout's proportions."""
    turned = (outline.turned(quarters) for quarters in range(4))
    return (one for one in turned if shape_fits(one, layout, tolerance))


def symbols_fit(outline: Outline, layout: DocumentLayout) -> bool:
    """A sheet reaches beyond the frame; what lies in it has its own shape, from whichever side."""
    return not outline.whole if layout.beyond_frame else outline.whole and any(turns_that_fit(outline, layout))


def read_line(lines: LineReader, image: Image, outline: Outline, layout: DocumentLayout) -> Reading:
    """The number line, or lines, of the document in `outline`. Raises RecogniserFailed."""
    texts: list[Line] = []
    for number, slots in enumerate(slots_of(layout)):
        crop = straighten(image, outline, layout.line(number), LINE_HEIGHT_PX)
        if reason := assess(crop).reason:
            return unread(reason)
        texts.append(lines.read(crop, slots))
    return judge_line(together(texts), outline, layout)


def together(lines: Sequence[Line]) -> Line:
    """Several lines as one text; as sure as the least sure of them."""
    chances = tuple(chance for line in lines for chance in line.chances)
    return Line("".join(line.text for line in lines), min(line.confidence for line in lines), chances)


@cache
def slots_of(layout: DocumentLayout) -> tuple[Slots, ...]:
    """What may stand at each place of each line: the form's, narrowed down to this kind's numbers."""
    form = FORMS[layout.reader]
    slots = [slot for line in form.lines for slot in line]
    slots[form.number.start or 0 : form.number.stop] = layout.number_slots or slots[form.number]
    ends = list(accumulate(len(line) for line in form.lines))
    return tuple(tuple(slots[end - len(line) : end]) for end, line in zip(ends, form.lines, strict=True))


def judge_line(line: Line, outline: Outline, layout: DocumentLayout) -> Reading:
    """What the text of a form says about the document in `outline`."""
    parsed = parse(FORMS[layout.reader], line.text)
    if parsed is None:
        return unread("no_number")
    flags = NOTHING
    for flag, proof in (
        (Flag.SYNTAX, re.fullmatch(layout.pattern, parsed.number, re.ASCII) and re.match(layout.zone_pattern, line.text)),
        (Flag.CHECK_DIGIT, parsed.checked and blind_chance(line, layout) <= BLIND_CHANCE_MAX),
        (Flag.DATES, parsed.dated),
        (Flag.CONFIDENT, line.confidence * 1000 >= layout.confidence_min_permille),
    ):
        flags |= flag if proof else NOTHING
    if not flags & ACCEPTED:
        return unread("no_number")
    corners = tuple((round(x), round(y)) for x, y in outline.quad)
    second = getattr(parsed, layout.second_field) if layout.second_field else ""
    return Reading(layout.kind, parsed.number, "ocr", flags, line.confidence, corners, second=second)


def blind_chance(line: Line, layout: DocumentLayout) -> float:
    """The greatest chance, among the number's places, of a character that the check digits cannot tell from the one read.

    G and Q, E and 4: what weights of 7, 3 and 1 modulo 10 do not see, only the recogniser can. 0 where nobody looked.
    """
    if layout.check != "mrz" or not line.chances:
        return 0.0
    number = FORMS[layout.reader].number
    slots = [slot for one in slots_of(layout) for slot in one]
    places = zip(line.text[number], slots[number], line.chances[number], strict=True)
    return max(float((seen * _blind(character, slot)).max()) for character, slot, seen in places)


@cache
def _blind(character: str, slot: str) -> NDArray[np.float32]:
    """1 for each other character of the slot with the same value modulo 10."""
    value = mrz_value(character) % 10
    return np.array([other != character and mrz_value(other) % 10 == value for other in slot], np.float32)


def shape_fits(outline: Outline, layout: DocumentLayout, tolerance: float = 0.07) -> bool:
    """Whether the outline has the layout's proportions; the default suits a camera that looks straight down."""
    return abs(outline.aspect / layout.size_mm.aspect - 1) < tolerance


def proved(reading: Reading) -> tuple[int, float]:
    """How much is proved of a reading, for choosing the best."""
    return reading.flags.bit_count(), reading.confidence


def symbols_reading(symbols: Sequence[SymbolFound], layout: DocumentLayout) -> Reading | None:
    """The number that all fitting symbols carry; None if none fits or two differ.

    The symbology's own error detection stands for the check digit, a second symbol or decoder for confidence.
    """
    fitting = [
        symbol
        for symbol in symbols
        if symbol.symbology in layout.symbologies and re.fullmatch(layout.pattern, symbol.text, re.ASCII)
    ]
    if len({symbol.text for symbol in fitting}) != 1:
        return None
    sure = len({symbol.symbology for symbol in fitting}) > 1 or any(symbol.confirmed for symbol in fitting)
    first = fitting[0]
    flags = ACCEPTED | (Flag.CONFIDENT if sure else NOTHING)
    return Reading(layout.kind, first.text, first.symbology, flags, 1.0 if sure else 0.5, first.corners)
