"""Number lines by the ten thousand: what two frames prove before any manifest.

`python scripts/lines_campaign.py [ACCEPTED] [MINUTES] [SEED]`: documents of every kind in every severity until so many bursts
of two frames are accepted or the time is over; exit 1 if one was accepted wrongly. A document is rendered once and seen in
several bursts; the cut of OCR-B is one that the recogniser was not trained on. The figure says how far it came.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from figures import keep
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from edge.core.device_events import FrameRead
from edge.core.matching import accept_reading
from edge.core.values import Camera, OrderDocument
from line_config.document_layout import DocumentLayout, standard_layouts
from simulators.documents import render_document
from simulators.specimen_folder import GUIDED
from simulators.specimens import KINDS, Specimen, make_specimen
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


@dataclass
class Cell:
    """Bursts of one severity."""

    bursts: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Tally:
    """All that a campaign counts."""

    cells: dict[int, Cell] = field(default_factory=lambda: {severity: Cell() for severity in SEVERITIES})

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
    tokens = tokens_of(LAYOUTS[kind], reading.value, reading.second) if kind else OrderDocument("", "", "")
    return FrameRead(
        at_us=0, camera=Camera.ID, camera_boot=1, trigger=1, k=k, kind=kind, flags=int(reading.flags), token=tokens.token,
        skeleton=tokens.skeleton, second_field=tokens.second_field, confidence_permille=0, masked="", evidence="",
    )  # fmt: skip


def tokens_of(layout: DocumentLayout, number: str, second: str) -> OrderDocument:
    """As an order names a document."""
    return OrderDocument(
        layout.kind,
        token(SITE_KEY, layout.kind, number),
        skeleton_token(SITE_KEY, layout, number),
        second_token(SITE_KEY, layout, number, second),
    )


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


def try_document(reader: DocumentReader, specimen: Specimen, frames: list[Image], cell: Cell) -> None:
    """Judge each burst of two frames of one document."""
    readings = [reader.read(frame) for frame in frames]
    for at in range(0, len(readings), 2):
        burst = readings[at : at + 2]
        told = [frame_read(reading, k) for k, reading in enumerate(burst)]
        cell.bursts += 1
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
            try_document(reader, specimen, frames, tally.cells[severity])
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
    }


def show(row: dict[str, Any]) -> None:
    """One table."""
    table = Table("number lines, two frames", "figure")
    for name in ("accepted", "wrong_accepted", "bound_95", "asked_for"):
        table.add_row(name, str(row[name]))
    for name, rate in row["accepted_rate"].items():
        table.add_row(f"accepted, {name}", f"{rate:.2%} of {row['bursts'][name]}")
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
    return 1 if row["wrong_accepted"] else 0


if __name__ == "__main__":
    sys.exit(main())
