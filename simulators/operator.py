"""The simulated operator: looks at the panel, acts at the panel and with the hands, and counts each act.

What to do is one table from conditions to routines; how the panel is reached (HTTP, or a call in the virtual world) is the
caller's choice.
"""

import asyncio
import json
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

POLL_S = 0.25
ANSWER_S = 6.0
PERSON = "operator-sim"
LOWEST_PRIORITY = 3
AGAIN_AFTER_REACTIONS = 5  # what did not help is tried again after so many reaction times


class PanelAway(Exception):
    """The panel does not answer, or not in words that are understood."""


class PlantHands(Protocol):
    """What a person can do at the line itself."""

    def roll_changed(self) -> object:
        """Put in a new roll and close the head."""

    def show_test_label(self) -> bool:
        """Take the test label off the printer and hold it under the label camera; False where there is none."""

    def clear_rejects(self) -> object:
        """Empty the reject places."""

    def recount(self, chute: int) -> list[str]:
        """Scan all labels in a chute's bag: their QR texts."""

    def take_out(self, chute: int, text: str) -> object:
        """Move the envelope with this QR text from a chute's bag to the sealed rejects, if it is in there."""

    def bag_tag(self, chute: int) -> str:
        """What is written on the bag that hangs at a chute."""

    def hang_bag(self, chute: int) -> None:
        """Take the full bag away, and hang an empty one."""


class Panel(Protocol):
    """The panel, however it is reached."""

    async def snapshot(self) -> dict[str, Any]:
        """What the page shows. Raises PanelAway."""

    async def request(self, act: str, argument: dict[str, str]) -> tuple[bool, str]:
        """Ask for an act: accepted, code. Raises PanelAway."""


class Act(NamedTuple):
    """One act at the panel."""

    act: str
    argument: dict[str, str]


class Routine(NamedTuple):
    """What to do about a condition: steps in order, in these states of the line (none named: in any)."""

    steps: tuple[str, ...]
    states: frozenset[str] = frozenset()


_CLEAR_BELT = Routine(("clear_belt",), frozenset({"STOPPED", "IDLE", "HELD"}))

# Condition → routine, the most urgent first. Conditions that are not here end without a person, or need a real one;
# locked bags and chutes without a bag are seen at the bags themselves.
ROUTINES: dict[str, Routine] = {
    "PRINTER_NOT_READY": Routine(("change_roll",)),
    "BELT_NOT_CLEARED": _CLEAR_BELT,
    "PLC_RESTARTED": _CLEAR_BELT,
    "LONG_OUTAGE": _CLEAR_BELT,
    "EVENTS_LOST": _CLEAR_BELT,
    "ITEM_LOST": _CLEAR_BELT,
    "EXTRA_ITEM": _CLEAR_BELT,
    "LABEL_MISMATCH_TWICE": _CLEAR_BELT,
    "STRAY_LABEL": _CLEAR_BELT,
    "PAD_MISMATCH": _CLEAR_BELT,
    "REJECT_UNCONFIRMED": _CLEAR_BELT,
    "ACCOUNTS_DIFFER": _CLEAR_BELT,
    "JAM": _CLEAR_BELT,
    "PROMISE_BROKEN": _CLEAR_BELT,
    "REJECTS_NOT_CLEARED": Routine(("empty_rejects", "rejects_cleared"), frozenset({"STOPPED", "IDLE"})),
}
# What to do about a test label, by where its test stands.
TEST_LABEL = {"due": "test_label", "showing": "show_test_label"}
ONE_HEAD_OUT = frozenset({"HEAD_OUT", "HEAD_STANDBY"})
# What brings the line to Execute where nothing stands against it.
WAY_TO_EXECUTE = {"HELD": "unhold", "ABORTED": "clear", "STOPPED": "reset", "COMPLETE": "reset", "IDLE": "start"}
BELT_STANDS = frozenset({"HELD", "STOPPED", "ABORTED"})


class Wish(NamedTuple):
    """Something that this person wants to do, known by its cause."""

    cause: str
    steps: tuple[str, ...]
    chutes: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()


