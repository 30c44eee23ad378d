"""The label printer's and the applicator's mechanics: roll, peel bar, pad. One label at the peel bar, one on the pad."""

import random
from collections.abc import Callable

from simulators.bodies import PhysicalLabel
from simulators.geometry import Geometry


class PrinterBody:
    """A format becomes a label at the peel bar; the applicator takes it when its pad is free."""

    def __init__(self, geometry: Geometry, rng: random.Random, runs_out_on: Callable[[PhysicalLabel], bool]) -> None:
        self._geometry = geometry
        self._rng = rng
        self._runs_out_on = runs_out_on
        self.media = True
        self.head_open = False
        self.pad: PhysicalLabel | None = None
        self.peel: PhysicalLabel | None = None
        self.stuck: PhysicalLabel | None = None
        """a label that did not come off the pad at its stroke; the next one is taken over it"""
        self.pad_blocked = False
        self.waste: list[PhysicalLabel] = []
        self.printed = 0
        self._printing: tuple[int, PhysicalLabel] | None = None
        self._taking_ms: int | None = None

    @property
    def busy(self) -> bool:
        """A label is being printed."""
        return self._printing is not None

    @property
    def label_waiting(self) -> bool:
        """A label stands at the peel bar."""
        return self.peel is not None

    def begin_print(self, label: PhysicalLabel, now_ms: int) -> bool:
        """Start to print; False when it cannot (busy, label not taken, no media, head open)."""
        if self.busy or self.peel is not None or not self.media or self.head_open:
            return False
        if self._runs_out_on(label):
            # The roll ends in the middle of this label; with ^JZN it is not printed again on the next roll.
            self.media = False
            return True
        took_ms = self._rng.randint(self._geometry.print_min_ms, self._geometry.print_max_ms)
        self._printing = (now_ms + took_ms, label)
        return True

    def power_off(self) -> PhysicalLabel | None:
        """What was being printed is scrap, and is returned; a label at the peel bar stays there."""
        torn, self._printing = self._printing, None
        return None if torn is None else torn[1]

    def change_roll(self) -> None:
        """The operator puts a new roll in and closes the head: a blank that it pushes out is sucked onto a free pad."""
        if not self.media and self.pad is None and not self.pad_blocked:
            self.pad = PhysicalLabel("", "")
        self.media = True
        self.head_open = False

    def advance(self, now_ms: int, *, purge: bool) -> bool:
        """Let time pass; `purge` blows whatever is on the pad into the waste. True when something happened."""
        happened = False
        if self._printing is not None and self._printing[0] <= now_ms:
            self.peel, self._printing = self._printing[1], None
            self.printed += 1
            happened = True
        if self._taking_ms is not None and self._taking_ms <= now_ms and self.peel is not None:
            self.pad, self.peel, self._taking_ms = self.peel, None, None
            happened = True
        if purge and self.pad is not None and not self.pad_blocked:
            self.waste += [label for label in (self.stuck, self.pad) if label is not None]
            self.pad = self.stuck = None
            happened = True
        if self._taking_ms is None and self.peel is not None and self.pad is None and not self.pad_blocked:
            self._taking_ms = now_ms + self._geometry.take_label_ms
            happened = True
        return happened

    def stroke(self, *, sticks: bool) -> PhysicalLabel | None:
        """The pad meets an envelope: the label that comes off it. One that stuck before comes off now, the fresh one falls."""
        fresh, self.pad = self.pad, None
        stuck, self.stuck = self.stuck, None
        if stuck is not None:
            self.waste += [fresh] if fresh is not None else []
            return stuck
        if sticks:
            self.stuck = fresh
            return None
        return fresh

    def take_off(self, code128: str) -> PhysicalLabel | None:
        """A person takes this label off the pad or the peel bar, if it is there."""
        for place in ("pad", "peel"):
            label: PhysicalLabel | None = getattr(self, place)
            if label is not None and label.code128 == code128:
                setattr(self, place, None)
                self._taking_ms = None if place == "peel" else self._taking_ms
                self.waste.append(label)
                return label
        return None

    def labels(self) -> list[PhysicalLabel]:
        """Everything that is printed or being printed and has neither reached an envelope nor the waste."""
        printing = None if self._printing is None else self._printing[1]
        return [label for label in (self.pad, self.peel, self.stuck, printing) if label is not None]

    def due_ms(self) -> int | None:
        """When the next thing happens by itself."""
        dues = [due for due in (self._printing[0] if self._printing else None, self._taking_ms) if due is not None]
        return min(dues, default=None)
