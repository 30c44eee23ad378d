"""Number lines: how many documents two frames prove, how many of them wrongly, and how fast; beside the engines one could buy.

Frames come from the simulators' documents in a cut of OCR-B that the recogniser was not trained on, with seeds of their own,
any side up and skewed up to 15°. `python scripts/bench_lines.py DOCUMENTS SEED`: as many of each kind and severity.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from figures import keep
from numpy.typing import NDArray
from rich.progress import track

from edge.core.device_events import FrameRead
from edge.core.matching import accept_reading
from edge.core.values import Camera
from line_config.document_layout import standard_layouts
from simulators.documents import render_document
from simulators.specimen_folder import GUIDED
from simulators.specimens import KINDS, Specimen, make_specimen
from vision import ocr
from vision.forms import FORMS
from vision.locate import find_outline, straighten
from vision.messages import ACCEPTED
from vision.readers import DocumentReader, Reading, turns_that_fit
from vision.tokens import fold

Image = NDArray[np.uint8]
PRINTED = tuple(kind for kind in KINDS if kind not in GUIDED)
LAYOUTS = {layout.kind: layout for layout in standard_layouts()}
SEVERITIES = (0, 1, 2)
SEED, DOCUMENTS, ENGINE_DOCUMENTS = 5_000_000, 40, 6
# Pairs that no check digit of a machine readable zone tells apart (equal modulo 10).
BLIND = {"1": "L", "L": "1", "6": "G", "G": "6", "8": "S", "S": "8", "0": "A", "A": "0", "5": "Z", "Z": "5", "4": "E", "E": "4"}


@dataclass
class Cell:
    """Documents of one severity."""

    documents: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)


def frames_of(specimen: Specimen, seed: int, severity: int) -> list[Image]:
    """Two exposures, any side up, skewed."""
    rng = np.random.default_rng([seed, severity])
    quarters, skew = int(rng.integers(4)), float(rng.uniform(-15, 15))
    return render_document(specimen, seed=seed, severity=severity, frames=2, quarters=quarters, skew_deg=skew)


def proved(readings: list[Reading]) -> Reading | None:
    """The accept rule before the manifest: two frames that say the same, or one that is confident beyond doubt."""
    frames = [
        FrameRead(
            at_us=0, camera=Camera.ID, camera_boot=1, trigger=1, k=k, kind=reading.kind, flags=int(reading.flags),
            token=reading.value, skeleton="", confidence_permille=0, masked="", evidence="",
        )
        for k, reading in enumerate(readings)
    ]  # fmt: skip
    return None if accept_reading(frames) else next(reading for reading in readings if reading.kind)


def campaign(documents: int, seed: int) -> tuple[dict[int, Cell], dict[str, Any]]:
    """All kinds in all severities; the second part is what an adversarial manifest makes of the same readings."""
    reader = DocumentReader(list(LAYOUTS.values()))
    reader.warm_up()
    cells = {severity: Cell() for severity in SEVERITIES}
    hostile: Counter[str] = Counter()
    work = [(n, kind, severity) for n in range(documents) for kind in PRINTED for severity in SEVERITIES]
    for n, kind, severity in track(work, "reading"):
        specimen, cell = make_specimen(kind, seed + n), cells[severity]
        readings = []
        for frame in frames_of(specimen, seed + n, severity):
            begun = time.thread_time_ns()
            readings.append(reader.read(frame))
            cell.took_ms.append((time.thread_time_ns() - begun) / 1e6)
        cell.documents += 1
        found = proved(readings)
        if found is not None:
            cell.accepted += 1
            if (found.kind, found.value) != (kind, specimen.number):
                cell.wrong.append(f"{kind} {specimen.number} read as {found.kind} {found.value}")
        _against(hostile, specimen, readings, found)
    return cells, dict(hostile)


def _against(hostile: Counter[str], specimen: Specimen, readings: list[Reading], found: Reading | None) -> None:
    """A manifest that holds, beside the document's number, every number that looks like it in one place."""
    number = specimen.number
    if LAYOUTS[specimen.kind].check != "mrz":
        return
    alike = {number[:at] + BLIND[char] + number[at + 1 :] for at, char in enumerate(number) if char in BLIND}
    if not alike:
        return
    hostile["documents"] += 1
    single = next((reading for reading in readings if reading.kind and reading.flags & ACCEPTED == ACCEPTED), None)
    hostile["baseline_wrong"] += single is not None and single.value in alike
    layout = LAYOUTS[specimen.kind]
    twins = {fold(layout, one) for one in alike} & {fold(layout, number)}
    if found is not None and found.value in {number, *alike} and twins:
        # The pool refuses it as AMBIGUOUS unless the second field decides: each look-alike order has another birth date.
        hostile["ambiguous"] += 1
        right_birth = found.second == specimen.birth.strftime("%y%m%d")
        hostile["decided_by_birth"] += right_birth
        hostile["wrong_accepted"] += right_birth and found.value != number


