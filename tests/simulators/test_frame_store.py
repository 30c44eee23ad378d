import numpy as np
import pytest

from simulators import frame_store
from simulators.documents import render_document
from simulators.frame_store import FrameStore, prerender
from tests.vision.synthetic import KINDS, document

DOCUMENTS = [document(kind, seed) for seed in range(3) for kind in KINDS]
SEVERITIES = [0, 3, 0] * 3


def expected(index, seed=4):
    return render_document(DOCUMENTS[index], seed=seed, severity=SEVERITIES[index])


def test_all_frames_are_there_before_the_first_feed():
    told = []
    store = prerender(DOCUMENTS, SEVERITIES, seed=4, progress=lambda ready, of: told.append((ready, of)))
    for index in (8, 0, 3, 3):
        assert np.array_equal(store.frames(index), expected(index))
    assert store.rendered_late == 0
    assert told[-1] == (9, 9)
    store.close()


def test_a_long_run_is_rendered_ahead_and_a_frame_is_never_another_documents(monkeypatch):
    monkeypatch.setattr(frame_store, "_BEHIND", 1)
    store = FrameStore(DOCUMENTS, SEVERITIES, seed=4, processes=1, slots_max=3)
    store.wait()
    for index in range(9):
        assert np.array_equal(store.frames(index), expected(index))
    assert np.array_equal(store.frames(0), expected(0))  # its slot is another's by now
    assert store.rendered_late >= 1
    store.close()


def test_a_child_that_dies_is_told():
    broken = [*DOCUMENTS[:2], "not a document"]
    store = FrameStore(broken, SEVERITIES, seed=4, processes=1)
    with pytest.raises(ChildProcessError, match="rendering process died"):
        store.wait()
    store.close()


def test_nothing_is_left_in_shared_memory():
    store = prerender(DOCUMENTS[:1], SEVERITIES, seed=4, processes=1)
    assert store._path.exists()
    store.close()
    assert not store._path.exists()
