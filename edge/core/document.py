"""The life of a document from the feeder to its envelope or the document tray, as a table; the content check happens here."""

from enum import StrEnum

from edge.core.certificates import Certificates
from edge.core.collation import Collation
from edge.core.commands import RejectDocument
from edge.core.device_events import FrameRead
from edge.core.events import DocumentFed, DocumentRejected, Inserted
from edge.core.floor import Floor
from edge.core.lots import Lots
from edge.core.matching import Check, accept_reading, see
from edge.core.production import Reject
from edge.core.sight import document_reason
from edge.core.tracking import Burst, Bursts, Deadlines
from edge.core.trials import Trials
from edge.core.values import DocumentKey, EventFlag, ItemId, OrderId, Verdict


class DocumentState(StrEnum):
    """Where a document stands."""

    FED = "fed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    INSERTED = "inserted"
    IN_TRAY = "in tray"
    LOST = "lost"
    ON_DESK = "on desk"
    FED_AGAIN = "fed again"
    RETURNED = "returned"
    DAMAGED = "damaged"
    DESTROYED = "destroyed"
    AT_DESK = "at desk"


S = DocumentState
# (state, what happened) → state. `accept` and `refuse` are our own verdicts, the rest is what the PLC saw.
DOCUMENT_TABLE: dict[tuple[DocumentState, str], DocumentState] = {
    (S.FED, "accept"): S.ACCEPTED,
    (S.FED, "refuse"): S.REFUSED,
    (S.ACCEPTED, "refuse"): S.REFUSED,
    (S.ACCEPTED, "inserted"): S.INSERTED,
    # Inserted against our word, or without it: it is where it is; its item is condemned for it.
    (S.FED, "inserted"): S.INSERTED,
    (S.REFUSED, "inserted"): S.INSERTED,
    (S.FED, "in_tray"): S.IN_TRAY,
    (S.ACCEPTED, "in_tray"): S.IN_TRAY,
    (S.REFUSED, "in_tray"): S.IN_TRAY,
    (S.FED, "lost"): S.LOST,
    (S.ACCEPTED, "lost"): S.LOST,
    (S.REFUSED, "lost"): S.LOST,
    # A lost one may be found again at a reject place while the belt is cleared.
    (S.LOST, "in_tray"): S.IN_TRAY,
    # Or in an envelope after all, which is condemned for it.
    (S.LOST, "inserted"): S.INSERTED,
    # A person has it in hand: it was found beside the belt, or lies at a reject place, or its envelope is open.
    (S.LOST, "found"): S.ON_DESK,
    # Read at the manual desk, where its life begins: into its envelope, or given up.
    (S.AT_DESK, "inserted"): S.INSERTED,
    (S.AT_DESK, "given_up"): S.ON_DESK,
    **{
        (state, act): target
        for state in (S.IN_TRAY, S.INSERTED, S.ON_DESK)
        for act, target in (("fed_again", S.FED_AGAIN), ("returned", S.RETURNED), ("damaged", S.DAMAGED))
    },
    # Sheets that were printed on this line, and are printed again.
    **{(state, "destroyed"): S.DESTROYED for state in (S.IN_TRAY, S.INSERTED, S.ON_DESK)},
}
FED_IN_DOUBT = ((EventFlag.TOO_THICK, "DOUBLE_FEED"), (EventFlag.OUT_OF_WINDOW, "POSITION_DOUBT"))
UNREAD_THAT_WARN = 5
IN_HAND = frozenset({S.IN_TRAY, S.ON_DESK})
ENDED = frozenset({S.INSERTED, S.IN_TRAY, S.ON_DESK, S.FED_AGAIN, S.RETURNED, S.DAMAGED, S.DESTROYED})
BEFORE_GATE = frozenset({S.FED, S.ACCEPTED, S.REFUSED})
# Deadline of each state: a field of Settings, in ms; what the camera owes is measured by the clock, the rest in running belt.
DEADLINES: dict[DocumentState, str] = {
    S.FED: "read_deadline_ms",
    S.ACCEPTED: "transit_deadline_ms",
    S.REFUSED: "transit_deadline_ms",
}


