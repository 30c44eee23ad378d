"""Photographs from outside: parcels, products, codes and tickets on bent and folded paper, cards and passports held askew.

`python scripts/photos_campaign.py [COUNT] [SEED]`: so many of each subject and severity, read as `sealline read` reads them;
beside it zxing-cpp and pyzbar with everything they can look for. Exit 1 if anything was accepted that is not there.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import zxingcpp
from figures import keep
from numpy.typing import NDArray
from pyzbar import pyzbar
from rich.console import Console
from rich.progress import track
from rich.table import Table

from line_config.document_layout import standard_layouts
from simulators.phone_photos import SEVERITIES, STIFF, SUBJECTS, Photo, photographs
from vision.pictures import PictureReader

Image = NDArray[np.uint8]
COUNT, SEED = 20, 4_000


def ours(reader: PictureReader, photo: Photo) -> tuple[bool, bool]:
    """Read; anything accepted that is another value, or of another kind where a kind is named."""
    accepted = [reading for reading in reader.read(photo.picture) if reading.accepted]
    right = any(reading.value == photo.value for reading in accepted)
    return right, any(reading.value != photo.value or reading.kind not in (photo.kind, "number") for reading in accepted)


def _zxing(picture: Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def _zbar(picture: Image) -> list[str]:
    return [found.data.decode("utf-8", "replace") for found in pyzbar.decode(picture)]


PEERS: dict[str, Callable[[Image], list[str]]] = {"zxing-cpp": _zxing, "pyzbar": _zbar}


def campaign(count: int, seed: int) -> dict[str, Any]:
    """Figures by reader, subject and severity."""
    cv2.setNumThreads(1)
    reader = PictureReader(standard_layouts())
    right: Counter[tuple[str, str, int]] = Counter()
    wrong: list[str] = []
    wrong_of: Counter[str] = Counter()
    took_ms = []
    for photo in track(photographs(count, seed), "photographs", total=count * len(SUBJECTS) * len(SEVERITIES)):
        begun = time.thread_time()
        read, false = ours(reader, photo)
        took_ms.append((time.thread_time() - begun) * 1e3)
        right["ours", photo.subject, photo.severity] += read
        wrong_of["ours"] += false
        wrong += [f"{photo.subject}, severity {photo.severity}: {photo.value}"] if false else []
        for name, decode in PEERS.items() if photo.subject not in STIFF else ():
            texts = decode(photo.picture)
            right[name, photo.subject, photo.severity] += photo.value in texts
            wrong_of[name] += bool(set(texts) - {photo.value})
    rates = {
        name: {
            subject: [round(right[name, subject, severity] / count, 3) for severity in SEVERITIES]
            for subject in SUBJECTS
            if name == "ours" or subject not in STIFF
        }
        for name in ("ours", *PEERS)
    }
    p50, p99 = (round(float(ms), 1) for ms in np.percentile(took_ms, (50, 99)))
    return {
        "seed": seed, "of_each": count, "photographs": len(took_ms), "read_rate_by_severity": rates, "wrong": wrong,
        "wrong_pictures": dict(wrong_of), "p50_ms": p50, "p99_ms": p99,
    }  # fmt: skip


def show(figures: dict[str, Any]) -> None:
    """One table."""
    table = Table("subject", *figures["read_rate_by_severity"], title=f"photographs, read at severities {SEVERITIES}")
    for subject in SUBJECTS:
        cells = [rates.get(subject) for rates in figures["read_rate_by_severity"].values()]
        table.add_row(subject, *("—" if cell is None else " ".join(f"{rate:.0%}" for rate in cell) for cell in cells))
    table.add_row("pictures with a wrong text", *(str(figures["wrong_pictures"][name]) for name in ("ours", *PEERS)))
    Console(stderr=True).print(table)


def main() -> int:
    """Run, show, keep."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    figures = campaign(count, int(sys.argv[2]) if len(sys.argv) > 2 else SEED)
    show(figures)
    if count >= COUNT:
        keep("photos", figures)
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
