"""Frames of all documents of a run, rendered before the first feed, or ahead of the feeder where they are too many."""

import mmap
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess

import cv2
import numpy as np

from simulators.documents import DocumentFacts, render_document
from simulators.optics import FRAME_HEIGHT, FRAME_WIDTH, Image

FRAMES = 2
SLOTS_MAX = 400
"""Documents whose frames are held at once: 2.6 MB each."""
_POLL_S = 0.02
_BEHIND = 8
"""Frames of the last few documents stay, because neighbours may change places on the belt."""

Progress = Callable[[int, int], None]


class FrameStore:
    """Frames by document index, filled by niced child processes that share anonymous memory with this one.

    Document i lives in slot i mod slots once ready[slot] = i + 1. `taken` is the highest index asked for; a child renders a
    document as soon as its slot is no longer needed, so a run longer than the store is rendered ahead of the feeder.
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
        self._memory = mmap.mmap(-1, slots * FRAMES * FRAME_HEIGHT * FRAME_WIDTH)
        self._frames: Image = np.frombuffer(self._memory, np.uint8).reshape(slots, FRAMES, FRAME_HEIGHT, FRAME_WIDTH)
        self._words = np.frombuffer(mmap.mmap(-1, 8 * (slots + 1)), np.int64)
        self._ready, self._taken = self._words[:slots], self._words[slots:]
        self.rendered_late = 0
        context = multiprocessing.get_context("fork")  # children inherit the shared memory and the documents
        self._children: list[BaseProcess] = [
            context.Process(target=self._fill, args=(part, processes, os.getpid()), daemon=True) for part in range(processes)
        ]
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
        found = [frame.copy() for frame in self._frames[slot]] if self._ready[slot] == index + 1 else None
        if found and self._ready[slot] == index + 1:  # not overwritten meanwhile
            return found
        self.rendered_late += 1
        return self._render(index)

    def close(self) -> None:
        """End the children."""
        for child in self._children:
            child.terminate()
            child.join()

    def _render(self, index: int) -> list[Image]:
        return render_document(self._documents[index], seed=self._seed, severity=self._severities[index], frames=FRAMES)

    def _fill(self, part: int, parts: int, parent: int) -> None:
        os.nice(10)
        cv2.setNumThreads(1)
        slots = len(self._ready)
        for index in range(part, len(self._documents), parts):
            while index - slots >= self._taken[0] - _BEHIND and index >= slots:
                time.sleep(_POLL_S)
                if os.getppid() != parent:
                    return
            slot = index % slots
            self._ready[slot] = 0
            self._frames[slot] = self._render(index)
            self._ready[slot] = index + 1


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
