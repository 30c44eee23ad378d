"""The alarm rings: each planted bug is found by the oracle or an invariant in the virtual world; the control is clean."""

from pathlib import Path

import pytest

from tests.planted.gallery import PATCHES, RARE, plant, search

SEEDS, ITEMS = 60, 100


def test_the_control_is_clean(tmp_path: Path) -> None:
    assert search(plant("", tmp_path), first=1, seeds=6, items=ITEMS).seeds == 0


@pytest.mark.parametrize("name", [name for name in PATCHES if name not in RARE])
def test_the_alarm_rings(name: str, tmp_path: Path) -> None:
    caught = search(plant(name, tmp_path), first=1, seeds=SEEDS, items=ITEMS)
    assert caught.seeds, f"{name} was not found in {SEEDS} seeds"


@pytest.mark.parametrize("name", sorted(RARE))
def test_the_rare_ones_still_fit_the_tree(name: str, tmp_path: Path) -> None:
    assert plant(name, tmp_path).is_dir()
