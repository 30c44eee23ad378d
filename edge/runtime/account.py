"""The account between a line and central: a hash over every event of a journal, kept on both sides and compared.

Digest 0 is 32 zero bytes; digest n is SHA-256 over digest n−1 and the canonical JSON (sorted keys, no spaces, UTF-8) of event n
as it was published. Two equal digests of one number say: the same events up to here, none missing, none twice, none altered.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edge.runtime.records import JournalError

BEGINNING = b"\0" * 32
CHECKPOINT = 1000
"""each of so many digests is kept for ever; the others until they are confirmed"""
SHOWN = 5
_encode = msgspec.json.Encoder(order="sorted").encode


def next_digest(before: bytes, journal_id: str, seq: int, event: tuple[str, int, bytes]) -> bytes:
    """The digest after one event more: (kind, at_ms, body as JSON)."""
    kind, at_ms, body = event
    told = {"journal_id": journal_id, "seq": seq, "key": f"{journal_id}:{seq}", "at_ms": at_ms, "kind": kind}
    return hashlib.sha256(before + _encode({**told, "body": msgspec.json.decode(body)})).digest()


class Account(NamedTuple):
    """What the line knows of one journal's events."""

    journal_id: str
    sent: int
    """last number given out"""
    confirmed: int
    digests: Mapping[int, str]
    """number → digest, hex: every CHECKPOINT-th and all from the last confirmed one on"""


class Central(NamedTuple):
    """What central has stored of one journal."""

    digests: Mapping[int, str]
    """number → digest, as far as there is no gap"""
    seqs: frozenset[int]
    twice: tuple[int, ...]


class Compared(NamedTuple):
    """The two accounts beside each other; lists of event numbers."""

    missing: tuple[int, ...]
    """central lacks them, although it has confirmed them"""
    twice: tuple[int, ...]
    strangers: tuple[int, ...]
    """central has them, the line never told them"""
    altered: tuple[tuple[int, int], ...]
    """(first, last) of the first stretch in which something is not as it was told"""
    agreed: int
    """the same up to here"""
    waiting: int
    """told, not stored by central yet: they come again"""

    @property
    def right(self) -> bool:
        """Nothing missing, nothing twice."""
        return not (self.missing or self.twice or self.strangers or self.altered)

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.right:
            yield f"nothing missing, nothing twice: the same up to event {self.agreed}; {self.waiting} wait to be told"
        for what, found in (("missing", self.missing), ("twice", self.twice), ("never told", self.strangers)):
            if found:
                more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
                yield f"{what}: {', '.join(map(str, found[:SHOWN]))}{more}"
        for first, last in self.altered:
            yield f"altered: something in events {first} to {last}"


def read_central(path: Path, journal_id: str) -> Central:
    """What central has stored of this journal, from JSON lines of events. Raises JournalError."""
    bodies: dict[int, tuple[str, int, bytes]] = {}
    twice = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            event: dict[str, Any] = json.loads(line)
            if event["journal_id"] != journal_id:
                continue
            seq = int(event["seq"])
            if seq in bodies:
                twice.append(seq)
            bodies.setdefault(seq, (str(event["kind"]), int(event["at_ms"]), _encode(event["body"])))
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(f"{path}: line {number} is no event ({error}): take the file as central wrote it.") from error
    digests, digest, seq = {}, BEGINNING, 0
    while seq + 1 in bodies:
        seq += 1
        digest = next_digest(digest, journal_id, seq, bodies[seq])
        digests[seq] = digest.hex()
    return Central(digests, frozenset(bodies), tuple(twice))


def compare(line: Account, central: Central) -> Compared:
    """Both accounts of one journal."""
    common = sorted(seq for seq in line.digests if seq in central.digests)
    differing = next((seq for seq in common if line.digests[seq] != central.digests[seq]), None)
    agreed = max((seq for seq in common if differing is None or seq < differing), default=0)
    told = range(1, line.sent + 1)
    return Compared(
        missing=tuple(seq for seq in told if seq <= line.confirmed and seq not in central.seqs),
        twice=central.twice,
        strangers=tuple(sorted(seq for seq in central.seqs if not 1 <= seq <= line.sent)),
        altered=() if differing is None else ((agreed + 1, differing),),
        agreed=agreed,
        waiting=sum(seq > line.confirmed and seq not in central.seqs for seq in told),
    )
