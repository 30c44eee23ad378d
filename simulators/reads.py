"""How the readers did: what the journal says was read, against what the cameras were really shown."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simulators.scene import Scene
from simulators.tokens import token

PROVED = 7
"""flags syntax, check digit and dates: without all three a reading is none"""


def _records(journal: Path, kind: str) -> Iterator[dict[str, Any]]:
    sql = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        for (body,) in sql.execute("SELECT body FROM record WHERE kind = ? ORDER BY seq", (kind,)):
            yield json.loads(body)
    finally:
        sql.close()


def count_reads(
    journal: Path, scene: Scene, exposures: Mapping[str, Mapping[str, Any]], site_key: bytes
) -> dict[str, dict[str, int]]:
    """{kind: {ok, unreadable, wrong}} by frame; `exposures` as the shop floor reports them, keyed by trigger."""
    counts: dict[str, dict[str, int]] = {}
    for frame in _records(journal, "FrameRead"):
        index = exposures["id_camera"].get(str(frame["trigger"]))
        if index is None:
            continue
        document = scene.documents[index]
        read = frame["kind"] is not None and frame["flags"] & PROVED == PROVED
        right = frame["kind"] == document.kind and frame["token"] == token(site_key, document.kind, document.number)
        _count(counts, document.kind, "unreadable" if not read else "ok" if right else "wrong")
    for frame in _records(journal, "LabelRead"):
        labels = exposures["label_camera"].get(str(frame["trigger"]))
        if labels:
            shown = {text for label in labels for text in label}
            seen = {symbol["text"] for symbol in frame["symbols"]}
            _count(counts, "label", "wrong" if seen - shown else "ok" if seen == shown else "unreadable")
    return counts


def _count(counts: dict[str, dict[str, int]], kind: str, what: str) -> None:
    counts.setdefault(kind, {"ok": 0, "unreadable": 0, "wrong": 0})[what] += 1
