"""The applicator's heads, each a printer with a pad: which one prints next, and what the line does while one is out of order.

Two heads alternate, or the second one stands by. Labels reach one pad in the order of their prints, on each head by itself.
"""

from enum import StrEnum

from edge.core.commands import WithdrawLabels
from edge.core.device_events import PrinterStatus
from edge.core.floor import Floor

HEAD_LINKS = ("printer", "printer_2")
"""names of the heads' links: head 1, head 2"""
PRINTER_READY = frozenset({"ready", "label_waiting", "busy"})
APPLICATOR_FAULTS = (2, 5)
"""bits of the table `faults` in the process image: head 1, head 2"""
HOUR_US = 3_600_000_000


class Against(StrEnum):
    """What may stand against a head. `testing`: its test label is being printed or read; the belt stands for that."""

    LINK = "link"
    PRINTER = "printer"
    APPLICATOR = "applicator"
    ROLL = "roll"
    TEST = "test"
    TESTING = "testing"


A = Against
# What stands against a head → condition while no head works, condition while another one works ("" = none of its own).
AGAINST: dict[Against, tuple[str, str]] = {
    A.LINK: ("PRINTER_LOST", ""),
    A.PRINTER: ("PRINTER_NOT_READY", ""),
    A.APPLICATOR: ("APPLICATOR_FAULT", ""),
    A.ROLL: ("ROLL_CHANGE", ""),
    A.TEST: ("ROLL_TEST", "HEAD_TEST"),
    A.TESTING: ("ROLL_TEST", "ROLL_TEST"),
}
STANDBY, HALVED = "HEAD_STANDBY", "HEAD_OUT"
CONDITIONS_OF_HEADS = sorted({code for pair in AGAINST.values() for code in pair if code} | {STANDBY, HALVED})
STRANDS = frozenset({A.LINK, A.PRINTER, A.APPLICATOR, A.TEST, A.TESTING})
"""with these a head does not print what waits for it; while a roll is about to be changed it still does"""


def head_of_link(link: str) -> int:
    """Which head hangs on this link, "" = the first one's; 0 = none."""
    name = link or HEAD_LINKS[0]
    return HEAD_LINKS.index(name) + 1 if name in HEAD_LINKS else 0


class Heads:
    """What stands against each head, and whose turn it is."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.against: dict[int, dict[Against, None]] = {}
        self._last = 0
        self._withdrawn: dict[int, None] = {}
        """heads whose waiting labels were called back since they are out of order"""
        self._halved_us: int | None = None
        """since when one of two alternating heads is out of order"""
        self._count()

    def _count(self) -> None:
        numbers = range(1, self._floor.settings.heads + 1)
        self.against = {head: self.against.get(head, {} if head == 1 else {A.LINK: None}) for head in numbers}

    def configured(self) -> None:
        """So many heads are there: one that is new has not been heard yet."""
        self._count()
        self._look()

    def restarted(self) -> None:
        """We restarted: no head has been heard yet."""
        self.against = {head: {A.LINK: None} for head in self.against}
        self._withdrawn.clear()
        self._look()

    # --- what is told of them ---
    def set(self, head: int, what: Against, *, on: bool) -> None:
        """Something stands against this head from now on, or no longer. A head that is not there is nobody's business."""
        if head not in self.against:
            self._floor.surprise("no such head", what)
            return
        if on:
            self.against[head][what] = None
        else:
            self.against[head].pop(what, None)
        self._look()

    def status(self, event: PrinterStatus) -> None:
        """A head's printer, debounced by its link; another printer is nobody's business here."""
        head = head_of_link(event.printer)
        if head:
            self.set(head, A.PRINTER, on=event.state not in PRINTER_READY)

    def faults(self, bits: int) -> list[int]:
        """The fault bits of the machine PLC; returns the heads whose applicator failed just now."""
        failed = [head for head in self.against if bits >> APPLICATOR_FAULTS[head - 1] & 1]
        new = [head for head in failed if A.APPLICATOR not in self.against[head]]
        for head in self.against:
            if (A.APPLICATOR in self.against[head]) != (head in failed):
                self.set(head, A.APPLICATOR, on=head in failed)
        return new

    # --- what follows ---
    def working(self) -> list[int]:
        """Heads against which nothing stands."""
        return [head for head, against in self.against.items() if not against]

    def spared(self, head: int) -> bool:
        """Whether another head works meanwhile."""
        return any(other != head for other in self.working())

    def jammed(self, head: int) -> bool:
        """Whether what is on this head's pad cannot be applied."""
        return A.APPLICATOR in self.against.get(head, {})

    def next(self) -> int:
        """The head that prints the next label; where none works, the one whose turn it is keeps it until one does."""
        heads = self.working() or list(self.against)
        if self._floor.settings.standby:
            head = self._last if self._last in heads else heads[0]
        else:
            head = next((head for head in heads if head > self._last), heads[0])
        self._last = head
        return head

    def _look(self) -> None:
        working = bool(self.working())
        wanted = {AGAINST[what][working] for against in self.against.values() for what in against} - {""}
        some_out = working and any(self.against.values())
        if some_out:
            wanted.add(STANDBY if self._floor.settings.standby else HALVED)
        for code in CONDITIONS_OF_HEADS:
            if code in wanted:
                self._floor.raise_condition(code)
            else:
                self._floor.end_condition(code)
        self._pace(halved=HALVED in wanted)
        for head, against in self.against.items():
            self._withdraw(head, stranded=working and bool(STRANDS & set(against)))

    def _withdraw(self, head: int, *, stranded: bool) -> None:
        """Labels that wait for a head which does not print them are called back: another head can."""
        if not stranded:
            self._withdrawn.pop(head, None)
        elif head not in self._withdrawn:
            self._withdrawn[head] = None
            self._floor.do(WithdrawLabels(head=head))

    # --- the pace of the feed ---
    def _pace(self, *, halved: bool) -> None:
        if not halved:
            self._halved_us = None
        elif self._halved_us is None:
            self._halved_us = self._floor.now_us

    def _gap_us(self) -> int:
        return HOUR_US // self._floor.settings.target_rate_per_h

    def may_feed(self) -> bool:
        """One document in the time of two: the permit is granted for half a gap, and withdrawn for one and a half."""
        if self._halved_us is None:
            return True
        gap_us = self._gap_us()
        return (self._floor.now_us - self._halved_us) % (2 * gap_us) < gap_us // 2

    def next_due_us(self) -> int | None:
        """When the permit must be granted or withdrawn for the pace's sake."""
        if self._halved_us is None:
            return None
        gap_us, now_us = self._gap_us(), self._floor.now_us
        phase_us = (now_us - self._halved_us) % (2 * gap_us)
        return now_us - phase_us + (gap_us // 2 if phase_us < gap_us // 2 else 2 * gap_us)
