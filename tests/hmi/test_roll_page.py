"""A roll is changed and tested at the page, in a real Chromium, before the real core: hold, purge, test label, go on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from edge.core.commands import Answer, Apply, PrintTest, PurgeLabel, RollPassed
from edge.core.device_events import LabelPrinted, PrinterStatus
from edge.core.events import ConfigLoaded, LabelPurged, LinkUp, OperatorRequest
from edge.core.values import ItemId
from edge.runtime.view import snapshot
from tests.core.line import PLAN, SETTINGS, Line
from tests.core.test_roll_test import hold_under_camera, test_print
from tests.hmi.conftest import panel

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


class CoreLine:
    """The panel's line: the core. Its units follow at once."""

    def __init__(self, **settings: Any) -> None:
        self.line = Line()
        told = msgspec.structs.replace(SETTINGS, test_label=True, **settings)
        self.line.say(ConfigLoaded, digest="d", settings=told, sort_plan=PLAN)
        self.papers: Any = None
        self.scans, self.text = 0, ""

    def snapshot(self) -> dict[str, Any]:
        shown = snapshot(self.line.controller, site="s", sim=True, rev=len(self.line.log), health={}, central={"waiting": 0})
        rev = shown["rev"] + self.scans
        return {**shown, "rev": rev, "hand_scan": {"number": self.scans, "text": self.text, "code": ""}}

    def scanned(self, text: str) -> None:
        """By the scanner in somebody's hand."""
        self.scans, self.text = self.scans + 1, text

    async def request(self, act: str, person: str, argument: dict[str, str], request_id: str) -> Answer:
        await asyncio.sleep(0)
        out = self.line.say(OperatorRequest, request_id=request_id, person=person, act=act, argument=argument)
        return next(command for command in out if isinstance(command, Answer))

    async def until(self, page: Page, kind: type, count: int) -> None:
        """The core has commanded so many of this kind."""
        while len(self.line.said(kind)) < count:
            await page.evaluate("new Promise(requestAnimationFrame)")


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
    yield await context.new_page()
    await context.close()


async def test_the_line_holds_before_the_applicator_and_goes_on_when_the_test_label_was_read(page: Page) -> None:
    core = CoreLine()
    line = core.line
    async with panel(core) as url:  # type: ignore[arg-type]
        await page.goto(url)
        state, alarm = page.get_by_test_id("state"), page.get_by_test_id("alarm")
        await expect(state).to_have_attribute("data-state", "EXECUTE")
        line.say(PrinterStatus, state="media_out")
        await expect(alarm).to_contain_text("打印机未就绪")
        await expect(state).to_have_attribute("data-state", "EXECUTE")  # nobody waits for a label yet
        line.to_weighed(1)
        line.mirror()
        await expect(state).to_have_attribute("data-state", "HELD")
        # The roll is in: what it pushed onto the pad is purged, and one test label printed.
        line.say(PrinterStatus, state="untested")
        first = test_print(line)
        assert line.said(PurgeLabel) == [PurgeLabel(item=ItemId("I1-0"), print_id=first)]
        line.say(LabelPurged, item=ItemId("I1-0"), print_id=first)
        line.say(LabelPrinted, print_id=first)
        await expect(page.locator("[data-testid=test_label]")).to_be_visible()
        hold_under_camera(line, "TEST")  # it lies crooked: its QR is out of sight
        await page.get_by_test_id("test_label").tap()
        await core.until(page, PrintTest, 2)
        second = test_print(line)
        assert second > first
        line.say(LabelPrinted, print_id=second)
        hold_under_camera(line, "TEST", f"TEST;{first}", trigger=902)  # the one before, which is void
        await expect(state).to_have_attribute("data-state", "HELD")
        hold_under_camera(line, "TEST", f"TEST;{second}", trigger=904)
        assert line.said(RollPassed) == [RollPassed()]
        line.say(PrinterStatus, state="ready")
        line.mirror()
        await expect(state).to_have_attribute("data-state", "EXECUTE")
        await expect(alarm).to_contain_text("无报警")
        await expect(page.get_by_test_id("test_label")).to_have_count(0)
        line.say(LabelPrinted, print_id=line.print_id(1))
        assert line.said(Apply)[-1] == Apply(item=ItemId("I1-1"), print_id=line.print_id(1))


async def test_one_heads_roll_is_changed_at_the_page_while_the_other_works(page: Page) -> None:
    core = CoreLine(heads=2, media_labels=100, roll_low_labels=99)
    line = core.line
    line.say(LinkUp, link="printer_2")
    line.say(PrinterStatus, state="ready", printer="printer_2")
    line.act("roll_changed", roll="media", head="2")
    line.to_weighed(1)
    line.to_weighed(2)
    line.say(LabelPrinted, print_id=line.print_id(2))
    async with panel(core) as url:  # type: ignore[arg-type]
        await page.goto(url)
        state, head = page.get_by_test_id("state"), page.get_by_test_id("head-2")
        await page.get_by_test_id("change_roll").tap()
        await expect(head).to_have_attribute("data-against", "roll")
        await page.get_by_test_id("alarm").tap()
        await expect(page.locator("dialog [data-code=HEAD_OUT]")).to_contain_text("进料减半：2号头正在换卷")
        await page.locator("dialog .close").tap()
        await page.get_by_test_id("roll_changed").tap()
        await expect(head).to_have_attribute("data-against", "roll test")
        await expect(state).to_have_attribute("data-state", "EXECUTE")
        await page.get_by_test_id("test_label").tap()
        await core.until(page, PrintTest, 1)
        line.mirror()
        await expect(state).to_have_attribute("data-state", "HELD")
        line.say(LabelPrinted, print_id=test_print(line))
        hold_under_camera(line, "TEST", f"TEST;{test_print(line)}")
        line.mirror()
        await expect(state).to_have_attribute("data-state", "EXECUTE")
        await expect(head).to_have_attribute("data-against", "")
    assert line.said(RollPassed) == [RollPassed(head=2)]


async def test_both_codes_of_the_test_label_scanned_by_hand_let_the_line_go_on(page: Page) -> None:
    core = CoreLine()
    line = core.line
    line.say(PrinterStatus, state="untested")
    print_id = test_print(line)
    line.say(LabelPrinted, print_id=print_id)
    line.mirror()
    async with panel(core) as url:  # type: ignore[arg-type]
        await page.goto(url)
        await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "HELD")
        core.scanned("EA000000001CN")
        await expect(page.get_by_test_id("answer")).to_contain_text("没有等待扫描")
        core.scanned("TEST")
        await expect(page.get_by_test_id("answer")).to_contain_text("另一个码")
        core.scanned(f"TEST;{print_id}")
        await core.until(page, RollPassed, 1)
        line.say(PrinterStatus, state="ready")
        line.mirror()
        await expect(page.get_by_test_id("state")).to_have_attribute("data-state", "EXECUTE")
