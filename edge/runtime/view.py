"""The panel's view of the line: a plain dictionary made from the core's nouns, and the accounts that end up in a report."""

from itertools import islice
from typing import Any

from edge.core.certificates import Certificate
from edge.core.conditions import CONDITIONS
from edge.core.controller import Controller
from edge.core.document import BEFORE_GATE, DocumentState
from edge.core.heads import Against
from edge.core.item import ItemState
from edge.core.lots import Lot
from edge.core.rolls import ROLLS
from edge.core.scans import Scan, scans_needed
from edge.core.sheets import FileState
from edge.core.values import Mode, Plc
from edge.runtime.link import Health

LABELS_SHOWN = 50
CLOSED_BAGS_SHOWN = 12
# Where on the strip of stations a document or an item is shown.
STATION_OF_DOCUMENT: dict[DocumentState, str] = {
    DocumentState.FED: "id_camera",
    DocumentState.ACCEPTED: "insert",
    DocumentState.REFUSED: "insert",
}
STATION_OF_ITEM: dict[ItemState, str] = {
    ItemState.OPEN: "seal",
    ItemState.SEALED: "weigh",
    ItemState.WEIGHED: "label",
    ItemState.LABELLED: "label_camera",
    ItemState.EXPOSED: "hand_over",
    ItemState.HANDED_OVER: "induction",
    ItemState.INDUCTED: "divert",
    ItemState.REINDUCTING: "induction",
}
STATIONS = ("feeder", "id_camera", "insert", "seal", "weigh", "label", "label_camera", "hand_over", "induction", "divert")
# What stands against an applicator head, 中文 and English.
HEAD_WORDS: dict[str, tuple[str, str]] = {
    Against.LINK: ("打印机断线", "printer not reachable"),
    Against.PRINTER: ("打印机未就绪", "printer not ready"),
    Against.APPLICATOR: ("贴标机构故障", "applicator fault"),
    Against.ROLL: ("正在换卷", "roll being changed"),
    Against.TEST: ("待测试面单", "test label due"),
    Against.TESTING: ("正在测试面单", "test label under way"),
}
OF_HEADS = frozenset({"HEAD_OUT", "HEAD_STANDBY", "HEAD_TEST"})
"""conditions that say which head it is"""
# Where the accounts say that something is, in the words of the plant.
PLACE_OF_ITEM: dict[ItemState, str] = {
    ItemState.EJECTED: "unsealed_eject",
    ItemState.REJECTED: "sealed_reject",
    ItemState.RECALLED: "sealed_reject",
    ItemState.ON_DESK: "desk",
    ItemState.OPENED: "desk",
    ItemState.AT_DESK: "desk",
    ItemState.CLOSED: "desk",
}
# Where a document is that is not, or no longer, in an item.
PLACE_OF_DOCUMENT: dict[DocumentState, str] = {
    DocumentState.IN_TRAY: "document_tray",
    DocumentState.LOST: "lost",
    DocumentState.ON_DESK: "desk",
    DocumentState.AT_DESK: "desk",
    DocumentState.FED_AGAIN: "fed again",
    DocumentState.RETURNED: "returned",
    DocumentState.DAMAGED: "damaged",
    DocumentState.DESTROYED: "destroyed",
}


