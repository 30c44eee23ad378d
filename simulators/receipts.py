"""Receipt lots: what a counter hands over with a signed list, and what the line's account of it must say. Pure.

Lists are made by people: a document lies there that is on no list, another is on the list and was never there, and of these
some have an order. The judgement looks at where the originals really lie.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from simulators.bodies import PhysicalDocument
from simulators.manifests import Json
from simulators.people import s10
from simulators.scene import Scene
from simulators.tokens import load_classes, skeleton, token

DOCUMENTS = (40, 90)
"""on one list"""
UNLISTED, ABSENT, ABSENT_ORDERED = 0.02, 0.02, 0.5
"""share of documents that are on no list; so many more are listed and never come; share of these that were ordered"""
GREEN = 0.1
BACK, UNREAD = "returned", "returned unread"
DISPATCHED, RETURNED, MISSING = "dispatched", "returned to issuer", "missing"
COUNTED = {DISPATCHED: "dispatched", RETURNED: "returned", MISSING: "missing"}
"""outcome → its count in the event"""
Key = tuple[str, str]
"""kind and token"""


class Receipt(NamedTuple):
    """One lot with its list."""

    lot: str
    green: bool
    listed: dict[Key, str]
    """in the order of the list: (kind, token) → skeleton"""
    there: dict[Key, tuple[int, ...]]
    """index of each original of that number that is really there"""
    signed_ms: int

    def payload(self) -> bytes:
        """The message."""
        documents = [{"kind": kind, "token": name, "skeleton": alike} for (kind, name), alike in self.listed.items()]
        head = {"lot": self.lot, "issuer": "样例公安局", "signed_ms": self.signed_ms, "green": self.green}
        return json.dumps({**head, "documents": documents}, ensure_ascii=False).encode()


def make_receipts(scene: Scene, site_key: bytes, signed_ms: int) -> list[Receipt]:
    """The lots of a run, in the order in which their documents lie in the feeder; what the line prints itself is on no list."""
    rng, classes = random.Random(f"receipts {scene.seed}"), load_classes()
    originals = [document for document in scene.documents if document.order_id not in scene.files]
    everywhere: dict[Key, tuple[int, ...]] = {}
    for document in originals:
        key = (document.kind, token(site_key, document.kind, document.number))
        everywhere[key] = (*everywhere.get(key, ()), document.index)
    found: list[Receipt] = []
    taken: set[Key] = set()
    while originals:
        lying, originals = (pile := originals[: rng.randint(*DOCUMENTS)]), originals[len(pile) :]
        listed: dict[Key, str] = {}
        for document in lying:
            key = (document.kind, token(site_key, document.kind, document.number))
            if key not in taken and rng.random() >= UNLISTED:
                listed[key] = skeleton(site_key, document.kind, document.number, classes)
            if rng.random() < ABSENT:
                listed[absent(scene.seed, len(found), len(listed))] = "f" * 32
        taken.update(listed)
        there = {key: everywhere.get(key, ()) for key in listed}
        if listed:
            found.append(Receipt(f"R{scene.seed}-{len(found) + 1}", rng.random() < GREEN, listed, there, signed_ms))
    return found


def absent(seed: int, lot: int, n: int) -> Key:
    """A document that is on a list and nowhere else."""
    return "passport", hashlib.sha256(f"absent {seed} {lot} {n}".encode()).hexdigest()[:32]


def orders_without_documents(receipts: Iterable[Receipt], model: Json, seed: int) -> list[Json]:
    """Orders whose document never comes: `model` is an order as it is granted."""
    rng = random.Random(f"absent {seed}")
    names = [key for receipt in receipts for key, there in receipt.there.items() if not there]
    ordered = [key for key in names if rng.random() < ABSENT_ORDERED]
    return [
        {
            **{name: value for name, value in model.items() if name != "files"},
            "order_id": f"A{n:06d}",
            "documents": [{"kind": kind, "token": name, "skeleton": hashlib.sha256(name.encode()).hexdigest()[:32]}],
            "tracking_number": s10("EB", 10_000_000 + n, "CN"),
        }
        for n, (kind, name) in enumerate(ordered, 1)
    ]


class Closed(NamedTuple):
    """What central was told when a lot was closed."""

    code: str
    """the line's answer to the person who closed it"""
    counts: Mapping[str, Any] | None
    """the event's body; None = nothing was told"""
    account: Mapping[str, Any] | None
    """the payload of the signed file; None = nobody looked at it"""


