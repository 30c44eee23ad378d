"""Number lines and documents by our eyes, and by engines that one could buy, on the same frames and under the same rule.

Frames come from the simulators' documents in a cut of OCR-B that the recogniser was not trained on, with seeds of their own,
any side up and skewed up to 15°. Times are CPU ms: of this thread, or of the program that was started.
"""

import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import standard_layouts
from simulators.documents import render_document
from simulators.specimen_folder import GUIDED
from simulators.specimens import KINDS, Specimen, make_specimen
from vision import ocr
from vision.forms import FORMS
from vision.locate import find_outline, straighten
from vision.ocr import Line, LineReader
from vision.readers import DocumentReader, slots_of, turns_that_fit

Image = NDArray[np.uint8]
PRINTED = tuple(kind for kind in KINDS if kind not in GUIDED)
LAYOUTS = {layout.kind: layout for layout in standard_layouts()}
SEED = 5_000_000
LARGE = 2
"""enlarges a frame of 1.3 to one of 5.2 megapixels"""


class Tesseract:
    """Debian's tesseract-ocr on single lines, allowed the characters that may stand there; a program for each line."""

    @staticmethod
    def there() -> bool:
        """Whether it is installed."""
        return shutil.which("tesseract") is not None

    @staticmethod
    def text(crop: Image, allowed: str) -> str:
        """What it reads, without spaces."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "line.png"
            cv2.imwrite(str(path), crop)
            command = ["tesseract", str(path), "-", "--psm", "7", "-c", f"tessedit_char_whitelist={allowed}"]
            environment = {"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"}
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        return "".join(done.stdout.split())


class TesseractLines(LineReader):
    """Tesseract in the place of our recogniser."""

    def read(self, line: Image, slots: Sequence[str], *, at_end: bool = False) -> Line:
        """Its text, if it has as many characters as there are slots."""
        text = Tesseract.text(line, "".join(sorted(set("".join(slots)))))
        text = text[-len(slots) :] if at_end else text
        return Line(text, 0.5) if len(text) == len(slots) else Line("", 0.0)

    def warm_up(self) -> None:
        """Nothing is loaded before a line."""


def engines() -> dict[str, LineReader]:
    """By name: ours, PP-OCR's recogniser under the same mask, tesseract where it is installed."""
    found: dict[str, LineReader] = {"ours": LineReader(), "PP-OCR": LineReader(ocr.SECOND)}
    return {**found, "tesseract": TesseractLines()} if Tesseract.there() else found


def frame_of(specimen: Specimen, seed: int, severity: int) -> Image:
    """One exposure: sheets against their rail, everything else any side up and skewed."""
    rng = np.random.default_rng([seed, severity])
    free = specimen.kind not in GUIDED
    quarters, skew = (int(rng.integers(4)), float(rng.uniform(-15, 15))) if free else (0, 0.0)
    return render_document(specimen, seed=seed, severity=severity, frames=1, quarters=quarters, skew_deg=skew)[0]


def sights(count: int, kinds: Sequence[str], severities: Sequence[int]) -> Iterator[tuple[Specimen, Image, int]]:
    """`count` documents of each kind and severity: what it is, how it is seen, severity."""
    for n in range(count):
        for kind in kinds:
            for severity in severities:
                specimen = make_specimen(kind, SEED + n)
                yield specimen, frame_of(specimen, SEED + n, severity), severity


class Outcome(NamedTuple):
    """One picture: read, read wrongly, CPU ms, severity."""

    right: bool
    wrong: bool
    ms: float
    severity: int


