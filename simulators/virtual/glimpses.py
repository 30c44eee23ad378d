"""What can be wrong with the frames of one burst: each fault makes of the frames that should come those that do."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from simulators import tokens
from simulators.bodies import Envelope, PhysicalDocument, PhysicalLabel

LATE_MS = (1_250, 2_600)
"""beyond the time limit of a reading"""
Subject = PhysicalDocument | Envelope


class Glimpse(NamedTuple):
    """One frame on its way: when it comes, what it claims to be, and what is really to be seen on it."""

    delay_ms: int
    trigger: int
    k: int
    subject: Subject
    number: str = ""
    """what is read instead of the document's own number, surely and with all proofs; "" = its own"""
    other: PhysicalLabel | None = None
    """a label of somebody else that is in view as well"""
    unread: bool = False


Shots = list[Glimpse]
Spoil = Callable[[Shots, Shots, random.Random], Shots]
"""(the burst's frames, those of the burst before, luck) → what comes"""


def look_alike(document: PhysicalDocument, classes: tokens.Classes) -> str:
    """Another number that a reader may take this one for, and that has the same check digits; "" where there is none."""
    number = document.number
    if document.kind in tokens.MRZ_KINDS:
        # 7-3-1 sees a letter as its value mod 10.
        at = next((n for n, char in enumerate(number) if char.isdigit()), None)
        return "" if at is None else number[:at] + "ABCDEFGHIJ"[int(number[at])] + number[at + 1 :]
    for at, char in enumerate(number):
        for group in classes[document.kind]:
            if char in group:
                return number[:at] + group[(group.index(char) + 1) % len(group)] + number[at + 1 :]
    return ""


def _misread(shots: Shots, _: Shots, rng: random.Random) -> Shots:
    document = shots[0].subject
    if not isinstance(document, PhysicalDocument):
        return shots
    alike = look_alike(document, tokens.load_classes())
    at = rng.randrange(1, len(document.number))
    number = alike or document.number[:at] + str(rng.randrange(10)) + document.number[at + 1 :]
    return [shot._replace(number=number) for shot in shots]


def _stale(shots: Shots, before: Shots, rng: random.Random) -> Shots:
    """The camera sends its last picture again: under its old number, or for one frame of two under the new one."""
    if not before:
        return []
    if rng.random() < 0.5:
        return [old._replace(delay_ms=shot.delay_ms) for shot, old in zip(shots, before, strict=False)]
    return [*shots[:-1], shots[-1]._replace(subject=before[-1].subject)]


def _late(shots: Shots, _: Shots, rng: random.Random) -> Shots:
    late_ms = rng.randint(*LATE_MS)
    return [shot._replace(delay_ms=shot.delay_ms + late_ms) for shot in shots]


def _dropped(shots: Shots, _: Shots, rng: random.Random) -> Shots:
    return shots[: rng.randrange(len(shots))]


def _two_codes(shots: Shots, before: Shots, rng: random.Random) -> Shots:
    """Two numbers in view: each frame finds another one, or the reader says that there are two and takes none."""
    other = before[-1].subject if before else None
    if isinstance(other, PhysicalDocument) and rng.random() < 0.5:
        return [*shots[:-1], shots[-1]._replace(subject=other)]
    return [shot._replace(unread=True) for shot in shots]


def _foreign_code(shots: Shots, before: Shots, rng: random.Random) -> Shots:
    """A label of somebody else lies in view."""
    seen = before[-1].subject if before else None
    lies = seen.labels[0] if isinstance(seen, Envelope) and seen.labels else PhysicalLabel("EA000000005CN", "EA000000005CN;1")
    count = rng.randint(1, len(shots))
    return [shot._replace(other=lies) if n < count else shot for n, shot in enumerate(shots)]


# Which faults each camera can have. Those that both can have strike the one or the other.
DOCUMENT_FAULTS: Mapping[str, Spoil] = {
    "misread": _misread,
    "stale_frames": _stale,
    "frames_late": _late,
    "frames_dropped": _dropped,
    "two_codes": _two_codes,
}
LABEL_FAULTS: Mapping[str, Spoil] = {
    "stale_frames": _stale,
    "frames_late": _late,
    "frames_dropped": _dropped,
    "foreign_code": _foreign_code,
}
BOTH: Sequence[str] = tuple(name for name in DOCUMENT_FAULTS if name in LABEL_FAULTS)