class Document:
    """One document on the line."""

    def __init__(self, key: DocumentKey) -> None:
        self.key = key
        self.state = DocumentState.FED
        self.order_id: OrderId | None = None
        self.index = 0
        """which one of the order's documents it is"""
        self.reason = ""
        self.quarantined = False
        self.masked = ""
        self.kind = ""
        self.token = ""
        self.item: ItemId | None = None


class Documents:
    """All documents fed, and what may happen to them up to the insert gate."""

    def __init__(  # noqa: PLR0917 - each noun that has a word in the content check
        self,
        floor: Floor,
        certificates: Certificates,
        trials: Trials,
        collation: Collation,
        lots: Lots,
        read_deadlines: Deadlines,
        transit_deadlines: Deadlines,
    ) -> None:
        self._floor = floor
        self.certificates = certificates
        self._trials = trials
        self.lots = lots
        self._collation = collation
        self._read = read_deadlines
        self._transit = transit_deadlines
        self.all: dict[DocumentKey, Document] = {}
        self.on_belt: dict[DocumentKey, Document] = {}
        self.bursts: Bursts[FrameRead] = Bursts()
        self._burst_of: dict[DocumentKey, Burst[FrameRead]] = {}
        self._latest: Document | None = None
        """the one that was fed last"""
        self._before: Document | None = None
        """the one before it"""
        self._unread_in_a_row = 0
        self.rejected = 0

    def move(self, document: Document, happened: str) -> bool:
        """Take a step of the table; False, counted, and no change where the table has no such pair."""
        target = DOCUMENT_TABLE.get((document.state, happened))
        if target is None:
            self._floor.surprise(document.state, happened)
            return False
        document.state = target
        self._read.set(document.key, None)
        field = DEADLINES.get(target)
        due_us = None if field is None else self._floor.belt_us + getattr(self._floor.settings, field) * 1000
        self._transit.set(document.key, due_us)
        if target in ENDED:
            self.on_belt.pop(document.key, None)
        return True

    def fed(self, event: DocumentFed) -> None:
        """A document reached the ID camera: it gets a life, and a deadline to be read."""
        if event.document in self.all:
            self._floor.surprise("known", "fed")
            return
        floor = self._floor
        document = Document(event.document)
        self.all[event.document] = self.on_belt[event.document] = document
        floor.production.fed()
        floor.report("document_fed", document=event.document)
        self._end_burst_of_latest()
        self._before, self._latest = self._latest, document
        burst = self.bursts.exposed(event.trigger, event.document)
        if burst.closed:
            self._refuse(document, "UNREADABLE")
            return
        self._burst_of[event.document] = burst
        self._read.set(event.document, floor.now_us + getattr(floor.settings, DEADLINES[document.state]) * 1000)
        doubt = floor.belt_in_doubt() or next((reason for flag, reason in FED_IN_DOUBT if event.flags & flag), "")
        if doubt:
            self.quarantine(document, doubt)
        else:
            self._judge_when_complete(document)

    def _end_burst_of_latest(self) -> None:
        """The camera has been triggered again: whatever comes from now on under the number before may show the next one.

        A camera that missed a burst counts on from there, so that each document would get the frames of its follower.
        """
        latest = self._latest
        if latest is None or latest.key not in self._burst_of:
            return
        if latest.state is DocumentState.FED:
            self.read_deadline(latest.key)
        else:
            self._burst_of.pop(latest.key).closed = True

    def frame(self, event: FrameRead) -> None:
        """The ID camera's worker read a frame."""
        burst = self.bursts.frame(event.trigger, event.k, event)
        document = self.all.get(DocumentKey(burst.owner)) if burst.owner is not None else None
        if document is not None:
            self._judge_when_complete(document)

    def _judge_when_complete(self, document: Document) -> None:
        burst = self._burst_of.get(document.key)
        if burst is not None and len(burst.frames) >= self._floor.settings.frames_per_trigger:
            self._judge(document, burst)

    def _judge(self, document: Document, burst: Burst[FrameRead]) -> None:
        burst.closed = True
        del self._burst_of[document.key]
        frames = [burst.frames[k] for k in sorted(burst.frames)]
        document.masked = next((frame.masked for frame in frames if frame.masked), "")
        if document.state is not DocumentState.FED:
            return
        check = self._content_check(document, frames)
        self.certificates.met(check.order_id, document.kind, document.token, document.key)
        self._floor.report(
            "content_check", document=document.key, verdict=check.verdict.value, reason=check.reason, order_id=check.order_id
        )
        self._count_read(read=check.verdict is not Verdict.UNREADABLE)
        if check.verdict is Verdict.MATCH and check.order_id is not None:
            self._accept(document, check.order_id)
        else:
            self._refuse(document, check.reason)

    def _content_check(self, document: Document, frames: list[FrameRead]) -> Check:
        reason = accept_reading(frames)
        if reason:
            return Check(Verdict.UNREADABLE, document_reason(reason, frames))
        read = next(frame for frame in frames if frame.token)
        document.kind, document.token = read.kind or "", read.token
        self.lots.read(document.key, document.kind, document.token)
        found = self._floor.pool.find(document.kind, read.token, read.skeleton, see(frames).second_field)
        order_id = found.order_id if found.verdict is Verdict.MATCH else None
        # An order that was begun is finished; whether it may still be dispatched is asked before its divert.
        if order_id is not None and order_id not in self._floor.pool.claims and not self._floor.may_feed(order_id):
            return Check(Verdict.NO_ORDER, "LEASE_ENDED", order_id)
        return self.certificates.check(found, document.kind, read.token)

    def _accept(self, document: Document, order_id: OrderId) -> None:
        self.move(document, "accept")
        document.order_id = order_id
        pool = self._floor.pool
        document.index = pool.index_of(pool.orders[order_id], document.kind, document.token)
        self.certificates.fed(order_id, document.index)
        self._trials.begin(pool.orders[order_id])
        self._floor.do(self._collation.join(document.key, order_id, document.index))

    def _refuse(self, document: Document, reason: str) -> None:
        self.move(document, "refuse")
        document.reason = document.reason or reason
        self._floor.do(RejectDocument(document=document.key, reason=reason))
        self._break_up(document)

    def _break_up(self, document: Document) -> None:
        """It will not come into its envelope, so its order's other documents must not go without it."""
        if document.order_id is not None:
            self._collation.break_up(document.order_id, "INCOMPLETE")

    def call_back(self, key: DocumentKey, reason: str) -> None:
        """Its order was broken up: to the tray, as long as it is before the gate."""
        document = self.all[key]
        if document.state is DocumentState.ACCEPTED:
            self._refuse(document, reason)

    def read_deadline(self, key: str) -> None:
        """Not all frames came in time: judge by what there is."""
        document = self.all[DocumentKey(key)]
        # A deadline stands only as long as the burst does: any step of the document's life ends both.
        burst = self._burst_of[document.key]
        if burst.frames:
            self._judge(document, burst)
        else:
            burst.closed = True
            del self._burst_of[document.key]
            self._refuse(document, "READ_LATE")
            self._count_read(read=False)
            self._doubt_predecessor(document)

    def _doubt_predecessor(self, document: Document) -> None:
        """No frame came of this one: those under the number before it may have been its own."""
        before = self._before if document is self._latest else None
        if before is not None and before.state is DocumentState.ACCEPTED:
            self.quarantine(before, "FRAMES_IN_DOUBT")

    def _count_read(self, *, read: bool) -> None:
        """Many in a row that cannot be read are no longer a matter of documents."""
        self._unread_in_a_row = 0 if read else self._unread_in_a_row + 1
        if read:
            self._floor.end_condition("NO_READS")
        elif self._unread_in_a_row >= UNREAD_THAT_WARN:
            self._floor.raise_condition("NO_READS")

    def quarantine(self, document: Document, reason: str) -> None:
        """In doubt: it must not be inserted, and if it was, its item is condemned (I11, I20)."""
        document.quarantined = True
        document.reason = document.reason or reason
        if document.state in (DocumentState.FED, DocumentState.ACCEPTED):
            self._refuse(document, reason)

    def inserted(self, event: Inserted) -> tuple[Document | None, str]:
        """A document lies in an envelope; returns it with "" or the reason for which its item must not go."""
        document = self.all.get(event.document)
        if document is None:
            self._floor.surprise("unknown document", "inserted")
            return None, "UNEXPECTED_PLACE"
        welcome = document.state is DocumentState.ACCEPTED
        if not self.move(document, "inserted"):
            return document, "UNEXPECTED_PLACE"
        document.item = event.item
        if not welcome:
            return document, document.reason or "UNEXPECTED_PLACE"
        return document, "POSITION_DOUBT" if event.flags & EventFlag.OUT_OF_WINDOW else ""

    def in_tray(self, event: DocumentRejected) -> None:
        """The document tray's sensor confirmed a reject (I12)."""
        document = self.all.get(event.document)
        if document is None or not self.move(document, "in_tray"):
            self._floor.surprise("unknown document" if document is None else document.state, "in_tray")
            return
        self.rejected += 1
        self.end_in_hand(document, "document_tray")

    def end_in_hand(self, document: Document, place: str) -> None:
        """It lies where a person takes it up: its order waits again, central is told."""
        floor = self._floor
        document.reason = document.reason or "PLC_DEFAULT"
        self.lots.in_tray(document.kind, document.token, document.reason)
        if document.order_id is not None:
            floor.pool.release(document.order_id, document.key)
            self._break_up(document)
        floor.production.ended(document.reason, floor.now_us)
        pick_up = self._pick_up(document)
        floor.production.rejects.append(Reject(floor.wall_ms(), document.key, document.reason, document.masked, place, pick_up))
        floor.report(
            "rejected",
            document=document.key,
            order_id=document.order_id,
            reason=document.reason,
            place=place,
            pick_up=pick_up,
        )

    def _pick_up(self, document: Document) -> str:
        """Where a document without an order waits for its owner: its issuing office's place in the sort plan."""
        if document.reason != "NO_ORDER":
            return ""
        return self._floor.sort_plan.pick_up.get(self.lots.issuer_of(document.kind, document.token), "")

    def lost(self, key: DocumentKey) -> None:
        """Not seen where it should have come: it and its neighbours are in doubt, and the line holds (I20)."""
        document = self.all.get(key)
        if document is None or not self.move(document, "lost"):
            return
        document.reason = document.reason or "ITEM_LOST"
        self._break_up(document)
        for neighbour in self.neighbours(key):
            self.quarantine(neighbour, "POSITION_DOUBT")
        self._floor.raise_condition("ITEM_LOST")

    def neighbours(self, key: DocumentKey) -> list[Document]:
        """The documents fed directly before and after, as far as they are still on the belt."""
        keys = list(self.on_belt)
        if key not in self.on_belt:
            return []
        at = keys.index(key)
        return [self.on_belt[keys[n]] for n in (at - 1, at + 1) if 0 <= n < len(keys)]

    def before_gate(self) -> list[Document]:
        """What lies between the ID camera and the gate, as far as we know."""
        return [document for document in self.on_belt.values() if document.state in BEFORE_GATE]

    def quarantine_belt(self, reason: str) -> None:
        """Everything before the insert gate is in doubt."""
        for document in list(self.on_belt.values()):
            self.quarantine(document, reason)
