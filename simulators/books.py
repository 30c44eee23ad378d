"""Central's books: what the lines of a site have told, each event once, without a gap, with a hash over all of it."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

Json = dict[str, Any]


def decode(payload: bytes, types: dict[str, type]) -> Json | None:
    """A message with fields of these types; None = it is none."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(message, dict) and all(isinstance(message.get(name), kind) for name, kind in types.items())
    return message if whole else None


class Taken(NamedTuple):
    """What became of an event."""

    confirmation: bytes
    """to publish"""
    event: Json | None
    """None = it was stored before"""


class Books:
    """Pure, one message in, the confirmation out. Gap-free per journal; what comes twice counts once."""

    def __init__(self, orders: Iterable[str], file: Path | None = None) -> None:
        """`orders`: ids of all that was ever ordered; `file`: where each event is written down, one a line."""
        self._orders = list(orders)
        self.stored: dict[str, dict[int, Json]] = {}
        self.line_of: dict[str, str] = {}
        """journal → the line that it came from"""
        self.duplicates = 0
        self.contradictions: list[str] = []
        self.nonsense: list[str] = []
        self.line_state: Json = {}
        """what was heard last, of whichever line"""
        self.states: dict[str, Json] = {}
        self.on_event: Callable[[Json], None] = lambda _: None
        """hears each event once, in the order of its journal and without a gap"""
        self._gap_free: Counter[str] = Counter()
        self._digest: dict[str, bytes] = {}
        """journal → hash over all its events without a gap"""
        self._file = file
        if file is not None and file.exists():
            for text in file.read_text("utf-8").splitlines():
                self._store(json.loads(text))

    def take_event(self, payload: bytes, line: str = "") -> Taken | None:
        """Store one event that this line told; None for nonsense."""
        event = self.read(payload, journal_id=str, seq=int, key=str, at_ms=int, kind=str, body=dict)
        if event is None:
            return None
        journal_id, seq = event["journal_id"], event["seq"]
        if event["key"] != f"{journal_id}:{seq}" or seq < 1:
            self.nonsense.append(f"key {event['key']} does not name row {journal_id}:{seq}")
            return None
        if self.line_of.setdefault(journal_id, line) != line:
            self.nonsense.append(f"{line} tells of journal {journal_id}, which is {self.line_of[journal_id]}'s")
            return None
        earlier = self.stored.get(journal_id, {}).get(seq)
        if earlier is None:
            if self._file is not None:
                with self._file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(event, ensure_ascii=False) + "\n")
            self._store(event)
            return Taken(self.confirmation(journal_id), event)
        if earlier == event:
            self.duplicates += 1
        else:
            self.contradictions.append(event["key"])
        return Taken(self.confirmation(journal_id), None)

    def confirmation(self, journal_id: str) -> bytes:
        """How far the account of this journal has no gap, and the hash over it."""
        digest = self._digest.get(journal_id, b"").hex()
        return json.dumps({"journal_id": journal_id, "seq": self._gap_free[journal_id], "digest": digest}).encode()

    def take_state(self, payload: bytes, line: str = "") -> Json | None:
        """Note a line's state, and return it."""
        state = self.read(payload, online=bool)
        if state is not None:
            self.line_state = self.states[line] = state
        return state

    def read(self, payload: bytes, **types: type) -> Json | None:
        """A message with these fields; None for nonsense, which is noted."""
        message = decode(payload, types)
        if message is None:
            self.nonsense.append(f"message of {len(payload)} bytes has not the fields {', '.join(types)}")
        return message

    def _store(self, event: Json) -> None:
        journal_id = event["journal_id"]
        rows = self.stored.setdefault(journal_id, {})
        rows[event["seq"]] = event
        while self._gap_free[journal_id] + 1 in rows:
            self._gap_free[journal_id] += 1
            self.on_event(rows[self._gap_free[journal_id]])
            line = json.dumps(rows[self._gap_free[journal_id]], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            before = self._digest.get(journal_id, b"\0" * 32)
            self._digest[journal_id] = hashlib.sha256(before + line.encode()).digest()

    def events(self) -> Iterable[Json]:
        """All stored events, by journal and seq."""
        return (rows[seq] for _, rows in sorted(self.stored.items()) for seq in sorted(rows))

    def report(self) -> Json:
        """Orders with their outcome, what is missing, and whether the stream was whole."""
        outcome: dict[str, str] = dict.fromkeys(self._orders, "waiting")
        dispatches: Counter[str] = Counter()
        unknown: list[str] = []
        for event in self.events():
            order_id, kind = event["body"].get("order_id"), event["kind"]
            if order_id is None or kind not in ("dispatched", "rejected"):
                continue
            if order_id not in outcome:
                unknown.append(order_id)
                continue
            dispatches[order_id] += kind == "dispatched"
            if kind == "dispatched" or outcome.get(order_id) != "dispatched":
                outcome[order_id] = "dispatched" if kind == "dispatched" else f"rejected {event['body'].get('reason')}"
        gaps = [
            f"{journal_id}:{seq}"
            for journal_id, rows in sorted(self.stored.items())
            for seq in range(1, max(rows) + 1)
            if seq not in rows
        ]
        return {
            "orders": outcome,
            "outcomes": dict(Counter(outcome.values())),
            "missing": [order_id for order_id, end in outcome.items() if end == "waiting"],
            "dispatched_twice": [order_id for order_id, times in dispatches.items() if times > 1],
            "unknown_orders": unknown,
            "events": dict(Counter(event["kind"] for event in self.events())),
            "stored": sum(len(rows) for rows in self.stored.values()),
            "journals": {journal_id: self._gap_free[journal_id] for journal_id in sorted(self.stored)},
            "duplicates": self.duplicates,
            "contradictions": self.contradictions,
            "gaps": gaps,
            "nonsense": self.nonsense,
            "line_state": self.line_state,
        }
