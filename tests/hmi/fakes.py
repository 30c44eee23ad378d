"""A line that exists for the panel only: it moves one step with each snapshot, and yields, fails or lies when told to."""

import asyncio
from typing import Any

from edge.core.acts import ACTS
from edge.core.commands import Answer
from edge.core.conditions import CONDITIONS
from edge.reports.errors import ReportError
from edge.runtime.app import Busy

STATIONS = ("feeder", "id_camera", "insert", "seal", "weigh", "label", "label_camera", "hand_over", "induction", "divert")
LINKS = ("machine_plc", "sorter_plc", "id_camera", "label_camera", "printer", "scanner", "central")
# Places along the belt by the station that shows them, as on the real belt: several things between two stations.
PLACES = (0, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9, 9)
FIRST_ITEM_STATION = 3
AT_MS = 1_795_480_000_000
STATE_AFTER = {"reset": "IDLE", "start": "EXECUTE", "unhold": "EXECUTE", "stop": "STOPPED"}


class FakePapers:
    """Keeps what was asked for; a bag that it does not know is refused."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int, str]] = []
        self.pages: dict[str, bytes] = {}

    async def make(self, kind: str, thing: str, back: int, language: str) -> str:
        self.asked.append((kind, thing, back, language))
        if thing == "B?":
            raise ReportError("report: no bag 'B?' was closed here")
        name = f"{kind}_{language}.pdf"
        self.pages[name] = b"%PDF-1.7 page"
        return name

    def file(self, name: str) -> bytes | None:
        return self.pages.get(name)


class FakeLotFiles:
    """One account."""

    def file(self, name: str) -> bytes | None:
        return b'{"payload": ""}' if name == "R1-0.json" else None


class FakeLine:
    """A desk whose line is always busy: something is fed every `every` snapshots, and each step moves all by one station."""

    def __init__(self, *, every: int = 3) -> None:
        self.every = every
        self.papers = FakePapers()
        self.lot_files = FakeLotFiles()
        self.closed_bags: list[str] = []
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.state = "STOPPED"
        self.feed_paused = False
        self.roll_test = "none"
        self.heads: list[dict[str, Any]] = [{"head": 1, "against": [], "labels": 0}]
        self.rolls: list[dict[str, Any]] = []
        self.bags: dict[int, dict[str, Any]] = {}
        self.conditions: list[str] = []
        self.links = LINKS
        self.links_down: dict[str, dict[str, str]] = {}
        """link → what the real line says of a dead one: reason, detail"""
        self.outcomes: dict[str, int] = {"dispatched": 0}
        self.rejects: list[dict[str, Any]] = []
        self.scans: list[dict[str, Any]] = []
        self.positions: dict[int, int] = {}
        self.sealed = 0
        self.hand_scan = {"number": 0, "text": "", "code": ""}
        self.refuse: str | None = None
        self.busy = False
        self.silent = False
        self.broken: Exception | None = None
        self.frozen = False
        self.steps = 0
        self.rev = 0
        self.running = asyncio.Event()
        self.fed = 0
        self.remaining = 500

    async def read_document(self) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"kind": None, "reason": "no_reader"}

    def preview(self, camera: str) -> bytes:
        return {"id_camera": b"\xff\xd8\xff", "label_camera": b""}[camera]

    # --- the line ---
    def step(self) -> None:
        if self.frozen or self.state != "EXECUTE":
            return
        self.steps += 1
        if self.steps % self.every:
            return
        for number in list(self.positions):
            self._advance(number)
        if not self.feed_paused:
            self.fed += 1
            self.remaining -= 1
            self.positions[self.fed] = 0

    def _advance(self, number: int) -> None:
        self.positions[number] += 1
        place = self.positions[number]
        if place == PLACES.index(FIRST_ITEM_STATION + 1):
            self.sealed += 1
        if place == len(PLACES):
            del self.positions[number]
            self.outcomes["dispatched"] += 1
            for bag in list(self.bags.values())[number % 6 : number % 6 + 1]:
                bag["count"] += 1

    def reject(self, reason: str, key: str, masked: str, place: str, age_s: int) -> None:
        self.outcomes[reason] = self.outcomes.get(reason, 0) + 1
        row = {"at_ms": AT_MS - age_s * 1000, "key": key, "reason": reason, "masked": masked, "place": place, "pick_up": ""}
        self.rejects.insert(0, row)

    def _items(self, station: int) -> list[str]:
        letter = "D" if station < FIRST_ITEM_STATION else "I"
        return [f"{letter}1-{number}" for number, place in sorted(self.positions.items()) if PLACES[place] == station]

    # --- the desk ---
    def snapshot(self) -> dict[str, Any]:
        if self.broken is not None:
            raise self.broken
        self.step()
        self.rev += not self.frozen
        return {
            "rev": self.rev,
            "at_ms": AT_MS + self.steps * 200,
            "site": "demo",
            "line": "line-1",
            "sim": True,
            "state": self.state,
            "mode": "PRODUCTION",
            "clearing": False,
            "feed_paused": self.feed_paused,
            "permit": not self.feed_paused,
            "rate_per_h": 2688 if self.state == "EXECUTE" else 0,
            "target_per_h": 2700,
            "counts": {
                "sealed": self.sealed,
                "rejected": sum(count for code, count in self.outcomes.items() if code != "dispatched"),
                "waiting": len(self.positions),
                "remaining": self.remaining,
            },
            "outcomes": dict(self.outcomes),
            "stations": [{"id": name, "items": self._items(index)} for index, name in enumerate(STATIONS)],
            "rejects": self.rejects[:8],
            "scans": self.scans,
            "links": [self._link(name) for name in self.links],
            "checks": [{"code": "NO_BAG_BOUND", "passed": True}],
            "conditions": [self._condition(code) for code in self.conditions],
            "closed_bags": self.closed_bags,
            "lots": [],
            "chutes": [1, 2, 3, 4, 5, 6],
            "roll_test": self.roll_test,
            "heads": self.heads,
            "desk": {
                "printer": False,
                "state": "free",
                "order_id": None,
                "wanted": 0,
                "documents": [],
                "item": None,
                "closed": [],
                "read": 0,
                "made": 0,
            },
            "labels_impossible": [],
            "rolls": self.rolls,
            "bags": [self.bags[chute] for chute in sorted(self.bags)],
            "hand_scan": self.hand_scan,
            "central": {"sent": 40, "confirmed": 38, "waiting": 2},
        }

    def _link(self, name: str) -> dict[str, Any]:
        if name not in self.links_down:
            return {"id": name, "up": True, "age_ms": 12}
        return {"id": name, "up": False, "age_ms": 73_000, **self.links_down[name]}

    def _condition(self, code: str) -> dict[str, Any]:
        row = CONDITIONS[code]
        words = {"zh": row.zh, "en": row.en, "remedy_zh": row.remedy_zh, "remedy_en": row.remedy_en}
        return {"code": code, "priority": row.priority, "since_ms": AT_MS - 42_000, **words}

    async def request(self, act: str, person: str, argument: dict[str, str], request_id: str) -> Answer:
        await asyncio.sleep(0)
        if self.busy:
            raise Busy("the line's queue is full: ask again in a moment")
        if self.silent:
            await asyncio.Event().wait()
        self.asked.append((act, person, argument, request_id))
        if self.refuse is not None:
            return Answer(request_id=request_id, accepted=False, code=self.refuse)
        self._do(act, argument)
        return Answer(request_id=request_id, accepted=True, code="OK")

    def _do(self, act: str, argument: dict[str, str]) -> None:
        assert act in ACTS
        self.state = STATE_AFTER.get(act, self.state)
        if self.state == "EXECUTE":
            self.running.set()
        if act in ("pause_feed", "resume_feed"):
            self.feed_paused = act == "pause_feed"
        if act == "bind_bag":
            self.bind(int(argument["chute"]), argument["bag"])
        if act == "take_out":
            self.bags[int(argument["chute"])]["take_out"].remove(argument["label"])

    def bind(self, chute: int, bag: str, count: int = 0, *, locked: bool = False) -> None:
        self.bags[chute] = {"chute": chute, "bag": bag, "count": count, "locked": locked, "take_out": []}

    def accounts(self) -> list[dict[str, Any]]:
        return [{"document": "D1-1", "item": None, "place": "belt", "order_id": None, "reason": "", "quarantined": False}]

    def acts(self) -> list[str]:
        return [asked[0] for asked in self.asked]
