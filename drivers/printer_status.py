"""What label printers answer when they are asked how they are, as one word. Pure: bytes in, words out, never an exception.

ZPL: ~HS and ~HQES of Zebra's programming guide. TSPL: <ESC>!? and <ESC>!S of TSC's programming manual. A bit that no manual
names is a fault all the same; an answer of another shape is `unknown`. Neither is ever ready.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

STX, ETX = b"\x02", b"\x03"

# The worst first: the state of a printer that answers several questions is the worst of its words.
WORDS = (
    "lost", "head_open", "media_out", "ribbon_out", "paused", "fault", "silent", "unknown", "label_waiting", "busy", "ready",
)  # fmt: skip
NAMED_FAULTS = frozenset({"head_open", "media_out", "ribbon_out", "paused", "fault"})


def worst(words: Iterable[str]) -> str:
    """The worst of several words."""
    return min(words, key=WORDS.index)


# --- ~HS ---
HS_STRINGS = 3
HS_FIELDS = (12, 11, 2)
"""comma separated fields of each string"""


class HostStatus(NamedTuple):
    """What ~HS tells; names after the programming guide."""

    paper_out: bool
    paused: bool
    formats_in_buffer: int
    buffer_full: bool
    partial_format: bool
    corrupt_ram: bool
    under_temperature: bool
    over_temperature: bool
    head_up: bool
    ribbon_out: bool
    label_waiting: bool
    labels_remaining: int


def parse_host_status(reply: bytes) -> HostStatus | None:
    """The three ~HS strings `<STX>…<ETX><CR><LF>`; None when they are not what the guide says."""
    strings = reply.split(ETX)
    if len(strings) != HS_STRINGS + 1 or strings[-1].strip(b"\r\n"):
        return None
    rows = [string.lstrip(b"\r\n").removeprefix(STX).split(b",") for string in strings[:HS_STRINGS]]
    if tuple(len(row) for row in rows) != HS_FIELDS:
        return None
    if not all(field.isdigit() and len(field) <= 8 for row in rows[:2] for field in row):
        return None
    first, second = ([int(field) for field in row] for row in rows[:2])
    return HostStatus(
        paper_out=bool(first[1]),
        paused=bool(first[2]),
        formats_in_buffer=first[4],
        buffer_full=bool(first[5]),
        partial_format=bool(first[7]),
        corrupt_ram=bool(first[9]),
        under_temperature=bool(first[10]),
        over_temperature=bool(first[11]),
        head_up=bool(second[2]),
        ribbon_out=bool(second[3]),
        label_waiting=bool(second[7]),
        labels_remaining=second[8],
    )


def state_of(status: HostStatus | None) -> str:
    """The word for a ~HS, the worst first."""
    if status is None:
        return "unknown"
    unfit = status.buffer_full or status.corrupt_ram or status.under_temperature or status.over_temperature
    working = status.formats_in_buffer > 0 or status.partial_format or status.labels_remaining > 0
    words = (
        (status.head_up, "head_open"),
        (status.paper_out, "media_out"),
        (status.ribbon_out, "ribbon_out"),
        (status.paused, "paused"),
        (unfit, "fault"),
        (status.label_waiting, "label_waiting"),
        (working, "busy"),
    )
    return next((word for true, word in words if true), "ready")


# --- ~HQES ---
_HQES = re.compile(
    rb"PRINTER STATUS\s+ERRORS:\s+([01])\s+([0-9A-F]{8})\s+([0-9A-F]{8})\s+"
    rb"WARNINGS:\s+([01])\s+([0-9A-F]{8})\s+([0-9A-F]{8})[ \t]*[\r\n\x03]"
)
# Bits of the second group of errors. What has no word of its own is a fault: cutter, temperatures, head element, presenter …
_HQES_BITS = ((0x4, "head_open"), (0x1, "media_out"), (0x2, "ribbon_out"), (0x10000, "paused"))


def hqes_word(reply: bytes) -> str:
    """The word for ~HQES. Warnings (clean the head, media near its end) stop nothing."""
    found = _HQES.search(reply)
    if found is None:
        return "unknown"
    flag, high, low = int(found[1]), int(found[2], 16), int(found[3], 16)
    named = [word for bit, word in _HQES_BITS if low & bit]
    rest = low & ~sum(bit for bit, _ in _HQES_BITS)
    return worst(["ready", *named, *(["fault"] if rest or high or (flag and not named) else [])])


# --- TSPL ---
_TSPL_BITS = (
    (0x01, "head_open"),
    (0x04, "media_out"),
    (0x08, "ribbon_out"),
    (0x10, "paused"),
    (0x02 | 0x40 | 0x80, "fault"),
    (0x20, "busy"),
)


def tspl_byte_word(reply: bytes) -> str:
    """The word for <ESC>!?: one byte of bits that may stand together."""
    if len(reply) != 1:
        return "unknown"
    return worst(["ready", *(word for bits, word in _TSPL_BITS if reply[0] & bits)])


# <ESC>!S, first byte: what the printer does.
_TSPL_DOES = {
    ord("@"): "ready", ord("`"): "paused", ord("B"): "busy", ord("C"): "busy", ord("F"): "busy", ord("P"): "busy",
    ord("W"): "busy", ord("K"): "paused", ord("L"): "label_waiting",
}  # fmt: skip
_TSPL_MEDIA = ((0x20, "head_open"), (0x01, "media_out"), (0x04, "ribbon_out"), (0x02 | 0x08 | 0x10, "fault"))
_TSPL_BASE = 0x40
"""a byte without any bit set is "@"; the highest bit is never used"""


def tspl_status_word(reply: bytes) -> str:
    """The word for <ESC>!S: <STX>, what it does, warnings, errors of the machine, errors of the media, <ETX><CR><LF>."""
    if len(reply) != 8 or reply[:1] != STX or reply[5:] != ETX + b"\r\n":
        return "unknown"
    does, warnings, machine, media = reply[1:5]
    if any(byte & 0xC0 != _TSPL_BASE for byte in (does, warnings, machine, media)):
        return "unknown"
    words = [_TSPL_DOES.get(does, "fault"), *(word for bits, word in _TSPL_MEDIA if media & bits)]
    return worst([*words, *(["fault"] if machine & ~_TSPL_BASE else [])])


# --- the questions ---
class Question(NamedTuple):
    """What is sent, how it is known that the answer is whole, and the word for it."""

    name: str
    ask: bytes
    whole: Callable[[bytes], bool]
    word: Callable[[bytes], str]


HS = Question("~HS", b"~HS\r\n", lambda reply: reply.count(ETX) >= HS_STRINGS, lambda reply: state_of(parse_host_status(reply)))
HQES = Question("~HQES", b"~HQES\r\n", lambda reply: _HQES.search(reply) is not None, hqes_word)
ESC_BYTE = Question("<ESC>!?", b"\x1b!?", lambda reply: len(reply) >= 1, tspl_byte_word)
ESC_STATUS = Question("<ESC>!S", b"\x1b!S", lambda reply: len(reply) >= 8, tspl_status_word)
# Dialect → its questions: the first is always asked, the second where a printer is known to answer it.
QUESTIONS: dict[str, tuple[Question, Question]] = {"zpl": (HS, HQES), "tspl": (ESC_BYTE, ESC_STATUS)}
