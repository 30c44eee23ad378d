"""What central says of the orders that it grants: manifests and their leases, each answered once."""

from edge.core.certificates import Certificates
from edge.core.events import LeaseTold, ManifestRefused, ManifestSealed, MessageRefused
from edge.core.floor import Floor
from edge.core.lots import Lots
from edge.core.orders import told_of


class Manifests:
    """Takes manifests and words about leases, and tells central what became of them."""

    def __init__(self, floor: Floor, lots: Lots, certificates: Certificates) -> None:
        self._floor = floor
        self._lots = lots
        self._certificates = certificates

    def sealed(self, event: ManifestSealed) -> None:
        """All chunks are here: their orders count, or it is refused."""
        floor = self._floor
        if floor.leases.old(event):
            floor.pool.forget(event.lot, event.version)
            floor.report("manifest_refused", lot=event.lot, version=event.version, faults="OLD_EPOCH")
            return
        grant = floor.pool.activate(event)
        if grant is not None or floor.pool.lots.get(event.lot) == event.version:
            floor.leases.granted(event)
            floor.look_at_leases()
        if grant is not None:
            if self._lots.accounts.get(event.lot) and floor.pool.complete(event.lot):
                self._lots.want(event.lot)  # nothing new in it: its account is due again, under this version
            floor.clocks.granted(grant.cohorts.values(), floor.wall_ms(), floor.settings)
            for order in grant.urgent.values():
                self._lots.granted(order)
            self._certificates.granted(grant.filed.values())
            floor.end_condition("NO_MANIFEST")
            floor.end_condition("MANIFEST_REFUSED")
            groups = list(floor.pool.alike(grant))
            undecided = [group for group in groups if not group.separated]
            floor.report(
                "manifest_accepted",
                lot=event.lot,
                version=event.version,
                digest=event.digest,
                ambiguous=told_of(groups),
                ambiguous_groups=len(groups),
                undecided=told_of(undecided),
                undecided_groups=len(undecided),
            )
        elif floor.pool.lots.get(event.lot, 0) < event.version:
            floor.report("manifest_refused", lot=event.lot, version=event.version, faults="chunks missing")

    def lease_told(self, event: LeaseTold) -> None:
        """Central renews, confirms or ends a lease."""
        floor = self._floor
        answers = (event.journal_id, event.boot) == (floor.journal_id, floor.boot)
        code = floor.leases.told(event, floor.wall_ms(), answers=answers, settings=floor.settings)
        floor.look_at_leases()
        floor.report("lease", lot=event.lot, epoch=event.epoch, end_ms=event.end_ms, code=code or "OK")

    def message_refused(self, event: MessageRefused) -> None:
        """A message of central made no sense."""
        self._floor.raise_condition("MANIFEST_REFUSED")
        self._floor.report("message_refused", topic=event.topic, fault=event.fault)

    def refused(self, event: ManifestRefused) -> None:
        """The shell found its faults: nothing of it counts."""
        self._floor.raise_condition("MANIFEST_REFUSED")
        self._floor.report("manifest_refused", lot=event.lot, version=event.version, faults="; ".join(event.faults))
