"""The simulated operator: looks at the panel, acts at the panel and with the hands, and counts each act.

What to do is one table from conditions to routines; how the panel is reached (HTTP, or a call in the virtual world) is the
caller's choice.
"""

import asyncio
import json
import random
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

POLL_S = 0.25
ANSWER_S = 6.0
PERSON = "operator-sim"
LOWEST_PRIORITY = 3
AGAIN_AFTER_REACTIONS = 4  # a routine that did not help is tried again after so many reaction times


class PanelAway(Exception):  # noqa: N818 - a state of the world: look again later
    """The panel does not answer, or not in words that are understood."""


class PlantHands(Protocol):
    """What a person can do at the line itself."""

    def roll_changed(self) -> object:
        """Put in a new roll and close the head."""

    def clear_rejects(self) -> object:
        """Empty the reject places."""

    def recount(self, chute: int) -> list[str]:
        """Scan all labels in a chute's bag: their QR texts."""

    def bag_tag(self, chute: int) -> str:
        """What is written on the bag that hangs at a chute."""


class Panel(Protocol):
    """The panel, however it is reached."""

    async def snapshot(self) -> dict[str, Any]:
        """What the page shows. Raises PanelAway."""

    async def request(self, act: str, argument: dict[str, str]) -> tuple[bool, str]:
        """Ask for an act: accepted, code. Raises PanelAway."""


class Step(NamedTuple):
    """One thing to do; `chute` where it is about one."""

    act: str
    chute: int = 0


class Routine(NamedTuple):
    """What to do about a condition, and in which states of the line (none named: in any)."""

    acts: tuple[str, ...]
    states: frozenset[str] = frozenset()


_CLEAR_BELT = Routine(("clear_belt",), frozenset({"STOPPED", "HELD", "ABORTED"}))
_RECOUNT = Routine(("recount_bag",), frozenset({"HELD", "STOPPED"}))

# Condition → routine, the most urgent first. Conditions that are not here end without a person, or need a real one.
ROUTINES: dict[str, Routine] = {
    "PRINTER_NOT_READY": Routine(("roll_changed",)),
    "DIVERT_UNCONFIRMED": _RECOUNT,
    "WRONG_CHUTE": _RECOUNT,
    "BELT_NOT_CLEARED": _CLEAR_BELT,
    "PLC_RESTARTED": _CLEAR_BELT,
    "LONG_OUTAGE": _CLEAR_BELT,
    "EVENTS_LOST": _CLEAR_BELT,
    "ITEM_LOST": _CLEAR_BELT,
    "EXTRA_ITEM": _CLEAR_BELT,
    "LABEL_MISMATCH_TWICE": _CLEAR_BELT,
    "REJECT_UNCONFIRMED": _CLEAR_BELT,
    "ACCOUNTS_DIFFER": _CLEAR_BELT,
    "GUARD_OPEN": _CLEAR_BELT,
    "JAM": _CLEAR_BELT,
    "REJECTS_NOT_CLEARED": Routine(("clear_rejects", "rejects_cleared"), frozenset({"STOPPED", "IDLE"})),
}
# What brings the line to Execute where nothing stands against it.
WAY_TO_EXECUTE = {"HELD": "unhold", "STOPPED": "reset", "COMPLETE": "reset", "IDLE": "start"}


