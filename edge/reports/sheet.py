"""What a report says, as plain data: the same sheet becomes a PDF, a CSV table and a JSON object."""

from typing import Literal

import msgspec

Language = Literal["zh", "en"]


class Text(msgspec.Struct, frozen=True):
    """The same words in both languages."""

    zh: str
    en: str

    def said(self, language: Language) -> str:
        """In one of them."""
        return self.zh if language == "zh" else self.en


class Figure(msgspec.Struct, frozen=True):
    """One key figure with its unit; `alarming` ones are drawn so that nobody overlooks them."""

    name: Text
    value: str
    unit: Text = Text("", "")
    alarming: bool = False


class Column(msgspec.Struct, frozen=True):
    """Head of a table's column; `share` is its part of the width."""

    name: Text
    share: float = 1.0
    align: Literal["left", "right"] = "left"


class Table(msgspec.Struct, frozen=True):
    """Rows of cells, as many in each as there are columns. `none`: what is written where there are no rows."""

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    none: Text = Text("无", "none")


class Curve(msgspec.Struct, frozen=True):
    """Values at equal steps of time, drawn as columns with a line at `target`; `marks` stand below every so many columns."""

    title: Text
    unit: Text
    values: tuple[float, ...]
    marks: tuple[str, ...]
    target: float = 0.0


class Signature(msgspec.Struct, frozen=True):
    """A line to sign on."""

    role: Text


class BagTag(msgspec.Struct, frozen=True):
    """A tag to cut off: the bag's id as Code 128, given as modules (True = bar), and what stands beside it."""

    bag: str
    modules: tuple[bool, ...]
    lines: tuple[Text, ...]


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One report. `key` names what it is about (a shift, a lot, a bag); times are local and written out."""

    kind: str
    key: str
    title: Text
    site: str
    line: str
    period: str
    source: str
    """journal and record up to which it was drawn: who doubts the sheet can draw it again"""
    figures: tuple[Figure, ...] = ()
    curve: Curve | None = None
    tables: tuple[Table, ...] = ()
    remarks: tuple[Text, ...] = ()
    signatures: tuple[Signature, ...] = ()
    tag: BagTag | None = None
