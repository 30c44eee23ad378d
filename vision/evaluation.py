"""How well the eyes read a folder of pictures whose truth is known: rates, times, and every failure as a picture."""

import base64
import html
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from line_config.document_layout import DocumentLayout, standard_layouts
from vision.files import STRANGE
from vision.picture_file import UnreadableFile, load_picture
from vision.pictures import PictureReader
from vision.readers import DocumentReader, Reading, unread

Image = NDArray[np.uint8]
Read = Callable[[Image], Sequence[Reading]]

TRUTH = "truth.jsonl"
SHOWN_MAX = 200
_THUMB_PX = 480


class TruthError(ValueError):
    """The truth file cannot be used; the text names the line and what to correct."""


@dataclass(frozen=True)
class Truth:
    """One line of the truth file: {"file", "kind", "value", "severity"}; `value` None: nothing may be read there."""

    file: str
    kind: str
    value: str | None
    severity: str


@dataclass(frozen=True)
class Outcome:
    """One picture: what was accepted, whether that is right, and how long it took (ms of this thread)."""

    truth: Truth
    accepted: str | None
    reason: str
    ms: float

    @property
    def right(self) -> bool:
        """Read as it is, or not read where nothing is."""
        return self.accepted == self.truth.value

    @property
    def wrong(self) -> bool:
        """Something was accepted that is not there: the one thing that must not happen."""
        return self.accepted is not None and not self.right


def read_truth(folder: Path) -> list[Truth]:
    """All lines of the folder's truth file. Raises TruthError."""
    path = folder / TRUTH
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TruthError(
            f"{path} cannot be read ({error}); one JSON object per picture: file, kind, value, severity"
        ) from error
    truths = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            value = row["value"]
            truths.append(Truth(str(row["file"]), str(row["kind"]), value and str(value), str(row.get("severity", ""))))
        except (ValueError, KeyError, TypeError) as error:
            raise TruthError(f"{path}, line {number}: {error!r}; write file, kind, value (or null) and severity") from error
    return truths


def reader(layouts: Sequence[DocumentLayout], *, belt: bool) -> Read:
    """As a worker reads frames of the belt, or as `sealline read` reads pictures from anywhere."""
    if not belt:
        return PictureReader(layouts).read
    frames = DocumentReader(layouts)
    frames.warm_up()
    return lambda image: [frames.read(image)]


def evaluate(folder: Path, truths: Iterable[Truth], read: Read) -> Iterator[Outcome]:
    """Read each picture in turn. A picture that cannot be loaded is one that was not read."""
    documents = frozenset(layout.kind for layout in standard_layouts())
    for truth in truths:
        begun = time.thread_time_ns()
        try:
            readings = read(load_picture(folder / truth.file))
        except UnreadableFile as fault:
            readings = [unread(str(fault))]
        except STRANGE as error:
            readings = [unread(f"reader_failed:{type(error).__name__}")]
        ms = (time.thread_time_ns() - begun) / 1e6
        accepted = [_as_asked(reading, truth, documents) for reading in readings if reading.accepted]
        # The right one among several is not enough: whoever accepts must not have to choose.
        value = (
            None
            if not accepted
            else truth.value
            if set(accepted) == {truth.value}
            else next(one for one in accepted if one != truth.value)
        )
        reason = next((reading.reason for reading in readings if reading.reason), "")
        yield Outcome(truth, value, reason, round(ms, 2))


def _as_asked(reading: Reading, truth: Truth, documents: frozenset[str]) -> str:
    """Its value; with another kind than the true one it is wrong, unless it says that it does not know."""
    other = reading.kind != truth.kind and {reading.kind, truth.kind} <= documents
    return f"{reading.kind} {reading.value}" if other else reading.value


def summary(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """One row for each kind and severity, and one for all."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.truth.kind, outcome.truth.severity), []).append(outcome)
    return [_row(*key, found) for key, found in [*sorted(groups.items()), (("all", ""), list(outcomes))]]


def _row(kind: str, severity: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    took = [outcome.ms for outcome in outcomes] or [0.0]
    p50, p99 = (round(float(value), 1) for value in np.percentile(took, (50, 99)))
    right = sum(outcome.right for outcome in outcomes)
    return {
        "kind": kind,
        "severity": severity,
        "pictures": len(outcomes),
        "read_rate": round(right / max(1, len(outcomes)), 4),
        "wrong": sum(outcome.wrong for outcome in outcomes),
        "ms_p50": p50,
        "ms_p99": p99,
    }


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>sealline: evaluation of the eyes</title>
<style>body{{font-family:system-ui,"Noto Sans CJK SC",sans-serif;margin:2rem;color:#262d33}}table{{border-collapse:collapse}}
td,th{{padding:.3rem .8rem;border-bottom:1px solid #c9d1d8;text-align:right}}td:first-child,th:first-child{{text-align:left}}
.wrong{{color:#b3261e;font-weight:700}}figure{{display:inline-block;margin:.5rem;vertical-align:top;max-width:30rem}}
img{{max-width:100%;border:1px solid #c9d1d8}}figcaption{{font-size:.85rem}}</style>
<h1>{title}</h1><table><tr>{heads}</tr>{rows}</table><h2>Failures 未读或误读 ({failures})</h2>{figures}</html>"""


def report(folder: Path, outcomes: Sequence[Outcome]) -> str:
    """A page to look at: the table, then each failure with its picture, wrong reads first."""
    rows = summary(outcomes)
    heads = "".join(f"<th>{name}</th>" for name in rows[0])
    body = "".join("<tr>" + "".join(_cell(name, value) for name, value in row.items()) + "</tr>" for row in rows)
    failed = sorted((outcome for outcome in outcomes if not outcome.right), key=lambda outcome: not outcome.wrong)
    figures = "".join(_figure(folder, outcome) for outcome in failed[:SHOWN_MAX])
    return _PAGE.format(title=html.escape(str(folder)), heads=heads, rows=body, failures=len(failed), figures=figures)


def _cell(name: str, value: object) -> str:
    mark = ' class="wrong"' if name == "wrong" and value else ""
    return f"<td{mark}>{html.escape(str(value))}</td>"


def _figure(folder: Path, outcome: Outcome) -> str:
    truth = outcome.truth
    said = f"{truth.file}: {truth.kind}, severity {truth.severity}. True: {truth.value}. "
    said += (
        f"<b class=wrong>Accepted: {html.escape(outcome.accepted)}</b>" if outcome.accepted else f"Not read: {outcome.reason}"
    )
    return f"<figure>{_thumb(folder / truth.file)}<figcaption>{said}</figcaption></figure>"


def _thumb(path: Path) -> str:
    try:
        image = load_picture(path)
    except UnreadableFile as fault:
        return f"<p>{fault}</p>"
    factor = min(1.0, _THUMB_PX / max(image.shape))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, 70))
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(coded.tobytes()).decode()}">'
