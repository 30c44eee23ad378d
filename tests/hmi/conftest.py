"""A panel with a fake line behind it, and a real Chromium in front of it that notes all that goes wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from edge.hmi.app import create_app
from edge.hmi.feed import Feed
from edge.hmi.server import address, listen, serve
from tests.hmi.fakes import FakeLine

CHROMIUM = Path("/usr/bin/chromium")
HAS_CHROMIUM = CHROMIUM.exists()
PERIOD_S = 0.05
expect.set_options(timeout=30_000)  # ms; a browser on a loaded machine is slow, not wrong
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Shown:
    """The page in the browser with its line, and what it complained about or asked of others."""

    def __init__(self, page: Page, line: FakeLine, url: str) -> None:
        self.page = page
        self.line = line
        self.url = url
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._requested(request.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _requested(self, url: str) -> None:
        if not url.startswith(self.url):
            self.strangers.append(url)


@contextlib.asynccontextmanager
async def panel(line: FakeLine) -> AsyncIterator[str]:
    """The panel of `line` on a free port, until the block ends."""
    listening = listen("127.0.0.1", 0)
    task = asyncio.create_task(serve(create_app(line, feed=Feed(line, period_s=PERIOD_S)), listening))
    try:
        yield address(listening)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    if not HAS_CHROMIUM:
        pytest.skip("no chromium here: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shown(browser: Browser) -> AsyncIterator[Shown]:
    line = FakeLine()
    async with panel(line) as url:
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
        yield Shown(await context.new_page(), line, url)
        await context.close()
