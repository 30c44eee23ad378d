"""The live picture of `sealline plc watch`."""

from collections.abc import Mapping

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from edge.commissioning.watch import GOOD, Field, Watch

FRESH_MS = 2_000
COLOURS = {GOOD: "green", "old": "red", "unknown": "yellow"}
BAR = 30
BEATING = frozenset({"heartbeat", "echo", "permit"})
"""they change all the time: standing out, they would hide the rest"""


def picture(watch: Watch, where: str, now_ms: int) -> RenderableType:
    """Header of both sides, window, ring, round trips; what changed within 2 s stands out."""
    quality = watch.quality(now_ms)
    head = f"{where} – [{COLOURS[quality]}]{quality}[/]; own connection, reads only"
    if quality == GOOD:
        head += "; an edge is writing to this PLC" if watch.edge_alive(now_ms) else "; no edge is writing"
    if watch.trouble:
        head += f"\n[red]{escape(watch.trouble)}[/]"
    plc = _header("PLC → edge", watch.fields, quality, now_ms)
    edge = _header("edge → PLC", watch.edge, quality, now_ms) if watch.shows_edge else "edge → PLC: the PLC does not show it"
    return Group(head, Columns([plc, edge, _trips(watch)]), _window(watch), _ring(watch))


def _header(title: str, fields: Mapping[str, Field], quality: str, now_ms: int) -> Table:
    table = Table("field", "value", "", "age", title=title, title_justify="left", box=None, padding=(0, 1))
    for name, field in fields.items():
        age_ms = now_ms - field.since_ms
        fresh = field.changed and age_ms < FRESH_MS and name not in BEATING
        style = "dim" if quality != GOOD else "bold reverse" if fresh else ""
        table.add_row(name, str(field.value), field.text, f"{age_ms / 1000:.1f} s", style=style)
    return table


def _trips(watch: Watch) -> Table:
    table = Table("round trip", "", "", title=f"{len(watch.trips_ms)} reads", title_justify="left", box=None, padding=(0, 1))
    rows = watch.histogram()
    most = max(count for _, count in rows) or 1
    for bucket, count in rows:
        table.add_row(bucket, str(count), "█" * (count * BAR // most))
    return table


def _window(watch: Watch) -> Table:
    columns = ("seq", "station", "kind", "handle", "plc_ms", "value", "flags")
    table = Table(*columns, title=f"window, {watch.torn} torn so far", title_justify="left", box=None, padding=(0, 1))
    for event in watch.events:
        flags = " ".join(name for name, bit in watch.image.event_flags.items() if event.flags >> bit & 1)
        table.add_row(str(event.seq), event.station, event.kind, *map(str, (event.handle, event.plc_ms, event.value)), flags)
    return table


def _ring(watch: Watch) -> Table:
    columns = ("seq", "reply_to", "handle", "opcode", "argument", "chute")
    table = Table(*columns, title="ring", title_justify="left", box=None, padding=(0, 1))
    for slot in watch.commands:
        opcode = watch.image.opcode_names.get(slot.opcode, f"? {slot.opcode}")
        table.add_row(*map(str, (slot.seq, slot.reply_to, slot.handle)), opcode, str(slot.argument), str(slot.chute))
    return table
