"""What all sheets share: their head, tables of tracking numbers, and the curve of what was dispatched."""

from collections.abc import Iterable, Sequence
from typing import Any

from edge.core.values import MINUTE_MS
from edge.reports.sheet import Column, Curve, Figure, Sheet, Table, Text
from edge.runtime.reporting.facts import Facts
from edge.runtime.reporting.span import Span

COLUMNS_MAX = 96
STEPS_MIN = (1, 5, 10, 15, 30, 60, 120, 240, 1440)
"""widths of a curve's columns"""
MARKS = 8
TEXT = {
    "number": Text("序号", "no."),
    "tracking": Text("邮件号", "tracking number"),
    "county": Text("寄达地代码", "county code"),
    "weight_g": Text("重量 g", "weight g"),
    "product": Text("产品", "product"),
    "time": Text("时间", "time"),
    "reason": Text("原因", "reason"),
    "count": Text("数量", "count"),
    "order": Text("订单", "order"),
    "items": Text("件", "items"),
}
NUMBER = Column(TEXT["number"], 0.4, "right")


def sheet(facts: Facts, kind: str, title: Text, *, key: str, span: Span | None, site: str, **parts: Any) -> Sheet:
    """A sheet of this journal; one drawn by a release that decides otherwise says so in its first remark."""
    remarks: tuple[Text, ...] = parts.pop("remarks", ())
    if facts.differences:
        warning = Text(
            f"注意：本版本软件与日志有 {facts.differences} 处判定不同，请用写日志的版本重新出表。",
            f"beware: this release decides {facts.differences} times otherwise; use the release that wrote the journal.",
        )
        remarks = (warning, *remarks)
    return Sheet(
        kind=kind,
        key=key,
        title=title,
        site=site,
        line=facts.settings.line,
        period="" if span is None else f"{facts.local(span.since_ms)} – {facts.local(span.until_ms)}",
        source=f"journal {facts.journal_id}, record {facts.last_seq}, sealline {facts.version}",
        remarks=remarks,
        **parts,
    )


def numbered(title: Text, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Table:
    """A table with a running number in front."""
    return Table(title, (NUMBER, *columns), tuple((str(n), *row) for n, row in enumerate(rows, 1)))


def percent(share: float) -> str:
    """As people write it."""
    return f"{share * 100:.1f}"


def minutes(ms: int) -> str:
    """Ms as minutes with one decimal."""
    return f"{ms / MINUTE_MS:.1f}"


def figure(zh: str, en: str, value: object, unit: Text | None = None, *, alarming: bool = False) -> Figure:
    """A key figure."""
    return Figure(Text(zh, en), str(value), unit or Text("", ""), alarming)


def rate_curve(facts: Facts, at_ms: Sequence[int], span: Span) -> Curve | None:
    """Dispatched items per hour over a span; None where nothing was dispatched."""
    if not at_ms:
        return None
    length_ms = span.until_ms - span.since_ms
    step_ms = MINUTE_MS * next((step for step in STEPS_MIN if length_ms <= step * MINUTE_MS * COLUMNS_MAX), STEPS_MIN[-1])
    count = max(1, -(-length_ms // step_ms))
    values = [0.0] * count
    for moment_ms in at_ms:
        values[(moment_ms - span.since_ms) // step_ms] += 3_600_000 / step_ms
    marks = min(MARKS, count)
    shown = tuple(facts.local(span.since_ms + count * step_ms * n // marks, "%H:%M") for n in range(marks))
    unit = Text("件/小时", "items per hour")
    return Curve(Text("产量", "dispatched"), unit, tuple(values), shown, facts.settings.target_rate_per_h)
