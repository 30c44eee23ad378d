"""Checks of lease, watchdog, boots of either side (P3, P11–P14)."""

from collections.abc import Callable

from edge.conformance.bench import EXECUTE, HELD, PRODUCTION, SETTLE_MS, Bench
from edge.conformance.check import BOTH, MACHINE, Broken, Check, require
from edge.conformance.probe import REJECTING, probe

PERMIT_MS, STAGE_1_MS, STAGE_2_MS = 250, 300, 1_500
TOLERANCE_MS = 80
"""scans and exchanges between a cause and its being seen"""
NO_FEED_MS = 3_000
SHORT_MS, LONG_MS = 9_000, 10_600
PASSING = {"machine": "insert_close", "sorter": "divert"}
ENDS = {"machine": ("inserted", "document_rejected"), "sorter": ("diverted", "item_rejected")}


async def asked(bench: Bench) -> tuple[int, int]:
    """Something on its way to D1 or D4: (handle, seq of its event)."""
    event = await (bench.document() if bench.kind == "machine" else bench.parcel())
    return event.handle, event.seq


async def _let_in_after(bench: Bench, stop: Callable[[], None]) -> int:
    """Feed, then stop; how long after it the last document was let in, in ms (negative: before).

    The way from feeder to camera is measured at the first document, after a pause in which the feeder became ready.
    """
    await bench.document()
    await bench.hold(2_000)
    await bench.stock()
    bench.events.clear()
    begin_ms, bench.says.permitted = bench.now_ms(), True
    await bench.until(lambda: bench.of("document_fed"), "a document is fed", bench.belt_ms)
    way_ms = bench.now_ms() - begin_ms
    await bench.hold(way_ms)
    stop()
    await bench.cycle()
    stop_ms = bench.now_ms()
    await bench.hold(1_200)
    state = bench.header["state"]
    await bench.hold(1_500 + way_ms)
    bench.says.permitted = False
    require(state == EXECUTE, f"the belt does not run on: state {state} 1.2 s later")
    first, last = bench.of("document_fed")[0], bench.of("document_fed")[-1]
    return begin_ms + (last.plc_ms - first.plc_ms) % (1 << 32) - stop_ms


async def _stops_within(bench: Bench, stop: Callable[[], None], limit_ms: int) -> str:
    after_ms = await _let_in_after(bench, stop)
    require(after_ms <= limit_ms + TOLERANCE_MS, f"a document was let in {after_ms} ms later, allowed are {limit_ms} ms")
    return f"last document let in at {after_ms:+} ms; belt ran on"


async def permit_lease(bench: Bench) -> str:
    """The permit word stands still: the feed stops after 250 ms, the belt runs on."""
    return await _stops_within(bench, lambda: setattr(bench.says, "renewing", False), PERMIT_MS)


async def permit_withdrawn(bench: Bench) -> str:
    """The permit is 0: the feed stops at once."""
    return await _stops_within(bench, lambda: setattr(bench.says, "permitted", False), 0)


async def maintenance_feeds_nothing(bench: Bench) -> str:
    """With the key on Maintenance nothing is let in, whatever is permitted."""
    await bench.document()
    await bench.provoke("key_maintenance")
    await bench.until(lambda: bench.header["mode"] != PRODUCTION, "another mode than Production")
    await bench.hold(NO_FEED_MS)
    fed = bench.header["documents_fed"]
    bench.says.permitted = True
    await bench.hold(NO_FEED_MS)
    bench.says.permitted = False
    more = bench.header["documents_fed"] - fed
    await bench.provoke("key_production")
    require(not more, f"{more} documents were fed in Maintenance")
    return f"none in {NO_FEED_MS} ms"


async def stage_1(bench: Bench) -> str:
    """The heartbeat stands still while the permit changes: the feed stops after 300 ms."""
    return await _stops_within(bench, lambda: setattr(bench.says, "beating", False), STAGE_1_MS)