class Brain:
    """Snapshot → what to do next. Starts the line once, and again after its own clearing; it respects a stop by others."""

    def __init__(self, again_ms: int) -> None:
        self._again_ms = again_ms
        self._tried_ms: dict[str, int] = {}
        self._to_start = True

    def step(self, snapshot: dict[str, Any], now_ms: int) -> list[Step]:
        """The next steps, in order; empty when there is nothing to do. `now_ms` is any clock that runs on."""
        if snapshot["clearing"]:
            return []
        state = snapshot["state"]
        conditions = {row["code"]: row["priority"] for row in snapshot["conditions"]}
        self._forget({state, "NO_BAG_BOUND", *conditions})
        if state == "EXECUTE":
            self._to_start = False
        for cause, steps in self._wishes(snapshot, conditions):
            if steps and now_ms - self._tried_ms.get(cause, now_ms - self._again_ms) >= self._again_ms:
                self._tried_ms[cause] = now_ms
                self._to_start |= Step("clear_belt") in steps
                return steps
        return []

    def _forget(self, present: set[str]) -> None:
        self._tried_ms = {cause: at_ms for cause, at_ms in self._tried_ms.items() if cause in present}

    def _wishes(self, snapshot: dict[str, Any], conditions: dict[str, int]) -> list[tuple[str, list[Step]]]:
        state = snapshot["state"]
        wishes = [("NO_BAG_BOUND", _unbound(snapshot))]
        standing = [(code, routine) for code, routine in ROUTINES.items() if code in conditions]
        for code, routine in standing:
            if not routine.states or state in routine.states:
                wishes.append((code, _steps(routine, snapshot)))
        urgent = min(conditions.values(), default=LOWEST_PRIORITY) == 1
        free = not urgent if state == "HELD" else self._to_start and not urgent and not standing
        if free and state in WAY_TO_EXECUTE:
            wishes.append((state, [Step(WAY_TO_EXECUTE[state])]))
        return wishes


def _unbound(snapshot: dict[str, Any]) -> list[Step]:
    bound = {bag["chute"] for bag in snapshot["bags"]}
    return [Step("bind_bag", chute) for chute in snapshot["chutes"] if chute not in bound]


def _steps(routine: Routine, snapshot: dict[str, Any]) -> list[Step]:
    if routine is _RECOUNT:
        return [Step("recount_bag", bag["chute"]) for bag in snapshot["bags"] if bag["locked"]]
    return [Step(act) for act in routine.acts]


class Operator:
    """A person at the line: `run` until cancelled. `acts` counts what was done, `refused` what the line would not do."""

    def __init__(self, panel: Panel, plant: PlantHands, *, seed: int, reaction_s: float = 1.0) -> None:
        self._panel = panel
        self._plant = plant
        self._rng = random.Random(f"operator {seed}")
        self._reaction_s = reaction_s
        self._brain = Brain(round(reaction_s * 1000) * AGAIN_AFTER_REACTIONS)
        self._hands: dict[str, Callable[[], object]] = {
            "roll_changed": plant.roll_changed,
            "clear_rejects": plant.clear_rejects,
        }
        self.acts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def step(self, snapshot: dict[str, Any]) -> list[Step]:
        """What this person would do next; for callers that carry it out themselves."""
        return self._brain.step(snapshot, round(asyncio.get_running_loop().time() * 1000))

    async def run(self) -> None:
        """Look, react, act, for ever. A panel that is away is looked for again."""
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    snapshot = await self._panel.snapshot()
                await self._carry_out(self.step(snapshot))
            except (PanelAway, TimeoutError):
                self.refused["panel_away"] += 1
            await asyncio.sleep(min(POLL_S, self._reaction_s))

    async def _carry_out(self, steps: list[Step]) -> None:
        if steps:
            await asyncio.sleep(self._reaction_s * self._rng.uniform(0.7, 1.3))
        for step in steps:
            if not await self.do(step):
                return

    async def do(self, step: Step) -> bool:
        """Carry out one step; False when the line refused it."""
        hand = self._hands.get(step.act)
        if hand is not None:
            hand()
            accepted, code = True, "OK"
        else:
            async with asyncio.timeout(ANSWER_S):
                accepted, code = await self._panel.request(step.act, self._argument(step))
        if accepted:
            self.acts[step.act] += 1
        else:
            self.refused[f"{step.act}: {code}"] += 1
        return accepted

    def _argument(self, step: Step) -> dict[str, str]:
        if step.act == "bind_bag":
            return {"chute": str(step.chute), "bag": self._plant.bag_tag(step.chute)}
        if step.act == "recount_bag":
            return {"chute": str(step.chute), "labels": ",".join(self._plant.recount(step.chute))}
        return {}


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
