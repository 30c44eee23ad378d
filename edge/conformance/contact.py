"""Checks of the contact itself: layout, heartbeats, boot ids, state, whole images, times (P1–P4, P19, P20)."""

from itertools import pairwise

from edge.conformance.bench import CONTACT_MS, EXECUTE, HELD, PRODUCTION, STOPPED, Bench
from edge.conformance.check import BOTH, Check, require
from edge.conformance.probe import NOBODY, probe

IMAGES = 1_000
CONSUMED_MS = 200
"""p99 of the time from a command's write to its consumption"""
CLOCK_TOLERANCE_MS = 100


async def layout_version(bench: Bench) -> str:
    """The image has the length and version of the interface."""
    await bench.hold(50)
    return f"version {bench.header['layout_version']}, {len(bench.words)} words"


async def foreign_layout(bench: Bench) -> str:
    """What another layout says is not even contact."""

    def other(words: list[int]) -> None:
        words[0] += 1

    before = bench.header["echo"]
    bench.says.mangle = other
    await bench.hold(100)
    moved = bench.header["echo"]
    bench.say("run_out")
    await bench.hold(100)
    require(bench.header["echo"] == moved, f"the echo moved on from {before} to {bench.header['echo']} with another layout")
    require(bench.consumed != bench.issued, "a command of another layout was taken")
    return "not taken"


async def word_order(bench: Bench) -> str:
    """32-bit numbers come back as they went out, high word first."""
    (seq,) = probe(bench, 1)
    await bench.until(lambda: bench.of("command_refused"), "a command is refused")
    event = bench.of("command_refused")[0]
    hint = "the two words of 32-bit numbers are swapped"
    require(event.handle != _swapped(NOBODY), f"word order: handle {NOBODY} came back as {event.handle}: {hint}")
    require(event.value >> 8 == seq or _swapped(event.value) >> 8 != seq, f"word order: value {event.value}: {hint}")
    require(event.handle == NOBODY, f"handle {NOBODY} came back as {event.handle}")
    require(event.value >> 8 == seq, f"the refusal of command {seq} names command {event.value >> 8}")
    return f"handle {NOBODY}, value {event.value}"


def _swapped(number: int) -> int:
    return number >> 16 | (number & 0xFFFF) << 16


async def heartbeat(bench: Bench) -> str:
    """The PLC's heartbeat moves at least every 100 ms."""
    longest_ms, since_ms, beat = 0, bench.now_ms(), bench.header["heartbeat"]
    end_ms = since_ms + 1_000
    while bench.now_ms() < end_ms:
        await bench.cycle()
        if bench.header["heartbeat"] != beat:
            beat, since_ms = bench.header["heartbeat"], bench.now_ms()
        longest_ms = max(longest_ms, bench.now_ms() - since_ms)
    require(longest_ms <= 100, f"the heartbeat stood still for {longest_ms} ms")
    return f"never still longer than {longest_ms} ms"


async def echo(bench: Bench) -> str:
    """The PLC's echo is our heartbeat of a moment ago."""
    worst_ms = 0
    for _ in range(5):
        bench.says.beating = True
        await bench.cycle()
        bench.says.beating = False
        took_ms = await bench.until(lambda: bench.header["echo"] == bench.beat, f"echo of heartbeat {bench.beat}", 250)
        worst_ms = max(worst_ms, took_ms)
    return f"echoed within {worst_ms} ms"


async def state_follows(bench: Bench) -> str:
    """The unit follows the line's state word."""
    worst_ms = 0
    for state in (HELD, EXECUTE, STOPPED, EXECUTE):
        bench.says.state = state
        took_ms = await bench.until(
            lambda: bench.header["state"] == bench.says.state,
            f"state {state} is followed",
        )
        worst_ms = max(worst_ms, took_ms)
    return f"followed within {worst_ms} ms"


async def whole_images(bench: Bench) -> str:
    """1,000 images at many phases of the scan; never a slot of two events, never a window with a hole."""
    missing, about = 0, dict[int, int]()
    for n in range(IMAGES):
        if bench.drained:
            about |= {seq: NOBODY + k for k, seq in enumerate(probe(bench, 3))}
        await bench.cycle(n * 7 % 12)
        seqs = sorted(bench.window, key=lambda seq: (seq - bench.taken + 64) % bench.image.seq_max)
        missing += any((two - one) % bench.image.seq_max != 1 for one, two in pairwise(seqs))
    require(not bench.torn, f"{bench.torn} torn slots in {IMAGES} images")
    require(not bench.mixed, f"{bench.mixed} slots changed under the same number in {IMAGES} images")
    require(not missing, f"{missing} of {IMAGES} windows had a hole")
    crossed = [event.seq for event in bench.of("command_refused") if about.get(event.value >> 8) != event.handle]
    require(not crossed, f"the slots {crossed[:5]} bear the handle of one event and the value of another")
    return f"{IMAGES} images, {len(bench.events)} events, none torn, mixed or missing"


