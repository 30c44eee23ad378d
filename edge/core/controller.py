"""handle(event) → commands: routes each event to its noun and owns no detail."""

from collections.abc import Callable
from typing import Any

from edge.core.amendments import Amendments
from edge.core.carry import Carry
from edge.core.certificates import Certificates
from edge.core.challenge import Challenges
from edge.core.checklist import Checklist
from edge.core.collation import Collation
from edge.core.commands import Command
from edge.core.desk import Desk
from edge.core.device_events import (
    FrameRead,
    LabelImpossible,
    LabelInDoubt,
    LabelPrinted,
    LabelRead,
    LabelUnexpected,
    ParcelScanned,
    PrinterStatus,
    PrintFailed,
    WeightRead,
)
from edge.core.document import Documents
from edge.core.doors import Doors
from edge.core.ends import Ends
from edge.core.event import Event
from edge.core.events import (
    BeltEmpty,
    Booted,
    Carried,
    ClockRead,
    CommandRefused,
    ConfigLoaded,
    DeadlinePassed,
    Diverted,
    DivertUnconfirmed,
    DocumentFed,
    DocumentRejected,
    Extra,
    HandedOver,
    HostRead,
    Inducted,
    Inserted,
    ItemEjected,
    ItemRejected,
    LabelApplied,
    LabelExposed,
    LabelPurged,
    LeaseTold,
    LinkDown,
    LinkUp,
    Lost,
    ManifestGranted,
    ManifestRefused,
    ManifestSealed,
    MessageRefused,
    OperatorRequest,
    OrderAmended,
    OrderCancelled,
    PlcRestarted,
    PlcStatus,
    RejectUnconfirmed,
    Sealed,
    Weighed,
)
from edge.core.figures import Figures
from edge.core.floor import Floor
from edge.core.guards import Guards
from edge.core.heads import Heads
from edge.core.host import Host
from edge.core.item import Item, Items
from edge.core.label import Labels
from edge.core.lots import Lots
from edge.core.manifests import Manifests
from edge.core.manual import Manual
from edge.core.page_events import FileChecked, FileDeleted, SheetsFailed, SheetsPrinted
from edge.core.recall import Recall
from edge.core.roll_test import RollTest
from edge.core.rolls import Rolls
from edge.core.sorting import Sorting
from edge.core.supervision import Supervision
from edge.core.tracking import Deadlines
from edge.core.trials import Trials
from edge.core.values import DocumentKey, ItemId, OrderId, ParcelKey, Plc, PrintId, Settings, SortPlan

CLOCK_STEP_MS_MAX = 2000


