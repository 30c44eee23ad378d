import socket
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.camera import HEADER, FramesCamera, parse_header
from vision.errors import BadFrame, CameraLost

PIXELS = np.random.default_rng(1).integers(0, 255, (64, 80), np.uint8)


def head(magic=b"SLF1", width=80, height=64):
    return HEADER.pack(magic, 7, 65535, 1, 300, width, height)


@contextmanager
def camera_that_sends(data):
    """A client of a camera that sends these bytes and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            wire, _ = server.accept()
            with wire:
                wire.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        camera = FramesCamera(*server.getsockname()[:2])
        camera.connect()
        try:
            yield camera
        finally:
            camera.close()
            thread.join()


def test_frames_in_a_row():
    with camera_that_sends((head() + PIXELS.tobytes()) * 2) as camera:
        for _ in range(2):
            frame = camera.read()
            assert (frame.camera_boot, frame.trigger, frame.k, frame.exposure_us) == (7, 65535, 1, 300)
            assert np.array_equal(frame.pixels, PIXELS)
        with pytest.raises(CameraLost, match="closed the connection"):
            camera.read()


@pytest.mark.parametrize("cut", [1, HEADER.size, HEADER.size + 100])
def test_a_frame_that_is_cut_short(cut):
    with camera_that_sends((head() + PIXELS.tobytes())[:cut]) as camera:
        with pytest.raises(CameraLost):
            camera.read()
        with pytest.raises(CameraLost, match="not connected"):
            camera.read()


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (head(magic=b"HTTP"), "another protocol"),
        (head(width=0), "0 × 64"),
        (head(width=65535, height=65535), "65535"),
        (head(width=8192, height=8192), "8192"),
    ],
)
def test_absurd_headers_are_refused_before_any_memory_is_taken(header, fault):
    with camera_that_sends(header) as camera, pytest.raises(BadFrame, match=fault):
        camera.read()


@given(st.binary(min_size=HEADER.size, max_size=HEADER.size))
def test_any_header_is_plausible_or_refused(data):
    try:
        _, width, height = parse_header(data)
    except BadFrame:
        return
    assert data[:4] == b"SLF1"
    assert 0 < width * height <= 32_000_000


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(CameraLost, match="check its power, network and address"):
        FramesCamera("127.0.0.1", port).connect()
