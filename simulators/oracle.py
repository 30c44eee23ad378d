"""Judges a run from physical truth alone: what lies where, what is in each envelope and on it, and what was ordered.

The edge's own accounts are looked at for one question only: whether they say the same place as the world does.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from simulators.bodies import Envelope, PhysicalDocument
from simulators.plant import Plant


class Ordered(NamedTuple):
    """One order as central issued it, with the chute that its county belongs to."""

    order_id: str
    numbers: frozenset[str]
    tracking_number: str
    chute: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the oracle found; each finding is a sentence."""

    dispatched: int
    wrong: tuple[str, ...]
    unaccounted: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """No wrong envelope left, nothing is lost."""
        return not self.wrong and not self.unaccounted


def expected_chute(routes: Mapping[str, int], county: str) -> int:
    """The chute of a county by the longest of its prefixes; -1 = none."""
    return next((routes[county[:n]] for n in (6, 4, 2) if county[:n] in routes), -1)


def judge(plant: Plant, orders: Iterable[Ordered], accounts: Sequence[Mapping[str, Any]]) -> Judgement:
    """Judge the plant's present state; see Judgement."""
    by_id = {order.order_id: order for order in orders}
    wrong, times = [], dict[str, int]()
    dispatched = 0
    for chute, envelopes in plant.chutes.items():
        for envelope in envelopes:
            dispatched += 1
            wrong += _wrongs(envelope, chute, by_id, times)
    wrong += [f"order {order_id} was dispatched {n} times" for order_id, n in times.items() if n > 1]
    return Judgement(dispatched, tuple(wrong), tuple(_unaccounted(plant.documents, accounts)))


def _wrongs(envelope: Envelope, chute: int, orders: Mapping[str, Ordered], times: dict[str, int]) -> list[str]:
    name = f"envelope {envelope.item_handle} in chute {chute}"
    if not envelope.sealed:
        return [f"{name} is not sealed"]
    if len(envelope.labels) != 1:
        return [f"{name} bears {len(envelope.labels)} labels"]
    label = envelope.labels[0]
    order = next((o for o in orders.values() if o.tracking_number == label.code128), None)
    if order is None:
        return [f"{name} bears the unknown number {label.code128}"]
    times[order.order_id] = times.get(order.order_id, 0) + 1
    faults = []
    contents = frozenset(document.number for document in envelope.documents)
    if contents != order.numbers or len(envelope.documents) != len(order.numbers):
        held = ", ".join(str(document.order_id) for document in envelope.documents)
        faults.append(f"{name} is labelled for {order.order_id} and holds the document of {held}")
    if not label.qr.startswith(label.code128 + ";"):
        faults.append(f"{name} bears two different numbers on one label")
    if chute != order.chute:
        faults.append(f"{name} of {order.order_id} belongs into chute {order.chute}")
    return faults


def _unaccounted(documents: Sequence[PhysicalDocument], accounts: Sequence[Mapping[str, Any]]) -> list[str]:
    placed = {row["document"]: row["place"] for row in accounts}
    findings = []
    for document in documents:
        if document.handle is None:
            if document.place not in ("feeder", "belt"):
                findings.append(f"document {document.index} is in {document.place} and never had a handle")
            continue
        key = f"D{document.handle[0]}-{document.handle[1]}"
        said = placed.get(key)
        if said is None:
            findings.append(f"document {document.index} ({key}) is in {document.place}, and the edge has no record of it")
        elif said != document.place:
            findings.append(f"document {document.index} ({key}) is in {document.place}, and the edge says {said}")
    return findings