def judge_lot(receipt: Receipt, closed: Closed, lying: Mapping[int, str]) -> list[str]:
    """What the account of a lot says wrong. `lying`: index of a document → the place where it really is."""
    if closed.code != "OK" or closed.counts is None:
        return [f"lot {receipt.lot} could not be closed ({closed.code}), or nothing was told of it"]
    places = {key: [lying.get(index, "") for index in there] for key, there in receipt.there.items()}
    sent = sum(any(map(_sent, at)) for at in places.values())
    back = sum(bool(at) and set(at) == {BACK} for at in places.values())
    unread = sum(UNREAD in at and not any(map(_sent, at)) for at in places.values())
    found = []
    if closed.counts["dispatched"] != sent:
        found.append(f"lot {receipt.lot}: {closed.counts['dispatched']} dispatched, and {sent} really are")
    if not back <= closed.counts["returned"] <= back + unread:
        found.append(f"lot {receipt.lot}: {closed.counts['returned']} returned to the issuer, and {back} really are")
    gone = sum(not at for at in places.values())
    if closed.counts["missing"] < gone or closed.counts["open"]:
        told = f"{closed.counts['missing']} missing, {closed.counts['open']} open"
        found.append(f"lot {receipt.lot}: {told}, and {gone} never came")
    return found + ([] if closed.account is None else _judge_file(receipt, closed.counts, closed.account, places))


def _sent(place: str) -> bool:
    return place.startswith("chute")


def _judge_file(
    receipt: Receipt, counts: Mapping[str, Any], account: Mapping[str, Any], places: Mapping[Key, Sequence[str]]
) -> list[str]:
    rows = {(row["kind"], row["token"]): row["outcome"] for row in account["documents"]}
    found = []
    # Byte by byte: the very list that was signed, in its order, each once.
    said = json.dumps([[row["kind"], row["token"]] for row in account["documents"]])
    if said != json.dumps([list(key) for key in receipt.listed]):
        found.append(f"lot {receipt.lot}: its file does not list what was signed, each document once")
    orders = Counter(row["order_id"] for row in account["orders"])
    if max(orders.values(), default=1) > 1:
        found.append(f"lot {receipt.lot}: its file names an order twice")
    for key, outcome in rows.items():
        at = places.get(key, ())
        right = DISPATCHED if any(map(_sent, at)) else RETURNED if at and set(at) == {BACK} else MISSING if not at else ""
        wrong = {DISPATCHED} if UNREAD in at else {DISPATCHED, RETURNED}
        if (right and outcome != right) or (not right and outcome in wrong):
            where = ", ".join(at) or "no place: it never came"
            found.append(f"lot {receipt.lot}: a {key[0]} is {outcome}, and lies in {where}")
    tally = Counter(rows.values())
    if any(tally[what] != counts[name] for what, name in COUNTED.items()):
        found.append(f"lot {receipt.lot}: its file and its event count differently")
    return found


def resting(documents: Iterable[PhysicalDocument], lying: Mapping[int, str], read: Collection[str]) -> dict[int, str]:
    """Index of each document → where it is: at a reject place or in a chute, or where it was put since.

    `read`: what the line calls those whose number it has read; when another is given back, it cannot know which of the list
    that was.
    """
    places = {document.index: lying.get(document.index, document.place) for document in documents}
    lost = {one.index: UNREAD for one in documents if places[one.index] == BACK and one.key not in read}
    return places | lost
