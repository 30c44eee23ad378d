"""What of the documents was fed, what was touched by a fault, and what of the rest lies in a chute."""

from simulators.bodies import NOT_FED, Envelope, PhysicalDocument
from simulators.faults import FaultBook


class Tally:
    """The part of the plant that is counted at the end."""

    faults: FaultBook
    documents: list[PhysicalDocument]
    envelopes: list[Envelope]

    def untouched(self) -> tuple[int, int]:
        """Items that met no fault, no neighbour's and no outage: (fed, lying in a chute now)."""
        touched = self.faults.touched_in([e.documents[0].index for e in self.envelopes if e.sealed])
        spoilt = {d.order_id for d in self.documents if d.order_id is not None and d.index in touched}
        clean = [d for d in self._first_documents() if d.index not in touched and d.order_id not in spoilt]
        return len(clean), sum(document.place.startswith("chute:") for document in clean)

    def _first_documents(self) -> list[PhysicalDocument]:
        """The first document of each order that was fed, and each lone one."""
        fed = [document for document in self.documents if document.place not in NOT_FED]
        first = {document.order_id: document for document in reversed(fed)}
        return [document for document in fed if document.order_id is None or first[document.order_id] is document]

    @property
    def items_fed(self) -> int:
        """Envelopes whose first document was fed; a lone or surplus document counts as one."""
        return len(self._first_documents())
