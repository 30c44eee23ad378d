"""作废面单清单 and the consumption of labels and envelopes: every print id that was given out is accounted for (I5)."""

from edge.core.commands import Publish
from edge.reports.sheet import Column, Sheet, Signature, Table, Text
from edge.runtime.reporting.drawing import TEXT, figure, numbered, sheet
from edge.runtime.reporting.facts import Facts
from edge.runtime.reporting.span import Span

VOIDS = Text("作废面单清单", "Void labels")
CONSUMPTION = Text("耗材消耗表", "Consumption of labels and envelopes")
PRINT_ID = Text("打印编号", "print id")


def void_list(facts: Facts, span: Span, site: str) -> Sheet:
    """Labels that do not exist any more, and those of which nobody knows."""
    numbers = {command.print_id: command.label.tracking_number for _, command in facts.printed}
    voids, unknown = facts.said("label_void", span), facts.said("label_unknown", span)
    voided = {message.body["print_id"] for message in facts.published if message.kind == "label_void"}
    still = [message for message in unknown if message.body["print_id"] not in voided]

    def row(message: Publish) -> tuple[str, str, str, str]:
        print_id = message.body["print_id"]
        number = numbers.get(print_id, "") if isinstance(print_id, int) else ""  # type: ignore[call-overload]
        return str(print_id), number, str(message.body["reason"]), facts.local(message.at_ms, "%m-%d %H:%M:%S")

    columns = (
        Column(PRINT_ID, 0.6, "right"),
        Column(TEXT["tracking"], 1.6),
        Column(TEXT["reason"], 1),
        Column(TEXT["time"], 1),
    )
    return sheet(
        facts,
        "voids",
        VOIDS,
        key=facts.local(span.since_ms),
        span=span,
        site=site,
        figures=(
            figure("作废", "void", len(voids)),
            figure("下落不明", "outcome unknown", len(still), alarming=bool(still)),
        ),
        tables=(
            numbered(VOIDS, columns, map(row, voids)),
            numbered(
                Text("下落不明，须两人销毁登记", "Outcome unknown: two persons record its destruction"),
                columns,
                map(row, still),
            ),
        ),
        signatures=(Signature(Text("经办人", "made by")), Signature(Text("监销人", "witness"))),
    )


def consumption(facts: Facts, span: Span, site: str) -> Sheet:
    """Labels and envelopes used, and how many of them left."""
    printed = [command for at_ms, command in facts.printed if span.holds(at_ms)]
    voids, dispatched = facts.said("label_void", span), facts.said("dispatched", span)
    sealed = facts.said("sealed", span)
    ejected = [message for message in facts.said("rejected", span) if message.body["place"] == "unsealed_eject"]
    by_product: dict[str, int] = {}
    for command in printed:
        by_product[command.label.product] = by_product.get(command.label.product, 0) + 1
    return sheet(
        facts,
        "consumption",
        CONSUMPTION,
        key=facts.local(span.since_ms),
        span=span,
        site=site,
        figures=(
            figure("面单打印", "labels printed", len(printed)),
            figure("其中作废", "of these void", len(voids)),
            figure("信封封口", "envelopes sealed", len(sealed)),
            figure("未封剔除", "envelopes ejected unsealed", len(ejected)),
            figure("已分拣", "dispatched", len(dispatched), TEXT["items"]),
        ),
        tables=(
            Table(
                Text("按产品", "By product"),
                (Column(TEXT["product"]), Column(Text("面单", "labels"), 1, "right")),
                tuple((product, str(number)) for product, number in sorted(by_product.items())),
            ),
        ),
    )
