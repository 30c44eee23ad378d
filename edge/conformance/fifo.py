"""Checks of the event FIFO behind its window, and of acknowledgements (P3, P5, P17)."""

from edge.conformance.bench import EXECUTE, HELD, SETTLE_MS, Bench
from edge.conformance.check import BOTH, MACHINE, Check, Skipped, require
from edge.conformance.probe import events, probe

NO_FEED_MS = 3_000
FILL_MAX = 4_096
COUNTED = {
    "documents_fed": "document_fed",
    "documents_rejected": "document_rejected",
    "items_handed_over": "handed_over",
    "items_diverted": "diverted",
}


async def _keep(bench: Bench, count: int) -> list[int]:
    """Let so many events wait unacknowledged; the numbers that are in the window."""
    bench.says.acknowledging = False
    await events(bench, count)
    await bench.hold(50)
    return sorted(bench.window)


async def window(bench: Bench) -> str:
    """The eight oldest stand in their places and stay there."""
    first = bench.taken
    seen = await _keep(bench, 20)
    require(seen == list(range(first + 1, first + 9)), f"the window holds {seen}, the oldest is {first + 1}")
    side = bench.image.plc_to_edge
    places = [bench.words[side.header_words + n * side.slot_words] for n in range(bench.image.window)]
    wrong = [seq for n, seq in enumerate(places) if seq and (seq - 1) % bench.image.window != n]
    require(not wrong, f"the slots {wrong} do not stand at (seq - 1) mod 8")
    await bench.hold(500)
    require(sorted(bench.window) == seen and not bench.mixed, f"unacknowledged, the window became {sorted(bench.window)}")
    return "the 8 oldest of 20, unchanged for 500 ms"


async def acknowledge(bench: Bench) -> str:
    """An acknowledgement of three moves the window by three."""
    seen = await _keep(bench, 20)
    bench.says.acknowledged = seen[2]
    await bench.until(lambda: min(bench.window, default=0) == seen[3], "the window moves by three")
    require(sorted(bench.window) == [seq + 3 for seq in seen], f"the window became {sorted(bench.window)}")
    return "moved by 3"


async def acknowledge_beyond(bench: Bench) -> str:
    """Nobody can have seen what was not in the window, and what was acknowledged is gone."""
    seen = await _keep(bench, 20)
    for seq in (seen[-1] + 1, seen[0] + 19, seen[0] - 1 or bench.image.seq_max, 0):
        bench.says.acknowledged = seq
        await bench.hold(SETTLE_MS)
        require(sorted(bench.window) == seen, f"acknowledging {seq}, the window {seen} became {sorted(bench.window)}")
    return "ignored"


async def acknowledge_foreign_boot(bench: Bench) -> str:
    """An acknowledgement counts only with the PLC's own boot id."""
    seen = await _keep(bench, 10)
    bench.says.plc_echo = (bench.header["boot_id"] + 1) % 65536
    bench.says.acknowledged = seen[-1]
    await bench.hold(SETTLE_MS)
    require(sorted(bench.window) == seen, f"the window {seen} became {sorted(bench.window)}")
    return "ignored"


