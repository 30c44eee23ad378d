"""What a journal says happened, gathered in one pass: the messages for central, and the facts that central has told."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from edge.core.commands import PrintLabel, Publish
from edge.core.controller import Controller
from edge.core.event import Event
from edge.core.events import Booted, LotReceived, ManifestGranted
from edge.core.values import LotId, Order, OrderId, Settings
from edge.runtime.records import JournalError, Record
from edge.runtime.replay import Step, fresh_controller, steps
from edge.runtime.reporting.span import Span
from edge.runtime.verify import read_records, verify

Watch = Callable[[Iterable[Record], int], Iterable[Record]]
"""shows the progress over that many records"""


class Facts:
    """One journal's facts. Times in ms since 1970 UTC; `published` is in the order of the journal."""

    def __init__(self) -> None:
        self.controller: Controller | None = None
        """the core behind the last record"""
        self.journal_id = ""
        self.version = ""
        self.boots = 0
        self.breaches = 0
        """starts after a boot that ended itself for a promise"""
        self.last_seq = 0
        self.differences = 0
        """decisions that this release takes otherwise than the journal says: then the sheets are not what happened"""
        self.published: list[Publish] = []
        self.told_of: dict[tuple[str, str], Publish] = {}
        """(kind, order) → the last message of it"""
        self.orders: dict[OrderId, Order] = {}
        self.order_of: dict[str, OrderId] = {}
        """tracking number → order"""
        self.lots: dict[LotId, LotReceived] = {}
        self.printed: list[tuple[int, PrintLabel]] = []
        """(time, command) of every label that was given to the printer"""
        self._gather: dict[type[Event], Callable[[Any], None]] = {
            Booted: self._booted,
            ManifestGranted: self._granted,
            LotReceived: self._lot,
        }

    def take(self, step: Step) -> None:
        """One step of the journal more."""
        self.controller, self.last_seq = step.controller, step.record.seq
        self.differences += not step.same
        gather = self._gather.get(type(step.event))
        if gather is not None:
            gather(step.event)
        at_ms = step.controller.floor.wall_ms()
        for command in step.commands:
            if isinstance(command, Publish):
                self.published.append(command)
                self.told_of[command.kind, str(command.body.get("order_id"))] = command
            elif isinstance(command, PrintLabel):
                self.printed.append((at_ms, command))

    def _booted(self, event: Booted) -> None:
        self.journal_id, self.version, self.boots = event.journal_id, event.version, event.boot
        self.breaches += bool(event.broke)

    def _granted(self, event: ManifestGranted) -> None:
        for order in event.orders:
            self.orders[order.order_id] = order
            self.order_of[order.tracking_number] = order.order_id

    def _lot(self, event: LotReceived) -> None:
        self.lots.setdefault(event.lot, event)

    # --- reading them ---
    def core(self) -> Controller:
        """The core behind the last record. Raises JournalError where nothing has happened yet."""
        if self.controller is None:
            raise JournalError("journal: nothing is recorded in it, so there is nothing to report: is this a line's journal?")
        return self.controller

    @property
    def settings(self) -> Settings:
        """The rules in force at the end."""
        return self.core().floor.settings

    def said(self, kind: str, span: Span) -> list[Publish]:
        """Messages of one kind in a span of time."""
        return [message for message in self.published if message.kind == kind and span.holds(message.at_ms)]

    def last_ms(self) -> int:
        """Time of the last message; 0 = nothing has happened."""
        return max((message.at_ms for message in self.published), default=0)

    def local(self, at_ms: int, form: str = "%Y-%m-%d %H:%M") -> str:
        """A time as the clock on the wall shows it."""
        local = datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(minutes=self.settings.utc_offset_min)
        return local.strftime(form)


def gather(journal: Path, key: bytes, watch: Watch, *, until: Callable[[Step], bool] = lambda _: False) -> Facts:
    """All facts of a journal up to and with the step of which `until` says so, once its whole chain is proved.

    Raises JournalError.
    """
    proved = verify(journal, key, [])
    if proved.fault:
        raise JournalError(f"{journal}: {proved.fault}. No report is drawn from it: what it says cannot be trusted.")
    return facts_of(watch(read_records(journal), proved.records), fresh_controller(read_records(journal)), until=until)


def facts_of(records: Iterable[Record], controller: Controller, *, until: Callable[[Step], bool] = lambda _: False) -> Facts:
    """The facts that these records say, from the first one on; see `gather`."""
    facts = Facts()
    for step in steps(records, controller):
        facts.take(step)
        if until(step):
            break
    return facts
