"""What must be right before the line may start: ONE table of checks, each with what a person reads and does about it."""

from collections.abc import Callable
from typing import NamedTuple

from edge.core.conditions import CONDITIONS, Effect
from edge.core.document import Documents
from edge.core.floor import Floor
from edge.core.item import Items, ItemState

AWAY = frozenset({ItemState.LOST, ItemState.UNCONFIRMED})
"""not on the belts, although their life has not ended"""


class Check(NamedTuple):
    """One line of the list: a code of CONDITIONS that says what is wrong, and whether it is right now."""

    code: str
    passed: bool


class Checklist:
    """Looks at the line as it is; confirmed by a person are only the checks that the settings ask for."""

    def __init__(self, floor: Floor, documents: Documents, items: Items) -> None:
        self._floor = floor
        self._documents = documents
        self._items = items
        self.confirmed: dict[str, str] = {}
        """check → who confirmed it since the last stop"""
        self._looks: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("BELT_IN_DOUBT", self._belt_known),
            ("NO_BAG_BOUND", self._bags_bound),
            ("NO_SORT_PLAN", self._sort_plan),
            ("CLOCK_NOT_SET", self._clock),
            ("DISK_LOW", self._disk),
        )

    def checks(self) -> list[Check]:
        """All checks in the order in which a person goes through them: what stands against a start, then the list proper."""
        blocking = self._floor.conditions.having(Effect.BLOCKS_START, Effect.HOLDS_AT_LABEL, Effect.HOLDS, Effect.ABORTS)
        asked = [(code, code in self.confirmed) for code in self._floor.settings.start_checks]
        return [
            *(Check(code, passed=False) for code in blocking),
            *(Check(code, passed=look()) for code, look in self._looks if code not in blocking),
            *(Check(code, passed=passed) for code, passed in asked),
        ]

    def first_failed(self) -> str:
        """Code of the first check that is not passed; "" = the line may start."""
        return next((check.code for check in self.checks() if not check.passed), "")

    def confirm(self, code: str, person: str) -> str:
        """A person has done one of the checks that only people can do."""
        if code not in self._floor.settings.start_checks or code not in CONDITIONS:
            return "NO_SUCH_CHECK"
        self.confirmed[code] = person
        return ""

    def _belt_known(self) -> bool:
        """Empty, or stopped with everything in its place: what is in doubt must be cleared before a start."""
        items = (item.quarantined for item in self._items.on_belt.values() if item.state not in AWAY)
        return not any(items) and not any(document.quarantined for document in self._documents.before_gate())

    def belt_empty(self) -> bool:
        """Whether nothing is on the belts, as far as we know."""
        return not self._documents.before_gate() and all(i.state in AWAY for i in self._items.on_belt.values())

    def _bags_bound(self) -> bool:
        return set(self._floor.sort_plan.routes.values()) <= set(self._floor.bags.by_chute)

    def _sort_plan(self) -> bool:
        return bool(self._floor.sort_plan.version and self._floor.sort_plan.routes)

    def _clock(self) -> bool:
        return self._floor.wall_ms() >= self._floor.settings.build_ms and "CLOCK_STEPPED" not in self._floor.conditions.active

    def _disk(self) -> bool:
        free_mb = self._floor.disk_free_mb
        return free_mb is None or free_mb >= self._floor.settings.disk_start_mb
