"""The helper process: the same label as in this process, refusals in words, and another process when one died."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from edge.labels.compose import compose
from edge.labels.fields import LabelError
from edge.labels.zpl import zpl
from edge.runtime.helper import Helper, HelperLost, LabelJob, Reply, Request
from edge.runtime.helper_main import answer
from tests.labels.sample import FIELDS, LAYOUT, LAYOUT_FILE
from tests.real_time import real_time


@pytest_asyncio.fixture
async def helper() -> AsyncIterator[Helper]:
    helper = Helper()
    yield helper
    await helper.close()


def pid(helper: Helper) -> int:
    assert helper._process is not None
    return helper._process.pid


async def test_it_makes_the_same_label_below_our_priority_and_lives_through_refusals(helper):
    with real_time():
        await helper.prepare(LAYOUT_FILE)
    first = pid(helper)
    assert os.sched_getscheduler(first) == os.SCHED_OTHER
    assert await helper.label(LAYOUT_FILE, FIELDS) == zpl(compose(LAYOUT, FIELDS), LAYOUT)
    with pytest.raises(LabelError, match="GB/T 41833"):
        await helper.label(LAYOUT_FILE, msgspec.structs.replace(FIELDS, name="测试"))
    await helper.label(LAYOUT_FILE, msgspec.structs.replace(FIELDS, chute=3))
    assert pid(helper) == first
    assert os.getpriority(os.PRIO_PROCESS, first) > os.getpriority(os.PRIO_PROCESS, 0)


async def test_it_starts_again_when_it_was_killed(helper):
    await helper.prepare(LAYOUT_FILE)
    first = pid(helper)
    os.kill(first, signal.SIGKILL)
    assert (await helper.label(LAYOUT_FILE, FIELDS)).startswith(b"~SD18^XA")
    assert pid(helper) != first
    assert helper.restarts == 1


async def test_the_answer_to_a_cancelled_request_is_not_taken_for_the_next_one(helper):
    await helper.prepare(LAYOUT_FILE)
    task = asyncio.ensure_future(helper.label(LAYOUT_FILE, msgspec.structs.replace(FIELDS, chute=7)))
    await asyncio.sleep(0)  # now it waits for the answer
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await helper.label(LAYOUT_FILE, FIELDS) == zpl(compose(LAYOUT, FIELDS), LAYOUT)


async def test_a_request_that_kills_it_twice_is_given_up_and_the_next_is_served(helper, capfd):
    with pytest.raises(HelperLost, match="twice over one dance"):
        await helper.call("dance", b"")
    assert "KeyError: 'dance'" in capfd.readouterr().err
    assert await helper.label(LAYOUT_FILE, FIELDS)


async def test_a_layout_that_went_away_is_a_refused_label(helper, capfd):
    with pytest.raises(LabelError, match="call maintenance"):
        await helper.prepare(Path("/nowhere/label.toml"))
    assert "FileNotFoundError" in capfd.readouterr().err


async def test_a_hung_helper_is_ended_in_time():
    helper = Helper(limit_ms=1)
    with pytest.raises(HelperLost):
        await helper.call("label", msgspec.msgpack.encode(LabelJob(str(LAYOUT_FILE))))
    assert helper._process is None
    assert helper.restarts == 2


async def test_closing_twice_is_no_fault(helper):
    await helper.prepare(LAYOUT_FILE)
    await helper.close()
    await helper.close()


def test_a_job_without_fields_prints_nothing():
    request = msgspec.msgpack.encode(Request("label", msgspec.msgpack.encode(LabelJob(str(LAYOUT_FILE)))))
    assert msgspec.msgpack.decode(answer(request), type=Reply) == Reply(b"", "")
