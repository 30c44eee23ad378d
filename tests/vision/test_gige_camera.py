"""The driver against Debian's fake GigE Vision camera, over GVCP and GVSP on the loopback."""

import ctypes.util
import shutil
import subprocess
import time

import pytest

from vision import gige_camera
from vision.cameras import open_camera
from vision.errors import CameraLost
from vision.gige_camera import Aravis, GigeCamera, GigeSettings

FAKE = shutil.which("arv-fake-gv-camera-0.8")
ADDRESS = "127.0.0.1"
needs_fake = pytest.mark.skipif(
    not (FAKE and ctypes.util.find_library("aravis-0.8")), reason="apt-get install libaravis-0.8-0 aravis-tools"
)


@pytest.fixture
def device():
    with subprocess.Popen([FAKE, "-i", ADDRESS, "-s", "SEAL01"], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(process)
            yield process
        finally:
            process.kill()


def wait_for(process):
    until_s = time.monotonic() + 10
    camera = GigeCamera(ADDRESS, 2, GigeSettings("Software", 300))
    while True:
        try:
            camera.connect()
        except CameraLost:
            assert process.poll() is None, "the fake camera ended: is its port taken?"
            assert time.monotonic() < until_s
        else:
            camera.close()
            return


@needs_fake
def test_one_frame_for_each_trigger_and_none_without(device):
    camera = open_camera(f"gige://{ADDRESS}?trigger=Software&exposure_us=300&gain=2", 2)
    camera.connect()
    try:
        assert camera.frame(0.05) is None
        seen = []
        for _ in range(4):
            camera.trigger()
            frame = camera.frame(3.0)
            seen.append((frame.trigger, frame.k))
            assert frame.pixels.shape == (512, 512)
            assert frame.pixels.std() > 10
            assert frame.exposure_us == 300
        assert seen == [(2, 0), (2, 1), (4, 0), (4, 1)]
        assert camera.exposures() == 4
        assert camera.missed == 0
    finally:
        camera.close()


@needs_fake
def test_each_connection_counts_from_the_beginning(device):
    camera = GigeCamera(ADDRESS, 1, GigeSettings("Software", 300))
    boots = set()
    for _ in range(2):
        camera.connect()
        camera.trigger()
        frame = camera.frame(3.0)
        assert (frame.trigger, frame.k) == (1, 0)
        boots.add(frame.camera_boot)
    assert len(boots) == 2
    camera.close()
    with pytest.raises(CameraLost, match="not connected"):
        camera.frame(0)


@needs_fake
def test_a_free_running_stream(device):
    camera = GigeCamera(ADDRESS, 2, GigeSettings("off", 1000))
    camera.connect()
    frames = [camera.frame(20.0) for _ in range(6)]
    camera.close()
    assert [frame.trigger for frame in frames] == [2, 2, 4, 4, 6, 6]


@needs_fake
def test_an_input_that_the_camera_does_not_have_is_told(device):
    with pytest.raises(CameraLost, match="'Line99' not an entry"):
        GigeCamera(ADDRESS, 2, GigeSettings("Line99", 300)).connect()


def test_a_camera_that_puts_a_number_at_the_end_of_its_range_is_told():
    class Limited:
        def checked(self, name, *arguments):
            return 10.0

    with pytest.raises(CameraLost, match="takes gain 10 instead of 30"):
        gige_camera._set_number(Limited(), None, "gain", 30)
    gige_camera._set_number(Limited(), None, "gain", 10.4)


def frames_until(camera, until_s):
    while time.monotonic() < until_s:
        camera.frame(0.1)


@needs_fake
def test_a_camera_that_dies_is_lost(device, monkeypatch):
    camera = GigeCamera(ADDRESS, 2, GigeSettings("Software", 300))
    camera.connect()
    device.kill()
    device.wait()
    until_s = time.monotonic() + 15
    with pytest.raises(CameraLost, match="went silent"):
        frames_until(camera, until_s)
    assert camera._camera, "closing it takes seconds, which is left to the next connection"
    camera._camera = camera._stream = None


@needs_fake
def test_nobody_at_the_address():
    with pytest.raises(CameraLost, match="check its power"):
        GigeCamera("127.0.0.99", 2, GigeSettings()).connect()


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(gige_camera, "LIBRARY", "libnothing.so.0")
    with pytest.raises(CameraLost, match="apt-get install libaravis"):
        Aravis()


@pytest.mark.parametrize(
    ("ids", "exposures", "missed"),
    [
        ([1, 2, 3], [0, 1, 2], 0),
        ([3, 4], [2, 3], 2),
        ([65401, 65402], [0, 1], 0),
        ([65401, 65535, 1, 2], [0, 134, 135, 136], 133),
    ],
)
def test_a_lost_exposure_is_missed_and_not_counted_away(ids, exposures, missed):
    camera = GigeCamera("x", 2, GigeSettings())
    assert [camera._number(block_id) for block_id in ids] == exposures
    assert camera.missed == missed
