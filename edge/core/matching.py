"""Content check and label check: tables over what vision proved. No row, no pass (I9); never a correction."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edge.core.device_events import FrameRead, LabelRead
from edge.core.values import OrderId, ReadingFlag, Verdict

SYNTAX, CHECK, DATES, CONFIDENT = ReadingFlag.SYNTAX, ReadingFlag.CHECK_DIGIT, ReadingFlag.DATES, ReadingFlag.CONFIDENT


class Check(NamedTuple):
    """Outcome of a check: the verdict, its reason code (a key of CONDITIONS, "" for MATCH), the order where one was found."""

    verdict: Verdict
    reason: str = ""
    order_id: OrderId | None = None


class Seen(NamedTuple):
    """What a burst of frames proves together."""

    frames: int
    """frames that a number was read in"""
    tokens: frozenset[tuple[str, str]]
    """distinct (kind, token) among them"""
    flags: ReadingFlag
    """flags that every one of them has"""
    confident: bool
    """one of them is above the calibrated bound"""
    second_field: str
    """token of the second field; "" unless all of them have the same"""


def see(frames: Sequence[FrameRead]) -> Seen:
    """Join the frames of one trigger."""
    read = [frame for frame in frames if frame.kind is not None and frame.token]
    flags = SYNTAX | CHECK | DATES | CONFIDENT if read else ReadingFlag(0)
    for frame in read:
        flags &= ReadingFlag(frame.flags)
    tokens = frozenset((frame.kind or "", frame.token) for frame in read)
    fields = {frame.second_field for frame in read}
    second_field = fields.pop() if len(fields) == 1 else ""
    return Seen(len(read), tokens, flags, any(frame.flags & CONFIDENT for frame in read), second_field)


# In this order: the first row that applies decides. After the last row the reading is accepted.
READING_TABLE: tuple[tuple[Callable[[Seen], bool], str], ...] = (
    (lambda seen: seen.frames == 0, "UNREADABLE"),
    (lambda seen: len(seen.tokens) > 1, "FRAMES_DISAGREE"),
    (lambda seen: SYNTAX not in seen.flags, "UNREADABLE"),
    (lambda seen: CHECK not in seen.flags, "CHECK_DIGIT_WRONG"),
    (lambda seen: DATES not in seen.flags, "DATE_IMPOSSIBLE"),
    (lambda seen: seen.frames < 2 and not seen.confident, "DOUBTFUL"),
)


def accept_reading(frames: Sequence[FrameRead]) -> str:
    """Reason code for refusing the burst by its flags alone; empty when it is accepted."""
    seen = see(frames)
    return next((reason for applies, reason in READING_TABLE if applies(seen)), "")


class Likeness(NamedTuple):
    """An order whose number was read, beside the other open orders whose numbers look like it; "" = no such field."""

    read: str
    """token of the second field that was read with the number"""
    own: str
    """that of this order's document"""
    others: tuple[str, ...] = ()
    """those of the look-alikes in other open orders"""


# In this order, as above. After the last row the number is this order's.
LIKENESS_TABLE: tuple[tuple[Callable[[Likeness], bool], Verdict, str], ...] = (
    (lambda like: bool(like.read and like.own) and like.read != like.own, Verdict.MISMATCH, "SECOND_FIELD_DIFFERS"),
    (lambda like: bool(like.others) and not (like.read and like.own), Verdict.AMBIGUOUS, "AMBIGUOUS"),
    (lambda like: any(other in {"", like.own} for other in like.others), Verdict.AMBIGUOUS, "AMBIGUOUS"),
)


def tell_apart(like: Likeness) -> Check:
    """Whether the second field leaves no other order than this one: it is this order's, and no look-alike's."""
    for applies, verdict, reason in LIKENESS_TABLE:
        if applies(like):
            return Check(verdict, reason)
    return Check(Verdict.MATCH)


class Expected(NamedTuple):
    """What a label must show: symbology → text."""

    code128: str
    qr: str


TORN_BESIDE = "torn_beside"
"""the eyes' word for the rest of another label; unlike their other words it is a reason of its own, as no symbol tells of it"""


class LabelSeen(NamedTuple):
    """What the frames of one label trigger show."""

    frames: int
    texts: frozenset[tuple[str, str]]
    """distinct (symbology, text)"""
    most_of_one: int
    """largest number of times that one symbol stands in a single frame"""
    beside: bool
    """bars that nobody could read lie away from the label's own, in one frame at least"""
    expected: frozenset[tuple[str, str]]


def see_label(frames: Sequence[LabelRead], expected: Expected) -> LabelSeen:
    """Join the frames of one label trigger."""
    texts = frozenset((symbol.symbology, symbol.text) for frame in frames for symbol in frame.symbols)
    counts = [
        sum(1 for symbol in frame.symbols if (symbol.symbology, symbol.text) == text) for frame in frames for text in texts
    ]
    return LabelSeen(
        len(frames),
        texts,
        max(counts, default=0),
        any(frame.reason == TORN_BESIDE for frame in frames),
        frozenset({("code128", expected.code128), ("qr", expected.qr)}),
    )


LABEL_TABLE: tuple[tuple[Callable[[LabelSeen], bool], Verdict, str], ...] = (
    (lambda seen: seen.frames == 0, Verdict.UNREADABLE, "LABEL_UNREADABLE"),
    (lambda seen: not seen.texts, Verdict.UNREADABLE, "LABEL_MISSING"),
    (lambda seen: bool(seen.texts - seen.expected), Verdict.MISMATCH, "LABEL_MISMATCH"),
    (lambda seen: seen.most_of_one > 1, Verdict.MISMATCH, "LABEL_MISMATCH"),
    (lambda seen: seen.beside, Verdict.MISMATCH, "LABEL_MISMATCH"),
    (lambda seen: seen.texts != seen.expected, Verdict.UNREADABLE, "LABEL_UNREADABLE"),
)


def check_label(frames: Sequence[LabelRead], expected: Expected) -> Check:
    """Label check: every symbol is one of this print's, and both independent ones are there."""
    seen = see_label(frames, expected)
    for applies, verdict, reason in LABEL_TABLE:
        if applies(seen):
            return Check(verdict, reason)
    return Check(Verdict.MATCH)
