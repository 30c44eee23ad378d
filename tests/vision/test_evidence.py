from datetime import date

import cv2
import numpy as np
import pytest

from vision.evidence import DayKeys, EvidenceRing, crop_to

DAY = date(2026, 11, 23)
PICTURE = np.tile(np.arange(0, 200, dtype=np.uint8), (100, 1))


@pytest.fixture
def keys(tmp_path):
    return DayKeys(tmp_path / "keys")


def test_what_is_kept_can_be_opened_with_the_days_key_only(tmp_path, keys):
    ring = EvidenceRing(tmp_path / "ring", keys, 10)
    evidence = ring.keep(PICTURE, DAY)
    picture = cv2.imdecode(np.frombuffer(ring.open(evidence), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (50, 100)
    assert np.abs(picture.astype(int) - PICTURE[::2, ::2]).mean() < 4
    keys.forget(DAY)
    with pytest.raises(FileNotFoundError):
        ring.open(evidence)


def test_no_picture_lies_there_in_the_open(tmp_path, keys):
    EvidenceRing(tmp_path / "ring", keys, 10).keep(PICTURE, DAY)
    (sealed,) = (tmp_path / "ring").iterdir()
    assert b"\xff\xd8\xff" not in sealed.read_bytes()
    assert cv2.imdecode(np.frombuffer(sealed.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE) is None


def test_the_ring_is_bounded_and_goes_on_after_a_restart(tmp_path, keys):
    ring = EvidenceRing(tmp_path / "ring", keys, 3)
    kept = [ring.keep(PICTURE, DAY) for _ in range(5)]
    again = EvidenceRing(tmp_path / "ring", keys, 3)
    kept.append(again.keep(PICTURE, date(2026, 11, 24)))
    assert len(set(kept)) == 6
    assert sorted(path.stem for path in (tmp_path / "ring").glob("*")) == sorted(kept[-3:])


def test_a_day_has_one_pair_and_its_secret_is_the_owners_alone(tmp_path, keys):
    assert keys.public(DAY) == DayKeys(tmp_path / "keys").public(DAY) == keys.secret(DAY).public_key
    assert keys.public(date(2026, 11, 24)) != keys.public(DAY)
    assert (tmp_path / "keys" / f"{DAY}.secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("corners", "shape"),
    [
        ((), (100, 200)),
        (((10, 10), (60, 12), (60, 50), (10, 48)), (40, 50)),
        (((-5, -5), (60, 12), (60, 50), (10, 48)), (50, 60)),
        (((500, 500), (510, 500), (510, 510), (500, 510)), (100, 200)),
    ],
)
def test_crops_stay_inside(corners, shape):
    assert crop_to(PICTURE, corners).shape == shape
