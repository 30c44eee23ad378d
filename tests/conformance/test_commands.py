"""`sealline plc conform | watch | force` as a person meets them."""

import asyncio
import json
import threading
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge import plc_commissioning
from edge.commissioning.printing import BROWSERS, CannotPrint, print_page
from edge.commissioning.target import TargetError, parse_target
from edge.conformance import report
from edge.conformance.check import Check
from edge.conformance.chinese import ADVICE
from edge.conformance.kit import CHECKS, FAILED, PASSED, SKIPPED, Finding, checks_for
from edge.conformance.person import Person
from edge.conformance.stimulus import ACTS
from edge.plc_commands import app
from simulators.bench_stand import BenchStand

LINES = Path(__file__).parents[2] / "line_config" / "lines"
RUN = CliRunner()


@pytest.fixture(autouse=True)
def _stand(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("sim", "simulators.bench_stand:BenchStand", "sealline.stimuli")
    monkeypatch.setattr(plc_commissioning, "entry_points", lambda **_: [entry])


@pytest.fixture(params=["modbus", "s7"])
def served(request: pytest.FixtureRequest) -> Iterator[str]:
    """A simulated machine PLC on a real socket, in a thread of its own."""
    ready, end, found = threading.Event(), threading.Event(), []

    async def serve() -> None:
        async with BenchStand("machine").serve(request.param) as target:
            found.append(target)
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, end.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    yield found[0]
    end.set()
    thread.join(10)


# --- targets ---
def test_a_section_of_a_lines_file_is_a_target() -> None:
    target = parse_target(f"{LINES / 'demo.toml'}:sorter_plc")
    assert (target.kind, target.where) == ("sorter", "S7 127.0.0.1:15102 rack 0 slot 1")
    assert target.line is not None


def test_addresses_are_targets_of_the_kind_that_is_said() -> None:
    assert parse_target("modbus://plc-1:502/7", "machine").where == "Modbus/TCP plc-1:502 unit 7"
    assert parse_target("s7://[fe80::1]:102/0/2", "sorter").where == "S7 fe80::1:102 rack 0 slot 2"


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("modbus://h:502/1", None, "say --kind"),
        ("modbus://h:502", "machine", "not an address"),
        ("s7://h:102/0", "machine", "not an address"),
        ("modbus://h:502/1/2", "machine", "not an address"),
        ("modbus://h:99999/1", "machine", "out of range"),
        ("s7://h:102/9/1", "machine", "out of range"),
        ("line.toml", None, "not a target"),
        (":machine_plc", None, "not a target"),
        ("nowhere.toml:machine_plc", None, "cannot be read"),
    ],
)
def test_what_is_no_target_says_what_would_be(text: str, kind: str | None, says: str) -> None:
    with pytest.raises(TargetError, match=says):
        parse_target(text, kind)