def cpu_ms() -> float:
    """Of this thread and of all programs that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.thread_time() * 1e3 + (children.ru_utime + children.ru_stime) * 1e3


def documents(lines: LineReader, count: int, severities: Sequence[int], kinds: Sequence[str] = KINDS) -> list[Outcome]:
    """Whole frames by the ID camera's reader, with this engine for its lines: right if kind and number are accepted."""
    reader = DocumentReader(list(LAYOUTS.values()), lines)
    reader.warm_up()
    outcomes = []
    for specimen, frame, severity in sights(count, kinds, severities):
        begun = cpu_ms()
        found = reader.read(frame)
        took = cpu_ms() - begun
        right = (found.kind, found.value) == (specimen.kind, specimen.number)
        outcomes.append(Outcome(found.accepted and right, found.accepted and not right, took, severity))
    return outcomes


def sheets(read: Callable[[Image], frozenset[tuple[str, str]]], count: int, severities: Sequence[int]) -> list[Outcome]:
    """Sheets, plates and books by a decoder of symbols alone."""
    outcomes = []
    for specimen, frame, severity in sights(count, sorted(GUIDED), severities):
        begun = cpu_ms()
        texts = {text for _, text in read(frame)}
        took = cpu_ms() - begun
        outcomes.append(Outcome(specimen.number in texts, bool(texts - {specimen.number}), took, severity))
    return outcomes


def lines(engine: LineReader, count: int, severities: Sequence[int]) -> list[Outcome]:
    """Straightened lines of all kinds with one line, whole: right if no character is wrong or missing."""
    outcomes = []
    for specimen, frame, severity in sights(count, PRINTED, severities):
        layout = LAYOUTS[specimen.kind]
        outline = find_outline(frame)
        if len(FORMS[layout.reader].lines) > 1 or outline is None:
            continue
        # Of its two sides the one that has the number is not known: the better reading counts, for every engine alike.
        (slots,), best = slots_of(layout), Outcome(False, False, 0.0, severity)
        for turned in turns_that_fit(outline, layout):
            crop = straighten(frame, turned, layout, ocr.LINE_HEIGHT_PX)
            begun = cpu_ms()
            text = engine.read(crop, slots).text
            took = cpu_ms() - begun
            best = max(best, Outcome(specimen.number in text, False, took, severity))
        outcomes.append(best)
    return outcomes


def line_44_ms(engine: LineReader, times: int) -> list[float]:
    """CPU ms of one passport's line of 44 characters."""
    specimen, layout = make_specimen("passport", SEED), LAYOUTS["passport"]
    frame = render_document(specimen, seed=SEED, severity=1, frames=1)[0]
    (slots,) = slots_of(layout)
    outlines = (turned for outline in [find_outline(frame)] if outline for turned in turns_that_fit(outline, layout))
    crop = straighten(frame, next(outlines), layout, ocr.LINE_HEIGHT_PX)
    engine.read(crop, slots)
    return timed([crop] * times, lambda line: engine.read(line, slots))


def large_frames(documents_each: int) -> dict[str, list[float]]:
    """CPU ms of our reader on frames of 5.2 megapixels: as they come, unreadable, and an empty belt."""
    reader = DocumentReader(list(LAYOUTS.values()))
    reader.warm_up()
    took = {}
    for name, severity in (("readable", 1), ("unreadable", 3)):
        frames = [
            large(render_document(make_specimen(kind, SEED + n), seed=n, severity=severity, frames=1)[0])
            for n in range(documents_each)
            for kind in KINDS
        ]
        took[name] = timed(frames, reader.read)
    empty = [np.random.default_rng(n).integers(30, 60, (2048, 2560)).astype(np.uint8) for n in range(10 * documents_each)]
    return {**took, "empty belt": timed(empty, reader.read)}


def large(frame: Image) -> Image:
    """Four times as many pixels of the same sight."""
    return np.asarray(cv2.resize(frame, None, fx=LARGE, fy=LARGE, interpolation=cv2.INTER_CUBIC), np.uint8)


def timed(pictures: Sequence[Image], call: Callable[[Image], object]) -> list[float]:
    """CPU ms of each call."""
    took = []
    for picture in pictures:
        begun = cpu_ms()
        call(picture)
        took.append(cpu_ms() - begun)
    return took
