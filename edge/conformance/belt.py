"""Checks of what the sensors tell, and of running out and clearing (P16, P18)."""

from itertools import pairwise

from drivers.process_image import EventSlot
from edge.conformance.bench import ABORTED, EXECUTE, HELD, SETTLE_MS, STOPPED, Bench
from edge.conformance.check import BOTH, MACHINE, SORTER, Check, require
from edge.conformance.watchdog import ENDS, PASSING, asked

STATIONS = {"machine": "insert", "sorter": "divert"}
TAKE = {"machine": "take_off", "sorter": "take_parcel"}
PUT = {"machine": "put_on", "sorter": "put_parcel"}
CHUTE = 2


async def lost(bench: Bench) -> str:
    """What does not come to its sensor is told with its handle."""
    await bench.provoke(TAKE[bench.kind])
    handle, seq = await asked(bench)
    bench.say(PASSING[bench.kind], handle, reply_to=seq, chute=1)
    told = await bench.came("lost", handle)
    require(told.station == STATIONS[bench.kind], f"lost at {told.station}, not at {STATIONS[bench.kind]}")
    return f"lost at {told.station}"


async def extra(bench: Bench) -> str:
    """What comes where nothing is expected is told."""
    await bench.provoke(PUT[bench.kind])
    await bench.until(lambda: bench.of("extra"), "event extra", bench.belt_ms)
    told = bench.of("extra")[0]
    require(told.station == STATIONS[bench.kind], f"extra at {told.station}, not at {STATIONS[bench.kind]}")
    return f"extra at {told.station}"


async def label_in_hand(bench: Bench) -> str:
    """A label that is held before the label camera while the belt stands is exposed, and is nobody's."""
    bench.says.state = HELD
    await bench.hold(SETTLE_MS)
    before = bench.header["exposures_2"]
    await bench.provoke("show_label")
    await bench.until(lambda: bench.of("extra"), "event extra of a label in a hand")
    told = bench.of("extra")[0]
    require(told.station == "label_camera", f"extra at {told.station}, not at label_camera")
    burst = (bench.header["exposures_2"] - before) % 65536
    require(burst, "the label camera took no picture of it")
    return f"extra at label_camera, {burst} frames"


async def _unconfirmed(bench: Bench, handle: int, kind: str) -> EventSlot:
    """The reject's own sensor is covered: it must be told so, and never as `kind`."""
    told = await bench.came("reject_unconfirmed", handle)
    await bench.provoke("uncover")
    require(not bench.of(kind, handle), f"{kind} was told although the sensor saw nothing")
    return told


async def reject_unconfirmed(bench: Bench) -> str:
    """The document tray: a reject that its sensor does not see."""
    await bench.provoke("cover_tray")
    fed = await bench.document()
    bench.say("reject_document", fed.handle, reply_to=fed.seq)
    told = await _unconfirmed(bench, fed.handle, "document_rejected")
    return f"reject_unconfirmed at {told.station}"


async def eject_unconfirmed(bench: Bench) -> str:
    """The unsealed eject: a reject that its sensor does not see."""
    await bench.provoke("cover_eject")
    inserted = await bench.item()
    bench.say("eject_unsealed", inserted.value, reply_to=inserted.seq)
    told = await _unconfirmed(bench, inserted.value, "item_ejected")
    require(told.station == "unsealed_eject", f"reject_unconfirmed at {told.station}, not at unsealed_eject")
    return f"reject_unconfirmed at {told.station}"


async def sealed_reject_unconfirmed(bench: Bench) -> str:
    """The sealed reject: a reject that its sensor does not see."""
    await bench.provoke("cover_reject")
    parcel = await bench.parcel()
    bench.say("reject_item", parcel.handle, reply_to=parcel.seq)
    told = await _unconfirmed(bench, parcel.handle, "item_rejected")
    require(told.station == "sealed_reject", f"reject_unconfirmed at {told.station}, not at sealed_reject")
    return f"reject_unconfirmed at {told.station}"


