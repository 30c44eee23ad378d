"""The page in a real Chromium: what an operator sees and what a finger does."""

import re

import pytest
from playwright.async_api import expect

from tests.hmi.conftest import Shown
from tests.hmi.fakes import LINKS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
TOUCH_PX = 64


async def number(shown: Shown, name: str) -> int:
    return int(await shown.page.get_by_test_id(name).inner_text())


async def until_more(shown: Shown, name: str, than: int) -> None:
    await shown.page.wait_for_function(
        "([name, than]) => Number(document.querySelector(`[data-testid=${name}]`)?.textContent) > than", arg=[name, than]
    )


async def until_asked(shown: Shown, acts: int) -> None:
    """So many acts have come to the line."""
    while len(shown.line.asked) < acts:
        await shown.page.evaluate("new Promise(requestAnimationFrame)")


async def test_items_pass_and_a_pause_makes_the_count_stand_still(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.every = 1
    line.state = "EXECUTE"
    await page.goto(shown.url)
    await until_more(shown, "count-sealed", 1)
    await expect(page.locator(".moving")).not_to_have_count(0)
    await page.get_by_test_id("pause").tap()
    await expect(page.get_by_test_id("pause")).to_have_text("恢复进料")
    assert line.acts() == ["pause_feed"]
    # What is on the belt is finished, then nothing is fed any more.
    await expect(page.get_by_test_id("count-waiting")).to_have_text("0")
    sealed, at_rest = await number(shown, "count-sealed"), line.steps
    while line.steps < at_rest + 3:
        await page.evaluate("new Promise(requestAnimationFrame)")
    assert await number(shown, "count-sealed") == sealed
    await page.get_by_test_id("pause").tap()
    await until_more(shown, "count-sealed", sealed)
    assert line.acts() == ["pause_feed", "resume_feed"]
    assert len({asked[3] for asked in line.asked}) == 2
    assert shown.complaints == []
    assert shown.strangers == []


async def test_start_does_what_the_state_demands(shown: Shown) -> None:
    page, line = shown.page, shown.line
    await page.goto(shown.url)
    await expect(page.get_by_test_id("state")).to_have_text("已停止")
    await page.get_by_test_id("start").tap()
    await expect(page.get_by_test_id("state")).to_have_text("运行")
    assert line.acts() == ["reset", "start"]
    await expect(page.get_by_test_id("start")).to_be_disabled()
    line.state = "HELD"
    await expect(page.get_by_test_id("start")).to_have_text("恢复运行")
    line.refuse = "JAM"
    await page.get_by_test_id("start").tap()
    await expect(page.get_by_test_id("answer")).to_have_text("卡件")
    assert line.acts()[-1] == "unhold"


async def test_stop_needs_a_held_second_and_no_key_does_it(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.state = "EXECUTE"
    await page.clock.install(time=0)
    await page.goto(shown.url)
    stop = page.get_by_test_id("stop")
    await expect(stop).to_be_visible()
    await page.clock.pause_at(600_000)  # a clock that is only installed goes on by itself
    await expect(page.get_by_test_id("stale")).to_have_count(0)
    await stop.hover()
    await page.mouse.down()
    await page.clock.run_for(900)
    await page.mouse.up()
    await page.clock.run_for(500)
    await stop.press("Enter")
    await page.clock.run_for(1200)
    await expect(page.get_by_test_id("stale")).to_have_count(0)
    assert line.acts() == []
    await stop.hover()
    await page.mouse.down()
    await page.clock.run_for(1050)
    await page.mouse.up()
    await expect(page.get_by_test_id("state")).to_have_text("已停止")
    assert line.acts() == ["stop"]


async def test_one_tap_changes_the_language_and_it_stays(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.conditions = ["PRINTER_NOT_READY", "CENTRAL_LOST"]
    await page.goto(shown.url)
    await expect(page.get_by_test_id("alarm")).to_contain_text("更换标签纸")
    await page.get_by_test_id("lang").tap()
    await expect(page.get_by_test_id("state")).to_have_text("Stopped")
    await expect(page.get_by_test_id("alarm")).to_contain_text("change the roll")
    await expect(page.get_by_test_id("alarm")).to_contain_text("+1")
    await page.reload()
    await expect(page.get_by_test_id("state")).to_have_text("Stopped")
    assert await page.locator("html").get_attribute("data-lang") == "en"
    await page.get_by_test_id("alarm").tap()
    await expect(page.locator("dialog .alarm")).to_have_count(2)


async def test_a_dead_link_is_red_has_another_shape_and_its_age(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.links_down = {"printer": {"reason": "", "detail": ""}}
    await page.goto(shown.url)
    await expect(page.get_by_test_id("link-printer")).to_contain_text("中断 73 s")
    dead, alive = page.get_by_test_id("link-printer"), page.get_by_test_id("link-scanner")
    await expect(dead.locator(".shape.cross")).to_have_count(1)
    await expect(alive.locator(".shape.dot")).to_have_count(1)
    await expect(page.get_by_test_id("station-label").locator(".shape.cross")).to_have_count(1)
    colour = "one => getComputedStyle(one).color"
    assert await dead.locator("small").evaluate(colour) == "rgb(179, 22, 27)"
    assert await alive.locator("small").evaluate(colour) != "rgb(179, 22, 27)"


async def test_the_lights_of_all_links_that_a_line_can_have_fit_above_the_alarms(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.links = (*LINKS, "printer_2", "desk_printer", "hand_scanner", "scale", "document_printer")
    line.links_down = {name: {"reason": "", "detail": ""} for name in ("printer_2", "document_printer")}
    await page.goto(shown.url)
    for lang in ("zh", "en"):
        await expect(page.locator("html")).to_have_attribute("data-lang", lang)
        alarm = await page.get_by_test_id("alarm").bounding_box()
        assert alarm is not None
        for name in line.links:
            box = await page.get_by_test_id(f"link-{name}").bounding_box()
            assert box is not None
            assert 0 <= box["y"] <= box["y"] + box["height"] <= alarm["y"], name
        await page.get_by_test_id("lang").tap()


async def test_a_plc_that_is_not_believed_is_named_with_the_reason_and_the_next_step(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.links_down = {"machine_plc": {"reason": "foreign", "detail": "stop the other line PC"}}
    line.conditions = ["MACHINE_PLC_LOST"]
    await page.goto(shown.url)
    await expect(page.get_by_test_id("link-machine_plc")).to_contain_text("另有主站 73 s")
    await page.get_by_test_id("alarm").tap()
    await expect(page.get_by_test_id("why-machine_plc")).to_contain_text("stop the other line PC")
    await expect(page.locator("dialog [data-testid^=why-]")).to_have_count(1)


async def test_bags_are_bound_and_recounted_at_their_tile(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.bind(2, "B-2-001", 3, locked=True)
    await page.goto(shown.url)
    await page.get_by_test_id("bag-1").tap()
    await page.keyboard.type("B-1-007")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("bag-1")).to_contain_text("B-1-007")
    await expect(page.locator("dialog")).to_have_count(0)
    await page.get_by_test_id("bag-2").tap()
    await page.keyboard.type("EA000000015CN;1\nEA000000024CN;2")
    await page.locator("dialog form button").tap()
    await expect(page.locator("dialog")).to_have_count(0)
    assert [asked[2] for asked in line.asked] == [
        {"chute": "1", "bag": "B-1-007"},
        {"chute": "2", "labels": "EA000000015CN;1,EA000000024CN;2"},
    ]


async def test_what_must_not_stay_in_a_bag_is_named(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.bind(4, "B-4-001", 3, locked=True)
    line.bags[4]["take_out"] = ["EA000000015CN;7"]
    await page.goto(shown.url)
    await page.get_by_test_id("bag-4").tap()
    await expect(page.locator("dialog .take-out")).to_contain_text("EA000000015CN;7")
    await page.locator("dialog .take-out button").tap()
    await expect(page.get_by_test_id("answer")).to_have_text("已执行")
    assert line.asked[0][:3] == ("take_out", "panel", {"chute": "4", "label": "EA000000015CN;7"})


async def test_a_scan_from_the_hand_goes_to_the_field_that_waits_for_one(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.bind(2, "B-2-001", 3, locked=True)
    line.bind(4, "B-4-001", 3, locked=True)
    line.bags[4]["take_out"] = ["EA000000015CN;7"]

    def scan(text: str, code: str = "") -> None:
        line.hand_scan = {"number": line.hand_scan["number"] + 1, "text": text, "code": code}

    scan("EA000000099CN;9")
    await page.goto(shown.url)
    await expect(page.get_by_test_id("bag-1")).to_be_visible()
    await expect(page.get_by_test_id("answer")).to_have_count(0)
    scan("B-1-006")
    await expect(page.get_by_test_id("answer")).to_contain_text("没有等待扫描")
    await page.get_by_test_id("bag-1").tap()
    await expect(page.locator("dialog [name=bag]")).to_be_visible()
    scan("", "DOCUMENT_NUMBER")
    await expect(page.get_by_test_id("answer")).to_contain_text("证件号码")
    scan("B-1-007")
    await expect(page.get_by_test_id("bag-1")).to_contain_text("B-1-007")
    await page.get_by_test_id("bag-2").tap()
    await expect(page.locator("dialog textarea")).to_be_visible()
    for text in ("EA000000015CN;1", "EA000000024CN;2"):
        scan(text)
        await expect(page.locator("dialog textarea")).to_have_value(re.compile(text))
    await page.locator("dialog form button").tap()
    await expect(page.locator("dialog")).to_have_count(0)
    await page.get_by_test_id("bag-4").tap()
    await expect(page.locator("dialog .take-out")).to_be_visible()
    scan("EA000000015CN;7")
    await expect(page.locator("dialog .take-out")).to_have_count(0)
    assert [asked[2] for asked in line.asked] == [
        {"chute": "1", "bag": "B-1-007"},
        {"chute": "2", "labels": "EA000000015CN;1,EA000000024CN;2"},
        {"chute": "4", "label": "EA000000015CN;7"},
    ]


async def test_the_way_out_of_a_hold_is_offered(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.state, line.conditions = "HELD", ["BELT_NOT_CLEARED", "REJECTS_NOT_CLEARED"]
    await page.goto(shown.url)
    await page.get_by_test_id("clear_belt").tap()
    await expect(page.get_by_test_id("answer")).to_have_text("已执行")
    line.state, line.conditions = "STOPPED", ["REJECTS_NOT_CLEARED"]
    await page.get_by_test_id("rejects_cleared").tap()
    line.conditions = []
    await expect(page.get_by_test_id("rejects_cleared")).to_have_count(0)
    assert line.acts() == ["clear_belt", "rejects_cleared"]


async def test_the_roll_is_changed_tested_and_the_line_goes_on(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.state, line.conditions = "EXECUTE", ["MEDIA_LOW"]
    await page.goto(shown.url)
    await page.get_by_test_id("change_roll").tap()
    await until_asked(shown, 1)
    line.conditions, line.heads = ["ROLL_CHANGE"], [{"head": 1, "against": ["roll"], "labels": 0}]
    await expect(page.get_by_test_id("alarm")).to_contain_text("线上件走完后换卷")
    await page.get_by_test_id("roll_changed").tap()
    await until_asked(shown, 2)
    line.state, line.conditions, line.roll_test = "HELD", ["ROLL_TEST"], "printing"
    line.heads = [{"head": 1, "against": ["roll", "testing"], "labels": 0}]
    await expect(page.get_by_test_id("alarm")).to_contain_text("放到面单相机下")
    line.roll_test = "due"  # the label did not come: a person asks for another
    await page.get_by_test_id("test_label").tap()
    await until_asked(shown, 3)
    line.state, line.conditions, line.roll_test = "EXECUTE", [], "none"
    line.heads = [{"head": 1, "against": [], "labels": 0}]
    await expect(page.get_by_test_id("alarm")).to_contain_text("无报警")
    await expect(page.get_by_test_id("test_label")).to_have_count(0)
    assert [asked[:3:2] for asked in line.asked] == [
        ("change_roll", {}),
        ("roll_changed", {"roll": "media"}),
        ("test_label", {}),
    ]


async def test_both_heads_are_shown_and_the_acts_name_the_one_that_is_meant(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.state, line.conditions = "EXECUTE", ["HEAD_OUT"]
    line.heads = [{"head": 1, "against": [], "labels": 2}, {"head": 2, "against": ["roll"], "labels": 0}]
    await page.goto(shown.url)
    works, out = page.get_by_test_id("head-1"), page.get_by_test_id("head-2")
    await expect(works.locator(".shape.dot")).to_have_count(1)
    await expect(out.locator(".shape.cross")).to_have_count(1)
    await expect(works.locator("small")).to_have_text("×2")
    await expect(out).to_have_attribute("title", "正在换卷")
    await expect(page.get_by_test_id("alarm")).to_contain_text("进料减半")
    await page.get_by_test_id("roll_changed").tap()
    await until_asked(shown, 1)
    line.roll_test, line.conditions = "due", ["HEAD_OUT", "HEAD_TEST"]
    line.heads[1]["against"] = ["roll", "test"]
    await page.get_by_test_id("lang").tap()
    await expect(page.get_by_test_id("alarm")).to_contain_text("the feed is halved")
    await page.get_by_test_id("test_label").tap()
    await until_asked(shown, 2)
    line.roll_test, line.conditions = "none", ["MEDIA_LOW"]
    line.heads[1]["against"] = []
    line.rolls = [
        {"roll": "media", "labels": 90, "minutes": 4, "head": 1},
        {"roll": "media", "labels": 12, "minutes": 1, "head": 2},
    ]
    await page.get_by_test_id("change_roll").tap()
    await expect(page.get_by_test_id("answer")).to_have_text("done")
    assert [asked[:3:2] for asked in line.asked] == [
        ("roll_changed", {"roll": "media", "head": "2"}),
        ("test_label", {"head": "2"}),
        ("change_roll", {"head": "2"}),
    ]
    assert shown.complaints == []


async def test_stale_is_loud_and_ends_when_the_line_is_back(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.state = "EXECUTE"
    await page.goto(shown.url)
    await expect(page.get_by_test_id("state")).to_have_text("运行")
    await expect(page.get_by_test_id("stale")).to_have_count(0)
    line.broken = RuntimeError("no snapshot")
    await expect(page.get_by_test_id("stale")).to_contain_text("数据过期")
    assert await page.locator(".page").get_attribute("inert") is not None
    line.broken = None
    await expect(page.get_by_test_id("stale")).to_have_count(0)


async def test_everything_that_is_touched_is_large_and_nothing_is_cut_off(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.state, line.conditions = "HELD", ["JAM"]
    line.bind(3, "B-3-001", 12, locked=True)
    for number_ in range(8):
        line.reject("FRAMES_DISAGREE", f"D1-{number_}", "3101**********0028", "document_tray", number_)
    await page.goto(shown.url)
    for lang in ("zh", "en"):
        await expect(page.locator("html")).to_have_attribute("data-lang", lang)
        for button in await page.locator("button").all():
            box = await button.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= TOUCH_PX, await button.inner_text()
            assert box["y"] + box["height"] <= 800
        cut = await page.evaluate(
            "[...document.querySelectorAll('.bottom button, .top b, .state, .bag small')]"
            ".filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map(one => one.textContent)"
        )
        assert cut == []
        await page.get_by_test_id("lang").tap()


async def test_the_page_opens_before_its_server_and_waits(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.broken = RuntimeError("not yet")
    await page.goto(shown.url)
    await expect(page.locator(".opening")).to_have_count(0)
    line.broken = None
    await expect(page.get_by_test_id("state")).to_have_text("已停止")


async def test_a_report_is_drawn_and_opened_beside_the_page(shown: Shown) -> None:
    page, line = shown.page, shown.line
    line.closed_bags = ["B-9", "B?"]
    await page.goto(shown.url)
    await page.get_by_test_id("reports").tap()
    async with page.expect_popup() as opened:
        await page.get_by_test_id("report-shift").first.tap()
    assert (await opened.value).url.endswith("/api/reports/shift_zh.pdf")
    await (await opened.value).close()
    await page.get_by_text("B-9").tap()
    await expect(page.get_by_test_id("report-said")).to_have_text("despatch_zh.pdf")
    await page.get_by_text("B?").tap()
    await expect(page.get_by_test_id("report-said")).to_contain_text("no bag 'B?' was closed here")
    assert [asked[:3] for asked in line.papers.asked] == [("shift", "", 0), ("despatch", "B-9", 0), ("despatch", "B?", 0)]
