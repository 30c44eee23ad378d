"""A disk that loses what was not synced: from a recording, what a file system may hold after a power cut at any point."""

import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WRITE, TRUNCATE, SYNC, REMOVE = 1, 2, 3, 4
_HEADER = struct.Struct("=IIQQ")
SECTOR = 512
ACKNOWLEDGED = "acknowledged"
FOLDER = "."
Files = dict[str, bytes]


class Operation(NamedTuple):
    """One recorded call."""

    kind: int
    name: str
    offset: int
    data: bytes


class State(NamedTuple):
    """What the disk may hold after a cut: how it came about, the files, and the transactions acknowledged by then."""

    what: str
    files: Files
    acknowledged: int


def build_recorder(into: Path) -> Path:
    """Compile recorder.c."""
    library = into / "recorder.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, HERE / "recorder.c", "-ldl", "-lpthread"], check=True)
    return library


def recorded(recorder: Path, scratch: Path, transactions: int, level: str) -> list[Operation]:
    """Let a process write a journal under the recorder, in a folder of its own."""
    folder, log = scratch / level, scratch / f"{level}.log"
    folder.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LD_PRELOAD": str(recorder),
        "SEALLINE_RECORD": str(folder),
        "SEALLINE_RECORD_TO": str(log),
    }
    writer = [sys.executable, "-m", "tests.powercut.writer", str(folder), str(transactions), level]
    subprocess.run(writer, cwd=ROOT, env=environment, check=True)
    return list(_operations(log.read_bytes(), folder))


def _operations(log: bytes, folder: Path) -> Iterator[Operation]:
    at = 0
    while at < len(log):
        kind, path_bytes, offset, data_bytes = _HEADER.unpack_from(log, at)
        at += _HEADER.size
        path = log[at : at + path_bytes].decode()
        at += path_bytes
        data = log[at : at + data_bytes] if kind == WRITE else b""
        at += len(data)
        yield Operation(kind, os.path.relpath(path, folder), offset, data)


def after_cuts(operations: list[Operation], seed: int, first: int = 0, step: int = 1) -> Iterator[State]:
    """What the disk may hold after a cut behind each operation: of all such states each `step`th, from `first` on.

    Unsynced writes are all lost, all kept, the last one torn, or some of them lost in any order. What is acknowledged was seen
    outside, so it counts whether synced or not.
    """
    rng = random.Random(seed)
    synced: dict[str, bytearray] = {}
    pending: list[Operation] = []
    acknowledged = count = 0
    for number, operation in enumerate(operations, 1):
        if operation.name == ACKNOWLEDGED:
            acknowledged += operation.data.count(b"\n")
            continue
        if operation.kind == SYNC:
            for one in [one for one in pending if _is_synced_by(one, operation)]:
                _apply(synced, one)
                pending.remove(one)
        else:
            pending.append(operation)
        for what, kept in _kept(pending, rng):
            count += 1
            if (count - 1 - first) % step:
                continue
            files = {name: bytearray(content) for name, content in synced.items()}
            for one in kept:
                _apply(files, one)
            yield State(
                f"{what} behind operation {number}", {name: bytes(content) for name, content in files.items()}, acknowledged
            )


def _is_synced_by(one: Operation, sync: Operation) -> bool:
    """A file's contents are made durable by its own sync, its removal by that of the folder."""
    return one.name == sync.name if one.kind != REMOVE else sync.name == FOLDER


def _kept(pending: list[Operation], rng: random.Random) -> Iterator[tuple[str, list[Operation]]]:
    yield "all that was not synced lost", []
    if not pending:
        return
    yield "all kept", pending
    last = pending[-1]
    if last.kind == WRITE and len(last.data) > SECTOR:
        torn = last._replace(data=last.data[: SECTOR * rng.randrange(1, -(-len(last.data) // SECTOR))])
        yield "the last write torn", [*pending[:-1], torn]
    if len(pending) > 1:
        yield "some lost, in any order", [one for one in pending if rng.random() < 0.5]


def _apply(files: dict[str, bytearray], operation: Operation) -> None:
    if operation.kind == REMOVE:
        files.pop(operation.name, None)
        return
    content = files.setdefault(operation.name, bytearray())
    end = operation.offset + len(operation.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if operation.kind == TRUNCATE:
        del content[end:]
    else:
        content[operation.offset : end] = operation.data
