"""What is said of a run beside the oracle: how it recovered, what it reached, and whether it came back (I14, I19)."""

from collections import Counter

from simulators.manual_desk import SLIPS
from simulators.virtual.world import World

ANSWERS = (
    "amend AMENDED", "amend OLD_VERSION", "amend TOO_LATE",
    "cancel CANCELLED", "cancel RECALLED", "cancel BAG_CLOSED", "cancel OLD_VERSION", "cancel UNKNOWN_ORDER",
)  # fmt: skip
"""that central's words about orders must get now and then"""
TAKEN_BACK = frozenset({"CANCELLED", "RECALLED"})
"""answers to a cancellation after which the order must not go"""
BRINGS_BACK = frozenset({"unhold", "start", "reset", "clear", "clear_belt"})
"""acts that bring a stopped line back; without one of them it came back alone"""
MISREAD_MAX = 2
"""so many items of one seed may be refused without a fault of their own: the eyes do not read everything"""


def recovered(world: World) -> dict[str, int]:
    """Stops that ended by themselves, and those that ended through a person, as central was told."""
    ended = {"alone": 0, "by_person": 0}
    stopped, helped = False, False
    for event in (event for events in world.broker.stored.values() for event in events):
        body = event["body"]
        if not isinstance(body, dict):
            continue
        if event["kind"] == "operator_act":
            helped |= body["code"] == "OK" and body["act"] in BRINGS_BACK
        elif event["kind"] == "booted" or (event["kind"] == "line_state" and body["state"] in ("HELD", "SUSPENDED", "ABORTED")):
            stopped, helped = True, False
        elif event["kind"] == "line_state" and body["state"] == "EXECUTE" and stopped:
            ended["by_person" if helped else "alone"] += 1
            stopped = False
    return ended


def reached(world: World) -> dict[str, int]:
    """Situations that the plant itself has counted."""
    plant = world.plant
    acts = Counter() if world.clerk is None else world.clerk.acts
    reasons = Counter(str(row["reason"]) for row in world.accounts() if row["reason"])
    return {
        "default reject by a PLC": plant.machine.default_rejects + plant.sorter.default_rejects,
        "answer came late": plant.machine.late_verdicts + plant.sorter.late_verdicts,
        "label blown into the waste": sum(len(printer.waste) for printer in plant.printers),
        "PLC stopped its belt (stage 2)": plant.machine.stage_2_trips + plant.sorter.stage_2_trips,
        "command refused": sum(plant.machine.refused.values()) + sum(plant.sorter.refused.values()),
        "event stored twice by central": world.broker.duplicates,
        "edge of a sensor that was none": plant.machine.edges.bounces + plant.sorter.edges.bounces,
        "taken off the belt by hand": plant.taken_out,
        "found beside the belt": acts["found"],
        "taken out of a bag": world.operator.acts["take_out"],
        "order taken back": sum(body["code"] in TAKEN_BACK for body in _told(world, "cancellation")),
        **{f"answer: {answer}": world.office.words.codes[answer] for answer in ANSWERS},
        "order broken up": reasons["INCOMPLETE"],
        "neighbour quarantined": sum(bool(row["quarantined"]) for row in world.accounts()),
        "bag recounted": world.operator.acts["recount_bag"],
        "envelope opened": acts["open_envelope"],
        "envelope on the sorter again": acts["reinduct"],
        "document fed again": acts["feed_again"],
        "label declared destroyed": acts["void_label"],
        "document returned to its issuer": acts["return_to_issuer"],
        **_at_the_desk(world, acts),
        **_of_the_files(world, reasons),
    }


def _of_the_files(world: World, reasons: Counter[str]) -> dict[str, int]:
    """Situations of the documents that are printed on the line, and each thing that went wrong with one of them."""
    bagged = [document for envelopes in world.plant.chutes.values() for e in envelopes for document in e.documents]
    acts = world.paper.room.acts
    return {
        "files: printed and dispatched": sum(document.sheets is not None for document in bagged),
        "files: printed": len(_told(world, "sheets_printed")),
        "files: outcome unknown": len(_told(world, "sheets_unknown")),
        "files: sheets destroyed": len(_told(world, "sheets_destroyed")),
        "files: refused": len(_told(world, "file_refused")),
        "files: deletion told": len(_told(world, "file_deleted")),
        "files: sheets in doubt rejected": reasons["SHEETS_IN_DOUBT"],
        "files: fed without a look": acts["fed without a look"],
    }


