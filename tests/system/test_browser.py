"""The panel of a running line in a real Chromium: items pass, the feed pauses and goes on, the language changes."""

import shutil
import threading

import pytest
from rich.progress import Progress

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
pytestmark = [
    pytest.mark.system,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: make setup as root"),
]
AT_LEAST = "([id, n]) => Number(document.querySelector(`[data-testid='${id}']`)?.textContent.replace(/\\D/g, '') ?? 0) >= n"


def test_the_page_of_a_running_line(make_demo, quiet: Progress) -> None:
    run = make_demo(items=60, heads=2)
    run.begin(quiet, lambda _: None)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        problems: list[str] = []
        foreign: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: None if request.url.startswith(run.panel_url) else foreign.append(request.url))
        page.goto(run.panel_url)

        page.wait_for_function(AT_LEAST, arg=["count-sealed", 3], timeout=60_000)
        for head in ("head-1", "head-2"):
            assert page.get_by_test_id(head).get_attribute("data-against") == "", (
                "both heads print, each on a printer of its own"
            )
        page.get_by_test_id("pause").click()
        wait_until(lambda: run.snapshot().get("feed_paused"))
        paused = run.ask(do="status")["fed"]
        # What is between feeder and gate goes on; then nothing moves any more.
        wait_until(lambda: not run.snapshot()["counts"]["waiting"])
        fed = run.ask(do="status")["fed"]
        assert fed - paused <= 1, "the lease that lets the PLC feed lasts a quarter of a second longer"
        still = page.get_by_test_id("count-sealed").text_content()
        until_rev = run.snapshot()["rev"] + 20
        wait_until(lambda: run.snapshot()["rev"] >= until_rev)
        assert run.ask(do="status")["fed"] == fed
        assert page.get_by_test_id("count-sealed").text_content() == still

        page.get_by_test_id("pause").click()
        wait_until(lambda: run.ask(do="status")["fed"] > fed)
        page.wait_for_function(
            AT_LEAST, arg=["count-sealed", int("".join(c for c in still or "" if c.isdigit())) + 1], timeout=60_000
        )

        chinese = page.get_by_test_id("state").text_content() or ""
        assert any("\u4e00" <= char <= "\u9fff" for char in chinese)
        page.get_by_test_id("lang").click()
        page.wait_for_function(
            "(before) => document.querySelector(\"[data-testid='state']\").textContent !== before", arg=chinese
        )
        assert (page.get_by_test_id("state").text_content() or "").isascii()
        browser.close()
    assert problems == []
    assert foreign == [], "the page asks nobody but its own line"


def wait_until(happens, timeout_s: float = 60.0) -> None:
    """Look again and again until it happens."""
    looks = int(timeout_s / 0.1)
    pause = threading.Event()
    for _ in range(looks):
        if happens():
            return
        pause.wait(0.1)
    raise AssertionError("it did not happen in time")
