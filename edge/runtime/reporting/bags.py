"""封发清单: what left in a bag, with the bag's tag to cut off."""

from collections import Counter

from edge.core.commands import Publish
from edge.labels.code128 import modules_of
from edge.reports.errors import ReportError
from edge.reports.sheet import BagTag, Column, Sheet, Signature, Table, Text
from edge.runtime.reporting.drawing import TEXT, figure, numbered, sheet
from edge.runtime.reporting.facts import Facts
from edge.runtime.reporting.shift import WHOLE_JOURNAL

TITLE = Text("封发清单", "Despatch list")
GRAMS_PER_KG = 1000


def despatch_list(facts: Facts, bag_id: str, site: str) -> Sheet:
    """Every item of a closed bag. Raises ReportError for a bag that is not closed."""
    closed = {str(message.body["bag"]): message for message in facts.said("bag_closed", WHOLE_JOURNAL)}
    if bag_id not in closed:
        raise ReportError(f"report: no bag {bag_id!r} was closed here; closed bags: {', '.join(closed) or 'none'}")
    message = closed[bag_id]
    numbers = [number for number in str(message.body["tracking_numbers"]).split(",") if number]
    accepted = {str(one.body["tracking_number"]): one for one in facts.said("accepted", WHOLE_JOURNAL)}
    rows = [_row(facts, number, accepted) for number in numbers]
    weight_g = sum(int(row[2]) for row in rows if row[2])
    counties = Counter(row[1] for row in rows)
    return sheet(
        facts,
        "despatch",
        TITLE,
        key=bag_id,
        span=None,
        site=site,
        figures=(
            figure("件数", "items", len(rows), TEXT["items"]),
            figure("总重", "weight of the contents", f"{weight_g / GRAMS_PER_KG:.3f}", Text("kg", "kg")),
            figure("格口", "chute", message.body["chute"]),
            figure("封袋时间", "closed at", facts.local(message.at_ms, "%H:%M")),
        ),
        tables=(
            numbered(
                TITLE,
                (
                    Column(TEXT["tracking"], 1.6),
                    Column(TEXT["county"], 1),
                    Column(TEXT["weight_g"], 0.7, "right"),
                    Column(TEXT["product"], 0.8),
                ),
                rows,
            ),
            Table(
                Text("按寄达地", "By county"),
                (Column(TEXT["county"]), Column(TEXT["count"], 1, "right")),
                tuple((county, str(number)) for county, number in sorted(counties.items())),
            ),
        ),
        signatures=(
            Signature(Text("封发人", "closed by")),
            Signature(Text("复核人", "checked by")),
            Signature(Text("接收人", "received by")),
        ),
        tag=_tag(facts, message, len(rows), weight_g),
    )


def _row(facts: Facts, number: str, accepted: dict[str, Publish]) -> tuple[str, str, str, str]:
    order = facts.orders.get(facts.order_of[number]) if number in facts.order_of else None
    weight = str(accepted[number].body["weight_g"]) if number in accepted else ""
    return number, "" if order is None else order.address.county, weight, "" if order is None else order.product


def _tag(facts: Facts, message: Publish, count: int, weight_g: int) -> BagTag:
    bag_id = str(message.body["bag"])
    chute, when = message.body["chute"], facts.local(message.at_ms)
    return BagTag(
        bag_id,
        tuple(modules_of(bag_id)),
        (
            Text(f"{facts.settings.line} 格口 {chute}", f"{facts.settings.line} chute {chute}"),
            Text(f"{count} 件 {weight_g / GRAMS_PER_KG:.3f} kg", f"{count} items {weight_g / GRAMS_PER_KG:.3f} kg"),
            Text(when, when),
        ),
    )