async def stage_2(bench: Bench) -> str:
    """The heartbeat is missing for 1,500 ms: the belt stops; with the next one it goes on."""
    bench.says.beating = False
    await bench.cycle()
    stopped_ms = await bench.until(lambda: bench.header["state"] == HELD, "Held without heartbeat", STAGE_2_MS + 500)
    require(abs(stopped_ms - STAGE_2_MS) <= 2 * TOLERANCE_MS, f"Held after {stopped_ms} ms, not after {STAGE_2_MS}")
    bench.says.beating = True
    released_ms = await bench.until(lambda: bench.header["state"] == EXECUTE, "Execute with the next heartbeat")
    return f"Held after {stopped_ms} ms, released after {released_ms} ms"


async def rejoin_short(bench: Bench) -> str:
    """After an outage of up to 10 s it goes on by itself, and all places are kept."""
    handle, seq = await asked(bench)
    bench.say(PASSING[bench.kind], handle, reply_to=seq, chute=1)
    await bench.until(lambda: bench.drained, "the answer is taken")
    await bench.silence(SHORT_MS)
    took_ms = await bench.until(lambda: bench.header["state"] == EXECUTE, f"Execute after {SHORT_MS} ms without contact")
    await bench.came(ENDS[bench.kind][0], handle)
    await bench.hold(bench.belt_ms // 4)
    doubt = [event.kind for event in bench.events if event.kind in {"lost", "extra", "reject_unconfirmed"}]
    require(not doubt, f"the places were not kept: {', '.join(doubt)}")
    return f"Execute {took_ms} ms after {SHORT_MS} ms without contact, places kept"


async def rejoin_long(bench: Bench) -> str:
    """After more than 10 s it stands until the line has left Execute."""
    await bench.silence(LONG_MS)
    await bench.until(lambda: bench.header["state"] == HELD, f"Held after {LONG_MS} ms without contact")
    moved = await bench.reached(lambda: bench.header["state"] == EXECUTE, 1_000)
    require(moved is None, "the unit ran again by itself after more than 10 s")
    bench.says.state = HELD
    await bench.hold(SETTLE_MS)
    bench.says.state = EXECUTE
    await bench.until(lambda: bench.header["state"] == EXECUTE, "Execute after the line was Held")
    return "Held until the line left Execute"


async def edge_boot(bench: Bench) -> str:
    """Another edge: its numbers begin at 1, and what was consumed of the last one is not about it."""
    probe(bench, 5)
    await bench.until(lambda: bench.drained, "commands are consumed")
    await bench.new_edge(EXECUTE)
    require(bench.consumed == 0, f"the new edge was answered with consumed seq {bench.consumed}")
    bench.events.clear()
    (seq,) = probe(bench, 1)
    await bench.refused(seq, "unknown_handle")
    return "numbers from 1"


async def edge_boot_stands(bench: Bench) -> str:
    """Another edge that says Execute at once moves nothing."""
    await bench.new_edge(EXECUTE)
    moved = await bench.reached(lambda: bench.header["state"] == EXECUTE, 1_000)
    require(moved is None, "the unit is in Execute for an edge that was never anything else")
    bench.says.state = HELD
    await bench.hold(SETTLE_MS)
    bench.says.state = EXECUTE
    await bench.until(lambda: bench.header["state"] == EXECUTE, "Execute after the new edge was Held")
    return "Held until the new edge left Execute"


async def edge_boot_distrust(bench: Bench) -> str:
    """Another edge may only reject what lies on the belt."""
    handle, seq = await asked(bench)
    await bench.new_edge(HELD)
    answer = bench.say(PASSING[bench.kind], handle, reply_to=seq, chute=1)
    await bench.refused(answer, "mode")
    bench.says.state = EXECUTE
    passed, rejected = ENDS[bench.kind]
    await bench.came(rejected, handle, f"{rejected} of {handle} for another edge")
    require(not bench.of(passed, handle), f"{handle} passed for another edge")
    return f"refused, mode; {rejected}"


async def plc_restart(bench: Bench) -> str:
    """The PLC restarts: boot id + 1, numbers from 1, counters kept."""
    await asked(bench)
    probe(bench, 12)
    await bench.until(lambda: bench.drained and bench.header["last_issued_seq"] == bench.taken, "commands are consumed")
    before, issued = dict(bench.header), bench.header["last_issued_seq"]
    bench.events.clear()
    await bench.provoke("power_cycle")
    await bench.until(lambda: bench.header["boot_id"] != before["boot_id"], "another boot id", 4 * bench.belt_ms)
    boot = (before["boot_id"] + 1) % 65536
    require(bench.header["boot_id"] == boot, f"boot id {before['boot_id']} became {bench.header['boot_id']}")
    require(bench.header["last_issued_seq"] < min(issued, 8), f"events go on with {bench.header['last_issued_seq'] + 1}")
    lost = [name for name in ("documents_fed", "items_opened", "items_handed_over") if bench.header[name] < before[name]]
    require(not lost, f"not retained: {', '.join(lost)}")
    await bench.until(lambda: bench.header["edge_boot_echo"] == bench.says.boot, "the edge's boot id is answered again")
    (seq,) = probe(bench, 1)
    await bench.refused(seq, "unknown_handle")
    if bench.of("command_refused")[-1].seq > 8:
        raise Broken("events do not begin at 1")
    return f"boot {before['boot_id']} → {boot}, {REJECTING[bench.kind]} taken as command {seq}"


_LEASE = "Let nothing in when the permit word has not changed for 250 ms, is 0, or the heartbeat stood still for 300 ms."
_STAGE_2 = (
    "Stop the belt when the heartbeat stood still for 1,500 ms, keep all places, go on with the next one if it was ≤ 10 s."
)
_EDGE = "A new boot id of the edge: commands from 1, what is on the belt may only be rejected, no Execute before it left it."
CHECKS = (
    Check(
        "permit_lease",
        MACHINE,
        "P11",
        "许可租约到期停止给料",
        "The permit's lease stops the feed",
        _LEASE,
        permit_lease,
        ("load",),
    ),
    Check(
        "maintenance_feeds_nothing",
        MACHINE,
        "P11",
        "维护方式不给料",
        "Nothing is fed in Maintenance",
        "Feed in Production only: the key switch is one of the feed's conditions.",
        maintenance_feeds_nothing,
        ("load", "key_maintenance", "key_production"),
    ),
    Check(
        "permit_withdrawn",
        MACHINE,
        "P11",
        "收回许可停止给料",
        "A withdrawn permit stops the feed",
        _LEASE,
        permit_withdrawn,
        ("load",),
    ),
    Check("stage_1", MACHINE, "P12", "看门狗一级：停止给料", "Watchdog stage 1: the feed stops", _LEASE, stage_1, ("load",)),
    Check("stage_2", BOTH, "P12", "看门狗二级：皮带停止", "Watchdog stage 2: the belt stops", _STAGE_2, stage_2),
    Check(
        "rejoin_short",
        BOTH,
        "P12",
        "10 秒内恢复自动继续",
        "It goes on after up to 10 s",
        _STAGE_2,
        rejoin_short,
        ("load", "place"),
    ),
    Check("rejoin_long", BOTH, "P12", "超过 10 秒需先保持", "It stands after more than 10 s", _STAGE_2, rejoin_long),
    Check("edge_boot", BOTH, "P3", "边缘控制器重启：编号从 1 开始", "Another edge: numbers from 1", _EDGE, edge_boot),
    Check(
        "edge_boot_stands",
        BOTH,
        "P13",
        "边缘控制器重启：不自行运行",
        "Another edge: nothing moves by itself",
        _EDGE,
        edge_boot_stands,
    ),
    Check(
        "edge_boot_distrust",
        BOTH,
        "P13",
        "边缘控制器重启：皮带上只可剔除",
        "Another edge: the belt may only be rejected",
        _EDGE,
        edge_boot_distrust,
        ("load", "place"),
    ),
    Check(
        "plc_restart",
        BOTH,
        "P14",
        "PLC 重启",
        "The PLC restarts",
        "Boot id is a retained counter, +1 at each start; events and commands begin at 1; counters are retained.",
        plc_restart,
        ("load", "place", "power_cycle"),
    ),
)
