"""The journal's words: what a record is, how the keyed hash chain is made, and what one durable transaction holds."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

from edge.runtime.link import Cursor

GENESIS = b"\0" * 16
"""chain value before the first record"""

BREACH = "Breach"
"""kind of the record of a promise that was about to break"""
FORCED = "Forced"
"""kind of the record of what a person forced at a PLC while the line stood still"""
NOTES = frozenset({BREACH, FORCED})
"""records that tell something to people and decide nothing: a replay passes them over"""


class JournalError(Exception):
    """The journal cannot be trusted or written; the line must not run. The text says what to do."""


class Entry(NamedTuple):
    """One record to be written: an event, a command, a breach."""

    at_us: int
    kind: str
    version: int
    body: bytes


class Record(NamedTuple):
    """One record as stored."""

    seq: int
    journal_id: str
    boot: int
    at_us: int
    kind: str
    version: int
    body: bytes
    chain: bytes


class OutboxRow(NamedTuple):
    """One message for central, kept until central confirms it; `seq` is gap-free per journal."""

    seq: int
    kind: str
    at_ms: int
    body: bytes


class Batch(NamedTuple):
    """What one durable transaction holds."""

    entries: Sequence[Entry]
    messages: Sequence[tuple[str, int, bytes]] = ()
    """(kind, at_ms, body) of new outbox rows"""
    outcomes: Sequence[tuple[str, str, str]] = ()
    """(name, key, value)"""
    cursors: Sequence[Cursor] = ()


def link_of_chain(key: bytes, previous: bytes, record: tuple[int, str, int, int, str, int, bytes]) -> bytes:
    """Next chain value: keyed BLAKE2b over the previous value and the whole record (128 bits)."""
    seq, journal_id, boot, at_us, kind, version, body = record
    head = f"{seq}|{journal_id}|{boot}|{at_us}|{kind}|{version}|".encode()
    return hashlib.blake2b(previous + head + body, key=key, digest_size=16).digest()


def journal_key(site_key: bytes) -> bytes:
    """Key of the chain, derived from the site key."""
    return hmac.new(site_key, b"journal", hashlib.sha256).digest()
