"""Running a journal again: for the start (the same state as before, I13), and for people (what would be decided today)."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from edge.core import commands as core_commands
from edge.core.commands import Command, Outcome, Publish
from edge.core.controller import Controller
from edge.core.event import Event
from edge.core.events import (
    Booted,
    Carried,
    ConfigLoaded,
    LeaseTold,
    LotReceived,
    ManifestGranted,
    ManifestSealed,
    OrderAmended,
    OrderCancelled,
)
from edge.core.invariants import Auditor, InvariantError
from edge.core.values import Settings, SortPlan
from edge.runtime.ledger import Head, Journal
from edge.runtime.records import BREACH, FORCED, NOTES, JournalError, Record
from edge.runtime.snapshot import Snapshot, thaw

EVENT_TYPES: dict[str, type[Event]] = {cls.__name__: cls for cls in Event.__subclasses__()}
COMMAND_TYPES: dict[str, type[Command]] = {
    name: cls for name, cls in vars(core_commands).items() if isinstance(cls, type) and issubclass(cls, Command)
}
EVENT_VERSION = 1
Fields = dict[str, Any]
# (kind, version) → what makes the next version's fields of it. Fields that were only added, with defaults, need none.
UPCASTERS: dict[tuple[str, int], Callable[[Fields], Fields]] = {}
ROWS = ("dispatched", "print", "void", "bag", "bag_closed", "returned", "sheet", "amended")
"""outcome tables: a replay must reproduce them, and another core starts from them"""
BOOKS = (ConfigLoaded, ManifestGranted, ManifestSealed, LeaseTold, OrderAmended, OrderCancelled, LotReceived)
"""what central has said, and under which configuration: facts that every release takes from a journal, whoever wrote it"""

_encode = msgspec.json.Encoder().encode


def counts(book: Event, amended: Mapping[str, str]) -> bool:
    """Whether what central said had an effect when it came; `amended`: the rows, order → version of its last amendment.

    Whether an amendment came in time depends on where its documents were, which the books alone do not tell.
    """
    return not isinstance(book, OrderAmended) or book.version <= int(amended.get(book.order_id, 0))


class Step(NamedTuple):
    """One event of the journal, what was commanded then, and what this core commands."""

    record: Record
    event: Event
    recorded: tuple[bytes, ...]
    commands: tuple[Command, ...]
    broken: str
    """the promise that this core would break here, "" = none"""
    controller: Controller
    """the core that has just handled the event"""

    @property
    def decided(self) -> tuple[bytes, ...]:
        """What this core commands, as it would be recorded."""
        return tuple(_encode(command) for command in leaving(self.commands))

    @property
    def same(self) -> bool:
        """Whether this core decides as the one that wrote the journal."""
        return self.recorded == self.decided and not self.broken


def leaving(commands: Iterable[Command]) -> list[Command]:
    """Commands that leave the house, each of which is a record of its own (I6)."""
    return [command for command in commands if not isinstance(command, (Publish, Outcome))]


def event_of(record: Record) -> Event | None:
    """The event in a record, lifted to the present version; None for a command or a note. Raises JournalError."""
    event_type = EVENT_TYPES.get(record.kind)
    if event_type is None:
        return None
    body, version = record.body, record.version
    try:
        while version < EVENT_VERSION:
            body = _encode(UPCASTERS[record.kind, version](msgspec.json.decode(body)))
            version += 1
        return msgspec.json.decode(body, type=event_type)
    except (KeyError, msgspec.DecodeError) as error:
        raise JournalError(
            f"journal: record {record.seq} ({record.kind} version {record.version}) is not understood: {error}. "
            "Start the release that wrote it, or one that is newer."
        ) from error


def steps(records: Iterable[Record], controller: Controller) -> Iterator[Step]:
    """Run the events of these records through `controller`, each with the commands that were recorded behind it.

    Notes are passed over; of a Breach, the event that would have broken a promise is not recorded, none of its commands went
    out (I13).
    """
    auditor = Auditor(controller)
    books: list[Event] = []
    held: Record | None = None
    recorded: list[bytes] = []
    for record in records:
        if record.kind in COMMAND_TYPES:
            recorded.append(record.body)
            continue
        if held is not None:
            yield _step(held, tuple(recorded), controller, auditor)
        if record.kind == Carried.__name__:
            # Here the release that wrote what follows has begun, with the books alone.
            controller = Controller(controller.floor.settings, controller.floor.sort_plan)
            auditor = Auditor(controller)
            carried = msgspec.json.decode(record.body, type=Carried)
            for event in (book for book in books if counts(book, carried.rows.get("amended", {}))):
                controller.handle(event)
        elif isinstance(book := event_of(record), BOOKS):
            books.append(book)
        held, recorded = (None if record.kind in NOTES else record), []
    if held is not None:
        yield _step(held, tuple(recorded), controller, auditor)


def _step(record: Record, recorded: tuple[bytes, ...], controller: Controller, auditor: Auditor) -> Step:
    event = event_of(record)
    if event is None:
        raise JournalError(f"journal: record {record.seq} is a {record.kind}, which this release does not know.")
    commands = controller.handle(event)
    try:
        auditor.check(commands)
    except InvariantError as error:
        return Step(record, event, recorded, commands, str(error), controller)
    return Step(record, event, recorded, commands, "", controller)


def fresh_controller(records: Iterable[Record]) -> Controller:
    """A controller with the first configuration of a journal. Raises JournalError where there is none."""
    for record in records:
        if record.kind == ConfigLoaded.__name__:
            config = event_of(record)
            if isinstance(config, ConfigLoaded):
                return Controller(config.settings, config.sort_plan)
    raise JournalError("journal: no configuration is recorded in it, so it cannot be run again: is this a line's journal?")


class DecisionHash:
    """Digest over all decisions: which event, which commands."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, step: Step) -> None:
        """One event more."""
        self._hash.update(step.record.kind.encode())
        for command in step.decided:
            self._hash.update(command)

    def hexdigest(self) -> str:
        """The digest so far."""
        return self._hash.hexdigest()


