"""Checks of the decision points D1, D2 and D4: default, answers, late, second, wrong reply_to (P9, P10)."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from drivers.process_image import EventSlot
from edge.conformance.bench import Bench
from edge.conformance.check import MACHINE, SORTER, Check, Kind, require

Ask = Callable[[Bench], Awaitable[tuple[int, int]]]
"""puts a thing on its way to the point; (handle, seq of the event that asks)"""


class Point(NamedTuple):
    """One decision point: how its question arises, its answers, and what tells of each."""

    name: str
    kinds: tuple[Kind, ...]
    zh: str
    ask: Ask
    acts: tuple[str, ...]
    passing: str
    rejecting: str
    passed: str
    rejected: str
    chute: int = 0


async def _document(bench: Bench) -> tuple[int, int]:
    fed = await bench.document()
    return fed.handle, fed.seq


async def _item(bench: Bench) -> tuple[int, int]:
    inserted = await bench.item()
    return inserted.value, inserted.seq


async def _parcel(bench: Bench) -> tuple[int, int]:
    inducted = await bench.parcel()
    return inducted.handle, inducted.seq


POINTS = (
    Point("d1", MACHINE, "插入", _document, ("load",), "insert_close", "reject_document", "inserted", "document_rejected"),
    Point("d2", MACHINE, "封口", _item, ("load",), "seal", "eject_unsealed", "sealed", "item_ejected"),
    Point("d4", SORTER, "分拣", _parcel, ("place",), "divert", "reject_item", "diverted", "item_rejected", 1),
)


async def _end(bench: Bench, point: Point, handle: int) -> EventSlot:
    """What became of it."""
    await bench.until(
        lambda: bench.of(point.passed, handle) or bench.of(point.rejected, handle),
        f"{point.passed} or {point.rejected} of {handle}",
        2 * bench.belt_ms,
    )
    return (bench.of(point.rejected, handle) or bench.of(point.passed, handle))[0]


async def _rejected_by_itself(bench: Bench, point: Point, handle: int) -> None:
    end = await _end(bench, point, handle)
    require(end.kind == point.rejected, f"{handle} without a valid answer became {end.kind}")
    require(bench.flagged(end, "default_reject"), f"{end.kind} of {handle} does not bear the flag default_reject")


async def default(bench: Bench, point: Point) -> str:
    """No answer is a reject."""
    handle, _ = await point.ask(bench)
    await _rejected_by_itself(bench, point, handle)
    return f"{point.rejected}, default_reject"


async def answers(bench: Bench, point: Point) -> str:
    """Both answers are followed."""
    for opcode, kind in ((point.passing, point.passed), (point.rejecting, point.rejected)):
        handle, seq = await point.ask(bench)
        bench.say(opcode, handle, reply_to=seq, chute=point.chute)
        end = await _end(bench, point, handle)
        require(end.kind == kind, f"{opcode} of {handle} became {end.kind}")
        require(not bench.flagged(end, "default_reject"), f"{opcode} of {handle} was flagged default_reject")
        require(kind != "diverted" or end.value == point.chute, f"chute {point.chute} became chute {end.value}")
    return f"{point.passed}, {point.rejected}"


async def late(bench: Bench, point: Point) -> str:
    """A late answer is refused, and is none for the next."""
    handle, seq = await point.ask(bench)
    await _rejected_by_itself(bench, point, handle)
    answer = bench.say(point.passing, handle, reply_to=seq, chute=point.chute)
    await bench.refused(answer, "late")
    following, _ = await point.ask(bench)
    await _rejected_by_itself(bench, point, following)
    passed = [event.handle for event in bench.of(point.passed)]
    require(not passed, f"after a late answer for {handle} another one ({passed}) became {point.passed}")
    return "refused, late; the next one rejected by itself"


async def second(bench: Bench, point: Point) -> str:
    """A second answer counts only if it rejects."""
    handle, seq = await point.ask(bench)
    bench.say(point.rejecting, handle, reply_to=seq)
    again = bench.say(point.passing, handle, reply_to=seq, chute=point.chute)
    await bench.refused(again, "busy")
    require((await _end(bench, point, handle)).kind == point.rejected, f"{point.passing} after {point.rejecting} let it pass")
    handle, seq = await point.ask(bench)
    bench.say(point.passing, handle, reply_to=seq, chute=point.chute)
    bench.say(point.rejecting, handle, reply_to=seq)
    require((await _end(bench, point, handle)).kind == point.rejected, f"{point.rejecting} after {point.passing} did not count")
    return "passing after rejecting: busy; rejecting after passing: rejected"


async def reply_to(bench: Bench, point: Point) -> str:
    """An answer to another question is none."""
    handle, seq = await point.ask(bench)
    answer = bench.say(point.passing, handle, reply_to=(seq + 4_000) % bench.image.seq_max + 1, chute=point.chute)
    await bench.refused(answer, "unknown_handle")
    await _rejected_by_itself(bench, point, handle)
    return "refused, unknown_handle; rejected by itself"


def _at(run: Callable[[Bench, Point], Awaitable[str]], point: Point) -> Callable[[Bench], Awaitable[str]]:
    """A check of one point."""
    return lambda bench: run(bench, point)


class _Row(NamedTuple):
    name: str
    clause: str
    zh: str
    en: str
    advice: str
    run: Callable[[Bench, Point], Awaitable[str]]


_ROWS = (
    _Row(
        "default",
        "P9",
        "无应答即剔除",
        "no answer is a reject",
        "Begin each decision with reject; only a valid answer changes it. Set default_reject in the event that follows.",
        default,
    ),
    _Row(
        "answers",
        "P9",
        "两种应答都执行",
        "both answers are followed",
        "Follow the answer at the sensor's edge; no default_reject then.",
        answers,
    ),
    _Row(
        "late",
        "P10",
        "迟到应答被拒绝",
        "a late answer is refused",
        "Compare the answer's handle with what is still before the point; behind it: command_refused, late; store nothing.",
        late,
    ),
    _Row(
        "second",
        "P10",
        "第二次应答",
        "a second answer counts only if it rejects",
        "Refuse a passing answer where there is one already (busy); take a rejecting one at any time before the point.",
        second,
    ),
    _Row(
        "reply_to",
        "P10",
        "应答的事件号不符被拒绝",
        "an answer to another question is refused",
        "Compare reply_to with the numbers of this handle's own events.",
        reply_to,
    ),
)
CHECKS = tuple(
    Check(
        f"{point.name}_{row.name}",
        point.kinds,
        row.clause,
        f"{point.name.upper()} {point.zh}：{row.zh}",
        f"{point.name.upper()}: {row.en}",
        row.advice,
        _at(row.run, point),
        point.acts,
    )
    for point in POINTS
    for row in _ROWS
)
