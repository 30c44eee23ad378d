"""After hands were at the printer: what is on the pad is purged, one test label is printed, and the label camera reads it.

A fresh roll may be threaded crooked, be of another size, or push blanks out in front of it. So nothing is printed for an item
before one label that belongs to nobody was printed, taken off by a person, and read by the label camera at a standing belt.
"""

from enum import StrEnum

from edge.core.commands import Outcome, PrintTest, PurgeLabel, RollPassed
from edge.core.device_events import LabelRead, PrinterStatus
from edge.core.events import Extra
from edge.core.floor import Floor
from edge.core.item import Items
from edge.core.label import Labels
from edge.core.label_text import TEST_NUMBER, qr_payload, text_of_test
from edge.core.matching import Expected, check_label
from edge.core.values import ItemId, PrintId, Verdict

UNTESTED = "untested"
"""the printer's word for: somebody was at it, it prints nothing before a test label was read"""
CAMERA_STATION = "label_camera"


class RollTestState(StrEnum):
    """Where the test stands. `due`: the last one failed, a person asks for another."""

    NONE = "none"
    DUE = "due"
    PRINTING = "printing"
    SHOWING = "showing"


T = RollTestState
# (state, what happened) → state.
ROLL_TEST_TABLE: dict[tuple[RollTestState, str], RollTestState] = {
    (T.NONE, "begun"): T.PRINTING,
    (T.DUE, "begun"): T.PRINTING,
    (T.SHOWING, "begun"): T.PRINTING,
    (T.PRINTING, "printed"): T.SHOWING,
    (T.PRINTING, "failed"): T.DUE,
    (T.SHOWING, "failed"): T.DUE,
    (T.SHOWING, "read"): T.NONE,
    # Nobody knows what was done with it meanwhile.
    (T.PRINTING, "restarted"): T.DUE,
    (T.SHOWING, "restarted"): T.DUE,
    (T.DUE, "restarted"): T.DUE,
}


class RollTest:
    """The test label, if one is due."""

    def __init__(self, floor: Floor, items: Items, labels: Labels) -> None:
        self._floor = floor
        self._items = items
        self._labels = labels
        self.state = RollTestState.NONE
        self.print_id: PrintId | None = None
        self._machine_boot = 0
        self._trigger = -1
        self._frames: dict[int, LabelRead] = {}
        """of the burst that is looked at"""
        self._owed = 0
        """bursts of a label that was held under the camera, of which the PLC has not told yet that nobody was expected there"""

    def mine(self, print_id: PrintId) -> bool:
        """Whether this print is the test label's."""
        return print_id == self.print_id

    def machine_boot(self, boot: int) -> None:
        """Under which boot of the machine PLC a purge is asked for."""
        self._machine_boot = boot

    def _move(self, happened: str) -> bool:
        target = ROLL_TEST_TABLE.get((self.state, happened))
        if target is None:
            self._floor.surprise(f"test label {self.state}", happened)
            return False
        self.state = target
        return True

    # --- a person, or the printer ---
    def change_roll(self) -> str:
        """A person is about to change the roll: nothing more is fed, what is on the belt is finished."""
        self._floor.raise_condition("ROLL_CHANGE")
        return ""

    def changed(self) -> None:
        """A fresh roll is in."""
        if not self._floor.settings.test_label:
            self._floor.end_condition("ROLL_CHANGE")
        elif "ROLL_CHANGE" in self._floor.conditions.active and self.state is RollTestState.NONE:
            self.begin()

    def status(self, event: PrinterStatus) -> None:
        """The applicator's printer says that somebody was at it."""
        if event.state == UNTESTED and not event.printer and self.state is RollTestState.NONE:
            self.begin()

    def begin(self) -> str:
        """Purge the pad and have a test label printed, under a print id of its own (I5)."""
        if (self.state, "begun") not in ROLL_TEST_TABLE:
            return "NOT_IN_THIS_STATE"
        self._forget("another test label")
        self._move("begun")
        self._owed = 0
        self._floor.raise_condition("ROLL_TEST")
        self.print_id = self._labels.take_print_id()
        self._purge(self.print_id)
        self._floor.do(Outcome(table="print", key=str(self.print_id), value=TEST_NUMBER))
        self._floor.do(PrintTest(print_id=self.print_id, label=text_of_test(self.print_id)))
        return ""

    def _purge(self, print_id: PrintId) -> None:
        """A label that waits on the pad for its item stays; where there is none, a blank may be there instead.

        A second one stands at the peel bar, where the test label could not come: both are purged.
        """
        self._make_way()
        if not self._labels.waiting_on_pad() and self._machine_boot:
            self._floor.do(PurgeLabel(item=ItemId(f"I{self._machine_boot}-0"), print_id=print_id))

    def _make_way(self) -> None:
        if not self._labels.crowded():
            return
        for its_print_id, item in self._labels.waiting_on_pad():
            self._items.condemn(item, "LABEL_PURGED")
            self._floor.do(PurgeLabel(item=item.item_id, print_id=its_print_id))

    def another_printed(self) -> None:
        """A label of an item, which was in doubt, has come to the peel bar after all, where the test label should come."""
        if self.state is RollTestState.PRINTING:
            self._make_way()

    def _forget(self, why: str) -> None:
        """The label of the test before is void: it is nobody's, and in a person's hand."""
        if self.print_id is not None:
            self._floor.do(Outcome(table="void", key=str(self.print_id), value=why))
            self._floor.report("label_void", item=None, print_id=self.print_id, reason=why)
        self.print_id, self._trigger = None, -1
        self._frames.clear()

    # --- the printer and the camera ---
    def printed(self) -> None:
        """It stands at the peel bar, or is on the pad: a person holds it under the label camera."""
        self._move("printed")

    def print_failed(self, reason: str) -> None:
        """No label, or nobody knows; a person asks for another."""
        if self._move("failed"):
            self._told("UNKNOWN", reason)

    def frame(self, event: LabelRead) -> None:
        """The label camera saw something that no item brought there."""
        if self.state is not RollTestState.SHOWING or self.print_id is None:
            return
        if self._labels.bursts.frame(event.trigger, event.k, event).owner is not None:
            return
        if event.trigger != self._trigger:
            self._trigger = event.trigger
            self._owed += 1
            self._frames.clear()
        self._frames.setdefault(event.k, event)
        if len(self._frames) < self._floor.settings.frames_per_trigger:
            return
        frames = [self._frames[k] for k in sorted(self._frames)]
        check = check_label(frames, Expected(TEST_NUMBER, qr_payload(TEST_NUMBER, self.print_id)))
        self._told(check.verdict.value, check.reason)
        if check.verdict is Verdict.MATCH:
            self._passed()

    def _passed(self) -> None:
        self._move("read")
        self._forget("test label")
        self._floor.do(RollPassed())
        for code in ("ROLL_TEST", "ROLL_CHANGE"):
            self._floor.end_condition(code)

    def _told(self, verdict: str, reason: str) -> None:
        self._floor.report("test_label", print_id=self.print_id, verdict=verdict, reason=reason)

    def expects(self, event: Extra) -> bool:
        """Whether this is the test label that a person holds under the camera, while the belt stands."""
        showing = self.state is RollTestState.SHOWING and not self._floor.running()
        if event.station != CAMERA_STATION or not (showing or self._owed > 0):
            return False
        self._owed -= 1
        return True

    def restarted(self) -> None:
        """A test that was under way is begun anew by a person."""
        if self.state is not RollTestState.NONE:
            self._move("restarted")
            self._forget("restart")
            self._floor.raise_condition("ROLL_TEST")
