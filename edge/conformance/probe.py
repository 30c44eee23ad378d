"""Commands that no PLC may follow: about something it never saw. Each is refused, and so makes one event."""

from edge.conformance.bench import Bench

NOBODY = 0x7FFF_0000
"""a handle far beyond any that is given out"""
REJECTING = {"machine": "reject_document", "sorter": "reject_item"}


def probe(bench: Bench, count: int, handle: int = NOBODY) -> list[int]:
    """Queue so many; returns their sequence numbers. Were one followed, it would only reject."""
    return [bench.say(REJECTING[bench.kind], handle + n) for n in range(count)]


async def events(bench: Bench, count: int) -> None:
    """Make so many events in the PLC's FIFO."""
    probe(bench, count)
    await bench.until(lambda: bench.drained, f"{count} commands are consumed", 20_000)
