"""Challenge items: known-bad virtual items that go through the same checks as real ones, to prove that these still refuse.

A check that has stopped to refuse looks like a good day. So the line is shown, every quarter of an hour while it runs, what it
must never pass: nothing of it exists, nothing of it is on the belt or in a count of production. One that passes holds the line.
"""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from edge.core.device_events import FrameRead, LabelRead
from edge.core.floor import Floor
from edge.core.item import Item
from edge.core.matching import Expected, accept_reading, check_label
from edge.core.values import Camera, Order, OrderId, ReadingFlag, State, Symbol

EVERY_US = 15 * 60_000_000
AMONG = 64
"""orders among which a round picks its victim: enough for variety, few enough to cost nothing"""
ALL = ReadingFlag.SYNTAX | ReadingFlag.CHECK_DIGIT | ReadingFlag.DATES | ReadingFlag.CONFIDENT
STRANGER = "challenge"
"""kind and text of what belongs to nobody"""


class Scene(NamedTuple):
    """What a round plays with: a real order of the pool, one that was dispatched, and its own number."""

    floor: Floor
    order: Order
    dispatched: Order | None
    round: int

    @property
    def token(self) -> str:
        """Of a document that does not exist: no keyed token looks like this."""
        return f"{STRANGER} {self.round}"

    @property
    def expected(self) -> Expected:
        """What a label of the order would have to show."""
        number = self.order.tracking_number
        return Expected(number, f"{number};{self.round}")


def _frame(k: int, token: str, flags: ReadingFlag = ALL) -> FrameRead:
    kind = STRANGER if token else None
    return FrameRead(
        at_us=0, camera=Camera.ID, camera_boot=0, trigger=0, k=k, kind=kind, flags=int(flags), token=token, skeleton=token,
        confidence_permille=1000, masked="", evidence="",
    )  # fmt: skip


def _read(*frames: tuple[str, ReadingFlag]) -> str:
    return accept_reading([_frame(k, token, flags) for k, (token, flags) in enumerate(frames)])


def _label(scene: Scene, *texts: tuple[str, str]) -> str:
    symbols = tuple(Symbol(symbology, text) for symbology, text in texts)
    frames = [
        LabelRead(at_us=0, camera=Camera.LABEL, camera_boot=0, trigger=0, k=k, symbols=symbols, evidence="") for k in (0, 1)
    ]
    return check_label(frames, scene.expected).reason


def _right(scene: Scene) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("code128", scene.expected.code128), ("qr", scene.expected.qr)


def _duplicate(scene: Scene) -> str:
    if scene.dispatched is None:
        return "DUPLICATE"  # nothing was dispatched yet, so nothing can come twice
    document = scene.dispatched.documents[0]
    return scene.floor.pool.find(document.kind, document.token, document.skeleton).reason


def _look_alike(scene: Scene) -> str:
    document = scene.order.documents[0]
    return scene.floor.pool.find(document.kind, scene.token, document.skeleton).reason


# name → (reason codes with one of which it must be refused, what the checks say to it). "" = it would have passed.
CHALLENGES: dict[str, tuple[frozenset[str], Callable[[Scene], str]]] = {
    "nothing read": (frozenset({"UNREADABLE"}), lambda _: _read(("", ALL), ("", ALL))),
    "two documents in one burst": (frozenset({"FRAMES_DISAGREE"}), lambda s: _read((s.token, ALL), (s.token + "'", ALL))),
    "wrong check digit": (
        frozenset({"CHECK_DIGIT_WRONG"}),
        lambda s: _read(*[(s.token, ALL & ~ReadingFlag.CHECK_DIGIT)] * 2),
    ),
    "impossible date": (frozenset({"DATE_IMPOSSIBLE"}), lambda s: _read(*[(s.token, ALL & ~ReadingFlag.DATES)] * 2)),
    "one doubtful frame": (frozenset({"DOUBTFUL"}), lambda s: _read((s.token, ALL & ~ReadingFlag.CONFIDENT))),
    "document of nobody": (
        frozenset({"NO_ORDER"}),
        lambda s: s.floor.pool.find(STRANGER, s.token, s.token).reason,
    ),
    # An order that is not open any more has no look-alike: then the stranger is just that.
    "look-alike of an open order": (frozenset({"AMBIGUOUS", "NO_ORDER"}), _look_alike),
    "the same document again": (frozenset({"DUPLICATE", "AMBIGUOUS", "CANCELLED"}), _duplicate),
    "no label": (frozenset({"LABEL_MISSING"}), _label),
    "label of another": (
        frozenset({"LABEL_MISMATCH"}),
        lambda s: _label(s, ("code128", STRANGER), ("qr", f"{STRANGER};{s.round}")),
    ),
    "an older label of the same order": (
        frozenset({"LABEL_MISMATCH"}),
        lambda s: _label(s, _right(s)[0], ("qr", f"{s.expected.code128};{s.round + 1}")),
    ),
    "a second label beside the right one": (
        frozenset({"LABEL_MISMATCH"}),
        lambda s: _label(s, *_right(s), ("code128", STRANGER)),
    ),
    "the right label twice": (frozenset({"LABEL_MISMATCH"}), lambda s: _label(s, *_right(s), *_right(s))),
    "half a label": (frozenset({"LABEL_UNREADABLE"}), lambda s: _label(s, _right(s)[0])),
}


class Challenges:
    """When rounds are due, and how they ended."""

    def __init__(self, floor: Floor, dispatched: dict[OrderId, Item]) -> None:
        self._floor = floor
        self._dispatched = dispatched
        self.rounds = 0
        self.tried = 0
        self.missed = 0
        self._due_us = 0

    def clock(self) -> None:
        """Look whether a round is due; while one has failed, each look is a round, so that the cure shows at once."""
        floor = self._floor
        failed = "CHALLENGE_MISSED" in floor.conditions.active
        if failed or (floor.machine.state is State.EXECUTE and floor.now_us >= self._due_us):
            self._round()

    def restarted(self) -> None:
        """The monotonic clock begins anew: a round is due at once."""
        self._due_us = 0

    def _round(self) -> None:
        floor = self._floor
        order = self._pick()
        if order is None:
            return
        self._due_us = floor.now_us + EVERY_US
        self.rounds += 1
        last = next(reversed(self._dispatched.values()), None)
        scene = Scene(floor, order, None if last is None else last.order, self.rounds)
        missed = [name for name, (refused, check) in CHALLENGES.items() if check(scene) not in refused]
        self.tried += len(CHALLENGES)
        self.missed += len(missed)
        floor.report("challenge", round=self.rounds, tried=len(CHALLENGES), missed=",".join(missed), virtual=True)
        if missed:
            floor.raise_condition("CHALLENGE_MISSED")
        else:
            floor.end_condition("CHALLENGE_MISSED")

    def _pick(self) -> Order | None:
        """The round's order: another one each time, the same at every replay."""
        orders = list(islice(self._floor.pool.orders.values(), AMONG))
        return orders[self.rounds % len(orders)] if orders else None
