"""Photographs from outside: repeatable, and what lies there is what their truth says."""

import numpy as np
import pytest

from line_config.document_layout import standard_layouts
from simulators.bent_paper import Posture, lay_bent
from simulators.phone_photos import SEVERITIES, SUBJECTS, photograph, photographs
from vision.pictures import PictureReader

FLAT = np.full((200, 300), 240, np.uint8)
GROUND = np.full((500, 600), 40, np.uint8)


@pytest.fixture(scope="module")
def reader():
    return PictureReader(standard_layouts())


def lit(picture):
    return np.argwhere(picture > 100)


def test_flat_paper_lies_in_the_middle_in_its_own_size():
    seen = lay_bent(FLAT, 1.0, Posture(), GROUND, np.random.default_rng(1))
    low, high = lit(seen).min(axis=0), lit(seen).max(axis=0)
    assert np.abs(low - (150, 150)).max() <= 2
    assert np.abs(high - (350, 450)).max() <= 2


@pytest.mark.parametrize(
    "posture", [Posture(tilt=35, tilt_towards=0), Posture(bend=60), Posture(folds=3, ridge=0.04), Posture(roll=30)]
)
def test_paper_that_is_not_flat_has_another_outline_or_shade(posture):
    seen = lay_bent(FLAT, 1.0, posture, GROUND, np.random.default_rng(2))
    flat = lay_bent(FLAT, 1.0, Posture(), GROUND, np.random.default_rng(2))
    assert np.abs(seen.astype(int) - flat).max() > 30


def test_tilted_paper_is_shorter():
    seen = lay_bent(FLAT, 1.0, Posture(tilt=35, tilt_towards=0), GROUND, np.random.default_rng(2))
    assert np.ptp(lit(seen)[:, 0]) < 0.9 * 200


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_subject_is_read_as_what_it_is(reader, subject):
    photo = photograph(subject, 1, 4)
    readings = [reading for reading in reader.read(photo.picture) if reading.accepted]
    assert [reading.value for reading in readings] == [photo.value]
    assert readings[0].kind in (photo.kind, "number")


def test_the_same_seed_gives_the_same_picture():
    assert np.array_equal(photograph("qr", 2, 5).picture, photograph("qr", 2, 5).picture)
    assert not np.array_equal(photograph("qr", 2, 5).picture, photograph("qr", 2, 6).picture)
    seen = [(photo.subject, photo.severity) for photo in photographs(1, 1, (0,))]
    assert seen == [(subject, 0) for subject in SUBJECTS]
    assert SEVERITIES == (0, 1, 2, 3)
