"""After hands were at the printer: what is on the pad is purged, one test label is printed, and the label camera reads it.

A fresh roll may be threaded crooked, be of another size, or push blanks out in front of it. So nothing is printed for an item
before one label that belongs to nobody was printed, taken off by a person, and read by the label camera at a standing belt.
"""

from enum import StrEnum

from edge.core.commands import Outcome, PrintTest, PurgeLabel, RollPassed
from edge.core.device_events import LabelRead, PrinterStatus
from edge.core.events import Extra, OperatorRequest
from edge.core.floor import Floor
from edge.core.heads import Against, Heads, head_of_link
from edge.core.label import Labels
from edge.core.label_text import TEST_NUMBER, qr_payload, text_of_test
from edge.core.matching import Expected, check_label
from edge.core.rolls import Rolls
from edge.core.sight import looks
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
    # Another head works: the line holds for the test label only when a person asks for it.
    (T.NONE, "postponed"): T.DUE,
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

    def __init__(self, floor: Floor, labels: Labels, rolls: Rolls, heads: Heads) -> None:
        self._floor = floor
        self._rolls = rolls
        self._heads = heads
        self._labels = labels
        self.state = RollTestState.NONE
        self.print_id: PrintId | None = None
        self.head = 1
        """at which somebody was, while a test is due or under way"""
        self._next: dict[int, None] = {}
        """other heads at which somebody was meanwhile"""
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
    def change_roll(self, head: int) -> str:
        """A person is about to change this head's roll: it gets no more labels to print.

        Without another head nothing more is fed, and what is on the belt is finished.
        """
        if head not in self._heads.against:
            return "NO_SUCH_HEAD"
        self._heads.set(head, Against.ROLL, on=True)
        return ""

    def changed(self, head: int, roll: str) -> str:
        """A fresh roll is in at this head; returns "" or what stands against it."""
        code = self._rolls.changed(roll, head) if head in self._heads.against else "NO_SUCH_HEAD"
        if code:
            return code
        if not self._floor.settings.test_label:
            self._heads.set(head, Against.ROLL, on=False)
        elif Against.ROLL in self._heads.against[head]:
            self._due(head)
        return ""

    def status(self, event: PrinterStatus) -> None:
        """The printer of a head says that somebody was at it."""
        head = head_of_link(event.printer)
        if event.state == UNTESTED and head:
            self._due(head)

    def _due(self, head: int) -> None:
        if self.state is not RollTestState.NONE:
            if head != self.head:
                self._next[head] = None
                self._heads.set(head, Against.TEST, on=True)
            return
        self.head = head
        if self._heads.spared(head):
            self._move("postponed")
            self._heads.set(head, Against.TEST, on=True)
        else:
            self.begin(head)

    def begin(self, head: int) -> str:
        """Purge the head's pad and have a test label printed, under a print id of its own (I5)."""
        if head not in self._heads.against:
            return "NO_SUCH_HEAD"
        if (self.state, "begun") not in ROLL_TEST_TABLE:
            return "NOT_IN_THIS_STATE"
        if self.state is RollTestState.NONE:
            self.head = head
        self._forget("another test label")
        self._move("begun")
        self._owed = 0
        self._heads.set(self.head, Against.TESTING, on=True)
        self.print_id = self._labels.take_print_id()
        self._purge(self.print_id)
        self._floor.do(Outcome(table="print", key=str(self.print_id), value=TEST_NUMBER))
        self._floor.do(PrintTest(print_id=self.print_id, label=text_of_test(self.print_id), head=self.head))
        return ""

    def _purge(self, print_id: PrintId) -> None:
        """A label that waits on the pad for its item stays; where there is none, a blank may be there instead.

        A second one stands at the peel bar, where the test label could not come: both are purged.
        """
        self._make_way()
        if not self._labels.waiting_on_pad(self.head) and self._machine_boot:
            self._floor.do(PurgeLabel(item=ItemId(f"I{self._machine_boot}-0"), print_id=print_id, head=self.head))

    def _make_way(self) -> None:
        if self._labels.crowded(self.head):
            self._labels.purge_pad(self.head)

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
            self._wait_for_a_person()

    def _wait_for_a_person(self) -> None:
        self._heads.set(self.head, Against.TEST, on=True)
        self._heads.set(self.head, Against.TESTING, on=False)

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

    def scanned(self, event: OperatorRequest) -> str:
        """A person scanned the test label by hand: both of its codes, and nothing else. "" = it passed."""
        if self.state is not RollTestState.SHOWING or self.print_id is None:
            return "NOT_IN_THIS_STATE"
        check = check_label(looks(event), Expected(TEST_NUMBER, qr_payload(TEST_NUMBER, self.print_id)))
        self._told(check.verdict.value, check.reason)
        if check.verdict is not Verdict.MATCH:
            return check.reason
        self._passed()
        return ""

    def _passed(self) -> None:
        self._move("read")
        self._forget("test label")
        self._floor.do(RollPassed(head=self.head))
        for what in (Against.TEST, Against.TESTING, Against.ROLL):
            self._heads.set(self.head, what, on=False)
        if self._next:
            head, owed = next(iter(self._next)), self._owed
            del self._next[head]
            self._due(head)
            self._owed = owed  # the PLC has not told yet of the burst that has just passed the first head

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
            self._next.clear()  # each printer says anew that somebody was at it
            self._heads.set(self.head, Against.TEST, on=True)