def snapshot(
    controller: Controller, *, site: str, sim: bool, rev: int, health: dict[str, Health], central: dict[str, int]
) -> dict[str, Any]:
    """Everything that the panel shows, JSON-able; ages in ms, times in ms since 1970 UTC."""
    floor, supervision = controller.floor, controller.supervision
    production = floor.production
    status = supervision.status.get(Plc.MACHINE)
    return {
        "rev": rev,
        "at_ms": floor.wall_ms(),
        "site": site,
        "line": floor.settings.line,
        "sim": sim,
        "state": floor.machine.state.name,
        "mode": Mode(status.mode).name if status is not None else "UNKNOWN",
        "clearing": floor.clearing,
        "feed_paused": supervision.feed_paused,
        "permit": supervision.permit,
        "rate_per_h": production.rate_per_h(floor.now_us),
        "target_per_h": floor.settings.target_rate_per_h,
        "counts": {
            "sealed": production.sealed,
            "rejected": production.rejected(),
            "waiting": len(controller.documents.on_belt) + len(controller.items.on_belt),
            "remaining": floor.pool.waiting,
        },
        "documents_fed": production.documents_fed,
        "outcomes": {"dispatched": 0, **production.outcomes},
        "stations": [{"id": station, "items": keys} for station, keys in _stations(controller).items()],
        "rejects": [reject._asdict() for reject in reversed(production.rejects)],
        "links": [_link(name, state) for name, state in health.items()],
        "conditions": [_condition(controller, code, since_us) for code, since_us in floor.conditions.active.items()],
        "alarms_in_10_min": floor.conditions.alarms_in_10_min(floor.now_us),
        "first_out": floor.conditions.first_out,
        "checks": [check._asdict() for check in controller.checklist.checks()],
        "oee": production.shift.oee(floor.settings.target_rate_per_h)._asdict(),
        "stops": [{"cause": cause, "count": count, "s": s} for cause, count, s in production.shift.pareto()],
        "times": [row._asdict() for row in floor.clocks.attainment(floor.settings)],
        "near_limit": len(floor.clocks.near),
        "desk": _desk(controller),
        "labels_to_destroy": _labels_to_destroy(controller),
        "files": {state.value: len(there) for state, there in controller.certificates.standing.items() if there},
        "labels_impossible": _labels_impossible(controller),
        "sheets_to_feed": _sheets_to_feed(controller),
        "sheets_to_destroy": _sheets_to_destroy(controller),
        "scans": [scan._asdict() for scan in _scans(controller)],
        "lots": [_lot(lot) for lot in controller.lots.open_lots()],
        "closed_bags": list(reversed(floor.bags.closed_ids))[:CLOSED_BAGS_SHOWN],
        "chutes": sorted(set(floor.sort_plan.routes.values())),
        "roll_test": controller.roll_test.state.value,
        "rolls": [row._asdict() for row in controller.rolls.left()],
        "heads": [
            {"head": head, "against": [what.value for what in against], "labels": controller.labels.to_come(head)}
            for head, against in controller.heads.against.items()
        ],
        "bags": [
            {
                "chute": bag.chute,
                "bag": bag.bag_id,
                "count": len(bag.items),
                "locked": bag.locked,
                "take_out": controller.sorting.to_take_out(bag),
            }
            for _, bag in sorted(floor.bags.by_chute.items())
        ],
        "central": central,
    }


def _link(name: str, state: Health) -> dict[str, Any]:
    """A dead link also says why, in a word (`reason`, "" = lost) and with the next step (`detail`)."""
    shown = {"id": name, "up": state.up, "age_ms": state.age_ms}
    return shown if state.up else {**shown, "reason": state.reason, "detail": state.detail}


def _desk(controller: Controller) -> dict[str, Any]:
    """The manual desk: the sitting, what waits for door C (its label's QR text), and what was done there so far."""
    manual, production, labels = controller.manual, controller.floor.production, controller.labels
    order, item = manual.order, manual.item
    again = [] if item is None else item.seen_again
    return {
        "printer": controller.floor.settings.desk_printer,
        "state": manual.state.value,
        "order_id": None if order is None else order.order_id,
        "wanted": 0 if order is None else len(order.documents),
        "documents": [
            {"document": one.key, "kind": one.kind, "masked": one.masked, "again": one.key in again} for one in manual.documents
        ],
        "item": None if item is None else item.item_id,
        "closed": [{"item": one.item_id, "label": labels.text_of(one)} for one in manual.closed()],
        "read": production.desk_documents,
        "made": production.desk_items,
    }


def _labels_to_destroy(controller: Controller) -> list[dict[str, Any]]:
    """Labels that may exist, while their order waits for their destruction: print id, item, and the item's state.

    A label that another release has printed is on no item that is known here.
    """
    pool, item_of, items = controller.floor.pool, controller.labels.item_of, controller.items.all
    rows: list[dict[str, Any]] = []
    for order_id in islice(pool.aside, LABELS_SHOWN):
        print_id = pool.live_print[order_id]
        item = items[item_of[print_id]] if print_id in item_of else None
        if item is not None and item.state is ItemState.CLOSED:
            continue  # proved: it waits for the sorter, not for its end
        state = "" if item is None else item.state.value
        rows.append({"print_id": print_id, "item": "" if item is None else item.item_id, "state": state})
    return rows


def _labels_impossible(controller: Controller) -> list[dict[str, str]]:
    """Orders for the manual desk, the last first, and what the applicator's printer cannot print of each."""
    found = reversed(controller.floor.pool.impossible.items())
    return [{"order": order_id, "reason": reason} for order_id, reason in islice(found, LABELS_SHOWN)]


