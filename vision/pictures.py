"""Readings from a picture of any size and orientation: first as the belt's cameras would see it, then searching."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout
from vision import s10
from vision.barcode import ANY, LABEL, SURE, SymbolFound
from vision.forms import FORMS
from vision.locate import Outline, find_outline
from vision.messages import Flag
from vision.ocr import PITCH_PX, SECOND, LineReader
from vision.quality import CONTRAST_MIN, assess, blank
from vision.readers import (
    NOTHING,
    Corners,
    Reading,
    judge_line,
    proved,
    read_line,
    shape_fits,
    slots_of,
    symbols_reading,
    together,
    unread,
)
from vision.rows import Part, Row, find_rows, zones
from vision.symbols import all_symbols, moved, scaled

Image = NDArray[np.uint8]

_DOCUMENT_SIDE_PX = 2000
_ASPECT_TOLERANCE = 0.15
"""Nobody holds a telephone square to a document."""
_TURNS = (0, 2, 1, 3)
Way = Callable[[LineReader], Iterator[Reading]]
NO_FORMATS: frozenset[str] = frozenset()
ANY_DOCUMENT = "number"
"""kind of a number that was read without what would show whose document it is"""
_SYMBOL_KINDS = {"label": LABEL, "symbol": ANY}


def kinds(layouts: Sequence[DocumentLayout]) -> tuple[str, ...]:
    """What may be asked for: everything, a label, any symbol or one symbology, any document or one of the layouts."""
    return ("auto", *_SYMBOL_KINDS, *sorted(ANY), "document", *(layout.kind for layout in layouts))


class PictureReader:
    """Reads pictures of documents, labels and parcels; everything found in one picture is one reading."""

    def __init__(self, layouts: Sequence[DocumentLayout], kind: str = "auto") -> None:
        """`kind`: see kinds(). Raises ValueError for one that is not known."""
        if kind not in kinds(layouts):
            raise ValueError(f"{kind} is none of {', '.join(kinds(layouts))}")
        layouts = [layout for layout in layouts if kind in ("auto", "document", layout.kind)]
        of_sheets = any(layout.reader == "symbols" for layout in layouts)
        self._formats = {**_SYMBOL_KINDS, **{name: frozenset({name}) for name in ANY}}.get(
            kind, ANY if of_sheets else NO_FORMATS
        )
        self._any_symbol = kind in ("auto", *_SYMBOL_KINDS, *ANY)
        self._layouts, self._engines = layouts, (LineReader(), LineReader(SECOND))
        self._printed = [layout for layout in layouts if layout.reader in FORMS]

    def read(self, image: Image) -> list[Reading]:
        """All readings of a grey picture: its symbols, and the line or zone of a document. Raises RecogniserFailed."""
        if blank(image):
            return []
        readings = self._symbols(all_symbols(image, self._formats)) if self._formats else []
        factor = max(1.0, max(image.shape) / _DOCUMENT_SIDE_PX)
        page = scaled(image, 1 / factor)
        found = self._beside_symbols(page) if readings else [one for one in (self._document(page),) if one]
        return [*readings, *(replace(one, corners=moved(one.corners, factor)) for one in found)]

    def _symbols(self, symbols: Sequence[SymbolFound]) -> list[Reading]:
        sheets = (symbols_reading(symbols, layout) for layout in self._layouts if layout.reader == "symbols")
        documents = [reading for reading in sheets if reading]
        taken = {reading.value for reading in documents}
        others = (symbol_reading(symbol, symbols) for symbol in symbols if self._any_symbol and symbol.text not in taken)
        return [*documents, *others]

    def _document(self, image: Image) -> Reading | None:
        """What both recognisers say: one that is sure is enough, two that differ are none."""
        rows = find_rows(image)
        by_rows, by_outline = partial(self._by_rows, rows, image), partial(_on_any_side, image, self._by_outline)
        first, way = _tried(self._engines[0], (by_outline, by_rows))
        if first and first.accepted and Flag.CONFIDENT in first.flags:
            return first
        second, _ = _tried(self._engines[1], (way,) if way else (by_rows, by_outline))
        if first and second and first.accepted and second.accepted:
            same = (first.kind, first.value) == (second.kind, second.value)
            return replace(first, flags=first.flags | Flag.CONFIDENT) if same else unread("engines_disagree")
        if first or second:
            return max((reading for reading in (first, second) if reading), key=proved)
        return unread("no_number") if self._shows_a_zone(rows) else None

    def _shows_a_zone(self, rows: Sequence[Row]) -> bool:
        """Whether a row is as long as a line of a machine readable zone: a document is there that could not be read."""
        lengths = {len(line) for layout in self._printed if layout.check == "mrz" for line in slots_of(layout)}
        return any(abs(row.places - length) <= 1 for row in rows for length in lengths)

    def _beside_symbols(self, image: Image) -> list[Reading]:
        """A document on which, or beside which, symbols are: only its zone counts, and only if that is sure."""
        zoned = [layout for layout in self._printed if layout.check == "mrz"]
        readings = self._by_rows(find_rows(image), image, self._engines[0], zoned) if zoned else iter(())
        return [reading for reading in readings if reading.accepted and Flag.CONFIDENT in reading.flags][:1]

    def _by_outline(self, lines: LineReader, image: Image) -> Iterator[Reading]:
        """The document lies in front of a darker ground, or fills the picture."""
        height, width = image.shape
        whole = Outline(np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64), whole=True)
        for outline in (find_outline(image), whole):
            for layout in self._printed:
                if outline and shape_fits(outline, layout, _ASPECT_TOLERANCE):
                    reading = read_line(lines, image, outline, layout)
                    if reading.kind:
                        yield reading

    def _by_rows(
        self, rows: Sequence[Row], image: Image, lines: LineReader, layouts: Sequence[DocumentLayout] = ()
    ) -> Iterator[Reading]:
        """Any row that is long enough; it counts only if check digits and dates hold, since anything may be printed there."""
        for row in rows:
            for way_up in (row, row.turned()):
                readings = [
                    reading
                    for layout in layouts or self._printed
                    for zone in zones(way_up, rows, slots_of(layout))
                    if (reading := _read_zone(lines, image, zone, layout)) and Flag.CHECK_DIGIT | Flag.DATES in reading.flags
                ]
                yield from _of_one_kind(list({reading.kind: reading for reading in readings}.values()))


def _of_one_kind(readings: Sequence[Reading]) -> Sequence[Reading]:
    """A bare line does not show which of several documents it stands on: an 18-digit number is on five of them."""
    if len({reading.kind for reading in readings if reading.accepted}) < 2:
        return readings
    return [replace(reading, kind=ANY_DOCUMENT, reason="kind_unknown") for reading in readings]


def _read_zone(lines: LineReader, image: Image, zone: Sequence[Part], layout: DocumentLayout) -> Reading | None:
    """The zone's lines by the recogniser; None where one of them is not worth reading or says nothing."""
    read = []
    for part, slots in zip(zone, slots_of(layout), strict=True):
        crop = part.cut(image, PITCH_PX)
        if assess(crop).contrast < CONTRAST_MIN:  # what a scanner burnt out is no glare, and blur shows in what is read
            return None
        read.append(lines.read(crop, slots, at_end=len(zone) == 1))
        if not read[-1].text:
            return None
    reading = judge_line(together(read), Outline(zone[0].quad, whole=True), layout)
    return reading if reading.kind else None


