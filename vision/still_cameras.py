"""Cameras that send encoded pictures: a folder that somebody fills, and video by V4L2 or RTSP through OpenCV.

Nothing triggers them: they serve the set-up of a camera, tests, and trials with recorded pictures. In a running line the PLC's
count would not agree with theirs, and everything would be rejected.
"""

import os
import time
from pathlib import Path

import cv2
import numpy as np

from vision.camera import Bursts, Frame, check_size
from vision.errors import BadPicture, CameraLost
from vision.picture_file import SUFFIXES, UnreadableFile, load_picture

_LOOK_S = 0.05
_BOOTS = 65535


class FolderCamera:
    """Every picture in a folder once, in the order of their names; then those that are put there later.

    A picture that is being written is not taken: rename it into the folder.
    """

    def __init__(self, folder: Path, frames_per_trigger: int) -> None:
        self._folder, self._size = folder, frames_per_trigger
        self._bursts = Bursts(frames_per_trigger)
        self._seen: set[str] = set()
        self._boot = os.getpid() % _BOOTS + 1

    def connect(self) -> None:
        """Begin with the first picture again. Raises CameraLost."""
        if not self._folder.is_dir():
            raise CameraLost(f"the folder {self._folder} is not there: create it, or correct the camera's address")
        self._bursts = Bursts(self._size)
        self._seen.clear()

    def frame(self, timeout_s: float) -> Frame | None:
        """The next picture as a frame, None if there is none. Raises CameraLost or BadPicture."""
        until_s = time.monotonic() + timeout_s
        while (path := self._next()) is None:
            if time.monotonic() >= until_s:
                return None
            time.sleep(_LOOK_S)
        self._seen.add(path.name)
        trigger, k = self._bursts.next()
        try:
            return Frame(self._boot, trigger, k, 0, load_picture(path))
        except UnreadableFile as fault:
            raise BadPicture(str(fault), trigger, k) from fault

    def exposures(self) -> int:
        """Pictures so far."""
        return self._bursts.exposed

    def close(self) -> None:
        """Nothing is held open."""

    def _next(self) -> Path | None:
        try:
            waiting = [entry for entry in self._folder.iterdir() if entry.suffix.lower() in SUFFIXES]
        except OSError as error:
            raise CameraLost(f"the folder {self._folder} cannot be read ({error.strerror})") from error
        return min((entry for entry in waiting if entry.name not in self._seen), default=None)


class VideoCamera:
    """A video device ("/dev/video0") or stream ("rtsp://…"); of frames that pile up only the newest is given out."""

    def __init__(self, source: str, frames_per_trigger: int, exposure_us: int = 0, gain: float | None = None) -> None:
        self._source, self._size = source, frames_per_trigger
        self._exposure_us, self._gain = exposure_us, gain
        self._bursts = Bursts(frames_per_trigger)
        self._video: cv2.VideoCapture | None = None
        self._boot = os.getpid() % _BOOTS + 1

    def connect(self) -> None:
        """Open device or stream. Raises CameraLost."""
        self.close()
        by = cv2.CAP_V4L2 if self._source.startswith("/dev/") else cv2.CAP_FFMPEG
        video = cv2.VideoCapture(self._source, by)
        if not video.isOpened():
            raise CameraLost(f"video {self._source} cannot be opened: check device or address, and that nobody else has it")
        video.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if self._exposure_us:
            video.set(cv2.CAP_PROP_AUTO_EXPOSURE, 1)
            video.set(cv2.CAP_PROP_EXPOSURE, self._exposure_us / 100)  # V4L2 counts in 100 µs
        if self._gain is not None:
            video.set(cv2.CAP_PROP_GAIN, self._gain)
        self._video, self._bursts = video, Bursts(self._size)

    def frame(self, timeout_s: float) -> Frame | None:  # noqa: ARG002 - the library has its own limits
        """The next frame. Raises CameraLost or BadFrame."""
        if self._video is None:
            raise CameraLost(f"video {self._source} is not open")
        taken, picture = self._video.read()
        if not taken:
            self.close()
            raise CameraLost(f"video {self._source} ended or went silent")
        grey = np.asarray(picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        check_size(grey.shape[1], grey.shape[0])
        trigger, k = self._bursts.next()
        return Frame(self._boot, trigger, k, self._exposure_us, grey)

    def exposures(self) -> int:
        """Frames so far."""
        return self._bursts.exposed

    def close(self) -> None:
        """Release the device."""
        if self._video is not None:
            self._video.release()
            self._video = None