async def divert_unconfirmed(bench: Bench) -> str:
    """A divert that the chute's sensor does not see is told with its chute."""
    await bench.provoke("cover_chute", CHUTE)
    parcel = await bench.parcel()
    bench.say("divert", parcel.handle, reply_to=parcel.seq, chute=CHUTE)
    told = await bench.came("divert_unconfirmed", parcel.handle)
    await bench.provoke("uncover")
    require(told.value == CHUTE, f"divert_unconfirmed names chute {told.value}, not {CHUTE}")
    require(not bench.of("diverted", parcel.handle), "diverted was told although the chute's sensor saw nothing")
    return f"divert_unconfirmed, chute {CHUTE}"


async def unknown_chute(bench: Bench) -> str:
    """A chute that does not exist is the sealed reject."""
    parcel = await bench.parcel()
    bench.say("divert", parcel.handle, reply_to=parcel.seq, chute=60_000)
    await bench.came("item_rejected", parcel.handle, "item_rejected for chute 60000")
    return "item_rejected"


async def exposures(bench: Bench) -> str:
    """The exposure count goes on by the same burst for each document, and its event bears it."""
    first = await bench.document()
    bench.says.permitted = True
    await bench.until(lambda: len(bench.of("document_fed")) >= 4, "four documents are fed", 4 * bench.belt_ms)
    bench.says.permitted = False
    between = bench.of("document_fed")
    steps = {(two.value - one.value) % 65536 for one, two in pairwise(between)}
    require(len(steps) == 1 and 0 not in steps, f"the count went on by {sorted(steps)} from document to document")
    newest = bench.of("document_fed")[-1].value
    require(bench.header["exposures_1"] == newest, f"exposures_1 is {bench.header['exposures_1']}, the event says {newest}")
    return f"{first.value} → {newest}, {steps.pop()} a burst"


async def zones_empty(bench: Bench) -> str:
    """The zone's bit goes while something is in it."""
    require(bench.header["zones_empty"] & 1, "zone 0 is not empty with an empty belt")
    handle, _ = await asked(bench)
    require(not bench.header["zones_empty"] & 1, "zone 0 is empty with something in it")
    await bench.came(ENDS[bench.kind][1], handle)
    await bench.until(lambda: bench.header["zones_empty"] & 1, "zone 0 is empty again", bench.belt_ms)
    return "1 → 0 → 1"


async def run_out(bench: Bench) -> str:
    """The feed closes, and belt_empty comes once the belt is empty."""
    handle, _ = await asked(bench)
    bench.says.permitted = True
    bench.say("run_out")
    await bench.until(lambda: bench.of("belt_empty"), "belt_empty after run_out", 2 * bench.belt_ms)
    bench.says.permitted = False
    kinds = [event.kind for event in bench.events]
    require(bench.of(ENDS[bench.kind][1], handle), f"belt_empty came while {handle} was on the belt")
    require(kinds.count("belt_empty") == 1, "belt_empty came more than once")
    return "belt_empty after the last one had gone"


async def clear_belt(bench: Bench) -> str:
    """Everything goes to the reject places whatever was answered; nothing is fed; belt_empty ends it."""
    handle, seq = await asked(bench)
    bench.say(PASSING[bench.kind], handle, reply_to=seq, chute=1)
    await bench.until(lambda: bench.drained, "the answer is taken")
    bench.says.state, bench.says.permitted = HELD, True
    bench.say("clear_belt")
    await bench.until(lambda: bench.of("belt_empty"), "belt_empty after clear_belt", 2 * bench.belt_ms)
    passed, rejected = ENDS[bench.kind]
    require(bench.of(rejected, handle) and not bench.of(passed, handle), f"{handle} was not rejected while clearing")
    fed = len(bench.of("document_fed"))
    await bench.hold(1_500)
    require(len(bench.of("document_fed")) == fed, "a document was fed while clearing")
    require(len(bench.of("belt_empty")) == 1, "belt_empty came more than once")
    return f"{rejected}, then belt_empty"