def _at_the_desk(world: World, acts: Counter[str]) -> dict[str, int]:
    """Situations of the manual desk, and each thing that a person did wrong there."""
    told = [body for body in _told(world, "rejected") if str(body.get("document", body.get("item")))[0] in "ME"]
    ended = Counter(str(body["reason"]) for body in told if body["place"] == "desk")
    bagged = (envelope for envelopes in world.plant.chutes.values() for envelope in envelopes)
    return {
        "desk: document read": acts["desk_read"],
        "desk: envelope dispatched": sum(bool(envelope.desk_item) for envelope in bagged),
        "desk: wrong contents refused": acts["desk_insert: CONTENT_MISMATCH"],
        "desk: wrong label refused": acts["desk_label: LABEL_MISMATCH"],
        "desk: document seen outside its envelope": len(_told(world, "seen_outside")),
        "desk: ended by a restart": ended["RESTART"],
        "desk: label not printed": ended["PRINT_FAILED"],
        **{f"desk: {slip}": acts[f"desk: {slip}"] for slip in SLIPS},
    }


REPLAYED = 8
"""one seed in so many is replayed from its beginning"""


def _of_paper(world: World) -> list[str]:
    """What is wrong with sheets and files, as they lie in the room and in the folder."""
    found = [f"{order_id} was printed while sheets of it existed" for order_id in world.paper.room.on_top]
    if world.boot is not None and world.idle and (left := world.paper.kept()):
        found.append(f"{left} files are still on the line, whose sheets are out or not wanted")
    return found


def shortcomings(world: World) -> list[str]:
    """What the oracle does not look at: whether the line came back, what central knows, what stayed behind, a replay."""
    found = []
    if not world.idle and world.boot is not None:
        floor = world.boot.runtime.controller.floor
        found.append(f"the line did not come back: {floor.machine.state.name}, {', '.join(floor.conditions.active)}")
    told = [str(body["order_id"]) for body in _told(world, "dispatched")]
    recalled = {str(body["order_id"]) for body in _told(world, "recalled")}
    dispatched = {str(row["order_id"]) for row in world.accounts() if str(row["place"]).startswith("chute:")}
    if len(set(told)) < len(told):
        found.append("central was told of a dispatch twice")
    if set(told) - recalled != dispatched:
        found.append(f"central knows {len(set(told) - recalled)} dispatched orders, the line {len(dispatched)}")
    stored = map(world.broker.account, world.broker.stored)
    if any(world.books.digest(int(str(account["seq"]))) != account["digest"] for account in stored):
        found.append("the accounts of line and central differ (I14)")
    if world.scene.seed % REPLAYED == 0 and not world.replays_alike():
        found.append("a replay from the beginning gives another state than the one that the line has reached (I13)")
    fed, went = world.plant.untouched()
    if fed - went > MISREAD_MAX + fed // 100:
        found.append(f"{fed - went} of {fed} items that met no fault were not dispatched")
    found += world.office.words.shortcomings()
    return [*found, *_of_paper(world), *_cancelled_and_gone(world)]


def _told(world: World, kind: str) -> list[dict[str, object]]:
    """The bodies of what central was told of this kind."""
    events = (event for events in world.broker.stored.values() for event in events)
    return [body for event in events if event["kind"] == kind and isinstance(body := event["body"], dict)]


def _cancelled_and_gone(world: World) -> list[str]:
    """Orders that the line has told to be cancelled, and whose label lies in a bag all the same."""
    cancelled = {str(body["order_id"]) for body in _told(world, "cancellation") if body["code"] in TAKEN_BACK}
    order_of = {order.tracking_number: order.order_id for order in world.scene.population.orders}
    bagged = (envelope for envelopes in world.plant.chutes.values() for envelope in envelopes)
    gone = {order_of.get(label.code128, "") for envelope in bagged for label in envelope.labels}
    return [f"{order_id} was cancelled, and lies in a bag" for order_id in sorted(cancelled & gone)]
