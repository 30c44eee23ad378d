"""Checks of the command ring: order, once each, whole, only what was issued, for this boot (P3, P6–P8)."""

from edge.conformance.bench import SETTLE_MS, Bench
from edge.conformance.check import BOTH, Check, require
from edge.conformance.probe import NOBODY, probe

FOREIGN = {"machine": "divert", "sorter": "seal"}
NO_OPCODE = 200


def _slot_at(bench: Bench, seq: int, field: str) -> int:
    """Where a field of a command's slot stands in our words."""
    side = bench.image.edge_to_plc
    return side.header_words + (seq - 1) % bench.image.window * side.slot_words + side.slot_offsets[field]


async def _refused_in_order(bench: Bench, seqs: list[int]) -> None:
    await bench.until(lambda: len(bench.refusals()) >= len(seqs), f"{len(seqs)} commands are refused", 5_000)
    await bench.hold(SETTLE_MS)
    got = [seq for seq, _ in bench.refusals()]
    require(got == seqs, f"taken were {got}, issued were {seqs}")


async def ring_order(bench: Bench) -> str:
    """Eight commands that come in one image are taken in order."""
    await _refused_in_order(bench, probe(bench, 8))
    handles = [event.handle for event in bench.of("command_refused")]
    require(handles == [NOBODY + n for n in range(8)], f"the refusals speak of {handles}")
    return "8 in one image, in order"


async def ring_refill(bench: Bench) -> str:
    """More commands than the ring has places."""
    await _refused_in_order(bench, probe(bench, 40))
    return "40 through 8 places, each once, in order"


async def duplicate_command(bench: Bench) -> str:
    """A slot that stays in the ring is not followed again."""
    probe(bench, 1)
    await bench.until(bench.refusals, "a command is refused")
    await bench.hold(500)
    require(len(bench.refusals()) == 1, f"one command was followed {len(bench.refusals())} times")
    return "once in 500 ms"


async def out_of_order(bench: Bench) -> str:
    """A command that comes before the one it follows waits."""
    one, two = probe(bench, 2)

    def hide(words: list[int]) -> None:
        words[_slot_at(bench, one, "seq")] = words[_slot_at(bench, one, "seq_copy")] = 0

    bench.says.mangle = hide
    await bench.hold(SETTLE_MS)
    require(not bench.refusals(), f"command {two} was followed before {one}")
    bench.says.mangle = None
    await _refused_in_order(bench, [one, two])
    return "waited for the one before"


async def torn_command(bench: Bench) -> str:
    """A slot whose two numbers differ is no command."""
    (seq,) = probe(bench, 1)

    def tear(words: list[int]) -> None:
        words[_slot_at(bench, seq, "seq_copy")] ^= 1

    bench.says.mangle = tear
    await bench.hold(SETTLE_MS)
    require(not bench.refusals() and bench.consumed != seq, "a torn slot was followed")
    bench.says.mangle = None
    await _refused_in_order(bench, [seq])
    return "not followed until whole"


async def not_issued(bench: Bench) -> str:
    """A slot beyond the last issued number does not count yet."""
    bench.says.issued = bench.issued
    (seq,) = probe(bench, 1)
    await bench.hold(SETTLE_MS)
    require(not bench.refusals() and bench.consumed != seq, "a slot beyond last_issued_seq was followed")
    bench.says.issued = None
    await _refused_in_order(bench, [seq])
    return "not followed until issued"


async def foreign_plc_boot(bench: Bench) -> str:
    """Commands for another boot of the PLC are not taken."""
    bench.says.plc_echo = (bench.header["boot_id"] + 1) % 65536
    seqs = probe(bench, 2)
    await bench.hold(SETTLE_MS)
    require(bench.header["last_consumed_seq"] != seqs[-1], "commands for another boot id were taken")
    bench.says.plc_echo = None
    await _refused_in_order(bench, seqs)
    return "not taken"


async def number_wrap(bench: Bench) -> str:
    """Both numbers go from seq_max to 1, and the places stay."""
    last, rounds = bench.image.seq_max, bench.image.seq_max // 8 + 1
    if near := await bench.ask("near_wrap", last - 4):
        bench.number_from(last - 4)
        rounds = 2
    told: set[int] = set()
    for _ in range(rounds):
        bench.events.clear()
        seqs = probe(bench, 8)
        await bench.until(lambda: len(bench.refusals()) >= 8, f"the commands {seqs} are refused")
        got = [seq for seq, _ in bench.refusals()]
        require(got == seqs, f"taken were {got}, issued were {seqs}")
        told.update(event.seq for event in bench.of("command_refused"))
    require({1, last} <= told and last + 1 not in told, f"the events went up to {max(told)}, not to {last}")
    return f"… {last - 1}, {last}, 1, 2 … both ways ({'set near the end' if near else 'counted through'})"


async def unknown_handle(bench: Bench) -> str:
    """What was never seen has no answer."""
    (seq,) = probe(bench, 1)
    await bench.refused(seq, "unknown_handle")
    return "refused, unknown_handle"


async def wrong_plc(bench: Bench) -> str:
    """An opcode of the other PLC."""
    seq = bench.say(FOREIGN[bench.kind], 1, chute=1)
    await bench.refused(seq, "mode")
    return "refused, mode"


async def unknown_opcode(bench: Bench) -> str:
    """An opcode that the interface does not have is refused, and the next command taken."""
    seqs = [bench.say_code(NO_OPCODE, 1), *probe(bench, 1)]
    await _refused_in_order(bench, seqs)
    return f"refused, {bench.refusals()[0][1]}"


_RING = "Take slots only in order of their numbers, from last consumed + 1 up to last_issued_seq, and each only once."
_WRAP = "Numbers run 1..65528; the place of a slot is (seq − 1) mod 8; 0 is empty."
_REFUSE = "Answer every command that is not followed with command_refused: value = seq × 256 + reason."
CHECKS = (
    Check("ring_order", BOTH, "P7", "命令环按序执行", "Commands are taken in order", _RING, ring_order),
    Check("ring_refill", BOTH, "P7", "命令环循环使用", "The ring is used again and again", _RING, ring_refill),
    Check("duplicate_command", BOTH, "P7", "重复命令被忽略", "A repeated command is ignored", _RING, duplicate_command),
    Check("out_of_order", BOTH, "P7", "乱序命令不执行", "A command out of order waits", _RING, out_of_order),
    Check(
        "torn_command",
        BOTH,
        "P6",
        "残缺命令不执行",
        "A torn command is not followed",
        "Follow a slot only if seq and seq_copy agree.",
        torn_command,
    ),
    Check("not_issued", BOTH, "P7", "未发出的命令不执行", "A command that was not issued is not followed", _RING, not_issued),
    Check(
        "foreign_plc_boot",
        BOTH,
        "P3",
        "他次启动的命令不执行",
        "Commands for another boot are not taken",
        "Take commands only while plc_boot_echo is this boot id.",
        foreign_plc_boot,
    ),
    Check("number_wrap", BOTH, "P6", "编号在 65528 处回绕", "Numbers wrap at 65528", _WRAP, number_wrap, ("near_wrap",)),
    Check("unknown_handle", BOTH, "P8", "未知句柄被拒绝", "An unknown handle is refused", _REFUSE, unknown_handle),
    Check("wrong_plc", BOTH, "P8", "另一台 PLC 的命令被拒绝", "A command of the other PLC is refused", _REFUSE, wrong_plc),
    Check("unknown_opcode", BOTH, "P8", "未知命令码被拒绝", "An unknown opcode is refused", _REFUSE, unknown_opcode),
)
