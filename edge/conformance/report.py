"""What the kit found, for people and programs: table, JSON, and a page of its own to hand over."""

import html
from collections.abc import Sequence
from string import Template
from typing import Any, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.conformance.chinese import ADVICE
from edge.conformance.kit import FAILED, KIT_VERSION, PASSED, SKIPPED, Finding
from edge.conformance.stimulus import ACTS

COLOURS = {PASSED: "green", FAILED: "red", SKIPPED: "yellow"}
VERDICTS = {PASSED: ("通过", "passed"), FAILED: ("未通过", "failed"), SKIPPED: ("跳过", "skipped")}


class Run(NamedTuple):
    """One run of the kit: what, where, when, and what it found."""

    target: str
    where: str
    kind: str
    began: str
    """local wall time, ISO 8601"""
    product: str
    layout_version: int
    findings: Sequence[Finding]

    def count(self, verdict: str) -> int:
        """How many checks ended so."""
        return sum(finding.verdict == verdict for finding in self.findings)


def line(finding: Finding) -> str:
    """One finding as a line of rich markup, told as soon as it is there."""
    verdict = f"[{COLOURS[finding.verdict]}]{finding.verdict:7}[/]"
    return f"{verdict} {finding.check.name:26} {escape(finding.seen)}"


def table(run: Run) -> Table:
    """All findings with reason and next step."""
    shown = Table("check", "clause", "result", "seen", "next step", title=f"{run.where}, {run.kind} PLC", title_justify="left")
    for finding in run.findings:
        check, verdict = finding.check, finding.verdict
        shown.add_row(
            check.name, check.clause, f"[{COLOURS[verdict]}]{verdict}[/]", escape(finding.seen), escape(finding.advice)
        )
    return shown


def summary(run: Run) -> str:
    """The counts in one line."""
    return ", ".join(f"{run.count(verdict)} {VERDICTS[verdict][1]}" for verdict in (PASSED, FAILED, SKIPPED))


def show(run: Run, out: Console) -> None:
    """The table of all that did not pass, and the counts."""
    rest = run._replace(findings=[finding for finding in run.findings if finding.verdict != PASSED])
    if rest.findings:
        out.print(table(rest))
    out.print(f"{run.where}: {summary(run)} of {len(run.findings)} checks (kit {KIT_VERSION}, layout {run.layout_version})")


def as_json(run: Run) -> dict[str, Any]:
    """One object."""
    head = {name: getattr(run, name) for name in ("target", "where", "kind", "began", "product", "layout_version")}
    counts = {verdict: run.count(verdict) for verdict in (PASSED, FAILED, SKIPPED)}
    checks = [
        {
            "name": finding.check.name,
            "clause": finding.check.clause,
            "title": finding.check.en,
            "title_zh": finding.check.zh,
            "verdict": finding.verdict,
            "seen": finding.seen,
            "next_step": finding.advice,
            "took_ms": finding.took_ms,
        }
        for finding in run.findings
    ]
    return {**head, "kit": KIT_VERSION, **counts, "checks": checks}


_PAGE = Template("""<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"><title>PLC 接口符合性报告 / PLC conformance report</title>
<style>
body { font: 14px/1.45 "Noto Sans CJK SC", "Noto Sans", sans-serif; margin: 2em; color: #222; }
h1 { font-size: 1.5em; } table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #bbb; padding: .35em .55em; text-align: left; vertical-align: top; }
th { background: #eee; } tr { page-break-inside: avoid; } .head td:first-child { width: 14em; background: #f6f6f6; }
.passed { color: #17662a; } .failed { color: #a31515; font-weight: bold; } .skipped { color: #7a5b00; } small { color: #666; }
.sign td { height: 3em; width: 50%; }
</style></head><body>
<h1>PLC 接口符合性报告 / PLC conformance report</h1>
<table class="head">$head</table>
<p><b>$verdict</b></p>
<table><thead><tr><th>条款<br>clause</th><th>检查 / check</th><th>结果<br>result</th><th>实测 / seen</th></tr></thead>
<tbody>
$rows
</tbody></table>
<h2>签字 / Signatures</h2>
<table class="sign"><tr><td>集成商 / integrator</td><td>用户 / operator of the line</td></tr></table>
</body></html>
""")
_ROW = Template(
    '<tr><td>$clause</td><td>$zh<br>$en<br><small>$name$acts</small></td><td class="$verdict">$verdict_zh<br>$verdict</td>'
    "<td>$seen$advice</td></tr>"
)


def page(run: Run) -> str:
    """A page that needs nothing else."""
    head = (
        ("对象 / target", f"{run.where} ({run.target})"),
        ("PLC", {"machine": "主机 / machine PLC", "sorter": "分拣 / sorter PLC"}[run.kind]),
        ("日期 / date", run.began),
        ("工具 / kit", f"sealline {run.product}, kit {KIT_VERSION}, layout {run.layout_version}"),
        ("结果 / figures", summary(run)),
    )
    failed, skipped = run.count(FAILED), run.count(SKIPPED)
    verdict = "不符合 / does not conform" if failed else "所执行检查全部通过 / all checks that were run passed"
    if skipped and not failed:
        verdict += f"；{skipped} 项未执行 / {skipped} were not run"
    rows = "".join(f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>" for name, value in head)
    return _PAGE.substitute(head=rows, verdict=verdict, rows="\n".join(map(_row, run.findings)))


def _row(finding: Finding) -> str:
    check = finding.check
    zh, en = VERDICTS[finding.verdict]
    acts = "".join(f"; {ACTS[act].zh.format(n='…')} / {ACTS[act].en.format(n='…')}" for act in check.acts)
    steps = [ADVICE.get(finding.advice, ""), finding.advice] if finding.advice else []
    advice = "".join(f"<br><small>→ {html.escape(step)}</small>" for step in steps if step)
    plain = {"clause": check.clause, "zh": check.zh, "en": check.en, "name": check.name, "seen": finding.seen, "acts": acts}
    return _ROW.substitute({k: html.escape(v) for k, v in plain.items()}, verdict=en, verdict_zh=zh, advice=advice)