class Controller:
    """The line's decisions. Deterministic: the same events give the same commands (I13, I15)."""

    def __init__(self, settings: Settings, sort_plan: SortPlan) -> None:
        self.floor = floor = Floor(settings, sort_plan)
        self._read = Deadlines()
        self._label_read = Deadlines()
        self._transit = Deadlines()
        self._gather = Deadlines()
        self.collation = Collation(floor, self._gather)
        self.lots = Lots(floor)
        self.certificates = Certificates(floor)
        self.manifests = Manifests(floor, self.lots, self.certificates)
        self.trials = Trials(floor, self.collation)
        self.documents = Documents(floor, self.certificates, self.trials, self.collation, self.lots, self._read, self._transit)
        self.items = Items(floor, self.documents, self.collation, self._transit)
        self.rolls = Rolls(floor)
        self.heads = Heads(floor)
        self.labels = Labels(floor, self.items, self._label_read, self.rolls, self.heads)
        self.roll_test = RollTest(floor, self.labels, self.rolls, self.heads)
        self.sorting = Sorting(floor, self.items, self.labels)
        self.carry = Carry(floor, self.labels, self.lots)
        self.checklist = Checklist(floor, self.documents, self.items)
        guards = Guards(self.documents, self.items, self.sorting)
        self.supervision = Supervision(
            floor, self.documents, self.items, self.labels, self.sorting, guards, self.checklist, self.heads
        )
        self.recall = Recall(floor, self.collation, self.items, self.sorting)
        self.doors = Doors(floor, self.documents, self.items, self.labels, self.sorting)
        self.challenges = Challenges(floor, self.sorting.dispatched)
        self.figures = Figures(floor, self.challenges)
        self.manual = Manual(floor, self.documents, self.items, self.labels, self.recall, self.doors)
        self.desk = Desk(
            floor, self.documents, self.items, self.sorting, self.supervision, self.doors, self.checklist, self.roll_test,
            self.manual, self.certificates,
        )  # fmt: skip
        self.ends = Ends(floor, self.lots, self.sorting)
        self._routes = self._make_routes()

    def _make_routes(self) -> dict[type[Event], Callable[[Any], None]]:
        documents, items, labels, sorting = self.documents, self.items, self.labels, self.sorting
        return {
            Booted: self._booted,
            ConfigLoaded: self._configured,
            ClockRead: self._clock_read,
            HostRead: Host(self.floor).read,
            Carried: self._carried,
            DeadlinePassed: self._nothing_else,
            LinkUp: self._linked,
            LinkDown: self._linked,
            PlcStatus: self._plc_status,
            PlcRestarted: self._plc_restarted,
            PrinterStatus: self._printer_status,
            DocumentFed: documents.fed,
            FrameRead: documents.frame,
            DocumentRejected: documents.in_tray,
            Inserted: items.inserted,
            Sealed: items.sealed,
            ItemEjected: items.ejected,
            Weighed: self._weighed,
            LabelImpossible: self.trials.impossible,
            LabelPrinted: self._label_printed,
            PrintFailed: self._print_failed,
            LabelInDoubt: self._label_in_doubt,
            LabelUnexpected: labels.unexpected,
            LabelApplied: labels.applied,
            LabelPurged: self._label_purged,
            LabelExposed: labels.exposed,
            LabelRead: self._label_read_in,
            HandedOver: sorting.handed_over,
            Inducted: sorting.inducted,
            ParcelScanned: sorting.scanned,
            WeightRead: self._weight_read,
            Diverted: sorting.arrived,
            DivertUnconfirmed: sorting.arrived,
            ItemRejected: sorting.arrived,
            Lost: self._lost,
            Extra: self._extra_seen,
            RejectUnconfirmed: self._reject_unconfirmed,
            CommandRefused: self._refused,
            BeltEmpty: self.desk.belt_empty,
            ManifestGranted: self.floor.pool.take_chunk,
            ManifestSealed: self.manifests.sealed,
            ManifestRefused: self.manifests.refused,
            LeaseTold: self.manifests.lease_told,
            MessageRefused: self.manifests.message_refused,
            **self.lots.routes(),
            OrderAmended: Amendments(self.floor, self.lots).amended,
            OrderCancelled: self._order_cancelled,
            FileChecked: self.certificates.checked,
            SheetsPrinted: self.certificates.printed,
            SheetsFailed: self.certificates.failed,
            FileDeleted: self.certificates.deleted,
            OperatorRequest: self.desk.request,
        }

    def handle(self, event: Event) -> tuple[Command, ...]:
        """Take one event; returns what the shell must do once the event is durable, in order."""
        if isinstance(event, Booted):
            self._rise(event)
        self.floor.advance(event.at_us)
        self._deadlines()
        self._routes[type(event)](event)
        self._call_back()
        self.supervision.settle()
        self.certificates.pursue()
        self.ends.settle()
        out = tuple(self.floor.out)
        self.floor.out.clear()
        return out

    def next_deadline_us(self) -> int | None:
        """When a DeadlinePassed event is due; None = nothing waits."""
        floor = self.floor
        on_belt = [due for due in (self._transit.next_us(), self._gather.next_us()) if due is not None]
        transit_us = min(on_belt, default=None) if floor.running() and floor.plcs_seen else None
        dues = (
            self._read.next_us(),
            self._label_read.next_us(),
            None if transit_us is None else floor.now_us + max(0, transit_us - floor.belt_us),
            self.sorting.inductions.next_due_us(),
            self.supervision.next_due_us(),
        )
        return min((due for due in dues if due is not None), default=None)

    def _deadlines(self) -> None:
        floor = self.floor
        for key in self._read.pop_due(floor.now_us):
            self.documents.read_deadline(key)
        for key in self._label_read.pop_due(floor.now_us):
            self._checked(self.labels.read_deadline(key))
        for order_id in self._gather.pop_due(floor.belt_us):
            self.collation.deadline(OrderId(order_id))
        for key in self._transit.pop_due(floor.belt_us):
            item = self.items.all.get(ItemId(key))
            if item is None or not self.sorting.missing(item):
                self._lose(key)
        self.sorting.bind(self.sorting.inductions.join(floor.now_us))

    def _call_back(self) -> None:
        """Orders were broken up: their documents before the gate go to the tray, their open envelope is ejected."""
        while called_back := self.collation.called_back():
            for key in called_back:
                document = self.documents.all[key]
                claim = self.floor.pool.claims.get(document.order_id) if document.order_id is not None else None
                if claim is not None:
                    self.documents.call_back(key, claim.broken)
                    self.items.eject_broken(claim.order.order_id, claim.broken)

    def _rise(self, event: Booted) -> None:
        """Before anything else of a boot: nothing was missed while nobody watched, and the belts did not run by our will."""
        # The monotonic clock begins anew when the machine does: from here on time is measured from this boot's stamps.
        self.floor.now_us = event.at_us
        if event.wall_ms:
            self.floor.wall_offset_ms = event.wall_ms - event.at_us // 1000
        self.floor.production.restarted(event.at_us)
        self.floor.pool.restarted()
        self.challenges.restarted()
        self.certificates.restarted()
        self.trials.restarted()
        self.supervision.links_down()
        if event.boot > 1:
            self.supervision.booted()
            self.floor.leases.restarted()
            self.sorting.bind(self.sorting.inductions.restart())
            self.manual.restarted()
            self.roll_test.restarted()

    def _booted(self, event: Booted) -> None:
        self.floor.boot, self.floor.journal_id = event.boot, event.journal_id
        self.floor.look_at_leases()
        if event.broke:
            self.floor.raise_condition("PROMISE_BROKEN")
        self.floor.report("booted", boot=event.boot, version=event.version, broke=event.broke)

    def _plc_restarted(self, event: PlcRestarted) -> None:
        self.supervision.plc_restarted(event)
        self.desk.plc_restarted()

    def _linked(self, event: LinkUp | LinkDown) -> None:
        if isinstance(event, LinkUp):
            self.supervision.link_up(event)
        else:
            self.supervision.link_down(event)
        self.certificates.link(event)

    def _carried(self, event: Carried) -> None:
        self.carry.take(event)
        self.certificates.carry(event.rows.get("sheet", {}))

    def _configured(self, event: ConfigLoaded) -> None:
        self.floor.settings, self.floor.sort_plan = event.settings, event.sort_plan
        self.heads.configured()
        self.sorting.inductions.window_us = event.settings.scan_window_ms * 1000
        if not self.floor.pool.orders:
            self.floor.raise_condition("NO_MANIFEST")

    def _clock_read(self, event: ClockRead) -> None:
        floor = self.floor
        offset_ms = event.wall_ms - event.at_us // 1000
        before = floor.wall_offset_ms
        floor.wall_offset_ms = offset_ms
        if before is not None and abs(offset_ms - before) > CLOCK_STEP_MS_MAX and self.supervision.permit:
            floor.raise_condition("CLOCK_STEPPED")
        else:
            floor.end_condition("CLOCK_STEPPED")
        self.figures.clock(event.wall_ms)
        self.challenges.clock()
        floor.look_at_leases()
        if floor.clocks.warn(event.wall_ms):
            floor.raise_condition("TIME_LIMIT_NEAR")
        else:
            floor.end_condition("TIME_LIMIT_NEAR")

    def _printer_status(self, event: PrinterStatus) -> None:
        self.manual.printer(event)
        self.heads.status(event)
        self.rolls.status(event)
        self.roll_test.status(event)

    def _plc_status(self, event: PlcStatus) -> None:
        if event.plc is Plc.MACHINE:
            self.roll_test.machine_boot(event.boot)
            self.labels.applicator(event.faults)
        self.supervision.plc_status(event)

    def _weighed(self, event: Weighed) -> None:
        item = self.items.weighed(event)
        if item is not None:
            self.labels.print_for(item)

    def _weight_read(self, event: WeightRead) -> None:
        item = self.items.weighing()
        if item is None:
            self.floor.surprise("no single weighing", "weight read")
        else:
            self._weighed(Weighed(at_us=event.at_us, item=item.item_id, weight_100mg=event.weight_100mg))

    def _nothing_else(self, _: DeadlinePassed) -> None:
        """What is due was done before the event was routed."""

    def _reject_unconfirmed(self, _: RejectUnconfirmed) -> None:
        self.floor.raise_condition("REJECT_UNCONFIRMED")

    def _refused(self, event: CommandRefused) -> None:
        self.floor.surprise("command refused", event.code)

    def _at_desk(self, print_id: PrintId) -> bool:
        item_id = self.labels.item_of.get(print_id)
        return item_id is not None and bool(self.items.all[item_id].printer)

    def _label_printed(self, event: LabelPrinted) -> None:
        if self.roll_test.mine(event.print_id):
            self.roll_test.printed()
        elif self._at_desk(event.print_id):
            self.manual.label_printed(event)
        else:
            self.labels.label_printed(event)
            self.roll_test.another_printed()

    def _print_failed(self, event: PrintFailed) -> None:
        if self.roll_test.mine(event.print_id):
            self.roll_test.print_failed(event.reason)
            return
        (self.manual if self._at_desk(event.print_id) else self.labels).print_failed(event)

    def _label_in_doubt(self, event: LabelInDoubt) -> None:
        if not self.roll_test.mine(event.print_id):  # the next test label begins with a purge of the pad
            self.labels.in_doubt(event)

    def _label_purged(self, event: LabelPurged) -> None:
        if not event.item.endswith("-0"):  # handle 0: a blank that was on the pad
            self.labels.purged(event)

    def _extra_seen(self, event: Extra) -> None:
        if not self.roll_test.expects(event):
            self.sorting.surplus(event)

    def _order_cancelled(self, event: OrderCancelled) -> None:
        self.recall.cancelled(event)
        self.manual.withdrawn()

    def _label_read_in(self, event: LabelRead) -> None:
        self._checked(self.labels.frame(event))
        self.roll_test.frame(event)

    def _checked(self, item: Item | None) -> None:
        if item is not None:
            self.sorting.decide(item)

    def _lost(self, event: Lost) -> None:
        self._lose(event.key)

    def _lose(self, key: str) -> None:
        if key.startswith("D"):
            self.documents.lost(DocumentKey(key))
        elif key.startswith(("I", "E")):
            self.items.lost(ItemId(key))
        else:
            parcel = self.sorting.item_of.get(ParcelKey(key))
            if parcel is not None:
                self.items.lost(parcel.item_id)
            self.floor.raise_condition("ITEM_LOST")