def wishes(snapshot: dict[str, Any], *, to_start: bool) -> Iterator[Wish]:
    """Everything that should be done about what the panel shows, the most urgent first."""
    state = snapshot["state"]
    conditions = {row["code"]: row["priority"] for row in snapshot["conditions"]}
    bags = {bag["chute"]: bag for bag in snapshot["bags"]}
    unbound = tuple(chute for chute in snapshot["chutes"] if chute not in bags)
    if unbound:
        yield Wish("no bag", ("bind_bag",), unbound)
    for chute, bag in bags.items():
        doubtful = tuple(bag["take_out"])
        # What was recalled can be taken out of its open bag at any time; a locked one waits until the belt stands.
        if (bag["locked"] and state in BELT_STANDS) or (doubtful and not bag["locked"]):
            yield Wish(f"bag {chute}: {doubtful}", ("take_out",) if doubtful else ("recount_bag",), (chute,), doubtful)
    if "CHUTE_FULL" in conditions:
        fullest = max(bags.values(), key=lambda bag: bag["count"])
        yield Wish(f"full {fullest['bag']}", ("close_bag",), (fullest["chute"],))
    if snapshot["roll_test"] in TEST_LABEL:
        # A line that was cleared blows off whatever comes to the pad, until it was reset.
        step = "reset" if state == "STOPPED" else TEST_LABEL[snapshot["roll_test"]]
        yield Wish(f"test label {snapshot['roll_test']}: {step}", (step,))
    if ONE_HEAD_OUT.intersection(conditions):
        yield Wish("one head is out", ("change_roll",))
    standing = [(code, routine) for code, routine in ROUTINES.items() if code in conditions]
    yield from (Wish(code, routine.steps) for code, routine in standing if not routine.states or state in routine.states)
    urgent = min(conditions.values(), default=LOWEST_PRIORITY) == 1
    if state in ("STOPPED", "IDLE") and any(row["code"] == "BELT_IN_DOUBT" and not row["passed"] for row in snapshot["checks"]):
        yield Wish("belt in doubt", ("clear_belt",))
        return
    if state == "ABORTED" and "ESTOP" not in conditions:
        # Whatever else stands can only be dealt with once this is over.
        yield Wish(state, (WAY_TO_EXECUTE[state],))
        return
    free = not urgent if state == "HELD" else to_start and not urgent and not standing and not unbound
    if free and state in WAY_TO_EXECUTE:
        yield Wish(state, (WAY_TO_EXECUTE[state],))


