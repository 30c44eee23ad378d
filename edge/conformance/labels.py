"""Checks of D3 and of envelopes of several documents: label, print id, purge (P9, P15)."""

from edge.conformance.bench import Bench
from edge.conformance.check import MACHINE, Check, require

ON_PAD_MS = 2_000
STROKE_MS = 2_000


async def _end(bench: Bench, item: int) -> list[int]:
    """Print ids that were applied to it, once it is handed over."""
    await bench.came("handed_over", item)
    await bench.hold(STROKE_MS // 4)
    return [event.value for event in bench.of("label_applied", item)]


async def keep_open(bench: Bench) -> str:
    """An envelope that is kept open takes the next document."""
    first = await bench.item("insert_keep_open")
    second = await bench.item()
    require(first.value == second.value, f"the second document opened item {second.value}, the first lies in {first.value}")
    return f"both documents in item {first.value}"


async def d3_default(bench: Bench) -> str:
    """No answer is no label, and says so."""
    weighed = await bench.sealed()
    exposed = await bench.came("label_exposed", weighed.handle)
    require(bench.flagged(exposed, "default_reject"), "label_exposed does not bear the flag default_reject")
    applied = await _end(bench, weighed.handle)
    require(not applied, f"label {applied} was applied without an answer")
    return "no label, default_reject"


async def d3_no_label(bench: Bench) -> str:
    """No label by command is no default."""
    weighed = await bench.sealed()
    bench.say("no_label", weighed.handle, reply_to=weighed.seq)
    exposed = await bench.came("label_exposed", weighed.handle)
    require(not bench.flagged(exposed, "default_reject"), "no_label was flagged default_reject")
    require(not await _end(bench, weighed.handle), "a label was applied in spite of no_label")
    return "no label"


async def d3_apply(bench: Bench) -> str:
    """The label is applied, and told with its print id; another print id after it is refused."""
    weighed = await bench.sealed()
    await bench.provoke("print_label", 7001)
    bench.say("apply", weighed.handle, reply_to=weighed.seq, argument=7001)
    other = bench.say("apply", weighed.handle, reply_to=weighed.seq, argument=7002)
    await bench.refused(other, "busy")
    applied = await _end(bench, weighed.handle)
    require(applied == [7001], f"print ids {applied} were applied, commanded was 7001")
    return "print id 7001 applied; 7002 refused, busy"


async def d3_purge(bench: Bench) -> str:
    """The label on the pad goes into the waste, and the item without it."""
    weighed = await bench.sealed()
    await bench.provoke("print_label", 7003)
    bench.say("purge_label", weighed.handle, reply_to=weighed.seq, argument=7003)
    await bench.until(lambda: bench.of("label_purged"), "label_purged", bench.belt_ms)
    told = bench.of("label_purged")[0]
    require((told.handle, told.value) == (weighed.handle, 7003), f"label_purged speaks of {told.handle}, print id {told.value}")
    require(not await _end(bench, weighed.handle), "a label was applied although it was to be purged")
    return "purged, print id 7003"


async def d3_foreign_label(bench: Bench) -> str:
    """A label that is named for the second item is not applied to the first."""
    first = await bench.document()
    bench.says.permitted = True
    bench.say("insert_close", first.handle, reply_to=first.seq)
    await bench.until(lambda: len(bench.of("document_fed")) > 1, "a second document is fed", bench.belt_ms)
    bench.says.permitted = False
    second = bench.of("document_fed")[1]
    bench.say("insert_close", second.handle, reply_to=second.seq)
    items = []
    for fed in (first, second):
        inserted = await bench.came("inserted", fed.handle)
        items.append(inserted.value)
        bench.say("seal", inserted.value, reply_to=inserted.seq)
    await bench.provoke("print_label", 7004)
    await bench.came("sealed", items[1])
    named = bench.say("apply", items[1], argument=7004)
    own = bench.say("apply", items[0], argument=7005)
    applied = await _end(bench, items[0])
    refused = {seq for seq, _ in bench.refusals()} & {named, own}
    require(not refused, f"the answers {sorted(refused)} were refused")
    require(not applied, f"print id {applied} was told applied to {items[0]}; on the pad was 7004 of {items[1]}")
    applied = await _end(bench, items[1])
    require(applied == [7004], f"the label of {items[1]} was told applied as {applied}")
    return "not applied to the first, applied to the second"


_PAD = "Labels come to the pad in the order of the commands that name them: apply only when the pad's label is this item's."
CHECKS = (
    Check(
        "keep_open",
        MACHINE,
        "P9",
        "信封保持打开",
        "An envelope is kept open",
        "insert_keep_open keeps the item's handle for the next document; the envelope waits.",
        keep_open,
        ("load",),
    ),
    Check(
        "d3_default",
        MACHINE,
        "P9",
        "D3 贴标：无应答不贴标",
        "D3: no answer is no label",
        "Apply only with a valid answer; set default_reject in the next event.",
        d3_default,
        ("load",),
    ),
    Check(
        "d3_no_label",
        MACHINE,
        "P9",
        "D3 贴标：命令不贴标",
        "D3: no label by command",
        "no_label lets the item pass without label and without flag.",
        d3_no_label,
        ("load",),
    ),
    Check(
        "d3_apply", MACHINE, "P15", "D3 贴标：打印号", "D3: applied with its print id", _PAD, d3_apply, ("load", "print_label")
    ),
    Check(
        "d3_purge",
        MACHINE,
        "P15",
        "D3 贴标：吹掉吸盘上的标签",
        "D3: purge of a label on the pad",
        "purge_label blows the pad's label off and tells label_purged with its print id.",
        d3_purge,
        ("load", "print_label"),
    ),
    Check(
        "d3_foreign_label",
        MACHINE,
        "P15",
        "D3 贴标：他件标签不贴",
        "D3: another item's label is not applied",
        _PAD,
        d3_foreign_label,
        ("load", "print_label"),
    ),
)
