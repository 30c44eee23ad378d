"""The simulated operator against a scripted line: by call in virtual time, and through the panel's real HTTP."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from edge.core.acts import ACTS
from edge.core.conditions import CLEARED_WITH_BELT, CONDITIONS
from edge.hmi.app import create_app
from edge.hmi.server import address, listen, serve
from simulators.operator import _CLEAR_BELT, ROUTINES, WAY_TO_EXECUTE, Act, HttpPanel, Operator, PanelAway
from simulators.virtual.loop import run_virtual
from tests.hmi.fakes import FakeLine

HANDS = {"change_roll", "empty_rejects"}


class Hands:
    """The plant's hands, noted."""

    def __init__(self, line: "Line | FakeLine") -> None:
        self.line = line
        self.done: list[str] = []

    def roll_changed(self) -> None:
        self.done.append("roll")
        self.line.conditions = [code for code in self.line.conditions if code != "PRINTER_NOT_READY"]

    def show_test_label(self) -> bool:
        self.done.append("test label")
        self.line.roll_test = "none" if self.line.test_label_there else "due"
        return bool(self.line.test_label_there)

    def clear_rejects(self) -> int:
        self.done.append("rejects")
        return 3

    def recount(self, chute: int) -> list[str]:
        return [f"EA{chute};1", f"EA{chute};2"]

    def take_out(self, chute: int, text: str) -> None:
        self.done.append(f"take {text} out of {chute}")

    def bag_tag(self, chute: int) -> str:
        return f"B-{chute}-001"


