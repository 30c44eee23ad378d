"""Manifests full of look-alikes that no check digit tells apart: how often each rule takes another's order for a document's.

`python scripts/look_alikes_campaign.py [BURSTS] [MINUTES] [SEED]`: documents whose numbers hold G, 6, Q, H, R, 7, U, 0 …, seen
as badly as severity 2 allows, and manifests that list every look-alike of their numbers. Ours is asked beside two baselines,
which take the best text of one frame by the same recogniser when its check digits and dates hold: the order with that number,
or with the nearest. Figures of 2,000 bursts and more go to docs/figures.json, with how many they are. Exit 1 if ours was wrong
once, or if the baseline never was, as then nobody tried.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import cv2
from figures import keep
from lines_campaign import LAYOUTS, frame_read, seen, tokens_of
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from edge.core.device_events import FrameRead
from edge.core.events import ManifestGranted, ManifestSealed
from edge.core.matching import accept_reading, see
from edge.core.orders import OrderPool
from edge.core.values import Address, LotId, Order, OrderId, Verdict
from line_config.document_layout import DocumentLayout
from simulators.specimens import Specimen, make_specimen
from vision.mrz import mrz_value
from vision.ocr import Image, Line, LineReader
from vision.readers import DocumentReader, Reading

BURSTS, KEPT_MIN, MINUTES, SEED = 10_000, 2_000, 10.0, 8_000_000
BURSTS_PER_DOCUMENT, SEVERITY = 6, 2
KINDS = tuple(kind for kind, layout in LAYOUTS.items() if layout.check == "mrz")
TRAPS = "E4G6QC28S5ZHR7U0KPFDNXMWBL1V"
"""characters that look like one which the check digits cannot tell from them"""
NOWHERE = Address("440106", "样例路1号***", "测*", "199******00")
MANIFESTS = {
    "own order and births": {"own": True, "dated": True},
    "own order, no births": {"own": True, "dated": False},
    "own order missing, births": {"own": False, "dated": True},
    "own order missing, no births": {"own": False, "dated": False},
}


class Unguarded(LineReader):
    """The same recogniser, of which nobody asks what else it saw: the reader takes its best text."""

    def read(self, line: Image, slots: Sequence[str], *, at_end: bool = False) -> Line:
        """See LineReader."""
        best = super().read(line, slots, at_end=at_end)
        return Line(best.text, best.confidence)


def trapped(kind: str, seed: int) -> Specimen:
    """A document with as many characters of TRAPS in its number as its kind allows; the first says which kind it is."""
    rng, ordinary, layout = random.Random(f"trap {kind} {seed}"), make_specimen(kind, seed), LAYOUTS[kind]
    places = zip(ordinary.number, layout.number_slots, strict=False)
    number = "".join(rng.choice([c for c in slot if c in TRAPS] or character) for character, slot in places)
    return replace(ordinary, number=ordinary.number[0] + number[1:])


def look_alikes(layout: DocumentLayout, number: str) -> list[str]:
    """Every number of this kind that differs in one place, by a character that no check digit tells from it (E1 and EL …)."""
    return [
        number[:at] + other + number[at + 1 :]
        for at, (character, slot) in enumerate(zip(number, layout.number_slots, strict=False))
        for other in slot
        if other not in {character, "<"} and mrz_value(other) % 10 == mrz_value(character) % 10
    ]


def pool_of(specimen: Specimen, listed: Sequence[str], *, dated: bool) -> OrderPool:
    """A manifest with an order for each of these numbers; who has another number than the document was born another day."""
    layout = LAYOUTS[specimen.kind]
    orders = []
    for n, number in enumerate(listed):
        born = specimen.birth + timedelta(days=0 if number == specimen.number else 1 + n)
        document = tokens_of(layout, number, f"{born:%y%m%d}" if dated else "")
        orders.append(Order(OrderId(number), (document,), NOWHERE, f"EA{n:09}CN"))
    pool = OrderPool()
    pool.take_chunk(ManifestGranted(at_us=0, lot=LotId("L"), version=1, chunk=1, orders=tuple(orders)))
    pool.activate(ManifestSealed(at_us=0, lot=LotId("L"), version=1, chunks=1, digest=""))
    return pool


def ours(pool: OrderPool, frames: Sequence[FrameRead]) -> str | None:
    """The order that the product takes; None where it takes none."""
    if accept_reading(frames):
        return None
    read = next(frame for frame in frames if frame.token)
    found = pool.find(str(read.kind), read.token, read.skeleton, see(frames).second_field)
    return found.order_id if found.verdict is Verdict.MATCH else None


def exact(listed: Sequence[str], value: str) -> str | None:
    """The first baseline."""
    return value if value in listed else None


def nearest(listed: Sequence[str], value: str) -> str | None:
    """The second baseline: at most one character differs, the first of several."""
    same_length = (number for number in listed if len(number) == len(value))
    differing = [(sum(a != b for a, b in zip(number, value, strict=True)), n, number) for n, number in enumerate(same_length)]
    difference, _, number = min(differing, default=(2, 0, ""))
    return number if difference < 2 else None


class Trap:
    """The manifests around one document."""

    def __init__(self, specimen: Specimen, tally: Counter[str]) -> None:
        self._number, self._tally = specimen.number, tally
        alike = look_alikes(LAYOUTS[specimen.kind], specimen.number)
        self._listed = {name: [*alike, *[specimen.number] * made["own"]] for name, made in MANIFESTS.items()}
        self._pools = {name: pool_of(specimen, self._listed[name], dated=made["dated"]) for name, made in MANIFESTS.items()}

    def spring(self, readings: Sequence[Reading], best: Reading | None) -> None:
        """Ask every rule about one burst. `best`: what the baselines read."""
        frames = [frame_read(reading, k) for k, reading in enumerate(readings)]
        self._tally["bursts"] += 1
        for name in MANIFESTS:
            value = best.value if best else ""
            taken = {
                "ours": ours(self._pools[name], frames),
                "exact": exact(self._listed[name], value),
                "nearest": nearest(self._listed[name], value),
            }
            for rule, order in taken.items():
                outcome = "refused" if order is None else "right" if order == self._number else "wrong"
                self._tally[f"{name}|{rule}|{outcome}"] += 1


def documents(seed: int) -> Iterator[tuple[Specimen, int]]:
    """Without end."""
    while True:
        for kind in KINDS:
            yield trapped(kind, seed), seed
        seed += 1


def campaign(bursts: int, minutes: float, seed: int) -> Counter[str]:
    """Until so many bursts were judged or the time is over."""
    cv2.setNumThreads(1)
    reader, baseline = (DocumentReader(list(LAYOUTS.values()), lines) for lines in (LineReader(), Unguarded()))
    tally: Counter[str] = Counter()
    begun_s = time.monotonic()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("bursts", total=bursts)
        for specimen, number in documents(seed):
            trap = Trap(specimen, tally)
            frames = seen(specimen, number, SEVERITY, BURSTS_PER_DOCUMENT)
            for burst in (frames[at : at + 2] for at in range(0, len(frames), 2)):
                best = next((read for frame in burst if (read := baseline.read(frame)).accepted), None)
                trap.spring([reader.read(frame) for frame in burst], best)
            progress.update(task, completed=tally["bursts"])
            if tally["bursts"] >= bursts or time.monotonic() - begun_s > 60 * minutes:
                return tally
    raise AssertionError("unreachable: documents never end")


def figures(tally: Counter[str], seed: int) -> dict[str, Any]:
    """For docs/figures.json: manifest → rule → right, wrong, refused."""
    rules = ("ours", "exact", "nearest")
    outcomes = ("right", "wrong", "refused")
    manifests = {
        name: {rule: {outcome: tally[f"{name}|{rule}|{outcome}"] for outcome in outcomes} for rule in rules}
        for name in MANIFESTS
    }
    return {"seed": seed, "asked_for": BURSTS, "bursts": tally["bursts"], "severity": SEVERITY, "manifests": manifests}


def show(row: dict[str, Any]) -> None:
    """One table: right / wrong / refused."""
    names = {"ours": "ours", "exact": "check digits, one frame: the order with the number", "nearest": "… with the nearest"}
    table = Table("right / wrong / refused", *names.values(), title=f"{row['bursts']} bursts, every look-alike listed")
    for manifest, by_rule in row["manifests"].items():
        table.add_row(manifest, *(" / ".join(map(str, by_rule[rule].values())) for rule in names))
    Console(stderr=True, width=140).print(table)


def wrong(row: dict[str, Any], rule: str) -> int:
    """Over all manifests."""
    return sum(by_rule[rule]["wrong"] for by_rule in row["manifests"].values())


def main() -> int:
    """Run, show, keep."""
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else BURSTS
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else MINUTES
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else SEED
    row = figures(campaign(asked, minutes, seed), seed)
    show(row)
    if row["bursts"] >= KEPT_MIN:
        keep("look_alikes", row)
    return 1 if wrong(row, "ours") or not wrong(row, "exact") else 0


if __name__ == "__main__":
    sys.exit(main())
