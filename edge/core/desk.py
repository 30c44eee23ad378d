"""What a person may do: each act with its precondition, its effect and the code of its answer."""

from collections.abc import Callable
from functools import partial

from edge.core.acts import ACTS
from edge.core.certificates import Certificates
from edge.core.checklist import Checklist
from edge.core.commands import Answer, AskCentral, ClearBelt, Outcome, RunOut
from edge.core.conditions import CLEARED_WITH_BELT
from edge.core.document import Documents, DocumentState
from edge.core.doors import Doors, listed
from edge.core.events import BeltEmpty, OperatorRequest
from edge.core.floor import Floor
from edge.core.item import Items, ItemState
from edge.core.manual import Manual
from edge.core.roll_test import RollTest
from edge.core.sorting import Sorting
from edge.core.supervision import Supervision
from edge.core.values import BagId, Plc, State

CLEARABLE = frozenset({State.STOPPED, State.IDLE, State.HELD})


def _chute(event: OperatorRequest) -> int | None:
    """The chute that a request names. Digits of other scripts and raised ones are digits to Python, but no chute's."""
    text = event.argument.get("chute", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _head(event: OperatorRequest) -> int:
    """The applicator's head that a request names; 0 = none that there can be."""
    text = event.argument.get("head", "1")
    return int(text) if text in {"1", "2"} else 0


LOT_MAX = 64
"""characters of a lot's name, as in the contract"""


class Desk:
    """Takes requests and answers each once. Codes: "OK" or what stands against it."""

    def __init__(  # noqa: PLR0917 - each noun that a person's act may reach
        self,
        floor: Floor,
        documents: Documents,
        items: Items,
        sorting: Sorting,
        supervision: Supervision,
        doors: Doors,
        checklist: Checklist,
        roll_test: RollTest,
        manual: Manual,
        certificates: Certificates,
    ) -> None:
        self._manual = manual
        self._certificates = certificates
        self._checklist = checklist
        self._roll_test = roll_test
        self._floor = floor
        self._documents = documents
        self._items = items
        self._sorting = sorting
        self._supervision = supervision
        self._acts: dict[str, Callable[[OperatorRequest], str]] = {
            "start": self._start,
            "confirm_check": self._confirm_check,
            "unhold": self._unhold,
            "pause_feed": partial(self._pause, paused=True),
            "resume_feed": partial(self._pause, paused=False),
            "run_out": self._run_out,
            "clear_belt": self._clear_belt,
            "rejects_cleared": self._rejects_cleared,
            "change_roll": self._change_roll,
            "roll_changed": self._roll_changed,
            "test_label": self._test_label,
            "test_label_scanned": self._test_label_scanned,
            "bind_bag": self._bind_bag,
            "recount_bag": self._recount_bag,
            "take_out": self._take_out,
            "close_bag": self._close_bag,
            "close_lot": self._close_lot,
            "confirm_leases": self._confirm_leases,
            "request_lot": self._request_lot,
            "destroy_sheets": self._destroy_sheets,
        }
        self._doors = doors
        self._to_clear: list[Plc] = []

    def request(self, event: OperatorRequest) -> None:
        """Do what is asked or say why not; both are recorded with the person's name."""
        elsewhere = self._doors.acts.get(event.act) or self._manual.acts.get(event.act)
        if elsewhere is not None:
            code = elsewhere(event) or "OK"
        else:
            code = self._acts.get(event.act, self._state_command)(event) if event.act in ACTS else "UNKNOWN_ACT"
        self._floor.do(Answer(request_id=event.request_id, accepted=code == "OK", code=code))
        self._floor.report("operator_act", person=event.person, act=event.act, code=code)

    def _state_command(self, event: OperatorRequest) -> str:
        if self._floor.clearing and event.act != "stop":
            return "CLEARING"
        return "OK" if self._floor.machine.command(ACTS[event.act].command) else "NOT_IN_THIS_STATE"

    def _start(self, event: OperatorRequest) -> str:
        return self._checklist.first_failed() or self._state_command(event)

    def _confirm_check(self, event: OperatorRequest) -> str:
        return self._checklist.confirm(event.argument.get("check", ""), event.person) or "OK"

    def _request_lot(self, event: OperatorRequest) -> str:
        """The barcode of a lot was scanned, or somebody wants the next one: central grants it, or it does not."""
        lot = event.argument.get("lot", "")
        if len(lot) > LOT_MAX:
            return "NO_SUCH_LOT"
        if "CENTRAL_LOST" in self._floor.conditions.active:
            return "CENTRAL_LOST"
        self._floor.do(AskCentral(lot=lot))
        return "OK"

    def _confirm_leases(self, event: OperatorRequest) -> str:
        """Central cannot be asked: two persons know that no other line has got these orders."""
        if event.argument.get("second", "") in ("", event.person):
            return "SECOND_PERSON"
        floor = self._floor
        for lot in floor.leases.confirm():
            lease = floor.leases.all[lot]
            floor.report("lease", lot=lot, epoch=lease.epoch, end_ms=lease.end_ms, code="BY_PERSONS")
        floor.look_at_leases()
        return "OK"

    def _unhold(self, event: OperatorRequest) -> str:
        blocking = self._supervision.holds()
        if blocking:
            return blocking[0]
        self._supervision.held_by_person = False
        return self._state_command(event)

    def _pause(self, _: OperatorRequest, *, paused: bool) -> str:
        self._supervision.feed_paused = paused
        return "OK"

    def _run_out(self, _: OperatorRequest) -> str:
        """Feed nothing more, and finish what is on the belts."""
        if self._floor.machine.state is not State.EXECUTE:
            return "NOT_IN_THIS_STATE"
        self._supervision.feed_paused = True
        for plc in Plc:
            self._floor.do(RunOut(plc=plc))
        return "OK"

    def _clear_belt(self, _: OperatorRequest) -> str:
        floor = self._floor
        if floor.machine.state not in CLEARABLE or floor.clearing:
            return "NOT_IN_THIS_STATE"
        floor.clearing = True
        floor.raise_condition("REJECTS_NOT_CLEARED")
        self._documents.quarantine_belt("LINE_STOPPED_BY_HAND")
        self._items.quarantine_belt("LINE_STOPPED_BY_HAND")
        self._begin_clearing()
        return "OK"

    def _begin_clearing(self) -> None:
        # The sorter is asked a second time: it is empty for good only after the machine is.
        self._to_clear = [Plc.MACHINE, Plc.SORTER]
        self._floor.do(ClearBelt(plc=Plc.SORTER))
        self._floor.do(ClearBelt(plc=Plc.MACHINE))

    def plc_restarted(self) -> None:
        """It knows nothing of a clearing that was under way: that begins anew."""
        if self._floor.clearing:
            self._begin_clearing()

    def belt_empty(self, event: BeltEmpty) -> None:
        """A PLC's belts are empty; when both are, the clearing is over."""
        if not self._floor.clearing or not self._to_clear or event.plc is not self._to_clear[0]:
            return
        self._to_clear.pop(0)
        if self._to_clear:
            self._floor.do(ClearBelt(plc=Plc.SORTER))
        else:
            self._cleared()

    def _cleared(self) -> None:
        floor = self._floor
        floor.clearing = False
        for code in CLEARED_WITH_BELT:
            floor.conditions.set(code, on=False, at_us=floor.now_us)
        missing = [d for d in self._documents.on_belt.values() if d.state is not DocumentState.LOST]
        for document in missing:
            self._documents.move(document, "lost")
        gone = [i for i in self._items.on_belt.values() if i.state not in (ItemState.LOST, ItemState.UNCONFIRMED)]
        lost = [item for item in gone if not self._sorting.missing(item)]
        for item in lost:
            self._items.move(item, "lost")
        if missing or lost:
            floor.raise_condition("ITEM_LOST")
        self._sorting.hand_over.expected.clear()
        self._supervision.begin_accounts()
        floor.report("belt_cleared", missing=len(missing) + len(gone))
        floor.machine.command("stop")

    def _rejects_cleared(self, _: OperatorRequest) -> str:
        if self._floor.clearing:
            return "CLEARING"
        self._floor.end_condition("REJECTS_NOT_CLEARED")
        return "OK"

    def _roll_changed(self, event: OperatorRequest) -> str:
        return self._roll_test.changed(_head(event), event.argument.get("roll", "")) or "OK"

    def _change_roll(self, event: OperatorRequest) -> str:
        return self._roll_test.change_roll(_head(event)) or "OK"

    def _test_label(self, event: OperatorRequest) -> str:
        return self._roll_test.begin(_head(event)) or "OK"

    def _test_label_scanned(self, event: OperatorRequest) -> str:
        return self._roll_test.scanned(event) or "OK"

    def _bind_bag(self, event: OperatorRequest) -> str:
        chute, bag = _chute(event), event.argument.get("bag", "")
        if chute is None or chute not in self._floor.sort_plan.routes.values() or not bag:
            return "NO_SUCH_CHUTE"
        if not self._floor.bags.bind(chute, BagId(bag)):
            return "BAG_IN_USE"
        self._floor.do(Outcome(table="bag", key=str(chute), value=bag))
        self._floor.report("bag_bound", chute=chute, bag=bag)
        return "OK"

    def _recount_bag(self, event: OperatorRequest) -> str:
        chute = _chute(event)
        if chute is None:
            return "NO_SUCH_CHUTE"
        texts = [text for text in event.argument.get("labels", "").split(",") if text]
        return self._bag_looked_at(self._sorting.recount(chute, texts))

    def _take_out(self, event: OperatorRequest) -> str:
        chute = _chute(event)
        if chute is None:
            return "NO_SUCH_CHUTE"
        return self._bag_looked_at(self._sorting.take_out(chute, event.argument.get("label", "")))

    def _close_bag(self, event: OperatorRequest) -> str:
        chute = _chute(event)
        if chute is None:
            return "NO_SUCH_CHUTE"
        return self._sorting.close(chute, event.argument.get("bag", "")) or "OK"

    def _close_lot(self, event: OperatorRequest) -> str:
        items = [i for i in self._items.on_belt.values() if i.state is not ItemState.LOST]
        inside = [self._documents.all[key] for item in items for key in item.documents if key in self._documents.all]
        before = [d for d in self._documents.on_belt.values() if d.state is not DocumentState.LOST]
        on_line = [(document.kind, document.token) for document in (*inside, *before, *self._manual.documents)]
        argument = event.argument
        return self._documents.lots.close(argument.get("lot", ""), event.person, argument.get("lead", ""), on_line) or "OK"

    def _destroy_sheets(self, event: OperatorRequest) -> str:
        argument = event.argument
        met = self._certificates.met_as(argument.get("order", ""), argument.get("file", ""))
        named = [self._doors.in_hand(key) for key in listed(argument.get("documents", ""))]
        if any(document is None for document in named):
            return "NOT_IN_HAND"
        # One that was read is known by its number: nobody can give another document out as these sheets.
        if any(document.token and document.key not in met for document in named if document is not None):
            return "OTHER_DOCUMENT"
        code = self._certificates.destroy(event)
        if not code:
            for document in dict.fromkeys([*named, *map(self._doors.in_hand, met)]):
                if document is not None:
                    self._doors.hand_on(document, "destroyed", event.person)
        return code or "OK"

    def _bag_looked_at(self, code: str) -> str:
        if not self._floor.bags.locked():
            self._floor.end_condition("DIVERT_UNCONFIRMED")
            self._floor.end_condition("WRONG_CHUTE")
        if not any(bag.recalled for bag in self._floor.bags.by_chute.values()):
            self._floor.end_condition("RECALL")
        return code or "OK"
