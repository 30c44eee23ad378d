"""Pages: a despatch list of 120 rows and a shift report with its curve, warm; peer: a compiler made anew for each page."""

from typing import Any

from timed import row, timed_ms

from edge.reports.press import Press
from edge.reports.sheet import BagTag, Column, Curve, Figure, Sheet, Signature, Table, Text

ROWS, TIMES, COLD_TIMES = 120, 100, 10


def _text(words: str) -> Text:
    return Text(words, words)


def _despatch() -> Sheet:
    columns = tuple(Column(_text(name)) for name in ("序号", "邮件号", "寄达地代码", "重量 g", "产品"))
    rows = tuple((str(n), f"EA{n:09d}CN", "440106", "18", "EMS") for n in range(ROWS))
    return Sheet(
        kind="despatch", key="B-1", title=_text("封发清单"), site="样例局", line="line-1", period="", source="bench",
        figures=(Figure(_text("件数"), str(ROWS)),), tables=(Table(_text("封发清单"), columns, rows),),
        signatures=(Signature(_text("封发人")),), tag=BagTag("B-1", (True, False) * 40, (_text("120 件"),)),
    )  # fmt: skip


def _shift() -> Sheet:
    columns = tuple(Column(_text(name)) for name in ("停机原因", "次数", "分钟", "占比 %"))
    rows = tuple((f"原因 {n}", "3", "1.5", "10.0") for n in range(15))
    curve = Curve(_text("产量"), _text("件/小时"), tuple(2000.0 + 137 * n % 900 for n in range(96)), ("08:00", "12:00"), 2700.0)
    return Sheet(
        kind="shift", key="2026-11-25", title=_text("班次报表"), site="样例局", line="line-1", period="", source="bench",
        figures=tuple(Figure(_text("已分拣"), "21000") for _ in range(12)), curve=curve,
        tables=tuple(Table(_text(name), columns, rows) for name in ("停机排序", "报警", "剔除")),
    )  # fmt: skip


def reports() -> dict[str, Any]:
    """Median and p99 by page."""
    press = Press()
    found: dict[str, Any] = {"peer": "a compiler made anew for each page"}
    for name, sheet in (("despatch_120_rows", _despatch()), ("shift_with_curve", _shift())):
        press.pdf(sheet, "zh")
        warm = row(timed_ms(lambda sheet=sheet: press.pdf(sheet, "zh"), TIMES))  # type: ignore[misc]
        peer = row(timed_ms(lambda sheet=sheet: Press().pdf(sheet, "zh"), COLD_TIMES))["p50_ms"]  # type: ignore[misc]
        found[name] = {**warm, "peer_p50_ms": peer, "ratio": round(peer / warm["p50_ms"], 1)}
    return found