async def fifo_half(bench: Bench) -> str:
    """Half a FIFO closes the feed."""
    await bench.document()
    await _keep(bench, bench.image.fifo_min // 2)
    await bench.hold(1_500)
    fed = bench.header["documents_fed"]
    require(bench.header["state"] == EXECUTE, "the unit left Execute with half a FIFO")
    bench.says.permitted = True
    await bench.hold(NO_FEED_MS)
    more = bench.header["documents_fed"] - fed
    bench.says.permitted = False
    require(not more, f"{more} documents were fed with {bench.image.fifo_min // 2} events waiting")
    return f"closed with {bench.image.fifo_min // 2} events waiting"


async def fifo_full(bench: Bench) -> str:
    """A full FIFO keeps what it has, stops, and says so until it is cleared."""
    bench.says.acknowledging = False
    first = bench.taken
    while not bench.fault("events_lost"):
        if (bench.issued - 1) > FILL_MAX:
            raise Skipped(f"the FIFO takes more than {FILL_MAX} events")
        probe(bench, 64)
        await bench.until(lambda: bench.drained, "commands are consumed")
        require(first % bench.image.seq_max + 1 in bench.window, "the oldest events were overwritten")
    kept = (bench.header["last_issued_seq"] - first) % bench.image.seq_max
    require(kept >= bench.image.fifo_min, f"only {kept} events are kept")
    await bench.until(lambda: bench.header["state"] == HELD, "Held with a full FIFO")
    bench.says.acknowledging = True
    await bench.until(lambda: bench.header["last_issued_seq"] == bench.taken, "all kept events come", 30_000)
    await bench.hold(SETTLE_MS)
    require(bench.fault("events_lost"), "events_lost went by itself")
    require(bench.header["state"] == HELD, "the unit runs again although events were lost")
    bench.events.clear()
    bench.says.state = HELD
    bench.say("clear_belt")
    await bench.until(lambda: bench.of("belt_empty"), "belt_empty", 2 * bench.belt_ms)
    await bench.until(lambda: not bench.fault("events_lost"), "events_lost goes with the cleared belt")
    return f"{kept} events kept, Held, cleared"


async def counters(bench: Bench) -> str:
    """Retained counters only grow, and agree with the events."""
    before = dict(bench.header)
    if bench.kind == "machine":
        weighed = await bench.sealed()
        await bench.came("handed_over", weighed.handle)
        other = await bench.item()
        bench.say("eject_unsealed", other.value, reply_to=other.seq)
        await bench.came("item_ejected", other.value)
        await bench.until(lambda: bench.header["zones_empty"] & 3 == 3, "the belt empties", bench.belt_ms)
    else:
        for opcode in ("divert", "reject_item"):
            parcel = await bench.parcel()
            bench.say(opcode, parcel.handle, reply_to=parcel.seq, chute=1)
        await bench.until(lambda: bench.of("diverted") and bench.of("item_rejected"), "both ends", bench.belt_ms)
    await bench.until(lambda: bench.header["last_issued_seq"] == bench.taken, "all events are taken")
    nameless = [event.seq for event in bench.events if not event.station or not event.kind]
    require(not nameless, f"the events {nameless[:5]} have a kind or station that the interface does not know")
    told = {counter: len(bench.of(kind)) for counter, kind in COUNTED.items()}
    told["items_handed_over"] += len(bench.of("inducted"))
    told["items_opened"] = len({event.value for event in bench.of("inserted")})
    told["items_rejected"] = len(bench.of("item_ejected")) + len(bench.of("item_rejected"))
    wrong = [
        f"{name}: counted {bench.header[name] - before[name]}, told {number}"
        for name, number in told.items()
        if bench.header[name] - before[name] != number
    ]
    require(not wrong, "; ".join(wrong))
    require(not bench.backwards, f"{bench.backwards} times a counter went back")
    return ", ".join(f"{name} +{number}" for name, number in told.items() if number)


_FIFO = "Keep at least 512 events; the 8 slots are the window on the oldest, each at (seq − 1) mod 8, until it is acknowledged."
CHECKS = (
    Check("window", BOTH, "P5", "八个事件的窗口", "Window of eight events", _FIFO, window),
    Check("acknowledge", BOTH, "P5", "确认后窗口移动", "An acknowledgement moves the window", _FIFO, acknowledge),
    Check(
        "acknowledge_beyond",
        BOTH,
        "P5",
        "超出窗口的确认被忽略",
        "An acknowledgement beyond the window is ignored",
        "Take an acknowledgement only of a number that stands in the window.",
        acknowledge_beyond,
    ),
    Check(
        "acknowledge_foreign_boot",
        BOTH,
        "P3",
        "他次启动的确认被忽略",
        "An acknowledgement for another boot is ignored",
        "Take last_consumed_seq only while plc_boot_echo is this boot id.",
        acknowledge_foreign_boot,
    ),
    Check(
        "fifo_half",
        MACHINE,
        "P5",
        "队列半满停止给料",
        "Half a FIFO closes the feed",
        "Close the feed while half of the FIFO waits.",
        fifo_half,
        ("load",),
    ),
    Check(
        "fifo_full",
        BOTH,
        "P5",
        "队列满停线并置位",
        "A full FIFO stops the line",
        "Drop the newest, never the oldest; set events_lost and leave Execute until clear_belt has ended with belt_empty.",
        fifo_full,
    ),
    Check(
        "counters",
        BOTH,
        "P17",
        "计数器与事件一致",
        "Counters agree with the events",
        "Count in the scan that puts the event into the FIFO; counters are retained and only grow.",
        counters,
        ("load", "place"),
    ),
)
