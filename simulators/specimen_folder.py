"""A folder of synthetic frames with the truth beside them, for evaluating the eyes."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from simulators.documents import render_document
from simulators.optics import FRAME_HEIGHT, FRAME_WIDTH, Image, ground
from simulators.specimens import Specimen, specimens

TRUTH = "truth.jsonl"
GUIDED = frozenset({"a4", "vehicle_plate", "book"})
"""they lie against a rail: never turned"""
SKEW_DEG = 15.0


def write_folder(folder: Path, count: int, seed: int, severities: tuple[int, ...]) -> Iterator[Path]:
    """`count` documents of each kind in each severity, any side up, a tenth of them with their back up, and empty belts.

    Yields each file as it is written. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    with (folder / TRUTH).open("w", encoding="utf-8") as truths:
        for severity in severities:
            for specimen in specimens(count, seed):
                back = rng.random() < 0.1 and specimen.kind not in GUIDED
                name = f"{severity}_{specimen.kind}_{specimen.number[-6:]}.png"
                cv2.imwrite(str(folder / name), _frame(specimen, seed, severity, rng, back=back))
                row = {"file": name, "kind": specimen.kind, "value": None if back else specimen.number, "severity": severity}
                truths.write(json.dumps({**row, "side": "back" if back else "front"}) + "\n")
                yield folder / name
        for number in range(count):
            name = f"belt_{number}.png"
            cv2.imwrite(str(folder / name), _empty(seed + number))
            truths.write(json.dumps({"file": name, "kind": "empty_belt", "value": None, "severity": 0}) + "\n")
            yield folder / name


def files(count: int, kinds: int, severities: int) -> int:
    """How many files `write_folder` writes."""
    return count * (kinds * severities + 1)


def _frame(specimen: Specimen, seed: int, severity: int, rng: random.Random, *, back: bool) -> Image:
    guided = specimen.kind in GUIDED
    quarters = 0 if guided else rng.randrange(4)
    skew = 0.0 if guided else rng.uniform(-SKEW_DEG, SKEW_DEG)
    return render_document(specimen, seed=seed, severity=severity, frames=1, quarters=quarters, skew_deg=skew, back=back)[0]


def _empty(seed: int) -> Image:
    """A belt with its texture and some noise."""
    rng = np.random.default_rng(seed)
    belt = ground(int(rng.integers(25, 90)), rng).astype(np.float32)
    seen: Image = np.clip(belt + rng.normal(0, 6, (FRAME_HEIGHT, FRAME_WIDTH)), 0, 255).astype(np.uint8)
    return seen
