"""Labels as a camera sees them at the edge of what optics allow: how many are read, how fast, and never wrongly.

The faces are the product's own printed labels; the camera is simulators/photo.py. Beside it, on the same frames: pyzbar and
zxing-cpp alone, each asked for Code 128 and QR. Times are of the thread, so that a busy machine changes nothing.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import zxingcpp
from figures import keep
from numpy.typing import NDArray
from pyzbar import pyzbar
from rich.console import Console
from rich.table import Table

from edge.labels.compose import compose
from edge.labels.fields import LabelFields
from line_config.label_layout import load_label_layout
from simulators.photo import SCENES, Shot, expose, ground, photograph
from vision.label_check import read_label

Image = NDArray[np.uint8]
Texts = frozenset[tuple[str, str]]

LAYOUT = Path(__file__).parents[1] / "line_config" / "labels" / "ems_100x150_203.toml"
MODULE_DOTS = 4
"""of the Code 128 in that layout, the finest thing on the label"""
SMALL, LARGE = (1280, 1024), (2448, 2048)
FRAMES, PEER_FRAMES, EMPTY_FRAMES, MANY_FRAMES, SEED = 2000, 200, 1000, 10_000, 1
MODULE_PX = {SMALL: (2.5, 2.8), LARGE: (2.5, 5.6)}
"""up to where the label still lies in the frame at any angle"""


class Sight(NamedTuple):
    """One frame and the symbols that are in it."""

    frame: Image
    truth: Texts


def face(number: int) -> tuple[Image, Texts]:
    """A printed label in grey, and what it bears."""
    tracking, print_id = f"EA{number % 10**9:09}CN", number % 99_991 + 1
    fields = LabelFields(
        tracking, f"{tracking};{print_id}", "测*", "199******00", "广东省广州市样例区测试路***", "440106", "EMS", 2
    )
    dots = np.asarray(compose(load_label_layout(LAYOUT), fields).convert("L"))
    paper = np.where(dots > 127, 30, 235).astype(np.uint8)
    return paper, frozenset({("code128", tracking), ("qr", f"{tracking};{print_id}")})


def labels(count: int, size: tuple[int, int], seed: int) -> Iterator[Sight]:
    """Frames within the promise: ≥ 2.5 px a module, defocus ≤ 0.4 and motion ≤ 0.8 of it, contrast ≥ 15 %, 15 % perspective."""
    rng = np.random.default_rng([seed, size[0]])
    for _ in range(count):
        paper, truth = face(int(rng.integers(1, 10**9)))
        shot = Shot(
            module_px=rng.uniform(*MODULE_PX[size]),
            angle=rng.uniform(0, 360),
            perspective=rng.uniform(0, 0.15),
            defocus=rng.uniform(0, 0.4),
            motion=rng.uniform(0, 0.8),
            contrast=rng.uniform(0.15, 1.0),
            noise=rng.uniform(1, 4),
            light=rng.uniform(0, 0.4),
        )
        yield Sight(photograph(paper, MODULE_DOTS, shot, ground("plain", size, rng), rng), truth)


def empties(count: int, size: tuple[int, int], seed: int) -> Iterator[Sight]:
    """Belts, tables, cloth, print: no symbol in any of them."""
    rng = np.random.default_rng([seed, 7, size[0]])
    for n in range(count):
        shot = Shot(noise=rng.uniform(1, 6), light=rng.uniform(0, 0.5), defocus=0.1)
        yield Sight(expose(ground(SCENES[n % len(SCENES)], size, rng), shot, rng), frozenset())


def ours(frame: Image) -> Texts:
    """As the label camera's worker reads."""
    return frozenset((symbol.symbology, symbol.text) for symbol in read_label(frame).symbols)


def zxing_alone(frame: Image) -> Texts:
    """zxing-cpp with its own search, in all directions that it knows."""
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode])
    names = {zxingcpp.BarcodeFormat.Code128: "code128", zxingcpp.BarcodeFormat.QRCode: "qr"}
    found = zxingcpp.read_barcodes(frame, formats=formats, text_mode=zxingcpp.TextMode.Plain)
    return frozenset((names.get(symbol.format, "other"), symbol.text) for symbol in found)


def pyzbar_alone(frame: Image) -> Texts:
    """Zbar with its own search."""
    kinds = [pyzbar.ZBarSymbol.CODE128, pyzbar.ZBarSymbol.QRCODE]
    names = {"CODE128": "code128", "QRCODE": "qr"}
    found = pyzbar.decode(frame, symbols=kinds)
    return frozenset((names.get(symbol.type, "other"), symbol.data.decode("utf-8", "replace")) for symbol in found)


READERS: dict[str, Callable[[Image], Texts]] = {"ours": ours, "zxing-cpp": zxing_alone, "pyzbar": pyzbar_alone}


def tried(reader: Callable[[Image], Texts], sights: Iterator[Sight]) -> dict[str, Any]:
    """What one reader makes of the frames: both symbols read, Code 128 read, anything wrong, ms of the thread."""
    both = bars = frames = wrong = 0
    took_ms = []
    for sight in sights:
        began_ns = time.thread_time_ns()
        texts = reader(sight.frame)
        took_ms.append((time.thread_time_ns() - began_ns) / 1e6)
        frames += 1
        both += sight.truth <= texts
        bars += any(kind == "code128" for kind, _ in texts & sight.truth)
        wrong += len(texts - sight.truth)
    p50, p99 = (round(float(ms), 1) for ms in np.percentile(took_ms, (50, 99)))
    return {
        "frames": frames, "both": both, "code128": bars, "wrong": wrong,
        "p50_ms": p50, "p99_ms": p99, "per_s": round(1000 / float(np.mean(took_ms)), 1),
    }  # fmt: skip


def measure(frames: int = FRAMES, peer_frames: int = PEER_FRAMES, empty_frames: int = EMPTY_FRAMES) -> dict[str, Any]:
    """All sets by all readers; the peers see the first part of the same frames."""
    cv2.setNumThreads(1)
    rows: dict[str, Any] = {}
    for name, size, share in (("labels 5 MP", LARGE, 2), ("labels 1.3 MP", SMALL, 2)):
        for reader, read in READERS.items():
            count = frames // share if reader == "ours" else peer_frames // share
            rows[f"{name}, {reader}"] = tried(read, labels(count, size, SEED))
    for name, size, share in (("no symbol 5 MP", LARGE, 2), ("no symbol 1.3 MP", SMALL, 2)):
        for reader, read in READERS.items():
            count = empty_frames // share if reader == "ours" else peer_frames // (2 * share)
            rows[f"{name}, {reader}"] = tried(read, empties(count, size, SEED))
    return rows


def show(rows: dict[str, Any]) -> None:
    """One table."""
    table = Table(
        "frames, reader", "n", "both symbols", "Code 128", "wrong", "p50 ms", "p99 ms", "per s and core", title="labels"
    )
    for name, row in rows.items():
        table.add_row(name, *(str(row[key]) for key in ("frames", "both", "code128", "wrong", "p50_ms", "p99_ms", "per_s")))
    Console(stderr=True).print(table)


def main() -> int:
    """`python scripts/bench_labels.py [FRAMES]`: only ours, on many more frames; exit 1 if one is read wrongly."""
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else MANY_FRAMES
    cv2.setNumThreads(1)
    rows = {"labels 1.3 MP, ours": tried(ours, labels(frames, SMALL, SEED + 1))}
    show(rows)
    if frames == MANY_FRAMES:
        keep("vision_labels_many", {"seed": SEED + 1, "rows": rows})
    return 1 if rows["labels 1.3 MP, ours"]["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
