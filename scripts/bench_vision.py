"""The eyes in one table: labels, number lines and documents by ours, and by what one could take instead, on the same frames.

Peers: pyzbar and zxing-cpp alone, with their own search; Debian's tesseract-ocr and PP-OCRv6 small (out of rapidocr) as the
recogniser of lines in the place of ours, with our locator before them and our accept rule behind. Times are CPU ms. Peers that
are slow see the first part of the frames only; each cell says of how many it speaks.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from bench_eyes_back import eyes_back_ms
from bench_labels import FRAMES, LARGE, PEER_FRAMES, READERS, SEED, SMALL, empties, labels, tried
from bench_lines import Outcome, documents, engines, large_frames, line_44_ms, lines, sheets
from bench_loop import loop_lag
from rich.console import Console
from rich.table import Table

EMPTY_FRAMES = 1000
DOCUMENTS, LINE_DOCUMENTS, LARGE_DOCUMENTS = 10, 12, 6
PEER_DOCUMENTS = {"tesseract": 1, "PP-OCR": 3}
LINE_PEERS = {"tesseract": 2, "PP-OCR": 6}
NAMES = ("ours", "zxing-cpp", "pyzbar", "PP-OCR", "tesseract")
Cells = dict[str, Any]
"""reader → what it does"""


def vision() -> dict[str, Any]:
    """For the bench: the table on the screen; its rows are the figures."""
    cv2.setNumThreads(1)
    rows = {**_labels(), **_lines(), **_documents(), **_speed(), **_loop(), **_back()}
    show(rows)
    return {"seed": SEED, "rows": rows, "tesseract": "tesseract" in engines() or "not installed: apt-get install tesseract-ocr"}


def _cell(value: object, asked: str = "") -> Cells:
    return {"asked": asked, "ours": value}


def _labels() -> dict[str, Cells]:
    rows: dict[str, Cells] = {}
    for size, name in ((SMALL, "1.3 MP"), (LARGE, "5 MP")):
        read, speed, none = {"asked": "≥ 99.9 %, 0 wrong"}, {"asked": "≥ 60/s at 5 MP"}, {"asked": "0"}
        for reader, call in READERS.items():
            own = reader == "ours"
            seen = tried(call, labels((FRAMES if own else PEER_FRAMES) // 2, size, SEED))
            empty = tried(call, empties((EMPTY_FRAMES if own else PEER_FRAMES) // 2, size, SEED))
            read[reader] = f"{seen['both'] / seen['frames']:.2%} of {seen['frames']}, {seen['wrong']} wrong"
            speed[reader] = f"{seen['per_s']}/s, {seen['p50_ms']} ms, p99 {seen['p99_ms']}"
            none[reader] = f"{empty['wrong']} of {empty['frames']}, {empty['p50_ms']} ms, p99 {empty['p99_ms']}"
        rows |= {
            f"labels {name}: both symbols read": read,
            f"labels {name}: frames a second": speed,
            f"no symbol {name}: read all the same": none,
        }
    return rows


def _of(outcomes: Sequence[Outcome], severities: Sequence[int]) -> str:
    mine = [outcome for outcome in outcomes if outcome.severity in severities]
    wrong = sum(outcome.wrong for outcome in mine)
    share = sum(outcome.right for outcome in mine) / max(1, len(mine))
    return f"{share:.1%} of {len(mine)}" + (f", {wrong} WRONG" if wrong else "")


def _lines() -> dict[str, Cells]:
    rows: dict[str, Cells] = {f"lines without a fault, severity {severity}": {} for severity in (0, 1, 2)}
    rows["line of 44 characters"] = {"asked": "≤ 2 ms"}
    for name, engine in engines().items():
        outcomes = lines(engine, LINE_PEERS.get(name, LINE_DOCUMENTS), (0, 1, 2))
        for severity in (0, 1, 2):
            rows[f"lines without a fault, severity {severity}"][name] = _of(outcomes, [severity])
        rows["line of 44 characters"][name] = _ms(line_44_ms(engine, 300 if name == "ours" else 20))
    return rows


def _documents() -> dict[str, Cells]:
    rows: dict[str, Cells] = {
        "documents, one frame, severity 0–1": {"asked": "≥ 99 % of two frames"},
        "documents, one frame, severity 2": {"asked": "≥ 90 % of two frames"},
        "documents, CPU a frame of 1.3 MP": {},
        "sheets, plates, books alone, severity 0–2": {},
    }
    first, second, cpu, alone = rows.values()
    for name, engine in engines().items():
        outcomes = documents(engine, PEER_DOCUMENTS.get(name, DOCUMENTS), (0, 1, 2))
        first[name], second[name] = _of(outcomes, (0, 1)), _of(outcomes, (2,))
        cpu[name] = _ms([outcome.ms for outcome in outcomes])
    for name, call in READERS.items():
        if name != "ours":
            alone[name] = _of(sheets(call, DOCUMENTS, (0, 1, 2)), (0, 1, 2))
    alone["ours"] = _of(documents(engines()["ours"], DOCUMENTS, (0, 1, 2), ("a4", "vehicle_plate", "book")), (0, 1, 2))
    return rows


def _ms(took: Sequence[float]) -> str:
    p50, p99 = np.percentile(took, (50, 99))
    return f"{p50:.1f} ms, p99 {p99:.1f}"


def _speed() -> dict[str, Cells]:
    asked = {"readable": "≥ 40/s", "unreadable": "p99 ≤ 60 ms", "empty belt": "p99 ≤ 60 ms"}
    return {
        f"ID frames of 5 MP, {name}": _cell(f"{1000 / float(np.mean(took)):.0f}/s, {_ms(took)}", asked[name])
        for name, took in large_frames(LARGE_DOCUMENTS).items()
    }


def _loop() -> dict[str, Cells]:
    lag = loop_lag()
    said = f"{lag['p50']} ms, p99 {lag['p99']}, max {lag['max']}; {lag['frames_per_s_each']} frames/s each"
    return {"main loop late, both workers at 8 frames/s of 5 MP": _cell(said, "p99 ≤ 5 ms")}


def _back() -> dict[str, Cells]:
    return {
        f"camera there again after kill -9 of {what}": _cell(f"{_ms(took)}, max {max(took):.0f}; {len(took)} kills", "≤ 1 s")
        for what, took in eyes_back_ms().items()
    }


def show(rows: dict[str, Cells]) -> None:
    """One table."""
    table = Table("what", "asked for", *NAMES, title="vision", show_lines=True)
    for name, cells in rows.items():
        table.add_row(name, str(cells.get("asked", "")), *(str(cells.get(reader, "—")) for reader in NAMES))
    Console(stderr=True, width=200).print(table)
