"""Pictures behind readings, sealed to the day's public key the moment they are kept: without the day's secret key, noise (I18).

Who destroys a day's secret key makes that day's evidence unreadable for good, wherever copies of it lie.
"""

import os
from collections import deque
from datetime import date
from pathlib import Path

import cv2
import numpy as np
from nacl.public import PrivateKey, PublicKey, SealedBox
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_SHRINK = 2
_JPEG_QUALITY = 75


class DayKeys:
    """Key pairs by day in a folder: `<day>.public`, and `<day>.secret`, which only the keeper of the line may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def public(self, day: date) -> PublicKey:
        """The day's public key; a pair is made when the day has none."""
        path = self._folder / f"{day}.public"
        if not path.exists():
            self._make(day, path)
        return PublicKey(path.read_bytes())

    def secret(self, day: date) -> PrivateKey:
        """The day's secret key. Raises FileNotFoundError after it was forgotten."""
        return PrivateKey((self._folder / f"{day}.secret").read_bytes())

    def forget(self, day: date) -> None:
        """Destroy the day's secret key."""
        (self._folder / f"{day}.secret").unlink(missing_ok=True)

    def _make(self, day: date, path: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pair = PrivateKey.generate()
        _write(self._folder / f"{day}.secret", bytes(pair))
        _write(path, bytes(pair.public_key))


class EvidenceRing:
    """The last `frames_max` sealed pictures in a folder; only their ids leave."""

    def __init__(self, folder: Path, keys: DayKeys, frames_max: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._keys, self._frames_max = folder, keys, frames_max
        self._ids: deque[str] = deque()
        self._next = 1
        self.count()

    def count(self) -> None:
        """Look again at what lies in the folder."""
        folder = self._folder
        self._ids = deque(sorted((path.stem for path in folder.glob("*.sealed")), key=_number))
        self._next = _number(self._ids[-1]) + 1 if self._ids else 1

    def keep(self, picture: Image, day: date) -> str:
        """Seal a picture, drop the oldest beyond the limit, and return the id "<day>_<number>"."""
        small = cv2.resize(picture, None, fx=1 / _SHRINK, fy=1 / _SHRINK, interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))
        evidence = f"{day}_{self._next}"
        _write(self._folder / f"{evidence}.sealed", SealedBox(self._keys.public(day)).encrypt(jpeg.tobytes()))
        self._next += 1
        self._ids.append(evidence)
        while len(self._ids) > self._frames_max:
            (self._folder / f"{self._ids.popleft()}.sealed").unlink(missing_ok=True)
        return evidence

    def open(self, evidence: str) -> bytes:
        """The picture as JPEG. Raises FileNotFoundError if it, or its day's secret key, is gone."""
        day = date.fromisoformat(evidence.partition("_")[0])
        sealed = (self._folder / f"{evidence}.sealed").read_bytes()
        return SealedBox(self._keys.secret(day)).decrypt(sealed)


def crop_to(frame: Image, corners: tuple[tuple[int, int], ...]) -> Image:
    """The upright rectangle around `corners`, or the whole frame without any."""
    if not corners:
        return frame
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    crop = frame[max(0, min(ys)) : max(0, *ys), max(0, min(xs)) : max(0, *xs)]
    return crop if min(crop.shape) > _SHRINK else frame


def _number(evidence: str) -> int:
    return int(evidence.rpartition("_")[2])


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and readable for the owner only."""
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    part.replace(path)
