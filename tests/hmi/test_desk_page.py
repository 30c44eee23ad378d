"""The manual desk at the panel, in a real Chromium, before the real core, with the reader as a process of its own."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, Page, expect

from edge.core.device_events import LabelImpossible
from edge.core.item import ItemState
from edge.core.values import ItemId, OrderId
from edge.runtime.desk_reading import DeskReader, Told
from edge.runtime.scanner_link import HandScan
from simulators.documents import render_document
from tests.desk.test_command import FACTS, ROOT, SITE_KEY, CoreDesk
from tests.hmi.conftest import panel
from tests.vision.synthetic import document

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


class DeskLine(CoreDesk):
    """The core as the panel sees it, with the desk's reader and a scanner in a hand."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        (folder / "site.key").write_bytes(SITE_KEY)
        self.pictures = folder / "pictures"
        self.pictures.mkdir()
        layouts = [str(ROOT / "line_config" / "documents" / "a4.toml")]
        self.reader = DeskReader(str(self.pictures), layouts, str(folder / "site.key"))
        self.scan = HandScan()
        self.papers: Any = None
        self.silent = False

    def lay_down(self, seed: int = 5, name: str = "sheet.png") -> None:
        """A document lies under the reader's camera, which takes its picture."""
        Image.fromarray(render_document(document("a4", seed), seed=1)[0]).save(self.pictures / name)

    def scanned(self, text: str) -> None:
        self.scan = HandScan(self.scan.number + 1, text)

    def snapshot(self) -> dict[str, Any]:
        shown = super().snapshot()
        desk = {**shown["desk"], "reader": self.reader.there}
        return {**shown, "rev": len(self.line.log) + self.scan.number, "desk": desk, "hand_scan": asdict(self.scan)}

    async def read_document(self) -> Told:
        return await self.reader.read()

    def preview(self, camera: str) -> bytes:
        raise KeyError(camera)

    @property
    def item(self) -> Any:
        return self.line.controller.items.all[ItemId("E1-1")]


@pytest_asyncio.fixture(loop_scope="module")
async def sitting(browser: Browser, tmp_path: Path) -> AsyncIterator[tuple[Page, DeskLine]]:
    line = DeskLine(tmp_path)
    async with panel(line) as url:  # type: ignore[arg-type]
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
        page = await context.new_page()
        await page.goto(url)
        await page.get_by_test_id("open-desk").tap()
        await expect(page.get_by_test_id("desk")).to_have_attribute("data-state", "free")
        yield page, line
        await context.close()


async def read(page: Page, line: DeskLine, seed: int = 5) -> None:
    line.lay_down(seed)
    await page.get_by_test_id("desk-read").tap()


async def test_an_envelope_is_made_at_the_page(sitting: tuple[Page, DeskLine]) -> None:
    page, line = sitting
    desk, said = page.get_by_test_id("desk"), page.get_by_test_id("desk-said")
    await page.get_by_test_id("desk-read").tap()
    await expect(said).to_contain_text("没有新图片")
    await read(page, line)
    # The desk's printer prints at once: the same document is read a second time as it goes into the envelope.
    await expect(desk).to_have_attribute("data-state", "filling")
    assert list(line.pictures.iterdir()) == [], "a picture of a document lies nowhere"
    await expect(page.get_by_test_id("desk-document")).to_have_attribute("data-again", "false")
    await read(page, line)
    await expect(desk).to_have_attribute("data-state", "closing")
    await expect(page.get_by_test_id("desk-document")).to_have_attribute("data-again", "true")
    line.scanned("EA000000001CN")
    await expect(page.locator("[name=codes]")).to_have_value("EA000000001CN\n")
    line.scanned("EA000000001CN;1")
    await expect(page.locator("[name=codes]")).to_have_value("EA000000001CN\nEA000000001CN;1\n")
    await page.locator("[name=weight_g]").fill("20")
    await page.get_by_test_id("desk-check").tap()
    await expect(page.get_by_test_id("desk-closed")).to_have_text("E1-1")
    assert line.item.state is ItemState.CLOSED
    line.scanned("EA000000001CN;1")
    await expect(page.get_by_test_id("desk-closed")).to_have_count(0)
    assert line.item.state is ItemState.REINDUCTING
    assert FACTS.number not in await page.content()
    assert not [event for event in line.line.log if FACTS.number in repr(event)], "no number reaches the runtime (I17)"
    assert line.persons == {"panel"}


async def test_another_document_than_the_first_ends_the_sitting(sitting: tuple[Page, DeskLine]) -> None:
    page, line = sitting
    desk = page.get_by_test_id("desk")
    await read(page, line)
    await expect(desk).to_have_attribute("data-state", "filling")
    await read(page, line, seed=6)  # another sheet was picked up from the desk
    await expect(desk).to_have_attribute("data-state", "free")
    await expect(page.get_by_test_id("desk-said")).to_have_text("信封内混入他人证件")
    assert line.item.state is ItemState.ON_DESK, "two persons open it"


async def test_the_label_of_another_envelope_ends_the_sitting(sitting: tuple[Page, DeskLine]) -> None:
    page, line = sitting
    desk = page.get_by_test_id("desk")
    await read(page, line)
    await expect(desk).to_have_attribute("data-state", "filling")
    await read(page, line)
    await expect(desk).to_have_attribute("data-state", "closing")
    await page.locator("[name=weight_g]").fill("20")
    await page.locator("[name=codes]").fill("EA000000001CN EA000000002CN;2")
    await page.get_by_test_id("desk-check").tap()
    await expect(desk).to_have_attribute("data-state", "free")
    assert (line.item.state, line.item.proved) == (ItemState.ON_DESK, False)


async def test_a_sitting_is_given_up_in_english(sitting: tuple[Page, DeskLine]) -> None:
    page, line = sitting
    desk = page.get_by_test_id("desk")
    await page.get_by_test_id("lang").evaluate("one => one.click()")
    await read(page, line)
    await expect(desk).to_have_attribute("data-state", "filling")
    await expect(desk).to_contain_text("read each document again")
    await page.get_by_test_id("desk-cancel").tap()
    await expect(desk).to_have_attribute("data-state", "free")
    assert line.item.state is ItemState.ON_DESK


async def test_orders_with_a_rare_name_are_listed_with_the_character(sitting: tuple[Page, DeskLine]) -> None:
    page, line = sitting
    line.line.say(LabelImpossible, order_id=OrderId("O1"), reason="no font has a glyph for U+20BB7")
    await expect(page.get_by_test_id("desk-impossible")).to_contain_text("O1 no font has a glyph for U+20BB7")


async def test_without_a_reader_the_page_names_the_terminal(browser: Browser, tmp_path: Path) -> None:
    line = DeskLine(tmp_path)
    line.reader = DeskReader("", [], "")
    assert (await line.read_document())["reason"] == "no_reader"
    async with panel(line) as url:  # type: ignore[arg-type]
        page = await browser.new_page()
        await page.goto(url)
        await page.get_by_test_id("open-desk").click()
        await expect(page.get_by_test_id("desk")).to_contain_text("sealline desk")
        await expect(page.get_by_test_id("desk-read")).to_have_count(0)
        await page.close()