def speed() -> dict[str, Any]:
    """Ms of thread CPU: a line of 44 characters, and a frame of 5.2 megapixels as it comes, empty, and unreadable."""
    reader = DocumentReader(list(LAYOUTS.values()))
    reader.warm_up()
    lines = ocr.LineReader()
    specimen = make_specimen("passport", SEED)
    layout, frames = LAYOUTS["passport"], {}
    frame = render_document(specimen, seed=SEED, severity=1, frames=1)[0]
    outline = next(turns_that_fit(find_outline(frame), layout))  # type: ignore[arg-type]
    (slots,) = FORMS[layout.reader].lines
    crop = straighten(frame, outline, layout, ocr.PITCH_PX * 45, ocr.LINE_HEIGHT_PX)
    figures: dict[str, Any] = {"line_44_ms": _timed([crop] * 200, lambda one: lines.read(one, slots))}
    for name, severity in (("readable", 1), ("unreadable", 3)):
        frames[name] = [
            _large(render_document(make_specimen(kind, SEED + n), seed=n, severity=severity, frames=1)[0])
            for n in range(4)
            for kind in PRINTED
        ]
    frames["empty_belt"] = [np.random.default_rng(n).integers(30, 60, (2048, 2560)).astype(np.uint8) for n in range(20)]
    figures |= {f"frame_5mp_{name}_ms": _timed(pictures, reader.read) for name, pictures in frames.items()}
    typical = figures["frame_5mp_readable_ms"]["mean"]
    return {**figures, "frames_per_s_per_core": round(1000 / typical, 1)}


def _large(frame: Image) -> Image:
    return np.asarray(cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


def _timed(pictures: list[Image], call: Any) -> dict[str, float]:
    took = []
    for picture in pictures:
        begun = time.thread_time_ns()
        call(picture)
        took.append((time.thread_time_ns() - begun) / 1e6)
    p50, p99 = np.percentile(took, (50, 99))
    return {"p50": round(float(p50), 2), "p99": round(float(p99), 2), "mean": round(float(np.mean(took)), 2)}


def engines(documents: int) -> dict[str, Any]:
    """Share of lines read without a fault and ms a line, on the same crops: ours, PP-OCRv6 masked alike, tesseract."""
    crops = []
    for n in range(documents):
        for kind in PRINTED:
            for severity in SEVERITIES:
                specimen, layout = make_specimen(kind, SEED + 900 + n), LAYOUTS[kind]
                frame = render_document(specimen, seed=n, severity=severity, frames=1)[0]
                outline = find_outline(frame)
                if outline is None or len(FORMS[layout.reader].lines) > 1:
                    continue
                (slots,) = FORMS[layout.reader].lines
                size = (ocr.PITCH_PX * (len(slots) + 1), ocr.LINE_HEIGHT_PX)
                crops.append((straighten(frame, outline, layout, *size), slots, specimen.number, severity))
    made = {"own": ocr.LineReader(), "pp_ocr_v6_small": ocr.LineReader(ocr.SECOND)}
    rows = {name: _engine(crops, lambda crop, slots, lines=lines: lines.read(crop, slots).text) for name, lines in made.items()}
    if shutil.which("tesseract"):
        rows["tesseract_eng"] = _engine(crops, _tesseract, wall=True)
    return rows


def _engine(crops: list[Any], read: Any, *, wall: bool = False) -> dict[str, Any]:
    right: Counter[int] = Counter()
    lines: Counter[int] = Counter()
    took = []
    clock = time.perf_counter_ns if wall else time.thread_time_ns
    read(*crops[0][:2])
    for crop, slots, number, severity in crops:
        begun = clock()
        text = read(crop, slots)
        took.append((clock() - begun) / 1e6)
        lines[severity] += 1
        right[severity] += number in text
    rates = {f"severity_{severity}": round(right[severity] / count, 3) for severity, count in sorted(lines.items())}
    return {**rates, "ms_p50": round(float(np.median(took)), 2), "lines": sum(lines.values())}


def _tesseract(crop: Image, slots: Any) -> str:
    allowed = "".join(sorted(set("".join(slots))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.png"
        cv2.imwrite(str(path), crop)
        command = ["tesseract", str(path), "-", "--psm", "7", "-c", f"tessedit_char_whitelist={allowed}"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.replace(" ", "")


def lines_part(documents: int = DOCUMENTS, seed: int = SEED) -> dict[str, Any]:
    """The part of the bench."""
    cells, hostile = campaign(documents, seed)
    accepted = sum(cell.accepted for cell in cells.values())
    wrong = [text for cell in cells.values() for text in cell.wrong]
    figures: dict[str, Any] = {
        "seed": seed,
        "kinds": len(PRINTED),
        "accepted": accepted,
        "wrong_accepted": len(wrong),
        "wrong": wrong[:5],
        "bound_95": round(3 / accepted, 6) if accepted and not wrong else None,
        "adversarial": hostile,
    }
    for severity, cell in cells.items():
        p50, p99 = np.percentile(cell.took_ms, (50, 99))
        figures[f"severity_{severity}"] = {
            "documents": cell.documents, "accepted_rate": round(cell.accepted / cell.documents, 4),
            "frame_ms_p50": round(float(p50), 1), "frame_ms_p99": round(float(p99), 1),
        }  # fmt: skip
    return {**figures, **speed(), "engines": engines(ENGINE_DOCUMENTS)}


if __name__ == "__main__":
    found = lines_part(int(sys.argv[1]), int(sys.argv[2]))
    keep("bench", found, part="lines")
    print(json.dumps(found, indent=1))
