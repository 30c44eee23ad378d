"""A power cut at every point of the journal corrupts nothing and loses nothing acknowledged; weaker modes than FULL do fail."""

from pathlib import Path

import pytest

from tests.powercut.disk import Operation, after_cuts, build_recorder, recorded
from tests.powercut.judge import judge

TRANSACTIONS = 60


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_recorder(tmp_path_factory.mktemp("recorder"))


def test_a_cut_anywhere_corrupts_nothing_and_loses_nothing(recorder: Path, tmp_path: Path) -> None:
    operations = recorded(recorder, tmp_path, TRANSACTIONS, "FULL")
    verdict = judge(after_cuts(operations, 1, step=3), tmp_path)
    assert verdict.states > 200
    assert (verdict.corrupt, verdict.lost) == (0, 0), verdict.examples


def test_synchronous_normal_loses_what_was_acknowledged(recorder: Path, tmp_path: Path) -> None:
    operations = recorded(recorder, tmp_path, TRANSACTIONS, "NORMAL")
    verdict = judge(after_cuts(operations, 1, step=7), tmp_path)
    assert verdict.lost > 0
    assert verdict.corrupt == 0, verdict.examples


def test_synchronous_off_corrupts(recorder: Path, tmp_path: Path) -> None:
    operations: list[Operation] = recorded(recorder, tmp_path, TRANSACTIONS, "OFF")
    assert judge(after_cuts(operations, 1, step=7), tmp_path).corrupt > 0
