"""The alarm rings: a planted bug is found by the oracle or an invariant in the virtual world; the control is clean.

This is the cheap slice; `make campaign` hunts all of them.
"""

from pathlib import Path

import pytest

from tests.planted.gallery import CLASSICS, PATCHES, SCENES, fits, plant, search

ITEMS = 100
QUICK = ("keep_open_off_by_one", "acknowledged_before_commit", "desk_second_reading_not_compared")
"""found within seconds, or the alarm is deaf"""
QUICK_SEEDS = 4


def test_the_control_is_clean(tmp_path: Path) -> None:
    tree = plant("", tmp_path)
    for name in ("", *SCENES):
        assert search(tree, first=1, seeds=QUICK_SEEDS if not name else 1, items=ITEMS, name=name).finding == "", name


@pytest.mark.parametrize("name", QUICK)
def test_the_alarm_rings(name: str, tmp_path: Path) -> None:
    caught = search(plant(name, tmp_path), first=1, seeds=QUICK_SEEDS, items=ITEMS)
    assert caught.seeds, f"{name} was not found in {QUICK_SEEDS} seeds"


@pytest.mark.parametrize("name", SCENES)
def test_the_alarm_rings_in_the_scene_of_a_bug(name: str, tmp_path: Path) -> None:
    assert search(plant(name, tmp_path), first=1, seeds=QUICK_SEEDS, items=ITEMS, name=name).seeds, name


@pytest.mark.parametrize("name", PATCHES)
def test_every_patch_fits_the_tree(name: str) -> None:
    assert fits(name) == ""


def test_the_gallery_is_large_enough() -> None:
    assert set(CLASSICS) <= set(PATCHES)
    assert set(SCENES) <= set(PATCHES)
    assert len(PATCHES) >= 25
