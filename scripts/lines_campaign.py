"""Number lines by the ten thousand: what two frames prove before any manifest, and what manifests of look-alikes make of it.

`python scripts/lines_campaign.py [ACCEPTED] [MINUTES] [SEED]`: documents of every kind in every severity until so many bursts
of two frames are accepted or the time is over; exit 1 if one was accepted wrongly. A document is rendered once and seen in
several bursts; the cut of OCR-B is one that the recogniser was not trained on. The figure says how far it came.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import cv2
import numpy as np
from figures import keep
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from edge.core.device_events import FrameRead
from edge.core.events import ManifestGranted, ManifestSealed
from edge.core.matching import accept_reading, see
from edge.core.orders import OrderPool
from edge.core.values import Address, Camera, LotId, Order, OrderDocument, OrderId, Verdict
from line_config.document_layout import DocumentLayout, standard_layouts
from simulators.documents import render_document
from simulators.specimen_folder import GUIDED
from simulators.specimens import KINDS, Specimen, make_specimen
from vision.mrz import mrz_value
from vision.readers import DocumentReader, Reading
from vision.tokens import second_token, skeleton_token, token

Image = NDArray[np.uint8]

ACCEPTED, MINUTES, SEED = 30_000, 60.0, 7_000_000
BURSTS = 6
"""of two frames, of one rendered document"""
SEVERITIES = (0, 1, 2)
PRINTED = tuple(kind for kind in KINDS if kind not in GUIDED)
LAYOUTS = {layout.kind: layout for layout in standard_layouts()}
SITE_KEY = b"campaign" * 4
NOWHERE = Address("440106", "样例路1号***", "测*", "199******00")


@dataclass
class Cell:
    """Bursts of one severity."""

    bursts: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Tally:
    """All that a campaign counts; `hostile`: what manifests of look-alikes made of the same readings."""

    cells: dict[int, Cell] = field(default_factory=lambda: {severity: Cell() for severity in SEVERITIES})
    hostile: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """Of all severities."""
        return sum(cell.accepted for cell in self.cells.values())

    @property
    def wrong(self) -> list[str]:
        """Of all severities."""
        return [text for cell in self.cells.values() for text in cell.wrong]


def frame_read(reading: Reading, k: int) -> FrameRead:
    """As the worker and its link tell the core."""
    kind = reading.kind
    tokens = _tokens(LAYOUTS[kind], reading.value, reading.second) if kind else OrderDocument("", "", "")
    return FrameRead(
        at_us=0, camera=Camera.ID, camera_boot=1, trigger=1, k=k, kind=kind, flags=int(reading.flags), token=tokens.token,
        skeleton=tokens.skeleton, second_field=tokens.second_field, confidence_permille=0, masked="", evidence="",
    )  # fmt: skip


def _tokens(layout: DocumentLayout, number: str, second: str) -> OrderDocument:
    return OrderDocument(
        layout.kind,
        token(SITE_KEY, layout.kind, number),
        skeleton_token(SITE_KEY, layout, number),
        second_token(SITE_KEY, layout, number, second),
    )


def look_alikes(layout: DocumentLayout, number: str) -> list[str]:
    """Every number of this kind that differs in one place, by a character that no check digit tells from it (E1 and EL …)."""
    slots = layout.number_slots if layout.check == "mrz" else ()
    return [
        number[:at] + other + number[at + 1 :]
        for at, (character, slot) in enumerate(zip(number, slots, strict=False))
        for other in slot
        if other != character and mrz_value(other) % 10 == mrz_value(character) % 10
    ]


def pool_of(specimen: Specimen, alike: list[str], *, own: bool, dated: bool) -> OrderPool:
    """A manifest with an order for every look-alike, each born on another day, and `own`: for the document itself."""
    layout = LAYOUTS[specimen.kind]
    born = {number: specimen.birth + timedelta(days=1 + n) for n, number in enumerate(alike)}
    if own:
        born[specimen.number] = specimen.birth
    orders = tuple(
        Order(OrderId(number), (_tokens(layout, number, f"{day:%y%m%d}" if dated else ""),), NOWHERE, f"EA{n:09}CN")
        for n, (number, day) in enumerate(born.items())
    )
    pool = OrderPool()
    pool.take_chunk(ManifestGranted(at_us=0, lot=LotId("L"), version=1, chunk=1, orders=orders))
    pool.activate(ManifestSealed(at_us=0, lot=LotId("L"), version=1, chunks=1, digest=""))
    return pool


MANIFESTS = {
    "with births": {"own": True, "dated": True},
    "without births": {"own": True, "dated": False},
    "own order missing, with births": {"own": False, "dated": True},
    "own order missing, without births": {"own": False, "dated": False},
}


class Adversary:
    """Manifests of look-alikes around one document, asked about each burst of it."""

    def __init__(self, specimen: Specimen, tally: Counter[str]) -> None:
        self._number, self._tally = specimen.number, tally
        self._alike = look_alikes(LAYOUTS[specimen.kind], specimen.number)
        self._pools = {name: pool_of(specimen, self._alike, **made) for name, made in MANIFESTS.items()} if self._alike else {}

    def ask(self, readings: list[Reading], frames: list[FrameRead]) -> None:
        """What each manifest makes of this burst. Baseline: one frame whose check digits hold and whose number is listed."""
        if not self._pools:
            return
        self._tally["bursts"] += 1
        first = next((reading for reading in readings if reading.accepted), None)
        self._tally["baseline wrong"] += first is not None and first.value in self._alike
        if accept_reading(frames):
            return
        read = next(frame for frame in frames if frame.token)
        for name, pool in self._pools.items():
            found = pool.find(str(read.kind), read.token, read.skeleton, see(frames).second_field)
            matched = found.verdict is Verdict.MATCH
            self._tally[f"{name}: matched"] += matched
            self._tally[f"{name}: wrong"] += matched and found.order_id != self._number


def documents(seed: int) -> Iterator[tuple[Specimen, int, int]]:
    """Without end: specimen, its seed, severity."""
    n = seed
    while True:
        for kind in PRINTED:
            for severity in SEVERITIES:
                yield make_specimen(kind, n), n, severity
        n += 1


def seen(specimen: Specimen, seed: int, severity: int, bursts: int) -> list[Image]:
    """`bursts` × 2 exposures of one document, any side up, skewed up to 15°."""
    rng = np.random.default_rng([seed, severity])
    quarters, skew = int(rng.integers(4)), float(rng.uniform(-15, 15))
    return render_document(specimen, seed=seed, severity=severity, frames=2 * bursts, quarters=quarters, skew_deg=skew)


def try_document(reader: DocumentReader, specimen: Specimen, frames: list[Image], cell: Cell, hostile: Counter[str]) -> None:
    """Judge each burst of two frames of one document."""
    adversary = Adversary(specimen, hostile)
    readings = [reader.read(frame) for frame in frames]
    for at in range(0, len(readings), 2):
        burst = readings[at : at + 2]
        told = [frame_read(reading, k) for k, reading in enumerate(burst)]
        cell.bursts += 1
        adversary.ask(burst, told)
        if accept_reading(told):
            continue
        found = next(reading for reading in burst if reading.kind)
        cell.accepted += 1
        if (found.kind, found.value) != (specimen.kind, specimen.number):
            cell.wrong.append(f"{specimen.kind} {specimen.number} read as {found.kind} {found.value}")


def campaign(accepted: int, minutes: float, seed: int) -> Tally:
    """Until so many are accepted or the time is over."""
    cv2.setNumThreads(1)
    reader, tally, begun_s = DocumentReader(list(LAYOUTS.values())), Tally(), time.monotonic()
    reader.warm_up()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("accepted bursts", total=accepted)
        for specimen, number, severity in documents(seed):
            frames = seen(specimen, number, severity, BURSTS)
            try_document(reader, specimen, frames, tally.cells[severity], tally.hostile)
            progress.update(task, completed=tally.accepted)
            if tally.accepted >= accepted or time.monotonic() - begun_s > 60 * minutes:
                return tally
    raise AssertionError("unreachable: documents never end")


def figures(tally: Tally, asked: int, seed: int) -> dict[str, Any]:
    """For docs/figures.json."""
    wrong = tally.wrong
    rows = {f"severity {severity}": cell for severity, cell in tally.cells.items()}
    return {
        "seed": seed,
        "asked_for": asked,
        "accepted": tally.accepted,
        "wrong_accepted": len(wrong),
        "wrong": wrong[:5],
        "bound_95": round(3 / max(1, tally.accepted), 6) if not wrong else None,
        "bursts_per_rendered_document": BURSTS,
        "kinds": len(PRINTED),
        "accepted_rate": {name: round(cell.accepted / max(1, cell.bursts), 4) for name, cell in rows.items()},
        "bursts": {name: cell.bursts for name, cell in rows.items()},
        "look_alike_manifests": dict(tally.hostile),
    }


def show(row: dict[str, Any]) -> None:
    """Two tables."""
    table = Table("number lines, two frames", "figure")
    for name in ("accepted", "wrong_accepted", "bound_95", "asked_for"):
        table.add_row(name, str(row[name]))
    for name, rate in row["accepted_rate"].items():
        table.add_row(f"accepted, {name}", f"{rate:.2%} of {row['bursts'][name]}")
    for name, count in row["look_alike_manifests"].items():
        table.add_row(f"look-alike manifests, {name}", str(count))
    Console(stderr=True).print(table)


def main() -> int:
    """Run, show, keep."""
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else ACCEPTED
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else MINUTES
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else SEED
    row = figures(campaign(asked, minutes, seed), asked, seed)
    show(row)
    if asked == ACCEPTED:
        keep("number_lines", row)
    hostile = sum(count for name, count in row["look_alike_manifests"].items() if name.endswith(": wrong"))
    return 1 if row["wrong_accepted"] or hostile else 0


if __name__ == "__main__":
    sys.exit(main())
