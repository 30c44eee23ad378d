"""What runs in the helper process: read a request, do its job, write the reply, until the runtime closes the pipe."""

import os
import signal
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import msgspec

from edge.labels.compose import compose, face_of
from edge.labels.fields import LabelError
from edge.labels.languages import LANGUAGES
from edge.reports.errors import ReportError
from edge.runtime.helper import LENGTH, LabelJob, Reply, Request
from edge.runtime.records import JournalError
from line_config.label_layout import LabelLayout, load_label_layout

NICENESS = 5


@lru_cache
def _layout(path: str) -> LabelLayout:
    layout = load_label_layout(Path(path))
    for weight in ("regular", "bold"):
        face_of(layout, weight).warm_up()
    return layout


def label(body: bytes) -> bytes:
    """LabelJob → printer format; empty when there is nothing to print."""
    job = msgspec.msgpack.decode(body, type=LabelJob)
    layout = _layout(job.layout)
    return b"" if job.fields is None else LANGUAGES[job.language](compose(layout, job.fields), layout)


def keep(body: bytes) -> bytes:
    """KeepJob → Kept."""
    from edge.runtime import keeper  # noqa: PLC0415 - the helper that draws labels need not know the core

    return msgspec.msgpack.encode(keeper.keep(msgspec.msgpack.decode(body, type=keeper.KeepJob)))


def paper(body: bytes) -> bytes:
    """PaperJob → name of the archived page."""
    from edge.runtime import papers  # noqa: PLC0415 - as above

    return papers.make(msgspec.msgpack.decode(body, type=papers.PaperJob)).encode()


def pages(body: bytes) -> bytes:
    """PageJob → why the file must not be printed, "" = it may."""
    from edge.runtime import page_check  # noqa: PLC0415 - the helper that draws labels reads no files of others

    return page_check.fault_of(msgspec.msgpack.decode(body, type=page_check.PageJob)).encode()


def carrier(body: bytes) -> bytes:
    """The code of a carrier sheet → its PDF."""
    from edge.runtime import carrier_sheet  # noqa: PLC0415 - as above

    return carrier_sheet.carrier_pdf(body.decode())


def lot(body: bytes) -> bytes:
    """LotJob → Filed."""
    from edge.runtime import lot_files  # noqa: PLC0415 - as above

    return msgspec.msgpack.encode(lot_files.file_lot(msgspec.msgpack.decode(body, type=lot_files.LotJob)))


JOBS: dict[str, Callable[[bytes], bytes]] = {
    "label": label,
    "keep": keep,
    "paper": paper,
    "lot": lot,
    "pages": pages,
    "carrier": carrier,
}
REFUSALS = (LabelError, ReportError, JournalError)
"""what a job says when it cannot be done; the text is for people"""


def answer(message: bytes) -> bytes:
    """Request → Reply. An error that no job foresees ends the process: the runtime starts another."""
    request = msgspec.msgpack.decode(message, type=Request)
    try:
        reply = Reply(JOBS[request.job](request.body))
    except REFUSALS as error:
        reply = Reply(refusal=str(error))
    return msgspec.msgpack.encode(reply)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the source ends."""
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        (length,) = LENGTH.unpack(head)
        reply = answer(source.read(length))
        sink.write(LENGTH.pack(len(reply)) + reply)
        sink.flush()


def main() -> None:
    """Serve on stdin and stdout, below the loop in priority; Ctrl-C is the runtime's business."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # the runtime's own class is inherited, and knows no niceness
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
