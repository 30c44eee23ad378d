"""Watches over the line as a whole: links, PLC images, accounts against the PLCs' counters, holds, and the permit to feed."""

from edge.core.checklist import Checklist
from edge.core.commands import SetPermit, SetState
from edge.core.conditions import (
    CLEARED_WITH_BELT,
    CONDITIONS,
    FORBIDS_FEED,
    LINK_CONDITIONS,
    OPTIONAL_LINK_CONDITIONS,
    Effect,
)
from edge.core.document import Documents
from edge.core.events import LinkDown, LinkUp, PlcRestarted, PlcStatus
from edge.core.floor import Floor
from edge.core.guards import Guards
from edge.core.heads import Against, Heads, head_of_link
from edge.core.item import Items
from edge.core.label import Labels
from edge.core.machine import ACTING, RUNNING
from edge.core.sorting import Sorting
from edge.core.values import Counters, Mode, Plc, State

LONG_OUTAGE_US = 10_000_000
ACTING_MAX_US = 3_000_000
GAP_US = 2_000_000
STANDS_US = 2_000_000
"""so long may a unit stand by itself while the line runs"""
FEEDER_EMPTY = 0
"""bit of the table `alarms` in the process image"""
# Fault bits of the process image → condition.
FAULTS: tuple[tuple[int, str], ...] = ((0, "ESTOP"), (1, "JAM"), (3, "PAD_MISMATCH"), (4, "EVENTS_LOST"))


_CONDITION_OF = LINK_CONDITIONS | OPTIONAL_LINK_CONDITIONS


