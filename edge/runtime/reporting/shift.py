"""班次报表: what a shift has done, why it stood, and what it rejected."""

from collections import Counter

from edge.core.conditions import CONDITIONS
from edge.core.production import NO_CAUSE
from edge.reports.sheet import Column, Sheet, Signature, Table, Text
from edge.runtime.reporting.drawing import TEXT, figure, minutes, percent, rate_curve, sheet
from edge.runtime.reporting.facts import Facts
from edge.runtime.reporting.line_time import LineTime, effectiveness, line_time
from edge.runtime.reporting.proofs import proofs
from edge.runtime.reporting.span import Span

TITLE = Text("班次报表", "Shift report")
WHOLE_JOURNAL = Span(0, 1 << 62)
BY_HAND = Text("人工停线", "stopped by hand")


def shift_report(facts: Facts, span: Span, site: str) -> Sheet:
    """Counts, effectiveness, stops, alarms, rejects."""
    dispatched = facts.said("dispatched", span)
    rejected = facts.said("rejected", span)
    time = line_time(facts.said("line_state", WHOLE_JOURNAL), span, facts.last_ms())
    rate = facts.settings.target_rate_per_h
    shares = effectiveness(time, len(dispatched) + len(rejected), len(dispatched), rate)
    proved = proofs(facts, span)
    per_h = round(len(dispatched) * 3_600_000 / time.produced_ms) if time.produced_ms else 0
    alarms = [message for message in facts.said("condition", span) if message.body["active"]]
    figures = (
        figure("已分拣", "dispatched", len(dispatched), TEXT["items"]),
        figure("错封", "wrong contents or bag", proved.taken_out, TEXT["items"], alarming=proved.taken_out > 0),
        figure("漏封", "contents missing", len(proved.incomplete), TEXT["items"], alarming=bool(proved.incomplete)),
        figure("剔除", "rejected", len(rejected)),
        figure("上件", "documents fed", len(facts.said("document_fed", span))),
        figure(f"运行速率 (目标 {rate})", f"pace while running (target {rate})", per_h, Text("件/小时", "items/h")),
        figure("综合效率 OEE", "OEE", percent(shares.oee), Text("%", "%")),
        figure("报警", "conditions", len(alarms)),
        figure("可用率", "availability", percent(shares.availability), Text("%", "%")),
        figure("性能率", "effectiveness", percent(shares.effectiveness), Text("%", "%")),
        figure("合格率", "quality", percent(shares.quality), Text("%", "%")),
        figure("运行时间", "producing", minutes(time.produced_ms), Text("分", "min")),
    )
    return sheet(
        facts,
        "shift",
        TITLE,
        key=facts.local(span.since_ms),
        span=span,
        site=site,
        figures=figures,
        curve=rate_curve(facts, [message.at_ms for message in dispatched], span),
        tables=(
            _stops(time),
            _alarms(Counter(str(a.body["code"]) for a in alarms)),
            _rejects(Counter(str(r.body["reason"]) for r in rejected)),
        ),
        signatures=(Signature(Text("班长", "shift lead")), Signature(Text("接班班长", "next shift lead"))),
    )


def _words(code: str) -> str:
    row = CONDITIONS.get(code)
    words = BY_HAND if row is None and code == NO_CAUSE else Text(code, code) if row is None else Text(row.zh, row.en)
    return f"{words.zh} / {words.en}"


def _stops(time: LineTime) -> Table:
    """The Pareto of stops: the longest first, with the share of all standing time."""
    total_ms = sum(ms for _, ms in time.stops.values()) or 1
    rows = sorted(time.stops.items(), key=lambda row: (-row[1][1], row[0]))
    columns = (
        Column(Text("停机原因", "cause"), 3),
        Column(Text("次数", "times"), 0.5, "right"),
        Column(Text("分钟", "minutes"), 0.5, "right"),
        Column(Text("占比 %", "share %"), 0.5, "right"),
    )
    return Table(
        Text("停机排序", "Stops, longest first"),
        columns,
        tuple((_words(cause), str(times), minutes(ms), percent(ms / total_ms)) for cause, (times, ms) in rows),
        Text("本班无停机", "the line did not stop"),
    )


def _alarms(counts: Counter[str]) -> Table:
    columns = (
        Column(Text("优先级", "priority"), 0.4, "right"),
        Column(Text("报警", "condition"), 3),
        Column(Text("代码", "code"), 1.2),
        Column(TEXT["count"], 0.4, "right"),
    )
    rows = sorted(counts.items(), key=lambda row: (CONDITIONS[row[0]].priority, -row[1], row[0]))
    return Table(
        Text("报警", "Conditions"),
        columns,
        tuple((str(CONDITIONS[code].priority), _words(code), code, str(number)) for code, number in rows),
    )


def _rejects(counts: Counter[str]) -> Table:
    columns = (Column(TEXT["reason"], 3), Column(Text("代码", "code"), 1.2), Column(TEXT["count"], 0.4, "right"))
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return Table(Text("剔除", "Rejects"), columns, tuple((_words(code), code, str(number)) for code, number in rows))
