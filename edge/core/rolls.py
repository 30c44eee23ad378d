"""Labels and ribbon: what is left on the roll since its last change, and for how long."""

from typing import NamedTuple

from edge.core.device_events import PrinterStatus
from edge.core.floor import Floor
from edge.core.heads import head_of_link

# Roll → (the printer's word for its end, the condition that says that it runs low).
ROLLS: dict[str, tuple[str, str]] = {"media": ("media_out", "MEDIA_LOW"), "ribbon": ("ribbon_out", "RIBBON_LOW")}

BACK = frozenset({"ready", "untested"})
"""the printer's words for: it can print again"""


class Left(NamedTuple):
    """What is left of one roll. `minutes` at the present rate; None while nothing runs."""

    roll: str
    labels: int
    minutes: int | None
    head: int = 1


class Rolls:
    """Counts labels since each roll was changed. Before the first change that we know of, nothing is said of a roll."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._used: dict[tuple[int, str], int] = {}
        self._ended: dict[tuple[int, str], None] = {}
        """rolls that their printer has said to be at their end"""

    def _holds(self, roll: str) -> int:
        """Labels that a fresh roll is good for; 0 = it is not watched."""
        settings = self._floor.settings
        return settings.media_labels if roll == "media" else settings.ribbon_labels

    def used(self, head: int) -> None:
        """One label more was printed at this head."""
        for key, number in self._used.items():
            self._used[key] = number + (key[0] == head)
        self._look()

    def changed(self, roll: str, head: int = 1) -> str:
        """A fresh roll is in at this head; returns "" or what stands against it."""
        if roll not in ROLLS:
            return "NO_SUCH_ROLL"
        self._used[head, roll] = 0
        self._floor.report("roll_changed", roll=roll)
        self._look()
        return ""

    def status(self, event: PrinterStatus) -> None:
        """A printer that was out of something and can print again has got a fresh roll of it."""
        head = head_of_link(event.printer)
        if not head:
            return
        if event.state in BACK:
            for roll in [roll for of, roll in self._ended if of == head]:
                del self._ended[head, roll]
                self.changed(roll, head)
        for roll, (word, _) in ROLLS.items():
            if event.state == word:
                self._ended[head, roll] = None

    def left(self) -> list[Left]:
        """What is left, of each roll that is watched and whose change we know."""
        settings = self._floor.settings
        taking_turns = 1 if settings.standby else settings.heads
        rate_per_h = self._floor.production.rate_per_h(self._floor.now_us) // taking_turns
        rows = []
        for (head, roll), used in self._used.items():
            labels = max(0, self._holds(roll) - used)
            if self._holds(roll):
                rows.append(Left(roll, labels, labels * 60 // rate_per_h if rate_per_h else None, head))
        return rows

    def _look(self) -> None:
        low = {row.roll for row in self.left() if row.labels <= self._floor.settings.roll_low_labels}
        for roll, (_, condition) in ROLLS.items():
            if roll in low:
                self._floor.raise_condition(condition)
            else:
                self._floor.end_condition(condition)