def _tried(lines: LineReader, ways: Sequence[Way]) -> tuple[Reading | None, Way | None]:
    """The first accepted reading, or else the one with the most proved, and the way that led to it."""
    best: Reading | None = None
    taken: Way | None = None
    for way in ways:
        for reading in way(lines):
            if best is None or proved(reading) > proved(best):
                best, taken = reading, way
            if reading.accepted:
                return best, taken
    return best, taken


def _on_any_side(image: Image, way: Callable[[LineReader, Image], Iterator[Reading]], lines: LineReader) -> Iterator[Reading]:
    for turns in _TURNS:
        for reading in way(lines, np.ascontiguousarray(np.rot90(image, turns))):
            yield replace(reading, corners=_turned_back(reading.corners, turns, image))


def symbol_reading(symbol: SymbolFound, symbols: Sequence[SymbolFound]) -> Reading:
    """One symbol by itself: a label's if it carries a postal item number, otherwise just a symbol.

    Confident if its own error correction is strong, or the second decoder or the label's other symbol agrees.
    """
    number = symbol.text.partition(";")[0]
    postal = s10.is_item_number(number)
    agreed = (
        symbol.confirmed
        or symbol.symbology in SURE
        or (postal and any(o.symbology != symbol.symbology and o.text.partition(";")[0] == number for o in symbols))
    )
    flags = Flag.SYNTAX | Flag.DATES | (Flag.CHECK_DIGIT if not postal or s10.check_holds(number) else NOTHING)
    return Reading(
        "label" if postal else "symbol",
        symbol.text,
        symbol.symbology,
        flags | (Flag.CONFIDENT if agreed else NOTHING),
        1.0 if agreed else 0.5,
        symbol.corners,
    )


def _turned_back(corners: Corners, turns: int, image: Image) -> Corners:
    """Corners found in np.rot90(image, turns), in the picture itself."""
    height, width = image.shape
    for side in (width, height, width, height)[:turns][::-1]:  # undo the last quarter turn first
        corners = tuple((side - 1 - y, x) for x, y in corners)
    return corners