class Line:
    """A panel by call whose line obeys the floor's rules."""

    def __init__(self, state: str = "STOPPED", *conditions: str) -> None:
        self.state = state
        self.conditions = list(conditions)
        self.clearing_looks = 0
        self.roll_test = "none"
        self.test_label_there = True
        self.bags: dict[int, bool] = {}
        self.doubtful: dict[int, list[str]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.looks = 0
        self.away_until_look = 0
        self.silent = False
        self.running = asyncio.Event()

    async def snapshot(self) -> dict[str, Any]:
        self.looks += 1
        if self.looks <= self.away_until_look:
            raise PanelAway("not yet")
        if self.clearing_looks:
            self.clearing_looks -= 1
            if not self.clearing_looks:
                self.state = "STOPPED"
                self.conditions = [code for code in self.conditions if code not in CLEARED_WITH_BELT]
        return {
            "state": self.state,
            "clearing": bool(self.clearing_looks),
            "checks": [],
            "conditions": [{"code": code, "priority": CONDITIONS[code].priority} for code in self.conditions],
            "roll_test": self.roll_test,
            "chutes": [1, 2, 3],
            "bags": [
                {"chute": chute, "locked": locked, "take_out": self.doubtful.get(chute, [])}
                for chute, locked in self.bags.items()
            ],
        }

    async def request(self, act: str, argument: dict[str, str]) -> tuple[bool, str]:
        self.asked.append((act, argument))
        if self.silent:
            await asyncio.Event().wait()
        return self._answer(act, argument)

    def _answer(self, act: str, argument: dict[str, str]) -> tuple[bool, str]:
        assert act in ACTS
        if self.clearing_looks:
            return False, "CLEARING"
        if act == "bind_bag":
            self.bags[int(argument["chute"])] = False
        elif act == "recount_bag":
            self.bags[int(argument["chute"])] = False
            self.conditions = [code for code in self.conditions if code != "DIVERT_UNCONFIRMED"]
        elif act == "test_label":
            self.roll_test, self.test_label_there = "showing", True
        elif act == "take_out":
            self.doubtful[int(argument["chute"])].remove(argument["label"])
        elif act == "clear_belt":
            self.clearing_looks = 3
            self.conditions.append("REJECTS_NOT_CLEARED")
        elif act == "rejects_cleared":
            self.conditions.remove("REJECTS_NOT_CLEARED")
        elif self.conditions:
            return False, self.conditions[0]
        else:
            self.state = {"reset": "IDLE", "start": "EXECUTE", "unhold": "EXECUTE"}[act]
            if self.state == "EXECUTE":
                self.running.set()
        return True, "OK"

    def acts(self) -> list[str]:
        return [act for act, _ in self.asked]


def live(line: Line, seconds: float, meanwhile: Callable[[], None] | None = None) -> Operator:
    """Let an operator work on `line` for virtual `seconds`; `meanwhile` happens half way."""

    async def work() -> Operator:
        operator = Operator(Hands(line), seed=1)
        task = asyncio.get_running_loop().create_task(operator.run(line))
        await asyncio.sleep(seconds / 2)
        if meanwhile is not None:
            meanwhile()
        await asyncio.sleep(seconds / 2)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return operator

    return run_virtual(work())


BINDS = ["bind_bag"] * 3
FROM_STOP = [*BINDS, "reset", "start"]


def test_every_routine_is_for_a_real_condition_with_real_acts() -> None:
    assert set(ROUTINES) <= set(CONDITIONS)
    assert {code for code, routine in ROUTINES.items() if routine is _CLEAR_BELT} == CLEARED_WITH_BELT
    named = {step for routine in ROUTINES.values() for step in routine.steps} | set(WAY_TO_EXECUTE.values())
    assert named - HANDS <= set(ACTS)


def test_binds_bags_resets_and_starts() -> None:
    line = Line()
    operator = live(line, 20)
    assert line.acts() == FROM_STOP
    assert line.state == "EXECUTE"
    assert operator.acts == {"bind_bag": 3, "reset": 1, "start": 1}
    assert line.asked[0] == ("bind_bag", {"chute": "1", "bag": "B-1-001"})


def test_a_stop_by_somebody_else_is_respected() -> None:
    line = Line()

    def stop() -> None:
        line.state = "STOPPED"

    live(line, 60, stop)
    assert line.acts() == FROM_STOP
    assert line.state == "STOPPED"


def test_holds_the_test_label_under_the_camera_and_asks_for_another_where_there_is_none() -> None:
    line = Line("HELD")
    line.bags = {1: False, 2: False, 3: False}
    line.roll_test, line.test_label_there = "showing", False
    operator = live(line, 60)
    assert operator.acts["show_test_label"] == 2
    assert operator.acts["test_label"] == 1
    assert line.roll_test == "none"


def test_changes_the_roll_and_unholds() -> None:
    line = Line("EXECUTE")
    line.bags = {1: False, 2: False, 3: False}

    def media_out() -> None:
        line.state, line.conditions = "HELD", ["PRINTER_NOT_READY"]

    operator = live(line, 40, media_out)
    assert operator.acts == {"change_roll": 1, "unhold": 1}
    assert line.state == "EXECUTE"


def test_recounts_the_locked_bag_and_no_other() -> None:
    line = Line("HELD", "DIVERT_UNCONFIRMED")
    line.bags = {1: False, 2: True, 3: False}
    operator = live(line, 20)
    assert line.asked == [("recount_bag", {"chute": "2", "labels": "EA2;1,EA2;2"}), ("unhold", {})]
    assert operator.acts == {"recount_bag": 1, "unhold": 1}


def test_after_a_restart_clears_the_belt_the_rejects_and_starts_again() -> None:
    line = Line("HELD", "BELT_NOT_CLEARED")
    line.bags = {1: False, 2: False, 3: False}
    operator = live(line, 40)
    assert line.acts() == ["clear_belt", "rejects_cleared", "reset", "start"]
    assert operator.acts["empty_rejects"] == 1
    assert line.state == "EXECUTE"


def test_waits_while_the_belt_is_being_cleared() -> None:
    line = Line("HELD", "JAM")
    line.clearing_looks = 10_000
    operator = live(line, 30)
    assert line.asked == []
    assert not operator.acts


def test_a_condition_that_needs_a_real_person_is_left_alone() -> None:
    line = Line("HELD", "CLOCK_STEPPED")
    line.bags = {1: False, 2: False, 3: False}
    assert not live(line, 30).acts
    assert line.asked == []


def test_warnings_do_not_keep_the_line_held() -> None:
    line = Line("HELD", "CENTRAL_LOST")
    line.bags = {1: False, 2: False, 3: False}
    live(line, 5)
    assert "unhold" in line.acts()


def test_a_refused_act_is_counted_and_tried_again_later() -> None:
    line = Line("HELD", "CENTRAL_LOST")
    line.bags = {1: False, 2: False, 3: False}
    operator = live(line, 16)
    assert operator.refused["unhold: CENTRAL_LOST"] in range(2, 5)
    assert operator.acts["unhold"] == 0


def test_a_tag_that_is_in_use_is_not_hammered() -> None:
    class InUse(Line):
        def _answer(self, act: str, argument: dict[str, str]) -> tuple[bool, str]:
            return False, "BAG_IN_USE"

    assert live(InUse(), 21).refused["bind_bag: BAG_IN_USE"] in range(3, 7)


def test_a_panel_that_is_away_or_silent_is_looked_for_again() -> None:
    line = Line()
    line.away_until_look = 8
    assert live(line, 30).acts["start"] == 1
    silent = Line()
    silent.silent = True

    def speak() -> None:
        silent.silent = False

    operator = live(silent, 40, speak)
    assert operator.refused["panel away"] > 0
    assert operator.acts["start"] == 1


def test_the_same_seed_acts_at_the_same_moments() -> None:
    def looks(seed: int) -> int:
        line = Line()

        async def work() -> int:
            task = asyncio.get_running_loop().create_task(Operator(Hands(line), seed=seed).run(line))
            await line.running.wait()
            at = asyncio.get_running_loop().time()
            task.cancel()
            return round(at * 1000)

        return run_virtual(work())

    assert looks(1) == looks(1)
    assert looks(1) != looks(2)


def test_one_thing_at_a_time_and_the_next_while_the_first_takes_effect() -> None:
    line = Line("HELD")
    operator = Operator(Hands(line), seed=1)
    snapshot = {
        "state": "HELD",
        "clearing": False,
        "checks": [],
        "conditions": [{"code": "PRINTER_NOT_READY", "priority": 1}, {"code": "DIVERT_UNCONFIRMED", "priority": 1}],
        "roll_test": "none",
        "chutes": [1],
        "bags": [{"chute": 1, "locked": True, "take_out": []}],
    }
    assert operator.step(snapshot, 0) == []
    assert operator.step(snapshot, 699) == [], "nobody reacts that fast"
    assert operator.step(snapshot, 1301) == [Act("recount_bag", {"chute": "1", "labels": "EA1;1,EA1;2"})]
    assert operator.step(snapshot, 1400) == []
    assert operator.acts == {"change_roll": 1}
    assert operator.step(snapshot, 2000) == []
    assert operator.step(snapshot, 6301) != []


def test_takes_out_what_must_not_stay_then_recounts() -> None:
    line = Line("HELD", "DIVERT_UNCONFIRMED")
    line.bags, line.doubtful = {1: False, 2: False, 3: True}, {3: ["EA3;9"]}
    operator = live(line, 20)
    assert line.acts() == ["take_out", "recount_bag", "unhold"]
    assert line.asked[0][1] == {"chute": "3", "label": "EA3;9"}
    assert operator.acts == {"take_out": 1, "recount_bag": 1, "unhold": 1}


# --- through HTTP ---
@contextlib.asynccontextmanager
async def http(line: FakeLine) -> Any:
    listening = listen("127.0.0.1", 0)
    task = asyncio.create_task(serve(create_app(line), listening))
    try:
        yield HttpPanel(address(listening))
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_starts_a_line_through_the_panel() -> None:
    line = FakeLine()
    async with http(line) as panel:
        operator = Operator(Hands(line), seed=1, reaction_s=0.01)
        task = asyncio.create_task(operator.run(panel))
        async with asyncio.timeout(10):
            await line.running.wait()
        task.cancel()
    assert line.acts() == [*["bind_bag"] * 6, "reset", "start"]
    assert {person for _, person, _, _ in line.asked} == {"operator-sim"}
    assert len({request_id for *_, request_id in line.asked}) == 8


async def test_http_refusals_and_failures() -> None:
    line = FakeLine()
    async with http(line) as panel:
        line.refuse = "NO_BAG_BOUND"
        assert await panel.request("start", {}) == (False, "NO_BAG_BOUND")
        line.busy = True
        with pytest.raises(PanelAway, match="503"):
            await panel.request("start", {})
        with pytest.raises(PanelAway, match="422"):
            await panel.request("dance", {})
        line.broken = RuntimeError("no snapshot")
        with pytest.raises(PanelAway, match="500"):
            await panel.snapshot()
    with pytest.raises(PanelAway, match="no panel at"):
        await panel.snapshot()


@pytest.mark.parametrize("answer", [b"", b"220 hello\r\n", b"HTTP/1.1 200 OK\r\n\r\nnot json", b"HTTP/1.1 200 OK\r\n\r\n[]"])
async def test_a_stranger_at_the_panels_address_is_no_panel(answer: bytes) -> None:
    async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(strange, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(PanelAway):
            await HttpPanel(f"http://127.0.0.1:{port}").snapshot()