# --- conform ---
def test_conform_passes_the_simulated_plc_and_hands_over_a_report(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ran = RUN.invoke(app, ["conform", "sim:sorter", "--only", "ring_order", "--only", "window", "--html", str(page), "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout.splitlines()[-1])
    assert (told["passed"], told["failed"], told["kind"]) == (2, 0, "sorter")
    text = page.read_text(encoding="utf-8")
    assert "所执行检查全部通过" in text
    assert "八个事件的窗口" in text
    assert "http" not in text.replace("http-equiv", ""), "the page needs nothing else"


def test_conform_fails_where_nobody_answers_and_runs_nothing_more() -> None:
    ran = RUN.invoke(app, ["conform", "modbus://127.0.0.1:1/1", "--kind", "machine", "--only", "ring", "--json"])
    assert ran.exit_code == 1
    told = json.loads(ran.stdout.splitlines()[-1])
    assert (told["failed"], told["skipped"]) == (1, 1)
    assert told["checks"][0]["next_step"] == "", "the wire's own text has it"


def test_conform_keeps_away_from_a_plc_that_has_an_edge(served: str) -> None:
    other = threading.Event()

    async def beat() -> None:
        target = parse_target(served, "machine")
        port = target.port(BenchStand("machine").image)
        await port.connect()
        words = [0] * BenchStand("machine").image.words("edge_to_plc")
        words[0], words[2] = 1, 9
        while not other.is_set():
            words[1] += 1
            await port.exchange(words, None, 0)
            await asyncio.sleep(0.01)
        await port.close()

    thread = threading.Thread(target=lambda: asyncio.run(beat()))
    thread.start()
    try:
        ran = RUN.invoke(app, ["conform", served, "--kind", "machine", "--only", "echo"])
    finally:
        other.set()
        thread.join(10)
    assert ran.exit_code == 2
    assert "stop the line first" in ran.output


@pytest.mark.parametrize("asked", [["--only", "nonsense"], ["--only", "echo", "--only", "nonsense"]])
def test_an_unknown_check_is_named(asked: list[str]) -> None:
    ran = RUN.invoke(app, ["conform", "sim:machine", *asked])
    assert ran.exit_code == 2
    assert "nonsense" in ran.output


def test_the_list_says_what_the_tester_must_do() -> None:
    ran = RUN.invoke(app, ["conform", "sim:machine", "--list"])
    assert ran.exit_code == 0
    assert "Turn the key switch to Maintenance" in ran.output
    assert all(check.name in ran.output for check in checks_for("machine"))


def test_every_act_of_every_check_is_in_the_table_and_the_stand_can_do_it() -> None:
    acts = {act for check in CHECKS for act in check.acts}
    assert acts | {"estop_reset"} == set(ACTS)
    doable = {**BenchStand("machine")._acts, **BenchStand("sorter")._acts}
    assert acts <= set(doable)


def test_the_report_says_what_failed_and_what_was_not_run() -> None:
    check = next(check for check in CHECKS if check.name == "echo")
    findings = [
        Finding(check, PASSED, "a", 1),
        Finding(check, FAILED, "<b>", 1, "do <this>"),
        Finding(check, SKIPPED, "c", 1),
    ]
    run = report.Run("t", "w", "machine", "2026-01-01T00:00:00+08:00", "0", 1, findings)
    text = report.page(run)
    assert "不符合" in text
    assert "&lt;b&gt;" in text
    assert "do &lt;this&gt;" in text
    assert "1 项未执行" in report.page(run._replace(findings=[findings[0], findings[2]]))
    assert report.summary(run) == "1 passed, 1 failed, 1 skipped"


def test_every_next_step_is_there_in_chinese_and_none_is_left_over() -> None:
    assert {check.advice for check in CHECKS} == set(ADVICE)
    check = next(check for check in CHECKS if check.name == "echo")
    found = Finding(check, FAILED, "x", 1, check.advice)
    text = report.page(report.Run("t", "w", "machine", "2026-01-01T00:00:00+08:00", "0", 1, [found]))
    assert ADVICE[check.advice] in text


def test_without_a_browser_a_pdf_is_refused_with_the_next_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "chromium" in BROWSERS
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotPrint, match="--html"):
        print_page("<p>", tmp_path / "x.pdf")


# --- a person ---
@pytest.mark.parametrize(("typed", "done"), [("\n", True), ("s\n", False)])
async def test_a_person_is_told_in_both_languages_and_answers(typed: str, done: bool) -> None:
    said: list[str] = []
    assert await Person(said.append, lambda: typed).do("load", 7) is done
    assert "至少 7 张样张" in said[0]
    assert "at least 7 sample documents" in said[0]


async def test_where_it_is_assumed_done_nobody_is_asked() -> None:
    def never() -> str:
        raise AssertionError("asked")

    assert await Person(lambda _: None, never, assume_done_s=0.01).do("estop")


# --- watch ---
def test_watch_looks_once_and_writes_nothing(served: str) -> None:
    ran = RUN.invoke(app, ["watch", served, "--kind", "machine", "--once", "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["quality"] == "good"
    assert told["edge_alive"] is False
    assert told["plc_to_edge"]["edge_boot_echo"]["value"] == 0, "nobody has written"
    assert told["edge_to_plc"]["boot_id"]["value"] == 0
    assert RUN.invoke(app, ["watch", served, "--kind", "machine", "--once"]).exit_code == 0


def test_watch_of_nobody_is_not_good() -> None:
    ran = RUN.invoke(app, ["watch", "s7://127.0.0.1:1/0/1", "--kind", "sorter", "--once", "--json"])
    assert ran.exit_code == 1
    assert "check" in json.loads(ran.stdout)["trouble"]


# --- force ---
def test_force_needs_a_line_a_person_and_a_confirmation() -> None:
    demo = f"{LINES / 'demo.toml'}:machine_plc"
    for asked, says in (
        (["modbus://h:502/1", "--person", "Li Na", "--command", "clear_belt"], "journalled"),
        ([demo, "--person", " ", "--command", "clear_belt"], "who does this"),
        ([demo, "--person", "Li Na", "--command", "divert"], "no command of the machine PLC"),
        ([demo, "--person", "Li Na", "--command", "clear_belt"], "not confirmed"),
    ):
        ran = RUN.invoke(app, ["force", *asked], input="n\n")
        assert ran.exit_code != 0
        assert says in ran.output


def test_kinds_of_checks_are_told_apart() -> None:
    machine, sorter = {check.name for check in checks_for("machine")}, {check.name for check in checks_for("sorter")}
    assert "d1_late" in machine - sorter
    assert "d4_late" in sorter - machine
    assert isinstance(CHECKS[0], Check)