class Operator:
    """A person at the line. Starts it once, and again after an own clearing; respects a stop by others.

    `acts` counts what was done by hand or accepted by the line, `refused` what it would not do.
    """

    def __init__(self, plant: PlantHands, *, seed: int, reaction_s: float = 1.0) -> None:
        self._plant = plant
        self._rng = random.Random(f"operator {seed}")
        self._reaction_ms = reaction_s * 1000
        self._due_ms: dict[str, float] = {}
        self._to_start = True
        self._closed: set[int] = set()
        """chutes whose bag was full, and is taken away as soon as the line has closed it"""
        self.slips: list[Act] = []
        """what this person does by mistake at the next look"""
        self.misses_one = False
        """one label is left out at the next recount"""
        self._hands: dict[str, Callable[[], object]] = {
            "change_roll": plant.roll_changed,
            "show_test_label": lambda: plant.show_test_label() or Act("test_label", {}),
            "empty_rejects": plant.clear_rejects,
        }
        self._at_a_chute: dict[str, Callable[[Wish], list[Act]]] = {
            "bind_bag": self._bind,
            "close_bag": self._close,
            "recount_bag": self._recount,
            "take_out": self._take_out,
        }
        self.acts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def step(self, snapshot: dict[str, Any], now_ms: int) -> list[Act]:
        """Look at the panel: use the hands where it is time to, and return the acts to ask the panel for, in order.

        `now_ms` is any clock that runs on; each thing is done a reaction time after it was first seen. The caller tells
        `answered` for each act, and drops the rest after a refusal.
        """
        if snapshot["clearing"]:
            return []
        if snapshot["state"] == "EXECUTE":
            self._to_start = False
        wanted = list(wishes(snapshot, to_start=self._to_start))
        self._due_ms = {wish.cause: self._due_ms.get(wish.cause, now_ms + self._reaction()) for wish in wanted}
        due = next((wish for wish in wanted if self._due_ms[wish.cause] <= now_ms), None)
        if due is None:
            return []
        self._due_ms[due.cause] = now_ms + AGAIN_AFTER_REACTIONS * self._reaction_ms
        return [act for name in due.steps for act in self._carry_out(name, due)]

    def answered(self, act: str, code: str, *, accepted: bool) -> None:
        """What the line said to an act."""
        if accepted:
            self.acts[act] += 1
            self._to_start |= act in {"clear_belt", "clear"}
        else:
            self.refused[f"{act}: {code}"] += 1

    async def run(self, panel: Panel) -> None:
        """Look and act for ever; a panel that is away is looked for again."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    await self.look(panel, round(loop.time() * 1000))
            except (PanelAway, TimeoutError):
                self.refused["panel away"] += 1
            await asyncio.sleep(min(POLL_S, self._reaction_ms / 1000))

    async def look(self, panel: Panel, now_ms: int) -> None:
        """Look once and act. Raises PanelAway."""
        slips, self.slips = self.slips, []
        for act, argument in slips:
            accepted, code = await panel.request(act, argument)
            if code == "COUNT_AGAIN":
                accepted, code = await panel.request(act, self._count(int(argument["chute"])))
            self.answered(act, code, accepted=accepted)
        for act, argument in self.step(await panel.snapshot(), now_ms):
            accepted, code = await panel.request(act, argument)
            self.answered(act, code, accepted=accepted)
            if not accepted:
                return

    def _reaction(self) -> float:
        return self._reaction_ms * self._rng.uniform(0.7, 1.3)

    def _carry_out(self, name: str, wish: Wish) -> list[Act]:
        if name in self._hands:
            instead = self._hands[name]()
            self.acts[name] += 1
            return [instead] if isinstance(instead, Act) else []
        at_a_chute = self._at_a_chute.get(name)
        return [Act(name, {})] if at_a_chute is None else at_a_chute(wish)

    def _close(self, wish: Wish) -> list[Act]:
        self._closed.update(wish.chutes)
        return [Act("close_bag", {"chute": str(chute), "bag": self._plant.bag_tag(chute)}) for chute in wish.chutes]

    def _bind(self, wish: Wish) -> list[Act]:
        for chute in sorted(self._closed.intersection(wish.chutes)):
            self._plant.hang_bag(chute)
            self._closed.remove(chute)
        return [Act("bind_bag", {"chute": str(chute), "bag": self._plant.bag_tag(chute)}) for chute in wish.chutes]

    def _recount(self, wish: Wish) -> list[Act]:
        return [Act("recount_bag", self._count(chute)) for chute in wish.chutes]

    def _count(self, chute: int) -> dict[str, str]:
        return {"chute": str(chute), "labels": ",".join(self._plant.recount(chute))}

    def _take_out(self, wish: Wish) -> list[Act]:
        found = [(chute, text) for chute in wish.chutes for text in wish.labels]
        for chute, text in found:
            self._plant.take_out(chute, text)
        return [Act("take_out", {"chute": str(chute), "label": text}) for chute, text in found]


class HttpPanel:
    """The panel through its own HTTP interface."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._ids = 0
        self._name = uuid.uuid4().hex[:8]

    async def snapshot(self) -> dict[str, Any]:
        """GET /api/snapshot. Raises PanelAway."""
        status, body = await self._ask("GET", "/api/snapshot")
        if status != 200:
            raise PanelAway(f"the panel answers {status} to a look at its snapshot")
        return _decoded(body)

    async def request(self, act: str, argument: dict[str, str]) -> tuple[bool, str]:
        """POST /api/acts. Raises PanelAway where it was not answered by the line."""
        self._ids += 1
        wanted = {"act": act, "argument": argument, "person": PERSON, "request_id": f"{self._name}-{self._ids}"}
        status, body = await self._ask("POST", "/api/acts", json.dumps(wanted).encode())
        if status not in (200, 409):
            raise PanelAway(f"the panel answers {status} to {act}: {body[:200].decode(errors='replace')}")
        answer = _decoded(body)
        return bool(answer["accepted"]), str(answer["code"])

    async def _ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            try:
                writer.write(head.encode("ascii") + body)
                await writer.drain()
                answer = await reader.read()
            finally:
                writer.close()
        except OSError as error:
            raise PanelAway(f"no panel at {self._host}:{self._port}: {error}") from error
        first, _, rest = answer.partition(b"\r\n")
        fields = first.split()
        if len(fields) < 2 or not fields[1].isdigit():
            raise PanelAway(f"the panel closed without an answer to {method} {path}")
        return int(fields[1]), rest.partition(b"\r\n\r\n")[2]


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body)
    except ValueError as error:
        raise PanelAway(f"the panel's answer is not JSON: {body[:80]!r}") from error
    if not isinstance(decoded, dict):
        raise PanelAway(f"the panel's answer is no object: {body[:80]!r}")
    return decoded