class Supervision:
    """Holds, the permit, and the accounts (I1)."""

    def __init__(  # noqa: PLR0917 - each noun that it watches over
        self,
        floor: Floor,
        documents: Documents,
        items: Items,
        labels: Labels,
        sorting: Sorting,
        guards: Guards,
        checklist: Checklist,
        heads: Heads,
    ) -> None:
        self._floor = floor
        self._heads = heads
        self._guards = guards
        self._checklist = checklist
        self._documents = documents
        self._items = items
        self._labels = labels
        self._sorting = sorting
        self.status: dict[Plc, PlcStatus] = {}
        self.links: dict[str, bool] = dict.fromkeys(LINK_CONDITIONS, False)
        self.feed_paused = False
        self.permit = False
        self.held_by_person = False
        """a condition that does not heal stood during this hold: a person must unhold"""
        self._down_us: dict[str, int] = {}
        self._acting_since_us = 0
        self._told_state = State.STOPPED
        self._counted: dict[Plc, Counters] = {}
        """what the PLC's retained counters showed when our accounts began, minus our accounts then"""
        self._behind_us: dict[Plc, int] = {}
        """since when a PLC has events that we have not taken, so that its counters cannot be compared"""
        self._stands_us: dict[Plc, int] = {}
        """since when a unit says that it is held, although the line runs"""
        self._starving_us: int | None = None
        """since when feeder and belts are empty"""
        self._central_away_us: int | None = None

    # --- links and images ---
    def link_up(self, event: LinkUp) -> None:
        """A link works (again); a PLC that was away too long leaves everything in doubt."""
        self.links[event.link] = True
        self._floor.plcs_seen = self._plcs_seen()
        self._tell_link(event.link, up=True)
        if event.link == "central":
            self._central_away_us = None
            self._floor.end_condition("CENTRAL_AWAY")
        down_us = self._down_us.pop(event.link, None)
        if down_us is not None and event.link in (Plc.MACHINE, Plc.SORTER) and self._floor.now_us - down_us > LONG_OUTAGE_US:
            self._belt_in_doubt("LONG_OUTAGE", "LINK_OUTAGE")

    def _plcs_seen(self) -> bool:
        return all(self.links[plc.value] for plc in Plc)

    def link_down(self, event: LinkDown) -> None:
        """A link does not work: nothing new is begun."""
        if event.link == Plc.MACHINE and self.links[event.link]:
            self._floor.machine_told = False
        self.links[event.link] = False
        self._floor.plcs_seen = self._plcs_seen()
        self._tell_link(event.link, up=False)
        if event.link == "central" and self._central_away_us is None:
            self._central_away_us = self._floor.now_us
        if event.link in self.status or self._items.on_belt or self._documents.on_belt:
            self._down_us.setdefault(event.link, self._floor.now_us)

    def _tell_link(self, link: str, *, up: bool) -> None:
        head = head_of_link(link)
        if head:
            self._heads.set(head, Against.LINK, on=not up)
        elif up:
            self._floor.end_condition(_CONDITION_OF[link])
        else:
            self._floor.raise_condition(_CONDITION_OF[link])

    def links_down(self) -> None:
        """We restarted: a link that was down is down."""
        for link in [link for link, up in self.links.items() if not up]:
            self.link_down(LinkDown(at_us=self._floor.now_us, link=link, reason="lost"))

    def plc_restarted(self, event: PlcRestarted) -> None:
        """Its tracking is gone, and so is our trust in what lies on the belt."""
        self._counted.pop(event.plc, None)
        self._behind_us.pop(event.plc, None)
        self._stands_us.pop(event.plc, None)
        self.status.pop(event.plc, None)
        if event.plc is Plc.MACHINE:
            self._documents.bursts.restart()
        self._belt_in_doubt("PLC_RESTARTED", "LINK_OUTAGE")

    def _belt_in_doubt(self, condition: str, reason: str) -> None:
        self._floor.raise_condition(condition)
        self._floor.raise_condition("REJECTS_NOT_CLEARED")
        self._documents.quarantine_belt(reason)
        self._items.quarantine_belt(reason)

    def booted(self) -> None:
        """We restarted: nothing that was on the belt is dispatched except through the doors (I11)."""
        self._floor.clearing = False
        self._belt_in_doubt("BELT_NOT_CLEARED", "RESTART")
        for code in [code for code in self._floor.conditions.active if CONDITIONS[code].heals]:
            self._floor.end_condition(code)
        self.links = dict.fromkeys(LINK_CONDITIONS, False)
        self._floor.machine_told = False
        for link in self.links:
            self._floor.plcs_seen = False
            self._floor.raise_condition(LINK_CONDITIONS[link])
        self._heads.restarted()
        self._down_us.clear()
        self._behind_us.clear()
        self._stands_us.clear()
        self._starving_us, self._central_away_us = None, self._floor.now_us
        self._checklist.confirmed.clear()
        self.feed_paused = False
        self._floor.machine.state = State.HELD
        self.held_by_person = True

    def plc_status(self, event: PlcStatus) -> None:
        """A PLC's header: faults, guards, mode, counters."""
        self.status[event.plc] = event
        floor = self._floor
        for bit, code in FAULTS:
            if event.faults >> bit & 1:
                floor.raise_condition(code)
            elif code not in CLEARED_WITH_BELT and not any(s.faults >> bit & 1 for s in self.status.values()):
                floor.end_condition(code)
        if event.guard_zones:
            floor.raise_condition("GUARD_OPEN")
            self._guards.opened(event.plc, event.guard_zones)
        elif not any(status.guard_zones for status in self.status.values()):
            floor.end_condition("GUARD_OPEN")
        if event.plc is Plc.MACHINE:
            self._mode(event.mode)
        if event.caught_up:
            if event.plc is Plc.MACHINE and not floor.machine_told:
                floor.machine_told = True
                self._sorting.bind_ahead()
            self._behind_us.pop(event.plc, None)
            self._compare(event)
        else:
            self._behind_us.setdefault(event.plc, floor.now_us)

    def _mode(self, mode: Mode) -> None:
        """The key switch: outside production nothing is begun, and what is on the belt goes to the reject places (I21)."""
        floor = self._floor
        if mode is Mode.PRODUCTION:
            floor.end_condition("NOT_PRODUCTION")
        elif "NOT_PRODUCTION" not in floor.conditions.active:
            floor.raise_condition("NOT_PRODUCTION")
            self._documents.quarantine_belt("MODE_CHANGED")
            self._items.quarantine_belt("MODE_CHANGED")
            for item in self._items.on_belt.values():
                self._sorting.call_back(item)

    def _ours(self, plc: Plc) -> Counters:
        if plc is Plc.MACHINE:
            return Counters(
                documents_fed=self._floor.production.documents_fed,
                documents_rejected=self._documents.rejected,
                items_opened=self._items.opened_count,
                items_rejected=self._items.ejected_count,
                items_handed_over=self._sorting.handed_over_count,
            )
        return Counters(
            items_rejected=self._sorting.rejected_count,
            items_handed_over=self._sorting.inducted_count,
            items_diverted=self._sorting.diverted_count,
        )

    def begin_accounts(self) -> None:
        """The belts were cleared and what lay there was counted: the accounts begin anew from what the PLCs show (I1)."""
        self._counted.clear()

    def _compare(self, event: PlcStatus) -> None:
        """I1: the PLC's retained counters have moved by exactly as much as our accounts have."""
        names = Counters.__struct_fields__
        ours, theirs = self._ours(event.plc), event.counters
        offset = Counters(*(getattr(theirs, name) - getattr(ours, name) for name in names))
        first = self._counted.setdefault(event.plc, offset)
        if offset != first:
            self._floor.raise_condition("ACCOUNTS_DIFFER")

    # --- state and permit, after every event ---
    def settle(self) -> None:
        """Let conditions act on the state, end acting states that both units mirror, renew or withdraw the permit."""
        floor, machine = self._floor, self._floor.machine
        # Not the state at this point: a person's command, a boot or a cleared belt may have changed it in this event already.
        before = self._told_state
        self._watch_gap()
        self._watch_units()
        if floor.conditions.having(Effect.ABORTS) and machine.command("abort"):
            # The belts stand: a clearing that was under way is over, and has to be asked for again.
            floor.clearing = False
        holds = self.holds()
        if holds and not floor.clearing:
            machine.command("hold")
            floor.conditions.first_out = floor.conditions.first_out or holds[0]
        if any(not CONDITIONS[code].heals for code in holds):
            self.held_by_person = True
        if machine.state is State.HELD and not holds and not self.held_by_person and not floor.clearing:
            machine.command("unhold")
        self._suspend()
        if machine.state in ACTING and machine.state is before and self._mirrored():
            machine.complete()
        self._tell()

    def holds(self) -> list[str]:
        """Conditions for which the line must hold now; some only while an item waits for its label."""
        conditions = self._floor.conditions
        at_label = conditions.having(Effect.HOLDS_AT_LABEL)
        return [*conditions.having(Effect.HOLDS), *(at_label if at_label and self._labels.awaited() else [])]

    def _suspend(self) -> None:
        """Outer causes: nothing new is fed, the belts run empty, and the line waits until the cause is gone (I19)."""
        floor, machine = self._floor, self._floor.machine
        self._watch_starvation()
        self._watch_central()
        if not floor.conditions.having(Effect.SUSPENDS):
            if machine.state is State.SUSPENDED:
                machine.command("unsuspend")
        elif machine.state is State.EXECUTE and self._checklist.belt_empty():
            machine.command("suspend")

    def _watch_starvation(self) -> None:
        floor, status = self._floor, self.status.get(Plc.MACHINE)
        limit_us = floor.settings.starved_after_ms * 1000
        empty = status is not None and status.alarms >> FEEDER_EMPTY & 1 and self._checklist.belt_empty()
        if not empty or not limit_us:
            self._starving_us = None
            floor.end_condition("STARVED")
        elif self._starving_us is None:
            if floor.machine.state is State.EXECUTE:
                self._starving_us = floor.now_us
        elif floor.now_us - self._starving_us >= limit_us:
            floor.raise_condition("STARVED")

    def _watch_central(self) -> None:
        limit_us = self._floor.settings.central_away_max_min * 60_000_000
        if limit_us and self._central_away_us is not None and self._floor.now_us - self._central_away_us >= limit_us:
            self._floor.raise_condition("CENTRAL_AWAY")

    def _watch_gap(self) -> None:
        """I1: 2 s without a comparison is an open gap, in which nothing new is begun."""
        gap = self._behind_us and any(self._floor.now_us - since_us >= GAP_US for since_us in self._behind_us.values())
        if gap:
            self._floor.raise_condition("ACCOUNTS_OPEN")
        else:
            self._floor.end_condition("ACCOUNTS_OPEN")

    def _watch_units(self) -> None:
        """I19: a PLC that stands by itself while the line runs has lost us for too long, or somebody else has it."""
        floor = self._floor
        for plc, status in self.status.items():
            if floor.machine.state in RUNNING and status.state is State.HELD and self.links[plc.value]:
                self._stands_us.setdefault(plc, floor.now_us)
            else:
                self._stands_us.pop(plc, None)
        if any(floor.now_us - since_us >= STANDS_US for since_us in self._stands_us.values()):
            self._stands_us.clear()
            self._belt_in_doubt("LONG_OUTAGE", "LINK_OUTAGE")

    def _mirrored(self) -> bool:
        units = [self.status.get(plc) for plc in Plc]
        state = self._floor.machine.state
        if all(unit is not None and unit.state == state for unit in units):
            return True
        # A stop is a stop even when a PLC does not answer: its own watchdog has stopped the belt by then.
        return ACTING[state] not in RUNNING and self._floor.now_us - self._acting_since_us >= ACTING_MAX_US

    def _tell(self) -> None:
        floor, state = self._floor, self._floor.machine.state
        if state is not self._told_state:
            self._told_state = state
            self._acting_since_us = floor.now_us
            floor.production.changed(state, floor.conditions.first_out or "", floor.now_us)
            if state is State.STOPPED:
                self._checklist.confirmed.clear()
            if state in RUNNING:
                self.held_by_person = False
                floor.conditions.first_out = None
            floor.do(SetState(state=state))
            floor.report("line_state", state=state.name, cause=floor.conditions.first_out or "")
        begins = state is State.EXECUTE and not self.feed_paused and not floor.conditions.having(*FORBIDS_FEED)
        self._grant(begins and self._heads.may_feed())

    def _grant(self, granted: bool) -> None:
        if granted != self.permit:
            self.permit = granted
            self._floor.do(SetPermit(granted=granted))

    def next_due_us(self) -> int | None:
        """When an acting state must end even without the units, or a gap in the accounts opens."""
        state, now_us = self._floor.machine.state, self._floor.now_us
        dues = [since_us + GAP_US for since_us in self._behind_us.values() if now_us - since_us < GAP_US]
        dues += [since_us + STANDS_US for since_us in self._stands_us.values()]
        if state in ACTING and ACTING[state] not in RUNNING:
            dues.append(self._acting_since_us + ACTING_MAX_US)
        pulse_us = self._heads.next_due_us()
        if pulse_us is not None and state is State.EXECUTE:
            dues.append(pulse_us)
        settings, active = self._floor.settings, self._floor.conditions.active
        if self._starving_us is not None and "STARVED" not in active:
            dues.append(self._starving_us + settings.starved_after_ms * 1000)
        if self._central_away_us is not None and settings.central_away_max_min and "CENTRAL_AWAY" not in active:
            dues.append(self._central_away_us + settings.central_away_max_min * 60_000_000)
        return min(dues, default=None)
