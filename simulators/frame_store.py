"""Frames of all documents of a run, rendered before the first feed, or ahead of the feeder where they are too many."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.documents import DocumentFacts, render_document
from simulators.optics import FRAME_HEIGHT, FRAME_WIDTH, Image

FRAMES = 2
SLOTS_MAX = 400
"""Documents whose frames are held at once: 2.6 MB each."""
_POLL_S = 0.02
_BEHIND = 8
"""Frames of the last few documents stay, because neighbours may change places on the belt."""

Progress = Callable[[int, int], None]


_SHARED = Path("/dev/shm")  # noqa: S108 - the frames' file lives here where there is one, and goes with its last user


@dataclass(frozen=True)
class _Work:
    """What one child needs to know; the frames' file is named, because a child inherits no memory."""

    path: Path
    slots: int
    documents: Sequence[DocumentFacts]
    severities: Sequence[int]
    seed: int
    part: int
    parts: int
    parent: int
    behind: int


def _words_and_frames(path: Path, slots: int) -> tuple[NDArray[np.int64], Image]:
    """The file's two parts: ready[slots] and taken, then the frames."""
    frame_bytes = FRAMES * FRAME_HEIGHT * FRAME_WIDTH
    head = 8 * (slots + 1)
    raw = np.memmap(path, np.uint8, "r+", shape=(head + slots * frame_bytes,))
    return raw[:head].view(np.int64), raw[head:].reshape(slots, FRAMES, FRAME_HEIGHT, FRAME_WIDTH)


def _fill(work: _Work) -> None:
    """A child: render every `parts`-th document as soon as its slot is no longer needed."""
    os.nice(10)
    cv2.setNumThreads(1)
    words, frames = _words_and_frames(work.path, work.slots)
    ready, taken = words[: work.slots], words[work.slots :]
    for index in range(work.part, len(work.documents), work.parts):
        while index - work.slots >= taken[0] - work.behind and index >= work.slots:
            time.sleep(_POLL_S)
            if os.getppid() != work.parent:
                return
        slot = index % work.slots
        ready[slot] = 0
        frames[slot] = render_document(work.documents[index], seed=work.seed, severity=work.severities[index], frames=FRAMES)
        ready[slot] = index + 1


class FrameStore:
    """Frames by document index, filled by niced child processes through a file in shared memory.

    Document i lives in slot i mod slots once ready[slot] = i + 1. `taken` is the highest index asked for; a child renders a
    document as soon as its slot is no longer needed, so a run longer than the store is rendered ahead of the feeder.
    The children are started afresh, not forked: this process has threads, and a forked child may wait for their locks for ever.
    """

    def __init__(
        self,
        documents: Sequence[DocumentFacts],
        severities: Sequence[int],
        *,
        seed: int,
        processes: int = 2,
        slots_max: int = SLOTS_MAX,
    ) -> None:
        self._documents, self._severities, self._seed = documents, severities, seed
        slots = max(1, min(len(documents), slots_max))
        file, name = tempfile.mkstemp(prefix="sealline-frames-", dir=_SHARED if _SHARED.is_dir() else None)
        self._path = Path(name)
        os.truncate(file, 8 * (slots + 1) + slots * FRAMES * FRAME_HEIGHT * FRAME_WIDTH)
        os.close(file)
        words, self._frames = _words_and_frames(self._path, slots)
        self._ready, self._taken = words[:slots], words[slots:]
        self.rendered_late = 0
        context = multiprocessing.get_context("spawn")
        work = [
            _Work(self._path, slots, documents, severities, seed, part, processes, os.getpid(), _BEHIND)
            for part in range(processes)
        ]
        self._children: list[BaseProcess] = [context.Process(target=_fill, args=(one,), daemon=True) for one in work]
        for child in self._children:
            child.start()

    def wait(self, progress: Progress | None = None) -> None:
        """Return once the store is full; `progress` is told (ready, of). Raises ChildProcessError if a child died."""
        slots = len(self._ready)
        while (ready := int(np.count_nonzero(self._ready))) < slots:
            if any(child.exitcode not in (None, 0) for child in self._children):
                raise ChildProcessError("a rendering process died: see its message above; is there memory for the frames?")
            if progress:
                progress(ready, slots)
            time.sleep(_POLL_S)
        if progress:
            progress(slots, slots)

    def frames(self, index: int) -> list[Image]:
        """The exposures of document `index`; rendered here and counted as late if no child was in time."""
        slot = index % len(self._ready)
        self._taken[0] = max(int(self._taken[0]), index)
        found = [np.array(frame) for frame in self._frames[slot]] if self._ready[slot] == index + 1 else None
        if found and self._ready[slot] == index + 1:  # not overwritten meanwhile
            return found
        self.rendered_late += 1
        return self._render(index)

    def close(self) -> None:
        """End the children and give the memory back."""
        for child in self._children:
            child.terminate()
            child.join()
            child.close()
        self._path.unlink(missing_ok=True)

    def _render(self, index: int) -> list[Image]:
        return render_document(self._documents[index], seed=self._seed, severity=self._severities[index], frames=FRAMES)


def prerender(
    documents: Sequence[DocumentFacts],
    severities: Sequence[int],
    *,
    seed: int,
    processes: int = 2,
    progress: Progress | None = None,
) -> FrameStore:
    """A store that is full, that is: holds all frames, or those of the first SLOTS_MAX documents."""
    store = FrameStore(documents, severities, seed=seed, processes=processes)
    store.wait(progress)
    return store
