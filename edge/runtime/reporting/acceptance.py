"""收寄清单: what was accepted for the post, by client unit and product."""

from collections import defaultdict

from edge.core.commands import Publish
from edge.reports.sheet import Column, Sheet, Signature, Table, Text
from edge.runtime.reporting.drawing import TEXT, figure, numbered, sheet
from edge.runtime.reporting.facts import Facts
from edge.runtime.reporting.span import Span

TITLE = Text("收寄清单", "Acceptance list")
CLIENT, FEE = Text("委托单位", "client unit"), Text("资费代码", "fee code")


def acceptance_list(facts: Facts, span: Span, site: str) -> Sheet:
    """Sums first, then one table for each client unit and product."""
    accepted = facts.said("accepted", span)
    groups: dict[tuple[str, str], list[Publish]] = defaultdict(list)
    for message in accepted:
        groups[str(message.body["client_unit"]), str(message.body["product"])].append(message)
    sums = [
        (client or "–", product, str(len(rows)), str(sum(int(row.body["weight_g"] or 0) for row in rows)))
        for (client, product), rows in sorted(groups.items())
    ]
    columns = (
        Column(CLIENT, 2),
        Column(TEXT["product"]),
        Column(TEXT["count"], 0.6, "right"),
        Column(TEXT["weight_g"], 0.8, "right"),
    )
    return sheet(
        facts,
        "acceptance",
        TITLE,
        key=facts.local(span.since_ms),
        span=span,
        site=site,
        figures=(
            figure("收寄", "accepted", len(accepted), TEXT["items"]),
            figure("委托单位", "client units", len({client for client, _ in groups})),
            figure("总重", "weight", f"{sum(int(m.body['weight_g'] or 0) for m in accepted) / 1000:.3f}", Text("kg", "kg")),
        ),
        tables=(
            Table(Text("汇总", "Sums"), columns, tuple(sums)),
            *(_group(facts, client, product, rows) for (client, product), rows in sorted(groups.items())),
        ),
        signatures=(Signature(Text("收寄人", "accepted by")), Signature(Text("委托单位经办人", "for the client unit"))),
    )


def _group(facts: Facts, client: str, product: str, messages: list[Publish]) -> Table:
    rows = [
        (
            str(message.body["tracking_number"]),
            str(message.body["weight_g"]),
            str(message.body["fee_code"]),
            str(message.body["operator"]),
            facts.local(message.at_ms, "%m-%d %H:%M:%S"),
        )
        for message in messages
    ]
    columns = (
        Column(TEXT["tracking"], 1.6),
        Column(TEXT["weight_g"], 0.7, "right"),
        Column(FEE, 0.8),
        Column(Text("收寄人", "operator"), 0.8),
        Column(TEXT["time"], 1.2),
    )
    return numbered(Text(f"{client or '–'} · {product}", f"{client or '–'} · {product}"), columns, rows)
