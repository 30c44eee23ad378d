import cv2
import numpy as np
import pytest
from PIL import Image

from vision.camera import Bursts, FramesCamera
from vision.cameras import open_camera
from vision.errors import BadPicture, CameraLost
from vision.gige_camera import GigeCamera, GigeSettings
from vision.still_cameras import FolderCamera, VideoCamera


def picture(path, level):
    Image.fromarray(np.full((100, 120), level, np.uint8)).save(path)


def test_pictures_in_the_order_of_their_names_and_each_once(tmp_path):
    for name in ("b.png", "a.png", "note.txt"):
        if name.endswith("png"):
            picture(tmp_path / name, ord(name[0]))
        else:
            (tmp_path / name).write_text("no picture")
    camera = FolderCamera(tmp_path, 2)
    camera.connect()
    frames = [camera.frame(0), camera.frame(0)]
    assert [frame.pixels[0, 0] for frame in frames] == [97, 98]
    assert [(frame.trigger, frame.k) for frame in frames] == [(2, 0), (2, 1)]
    assert camera.frame(0) is None
    assert camera.exposures() == 2
    picture(tmp_path / "c.png", 3)
    assert camera.frame(0).trigger == 4
    camera.connect()
    assert camera.frame(0).pixels[0, 0] == 97


def test_a_picture_that_cannot_be_decoded_is_an_exposure_all_the_same(tmp_path):
    (tmp_path / "1.png").write_bytes(b"no picture")
    picture(tmp_path / "2.png", 50)
    camera = FolderCamera(tmp_path, 1)
    camera.connect()
    with pytest.raises(BadPicture) as caught:
        camera.frame(0)
    assert (caught.value.reason, caught.value.trigger, caught.value.k) == ("not_a_picture", 1, 0)
    assert camera.frame(0).trigger == 2


def test_a_folder_that_is_not_there_or_goes(tmp_path):
    camera = FolderCamera(tmp_path / "none", 1)
    with pytest.raises(CameraLost, match="is not there"):
        camera.connect()
    with pytest.raises(CameraLost, match="cannot be read"):
        camera.frame(0)


def test_video_gives_its_frames_in_grey_and_ends(tmp_path):
    path = tmp_path / "film.avi"
    film = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    for level in (40, 200):
        film.write(np.full((120, 160, 3), level, np.uint8))
    film.release()
    camera = VideoCamera(str(path), 1)
    camera.connect()
    levels = [float(camera.frame(0).pixels.mean()) for _ in range(2)]
    assert np.abs(np.array(levels) - (40, 200)).max() < 8
    with pytest.raises(CameraLost, match="ended or went silent"):
        camera.frame(0)
    with pytest.raises(CameraLost, match="is not open"):
        camera.frame(0)


@pytest.mark.parametrize("source", ["/dev/video99", "rtsp://127.0.0.1:9/none"])
def test_video_that_is_not_there(source):
    with pytest.raises(CameraLost, match="cannot be opened"):
        VideoCamera(source, 1).connect()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1:15201", FramesCamera),
        ("frames://camera.line:15201", FramesCamera),
        ("gige://192.168.1.20?trigger=Line2&exposure_us=250&gain=1.5&packet_bytes=8000", GigeCamera),
        ("video:///dev/video0?exposure_us=300&gain=2", VideoCamera),
        ("rtsp://camera/stream?profile=1", VideoCamera),
        ("folder:///var/spool/frames", FolderCamera),
    ],
)
def test_addresses(address, kind):
    assert isinstance(open_camera(address, 2), kind)


def test_what_an_address_asks_for():
    camera = open_camera("gige://SN%2012?trigger=Line2&exposure_us=250&gain=1.5&packet_bytes=8000", 2)
    assert (camera._name, camera._settings) == ("SN 12", GigeSettings("Line2", 250, 1.5, 8000))
    assert open_camera("gige://x", 2)._settings == GigeSettings()


@pytest.mark.parametrize("address", ["", "nowhere", "ftp://x", "frames://x", "gige://", "gige://x?exposure_us=soon"])
def test_what_is_no_address(address):
    with pytest.raises(ValueError, match=r"camera's address|invalid literal"):
        open_camera(address, 2)


def test_exposures_are_numbered_as_the_plc_counts_them():
    bursts = Bursts(2, 65_533)
    assert [bursts.next() for _ in range(5)] == [(65_534, 1), (0, 0), (0, 1), (2, 0), (2, 1)]
