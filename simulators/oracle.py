"""Judges a run from physical truth alone: what lies where, what is in each envelope and on it, and what was ordered.

The edge's own accounts are looked at for one question only: whether they say the same place as the world does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from simulators.bodies import NOT_FED, Envelope, PhysicalDocument
from simulators.plant import Plant


class Ordered(NamedTuple):
    """One order as central issued it, with the chute that its county belongs to."""

    order_id: str
    numbers: frozenset[str]
    tracking_number: str
    chute: int
    later: tuple[int, ...] = ()
    """the chute under each sort plan that came into force later"""
    county: str = ""
    """where its label must say that it goes; "" = nobody looks"""

    def chute_under(self, sort_plan: int) -> int:
        """The chute under the so manieth sort plan, 0 = the first."""
        return (self.chute, *self.later)[sort_plan]


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
    by_number = {order.tracking_number: order for order in orders}
    bagged = [(chute, envelope) for chute, envelopes in plant.chutes.items() for envelope in envelopes]
    wrong = [sentence for chute, envelope in bagged for sentence in _wrongs(envelope, chute, by_number)]
    wrong += _repeated(bagged, by_number)
    return Judgement(len(bagged), tuple(wrong), tuple(_unaccounted(plant, accounts)))


def _wrongs(envelope: Envelope, chute: int, orders: Mapping[str, Ordered]) -> Iterator[str]:
    name = f"envelope {envelope.item_handle} in chute {chute}"
    if not envelope.sealed:
        yield f"{name} is not sealed"
    if len(envelope.labels) != 1:
        yield f"{name} bears {len(envelope.labels)} labels"
        return
    label = envelope.labels[0]
    order = orders.get(label.code128)
    if order is None:
        yield f"{name} bears the number {label.code128!r}, which no order has"
        return
    if sorted(document.number for document in envelope.documents) != sorted(order.numbers):
        held = ", ".join(document.order_id or "nobody" for document in envelope.documents) or "nobody"
        yield f"{name} is labelled for {order.order_id} and holds what belongs to {held}"
    for document in envelope.documents:
        if document.sheets != document.sheets_due:
            yield f"{name} holds {document.sheets} of {document.sheets_due} sheets of {document.order_id}"
    if label.qr.partition(";")[0] != label.code128:
        yield f"{name} bears two different numbers on one label"
    if label.county and order.county and label.county != order.county:
        yield f"{name} bears an address in {label.county}, and {order.order_id} goes to {order.county}"
    expected = order.chute_under(envelope.sort_plan)
    if chute != expected:
        yield f"{name} is labelled for {order.order_id}, which belongs into chute {expected}"


def _repeated(bagged: Iterable[tuple[int, Envelope]], orders: Mapping[str, Ordered]) -> Iterator[str]:
    chutes: dict[str, list[int]] = {}
    for chute, envelope in bagged:
        for number in {label.code128 for label in envelope.labels if label.code128 in orders}:
            chutes.setdefault(orders[number].order_id, []).append(chute)
    for order_id, places in chutes.items():
        if len(places) > 1:
            yield f"{order_id} was dispatched {len(places)} times, into the chutes {', '.join(map(str, places))}"


def judge_across(held: Mapping[str, Mapping[str, Any]], orders: Iterable[Ordered], documents: Iterable[int]) -> list[str]:
    """Judge several lines together (I4): an order lies in one bag of one line, and no document is lost or doubled on its way.

    `held`: line → "bagged" (per envelope the numbers on it) and "documents" (index of each that is there).
    """
    order_of = {order.tracking_number: order.order_id for order in orders}
    bags: dict[str, list[str]] = {}
    places: dict[int, list[str]] = {index: [] for index in documents}
    for line, holding in held.items():
        for number in (number for envelope in holding["bagged"] for number in envelope if number in order_of):
            bags.setdefault(order_of[number], []).append(line)
        for index in holding["documents"]:
            places.setdefault(index, []).append(line)
    found = [f"{order_id} was dispatched by {' and '.join(lines)}" for order_id, lines in bags.items() if len(set(lines)) > 1]
    return found + [f"document {index} is at {' and '.join(at) or 'no line'}" for index, at in places.items() if len(at) != 1]


def lying(plant: Plant) -> dict[int, str]:
    """Index of each document that lies in a bag or a reject place now → that place."""
    held: list[tuple[str, Sequence[Envelope | PhysicalDocument]]] = [
        ("document_tray", plant.document_tray),
        ("unsealed_eject", plant.unsealed_eject),
        ("sealed_reject", plant.sealed_reject),
        *((f"chute:{chute}", envelopes) for chute, envelopes in plant.chutes.items()),
    ]
    return {
        document.index: place
        for place, bodies in held
        for body in bodies
        for document in ([body] if isinstance(body, PhysicalDocument) else body.documents)
    }


def _unaccounted(plant: Plant, accounts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    said = {row["document"]: row["place"] for row in accounts}
    found = lying(plant)
    for document in plant.documents:
        place = found.get(document.index, document.place)
        if not document.key and place not in (*NOT_FED, "belt"):
            yield f"document {document.index} is in {place} and was never seen by the ID camera, nor read at the desk"
        for key in document.past_keys:
            past = said.pop(key, None)
            if past not in ("fed again", "destroyed"):
                yield f"document {document.index} was fed again or destroyed, and the edge says that {key} is in {past}"
        key = document.key
        if not key:
            continue
        account = said.pop(key, None)
        if account is None:
            yield f"document {document.index} ({key}) is in {place}, and the edge has no record of it"
        elif account != place and (place, account) != ("hand", "lost"):
            yield f"document {document.index} ({key}) is in {place}, and the edge says {account}"
    for key, account in said.items():
        if key in plant.ghosts and account == "lost":
            continue
        yield f"the edge says that {key} is in {account}, and no document ever bore that handle"