class Replayed(NamedTuple):
    """What the journal proves at a start."""

    controller: Controller
    auditor: Auditor
    place: Head
    """the last record"""
    last_us: int
    events: int
    broke: str
    """the promise for which the last boot ended itself, "" = it did not"""
    carry: dict[str, dict[str, str]] | None
    """outcome rows to start from, where another core wrote what is behind the books; None = this core has replayed it all"""


def books_until(journal: Journal, core: str, after_seq: int) -> int | None:
    """Up to which record only the books count, because another core decided it; None = all of them, nothing was carried yet."""
    decided_by, carried = 0, 0
    for mark in journal.marks((Booted.__name__, Carried.__name__), after_seq):
        if mark.kind == Carried.__name__:
            carried = mark.seq
        elif msgspec.json.decode(mark.body, type=Booted).core != core:
            decided_by = mark.seq
    return None if decided_by > carried else carried


def replay(journal: Journal, core: str, settings: Settings, sort_plan: SortPlan, snapshot: Snapshot | None = None) -> Replayed:
    """Run the journal's events through a core, behind the snapshot where one fits.

    `settings` and `sort_plan` are for a journal that holds no configuration yet. Raises JournalError where the rows and the
    replay differ (I13), or where a promise would be broken.
    """
    if snapshot is None:
        begin, last_us, count = journal.base(), 0, 0
        controller = _first_controller(journal, settings, sort_plan)
        auditor = Auditor(controller)
    else:
        begin, last_us, count = Head(snapshot.seq, snapshot.chain), snapshot.last_us, snapshot.events
        controller, auditor = thaw(snapshot.state)
    until, place, broke = books_until(journal, core, begin.seq), begin, ""
    if until != 0 and snapshot is not None:
        # Another core has worked since then: what was carried over from it counts, not what we knew before it.
        return replay(journal, core, settings, sort_plan)
    rows: dict[str, dict[str, str]] = {name: {} for name in ROWS}
    stored = {name: journal.outcomes(name, -1 if snapshot is None else begin.seq) for name in ROWS}
    amended = stored["amended"]
    for record in journal.records(begin):
        place = Head(record.seq, record.chain)
        if record.kind == FORCED:
            continue
        broke = msgspec.json.decode(record.body, type=str) if record.kind == BREACH else ""
        event = event_of(record)
        books_only = until is None or record.seq < until
        if event is None or (books_only and not (isinstance(event, BOOKS) and counts(event, amended))):
            continue
        commands = controller.handle(event)
        _require_kept(auditor, commands, record.seq)
        for command in commands:
            if isinstance(command, Outcome):
                rows[command.table][command.key] = command.value
        last_us, count = max(last_us, record.at_us), count + 1
    if until is None:
        return Replayed(controller, auditor, place, last_us, count, broke, stored)
    for name, replayed in rows.items():
        _require_equal(name, stored[name], replayed)
    auditor.full_pass()
    return Replayed(controller, auditor, place, last_us, count, broke, None)


def _first_controller(journal: Journal, settings: Settings, sort_plan: SortPlan) -> Controller:
    """As it was made in the journal's first boot: with the configuration of that day."""
    for record in journal.marks((ConfigLoaded.__name__,), 0)[:1]:
        config = msgspec.json.decode(record.body, type=ConfigLoaded)
        return Controller(config.settings, config.sort_plan)
    return Controller(settings, sort_plan)


def _require_kept(auditor: Auditor, commands: tuple[Command, ...], seq: int) -> None:
    try:
        auditor.check(commands)
    except InvariantError as broken:
        raise JournalError(
            f"journal: replaying record {seq} breaks a promise ({broken}). Do not start; keep the file and call maintenance."
        ) from broken


def _require_equal(name: str, stored: dict[str, str], replayed: dict[str, str]) -> None:
    if stored != replayed:
        differing = sorted(set(stored.items()) ^ set(replayed.items()))[:3]
        raise JournalError(
            f"journal: outcome rows and replay differ in {name} ({len(stored)} and {len(replayed)} rows, e.g. {differing}). "
            "Do not start; keep the file and call maintenance."
        )
