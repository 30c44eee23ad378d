"""Time limits kept, and the integrity statement: what can be claimed of a span, and by what it is proved."""

from edge.reports.sheet import Column, Sheet, Signature, Table, Text
from edge.runtime.reporting.drawing import figure, numbered, sheet
from edge.runtime.reporting.facts import Facts
from edge.runtime.reporting.proofs import BOUND_FAILURES, proofs
from edge.runtime.reporting.span import Span

ATTAINED = Text("时限达标表", "Time limits kept")
INTEGRITY = Text("完整性声明", "Integrity statement")
PERMILLE = 10


def time_limits(facts: Facts, _: Span, site: str) -> Sheet:
    """By product, of all orders whose bag was closed: from the signed receipt, or the grant, to the closed bag."""
    floor = facts.core().floor
    rows = tuple(
        (
            row.product,
            str(row.limit_min),
            str(row.orders),
            str(row.median_min),
            str(row.p90_min),
            f"{row.within_permille / PERMILLE:.1f}",
        )
        for row in floor.clocks.attainment(floor.settings)
    )
    names = (
        ("产品", "product"),
        ("时限 分", "limit min"),
        ("订单", "orders"),
        ("中位 分", "median min"),
        ("P90 分", "p90 min"),
        ("达标 %", "within %"),
    )
    columns = tuple(Column(Text(*name), 1, "left" if n == 0 else "right") for n, name in enumerate(names))
    near = [(order_id,) for order_id in floor.clocks.near]
    return sheet(
        facts,
        "limits",
        ATTAINED,
        key=facts.local(facts.last_ms()),
        span=None,
        site=site,
        figures=(figure("即将超限", "near their limit", len(near), alarming=bool(near)),),
        tables=(
            Table(ATTAINED, columns, rows),
            numbered(Text("即将超限的订单", "Orders near their limit"), (Column(Text("订单", "order")),), near),
        ),
    )


def integrity(facts: Facts, span: Span, site: str) -> Sheet:
    """Never "100 %": N dispatched, 0 wrong, less than 3/N at 95 %."""
    proved = proofs(facts, span)
    wrong = proved.taken_out + len(proved.incomplete)
    bound = f"< {BOUND_FAILURES / proved.dispatched:.1e}" if proved.dispatched and not wrong else "–"
    missing = [(order_id, "label check or acceptance") for order_id in proved.unproved]
    missing += [(order_id, "contents") for order_id in proved.incomplete]
    rounds = facts.said("challenge", span)
    tried = [int(message.body["tried"] or 0) for message in rounds]
    missed = sum(bool(message.body["missed"]) for message in rounds)
    fed, seen = len(facts.said("document_fed", span)), len(facts.said("content_check", span))
    return sheet(
        facts,
        "integrity",
        INTEGRITY,
        key=facts.local(span.since_ms),
        span=span,
        site=site,
        figures=(
            figure("已分拣", "dispatched", proved.dispatched, Text("件", "items")),
            figure("错误", "wrong", wrong, Text("件", "items"), alarming=wrong > 0),
            figure("95% 上界", "bound at 95 %", bound, Text("每件", "per item")),
            figure("证据不全", "not proved by its records", len(missing), alarming=bool(missing)),
            figure("上件", "documents fed", fed),
            figure("内容核对", "content checks", seen),
            figure(
                "虚拟挑战件",
                "virtual challenge items",
                sum(tried),
                Text("件，未拦截 " + str(missed), f"items, {missed} not refused"),
                alarming=missed > 0,
            ),
            figure("启动次数", "starts of the controller", facts.boots),
            figure("自停（承诺受破坏）", "stops for a promise", facts.breaches, alarming=facts.breaches > 0),
        ),
        tables=(
            numbered(
                Text("证据不全的订单", "Orders whose records lack a proof"),
                (Column(Text("订单", "order"), 2), Column(Text("缺少", "lacks"), 1)),
                missing,
            ),
        ),
        remarks=(
            Text(
                "每件已分拣邮件须有：全部证件内容核对 MATCH、面单核对 MATCH、先收寄后分拣。"
                "日志为带密钥的哈希链，出表前已逐条验证。",
                "each dispatched item needs: content check MATCH of every document, label MATCH, acceptance before sorting. "
                "The journal is a keyed hash chain, proved record by record before this sheet was drawn.",
            ),
        ),
        signatures=(Signature(Text("班长", "shift lead")), Signature(Text("质检", "quality"))),
    )