async def response_time(bench: Bench) -> str:
    """A command is consumed within the time."""
    took_ms = []
    for n in range(60):
        await bench.cycle(n * 7 % 12)
        probe(bench, 1)
        bench.refill()
        took_ms.append(await bench.until(lambda: bench.consumed == bench.issued, "a command is consumed"))
    took_ms.sort()
    p50, p99 = took_ms[len(took_ms) // 2], took_ms[-1]
    require(p99 <= CONSUMED_MS, f"p50 {p50} ms, p99 {p99} ms; allowed are {CONSUMED_MS} ms")
    return f"p50 {p50} ms, p99 {p99} ms"


async def plc_clock(bench: Bench) -> str:
    """plc_ms counts milliseconds."""
    begin_ms = bench.now_ms()
    for _ in range(2):
        probe(bench, 1)
        await bench.until(lambda: bench.consumed == bench.issued and bench.header["last_issued_seq"] == bench.taken, "an event")
        await bench.hold(1_000)
    first, last = (event.plc_ms for event in bench.of("command_refused"))
    wall_ms = (bench.now_ms() - begin_ms) // 2
    clock_ms = (last - first) % (1 << 32)
    require(abs(clock_ms - wall_ms) <= CLOCK_TOLERANCE_MS, f"plc_ms went on by {clock_ms} in {wall_ms} ms")
    return f"{clock_ms} in {wall_ms} ms"


async def estop(bench: Bench) -> str:
    """The emergency stop is shown and stops the unit."""
    await bench.provoke("estop")
    await bench.until(lambda: bench.fault("estop"), "fault bit estop")
    took_ms = await bench.until(lambda: bench.header["state"] == HELD, "Held at the emergency stop")
    await bench.provoke("estop_reset")
    await bench.until(lambda: not bench.fault("estop"), "fault bit estop goes")
    return f"Held {took_ms} ms after the bit"


async def guard_zones(bench: Bench) -> str:
    """An open guard is shown and stops the unit."""
    await bench.provoke("guard_open")
    await bench.until(lambda: bench.header["guard_zones"], "a guard zone's bit")
    zones = bench.header["guard_zones"]
    await bench.until(lambda: bench.header["state"] == HELD, "Held with a guard open")
    await bench.provoke("guard_close")
    await bench.until(lambda: not bench.header["guard_zones"], "the guard zone's bit goes")
    return f"zones {zones:#06b}"


async def mode_change(bench: Bench) -> str:
    """The key switch is shown."""
    require(bench.header["mode"] == PRODUCTION, f"mode is {bench.header['mode']} before the key is turned, not 1 (Production)")
    await bench.provoke("key_maintenance")
    await bench.until(lambda: bench.header["mode"] == 2, "mode 2 (Maintenance)")
    await bench.provoke("key_production")
    await bench.until(lambda: bench.header["mode"] == PRODUCTION, "mode 1 (Production)")
    return f"1 → 2 → 1, both within {CONTACT_MS} ms"


CHECKS = (
    Check(
        "layout_version",
        BOTH,
        "P1",
        "接口版本与长度",
        "Layout version and length",
        "Load the PLC program and the process image that belong together; check the word order.",
        layout_version,
    ),
    Check(
        "word_order",
        BOTH,
        "P1",
        "32 位数的字序",
        "Word order of 32-bit numbers",
        'High word first; or set word_order = "little" in the line\'s file where the PLC cannot.',
        word_order,
    ),
    Check(
        "foreign_layout",
        BOTH,
        "P1",
        "其他版本的映像不被接收",
        "An image of another layout is not taken",
        "Compare the edge's layout_version before anything else of its image is used.",
        foreign_layout,
    ),
    Check(
        "heartbeat",
        BOTH,
        "P2",
        "PLC 心跳",
        "Heartbeat of the PLC",
        "Add 1 to the heartbeat in every scan, in the block that is copied out.",
        heartbeat,
    ),
    Check(
        "echo",
        BOTH,
        "P2",
        "心跳回显",
        "Echo of the edge's heartbeat",
        "Copy the edge's heartbeat into echo in the scan that takes the image over.",
        echo,
    ),
    Check(
        "state_follows",
        BOTH,
        "P4",
        "单元状态跟随整线状态",
        "The unit's state follows the line's",
        "Follow the state word as soon as that is safe.",
        state_follows,
    ),
    Check(
        "whole_images",
        BOTH,
        "P6",
        "1000 个映像无混合槽",
        "1,000 images without a mixed slot",
        "Work on private copies: one block copy in at the start of a scan, one out at its end.",
        whole_images,
    ),
    Check(
        "response_time",
        BOTH,
        "P20",
        "命令收到时间",
        "Time from command to consumption",
        "Shorten the scan, or the cycle of the communication task.",
        response_time,
    ),
    Check(
        "plc_clock",
        BOTH,
        "P20",
        "PLC 毫秒计时",
        "The PLC's millisecond clock",
        "Write the free running clock in ms at the sensor's edge into plc_ms.",
        plc_clock,
    ),
    Check(
        "estop",
        BOTH,
        "P19",
        "急停显示",
        "Emergency stop",
        "Wire the safety PLC's state to the fault bit and to the unit's state.",
        estop,
        ("estop", "estop_reset"),
    ),
    Check(
        "guard_zones",
        BOTH,
        "P19",
        "防护区显示",
        "Guard zones",
        "Set the zone's bit and leave Execute while a guard is open.",
        guard_zones,
        ("guard_open", "guard_close"),
    ),
    Check(
        "mode_change",
        BOTH,
        "P4",
        "钥匙开关方式",
        "Mode of the key switch",
        "Show the key switch in the mode word.",
        mode_change,
        ("key_maintenance", "key_production"),
    ),
)