async def abort_ends_clearing(bench: Bench) -> str:
    """An abort ends a clearing; nothing moves by itself afterwards."""
    handle, _ = await asked(bench)
    bench.says.state = HELD
    bench.say("clear_belt")
    await bench.until(lambda: bench.drained, "clear_belt is taken")
    bench.says.state = ABORTED
    await bench.hold(SETTLE_MS)
    bench.says.state = STOPPED
    moved = await bench.reached(lambda: bench.of(ENDS[bench.kind][1], handle), bench.belt_ms // 2)
    require(moved is None, f"{handle} moved on although the clearing was aborted")
    bench.says.state = EXECUTE
    await bench.came(ENDS[bench.kind][1], handle)
    return "stood until Execute"


_TRACK = "Expect each handle at the next sensor by encoder count; what does not come is lost, what comes unexpected is extra."
_UNSEEN = "Tell a reject only at its place's sensor; not seen in its window: reject_unconfirmed."
CHECKS = (
    Check("lost", BOTH, "P16", "丢失上报", "Lost is told", _TRACK, lost, ("load", "take_off", "place", "take_parcel")),
    Check("extra", BOTH, "P16", "多余上报", "Extra is told", _TRACK, extra, ("put_on", "put_parcel")),
    Check(
        "label_in_hand",
        MACHINE,
        "P15",
        "手持标签曝光",
        "A label in a hand is exposed",
        "An edge at the label camera of a standing belt: a burst, and extra; the operator shows the roll's test label there.",
        label_in_hand,
        ("show_label",),
    ),
    Check(
        "reject_unconfirmed",
        MACHINE,
        "P16",
        "剔除未确认上报",
        "A reject that is not seen is told",
        _UNSEEN,
        reject_unconfirmed,
        ("cover_tray", "load", "uncover"),
    ),
    Check(
        "eject_unconfirmed",
        MACHINE,
        "P16",
        "未封信封剔除未确认上报",
        "An ejection that is not seen is told",
        _UNSEEN,
        eject_unconfirmed,
        ("cover_eject", "load", "uncover"),
    ),
    Check(
        "sealed_reject_unconfirmed",
        SORTER,
        "P16",
        "已封信封剔除未确认上报",
        "A sealed reject that is not seen is told",
        _UNSEEN,
        sealed_reject_unconfirmed,
        ("cover_reject", "place", "uncover"),
    ),
    Check(
        "divert_unconfirmed",
        SORTER,
        "P16",
        "落格未确认上报",
        "A divert that is not seen is told",
        "Tell a divert only at the chute's sensor; not seen in its window: divert_unconfirmed with the chute.",
        divert_unconfirmed,
        ("cover_chute", "place", "uncover"),
    ),
    Check(
        "unknown_chute",
        SORTER,
        "P9",
        "不存在的格口即剔除",
        "A chute that does not exist is a reject",
        "Compare the chute with those that exist; otherwise sealed reject.",
        unknown_chute,
        ("place",),
    ),
    Check(
        "exposures",
        MACHINE,
        "P16",
        "曝光计数",
        "Exposure count",
        "Count each frame; document_fed bears the count after its burst.",
        exposures,
        ("load",),
    ),
    Check(
        "zones_empty",
        BOTH,
        "P16",
        "区域空位",
        "Zone-empty bits",
        "Bit 0 goes while anything is tracked in the zone.",
        zones_empty,
        ("load", "place"),
    ),
    Check(
        "run_out",
        BOTH,
        "P18",
        "排空",
        "Run-out",
        "Close the feed until the belt is empty; then belt_empty, once.",
        run_out,
        ("load", "place"),
    ),
    Check(
        "clear_belt",
        BOTH,
        "P18",
        "清空皮带",
        "Clear-belt",
        "While clearing every decision is reject and the feed is closed; belt_empty answers the command once.",
        clear_belt,
        ("load", "place"),
    ),
    Check(
        "abort_ends_clearing",
        BOTH,
        "P18",
        "中止结束清空",
        "An abort ends a clearing",
        "Aborting or Aborted ends a clearing; it has to be commanded again.",
        abort_ends_clearing,
        ("load", "place"),
    ),
)
