"""One seeded run: who sends what, which faults will hit whom, and what the world should look like when all went right."""

import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib.resources import files

from simulators.bodies import PhysicalDocument
from simulators.faults import NOT_ORDERED, PAPER_KINDS, plan_faults
from simulators.manifests import Json, make_manifest, wire_order
from simulators.oracle import Ordered, expected_chute
from simulators.paper import PaperFile, files_of, is_single_a4, sketch
from simulators.people import Order, make_population
from simulators.tokens import date_beside, load_classes

LOT = "LOT-1"
NEED_PAPER = ("order_late", "oversize")
"""faults of documents that were there before their order, or do not fit"""
FAMILIES = 0.05
"""share of orders with two or three documents"""
TWINS = 0.1
"""share of lone passports whose number looks like another's"""


NOTHING_AMENDED: Mapping[str, str] = {}


def load_routes() -> Mapping[str, int]:
    """County prefix → chute, from the sort plan's data."""
    plan = tomllib.loads(files("line_config").joinpath("sort_plan.toml").read_text("utf-8"))
    return {str(county): int(chute) for county, chute in plan["routes"].items()}


class Scene:
    """Population, documents in the feeder, fault plan and manifest of one run."""

    def __init__(
        self,
        seed: int,
        items: int,
        fault_probability: float | Mapping[str, float],
        families: float = FAMILIES,
        *,
        files: float = 0.0,
    ) -> None:
        """`files`: of the orders of one A4 document, the share that comes as a file."""
        self.seed = seed
        self.items = items
        self.fault_probability = fault_probability
        self._share = files
        self.families = families
        plan = plan_faults(seed, items, fault_probability)
        no_order = {index for index, kind in plan.items() if kind in NOT_ORDERED}
        copies = {index for index, kind in plan.items() if kind == "second_copy"}
        papers = {index for index, kind in plan.items() if kind in PAPER_KINDS}
        self.population = make_population(seed, items, no_order, copies=copies, families=families, papers=papers, twins=TWINS)
        first = self._first_documents()
        self.faults = {first[item]: kind for item, kind in plan.items()}
        self.contents: Callable[[PaperFile], bytes] = sketch
        """the bytes of a file"""
        self._classes = load_classes()
        self.files = self._files(files)
        self.documents = [
            PhysicalDocument(
                index=index,
                kind=document.kind,
                number=document.number,
                order_id=document.order_id,
                weight_mg=document.weight_mg,
                fault=self.faults.get(index, ""),
                beside=date_beside(document),
            )
            for index, document in enumerate(self.population.documents)
        ]

    def _files(self, share: float) -> dict[str, PaperFile]:
        """Which orders come as files: a share of those that can, and those to whose file something will happen."""
        documents = self.population.documents
        copied = {document.number for document in documents if document.order_id is None}
        kinds = {documents[index].order_id: kind for index, kind in self.faults.items()}
        fit = [
            order
            for order in self.population.orders
            if is_single_a4(order.documents)
            and order.documents[0].number not in copied
            and kinds.get(order.order_id) not in NEED_PAPER
        ]
        forced = {str(order_id) for order_id, kind in kinds.items() if kind in PAPER_KINDS}
        return files_of(self.seed, fit, share, forced)

    def _first_documents(self) -> list[int]:
        """Index of each item's first document."""
        orders = [document.order_id for document in self.population.documents]
        return [
            index
            for index, order_id in enumerate(orders)
            if order_id is None or order_id not in orders[max(0, index - 2) : index]
        ]

    def parts(self, lines: int) -> list[list[PhysicalDocument]]:
        """The documents in as many piles of nearly equal height, in their order; no order is torn apart."""
        piles: list[list[PhysicalDocument]] = [[] for _ in range(lines)]
        heads = iter([*self._first_documents(), len(self.documents)])
        begin = next(heads)
        for end in heads:
            piles[begin * lines // len(self.documents)] += self.documents[begin:end]
            begin = end
        return piles

    @cached_property
    def index_of_number(self) -> dict[str, int]:
        """Tracking number → index of the item's first document."""
        index_of = {d.order_id: d.index for d in reversed(self.documents) if d.order_id is not None}
        return {order.tracking_number: index_of[order.order_id] for order in self.population.orders}

    def manifest(
        self, site_key: bytes, version: int = 1, lease: tuple[int, int] | None = None, more: Sequence[Json] = ()
    ) -> list[bytes]:
        """The messages with which central grants the orders, but for those that come late.

        `lease`: epoch and end; `more`: orders of documents that are not here.
        """
        granted = [order for order in self.population.orders if self.lot_of[order.order_id] == LOT]
        return make_manifest([*(self._wire(order, site_key) for order in granted), *more], LOT, version, lease=lease)

    def late_manifest(self, site_key: bytes, order_id: str | None) -> list[bytes]:
        """The messages with which central grants this one order."""
        orders = [order for order in self.population.orders if order.order_id == order_id]
        return make_manifest([self._wire(order, site_key) for order in orders], f"LATE-{order_id}", 1)

    def _wire(self, order: Order, site_key: bytes) -> Json:
        file = self.files.get(order.order_id)
        return wire_order(order, site_key, self._classes, () if file is None else [file.wire(self.contents(file))])

    @cached_property
    def lot_of(self) -> dict[str, str]:
        """Order → the lot that it is granted with."""
        late = {self.documents[index].order_id for index, kind in self.faults.items() if kind == "order_late"}
        ids = [order.order_id for order in self.population.orders]
        return {order_id: f"LATE-{order_id}" if order_id in late else LOT for order_id in ids}

    def ordered(self, later: Sequence[Mapping[str, int]] = (), amended: Mapping[str, str] = NOTHING_AMENDED) -> list[Ordered]:
        """The orders as the oracle needs them.

        `later`: the routes that came into force later, in their order; `amended`: order → the county that it was sent to since.
        """
        routes = load_routes()
        goes = {order.order_id: amended.get(order.order_id, order.addressee.county) for order in self.population.orders}
        return [
            Ordered(
                order.order_id,
                frozenset(document.number for document in order.documents),
                order.tracking_number,
                expected_chute(routes, goes[order.order_id]),
                tuple(expected_chute(changed, goes[order.order_id]) for changed in later),
                goes[order.order_id],
            )
            for order in self.population.orders
        ]

    def digest(self) -> str:
        """Names the run."""
        named = f"{self.seed} {self.items} {self.fault_probability} {self.families} {self._share}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]