def _sheets_to_feed(controller: Controller) -> list[dict[str, Any]]:
    """Printed sheets that may be fed: all others in the printer's tray must not."""
    certificates = controller.certificates
    left = {one.key for one in certificates.left()}
    good = (one for one in certificates.standing[FileState.PRINTED].values() if one.key not in left)
    return [_file(one) for one in islice(good, LABELS_SHOWN)]


def _file(one: Certificate) -> dict[str, Any]:
    return {"order": one.order_id, "file": one.file.index, "state": one.state.value, "sheets": one.sheets}


def _sheets_to_destroy(controller: Controller) -> list[dict[str, Any]]:
    """Printed sheets that must not be fed, while their destruction is not recorded."""
    certificates = controller.certificates
    rows = [*certificates.standing[FileState.UNKNOWN].values(), *certificates.left()]
    return [_file(one) for one in rows[:LABELS_SHOWN]]


def _scans(controller: Controller) -> list[Scan]:
    documents, items = controller.documents.on_belt.values(), controller.items.on_belt.values()
    return scans_needed(documents, items, controller.floor.bags.by_chute.values())


def _lot(lot: Lot) -> dict[str, Any]:
    counts = {state.name.lower(): number for state, number in lot.counts.items()}
    return {
        "lot": lot.lot_id,
        "issuer": lot.issuer,
        "signed_ms": lot.signed_ms,
        "green": lot.green,
        "urgent": lot.urgent,
        "counts": counts,
    }


def _stations(controller: Controller) -> dict[str, list[str]]:
    stations: dict[str, list[str]] = {station: [] for station in STATIONS}
    for document in controller.documents.on_belt.values():
        if document.state in BEFORE_GATE:
            stations[STATION_OF_DOCUMENT[document.state]].append(document.key)
    for item in controller.items.on_belt.values():
        if item.state in STATION_OF_ITEM:
            stations[STATION_OF_ITEM[item.state]].append(item.item_id)
    return stations


def _condition(controller: Controller, code: str, since_us: int) -> dict[str, Any]:
    row = CONDITIONS[code]
    zh, en = _heads_out(controller) if code in OF_HEADS else _left(controller, code)
    offset_ms = controller.floor.wall_offset_ms or 0
    return {
        "code": code,
        "priority": row.priority,
        "since_ms": offset_ms + since_us // 1000,
        "zh": row.zh + zh,
        "en": row.en + en,
        "remedy_zh": row.remedy_zh,
        "remedy_en": row.remedy_en,
    }


def _left(controller: Controller, code: str) -> tuple[str, str]:
    """What is left of the roll that a condition is about, in both languages; "" for any other."""
    for row in controller.rolls.left():
        if ROLLS[row.roll][1] == code:
            zh, en = f"：约剩 {row.labels} 张", f": about {row.labels} labels left"
            return (zh, en) if row.minutes is None else (f"{zh}，{row.minutes} 分钟", f"{en}, {row.minutes} min")
    return "", ""


def _heads_out(controller: Controller) -> tuple[str, str]:
    """Which heads are out of order and why, in both languages."""
    rows = [(head, [HEAD_WORDS[what] for what in against]) for head, against in controller.heads.against.items() if against]
    zh = "；".join(f"{head}号头{'、'.join(words[0] for words in told)}" for head, told in rows)
    en = "; ".join(f"head {head}: {', '.join(words[1] for words in told)}" for head, told in rows)
    return f"：{zh}", f"; {en}"


def accounts(controller: Controller) -> list[dict[str, Any]]:
    """Where every document is, as far as we know: {document, item, place, order_id, reason, quarantined}."""
    rows = []
    for document in controller.documents.all.values():
        item = controller.items.all.get(document.item) if document.item is not None else None
        if item is None or document.state in PLACE_OF_DOCUMENT:
            place = PLACE_OF_DOCUMENT.get(document.state, "belt")
            order_id, reason, quarantined = document.order_id, document.reason, document.quarantined
            reason = reason or ("" if item is None else item.reason)
        else:
            place = PLACE_OF_ITEM.get(item.state, "lost" if item.state is ItemState.LOST else "belt")
            if item.state is ItemState.DISPATCHED:
                place = f"chute:{item.chute}"
            order_id, reason, quarantined = item.order_id, item.reason, item.quarantined
        rows.append({
            "document": document.key,
            "item": document.item,
            "place": place,
            "order_id": order_id,
            "reason": reason,
            "quarantined": quarantined,
        })  # fmt: skip
    return rows
