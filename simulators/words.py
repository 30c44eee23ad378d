"""What central says about single orders while their lot runs, and its judgement of every answer. Pure.

Central knows nothing of the line but the events in their order. From these alone it knows where each order stands, what the
answer to each of its words must be, and where an order has to go. It says a word again until it is answered.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from simulators.people import Order

Json = dict[str, Any]
ANSWERS = {"amendment": "amend", "cancellation": "cancel"}
"""kind of event → the topic that it answers"""
COUNTS = frozenset({"AMENDED", "CANCELLED", "RECALLED", "BAG_CLOSED"})
"""answers after which an older word about the order must be refused"""
ENDS = frozenset({"returned", "damaged"})
"""kinds of events after which their order is over"""


class Word(NamedTuple):
    """One word about one order."""

    topic: str
    order_id: str
    version: int
    county: str
    """where an amendment sends it"""
    payload: bytes


@dataclass
class Known:
    """What central knows of one order."""

    stands: str = ""
    """"" = it was not granted yet; granted, on the line, dispatched, gone (its bag is closed), cancelled, ended"""
    bag: str = ""
    version: int = 0
    """of the last word that counted"""
    said: int = 0
    """the newest version that was said"""
    county: str = ""
    """where the last amendment that counted sends it; "" = where it was granted to go"""


class Words:
    """Central's memory of its words and of their answers."""

    def __init__(self, orders: Iterable[Order], lot_of: Mapping[str, str]) -> None:
        """`lot_of`: order → the lot that it is granted with."""
        self._orders = {order.order_id: order for order in orders}
        self.known = {order_id: Known() for order_id in self._orders}
        self._lots: dict[str, list[str]] = {}
        for order_id, lot in lot_of.items():
            self._lots.setdefault(lot, []).append(order_id)
        self._open: dict[tuple[str, str, int], Word] = {}
        self._said: dict[tuple[str, str, int], set[str]] = {}
        """(topic, order, version) → the counties that it was said with"""
        self.codes: Counter[str] = Counter()
        """topic and answer → how often"""
        self.findings: list[str] = []

    # --- what central says ---
    def cancel(self, order_id: str, version: int = 0) -> Word:
        """Take an order back; `version`: 0 = the next one."""
        return self._say("cancel", order_id, version, "", {})

    def amend(self, order_id: str, county: str, version: int = 0) -> Word:
        """Send an order to somewhere else."""
        addressee = self._orders[order_id].addressee
        address = {"county": county, "text": f"样例改址路 {county} 号", "name": addressee.name, "phone": addressee.phone}
        more = {"address": address, "client_unit": "样例改址单位", "fee_code": "F02", "priority": 1}
        return self._say("amend", order_id, version, county, more)

    def _say(self, topic: str, order_id: str, version: int, county: str, more: Json) -> Word:
        known = self.known[order_id]
        version = version or known.said + 1
        known.said = max(known.said, version)
        payload = json.dumps({"order_id": order_id, "version": version, **more}, ensure_ascii=False).encode()
        key = (topic, order_id, version)
        self._said.setdefault(key, set()).add(county)
        word = self._open[key] = Word(topic, order_id, version, county, payload)
        return word

    def settled(self) -> list[str]:
        """Orders about which something was said, and all of that was answered: an older word about them is old for sure."""
        waiting = {order_id for _, order_id, _ in self._open}
        return [order_id for order_id, known in self.known.items() if known.version and order_id not in waiting]

    def standing(self, *stands: str) -> list[str]:
        """The orders that stand there, as far as central knows."""
        return [order_id for order_id, known in self.known.items() if known.stands in stands]

    def unanswered(self) -> Sequence[Word]:
        """Words that were not answered yet, for orders that the line should know."""
        return tuple(self._open.values())

    # --- what the line says ---
    def hear(self, event: Json) -> None:
        """One event more, in the order of the journal."""
        kind, body = event["kind"], event["body"]
        if kind in ANSWERS:
            self._answered(ANSWERS[kind], body)
        elif kind == "manifest_accepted":
            for order_id in self._lots.get(str(body.get("lot")), ()):
                self.known[order_id].stands = self.known[order_id].stands or "granted"
        elif kind == "bag_closed":
            for known in self.known.values():
                if known.stands == "dispatched" and known.bag == body.get("bag"):
                    known.stands = "gone"
        else:
            known = self.known.get(str(body.get("order_id")), Known())
            if kind == "dispatched":
                known.stands, known.bag = "dispatched", str(body.get("bag"))
            elif kind == "recalled" and known.stands == "dispatched":
                known.stands = "granted"  # it was doubted, and is out of its bag again
            elif kind in ENDS:
                known.stands = "ended"

    def _answered(self, topic: str, body: Json) -> None:
        order_id, version, code = str(body.get("order_id")), int(body.get("version", 0)), str(body.get("code"))
        self.codes[f"{topic} {code}"] += 1
        key = (topic, order_id, version)
        known = self.known.get(order_id)
        if known is not None and key not in self._said:
            self.findings.append(f"{topic} {version} of {order_id} was answered, and never said")
            return
        expected = _expected(topic, version, known)
        if code not in expected:
            stands = "unknown" if known is None else known.stands
            right = " or ".join(sorted(expected))
            self.findings.append(f"{topic} {version} of {order_id} ({stands}): {code} instead of {right}")
        word = self._open.pop(key, None)
        if known is None or code not in COUNTS:
            return
        known.version = version
        if code in ("CANCELLED", "RECALLED"):
            known.stands = "cancelled"
        elif code == "AMENDED":
            known.county = word.county if word is not None else next(iter(self._said[key]))

    def shortcomings(self) -> list[str]:
        """What was wrong with the answers, and what was never answered."""
        silent = [f"{word.topic} {word.version} of {word.order_id} was never answered" for word in self._open.values()]
        return self.findings + silent

    def counties(self) -> dict[str, str]:
        """Order → where it has to go by what was amended."""
        return {order_id: known.county for order_id, known in self.known.items() if known.county}


def _expected(topic: str, version: int, known: Known | None) -> set[str]:
    """The answers that are right for an order that stands there."""
    if known is None or not known.stands:
        return {"UNKNOWN_ORDER"}
    if version <= known.version:
        return {"OLD_VERSION"}
    if topic == "amend":
        # While a document of it is on the line, or a label of it exists, it is too late: only the line knows whether.
        return {"AMENDED", "TOO_LATE"} if known.stands == "granted" else {"TOO_LATE"}
    return {{"dispatched": "RECALLED", "gone": "BAG_CLOSED"}.get(known.stands, "CANCELLED")}
